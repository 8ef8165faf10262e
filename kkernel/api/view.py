"""What panels show, as plain dataclasses: names, shapes, numbers. No widgets, and no q needed.

The one door between the api and any display. It works on every `torch.nn.Module`.
"""

from .definition import k_code, python_code
from .describe import Description, Option, describe, options_text, python_text
from .events import changed, subscribe
from .histogram import Histogram, LawFit, histogram, histograms, tensors_state
from .laws import Law, initializer, record
from .spec import Memory, Row, Spec, shape_text, spec, structure_state

__all__ = [
    "Description",
    "Histogram",
    "Law",
    "LawFit",
    "Memory",
    "Option",
    "Row",
    "Spec",
    "changed",
    "describe",
    "histogram",
    "histograms",
    "initializer",
    "k_code",
    "options_text",
    "python_code",
    "python_text",
    "record",
    "shape_text",
    "spec",
    "structure_state",
    "subscribe",
    "tensors_state",
]
