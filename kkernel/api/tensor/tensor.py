"""`tensor`, `vector` and `dict`: create, read and assign."""

from __future__ import annotations

import torch

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, symbols
from kkernel.q.values import Dict, List, Value, is_vector, items, qtype

from .. import kinds
from ..convert import as_real, dict_to_q, list_to_q, to_q, to_tensor
from ..declare import function
from ..events import changed
from ..kinds import NO, as_flag, as_long, as_longs, as_symbols, is_general, kname
from ..objects import Handle, TensorDict, find, find_tensor, register
from ..params import Param
from .collect import check_index, set_entries, set_items, tensor_dict, tensor_list
from .modes import create, learn
from .tensor_options import as_options

Tensor = torch.Tensor
GROUP = "tensor"


# ------------------------------------------------------------------ tensor

@function("tensor", GROUP, "create a tensor, or get the k value of one",
          Param("x", kinds.VALUE, "k value, creation mode with its arguments, or a pointer"),
          Param("options", kinds.VALUE, "option symbols or output tensor; for a pointer: "
                "index, or dimension and index", None), raw=True,
          examples=["t:tensor 2 3#til 6", "tensor t", "tensor(t;1)", "tensor(t;1;0 2)",
                    "tensor tensor(`zeros;2 2)", "tensor tensor(1 2 3;`double`grad)"],
          learn=learn, quick={
              "p": to_q, "a": torch.clone, "j": lambda n: torch.tensor(n, dtype=torch.int64),
              "f": lambda n: torch.tensor(n, dtype=torch.float64), "b": torch.tensor,
              "pj": lambda t, i: to_q(t.select(0, i))})
def tensor(x: Value) -> Value:
    handle = find(x)
    if handle is not None:
        return _of_pointer(handle, [])
    if is_general(x) and len(x):
        args = items(x)
        handle = find(args[0])
        if handle is not None:
            return _of_pointer(handle, args[1:])
        if type(args[0]) is Symbol:
            return create(args[0], list(args[1:]))
        if len(args) == 2:
            return _with_options(args[0], args[1], x)
    return register("tensor", None if kinds.is_null(x) else to_tensor(x, own=True))


def _with_options(value: Value, extra: Value, x: Value) -> Value:
    """(value;options) or (value;output tensor), else x is itself the value."""
    output = find_tensor(extra)
    if output is not None:
        return _write(output, to_tensor(value))
    o = as_options(extra)
    if o is NO:
        return register("tensor", to_tensor(x, own=True))
    if kinds.is_null(value):
        return register("tensor", None)
    return register("tensor", o.apply(to_tensor(value, own=True)))


def _write(output: Handle, t: Tensor) -> None:
    """Values into an existing tensor, which takes their size and keeps its type and device."""
    with torch.no_grad():
        output.obj.resize_(t.shape).copy_(t, non_blocking=True)
    changed(output.obj)


def _of_pointer(handle: Handle, args: list[Value]) -> Value:
    if handle.kind == "tensor":
        return _read(handle.obj, args)
    if handle.kind == "vector":
        return _vector_pointers(handle.obj, args)
    if handle.kind == "dictionary":
        return _dict_pointers(handle.obj, args)
    raise QError(f"tensor not implemented for {handle.kind}")


def _read(t: Tensor | None, args: list[Value]) -> Value:
    """The k value of a tensor, or of its part at an index or indices of a dimension."""
    flag = as_flag(args[0]) if args else NO
    if flag is not NO:
        if t is None or not t.is_complex():
            raise QError("tensor: optional flag is only for complex tensors")
        args = args[1:]
    if len(args) > 2:
        raise QError(f"tensor: up to {3 + (flag is not NO)} args expected, "
                     f"(tensor;{'flag;' if flag is not NO else ''}dim;ind), "
                     f"but {len(args) + 1 + (flag is not NO)} args given")
    part = t if not args or t is None else _indexed(t, args, flag is not NO)
    return to_q(part) if flag is NO or part is None else to_q(as_real(part, flag))


def _indexed(t: Tensor, args: list[Value], flagged: bool) -> Tensor:
    dim = 0 if len(args) == 1 else as_long(args[0])
    if dim is NO:
        raise QError(f"tensor: {'2nd' if flagged else '3rd'} arg of dimension expected as a "
                     f"long scalar, given {kname(args[0])}")
    i = as_long(args[-1])
    if i is not NO:
        return t.select(dim, i)
    if not (is_vector(args[-1]) and qtype(args[-1]) == 7):
        raise QError("tensor: last arg expected to be long(s) for indexing, "
                     f"given {kname(args[-1])}")
    return t.index_select(dim, to_tensor(args[-1], device=t.device))


def _vector_pointers(tensors: list[Tensor | None], args: list[Value]) -> Value:
    """Pointers to all tensors of a vector, or to those at an index or indices."""
    if not args:
        return List([register("tensor", t) for t in tensors])
    if len(args) > 1:
        raise QError("tensor: given vector, expecting no more than one additional indexing "
                     f"argument but given {len(args)} additional args")
    places = as_longs(args[0])
    if places is NO or (type(args[0]) is List):
        raise QError("tensor: given vector, 2nd arg expected to be long(s) for indexing, "
                     f"not {kname(args[0])}")
    for i in places:
        check_index(tensors, i)
    pointers = [register("tensor", tensors[i]) for i in places]
    return pointers[0] if as_long(args[0]) is not NO else List(pointers)


def _dict_pointers(d: TensorDict, args: list[Value]) -> Value:
    """Pointers to all tensors of a dictionary, or to those under a name or names."""
    if not args:
        return Dict(symbols(d), List([register("tensor", t) for t in d.values()]))
    if len(args) > 1:
        raise QError("tensor: given dictionary, expecting no more than one additional indexing "
                     f"argument but given {len(args)} additional args")
    names = as_symbols(args[0])
    if names is NO:
        raise QError("tensor: given dictionary, 2nd arg expected to be symbols(s) for indexing, "
                     f"not {kname(args[0])}")
    pointers = [register("tensor", t) for t in [entry(d, n) for n in names]]
    return pointers[0] if type(args[0]) is Symbol else List(pointers)


def entry(d: TensorDict, name: str) -> Tensor | None:
    """The tensor under a name; signals a name that the dictionary lacks."""
    if name not in d:
        raise QError(f"Key '{name}' is not defined")
    return d[name]


# ------------------------------------------------------------------ vector

@function("vector", GROUP, "create a vector of tensors, or read and assign its tensors",
          Param("x", kinds.VALUE, "list of values and tensor pointers (freed), or a vector"),
          Param("index", kinds.LONGS, "which to read or assign; -1 or null appends", None),
          Param("value", kinds.VALUE, "value(s) or pointer(s) to assign", None), raw=True,
          examples=["v:vector(1 2 3;4 5f)", "vector v", "vector(v;1)", "vector(v;-1;010b)",
                    "vector v"])
@interrupts.held()  # pointers that the vector takes over are freed
def vector(x: Value) -> Value:
    handle = find(x)
    if handle is not None and handle.kind == "vector":
        return list_to_q(handle.obj)
    args = items(x) if is_general(x) and handle is None and len(x) else []
    handle = find(args[0]) if args else None
    if handle is None or handle.kind != "vector":
        return register("vector", tensor_list(x))
    if len(args) == 2:
        return _vector_two(handle, args[1])
    if len(args) != 3:
        raise QError("vector: given ptr, expecting indices, vector ptr or (indices;values), "
                     f"but given {len(args) - 1} additional arg(s)")
    set_items(handle.obj, args[1], args[2])
    return None


def _vector_two(handle: Handle, y: Value) -> Value:
    """(vector;indices) reads, (vector;vector) appends."""
    from ..objects import free

    tensors: list[Tensor | None] = handle.obj
    other = find(y)
    if other is not None and other.kind == "vector":
        tensors.extend(list(other.obj))
        if other.ptr != handle.ptr:
            free(other)
        return None
    i = as_long(y)
    if i is not NO:
        check_index(tensors, i)
        return to_q(tensors[i])
    if not (is_vector(y) and qtype(y) == 7):
        raise QError(f"vector: expecting 2nd arg of long indices, given {kname(y)}")
    for i in items(y):
        check_index(tensors, i)
    return list_to_q([tensors[i] for i in items(y)])


# ------------------------------------------------------------------ dict

@function("dict", GROUP, "create a dictionary of tensors, or read and assign its tensors",
          Param("x", kinds.VALUE, "k dictionary, (symbols;values), empty, or a dictionary"),
          Param("key", kinds.SYMBOLS, "which to read or assign, or a k dictionary", None),
          Param("value", kinds.VALUE, "value(s) or pointer(s) to assign", None), raw=True,
          examples=["d:dict `a`b!(1 2 3;4 5f)", "dict d", "dict(d;`b)", "dict(d;`c;0101b)",
                    "dict d"])
@interrupts.held()
def dict_(x: Value) -> Value:
    if not (is_general(x) or isinstance(x, Dict)):
        raise QError(f"dict: not implemented for {kname(x)}")
    handle = find(x)
    args: list[Value] = []
    if handle is None and is_general(x) and len(x):
        args = items(x)
        handle, args = find(args[0]), args[1:]
    if handle is None or handle.kind != "dictionary":
        return register("dictionary", tensor_dict(x))
    d: TensorDict = handle.obj
    if not args:
        return dict_to_q(d)
    if len(args) == 1:
        return _dict_two(d, args[0])
    if len(args) != 2:
        raise QError(f"dict: expecting 1-3 args, but {len(args) + 1} args supplied, not one of "
                     "ptr, (ptr;dict), (ptr;syms), (ptr;syms;vals)")
    set_entries(d, args[0], args[1])
    return None


def _dict_two(d: TensorDict, y: Value) -> Value:
    """(dict;k dictionary) assigns, (dict;symbols) reads."""
    if isinstance(y, Dict):
        set_entries(d, y.keys, y.values)
        return None
    names = as_symbols(y)
    if names is NO:
        raise QError(f"dict: expecting 2nd arg of symbol(s) for indexing, given {kname(y)}")
    if type(y) is Symbol:
        return to_q(entry(d, y))
    return list_to_q([entry(d, n) for n in names])
