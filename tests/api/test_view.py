"""The specification of a module: rows, shapes, counts, memory; checked against plain PyTorch."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from kkernel.api import view
from kkernel.api.look.skeleton import Cloner
from kkernel.api.look.structure import runs
from kkernel.api.look.trace import trace


def row(spec: view.Spec, path: str) -> view.Row:
    return next(r for r in spec.rows if r.path == path)


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * 14 * 14, 10),
    )


# --------------------------------------------------------------------------- rows


def test_rows_go_depth_first_with_q_names_and_options() -> None:
    rows = view.spec(nn.Sequential(nn.Linear(2, 3, bias=False), nn.Sequential(nn.ReLU()))).rows
    assert [(r.depth, r.path, r.kind) for r in rows] == [
        (0, "", "sequential"), (1, "0", "linear"), (1, "1", "sequential"), (2, "1.0", "relu")]
    assert view.options_text(rows[1].options) == "in 2  out 3  bias 0b"
    assert view.python_text(rows[1].python_options) == "in_features=2, out_features=3, bias=False"
    assert view.options_text(rows[3].options) == ""
    assert view.options_text(rows[3].options, all_options=True) == "inplace 0b"


def test_a_class_that_q_does_not_know_keeps_its_own_name() -> None:
    class Block(nn.Module):
        def __init__(self, width: int, depth: int = 2) -> None:
            super().__init__()
            self.width, self.depth = width, depth

    described = view.describe(Block(7))
    assert described.kind == "Block"
    assert view.python_text(described.python_options) == "width=7"


def test_a_class_made_on_top_of_torch_is_not_taken_for_it() -> None:
    class Net(nn.Sequential):
        pass

    assert view.describe(Net()).kind == "Net"


def test_equal_neighbours_are_counted_as_blocks() -> None:
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3)]
    spec = view.spec(nn.Sequential(*blocks, nn.Sequential(nn.Linear(4, 4), nn.Tanh())))
    assert [row(spec, str(i)).blocks for i in range(4)] == [3, 0, 0, 1]
    assert runs([1, 1, 2, 3, 3, 3]) == [2, 0, 1, 3, 0, 0]


def test_a_module_inside_itself_does_not_hang() -> None:
    loop = nn.Sequential(nn.Linear(2, 2))
    loop.add_module("again", loop)
    spec = view.spec(loop)
    assert [r.path for r in spec.rows] == ["", "0"]
    assert "contains itself" in view.spec(loop, torch.ones(1, 2)).failure


# --------------------------------------------------------------------------- counts


def test_tied_parameters_count_once_and_are_named() -> None:
    model = nn.Sequential(nn.Embedding(100, 16), nn.Linear(16, 100, bias=False))
    model[1].weight = model[0].weight
    spec = view.spec(model)
    assert spec.parameters == 1600
    assert row(spec, "").bytes == 6400
    assert row(spec, "1").parameters == 1600
    assert row(spec, "1").tied == ("weight = 0.weight",)
    assert row(spec, "0").tied == ()


def test_counts_agree_with_torch() -> None:
    model = nn.Transformer(32, 4, 2, 2, 64)
    model.encoder.requires_grad_(False)
    spec = view.spec(model)
    assert spec.parameters == sum(p.numel() for p in model.parameters())
    assert spec.trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)
    for name, module in model.named_modules():
        assert row(spec, name).parameters == sum(p.numel() for p in module.parameters())
    assert sum(r.share for r in spec.rows if r.depth == 1) == pytest.approx(1)


def test_memory_of_gradients_optimizer_and_buffers() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 1, 28, 28)).sum().backward()
    optimizer.step()
    memory = view.spec(model, torch.zeros(2, 1, 28, 28), optimizer).memory
    count = sum(p.numel() for p in model.parameters())
    steps = 4 * len(list(model.parameters()))
    assert memory.parameters == memory.gradients == 4 * count
    assert memory.optimizer == 8 * count + steps
    assert memory.buffers == 4 * 16 + 8


def test_each_row_tells_its_memory() -> None:
    shared = nn.BatchNorm1d(8)
    model = nn.Sequential(nn.Linear(4, 8), shared, nn.Sequential(shared, nn.Linear(8, 2)))
    optimizer = torch.optim.Adam(model.parameters())
    x = torch.randn(5, 4)
    model(x).sum().backward()
    optimizer.step()
    found = view.spec(model, x, optimizer)
    rows = {row.path: row for row in found.rows}
    root, memory = rows[""], found.memory
    assert (root.bytes, root.buffers, root.gradients, root.optimizer, root.activations) == (
        memory.parameters, memory.buffers, memory.gradients, memory.optimizer, memory.activations)
    assert rows["2.1"].optimizer == 2 * rows["2.1"].bytes + 2 * 4  # two moments, two steps
    assert rows["1"].buffers == 2 * 8 * 4 + 8 and rows["0"].buffers == 0
    assert sum(r.activations for r in found.rows if r.path in ("0", "1", "2")) == root.activations


def test_uninitialized_and_empty_modules() -> None:
    assert view.spec(nn.LazyLinear(4)).parameters == 0
    assert view.spec(nn.Sequential()).rows[0].children == 0


# --------------------------------------------------------------------------- shapes and costs


def test_shapes_are_those_of_a_real_forward() -> None:
    model, x = net(), torch.randn(5, 1, 28, 28)
    seen: dict[str, tuple[int, ...]] = {}
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda m, i, o, name=name: seen.__setitem__(name, tuple(o.shape)))
    spec = view.spec(model, x)
    assert not seen, "the model itself must not run"
    model(x)
    assert {r.path: r.outputs for r in spec.rows} == seen


def test_without_an_example_the_input_is_assumed_and_says_so() -> None:
    spec = view.spec(net())
    assert spec.assumed == "images of 28 x 28"
    assert view.shape_text(row(spec, "").inputs) == "n 1 28 28"
    assert view.shape_text(row(spec, "5").outputs) == "n 10"
    one = view.spec(net(), torch.zeros(1, 1, 28, 28))
    assert spec.macs == one.macs == 28 * 28 * 8 * 9 + 1568 * 10


def test_a_failing_forward_gives_the_rows_before_it() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Sequential(nn.ReLU(), nn.Linear(9, 2)))
    spec = view.spec(model, torch.zeros(3, 4))
    assert spec.failed_at == "1.1"
    assert "8" in spec.failure and "9" in spec.failure
    assert row(spec, "1.0").outputs == (3, 8)
    assert row(spec, "1.1").inputs == (3, 8)
    assert row(spec, "1.1").outputs is None
    assert spec.macs is None


def test_a_forward_that_needs_values_is_told_not_raised() -> None:
    class Peek(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    spec = view.spec(nn.Sequential(nn.Linear(2, 2), Peek()), torch.zeros(1, 2))
    assert spec.failed_at == "1" and spec.failure


def test_tracing_touches_neither_the_module_nor_the_random_state() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x

    model = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5), Counting())
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    trace(model, torch.zeros(3, 4))
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert model[2].calls == 0
    assert "forward" not in vars(model[0])


def test_blocks_answered_from_memory_cost_what_they_cost() -> None:
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    model = nn.Sequential(*[copy.deepcopy(layer) for _ in range(5)])
    x = torch.zeros(2, 7, 16)
    spec = view.spec(model, x)
    apart = [trace(child, x).calls[""].macs for child in model]
    assert spec.macs == sum(apart)
    assert {row(spec, f"{i}.linear1").macs for i in range(5)} == {2 * 7 * 16 * 32}
    assert row(spec, "4.linear2").inputs == (2, 7, 32)


def test_activation_memory_counts_every_saved_tensor_once() -> None:
    x = torch.randn(4, 8)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(),
                          nn.Linear(16, 2))
    saved: dict[int, int] = {}

    def keep(t: torch.Tensor) -> torch.Tensor:
        saved[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        out = model(x)
    for t in (x, *model.parameters()):
        saved.pop(t.untyped_storage().data_ptr(), None)
    assert view.spec(model, x).memory.activations == sum(saved.values())
    assert out.shape == (4, 2)


def test_shared_modules_are_called_twice_and_shown_under_both_names() -> None:
    relu = nn.ReLU()
    spec = view.spec(nn.Sequential(nn.Linear(2, 2), relu, nn.Linear(2, 2), relu),
                     torch.zeros(1, 2))
    assert row(spec, "1").calls == row(spec, "3").calls == 2


@pytest.mark.parametrize(("model", "x"), [
    (nn.LSTM(3, 5, batch_first=True), torch.zeros(2, 4, 3)),
    (nn.MultiheadAttention(8, 2), (torch.zeros(3, 2, 8),) * 3),
    (nn.Embedding(10, 4), torch.zeros(2, 3, dtype=torch.long)),
    (nn.Linear(3, 2, dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64)),
])
def test_other_kinds_of_input(model: nn.Module, x: Any) -> None:
    spec = view.spec(model, x)
    assert spec.failed_at is None, spec.failure
    assert spec.rows[0].outputs


def test_the_clone_has_the_ties_and_no_data() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    twin = Cloner()(model)
    assert twin[1].weight is twin[0].weight
    assert twin[0].weight.is_meta and not model[0].weight.is_meta


# --------------------------------------------------------------------------- definitions


@pytest.mark.parametrize("model", [
    nn.Sequential(nn.Conv2d(1, 8, (3, 5), padding=1, bias=False), nn.ReLU(), nn.Flatten()),
    nn.Sequential(nn.Embedding(9, 4), nn.Tanh(), nn.Conv1d(4, 5, 2, stride=2)),
    nn.Sequential(nn.LayerNorm((3, 4)), nn.Dropout(0.25), nn.LeakyReLU(0.2), nn.MaxPool1d(2)),
    nn.Linear(3, 4),
])
def test_the_k_code_of_a_module_makes_one_like_it(model: nn.Module) -> None:
    from kkernel.session import Session

    code = view.k_code(model)
    session = Session()
    error = session.execute("m:" + code.replace("\n", ""))
    assert error is None, str(error)
    _, made = session.torch_object(session.interpreter.globals.get("m"))
    assert isinstance(made, nn.Module)
    assert view.k_code(made) == code
    assert repr(made) == repr(model)


def test_a_sequential_within_a_sequential_is_one_that_q_can_nest() -> None:
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU())))
    assert view.k_code(model) == (
        "module((0;`sequential);\n  (1;`seqnest);\n  (2;(`linear;2;3));\n  (2;`sequential);\n"
        "  (3;`relu))")
