"""The database of inputs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kkernel.kernel.history import History, default_file


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A database with two sessions: 1 2 3 and 2 4."""
    path = str(tmp_path / "folder" / "history.sqlite")
    for sources in (["1", "2", "3"], ["2", "4"]):
        history = History(path)
        for line, source in enumerate(sources, 1):
            history.add(line, source + "\n", source + "\n")
    return path


def test_tail_spans_sessions_oldest_first(file: str) -> None:
    assert History(file).tail(3) == [(1, 3, "3"), (2, 1, "2"), (2, 2, "4")]
    assert History(file).tail(1, output=True) == [(2, 2, ("4", "4\n"))]


def test_ranges_count_sessions_from_this_one(file: str) -> None:
    history = History(file)
    history.add(1, "now")
    assert history.session == 3
    assert history.range(0, 1, None) == [(3, 1, "now")]
    assert history.range(-1, 1, 2) == [(2, 1, "2")]
    assert history.range(1, 2, None) == [(1, 2, "2"), (1, 3, "3")]


def test_search_by_pattern(file: str) -> None:
    history = History(file)
    assert history.search("2") == [(1, 2, "2"), (2, 1, "2")]
    assert history.search("*", unique=True) == [
        (1, 1, "1"), (1, 3, "3"), (2, 1, "2"), (2, 2, "4")]
    assert history.search("*", n=2) == [(2, 1, "2"), (2, 2, "4")]
    assert history.search("[13]") == [(1, 1, "1"), (1, 3, "3")]


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"no database at all, but long enough to be read as a header" * 20)
    history = History(str(path))
    history.add(1, "kept")
    assert History(str(path)).tail(1) == [(1, 1, "kept")]
    assert (tmp_path / "history.sqlite.damaged").exists()


def test_without_a_place_to_write_there_is_still_a_history(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    history = History(str(tmp_path / "file" / "history.sqlite"))
    history.add(1, "here")
    assert history.tail(1) == [(1, 1, "here")]


def test_threads_share_it(file: str) -> None:
    history = History(file)
    threads = [threading.Thread(target=history.add, args=(i, str(i))) for i in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(history.range(0, 0, None)) == 20


def test_the_place_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KKERNEL_HISTORY", "/some/where")
    assert default_file() == "/some/where"
    monkeypatch.delenv("KKERNEL_HISTORY")
    assert default_file().endswith("kkernel/history.sqlite")
