"""Log files: a general list on disk that handles append messages to, and their replay, `-11!`.

The count in the header stays what it was when the file was made, so messages are read to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import context
from ..apply import apply1
from ..errors import QError, type_error
from ..registry import KEYWORDS
from ..symbols import Symbol
from ..values import Value, collapse, is_list, items, qtype
from .serialize import Reader, encode
from .storage import path_of, read_bytes

HEAD = b"\xff\x01\0\0"  # of a data file that holds a general list
_START = len(HEAD) + 4  # behind the count
_COUNT_ONLY = -2


def is_log(path: str) -> bool:
    """Does the file hold a general list, which messages can be appended to?"""
    return read_bytes(path, 0, len(HEAD)) == HEAD


def packed_messages(x: Value) -> bytes:
    """The bytes that append the items of a list to a log."""
    return b"".join(encode(v, file=True) for v in items(x))


class Log:
    """The messages of a log file, and up to where it is whole."""

    def __init__(self, path: str) -> None:
        self.data = read_bytes(path)
        if not self.data.startswith(HEAD):
            raise QError("badtail" if HEAD.startswith(self.data) else path)
        self.valid = _START
        self.whole = True

    def messages(self) -> Iterator[Value]:
        """Every message up to the first that is damaged; sets `valid` and `whole`."""
        reader = Reader(self.data)
        reader.at = _START
        while reader.at < len(self.data):
            try:
                message = reader.value()
            except QError:
                self.whole = False
                return
            self.valid = reader.at
            yield message


def replay(x: Value) -> Value:
    """`-11!file` and `-11!(n;file)`: how many messages were evaluated by `.z.ps`.

    n is -1 for all of them, and -2 to count only: then a damaged file gives the number of whole
    messages and the bytes they take.  Signals 'badtail behind the last that can be read.
    """
    n, file = _asked(x)
    log = Log(path_of(file))
    if n == _COUNT_ONLY:
        count = sum(1 for _ in log.messages())
        return count if log.whole else collapse([count, log.valid])
    return _replayed(log, n)


def _asked(x: Value) -> tuple[int, Value]:
    if isinstance(x, Symbol):
        return -1, x
    if is_list(x) and len(x) == 2 and qtype(items(x)[0]) in (-7, -6, -5):
        n, file = items(x)
        return int(n), file
    raise type_error()


def _replayed(log: Log, n: int) -> int:
    handler = context.active.globals.find(".z.ps")
    evaluate = KEYWORDS["value"] if handler is None else handler
    done = 0
    if n == 0:
        return done
    for message in log.messages():
        apply1(evaluate, message)
        done += 1
        if done == n:
            return done
    if not log.whole:
        raise QError("badtail")
    return done
