"""Where SIGINT raises, where it waits, and where it is dropped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from kkernel.q import interrupts


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    interrupts.install()
    yield
    interrupts.expect(False)
    signal.signal(signal.SIGINT, before)


def strike() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_raised_while_evaluating() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.evaluating():
        strike()


def test_dropped_elsewhere() -> None:
    strike()
    with interrupts.evaluating():
        pass
    strike()


def test_held_back_to_the_end_of_the_outermost_section() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts.evaluating():
        with interrupts.held():
            with interrupts.held():
                strike()
                reached.append("inner")
            reached.append("outer")
        reached.append("after")
    assert reached == ["inner", "outer"]


def test_an_error_in_a_section_does_not_swallow_the_signal() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.evaluating(), interrupts.held():
        strike()
        raise ValueError


def test_an_expected_evaluation_is_stopped_before_it_begins() -> None:
    interrupts.expect(True)
    strike()
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts.evaluating():
        reached.append("begun")
    assert not reached


def test_a_signal_that_comes_too_late_stops_nothing() -> None:
    interrupts.expect(True)
    strike()
    interrupts.expect(False)
    with interrupts.evaluating():
        pass


def test_the_next_evaluation_is_not_touched() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.evaluating():
        strike()
    with interrupts.evaluating():
        pass


def test_the_handler_of_another_program_comes_back() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt), interrupts.borrowed(), interrupts.evaluating():
        strike()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_other_threads_hold_nothing_back() -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with interrupts.held():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    try:
        with pytest.raises(KeyboardInterrupt), interrupts.evaluating():
            strike()
    finally:
        leave.set()
        thread.join()
