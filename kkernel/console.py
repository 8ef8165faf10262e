"""The q console: a prompt in a terminal, or lines from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .kernel.language.completeness import INCOMPLETE, joined, state
from .kernel.progress import TerminalLine
from .q import interrupts, memory
from .q.errors import QExit

if TYPE_CHECKING:
    from .session import Session

_line = TerminalLine()
PROMPT = "q)"
BANNER = "kkernel {version}: q and the k api of PyTorch.  Leave with \\\\ or Ctrl-D."


def new_session() -> Session:
    """A session that writes to this process's stdout and stderr."""
    from .kernel.panels import Terminal, register
    from .session import Session

    memory.limit_workspace()
    memory.keep_freed()
    session = Session(write, write_error)
    register(session, Terminal(write))
    if sys.stderr.isatty() and os.environ.get("RANK", "0") == "0":  # one of torchrun's processes
        session.attach(_line)
    return session


def write(text: str) -> None:
    """Console text to stdout, at once."""
    _line.clear()
    with interrupts.held():
        sys.stdout.write(text)
        sys.stdout.flush()


def write_error(text: str) -> None:
    """Text to stderr, at once."""
    _line.clear()
    with interrupts.held():
        sys.stderr.write(text)
        sys.stderr.flush()


def run_script(file: str, arguments: list[str]) -> int:
    """Load a script as `\\l` does; `.z.f` is its name, `.z.x` the arguments.

    Returns the exit code: the script's own, 1 after an error.
    """
    session = new_session()
    session.interpreter.script, session.interpreter.arguments = file, arguments
    return run(session, "\\l " + file)


def run(session: Session, source: str) -> int:
    """Run source text once; returns the exit code, with the error already written."""
    _line.begin()
    try:
        with interrupts.evaluating():
            error = session.execute(source)
    except KeyboardInterrupt:
        write_error("'stop\n")
        return 1
    except QExit as leaving:
        raise SystemExit(leaving.code) from None
    finally:
        _line.clear()
    if error is None:
        return 0
    write_error(session.interpreter.error_text(error))
    return 1


def run_pipe(lines: Iterable[str]) -> int:
    """Run the lines of a pipe as if typed; returns 1 if the last input failed."""
    session = new_session()
    code = 0
    for source in inputs(lines):
        code = run(session, source)
    return code


def inputs(lines: Iterable[str]) -> Iterator[str]:
    """Inputs of one or more lines: one that is incomplete takes the next line too."""
    pending: list[str] = []
    for line in lines:
        pending.append(line.rstrip("\n"))
        source = joined(pending)
        if state(source) != INCOMPLETE:
            yield source
            pending = []
    if pending:
        yield joined(pending)


def run_terminal(version: str) -> int:
    """Read and run inputs from the terminal until the end; returns the exit code."""
    session = new_session()
    write(BANNER.format(version=version) + "\n")
    read = _reader(session)
    while True:
        try:
            source = read()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        run(session, joined(source.split("\n")))


def _reader(session: Session) -> Callable[[], str]:
    """A function that reads one input with editing, history, completion and colours."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.lexers import PygmentsLexer

    from .lexer import KkernelLexer

    def unfinished() -> bool:
        return state(joined(prompt.default_buffer.text.split("\n"))) == INCOMPLETE

    prompt: PromptSession[str] = PromptSession(
        PROMPT, lexer=PygmentsLexer(KkernelLexer), completer=_completer(session),
        history=FileHistory(_history_file()), multiline=Condition(unfinished),
        complete_while_typing=False, prompt_continuation="  ")
    return prompt.prompt


def _completer(session: Session) -> Any:
    from prompt_toolkit.completion import Completer, Completion

    from .kernel.language.completion import complete

    class QCompleter(Completer):
        """What the kernel completes, in the terminal."""

        def get_completions(self, document: Any, _event: Any) -> Iterator[Completion]:
            cursor = document.cursor_position
            places = complete(session, document.text, cursor)
            for c in places.found:
                yield Completion(c.text, places.start - cursor, display_meta=c.signature)

    return QCompleter()


def _history_file() -> str:
    """The inputs of earlier consoles; KKERNEL_CONSOLE_HISTORY names another file."""
    chosen = os.environ.get("KKERNEL_CONSOLE_HISTORY")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    file = Path(chosen) if chosen else state / "kkernel" / "console_history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return os.devnull
    return str(file)
