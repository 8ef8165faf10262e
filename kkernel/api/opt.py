"""`opt`: make, describe, change and restore optimizers; learning rates and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.values import Dict, List, Table, Value, at, collapse, items, record, string, vector

from . import kinds, settings
from .declare import function, simple_items
from .dispatch import implement
from .entries import dictionary_entry, long_entry, symbol_entry, table_entry
from .events import changed
from .help import describe, topic
from .kinds import NO, as_flag, as_long, as_longs, is_general, kname
from .module.types import type_name
from .objects import Handle, find, register
from .optimizer.algorithms import Stepwise
from .optimizer.rows import OPTIMIZERS, OptimizerType
from .optimizer.sources import read_parameters
from .params import Param
from .tensor.attributes import ATTRIBUTES

GROUP = "optimizer"


@dataclass
class Opt:
    """An optimizer with its row, and the container of the modules that it was given."""

    row: OptimizerType
    optimizer: Optimizer
    module: nn.Module | None = None

    @property
    def groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups

    @property
    def parameters(self) -> list[Tensor]:
        return [p for g in self.groups for p in g["params"]]


def find_optimizer(name: str) -> OptimizerType:
    row = OPTIMIZERS.get(name)
    if row is None:
        raise QError(f"unrecognized optimizer: {name}")
    return row


# ------------------------------------------------------------------ making and changing

def _make(row: OptimizerType, values: dict[str, Any]) -> Opt:
    """An optimizer with one empty group of these options."""
    group = row.group(values)
    if row.name == "lbfgs":
        optimizer: Optimizer = row.cls([{"params": []}], **group)
    else:
        optimizer = row.cls([{"params": [], **group}], group)  # type: ignore[call-arg, arg-type]
    return Opt(row, optimizer)


def create(args: list[Value], grouped: bool) -> Opt:
    """A new optimizer from (name[;0];parameters;options..)."""
    row, before = find_optimizer(args[0]), 2 + grouped
    opt = _make(row, row.options.read(row.name, args[before:], before))
    if len(args) >= before:
        parms, opt.module = read_parameters(args[before - 1], opt.optimizer, None)
        _extend(opt, 0, parms)
    return opt


def _extend(opt: Opt, group: int, parms: list[Tensor]) -> None:
    opt.groups[group]["params"] += parms
    if opt.row.name == "lbfgs":
        opt.optimizer._params = opt.groups[0]["params"]


def edit(opt: Opt, group: int, args: list[Value], before: int) -> None:
    """Change the options of a group and add parameters to it; a new group takes the first
    options given.  Nothing changes if something is wrong."""
    n = len(opt.groups)
    _check_group(opt, group, n)
    values = opt.row.values(opt.optimizer.defaults if group == n else opt.groups[group])
    values.update(opt.row.options.given(opt.row.name, args[before:], before))
    options, parms = opt.row.group(values), []
    if len(args) >= before:
        parms, opt.module = read_parameters(args[before - 1], opt.optimizer, opt.module)
    if group == n:
        opt.optimizer.param_groups.append({"params": [], **options})
    else:
        opt.groups[group].update(options)
    _extend(opt, group, parms)


def _check_group(opt: Opt, group: int, count: int) -> None:
    if group < 0:
        raise QError(f"opt: group {group} invalid, cannot be negative")
    if group > count:
        raise QError(f"opt: group {group} invalid, cannot be greater than number of "
                     f"groups({count})")
    if group == count and opt.row.name == "lbfgs":
        raise QError("LBFGS doesn't support per-parameter options (parameter groups)")


def restored(x: Dict, module: nn.Module) -> Opt:
    """An optimizer from its state and the module that holds its parameters."""
    name = symbol_entry(x, "optimizer")
    row, groups = find_optimizer(name), table_entry(x, "options")
    rows = [at(groups, i) for i in range(len(groups))]
    if not rows:
        raise QError(f"opt: empty table of settings supplied for {name} optimizer, "
                     "need at least one row")
    opt = _make(row, row.options.read(name, [rows[0]]))
    for options in rows[1:]:
        edit(opt, len(opt.groups), [sym(name), List(), options], 2)
    opt.module = module
    _restore_parameters(opt, table_entry(x, "parms"), dict(module.named_parameters()))
    if row.name == "lbfgs":
        opt.optimizer._params = opt.groups[0]["params"]
    return opt


def _restore_parameters(opt: Opt, table: Table, named: dict[str, Tensor]) -> None:
    for i in range(len(table)):
        row = at(table, i)
        kind, name = symbol_entry(row, "module", needed=False), symbol_entry(row, "name")
        group = long_entry(row, "parmgroup")
        word = f"{kind or 'tensor'} parameter `{name}"
        if not 0 <= group < len(opt.groups):
            raise QError(f"opt: group[{group}] for {word} is invalid, "
                         f"{len(opt.groups)} group(s) defined")
        if name not in named:
            raise QError(f"opt: unable to find {word}")
        p, size = named[name], as_longs(row.get("size"))
        if any(p is q for q in opt.parameters):
            raise QError(f"opt: {word} is repeated")
        if size is not NO and list(p.shape) != size:
            raise QError(f"opt: size mismatch for {word}, expected {size}, given {list(p.shape)}")
        opt.groups[group]["params"].append(p)
        buffers = dictionary_entry(row, "buffers")
        if buffers:
            opt.optimizer.state[p].update(opt.row.state_from_q(buffers, p))


@function("opt", GROUP, "make an optimizer, change or restore one, or give its definition",
          Param("x", kinds.VALUE, "name; pointer to an optimizer or model; or a state, with the "
                "module that holds the parameters"),
          Param("group", kinds.LONG, "parameter group, 0 if not given", None),
          Param("parms", kinds.VALUE, "module, model, tensors, or (object;selector); () for none",
                None),
          Param("options", kinds.VALUE, "options of the optimizer, or a flag for all of them",
                None),
          raw=True, examples=["o:opt(`sgd;m:module enlist(`linear;3;2);.1;.9)",
                              "opt[o]`options", "opt(o;();.01)", "lr o"])
def opt(x: Value) -> Value:
    handle = find(x)
    if handle is not None:
        return _described(handle)
    if type(x) is Symbol:
        return register("optimizer", create([x], False))
    args = simple_items(x) if is_general(x) else []
    if not args:
        raise QError("opt: unrecognized arg(s)")
    group = as_long(args[1]) if len(args) > 1 else NO
    grouped = group is not NO
    if type(args[0]) is Symbol:
        if grouped and group:
            raise QError(f"opt: cannot define group {group} until optimizer is created with "
                         "initial parameter group")
        return register("optimizer", create(args, grouped))
    return _changed(args, group if grouped else 0, grouped)


def _changed(args: list[Value], group: int, grouped: bool) -> Value:
    handle = find(args[0])
    if handle is not None and handle.kind == "optimizer":
        if len(args) == 1:
            return _described(handle)
        flag = as_flag(args[1]) if len(args) == 2 else NO
        if flag is not NO:
            return definition(handle.obj, flag)
        edit(handle.obj, group, args, 2 + grouped)
        changed(handle.obj.optimizer)
        return None
    source = find(args[1]) if len(args) == 2 else None
    if isinstance(args[0], Dict) and source is not None and source.kind == "module":
        return register("optimizer", restored(args[0], source.obj))
    raise QError("opt: unrecognized arg(s)")


def _described(handle: Handle) -> Value:
    if handle.kind == "optimizer":
        return definition(handle.obj, settings.active.alloptions)
    if handle.kind != "model":
        raise QError("opt: unrecognized arg(s)")
    return register("optimizer", handle.obj.opt)


# ------------------------------------------------------------------ describing

def definition(opt: Opt, all: bool, state: bool = False) -> Dict:
    """Name, a table of options by group, and a table of parameters, with buffers in a state."""
    return record(["optimizer", "options", "parms"],
                  List([sym(opt.row.name), option_table(opt, all), parameter_table(opt, state)]))


def option_table(opt: Opt, all: bool) -> Table:
    """One row of options for each group."""
    values = [opt.row.values(g) for g in opt.groups]
    shown = [set(items(opt.row.options.show(v, all).keys)) for v in values]
    rows = [o for o in opt.row.options.rows if any(o.name in names for names in shown)]
    return Table([o.name for o in rows],
                 [collapse([o.kind.show(v[o.name], o.dims) for v in values]) for o in rows], True)


def parameter_table(opt: Opt, state: bool) -> Table:
    """Group, address, type of module, name and size of every parameter."""
    known = _names(opt.module)
    groups = [i for i, g in enumerate(opt.groups) for _ in g["params"]]
    parms = opt.parameters
    address = ATTRIBUTES["ptr"][1]
    about = [known.get(id(p), ("", "")) for p in parms]
    columns = {"parmgroup": vector(7, groups), "pointer": vector(7, [address(p) for p in parms]),
               "module": symbols([kind for kind, _ in about]),
               "name": symbols([name for _, name in about]),
               "size": List([np.array(p.shape, "i8") for p in parms])}
    if state:
        columns["buffers"] = List([opt.row.state_to_q(opt.optimizer.state.get(p, {}))
                                   for p in parms])
    return Table(list(columns), list(columns.values()))


def _names(root: nn.Module | None) -> dict[int, tuple[str, str]]:
    """Parameter -> type of its module and dotted name."""
    found: dict[int, tuple[str, str]] = {}
    for path, module in root.named_modules() if root is not None else ():
        for name, p in module.named_parameters(recurse=False):
            found.setdefault(id(p), (type_name(module), f"{path}.{name}" if path else name))
    return found


# ------------------------------------------------------------------ rates and steps

def opt_of(handle: Handle | None) -> Opt | None:
    """The optimizer of an optimizer or model pointer."""
    if handle is None or handle.kind not in ("optimizer", "model"):
        return None
    return handle.obj if handle.kind == "optimizer" else handle.obj.opt


@function("step", GROUP, "update the parameters by their gradients",
          Param("x", kinds.VALUE, "pointer to an optimizer or model"), raw=True,
          examples=["o:opt(`sgd;t:tensor(1 2 3f;`grad);1.)", "backward mse(t;2 2 2f)", "step o",
                    "tensor t"],
          quick={"h": lambda handle: _step(opt_of(handle), List([handle.ptr]))})
def step(x: Value) -> None:
    _step(opt_of(find(x)), x)


def _step(found: Opt | None, x: Value) -> None:
    if found is None:
        raise QError(f"step: expects model or optimizer, given {kname(x)}")
    if not isinstance(found.optimizer, Stepwise):
        raise QError("LBFGS optimizer requires model, loss & inputs")
    found.optimizer.step()


@function("lr", GROUP, "query or set the learning rates, one for each parameter group",
          Param("x", kinds.VALUE, "pointer to an optimizer or model"),
          Param("rates", kinds.VALUE, "a rate for all groups, or one for each, as floats", None),
          raw=True, examples=["lr o:opt(`sgd;();.1)", "lr(o;.05)", "lr o"])
def lr(x: Value) -> Value:
    found = opt_of(find(x))
    if found is not None:
        return vector(9, [float(g["lr"]) for g in found.groups])
    if not is_general(x):
        raise QError(f"lr: not implemented for {kname(x)}")
    args = items(x)
    if len(args) == 1 or find(x) is not None:
        raise QError("lr: unrecognized arg(s), expecting model/optimizer to query learning "
                     "rate(s)")
    if len(args) != 2:
        raise QError(f"lr: expecting 1-2 args, given {len(args)}")
    found, rates = opt_of(find(args[0])), _doubles(args[1])
    if found is None or rates is None:
        raise QError("lr: unrecognized arg(s), expecting model/optimizer and learning rate(s) "
                     "as double(s)")
    _set_rates(found, rates)
    return None


def _doubles(x: Value) -> list[float] | None:
    if isinstance(x, (float, np.float64)):
        return [float(x)]
    return x.tolist() if isinstance(x, np.ndarray) and x.dtype == np.float64 and x.ndim == 1 \
        else None


def _set_rates(opt: Opt, rates: Sequence[float]) -> None:
    n = len(opt.groups)
    if len(rates) not in (1, n):
        raise QError(f"length error: {len(rates)} learning rates given for {n} "
                     f"parameter group{'' if n == 1 else 's'}")
    for i, group in enumerate(opt.groups):
        group["lr"] = rates[0 if len(rates) == 1 else i]


# ------------------------------------------------------------------ shared functions

def buffers_of(opt: Opt) -> list[Any]:
    """What the optimizer keeps for its parameters: numbers and tensors."""
    kept: list[Any] = []
    for state in opt.optimizer.state.values():
        for name in opt.row.buffers.values():
            v = state.get(name)
            kept += v if isinstance(v, (list, tuple)) else [] if v is None else [v]
    return kept


@implement("tensorcount", "optimizer")
def buffer_count(handle: Handle) -> int:
    return sum(isinstance(v, Tensor) for v in buffers_of(handle.obj))


def stored_elements(opt: Opt) -> int:
    return sum(v.untyped_storage().nbytes() // v.element_size() if isinstance(v, Tensor) else 1
               for v in buffers_of(opt))


def stored_bytes(opt: Opt) -> int:
    return sum(v.untyped_storage().nbytes() if isinstance(v, Tensor) else 8
               for v in buffers_of(opt))


@implement("elements", "optimizer")
def buffer_elements(handle: Handle) -> int:
    return stored_elements(handle.obj)


@implement("bytes", "optimizer")
def buffer_bytes(handle: Handle) -> int:
    return stored_bytes(handle.obj)


@implement("size", "optimizer")
def parameter_count(handle: Handle) -> int:
    return len(handle.obj.parameters)


@implement("objtype", "optimizer")
def type_of_optimizer(handle: Handle) -> str:
    return handle.obj.row.name


@implement("tensors", "optimizer")
def optimizer_tensors(handle: Handle) -> list[Tensor]:
    return handle.obj.parameters


@implement("ptr", "optimizer")
def optimizer_address(handle: Handle) -> int:
    return id(handle.obj.optimizer)


@implement("ref", "optimizer")
def optimizer_references(handle: Handle) -> int:
    from .objects import live

    return sum((h.obj is handle.obj if h.kind == "optimizer" else
                h.kind == "model" and h.obj.opt is handle.obj) for h in live())


@implement("options", "optimizer")
def optimizer_options(handle: Handle) -> Table:
    return option_table(handle.obj, settings.active.alloptions)


@topic("optimizer", "optimizer types & options")
def all_optimizers() -> Table:
    rows = list(OPTIMIZERS.values())
    return Table(["optimizer", "pytorch", "options"],
                 [symbols([r.name for r in rows]), List([string(r.source) for r in rows]),
                  List([r.examples for r in rows])])


@describe
def describe_optimizer(name: str, full: bool) -> Value | None:
    row = OPTIMIZERS.get(name)
    return None if row is None else row.examples


__all__ = ["Opt", "definition", "opt_of", "step"]
