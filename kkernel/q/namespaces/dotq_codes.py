"""`.Q` alphabets, type letters, and codes: base 64, base 36, gzip, SHA-1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import string as ascii_letters
import zlib

import numpy as np

from ..errors import QError, domain_error, type_error
from ..functions import NULL, PyFunction
from ..types import LONG_NULL, TYPES
from ..values import List, Value, qtype, string

UPPER, LOWER, DIGITS = (ascii_letters.ascii_uppercase, ascii_letters.ascii_lowercase,
                        ascii_letters.digits)
BASE64 = UPPER + LOWER + DIGITS + "+/"
BASE36 = DIGITS + UPPER


def _type_letters() -> str:
    """Letters at the places of their type numbers; types 0 and 3 have none."""
    letters = {t.code: t.char for t in TYPES} | {20: "s"}
    return "".join(letters.get(code, " ") for code in range(21))


# ---------------------------------------------------------------- bytes and text

def _bytes(x: Value) -> bytes:
    """The bytes of text or of a byte vector."""
    if qtype(x) in (10, 4):
        return bytes(x.tobytes())
    if qtype(x) == -10:
        return bytes(x) or b"\0"
    raise type_error()


def _byte_vector(raw: bytes) -> Value:
    return np.frombuffer(raw, np.uint8).copy()


def to_base64(x: Value) -> Value:
    """.Q.btoa: text or bytes in base 64, padded with =."""
    return string(base64.b64encode(_bytes(x)))


def from_base64(x: Value) -> Value:
    """.Q.atob: the bytes of base 64 text; 'domain when it is not padded or has other chars."""
    try:
        return _byte_vector(base64.b64decode(_bytes(x), validate=True))
    except binascii.Error:
        raise domain_error() from None


def sha1(x: Value) -> Value:
    """.Q.sha1: the 20 bytes of the SHA-1 digest of text."""
    return _byte_vector(hashlib.sha1(_bytes(x)).digest())


def gzip(x: Value) -> Value:
    """.Q.gz: text or bytes unpacked; (level;data) packed; with :: whether packing is there."""
    if x is NULL:
        return True
    if isinstance(x, List) and len(x) == 2 and qtype(x[0]) in (-5, -6, -7):
        return _packed(int(x[0]), x[1])
    try:
        return _like(x, zlib.decompress(_bytes(x), wbits=47))
    except zlib.error as e:
        raise QError(f".Q.gz: {e}") from None


def _packed(level: int, data: Value) -> Value:
    if not 1 <= level <= 9:
        raise domain_error()
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return _like(data, packer.compress(_bytes(data)) + packer.flush())


def _like(x: Value, raw: bytes) -> Value:
    return _byte_vector(raw) if qtype(x) == 4 else string(raw)


# ---------------------------------------------------------------- numbers as short text

def _number(text: bytes, alphabet: str, width: int) -> int:
    """The number that text stands for in the base of an alphabet, as 64 bits."""
    if len(text) > width:
        raise QError("length")
    total = 0
    for letter in text:
        place = alphabet.find(chr(letter))
        if place < 0:
            raise domain_error()
        total = total * len(alphabet) + place
    total &= 2**64 - 1
    return total - 2**64 if total >= 2**63 else total


def _text(x: Value, alphabet: str, width: int) -> Value:
    if qtype(x) not in (-7, -6, -5):
        raise type_error()
    rest = int(x) & (2**64 - 1)
    letters = []
    for _ in range(width):
        rest, place = divmod(rest, len(alphabet))
        letters.append(alphabet[place])
    return string("".join(reversed(letters)))


def from_base64_number(x: Value) -> Value:
    """.Q.j10: the long that up to 10 chars of `.Q.b6` stand for."""
    return _number(_bytes(x), BASE64, 10)


def to_base64_number(x: Value) -> Value:
    """.Q.x10: a long as 10 chars of `.Q.b6`."""
    return _text(x, BASE64, 10)


def from_base36(x: Value) -> Value:
    """.Q.j12: the long that up to 12 chars of `.Q.nA` stand for."""
    return _number(_bytes(x), BASE36, 12)


def to_base36(x: Value) -> Value:
    """.Q.x12: a long as 12 chars of `.Q.nA`."""
    if qtype(x) == -7 and int(x) == LONG_NULL:
        raise domain_error()
    return _text(x, BASE36, 12)


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "btoa": (1, to_base64), "atob": (1, from_base64), "sha1": (1, sha1), "gz": (1, gzip),
    "j10": (1, from_base64_number), "x10": (1, to_base64_number), "j12": (1, from_base36),
    "x12": (1, to_base36),
}
VALUES: dict[str, Value] = {
    "A": string(UPPER), "a": string(LOWER), "n": string(DIGITS), "nA": string(BASE36),
    "an": string(LOWER + UPPER + "_" + DIGITS), "b6": string(BASE64),
    "t": string(_type_letters()),
}
