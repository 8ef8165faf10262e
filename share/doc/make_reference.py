"""Write share/doc/reference from the declarations of the api: python share/doc/make_reference.py"""

from __future__ import annotations

from pathlib import Path

from kkernel.api.reference import TITLES, file_name, groups, page
from kkernel.session import Session

FOLDER = Path(__file__).parent / "reference"


def texts() -> dict[str, str]:
    """File name -> text: one page per group, and an index of all functions."""
    session = Session(write=lambda text: None)
    session.load_api()
    index, found = ["# Reference of the k api", ""], {}
    for group, title in TITLES.items():
        session.execute("seed 123")
        found[file_name(group)] = page(group, session.interpreter.console)
        session.execute("free[]")
        names = ", ".join(f"[{f.name}]({file_name(group)}#{f.name.lower()})"
                          for f in groups()[group])
        index += [f"## [{title}]({file_name(group)})", "", names, ""]
    return {**found, "README.md": "\n".join(index)}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
