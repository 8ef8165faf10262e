"""Requests that only look are answered while a cell runs.

ipykernel hands every request to the main thread, where it waits for the cell.  Completion,
tooltips and the like need no evaluation, so they are answered in the thread that receives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .kernel import QKernel

READ_ONLY = frozenset({
    "complete_request", "inspect_request", "is_complete_request", "history_request",
    "comm_info_request", "kernel_info_request"})
TRIES = 3


async def answer(kernel: QKernel, message: list[Any]) -> bool:
    """Answer `message` when it only looks; False, with nothing done, when it is another kind.

    Runs in the shell channel's thread, the only one that may write to the shell stream.
    """
    session = kernel.session
    if session is None:
        return False
    identities, frames = session.feed_identities(message, copy=False)
    try:
        # content=False: a look at the header that leaves the signature unused
        header = session.deserialize(frames, content=False, copy=False)["header"]
        if header["msg_type"] not in READ_ONLY or header.get("subshell_id") is not None:
            return False
        request = session.deserialize(frames, content=True, copy=False)
    except Exception:  # whatever is wrong with it, ipykernel reports it
        return False
    kernel._publish_status("busy", "shell", parent=request)
    await _handle(kernel, session, identities, request)
    kernel._publish_status("idle", "shell", parent=request)
    kernel.say_still_busy()
    return True


async def _handle(kernel: QKernel, session: Any, identities: list[bytes],
                  request: dict[str, Any]) -> None:
    """Run the handler; whatever happens there is a reply, or the front end would wait for it."""
    kind = request["header"]["msg_type"]
    for _ in range(TRIES):
        try:
            await kernel.shell_handlers[kind](kernel.shell_stream, identities, request)
            return
        except RuntimeError:  # a table changed while it was walked; nothing was sent yet
            continue
        except Exception:
            kernel.log.exception("%s failed", kind)
            break
    failure = {"status": "error", "ename": "QError", "evalue": f"{kind} failed", "traceback": []}
    session.send(kernel.shell_stream, kind.replace("request", "reply"), failure, request,
                 identities)
