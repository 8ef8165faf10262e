"""Shared by all tests: one thread for torch, histories of their own, the transcripts' option."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# before anything imports torch or starts a kernel
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["KKERNEL_HISTORY"] = ":memory:"
os.environ["KKERNEL_CONSOLE_HISTORY"] = os.path.join(tempfile.gettempdir(), f"kk{os.getpid()}")
os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")

# a busy machine is no defect of what is tested
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", default=False,
                     help="write what q prints today into the transcripts; review with git diff")


# Their tests wait for other processes, which a starved machine may not give a turn in time.
OTHER_PROCESSES = ("browser/", "live/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of other processes has three tries; a defect fails all of them."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(OTHER_PROCESSES):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture
def q():  # type: ignore[no-untyped-def]
    """A new q session with the k api."""
    from api_session import ApiSession

    return ApiSession()
