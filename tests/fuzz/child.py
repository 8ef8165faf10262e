"""Run many inputs in this process, and write what is wrong as lines of JSON.

    python -m fuzz.child KIND FIRST COUNT     (in tests/; KIND programs, mutations, extremes
                                              or calls)

Memory is limited, files outside the working directory and commands of the system are refused,
and an input that ignores its interrupt ends the process with the traceback of where it hung.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

MEMORY = 6 << 30
HANG = 90.0  # seconds: the interrupt came after two of processor time
BLOCK = 25  # inputs that share a session
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.link",
            "os.symlink", "os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move"}
_REFUSED = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill",
            "os.chdir", "os.putenv", "os.unsetenv", "socket.connect", "socket.bind"}


def sandbox(folder: str) -> None:
    """From here on this process changes nothing outside `folder` and starts nothing."""
    inside = os.path.realpath(folder) + os.sep

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _REFUSED:
            raise PermissionError(1, "Operation not permitted")
        writes = event == "open" and isinstance(args[2], int) and args[2] & _WRITES
        if (writes or event in _CHANGES) and isinstance(args[0], (str, bytes)):
            path = os.path.realpath(os.fsdecode(args[0]))
            if not (path + os.sep).startswith(inside) and path != "/dev/null":
                raise PermissionError(1, "Operation not permitted", path)
    sys.addaudithook(hook)


def inputs(kind: str) -> Callable[[int], str]:
    """The input of a number: the same one in every process."""
    if kind == "mutations":
        from fuzz.mutations import Mutations
        mutations = Mutations()
        return lambda n: mutations.mutated(Random(n))
    if kind == "calls":
        from fuzz.calls import Calls
        return lambda n: Calls(Random(n)).program()
    from fuzz.extremes import Extremes
    from fuzz.programs import Programs, dotted_names
    from kkernel.q import Interpreter
    names = dotted_names(Interpreter())
    grammar = Extremes if kind == "extremes" else Programs
    return lambda n: grammar(Random(n), names).program()


def session_of(kind: str) -> Any:
    """A fresh session, with what inputs of this kind find in it."""
    if kind == "calls":
        from fuzz.call_oracle import ApiSession
        return ApiSession()
    from fuzz.oracle import Session
    return Session()


def reports(kind: str, make: Callable[[int], str], first: int,
            count: int) -> Iterator[dict[str, Any]]:
    session: Any = None
    for n in range(first, first + count):
        if session is None or n % BLOCK == 0:
            session = session_of(kind)
        source = make(n)
        faulthandler.dump_traceback_later(HANG, exit=True)
        yield {"begin": n, "source": source}
        wrong = list(session.complaints(source))
        faulthandler.cancel_dump_traceback_later()
        if wrong or session.slow:
            yield {"n": n, "source": source, "wrong": wrong, "slow": session.slow,
                   "text": "".join(session.out)[:300]}


def main(kind: str, first: str, count: str) -> None:
    make = inputs(kind)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder = tempfile.mkdtemp(prefix="fuzz-")
    os.chdir(folder)
    os.environ["HOME"] = folder
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    Random(0)
    from fuzz.oracle import HIDDEN
    session_of(kind)
    sandbox(folder)
    progress = open("progress", "w")  # noqa: SIM115 - kept open: the last line tells who killed us
    for report in reports(kind, make, int(first), int(count)):
        if "begin" in report:
            progress.seek(0)
            progress.write(json.dumps(report))
            progress.truncate()
            progress.flush()
        else:
            print(json.dumps(report), file=out, flush=True)
    print(json.dumps({"done": int(first) + int(count), "hidden": HIDDEN.most_common(80)}),
          file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
