"""Files and folders that continue a path which is being typed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

_PLAIN = re.compile(r"[\w.]+", re.A)  # what a symbol can spell
MOST = 500


def entries(path: str, symbol: bool = False) -> Iterator[tuple[str, bool]]:
    """(name, whether it is a folder) of what continues the last part of a path.

    `symbol`: only names that can stand in a file symbol.  Hidden files only after a dot.
    """
    folder, last = os.path.split(path)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as found:
            names = sorted((e.name, e.is_dir()) for e in found if e.name.startswith(last))
    except (OSError, ValueError):  # no such folder; a NUL in the path
        return
    for name, is_folder in names[:MOST]:
        if (name[0] != "." or last) and (not symbol or _PLAIN.fullmatch(name)):
            yield name, is_folder
