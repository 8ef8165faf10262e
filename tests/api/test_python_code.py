"""Code copied from the specification makes the same model again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from kkernel.api import view
from kkernel.api.look import describe
from kkernel.api.module.types import TYPES

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")
describe.enter_rows()


def made_again(module: nn.Module) -> nn.Module:
    code = view.python_code(module)
    names: dict[str, Any] = {}
    exec(code, names)
    twin = names["m"]
    assert isinstance(twin, nn.Module)
    return twin


def shapes(module: nn.Module) -> list[tuple[str, Any, Any, Any]]:
    """Names, shapes, types and flags of all parameters and buffers, ties by their name."""
    first: dict[int, str] = {}
    return [(name, first.setdefault(id(t), name), tuple(t.shape), (t.dtype, t.requires_grad))
            for name, t in (*module.named_parameters(remove_duplicate=False),
                            *module.named_buffers(remove_duplicate=False))]


def plain(text: str) -> str:
    """As torch prints it, a number standing for a tuple of equal ones."""
    for number in ("0", "1"):
        for count in (2, 3):
            text = text.replace(f"({', '.join([number] * count)})", number)
    return text


def assert_alike(module: nn.Module, text: bool = True) -> nn.Module:
    twin = made_again(module)
    assert shapes(twin) == shapes(module)
    assert [m.training for m in twin.modules()] == [m.training for m in module.modules()]
    if text:
        assert plain(repr(twin)) == plain(repr(module))
    return twin


# options that rows do not show as examples
WITHOUT_CODE = {"callback", "normalize", "interpolate"}  # q functions; no modules of torch
SIZES = {"upsample": {"size": [4, 4]}}


@pytest.mark.parametrize("name", [name for name in TYPES if name not in WITHOUT_CODE])
def test_every_module_type_is_made_again(name: str) -> None:
    row = TYPES[name]
    values: dict[str, Any] = {}
    for o in row.options.rows:
        values[o.name] = row.example.get(o.name, values[o.like] if o.like else o.default)
    module = row.build(values | SIZES.get(name, {}))
    twin = assert_alike(module, text=not type(module).__name__.startswith("SeqNest"))
    if not type(module).__module__.startswith("kkernel"):
        assert type(twin) is type(module)


def tied() -> nn.Module:
    model = nn.Sequential(OrderedDict(embed=nn.Embedding(9, 4), head=nn.Linear(4, 9, bias=False)))
    model.head.weight = model.embed.weight
    return model


def twice() -> nn.Module:
    shared = nn.Linear(4, 4)
    return nn.ModuleDict({"a": nn.Sequential(shared, nn.ReLU()), "b": shared})


def frozen() -> nn.Module:
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)), nn.Linear(3, 2))
    model[0].requires_grad_(False).eval()
    model[1].bias.requires_grad_(False)
    return model


MODELS: list[Callable[[], nn.Module]] = [
    tied, twice, frozen,
    lambda: nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(12)]),
    lambda: nn.Sequential(nn.Conv2d(3, 8, (3, 5), 2, 1, bias=False),
                          nn.Conv2d(8, 8, 3, padding="same", padding_mode="reflect", groups=4)),
    lambda: nn.LSTM(5, 6, 2, batch_first=True, dropout=0.1, bidirectional=True, proj_size=3),
    lambda: nn.RNN(5, 6, nonlinearity="relu", bias=False), lambda: nn.GRUCell(3, 4, bias=False),
    lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(
        16, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True), 3, norm=nn.LayerNorm(16)),
    lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 8, bias=False), 2),
    lambda: nn.Transformer(16, 2, 1, 2, 32, layer_norm_eps=1e-6),
    lambda: nn.MultiheadAttention(8, 2, bias=False, add_bias_kv=True, kdim=4, vdim=6),
    lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], div_value=2.0),
    lambda: nn.CrossEntropyLoss(weight=torch.tensor([0.5, float("inf")]), reduction="sum"),
    lambda: nn.ParameterList([nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(4))]),
    lambda: nn.Linear(3, 4).double().eval(), lambda: nn.LazyLinear(3),
    lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    lambda: nn.Sequential(OrderedDict({'a"b\n': nn.Identity(), "c": nn.Softmax(dim=-1)})),
]


@pytest.mark.parametrize("make", MODELS)
def test_models_are_made_again(make: Callable[[], nn.Module]) -> None:
    module = make()
    if isinstance(module, nn.LazyLinear):
        assert "nn.LazyLinear(3)" in view.python_code(module)
        return
    assert_alike(module)


def test_equal_blocks_are_written_once() -> None:
    code = view.python_code(nn.Sequential(*[nn.Linear(8, 8) for _ in range(9)]))
    assert code.count("nn.Linear(8, 8)") == 1 and "range(9)" in code


class Plain(nn.Module):
    def __init__(self, width: int, depth: int = 2, *, act: str = "relu") -> None:
        super().__init__()
        self.width, self.depth, self.act = width, depth, act
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])


class Forgetful(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, width)


def test_classes_of_the_user_are_made_by_their_arguments() -> None:
    model = nn.Sequential(Plain(4, 3, act="tanh"), nn.ReLU())
    code = view.python_code(model)
    assert f"from {__name__} import Plain" in code and "Plain(4, depth=3, act='tanh')" in code
    assert_alike(model)


def test_modules_that_q_made_are_made_again() -> None:
    from kkernel.session import Session

    session = Session()
    assert session.execute("m:module((0;`sequential);(1;(`linear;`a;4;8));(1;`relu);(1;`residual);"
                           "(2;(`sequential;`q1));(3;(`linear;8;8)))") is None
    _, made = session.torch_object(session.interpreter.globals.get("m"))
    assert isinstance(made, nn.Module)
    twin = assert_alike(made, text=False)
    assert type(twin) is nn.Sequential and type(twin[2]) is type(made[2])  # type: ignore[index]
    x = torch.randn(3, 4)
    twin.load_state_dict(made.state_dict())
    assert torch.equal(twin(x), made(x))


def test_what_cannot_be_found_again_is_told() -> None:
    code = view.python_code(nn.Sequential(Forgetful(3), nn.ReLU()))
    assert code.startswith("# Forgetful: the argument width is not known\n")
    assert "Forgetful(...)" in code


def test_no_name_runs_code() -> None:
    evil = type("x(); import os; os.abort(", (nn.Module,), {})
    evil.__module__ = "os; abort"
    model = nn.ModuleDict({"\"); raise SystemExit(\"": nn.Linear(2, 2)})
    names: dict[str, Any] = {}
    exec(view.python_code(model), names)
    assert list(names["m"]) == list(model)
    code = view.python_code(nn.Sequential(evil()))
    with pytest.raises(TypeError, match="ellipsis"):  # the class cannot be named, and is not
        exec(code, {})
    assert "abort(" not in code.split("import torch")[1]


@pytest.mark.parametrize("word", ["a.b_c", 'a"b', "a;b", "a\nb", "a\\b", "?", "ü", "a b", "0.w",
                                  "`;exit 0;", "\t"])
def test_k_symbols_are_read_back(word: str) -> None:
    from kkernel.session import Session

    session = Session()
    assert session.execute(f"s:{view.k_symbol(word)}") is None
    assert session.interpreter.globals.get("s") == word


def test_no_name_runs_k_code() -> None:
    from kkernel.session import Session

    model = nn.Sequential(OrderedDict({'"];ran:1;x:"': nn.Linear(2, 2), "b;ran:1": nn.ReLU()}))
    session = Session()
    assert session.execute("m:" + view.k_code(model).replace("\n", "")) is None
    assert session.interpreter.globals.find("ran") is None
    _, made = session.torch_object(session.interpreter.globals.get("m"))
    assert isinstance(made, nn.Module) and list(made._modules) == list(model._modules)
    evil = type("x;ran:1", (nn.Module,), {})
    code = view.k_code(nn.Sequential(evil()))
    assert code.startswith("/ x;ran:1 is no module of the k api\n") and '`$"x;ran:1"' in code
