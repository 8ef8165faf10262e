"""Named states of a model, kept in memory: take, compare, restore in place, undo."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from .difference import Difference, differences
from .digest import digest, raw_digest
from .parallel import each
from .record import Key, State, StateError
from .state_record import apply, capture, check, parts

NOW = "now"  # the name of the live state in comparisons
MOST_UNDO = 10


@dataclass(frozen=True)
class Snapshot:
    """One named state. `digest` names all of its bits; `bytes` is its size, `own` what only it
    holds; `step` the optimizer's step; `time` seconds since 1970.
    """

    name: str
    note: str
    time: float
    digest: str
    tensors: int
    bytes: int
    own: int
    step: int | None


@dataclass(frozen=True)
class Restored:
    """The outcome of a restore: tensors, how many now have the very same bits, what was written."""

    name: str
    tensors: int
    same: int
    written: int


@dataclass
class _Kept:
    note: str
    time: float
    digests: dict[Key, str]
    state: State  # its tensors are in the store, under their digests


class Snapshots:
    """Named states of a module with its optimizer and the random generators.

    A tensor that has the same bits in several states is stored once. Restoring writes into the
    live tensors, checks every bit afterwards, and can be undone.
    """

    def __init__(self, model: Any, optimizer: Any = None) -> None:
        self.follow(model, optimizer)
        self._store: dict[str, Tensor] = {}
        self._kept: dict[str, _Kept] = {}
        self._undo: list[tuple[str, _Kept]] = []

    def follow(self, model: Any, optimizer: Any = None) -> None:
        """Take and restore the states of this model; it is not kept alive."""
        module, optimizer = parts(model, optimizer)
        self._module = weakref.ref(module)
        self._optimizer = weakref.ref(optimizer) if optimizer is not None else None

    @property
    def module(self) -> nn.Module:
        module = self._module()
        if module is None:
            raise StateError("the model of these states is gone")
        return module

    @property
    def optimizer(self) -> Any:
        return self._optimizer() if self._optimizer else None

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def names(self) -> list[str]:
        return list(self._kept)

    @property
    def bytes(self) -> int:
        """Memory that all states take together."""
        return sum(t.numel() * t.element_size() for t in self._store.values())

    # ------------------------------------------------------------------- keep

    def take(self, name: str, note: str = "") -> Snapshot:
        """Keep the present state under a name, which must be new."""
        if not name or name == NOW:
            raise StateError(f"snapshot: expected a name other than {NOW!r}, given {name!r}")
        if name in self._kept:
            raise StateError(f"snapshot: there is a state {name!r} already")
        self._kept[name] = self._keep(capture(self.module, self.optimizer), note)
        return self.describe(name)

    def add(self, name: str, state: State, note: str = "") -> Snapshot:
        """Keep a state that was read from elsewhere; it must fit the model."""
        check(state, self.module, self.optimizer)
        if name in self._kept or not name or name == NOW:
            raise StateError(f"snapshot: the name {name!r} is taken")
        self._kept[name] = self._keep(state, note)
        return self.describe(name)

    def _keep(self, state: State, note: str) -> _Kept:
        size = sum(t.numel() * t.element_size() for t in state.tensors.values())
        keys = list(state.tensors)
        digests = dict(zip(keys, each(state.digest, keys, size), strict=True))
        for key, tensor in state.tensors.items():
            if digests[key] not in self._store:
                self._store[digests[key]] = tensor.detach().clone()
        stored = {key: self._store[d] for key, d in digests.items()}
        return _Kept(note, time.time(), digests, replace(state, tensors=stored, digests=digests))

    def drop(self, name: str) -> None:
        """Forget a state, and the memory that only it needs."""
        self._find(name)
        del self._kept[name]
        self._sweep()

    def rename(self, name: str, new: str) -> None:
        """Give a state another name, in the same place."""
        self._find(name)
        if not new or new == NOW or (new != name and new in self._kept):
            raise StateError(f"snapshot: the name {new!r} is taken")
        self._kept = {new if n == name else n: kept for n, kept in self._kept.items()}

    def annotate(self, name: str, note: str) -> None:
        """Change the note of a state."""
        self._find(name).note = note

    def _find(self, name: str) -> _Kept:
        if name not in self._kept:
            raise StateError(f"snapshot: there is no state {name!r}")
        return self._kept[name]

    def _sweep(self) -> None:
        everything = [*self._kept.values(), *(kept for _, kept in self._undo)]
        used = {d for kept in everything for d in kept.digests.values()}
        for unused in self._store.keys() - used:
            del self._store[unused]

    # ------------------------------------------------------------------- look

    def describe(self, name: str) -> Snapshot:
        """Facts about one state."""
        kept = self._find(name)
        sizes = {d: t.numel() * t.element_size() for d, t in self._tensors(kept)}
        others = {
            d for n, other in self._kept.items() if n != name for d in other.digests.values()
        }
        return Snapshot(
            name=name,
            note=kept.note,
            time=kept.time,
            digest=digest_of(kept.digests),
            tensors=len(kept.digests),
            bytes=sum(sizes.values()),
            own=sum(size for d, size in sizes.items() if d not in others),
            step=kept.state.step,
        )

    def _tensors(self, kept: _Kept) -> list[tuple[str, Tensor]]:
        return [(d, self._store[d]) for d in kept.digests.values()]

    def describe_all(self) -> list[Snapshot]:
        """Facts about every state, in the order they were taken."""
        return [self.describe(name) for name in self._kept]

    def state(self, name: str) -> State:
        """The state itself; `now` is the live one. Not to be written to."""
        if name == NOW:
            return capture(self.module, self.optimizer)
        return self._find(name).state

    def changed(self) -> dict[str, int]:
        """By state: how many tensors of the live model differ from it, random generators apart."""
        live = {key: digest(t) for key, t in self._live().items()}
        return {name: self._count_changed(kept, live) for name, kept in self._kept.items()}

    def _live(self) -> dict[Key, Tensor]:
        tensors = capture(self.module, self.optimizer).tensors
        return {key: tensor for key, tensor in tensors.items() if key.part != "random"}

    def _count_changed(self, kept: _Kept, live: dict[Key, str]) -> int:
        keys = [key for key in live.keys() | kept.digests.keys() if key.part != "random"]
        return sum(kept.digests.get(key) != live.get(key) for key in keys)

    def compare(self, a: str, b: str = NOW, pictures: bool = True) -> list[Difference]:
        """What differs, tensor by tensor; see `difference.differences`."""
        return differences(self.state(a), self.state(b), pictures)

    # ------------------------------------------------------------------- restore

    def restore(self, name: str) -> Restored:
        """Write a state into the live model, and check that every bit is the same."""
        kept = self._find(name)
        check(kept.state, self.module, self.optimizer)
        before = self._keep(capture(self.module, self.optimizer), "")
        result = self._write(name, kept, before.digests)
        self._push(f"restore of {name}", before)
        return result

    def about_to(self, what: str) -> None:
        """Keep the present state for `undo`, before something changes it: words for what."""
        self._push(what, self._keep(capture(self.module, self.optimizer), ""))

    def _push(self, what: str, before: _Kept) -> None:
        self._undo.append((what, before))
        del self._undo[:-MOST_UNDO]
        self._sweep()

    def _write(self, name: str, kept: _Kept, live: dict[Key, str]) -> Restored:
        applied = apply(kept.state, self.module, self.optimizer, live)
        return Restored(name, applied.tensors, applied.same, applied.written)

    @property
    def can_undo(self) -> str:
        """Words for what would be undone, or nothing."""
        return self._undo[-1][0] if self._undo else ""

    def undo(self) -> Restored:
        """Put back what the last restore, or another announced change, has overwritten."""
        if not self._undo:
            raise StateError("there is nothing to undo")
        name, before = self._undo[-1]
        result = self._write(name, before, {})
        self._undo.pop()
        self._sweep()
        return result


def digest_of(digests: dict[Key, str]) -> str:
    """One digest for a whole state."""
    lines = "\n".join(f"{key.part} {key.name} {key.slot} {digests[key]}" for key in sorted(digests))
    return raw_digest(lines.encode(errors="backslashreplace"))


_shelf: weakref.WeakKeyDictionary[nn.Module, Snapshots] = weakref.WeakKeyDictionary()


def snapshots_of(model: Any, optimizer: Any = None) -> Snapshots:
    """The states that were kept of a model; the same object however often it is asked for."""
    module, found = parts(model, optimizer)
    shelf = _shelf.get(module)
    if shelf is None:
        shelf = _shelf[module] = Snapshots(module, found)
    elif found is not None:
        shelf.follow(module, found)
    return shelf
