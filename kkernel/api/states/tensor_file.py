"""Files of named tensors in the safetensors format, with a digest for every byte.

The format: 8 bytes little-endian length of the header, the header (JSON, padded with blanks),
then the tensors without gaps. What we add is in the header's metadata, so that any other reader
reads our files: under `kkernel` a manifest with the format's version and a digest per tensor, and
under `kkernel.header` the digest of the header itself (with that digest's own place zeroed).
"""

from __future__ import annotations

import json
import math
import mmap
import os
import re
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kkernel.q.files.atomic_file import replaced, write_all

from .digest import digest, raw, raw_digest
from .parallel import Aside, each
from .record import StateError

VERSION = 1
MOST_HEADER = 1 << 25  # bytes; a model of 100,000 tensors needs 20 million
MOST_DIMENSIONS = 64
PIECE = 1 << 22  # bytes written between two reports of progress
ZEROS = "0" * 32
_DIGEST_PLACE = re.compile(rb'"kkernel\.header":"([0-9a-f]{32})"')

DTYPES: dict[str, torch.dtype] = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "U16": torch.uint16, "I32": torch.int32, "U32": torch.uint32, "I64": torch.int64,
    "U64": torch.uint64, "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32,
    "F64": torch.float64, "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "C64": torch.complex64,
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}

Progress = Callable[[int, int], None]


# --------------------------------------------------------------------------- write


def write(
    path: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    manifest: Mapping[str, Any],
    progress: Progress | None = None,
) -> int:
    """Write named tensors and a JSON manifest; returns the size of the file in bytes.

    `progress(done, total)` is called in between. The file is whole or not there at all.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    digests = dict.fromkeys(order, ZEROS)
    empty = _header(tensors, order, manifest, digests)
    done, total = 8 + len(empty), 8 + len(empty) + sum(_bytes_of(tensors[name]) for name in order)
    with replaced(path) as file, Aside(digest) as found:
        for name in order:
            found.begin(tensors[name], total)
        write_all(file, struct.pack("<Q", len(empty)) + empty)
        for name in order:
            for piece in _pieces(tensors[name]):
                write_all(file, piece)
                done += len(piece)
                if progress:
                    progress(done, total)
        digests = dict(zip(order, found.results(), strict=True))
        file.seek(8)
        write_all(file, _sealed(_header(tensors, order, manifest, digests)))
    return total


def _pieces(tensor: Tensor) -> Iterator[memoryview]:
    data = memoryview(raw(tensor))
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def _bytes_of(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _header(
    tensors: Mapping[str, Tensor],
    order: list[str],
    manifest: Mapping[str, Any],
    digests: Mapping[str, str],
) -> bytes:
    """The header without its own digest; always of the same length for the same tensors."""
    ours = {"version": VERSION, **manifest, "digests": digests}
    metadata = {"format": "pt", "kkernel": _json(ours), "kkernel.header": ZEROS}
    entries: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name in order:
        tensor = tensors[name]
        if tensor.dtype not in _NAMES:
            raise StateError(f"{name}: tensors of type {tensor.dtype} cannot be saved")
        end = at + _bytes_of(tensor)
        entries[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape),
                         "data_offsets": [at, end]}
        at = end
    text = _json(entries).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MOST_HEADER:
        raise StateError(f"{len(tensors)} tensors are more than one file can hold")
    return text


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _sealed(header: bytes) -> bytes:
    """Enter the header's own digest at its place."""
    place = _last_place(header)
    if place is None:
        raise StateError("a name in the state looks like the digest of the file")
    start, end = place
    return header[:start] + raw_digest(header).encode() + header[end:]


def _last_place(header: bytes) -> tuple[int, int] | None:
    found = list(_DIGEST_PLACE.finditer(header))
    return found[0].span(1) if len(found) == 1 else None


# --------------------------------------------------------------------------- read


@dataclass(frozen=True)
class TensorFile:
    """An open file. Tensors are read-only views of its memory, good until it is closed.

    `manifest` is None for a file that another program wrote.
    """

    tensors: dict[str, Tensor]
    manifest: dict[str, Any] | None
    size: int
    unchanged: Callable[[], bool]  # whether nobody wrote to it since it was opened


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[TensorFile]:
    """Read a file after checking every byte of it; raises StateError saying what is wrong."""
    with open(path, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f"{path}: not a regular file")
        try:
            header = _read_header(file.read(8), file.read, found.st_size)
            entries, manifest = _parse(header, found.st_size - 8 - len(header))
            memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            views = np.frombuffer(memory, dtype=np.uint8)[8 + len(header) :]
            tensors = {name: _view(views, entry) for name, entry in entries.items()}
            _check_digests(tensors, manifest)
            yield TensorFile(tensors, manifest, found.st_size,
                             lambda: _version(os.fstat(file.fileno())) == _version(found))
        except StateError as error:
            raise StateError(f"{path}: {error}") from None


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


@dataclass(frozen=True)
class _Entry:
    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int


def _read_header(first: bytes, read: Callable[[int], bytes], size: int) -> bytes:
    if len(first) < 8:
        raise StateError("cut off: it ends within its first 8 bytes")
    (length,) = struct.unpack("<Q", first)
    if length > MOST_HEADER:
        raise StateError("not a tensor file: its header would be too long")
    if length > size - 8:
        raise StateError("cut off: it ends within its header")
    header = read(length)
    if len(header) < length:
        raise StateError("cut off: it ends within its header")
    place = _last_place(header)
    if place is not None:
        start, end = place
        zeroed = header[:start] + ZEROS.encode() + header[end:]
        if raw_digest(zeroed) != header[start:end].decode():
            raise StateError("damaged: the header is not what was written")
    elif b"kkernel" in header:
        raise StateError("damaged: the digest of the header is missing")
    return header


def _parse(header: bytes, room: int) -> tuple[dict[str, _Entry], dict[str, Any] | None]:
    content = _load(header, "header")
    metadata = content.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise StateError("damaged: metadata that is not text")
    entries = {name: _entry(name, value) for name, value in content.items()}
    _check_layout(entries, room)
    manifest = _manifest(metadata) if "kkernel" in metadata else None
    return entries, manifest


def _load(text: bytes | str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise StateError(f"damaged: the {what} cannot be read") from None
    if not isinstance(value, dict):
        raise StateError(f"damaged: the {what} is not a dictionary")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not allowed")


def _entry(name: str, value: Any) -> _Entry:
    try:
        dtype, shape, (start, end) = value["dtype"], value["shape"], value["data_offsets"]
        known = DTYPES.get(dtype) if isinstance(dtype, str) else None
        whole = all(type(n) is int and 0 <= n < 1 << 62 for n in (*shape, start, end))
    except (TypeError, KeyError, ValueError):
        raise StateError(f"damaged: the entry of {_quoted(name)}") from None
    if known is None:
        raise StateError(f"{_quoted(name)} has a type that is not known")
    if not whole or not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS or start > end:
        raise StateError(f"damaged: the shape or place of {_quoted(name)}")
    if math.prod(shape) * known.itemsize != end - start:
        raise StateError(f"damaged: {_quoted(name)} has another size than its shape")
    return _Entry(known, tuple(shape), start, end)


def _quoted(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")


def _check_layout(entries: Mapping[str, _Entry], room: int) -> None:
    """Tensors follow each other without gaps or overlaps, and fill the file."""
    at = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != at:
            raise StateError("damaged: tensors overlap or leave gaps")
        at = entry.end
    if at > room:
        raise StateError(f"cut off: {at - room} bytes are missing")
    if at < room:
        raise StateError(f"damaged: {room - at} bytes more than were written")


def _manifest(metadata: Mapping[str, str]) -> dict[str, Any]:
    manifest = _load(metadata["kkernel"], "manifest")
    version = manifest.get("version")
    if type(version) is not int or version < 1:
        raise StateError("damaged: the version of the format is missing")
    if version > VERSION:
        raise StateError(f"written by a newer version: its format is {version}, "
                         f"this version reads up to {VERSION}")
    return manifest


def _view(data: np.ndarray, entry: _Entry) -> Tensor:
    count = math.prod(entry.shape)
    if not count:
        return torch.empty(entry.shape, dtype=entry.dtype)
    part = data[entry.start : entry.end]
    part = part if part.ctypes.data % entry.dtype.itemsize == 0 else part.copy()
    return _as_tensor(part).view(entry.dtype).view(entry.shape)


def _as_tensor(part: np.ndarray) -> Tensor:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the memory is read-only: nobody writes to it
        return torch.from_numpy(part)


def _check_digests(tensors: Mapping[str, Tensor], manifest: Mapping[str, Any] | None) -> None:
    if manifest is None:
        return
    digests = manifest.get("digests")
    if not isinstance(digests, dict) or digests.keys() != tensors.keys():
        raise StateError("damaged: there is not one digest for each tensor")
    size = sum(map(_bytes_of, tensors.values()))
    found = each(digest, list(tensors.values()), size)
    for name, seen in zip(tensors, found, strict=True):
        if seen != digests[name]:
            raise StateError(f"damaged: {_quoted(name)} is not what was written")
