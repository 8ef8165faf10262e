"""Pointers: what they are, who owns what, and that nothing leaks."""

from __future__ import annotations

import gc
import os

import pytest

from kkernel.api import objects
from kkernel.q.errors import QError
from kkernel.q.values import List
from kkernel.session import Session


class Console:
    """A session that gives back what each input prints."""

    def __init__(self) -> None:
        self.session = Session()

    def __call__(self, source: str) -> str:
        return self.session.interpreter.console(source).removesuffix("\n")

    def value(self, source: str) -> object:
        return self.session.interpreter(source)

    def error(self, source: str) -> str:
        with pytest.raises(QError) as e:
            self.session.interpreter(source)
        return e.value.message


@pytest.fixture
def q() -> Console:
    objects.free_all()
    return Console()


def test_a_pointer_is_a_general_list_of_one_long(q: Console) -> None:
    q("t:tensor 1 2 3")
    assert q("type t") == "0h" and q("type each t") == ",-7h"
    assert q("(mapped t;mapped 5;mapped\"a\")") == "100b"


def test_joined_pointers_are_no_pointers(q: Console) -> None:
    q("a:tensor 1;b:tensor 2")
    assert q("class each(a;b)") == "`tensor`tensor"
    assert q.error("class each a,b").startswith("class: need allocated torch object")


def test_freed_and_forged_pointers_are_stale(q: Console) -> None:
    q("t:tensor 1 2 3;free t")
    assert q.error("tensor t") == "stale pointer"
    with pytest.raises(QError, match="stale pointer"):
        objects.find(List([123456789]))


def test_numbers_are_never_used_again(q: Console) -> None:
    q("p:first each{r:tensor x;free r;r}each til 100")
    assert q("count distinct p") == "100"


@pytest.mark.parametrize(("call", "left"), [
    ("free a", 3), ("free(a;b)", 2), ("free`x`y!(a;b)", 2), ("free[]", 0), ("free()", 0),
    ("free(::)", 0), ("free each(a;b)", 2)])
def test_free_forms(q: Console, call: str, left: int) -> None:
    q("a:tensor 1;b:tensor 2;c:vector(1;2);d:dict`a`b!1 2")
    q(call)
    assert q("count obj[]") == str(left)


@pytest.mark.parametrize(("call", "message"), [
    ("free 1", "free: expecting pytorch object or list/dictionary of objects, given long scalar"),
    ("free(a;1)", "free: expecting pytorch object but element[1] is long scalar"),
    ("free(a;s)", "free: stale pointer, element[1] of given list"),
    ("free`x`y!(a;s)", "free: stale pointer, key[`y] of given dictionary"),
])
def test_a_refused_free_frees_nothing(q: Console, call: str, message: str) -> None:
    q("a:tensor 1;s:tensor 2;free s")
    assert q.error(call) == message
    assert q("count obj[]") == "1"


def test_return_frees(q: Console) -> None:
    assert q("return tensor 1 2 3") == "1 2 3"
    assert q("count obj[]") == "0"
    assert q.error("return 5") == (
        "return: expecting tensor, vector or dictionary, given long scalar")


def test_use_keeps_the_pointer_and_frees_the_source(q: Console) -> None:
    q("t:tensor 1 2 3;p:t;use[t]tensor 4 5f")
    assert q("tensor p") == "4 5f" and q("count obj[]") == "1"
    q("v:vector(1;2)")
    assert q.error("use[t]v") == "use: cannot re-assign tensor to vector"
    assert q.error("use[5]6") == "use: 1st arg must be tensor, vector or dictionary"
    q("use[v](1 2;3 4)")
    assert q("vector v") == "1 2\n3 4"


def test_addref_is_the_same_object(q: Console) -> None:
    q("a:tensor 1 2 3;b:addref a")
    assert q("(same(a;b);alias(a;b);a~b)") == "110b"
    assert q("(ref a;ptr[a]=ptr b)") == "2\n1b"
    q("free a")
    assert q("tensor b") == "1 2 3" and q("ref b") == "1"
    q("v:vector(1;2)")
    assert q.error("addref v") == "addref not implemented for vector"


def test_views_share_storage(q: Console) -> None:
    q("a:tensor til 6;b:reshape(a;2 3)")
    assert q("(same(a;b);alias(a;b);sptr[a]=sptr b;sref a)") == "0b\n1b\n1b\n2"


def test_vectors_and_dictionaries_take_tensors_over(q: Console) -> None:
    q("a:tensor 1 2;b:tensor 3f;v:vector(a;b;0101b)")
    assert q("(mapped a;mapped b;count obj[])") == "0b\n0b\n1"
    q("c:tensor 9;vector(v;0;c)")
    assert q("mapped c") == "0b" and q("vector(v;0)") == "9"
    q("e:tensor 7;d:dict`x`y!(e;8)")
    assert q("mapped e") == "0b" and q("dict d") == "x| 7\ny| 8"


def test_nothing_is_taken_when_a_value_is_refused(q: Console) -> None:
    q("a:tensor 1 2;v:vector(1;2)")
    assert q.error("vector(a;`b)") == "unable to translate k symbol scalar to scalar tensor"
    assert q.error("vector(v;0 1;(a;`b))") == "unable to translate k symbol scalar to scalar tensor"
    assert q("(mapped a;vector v)") == "1b\n1 2"


def test_vector_indices(q: Console) -> None:
    q("v:vector(1;2 3f;\"abc\")")
    assert q("vector(v;1)") == "2 3f" and q("vector(v;2 0)") == "\"abc\"\n1"
    q("vector(v;-1;5h);vector(v;0N;6i)")
    assert q("count vector v") == "5"
    assert "out of range" in q.error("vector(v;5)")
    assert q.error("vector(v;`a)") == (
        "vector: expecting 2nd arg of long indices, given symbol scalar")
    assert q.error("vector(v;0 1;1 2 3)").startswith("vector: length error")


def test_dictionary_assignment(q: Console) -> None:
    q("d:dict`a`b!(1 2f;3)")
    q("dict(d;`a;4 5);dict(d;`c;6);dict(d;`b`d!7 8)")
    assert q("dict d") == "a| 4 5\nb| 7\nc| 6\nd| 8"
    q("p:dict(enlist`w;enlist tensor(1 2f;`grad))")
    q("dict(p;`w;5)")
    assert q("dict(p;`w)") == "5 5f"
    assert "cannot be updated" in q.error("dict(p;`w;1 2 3)")


def test_obj_shows_every_class(q: Console) -> None:
    q("t:tensor 2 3#til 6;v:vector(1 2;3f);d:dict`a`b!1 2")
    assert q("asc exec class from obj[]") == "`s#`dictionary`tensor`vector"
    assert q("exec sum bytes from obj[]") == str(48 + 24 + 16)


ERRORS = ["mm(t;`a)", "tensor(t;9)", "vector(t;`x)", "dict(`a`b;1 2 3)", "use[t]v",
          "Max(t;7)", "cat(t;v)", "reshape(t;5 5)", "tensor(`rand;2;`long)", "to(t;`nope)",
          "add(t;1 2 3 4 5)", "free(t;1)", "narrow(t;0;5;5)", "stack(t;tensor 1)"]


@pytest.mark.parametrize("call", ERRORS)
def test_an_error_leaves_the_objects_as_they_were(q: Console, call: str) -> None:
    q("t:tensor 2 3#til 6;v:vector(1 2;3f)")
    before = set(objects.pointers())
    q.error(call)
    left = set(objects.pointers())
    made = {n for n in left - before if "tensor 1" in call}  # a literal argument of the call
    assert left - made == before


def test_creating_and_freeing_leaves_no_memory_behind() -> None:
    objects.free_all()
    q = Console()
    run = "{do[x;free tensor 1 2 3f]}"

    def resident() -> int:
        gc.collect()
        with open(f"/proc/{os.getpid()}/statm", encoding="ascii") as f:
            return int(f.read().split()[1])

    q(run + "[5000]")
    before = resident()
    q(run + "[50000]")
    assert objects.pointers() == []
    assert resident() - before < 1500  # pages: 6 MB, a byte of every hundred if each leaked
