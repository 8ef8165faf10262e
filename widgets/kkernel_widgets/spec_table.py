"""The specification of a model as a table: what it is made of, what goes in and out, what it costs.
"""

from __future__ import annotations

from typing import Any

from kkernel.api import view

from .html import Markup, join, tag, visible
from .numbers import byte_size, percent, short, thousands
from .panel import Panel
from .text_table import text_table

STATIC_ROWS = 500  # a saved notebook stays readable


class SpecTable(Panel):
    """A table of every module in a module or model: options, shapes, parameters, bytes, MACs.

    `example_input` is a tensor or a tuple of them, for the shapes; without one a batch of the
    model's data is taken, else an input is assumed where the first layer tells its shape.
    `optimizer` adds the memory of its buffers.
    """

    script = "spec_table.js"

    def __init__(
        self,
        module: Any,
        example_input: Any = None,
        optimizer: Any = None,
        *,
        name: str = "m",
        language: str = "python",
    ) -> None:
        super().__init__(name, language)
        self.module, self.optimizer = view.parts(module, optimizer)
        self.example_input = view.batch_of(module) if example_input is None else example_input
        self.spec = view.spec(self.module, example_input, self.optimizer)

    def state(self) -> Any:
        return view.structure_state(self.module)

    def refresh(self) -> None:
        self.spec = view.spec(self.module, self.example_input, self.optimizer)
        super().refresh()

    # ------------------------------------------------------------------- browser

    def content(self) -> dict[str, Any]:
        spec = self.spec
        return {
            "title": visible(spec.rows[0].kind),
            "rows": [_row(row) for row in spec.rows],
            "parameters": spec.parameters,
            "trainable": spec.trainable,
            "macs": spec.macs,
            "memory": _memory(spec.memory),
            "notes": _notes(spec),
            "failed": None if spec.failed_at is None else visible(spec.failed_at),
            "sample": spec.assumed is not None,
            "code": {"k": view.k_code(self.module), "python": view.python_code(self.module)},
        }

    # ------------------------------------------------------------------- other forms

    def text(self) -> str:
        header = ("module", "options", "in", "out", "parms", "bytes", "train")
        rows = [_cells(row, "  " * row.depth) for row in _folded(self.spec.rows)]
        table = text_table(header, rows, "    rr")
        return "\n".join([table, *_totals(self.spec), *_notes(self.spec)]) + "\n"

    def static(self) -> Markup:
        rows = _folded(self.spec.rows)
        cut = len(rows) - STATIC_ROWS
        notes = [*_totals(self.spec), *_notes(self.spec)]
        if cut > 0:
            notes.append(f"{cut} more rows are not shown")
        heads = ("module", "options", "in", "out", "parameters", "bytes", "train")
        head = tag("tr", *(_head(text, i) for i, text in enumerate(heads)))
        body = (_static_row(row) for row in rows[:STATIC_ROWS])
        return join(
            tag("table", tag("thead", head), tag("tbody", *body)),
            *(tag("div", note) for note in notes),
        )


def _folded(rows: tuple[view.Row, ...]) -> list[view.Row]:
    """Rows without the blocks that repeat the one before them."""
    kept, hidden = [], None
    for row in rows:
        if hidden is not None and row.depth > hidden:
            continue
        hidden = row.depth if row.blocks == 0 else None
        if hidden is None:
            kept.append(row)
    return kept


def _row(row: view.Row) -> dict[str, Any]:
    return {
        "path": visible(row.path),
        "depth": row.depth,
        "name": visible(row.name),
        "kind": visible(row.kind),
        "class": visible(row.python),
        "options": {"k": _options(row.options), "python": _options(row.python_options)},
        "children": row.children,
        "blocks": row.blocks,
        "in": view.shape_text(row.inputs),
        "out": view.shape_text(row.outputs),
        "calls": row.calls,
        "parameters": row.parameters,
        "own": row.own,
        "trainable": row.trainable,
        "bytes": row.bytes,
        "buffers": row.buffers,
        "gradients": row.gradients,
        "optimizer": row.optimizer,
        "activations": row.activations,
        "share": row.share,
        "macs": row.macs,
        "tied": [visible(tie) for tie in row.tied],
    }


def _options(options: tuple[view.Option, ...]) -> list[list[Any]]:
    return [[visible(o.name), visible(o.text), o.default] for o in options]


def _memory(memory: view.Memory) -> list[list[Any]]:
    names = ("parameters", "buffers", "gradients", "optimizer", "activations")
    return [[name, getattr(memory, name)] for name in names if getattr(memory, name)]


def _notes(spec: view.Spec) -> list[str]:
    notes = []
    if spec.failed_at is not None:
        where = f" at {spec.failed_at}" if spec.failed_at else ""
        notes.append(f"shapes are known up to the failure{where}: {spec.failure}")
    if spec.assumed:
        notes.append(f"input assumed: {spec.assumed}")
    return [visible(note) for note in notes]


def _totals(spec: view.Spec) -> list[str]:
    frozen = spec.parameters - spec.trainable
    first = f"{thousands(spec.parameters)} parameters"
    if frozen:
        first += f", {thousands(frozen)} of them frozen"
    per = " per sample" if spec.assumed is not None else ""
    parts = [f"{name} {byte_size(count)}" for name, count in _memory(spec.memory)]
    if spec.macs is not None:
        parts.append(f"multiply-accumulates {short(spec.macs)}{per}")
    return [first, "  ".join(parts)]


def _name(row: view.Row) -> str:
    repeated = f" x{row.blocks}" if row.blocks > 1 else ""
    label = f"{row.name} " if row.name else ""
    return f"{label}{row.kind}{repeated}"


def _train(row: view.Row) -> str:
    if not row.parameters:
        return ""
    return "yes" if row.trainable == row.parameters else "part" if row.trainable else "frozen"


def _cells(row: view.Row, indent: str) -> list[str]:
    return [
        indent + _name(row),
        view.options_text(row.options),
        view.shape_text(row.inputs),
        view.shape_text(row.outputs),
        thousands(row.parameters) if row.parameters else "",
        byte_size(row.bytes) if row.bytes else "",
        _train(row),
    ]


def _head(text: str, column: int) -> Markup:
    return tag("th", text, scope="col", style=f"text-align:{_side(column)}")


def _side(column: int) -> str:
    return "right" if column in (4, 5) else "left"


def _static_row(row: view.Row) -> Markup:
    name, *others = _cells(row, "")
    share = percent(row.share) if row.own else ""
    others[3] = f"{others[3]} ({share})" if share else others[3]
    first = tag(
        "th",
        name,
        scope="row",
        style=f"text-align:left;font-weight:normal;padding-left:{0.5 + 1.25 * row.depth:g}em",
    )
    cells = (
        tag("td", cell, style=f"text-align:{_side(i)}") for i, cell in enumerate(others, 1)
    )
    return tag("tr", first, *cells)
