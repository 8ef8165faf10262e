"""Write share/doc/reference from the declarations of the api: python share/doc/make_reference.py"""

from __future__ import annotations

from pathlib import Path

from kkernel.api.reference import TITLES, file_name, groups, page
from kkernel.session import Session

FOLDER = Path(__file__).parent / "reference"


def main() -> None:
    """One page per group, and an index of all functions."""
    FOLDER.mkdir(exist_ok=True)
    session = Session()
    session.load_api()
    index = ["# Reference of the k api", ""]
    for group, title in TITLES.items():
        session.execute("seed 123")
        text = page(group, session.interpreter.console)
        (FOLDER / file_name(group)).write_text(text, encoding="utf-8")
        names = ", ".join(f"[{f.name}]({file_name(group)}#{f.name.lower()})"
                          for f in groups()[group])
        index += [f"## [{title}]({file_name(group)})", "", names, ""]
    (FOLDER / "README.md").write_text("\n".join(index), encoding="utf-8")


if __name__ == "__main__":
    main()
