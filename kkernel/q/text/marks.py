"""Words of documentation with q in them: two backticks on each side, since q has single ones."""

from __future__ import annotations

import re

CODE = re.compile("`` ?(.+?) ?``")


def plain(words: str) -> str:
    """The words without the marks around q."""
    return CODE.sub(r"\1", words)
