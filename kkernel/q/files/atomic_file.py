"""Replace a file as a whole: after a crash at any moment the old or the new one is there."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .. import interrupts

MARK = ".kkernel-tmp"  # temporary files are named .<name>.<process>.<random>.kkernel-tmp


@contextlib.contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write; it takes the place of `path` when the block ends without an error.

    The temporary file is in the same folder, is flushed to the disk before it is renamed, and so
    is the folder afterwards. An existing file's mode is kept; links are followed. On an error the
    temporary file is removed and `path` is as it was. Stop waits until the file is whole.
    """
    with interrupts.held(), _beside(path) as file:
        yield file


@contextlib.contextmanager
def _beside(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The temporary file, which is renamed at the end of the block."""
    target = Path(os.path.realpath(path))
    _clean(target)
    mode = _mode(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}{MARK}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            if target.exists():
                os.fchmod(file.fileno(), mode)
            yield file
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def write_all(file: BinaryIO, data: memoryview | bytes) -> None:
    """Write every byte: one call may write less than it was given."""
    view = memoryview(data).cast("B")
    while len(view):
        written = file.write(view)
        if not written:
            raise OSError("the file system took no bytes")
        view = view[written:]


def _mode(target: Path) -> int:
    """The mode of the file that is replaced, or that of a new file."""
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return 0o666  # the umask takes its part
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{target} is not a regular file")
    return stat.S_IMODE(found.st_mode)


def _clean(target: Path) -> None:
    """Remove what earlier processes that were killed left of this file."""
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            if name.startswith(f".{target.name}.") and name.endswith(MARK) and _is_stale(name):
                with contextlib.suppress(OSError):
                    os.unlink(target.parent / name)


def _is_stale(name: str) -> bool:
    process = name.split(".")[-3]
    if not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)
