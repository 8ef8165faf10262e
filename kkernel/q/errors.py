"""Errors of q: a message, and the frames that say where it happened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Frame:
    """One level of a backtrace: the text being evaluated and the offset that failed in it."""

    label: str  # what stands before the text: "" at the prompt, "f:" for a named lambda
    text: str
    offset: int  # of the failing token in `text`; -1 when unknown
    depth: int = 0  # the n of "[n]"


class QError(Exception):
    """A q signal.  `message` is the text after the quote; `frames` run from the innermost out.

    `details` are names and words of what met there, for hosts that show more than the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.frames: list[Frame] = []
        self.details: list[tuple[str, str]] = []


class QParseError(QError):
    """A syntax error at `offset` of the source."""

    def __init__(self, message: str, offset: int, incomplete: bool = False) -> None:
        super().__init__(message)
        self.offset = offset
        self.incomplete = incomplete  # more input could complete the source


class QStop(QError):
    """An interrupt: 'stop.  Not caught by trap."""

    def __init__(self) -> None:
        super().__init__("stop")


class QExit(BaseException):
    """`exit n` or `\\\\`: leave the process."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


def type_error() -> QError:
    return QError("type")


def length_error() -> QError:
    return QError("length")


def rank_error() -> QError:
    return QError("rank")


def domain_error() -> QError:
    return QError("domain")


def nyi(what: str = "") -> QError:
    """Something of q that is out of scope here: named, so that the user knows."""
    return QError("nyi: " + what if what else "nyi")
