"""Inputs of the transcripts, damaged: bytes lost, doubled, swapped, replaced, spliced."""

from __future__ import annotations

from pathlib import Path
from random import Random

from transcript import prompts

TRANSCRIPTS = Path(__file__).resolve().parent.parent / "transcripts"
PIECES = [b"[", b"]", b"(", b")", b"{", b"}", b'"', b"`", b";", b"'", b"/", b"\\", b":", b"::",
          b" ", b"\n", b"\r\n", b"\t", b"\0", b"\xff", b"\xc3", b"\xe2\x82",
          "\u20ac\U0001f600".encode(), b"0W", b"0N", b"-1", b"0n", b"#", b"0x", b".", b"..",
          b"99999999999", b"1e400", b"/\n",
          b"\\\n", b"q)", b"\n ", b"@[", b".[", b"x", b"from", b" by ", b"each ", b"/:", b"\\:"]


class Mutations:
    """The corpus, and what chance makes of it."""

    def __init__(self, folder: Path = TRANSCRIPTS) -> None:
        pages = sorted(folder.rglob("*.md"))
        self.corpus = sorted({p.source for page in pages for p in prompts(page.read_text())})

    def mutated(self, chance: Random) -> str:
        """One input with one to four damages."""
        raw = chance.choice(self.corpus).encode("utf-8", "surrogateescape")
        for _ in range(chance.choice((1, 1, 2, 3, 4))):
            raw = chance.choice(_DAMAGES)(raw, self.corpus, chance)
        text = raw.decode("utf-8", chance.choice(("surrogateescape", "replace")))
        return text.replace("x", "\ud83d") if chance.random() < 0.01 else text


def _span(raw: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(raw) + 1)
    return start, min(len(raw), start + chance.choice((1, 1, 1, 2, 4, 16)))


def _lose(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    a, b = _span(raw, chance)
    return raw[:a] + raw[b:]


def _double(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    a, b = _span(raw, chance)
    return raw[:b] + raw[a:b] * chance.choice((1, 1, 2, 30)) + raw[b:]


def _insert(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    a, _ = _span(raw, chance)
    return raw[:a] + chance.choice(PIECES) + raw[a:]


def _replace(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    a, b = _span(raw, chance)
    return raw[:a] + chance.choice(PIECES) + raw[b:]


def _flip(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    if not raw:
        return raw
    a = chance.randrange(len(raw))
    return raw[:a] + bytes([raw[a] ^ (1 << chance.randrange(8))]) + raw[a + 1:]


def _cut(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    return raw[:chance.randrange(len(raw) + 1)]


def _splice(raw: bytes, corpus: list[str], chance: Random) -> bytes:
    """The head of one input, the tail of another: arguments meet functions they never met."""
    other = chance.choice(corpus).encode("utf-8", "surrogateescape")
    return raw[:chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1):]


_DAMAGES = (_lose, _double, _insert, _replace, _flip, _cut, _splice)
