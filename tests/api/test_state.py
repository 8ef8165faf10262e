"""States in memory: taken, compared, restored bit for bit, undone."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from kkernel.api import view
from kkernel.api.states import random_state
from kkernel.api.states.digest import digest, same_bits
from kkernel.api.states.optimizer_record import pack, unpack
from kkernel.api.states.record import Key
from kkernel.api.states.state_record import apply, capture, check, verify

OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, 0.01, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.01),
    "lbfgs": lambda p: torch.optim.LBFGS(p, 0.5, max_iter=3),
    "plain sgd": lambda p: torch.optim.SGD(p, 0.05),
}


def net() -> nn.Module:
    model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3),
                          nn.Linear(12, 6), nn.Linear(6, 6))
    model.add_module("tied", nn.Linear(6, 6))
    model.tied.weight = model[5].weight  # type: ignore[union-attr]
    return model


def train(model: nn.Module, optimizer: Any, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        x = torch.randn(16, 6)

        def closure(x: torch.Tensor = x) -> torch.Tensor:
            optimizer.zero_grad()
            loss = (model(x) - x).square().mean()
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
    return losses


@pytest.fixture(autouse=True)
def seeded() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        yield


# --------------------------------------------------------------------------- restore


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_training_goes_on_from_a_restored_state_to_the_last_bit(kind: str) -> None:
    model = net()
    optimizer = OPTIMIZERS[kind](model.parameters())
    train(model, optimizer, 3)
    states = view.Snapshots(model, optimizer)
    states.take("here")
    first = train(model, optimizer, 4)
    restored = states.restore("here")
    assert restored.same == restored.tensors
    assert train(model, optimizer, 4) == first
    states.restore("here")
    assert train(model, optimizer, 4) == first


def test_restoring_into_an_optimizer_that_never_stepped_and_back() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    states = view.Snapshots(model, optimizer)
    states.take("fresh")
    train(model, optimizer, 2)
    states.restore("fresh")
    assert not optimizer.state
    states.undo()
    assert len(optimizer.state) == len(list(model.parameters()))


def test_restore_writes_into_the_live_tensors() -> None:
    model = net()
    states = view.Snapshots(model)
    states.take("a")
    parameters = {n: (id(p), p.data_ptr()) for n, p in model.named_parameters()}
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1)
    states.restore("a")
    assert parameters == {n: (id(p), p.data_ptr()) for n, p in model.named_parameters()}
    assert model.tied.weight is model[5].weight  # type: ignore[union-attr,index]


def test_undo_brings_back_what_a_restore_has_overwritten() -> None:
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    states = view.Snapshots(model, optimizer)
    states.take("a")
    train(model, optimizer, 2)
    live = {key: digest(t) for key, t in capture(model, optimizer).tensors.items()}
    states.restore("a")
    assert states.can_undo == "restore of a"
    states.undo()
    assert live == {key: digest(t) for key, t in capture(model, optimizer).tensors.items()}
    assert states.can_undo == ""
    with pytest.raises(view.StateError, match="nothing to undo"):
        states.undo()


def test_settings_of_the_optimizer_are_part_of_the_state() -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    states = view.Snapshots(model, optimizer)
    states.take("a")
    optimizer.param_groups[0]["lr"] = 5.0
    states.restore("a")
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_parameter_groups_are_matched_by_name() -> None:
    model = net()
    names = dict(model.named_parameters())
    a, b = [names["0.weight"]], [p for n, p in names.items() if n != "0.weight"]
    one = torch.optim.Adam([{"params": a, "lr": 0.1}, {"params": b}])
    state = capture(model, one)
    other = torch.optim.Adam([{"params": b}, {"params": a}])
    with pytest.raises(view.StateError, match="parameter groups"):
        check(state, model, other)


def test_what_does_not_fit_is_refused_before_anything_changes() -> None:
    model, other = net(), nn.Sequential(nn.Linear(6, 12))
    state = capture(model)
    before = digest(other[0].weight)
    with pytest.raises(view.StateError, match="the model has no"):
        apply(state, other)
    assert digest(other[0].weight) == before
    wrong = nn.Sequential(nn.Linear(6, 13))
    with pytest.raises(view.StateError, match=r"float32 13 6.*float32 12 6"):
        apply(capture(other), wrong)
    adam = torch.optim.Adam(model.parameters())
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(view.StateError, match="SGD.*Adam"):
        apply(capture(model, sgd), model, adam)


def test_other_generators_can_join() -> None:
    box = [torch.tensor([1, 2], dtype=torch.uint8)]
    random_state.add_source("test", lambda: box[0], lambda t: box.__setitem__(0, t.clone()))
    try:
        model = net()
        states = view.Snapshots(model)
        states.take("a")
        box[0] = torch.tensor([9, 9], dtype=torch.uint8)
        states.restore("a")
        assert box[0].tolist() == [1, 2]
    finally:
        del random_state._sources["test"]


def test_verify_counts_bits_that_differ() -> None:
    model = net()
    state = capture(model)
    kept = {key: t.clone() for key, t in state.tensors.items()}
    state.tensors.update(kept)
    with torch.no_grad():
        model[0].bias[0] = math.nan  # type: ignore[index]
    total, same = verify(state, model)
    assert same == total - 1


# --------------------------------------------------------------------------- keeping


def test_equal_tensors_are_kept_once() -> None:
    model = net()
    states = view.Snapshots(model)
    first = states.take("a")
    assert states.bytes == first.bytes == first.own
    states.take("b")
    assert states.bytes == first.bytes
    assert states.describe("a").own == 0
    with torch.no_grad():
        model[0].bias.add_(1)  # type: ignore[index]
    states.take("c")
    assert states.bytes == first.bytes + 4 * 12
    assert states.describe("c").own == 4 * 12
    assert states.changed() == {"a": 1, "b": 1, "c": 0}
    states.drop("c")
    assert states.bytes == first.bytes


def test_snapshots_do_not_follow_the_live_model() -> None:
    model = net()
    states = view.Snapshots(model)
    states.take("a")
    with torch.no_grad():
        model[0].weight.zero_()  # type: ignore[index]
    assert states.state("a").tensors[Key("module", "0.weight")].abs().sum() > 0


def test_names_are_checked() -> None:
    model = net()
    states = view.Snapshots(model)
    states.take("a")
    for name in ("", "now", "a"):
        with pytest.raises(view.StateError):
            states.take(name)
    with pytest.raises(view.StateError, match="no state 'b'"):
        states.restore("b")
    states.rename("a", "b")
    assert states.names == ["b"]


def test_states_belong_to_the_model_and_go_with_it() -> None:
    import gc

    from kkernel.api.states.snapshots import _shelf

    gc.collect()
    model = net()
    view.snapshots_of(model).take("a")
    assert "a" in view.snapshots_of(model)
    before = len(_shelf)
    del model
    gc.collect()
    assert len(_shelf) == before - 1


def test_an_uninitialized_module_has_no_state_yet() -> None:
    with pytest.raises(view.StateError, match="not initialized yet"):
        capture(nn.LazyLinear(3))


def test_objects_with_a_module_and_an_optimizer_are_models() -> None:
    class Model:
        module = net()
        optimizer = torch.optim.Adam(module.parameters())

    module, optimizer = view.parts(Model())
    assert module is Model.module and optimizer is Model.optimizer
    with pytest.raises(view.StateError, match="given str"):
        view.parts("m")


# --------------------------------------------------------------------------- difference


def test_differences_in_numbers() -> None:
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 0, 0], [0, 4.0, 0]]))
        model.bias.zero_()
    states = view.Snapshots(model)
    states.take("a")
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[-3.0, 0, 0], [0, 4.0, 0]]))
    found = {d.name: d for d in states.compare("a") if d.part == "module"}
    weight = found["weight"]
    assert (weight.status, found["bias"].status) == ("differs", "same")
    assert weight.relative == pytest.approx(6 / 5)
    assert weight.largest == 6
    assert weight.cosine == pytest.approx(7 / 25)
    assert weight.signs == pytest.approx(1 / 6)
    assert weight.picture is not None and sum(weight.picture.counts) == 6


def test_differences_see_nan_types_shapes_and_absence() -> None:
    from kkernel.api.states.difference import difference

    nan = torch.tensor([math.nan, 1.0])
    assert difference("x", "module", nan, nan.clone()).status == "same"
    assert difference("x", "module", nan, torch.zeros(2)).status == "differs"
    assert difference("x", "module", nan, nan.double()).status == "differs"
    assert difference("x", "module", nan, torch.zeros(3)).status == "other shape"
    assert difference("x", "module", None, nan).status == "only in B"
    assert difference("x", "module", nan, None).status == "only in A"
    assert difference("x", "module", torch.tensor(True), torch.tensor(False)).largest == 1


@pytest.mark.parametrize("tensor", [
    torch.tensor([0.0, -0.0]), torch.tensor([math.nan]), torch.zeros(2, 3).t(), torch.tensor(3),
    torch.tensor([1 + 2j]).conj(), torch.empty(0, 3), torch.tensor([True]),
    torch.randn(4).to(torch.bfloat16), torch.randn(6)[::2],
])
def test_digests_name_the_bits(tensor: torch.Tensor) -> None:
    assert digest(tensor) == digest(tensor.clone())
    assert same_bits(tensor, tensor.clone())
    other = tensor.to(torch.float64) if not tensor.is_complex() else tensor.real
    assert digest(tensor) != digest(other.clone())


def test_zero_and_minus_zero_are_different_bits() -> None:
    assert digest(torch.tensor([0.0])) != digest(torch.tensor([-0.0]))
    assert not same_bits(torch.tensor([0.0]), torch.tensor([-0.0]))


def test_plain_values_survive_packing() -> None:
    value = {"a": [1, (2.5, None)], 3: {"x": math.inf, "y": -math.inf}, "t": torch.ones(2),
             "n": math.nan, "b": True, "big": 1 << 80}
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> str:
        kept.append(tensor)
        return str(len(kept) - 1)

    back = unpack(pack(value, keep), lambda place: kept[int(place)])
    assert math.isnan(back.pop("n")) and math.isnan(value.pop("n"))  # type: ignore[arg-type]
    assert torch.equal(back.pop("t"), value.pop("t"))  # type: ignore[arg-type]
    assert back == value
    with pytest.raises(view.StateError, match="type object"):
        pack(object(), keep)
