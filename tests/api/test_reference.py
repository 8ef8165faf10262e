"""What users read about the api: `help` for every name, and reference pages that are current."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import torch

from kkernel import api
from kkernel.api import objects
from kkernel.api.declare import FUNCTIONS, Function
from kkernel.q.values import Dict
from kkernel.session import Session

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "share" / "doc" / "reference"
api.load()


@pytest.fixture(scope="module")
def q() -> Iterator[Session]:
    session = Session(write=lambda text: None)
    session.load_api()
    yield session
    objects.free_all()


def generator() -> Any:
    spec = spec_from_file_location("make_reference", ROOT / "share" / "doc" / "make_reference.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_addresses(text: str) -> str:
    """The text, with numbers that only this process has made equal, and the blanks around them."""
    return re.sub(r"[ -]+", " ", re.sub(r"\d{8,}", "#", text))


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=lambda f: f.name)
def test_help_describes_the_function(f: Function, q: Session) -> None:
    run = q.interpreter
    run(f"h:help {f.name}")
    assert isinstance(run("h"), Dict)
    assert run("h`function") == f.name and run("h`group") == f.group
    assert run("h`form").tobytes().decode() == f.name + f.form
    assert run("count h`args") == len(f.params) and run("count h`examples") == len(f.examples)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=lambda f: f.name)
def test_every_name_has_help(f: Function, q: Session) -> None:
    assert not q.interpreter.console(f"help`{f.name}").startswith("'")


def test_the_pages_are_current() -> None:
    default, threads = torch.get_default_dtype(), torch.get_num_threads()
    try:
        texts = generator().texts()
    finally:
        torch.set_default_dtype(default)
        torch.set_num_threads(threads)
        objects.free_all()
    assert set(texts) == {p.name for p in PAGES.glob("*.md")}
    for name, text in texts.items():
        written = (PAGES / name).read_text(encoding="utf-8")
        assert without_addresses(text) == without_addresses(written), (
            f"{name}: run share/doc/make_reference.py")


def test_pages_show_no_failure() -> None:
    for page in PAGES.glob("*.md"):
        lines = page.read_text(encoding="utf-8").splitlines()
        failed = [line for line in lines if line.startswith("'") and not line.startswith("'\"")]
        assert not failed, f"{page.name}: {failed}"
