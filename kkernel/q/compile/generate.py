"""Lambdas that are called often: one Python function made from the nodes of the body.

The closures of an expression call one another, several times per operation.  Here the same nodes
become lines of Python, one operation a line, with the common cases inlined: arithmetic of small
longs, conditions that are booleans, calls of lambdas.  A node without a form of its own stays
the closure that it was, and then the locals live in the frame that closures read.
"""

from __future__ import annotations

from collections.abc import Callable

from ..functions import NULL, Derived, Primitive
from ..registry import CONSTANTS
from ..syntax import nodes as N
from ..values import Value
from .fusions import each_group, symbols_of
from .inline import COMPARISONS, EXPRESSIONS, SMALL
from .library import library_call
from .nouns import is_plain_global, primitive, unary_form
from .scope import Scope, compile_node
from .source import DEEPEST, NeedsFrame, Source, emits


def generated(body: list[N.Node | None], scope: Scope, rank: int) -> Callable[..., Value]:
    """The function of `rank` arguments that runs the body of a lambda."""
    releases = any(isinstance(n, N.Assign) and _may_write(n) for n in N.walk(body))
    try:
        return Source(scope, False, releases).function(body, rank)
    except NeedsFrame:
        return Source(scope, True, releases).function(body, rank)


def _may_write(node: N.Assign) -> bool:
    """Assignments that change a value which only the variable holds."""
    return bool(node.indices) or isinstance(node.op, N.Verb) and node.op.name == ","


# ---------------------------------------------------------------- nouns

@emits(N.Const)
def _const(source: Source, node: N.Const) -> str:
    return source.constant(node.value)


@emits(N.Verb)
def _verb(source: Source, node: N.Verb) -> str:
    return source.constant(primitive(node.name, node.pos))


@emits(N.LambdaNode)
def _lambda(source: Source, node: N.LambdaNode) -> str:
    return source.constant(compile_node(node, source.scope)([]))


@emits(N.Name)
def _name(source: Source, node: N.Name) -> str:
    name, scope = node.name, source.scope
    if name in CONSTANTS:
        return source.constant(CONSTANTS[name])
    if name in source.slots:
        return source.set(source.local(source.slots[name]))
    if name == ".z.s" and scope.unit.fn is not None:
        return source.constant(scope.unit.fn)
    if not is_plain_global(name, scope):
        return source.set(f"get({name!r}, {scope.space!r})", node.pos)
    found = _root(source, name)
    source.line(f"if {found} is None: {found} = get({name!r}, '')", node.pos)
    return found


def _root(source: Source, name: str) -> str:
    """The value of a global, None where it takes a longer search."""
    found = source.set(f"find({name!r})")
    library = source.scope.globals.library(name)
    if library is not None:
        source.line(f"if {found} is None and not views: {found} = {source.constant(library)}")
    return found


@emits(N.DerivedNode)
def _derived(source: Source, node: N.DerivedNode) -> str:
    if isinstance(node.fn, N.Verb):
        return source.constant(Derived(node.iterator, primitive(node.fn.name, node.fn.pos)))
    return source.set(f"Derived({node.iterator!r}, {source.value(node.fn)})")


@emits(N.ListNode)
def _list(source: Source, node: N.ListNode) -> str:
    if not _has_values(node):
        return source.closure(node)
    operands = source.operands(node.items)
    values = ", ".join(operands)
    # one general list, such as a pointer, makes all general
    general = " or ".join(f"type({v}) is List" for v in operands if v[0] == "t")
    return source.set(f"{f'List(({values},)) if {general} else ' * bool(general)}"
                      f"collapse([{values}])")


def _has_values(node: N.ListNode) -> bool:
    """Whether a list is neither a constant nor a projection of enlist."""
    return None not in node.items and not all(isinstance(n, N.Const) for n in node.items)


# ---------------------------------------------------------------- application

@emits(N.Infix)
def _infix(source: Source, node: N.Infix) -> str:
    if each_group(node) or symbols_of(node):
        return source.closure(node)
    y = source.value(node.right)
    x = source.value(node.left)
    if isinstance(node.fn, N.Verb):
        op = primitive(node.fn.name, node.pos)
        if isinstance(op, Primitive) and op.fn2 is not None:
            return _operation(source, op, x, y, node.pos)
    return source.set(f"apply2({source.value(node.fn)}, {x}, {y})", node.pos)


def _operation(source: Source, op: Primitive, x: str, y: str, pos: int) -> str:
    """`x op y`; of small longs at once, where the operator has an expression for them."""
    call = f"{source.constant(op.fn2)}({x}, {y})"
    operands = [v for v in (x, y) if v.startswith("t")]
    numbers = [v for v in (x, y) if v.lstrip("-").isdigit()]
    if op.name not in EXPRESSIONS or len(operands) + len(numbers) < 2 or not operands:
        return source.set(call, pos)
    expression, overflows = EXPRESSIONS[op.name]
    tests = [f"type({v}) is int" for v in operands]
    if overflows:
        tests += [f"{v} > -{SMALL} and {v} < {SMALL}" for v in operands]
    name = source.fresh()
    quick = f"{name} = " + expression.replace("x", x).replace("y", y)
    source.choose(name, " and ".join(tests), quick, call, pos)
    if op.name in COMPARISONS:
        source.compared = name, len(source.lines)
    return name


@emits(N.Apply)
def _apply(source: Source, node: N.Apply) -> str:
    called = library_call(source, node)
    if called is not None:
        return called
    nodes = node.args
    if node.bracketed and nodes == [None]:
        nodes = [N.Const(node.pos, NULL)]
    args = ", ".join(source.operands(nodes))
    elided = any(n is None for n in nodes)
    if isinstance(node.fn, N.Verb) and not elided:
        plain = not node.bracketed and len(nodes) == 1
        known = primitive(unary_form(node.fn.name) if plain else node.fn.name, node.pos)
        fn = known.by_rank.get(len(nodes)) if isinstance(known, Primitive) else None
        if fn is not None:
            return source.set(f"{source.constant(fn)}({args})", node.pos)
    if elided:
        return source.set(f"apply({source.value(node.fn)}, [{args}])", node.pos)
    return _call(source, node, len(nodes), args)


def _call(source: Source, node: N.Apply, n: int, args: str) -> str:
    """A value applied to n arguments: most often it is a lambda of that rank."""
    if n == 1 and isinstance(node.fn, N.Name) and is_plain_global(node.fn.name, source.scope):
        name = node.fn.name
        f = _root(source, name)
        other = f"apply1(get({name!r}, '') if {f} is None else {f}, {args})"
    else:
        f = source.value(node.fn)
        if not f.startswith(("t", "k")):
            f = source.set(f)
        other = f"apply1({f}, {args})" if n == 1 else f"apply({f}, [{args}])"
    name = source.fresh()
    quick = f"{name} = {f}.call; {name} = {name}({args})"  # f.call(..) itself is slower in Python
    source.line(f"if type({f}) is Lambda and {f}.rank == {n}: {quick}", node.pos)
    if n == 1:
        source.line(f"elif type({f}) is Foreign and {f}.rank == 1: {name} = {f}.fn({args})",
                    node.pos)
    source.line("else:")
    source.line(f"    {name} = {other}", node.pos)
    return name


# ---------------------------------------------------------------- assignment

@emits(N.Assign)
def _assign(source: Source, node: N.Assign) -> str:
    slot = source.slots.get(node.name)
    if slot is None or node.indices is not None:
        return source.closure(node)
    if node.op is None:
        value = source.value(node.expr)
    else:
        op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None
        if not isinstance(op, Primitive) or op.fn2 is None:
            return source.closure(node)
        y = source.value(node.expr)
        if op.name == ",":  # no temporary for the old value: it may be written into
            value = source.set(f"append_to({source.local(slot)}, {y})", node.pos)
        else:
            value = _operation(source, op, source.set(source.local(slot)), y, node.pos)
    source.line(f"{source.local(slot)} = {value}")
    return value


# ---------------------------------------------------------------- control

@emits(N.Return)
def _return(source: Source, node: N.Return) -> str:
    source.line(f"return {source.value(node.expr)}")
    return "NULL"


@emits(N.Block)
def _block(source: Source, node: N.Block) -> str:
    return source.statements(node.body)


@emits(N.Cond)
def _cond(source: Source, node: N.Cond) -> str:
    name = source.fresh()
    _branches(source, node.branches, name, node.pos)
    return name


def _branches(source: Source, branches: list[N.Node | None], name: str, pos: int) -> None:
    if len(branches) < 2 or source.level >= DEEPEST:
        rest = branches[0] if len(branches) == 1 else N.Cond(pos, branches) if branches else None
        source.line(f"{name} = {source.value(rest)}")
        return
    with source.block(f"if {source.condition(branches[0], pos)}:"):
        source.line(f"{name} = {source.value(branches[1])}")
    with source.block("else:"):
        _branches(source, branches[2:], name, pos)


@emits(N.Control)
def _control(source: Source, node: N.Control) -> str:
    if node.word == "do":
        head = f"for _ in range(times({source.value(node.test)})):"
        with source.block(head, node.pos), source.released():
            source.statements(node.body)
    elif node.word == "if":
        with source.block(f"if {source.condition(node.test, node.pos)}:"):
            source.statements(node.body)
    else:
        with source.block("while True:"), source.released():
            source.line(f"if not {source.condition(node.test, node.pos)}: break")
            source.statements(node.body)
    return "NULL"
