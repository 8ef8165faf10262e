"""What panels show, as plain dataclasses: names, shapes, numbers. No widgets, and no q needed.

The one door between the api and any display. It works on every `torch.nn.Module`.
"""

import torch

from .events import changed, subscribe
from .look.definition import k_code, k_string, k_symbol
from .look.describe import Description, Option, describe, options_text, python_text
from .look.histogram import (
    Histogram,
    LawFit,
    histogram,
    histograms,
    sketch,
    tensors_of,
    tensors_state,
)
from .look.initializers import DRAWS, FANS, FUNCTIONS, draw, options_for, suits, weights
from .look.laws import KnownLaw, Law, initializer, parameter_laws, record
from .look.python_source import python_code
from .look.sample import batch_of
from .look.signal import Layer, Signal, activations, signal
from .look.signal import compare as compare_initializers
from .look.spec import Memory, Row, Spec, shape_text, spec, structure_state
from .states.difference import Difference, differences
from .states.kdb_state import is_kdb_file, read_kdb, save_kdb
from .states.memory import resident_bytes, total_bytes
from .states.record import State, StateError
from .states.snapshots import NOW, Restored, Snapshot, Snapshots, snapshots_of
from .states.state_record import capture, parts
from .states.statefile import (
    Loaded,
    StateFile,
    import_weights,
    inspect,
    load,
    read_any,
    read_state,
    save,
    save_state,
)


def seed(number: int) -> None:
    """Seed the random generators of torch."""
    torch.manual_seed(number)


def compare(a: State, b: State, pictures: bool = True) -> list[Difference]:
    """What differs between two states, tensor by tensor; bits are compared before numbers."""
    return differences(a, b, pictures)


__all__ = [
    "DRAWS",
    "FANS",
    "FUNCTIONS",
    "NOW",
    "Description",
    "Difference",
    "Histogram",
    "KnownLaw",
    "Law",
    "LawFit",
    "Layer",
    "Loaded",
    "Memory",
    "Option",
    "Restored",
    "Row",
    "Signal",
    "Snapshot",
    "Snapshots",
    "Spec",
    "State",
    "StateError",
    "StateFile",
    "activations",
    "batch_of",
    "capture",
    "changed",
    "compare",
    "compare_initializers",
    "describe",
    "draw",
    "histogram",
    "histograms",
    "import_weights",
    "initializer",
    "inspect",
    "is_kdb_file",
    "k_code",
    "k_string",
    "k_symbol",
    "load",
    "options_for",
    "options_text",
    "parameter_laws",
    "parts",
    "python_code",
    "python_text",
    "read_any",
    "read_kdb",
    "read_state",
    "record",
    "resident_bytes",
    "save",
    "save_kdb",
    "save_state",
    "seed",
    "shape_text",
    "signal",
    "sketch",
    "snapshots_of",
    "spec",
    "structure_state",
    "subscribe",
    "suits",
    "tensors_of",
    "tensors_state",
    "total_bytes",
    "weights",
]
