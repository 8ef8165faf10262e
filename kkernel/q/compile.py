"""Nodes to closures.

Every expression becomes one Python function of the frame (a list of local slots).  q has no
lexical closure, so a name is a frame slot or a global and is resolved here, once.  Each closure
knows its position; when something below it fails, `trace` adds the frame to the error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nodes as N
from .amend import assign_indexed
from .apply import apply, apply1, apply2
from .errors import Frame, QError, QParseError
from .functions import (
    MISSING, NULL, Composition, Derived, Iterator, Lambda, Primitive, Projection,
)
from .globals import Globals
from .iterators import truth
from .registry import CONSTANTS, KEYWORDS, OPERATORS
from .symbols import Symbol
from .tables import key_table, table_of
from .values import EMPTY, Value, collapse, is_string, text

Slots = list[Value]
Code = Callable[[Slots], Value]
MAX_LOCALS = 110


class Unit:
    """The text that positions refer to: a line at the prompt, or a lambda."""

    __slots__ = ("text", "label", "start", "fn")

    def __init__(self, text: str, label: str = "", start: int = 0, fn: Lambda | None = None):
        self.text = text
        self.label = label
        self.start = start  # offset of `text` in the source that was parsed
        self.fn = fn

    def frame(self, pos: int) -> Frame:
        label = self.label
        if self.fn is not None:
            label = f"{self.fn.name}:" if self.fn.name else ""
        return Frame(label, self.text, pos - self.start)


class Scope:
    """Where names are looked up while one unit is compiled."""

    def __init__(self, unit: Unit, globals_: Globals, space: str,
                 slots: dict[str, int] | None = None, owner: str = "") -> None:
        self.unit = unit
        self.globals = globals_
        self.space = space
        self.slots = slots
        self.owner = owner
        self.returns = False  # a return deep inside an expression needs an exception

    @property
    def top(self) -> bool:
        return self.slots is None


class Returned(BaseException):
    """The value of `:x`: handed up by statements, raised from inside expressions."""

    def __init__(self, value: Value) -> None:
        self.value = value


def trace(error: Exception, unit: Unit, pos: int) -> QError:
    """The q error for what went wrong here, with this frame added if it is still pending."""
    e = error if isinstance(error, QError) else q_error(error)
    if e.pending:
        e.frames.append(unit.frame(pos))
        e.pending = False
    return e


def q_error(error: Exception) -> QError:
    """The one boundary at which an exception of Python or numpy becomes a q error."""
    if isinstance(error, RecursionError):
        return QError("stack")
    if isinstance(error, MemoryError):
        return QError("wsfull")
    if isinstance(error, OverflowError):
        return QError("limit")
    if isinstance(error, (ZeroDivisionError, ArithmeticError)):
        return QError("domain")
    if isinstance(error, ValueError) and "broadcast" in str(error):
        return QError("length")
    e = QError("type")
    e.__cause__ = error
    return e


# ---------------------------------------------------------------- entry points


def compile_statements(body: list[N.Node | None], scope: Scope) -> list[Code]:
    """The statements of one line, in order; empty ones give `::`."""
    return [compile_node(n, scope) if n is not None else _null_code for n in body]


def compile_node(node: N.Node, scope: Scope) -> Code:
    return _COMPILERS[type(node)](node, scope)


def _null_code(frame: Slots) -> Value:
    return NULL


def _constant(value: Value) -> Code:
    def constant(frame: Slots) -> Value:
        return value
    return constant


# ---------------------------------------------------------------- names and values


def _const(node: N.Const, scope: Scope) -> Code:
    return _constant(node.value)


def _name(node: N.Name, scope: Scope) -> Code:
    name, unit, pos = node.name, scope.unit, node.pos
    if name in CONSTANTS:
        return _constant(CONSTANTS[name])
    if scope.slots is not None and name in scope.slots:
        slot = scope.slots[name]

        def local(frame: Slots) -> Value:
            return frame[slot]
        return local
    if name == ".z.s":
        return _self(scope)
    return _global(name, scope, unit, pos)


def _global(name: str, scope: Scope, unit: Unit, pos: int) -> Code:
    globals_, space = scope.globals, scope.space
    get = globals_.get
    if name[0] == "." or "." in name or space:
        def qualified(frame: Slots) -> Value:
            try:
                return get(name, space)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return qualified
    root = globals_.root

    def plain(frame: Slots) -> Value:
        try:
            return root[name]
        except KeyError:
            try:
                return get(name, "")
            except Exception as e:
                raise trace(e, unit, pos) from None
    return plain


def _self(scope: Scope) -> Code:
    unit = scope.unit

    def self_(frame: Slots) -> Value:
        return unit.fn if unit.fn is not None else NULL
    return self_


def primitive(name: str, pos: int) -> Value:
    """The value of an operator, keyword or k form such as `#:`."""
    found = KEYWORDS.get(name) or OPERATORS.get(name)
    if found is not None:
        return found
    if name.endswith(":") and len(name) > 1:
        for word in KEYWORDS.values():
            if word.glyph == name and word.glyph != word.name:
                return word
        if name[:-1] in OPERATORS:
            return OPERATORS[name[:-1]]
    raise QParseError(name, pos)


def _verb(node: N.Verb, scope: Scope) -> Code:
    return _constant(primitive(node.name, node.pos))


def _iterator(node: N.IteratorNode, scope: Scope) -> Code:
    return _constant(Iterator(node.glyph))


def _list(node: N.ListNode, scope: Scope) -> Code:
    if any(n is None for n in node.items):
        return _apply(N.Apply(node.pos, N.Verb(node.pos, "enlist"), node.items), scope)
    codes = [compile_node(n, scope) for n in reversed(node.items) if n is not None]
    if all(isinstance(n, N.Const) for n in node.items):
        return _constant(collapse([c([]) for c in codes][::-1]))

    def make(frame: Slots) -> Value:
        values = [c(frame) for c in codes]
        values.reverse()
        return collapse(values)
    return make


def _table(node: N.TableNode, scope: Scope) -> Code:
    columns = [*node.keys, *node.columns]
    names = column_names(columns)
    codes = [compile_node(n, scope) for _, n in columns]
    keys, unit, pos = len(node.keys), scope.unit, node.pos

    def make(frame: Slots) -> Value:
        values = [c(frame) for c in reversed(codes)]
        values.reverse()
        try:
            table = table_of(names, values)
            return key_table(keys, table) if keys else table
        except Exception as e:
            raise trace(e, unit, pos) from None
    return make


def column_names(columns: list[tuple[str | None, N.Node]]) -> list[str]:
    """Names of the columns of a table literal; an unnamed one takes the last name in it."""
    names: list[str] = []
    for given, node in columns:
        name = given or _last_name(node) or "x"
        stem, n = name, 1
        while name in names:
            name, n = f"{stem}{n}", n + 1
        names.append(name)
    return names


def _last_name(node: N.Node | None) -> str:
    if isinstance(node, N.Name):
        return node.name.rsplit(".", 1)[-1]
    if isinstance(node, N.Infix):
        return _last_name(node.right) or _last_name(node.left)
    if isinstance(node, N.Apply) and len(node.args) == 1:
        return _last_name(node.args[0])
    return ""


# ---------------------------------------------------------------- application


def _infix(node: N.Infix, scope: Scope) -> Code:
    right = compile_node(node.right, scope)
    left = compile_node(node.left, scope)
    unit, pos = scope.unit, node.pos
    fn = _binary(node.fn, scope)
    if fn is None:
        return _infix_value(node, scope, left, right)
    slots = scope.slots
    if slots is not None and isinstance(node.left, N.Name) and node.left.name in slots:
        return _infix_local(fn, slots[node.left.name], right, node.right, unit, pos)

    def infix(frame: Slots) -> Value:
        y = right(frame)
        x = left(frame)
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix


def _infix_local(fn: Any, slot: int, right: Code, node: N.Node, unit: Unit, pos: int) -> Code:
    """The left side is a local: one call less; the right side often is a constant."""
    if isinstance(node, N.Const):
        y = node.value

        def local_const(frame: Slots) -> Value:
            try:
                return fn(frame[slot], y)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return local_const

    def local_any(frame: Slots) -> Value:
        y = right(frame)
        try:
            return fn(frame[slot], y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return local_any


def _binary(node: N.Node, scope: Scope) -> Callable[[Value, Value], Value] | None:
    """The Python function of two arguments behind an infix verb, if it is known now."""
    if isinstance(node, N.Verb):
        found = primitive(node.name, node.pos)
        return found.fn2 if isinstance(found, Primitive) else None
    return None


def _infix_value(node: N.Infix, scope: Scope, left: Code, right: Code) -> Code:
    fn = compile_node(node.fn, scope)
    unit, pos = scope.unit, node.pos

    def infix_value(frame: Slots) -> Value:
        y = right(frame)
        x = left(frame)
        f = fn(frame)
        try:
            return apply2(f, x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix_value


def _apply(node: N.Apply, scope: Scope) -> Code:
    if node.bracketed and node.args == [None]:
        node = N.Apply(node.pos, node.fn, [N.Const(node.pos, NULL)])
    if len(node.args) == 1 and node.args[0] is not None:
        return _apply_one(node, scope)
    fn = compile_node(node.fn, scope)
    codes = [_constant(MISSING) if a is None else compile_node(a, scope)
             for a in reversed(node.args)]
    unit, pos = scope.unit, node.pos

    def applied(frame: Slots) -> Value:
        args = [c(frame) for c in codes]
        args.reverse()
        f = fn(frame)
        try:
            return apply(f, args)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return applied


def _apply_one(node: N.Apply, scope: Scope) -> Code:
    arg_node = node.args[0]
    assert arg_node is not None
    arg = compile_node(arg_node, scope)
    unit, pos = scope.unit, node.pos
    known = primitive(node.fn.name, node.pos) if isinstance(node.fn, N.Verb) else None
    if isinstance(known, Primitive) and known.fn1 is not None:
        fn1 = known.fn1

        def keyword(frame: Slots) -> Value:
            x = arg(frame)
            try:
                return fn1(x)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return keyword
    fn = compile_node(node.fn, scope)

    def one(frame: Slots) -> Value:
        x = arg(frame)
        f = fn(frame)
        try:
            if type(f) is Lambda and f.rank == 1:
                return f.run([x])  # type: ignore[misc]
            return apply1(f, x)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return one


def _partial(node: N.Partial, scope: Scope) -> Code:
    fn, left = compile_node(node.fn, scope), compile_node(node.left, scope)

    def partial(frame: Slots) -> Value:
        return Projection(fn(frame), [left(frame), MISSING])
    return partial


def _train(node: N.Train, scope: Scope) -> Code:
    fn, inner = compile_node(node.fn, scope), compile_node(node.inner, scope)

    def train(frame: Slots) -> Value:
        g = inner(frame)
        return Composition(fn(frame), g)
    return train


def _derived(node: N.DerivedNode, scope: Scope) -> Code:
    iterator = node.iterator
    fn = compile_node(node.fn, scope)
    if isinstance(node.fn, (N.Verb, N.Const)):
        return _constant(Derived(iterator, fn([])))

    def derive(frame: Slots) -> Value:
        return Derived(iterator, fn(frame))
    return derive


# ---------------------------------------------------------------- assignment


def _assign(node: N.Assign, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    if scope.top and node.scope == "::" and node.indices is None and node.op is None:
        return _define_view(node, scope, expr)
    read, write = _variable(node, scope)
    unit, pos = scope.unit, node.pos
    if node.indices is not None:
        return _assign_indexed(node, scope, expr, read, write)
    if node.op is None:
        return _assign_plain(expr, write, unit, pos)
    op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None

    name, glyph = node.name, getattr(node.op, "name", "")

    def assign_op(frame: Slots) -> Value:
        y = expr(frame)
        try:
            new = assign_indexed(_old(read, frame, name, glyph), [], op, y)
            write(frame, new)
        except Exception as e:
            raise trace(e, unit, pos) from None
        return new
    return assign_op


_IDENTITY = {"+": 0, "-": 0, "*": 1, "%": 1, ",": EMPTY, "|": False, "&": True}


def _old(read: Code, frame: Slots, name: str, glyph: str) -> Value:
    """The variable to be updated; without a value it is the operator's identity."""
    try:
        return read(frame)
    except QError as e:
        if e.message == name and glyph in _IDENTITY:
            return _IDENTITY[glyph]
        raise


def _define_view(node: N.Assign, scope: Scope, expr: Code) -> Code:
    from .views import View
    globals_ = scope.globals
    text = scope.unit.text[node.pos:].removeprefix("::")

    def define(frame: Slots) -> Value:
        globals_.delete(node.name)
        globals_.views[node.name] = View(node.name, text, expr, node.expr, globals_)
        return NULL
    return define


def _assign_plain(expr: Code, write: Callable[[Slots, Value], None], unit: Unit,
                  pos: int) -> Code:
    def assign(frame: Slots) -> Value:
        value = expr(frame)
        try:
            write(frame, value)
        except Exception as e:
            raise trace(e, unit, pos) from None
        return value
    return assign


def _assign_indexed(node: N.Assign, scope: Scope, expr: Code, read: Code,
                    write: Callable[[Slots, Value], None]) -> Code:
    codes = [_constant(NULL) if i is None else compile_node(i, scope)
             for i in reversed(node.indices or [])]
    op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None
    unit, pos = scope.unit, node.pos

    def assign_at(frame: Slots) -> Value:
        y = expr(frame)
        path = [c(frame) for c in codes]
        path.reverse()
        try:
            new = assign_indexed(read(frame), path, op, y)
            write(frame, new)
            return y if op is None else apply(new, path)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return assign_at


def _variable(node: N.Assign, scope: Scope) -> tuple[Code, Callable[[Slots, Value], None]]:
    """How to read and write the variable of an assignment."""
    name, globals_, space = node.name, scope.globals, scope.space
    if scope.slots is not None and name in scope.slots:
        slot = scope.slots[name]

        def write_local(frame: Slots, value: Value) -> None:
            frame[slot] = value
        return (lambda frame: frame[slot]), write_local

    def write_global(frame: Slots, value: Value) -> None:
        if type(value) is Lambda and not value.name:
            value.name = name
        globals_.set(name, value, space)

    def read_global(frame: Slots) -> Value:
        return globals_.get(name, space)
    return read_global, write_global


# ---------------------------------------------------------------- lambdas


def _lambda(node: N.LambdaNode, scope: Scope) -> Code:
    return _constant(make_lambda(node, scope))


def make_lambda(node: N.LambdaNode, scope: Scope) -> Lambda:
    """The function value of a lambda expression; its body is compiled once, here."""
    f = Lambda(node.text, node.params, scope.space)
    f.body = node.body
    locals_ = [n for n in assigned_names(node.body) if n not in node.params]
    if len(locals_) > MAX_LOCALS:
        raise QParseError("locals", node.pos)
    f.locals = tuple(locals_)
    slots = {n: i for i, n in enumerate([*node.params, *locals_])}
    if not node.params:
        slots = {n: i + 1 for n, i in slots.items()}  # slot 0 takes the ignored argument
    unit = Unit(node.text, start=node.pos, fn=f)
    inner = Scope(unit, scope.globals, scope.space, slots)
    codes = [compile_statement(n, inner) for n in node.body if n is not None]
    if node.body and node.body[-1] is None:
        codes.append(_null_code)
    f.run = _runner(codes, len(locals_), inner.returns)
    return f


def _runner(codes: list[Code], blanks: int, returns: bool) -> Callable[[Slots], Value]:
    run = _run_one(codes[0], blanks) if len(codes) == 1 else _run_many(codes, blanks)
    if not returns:
        return run

    def run_returning(frame: Slots) -> Value:
        try:
            return run(frame)
        except Returned as r:
            return r.value
    return run_returning


def _run_one(code: Code, blanks: int) -> Callable[[Slots], Value]:
    fill = [EMPTY] * blanks

    def run(frame: Slots) -> Value:
        if fill:
            frame += fill
        try:
            value = code(frame)
        except QError as e:
            e.pending = True
            raise
        return value if type(value) is not Returned else value.value
    return run


def _run_many(codes: list[Code], blanks: int) -> Callable[[Slots], Value]:
    fill = [EMPTY] * blanks

    def run(frame: Slots) -> Value:
        if fill:
            frame += fill
        value: Value = NULL
        try:
            for code in codes:
                value = code(frame)
                if type(value) is Returned:
                    return value.value
        except QError as e:
            e.pending = True
            raise
        return value
    return run


def assigned_names(body: list[N.Node | None]) -> list[str]:
    """Names assigned with a single colon anywhere in a lambda: its locals, in order."""
    found: dict[str, None] = {}
    todo: list[Any] = list(reversed(body))
    while todo:
        node = todo.pop()
        if isinstance(node, N.Assign):
            if node.scope == ":" and "." not in node.name and node.indices is None \
                    and node.op is None:
                found[node.name] = None
            todo += [node.expr, *reversed(node.indices or [])]
        elif isinstance(node, N.Node) and not isinstance(node, N.LambdaNode):
            todo.extend(children(node))
    return list(found)


def children(node: N.Node) -> list[Any]:
    out: list[Any] = []
    for slot in node.__slots__:
        value = getattr(node, slot)
        if isinstance(value, N.Node):
            out.append(value)
        elif isinstance(value, list):
            out += [v[1] if isinstance(v, tuple) else v for v in value]
    return out[::-1]


# ---------------------------------------------------------------- statements and control


def compile_statement(node: N.Node, scope: Scope) -> Code:
    """A statement of a lambda: a return in it is handed up as a value, not raised."""
    if isinstance(node, N.Return):
        expr = compile_node(node.expr, scope)

        def returned(frame: Slots) -> Value:
            return Returned(expr(frame))
        return returned
    if isinstance(node, N.Cond):
        return _cond(node, scope, compile_statement)
    if isinstance(node, N.Block):
        return _block(node, scope)
    return compile_node(node, scope)


def _return(node: N.Return, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    if scope.top:
        return expr
    scope.returns = True

    def raise_return(frame: Slots) -> Value:
        raise Returned(expr(frame))
    return raise_return


def _signal(node: N.Signal, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    unit, pos = scope.unit, node.pos

    def signal(frame: Slots) -> Value:
        value = expr(frame)
        good = isinstance(value, (Symbol, bytes)) or is_string(value)
        raise trace(QError(text(value) if good else "stype"), unit, pos)
    return signal


def _cond(node: N.Cond, scope: Scope, branch: Callable[[N.Node, Scope], Code] = compile_node,
          ) -> Code:
    unit, pos = scope.unit, node.pos
    parts = [_null_code if b is None else (branch if _is_result(i, node) else compile_node)(
        b, scope) for i, b in enumerate(node.branches)]
    if len(parts) == 3:
        test, yes, no = parts

        def if_else(frame: Slots) -> Value:
            t = test(frame)
            try:
                chosen = t if t is True or t is False else truth(t)
            except Exception as e:
                raise trace(e, unit, pos) from None
            return yes(frame) if chosen else no(frame)
        return if_else
    return _cond_many(parts, unit, pos)


def _is_result(i: int, node: N.Cond) -> bool:
    return i % 2 == 1 or i == len(node.branches) - 1


def _cond_many(parts: list[Code], unit: Unit, pos: int) -> Code:
    pairs = list(zip(parts[0::2], parts[1::2]))
    otherwise = parts[-1] if len(parts) % 2 else _null_code

    def cond(frame: Slots) -> Value:
        for test, yes in pairs:
            t = test(frame)
            try:
                chosen = truth(t)
            except Exception as e:
                raise trace(e, unit, pos) from None
            if chosen:
                return yes(frame)
        return otherwise(frame)
    return cond


def _block(node: N.Block, scope: Scope) -> Code:
    codes = compile_statements(node.body, scope)

    def block(frame: Slots) -> Value:
        value: Value = NULL
        for code in codes:
            value = code(frame)
        return value
    return block


def _control(node: N.Control, scope: Scope) -> Code:
    test = compile_node(node.test, scope)
    in_lambda = not scope.top
    body = [(compile_statement if in_lambda else compile_node)(n, scope)
            for n in node.body if n is not None]
    loop = {"if": _if, "while": _while, "do": _do}[node.word]
    return loop(test, body, scope.unit, node.pos)


def _checked(test: Code, unit: Unit, pos: int) -> Callable[[Slots], bool]:
    def check(frame: Slots) -> bool:
        t = test(frame)
        if t is True or t is False:
            return t
        try:
            return truth(t)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return check


def _run_body(body: list[Code], frame: Slots) -> Value:
    for code in body:
        value = code(frame)
        if type(value) is Returned:
            return value
    return NULL


def _if(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    check = _checked(test, unit, pos)

    def if_(frame: Slots) -> Value:
        return _run_body(body, frame) if check(frame) else NULL
    return if_


def _while(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    check = _checked(test, unit, pos)

    def while_(frame: Slots) -> Value:
        while check(frame):
            for code in body:
                value = code(frame)
                if type(value) is Returned:
                    return value
        return NULL
    return while_


def _do(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    def do(frame: Slots) -> Value:
        n = test(frame)
        if not isinstance(n, (int, bool)) and not hasattr(n, "__index__"):
            raise trace(QError("type"), unit, pos)
        for _ in range(int(n)):
            for code in body:
                value = code(frame)
                if type(value) is Returned:
                    return value
        return NULL
    return do


def _select(node: N.Select, scope: Scope) -> Code:
    from .templates import compile_select
    return compile_select(node, scope)


_COMPILERS: dict[type, Callable[[Any, Scope], Code]] = {
    N.Const: _const, N.Name: _name, N.Verb: _verb, N.IteratorNode: _iterator, N.ListNode: _list,
    N.TableNode: _table, N.LambdaNode: _lambda, N.Apply: _apply, N.Infix: _infix,
    N.Partial: _partial, N.Train: _train, N.DerivedNode: _derived, N.Assign: _assign,
    N.Return: _return, N.Signal: _signal, N.Cond: _cond, N.Control: _control, N.Block: _block,
    N.Select: _select,
}
