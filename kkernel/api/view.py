"""What panels show, as plain dataclasses: names, shapes, numbers. No widgets, and no q needed.

The one door between the api and any display. It works on every `torch.nn.Module`.
"""

from .events import changed, subscribe
from .look.definition import k_code, python_code
from .look.describe import Description, Option, describe, options_text, python_text
from .look.histogram import (
    Histogram,
    LawFit,
    histogram,
    histograms,
    tensors_of,
    tensors_state,
)
from .look.laws import Law, initializer, record
from .look.sample import batch_of
from .look.spec import Memory, Row, Spec, shape_text, spec, structure_state
from .states.difference import Difference, differences
from .states.memory import resident_bytes, total_bytes
from .states.snapshots import NOW, Restored, Snapshot, Snapshots, snapshots_of
from .states.state_record import State, StateError, capture, parts
from .states.statefile import (
    Loaded,
    StateFile,
    import_weights,
    inspect,
    load,
    read_state,
    save,
    save_state,
)


def compare(a: State, b: State, pictures: bool = True) -> list[Difference]:
    """What differs between two states, tensor by tensor; bits are compared before numbers."""
    return differences(a, b, pictures)


__all__ = [
    "NOW",
    "Description",
    "Difference",
    "Histogram",
    "Law",
    "LawFit",
    "Loaded",
    "Memory",
    "Option",
    "Restored",
    "Row",
    "Snapshot",
    "Snapshots",
    "Spec",
    "State",
    "StateError",
    "StateFile",
    "batch_of",
    "capture",
    "changed",
    "compare",
    "describe",
    "histogram",
    "histograms",
    "import_weights",
    "initializer",
    "inspect",
    "k_code",
    "load",
    "options_text",
    "parts",
    "python_code",
    "python_text",
    "read_state",
    "record",
    "resident_bytes",
    "save",
    "save_state",
    "shape_text",
    "snapshots_of",
    "spec",
    "structure_state",
    "subscribe",
    "tensors_of",
    "tensors_state",
    "total_bytes",
]
