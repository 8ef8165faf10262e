"""What panels show, as plain dataclasses: names, shapes, numbers. No widgets, and no q needed.

The one door between the api and any display. It works on every `torch.nn.Module`.
"""

from .definition import k_code, python_code
from .describe import Description, Option, describe, options_text
from .events import changed, subscribe
from .spec import Memory, Row, Spec, shape_text, spec, structure_state

__all__ = [
    "Description",
    "Memory",
    "Option",
    "Row",
    "Spec",
    "changed",
    "describe",
    "k_code",
    "options_text",
    "python_code",
    "shape_text",
    "spec",
    "structure_state",
    "subscribe",
]
