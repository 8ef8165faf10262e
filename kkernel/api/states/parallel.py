"""Do the same to many tensors on several threads; numpy and xxhash leave the lock of Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

WORTH_IT = 1 << 23  # bytes; below, starting threads takes longer than they save
MOST_THREADS = 4  # then memory is the limit


def each(act: Callable[[Item], Result], items: Sequence[Item], size: int) -> Iterable[Result]:
    """The results of `act` in order; `size` is the number of bytes that are gone through."""
    threads = min(MOST_THREADS, len(items), _processors())
    if size < WORTH_IT or threads < 2:
        return [act(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, items))


def each_in_torch(
    act: Callable[[Item], Result], items: Sequence[Item], size: int
) -> Iterable[Result]:
    """The same for an act of torch, which has threads of its own if it is allowed several."""
    return [act(item) for item in items] if torch.get_num_threads() > 1 else each(act, items, size)


class Aside(Generic[Item, Result]):
    """Does something to items on another thread, while this one goes on."""

    def __init__(self, act: Callable[[Item], Result]) -> None:
        self._act = act
        self._pool = ThreadPoolExecutor(1)
        self._begun: list[Callable[[], Result]] = []

    def __enter__(self) -> Aside[Item, Result]:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, item: Item, size: int) -> None:
        """Start with an item; at once here if all items together are few bytes."""
        if size < WORTH_IT:
            result = self._act(item)
            self._begun.append(lambda: result)
        else:
            self._begun.append(self._pool.submit(self._act, item).result)

    def results(self) -> list[Result]:
        """All results, in the order in which the items were begun."""
        return [result() for result in self._begun]


def _processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
