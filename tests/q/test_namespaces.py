"""The namespaces .Q .j .h .z against Python's own libraries, and with files and scripts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import platform
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter, QError, QStop
from kkernel.q.apply import apply
from kkernel.q.functions import Foreign
from kkernel.q.text.show import line
from kkernel.q.values import List, Value, string, text


@pytest.fixture
def q(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Interpreter]:
    monkeypatch.chdir(tmp_path)
    yield Interpreter()


def call(q: Interpreter, name: str, *args: Value) -> Value:
    q.evaluate("0")  # makes the session the active one
    return apply(q.globals.get(name), list(args))


# ---------------------------------------------------------------- every name of the namespaces

DOTQ = """A a an addmonths addr atob b6 bt btoa dd def en ens f fc ff fk fmt fpn fps fs fsn ft fu gc
gz host id ind j10 j12 K k l ld M n nA opt par qp qt res s s1 sbt sha1 t trp trpd ts ty V v w x x10
x12"""
DOTH = """br c0 c1 logo sa sb HOME cd td xd ed edsn tx xt d iso8601 code fram ha hb hc hr hta htac
htc html http nbr pre text xmp xs he hn hp hy ka jx val hu hug uh sc ty"""
DOTZ = "a h b c D d e f x X q i K k N n o P p T t Z z u w W H r"
OUT = """bv bvi chk cn dpft dpfts dpt dpts dsftg hdpf li lo MAP view Cf Xf hg hp hmb ipc prf0 rp
D P PD PV pd pf pn pt pv u vp"""
NAMES = [f".{space}.{name}" for space, names in
         (("Q", DOTQ), ("h", DOTH), ("z", DOTZ), ("j", "j jd k")) for name in names.split()]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_has_a_value(name: str) -> None:
    assert Interpreter().globals.find(name) is not None


@pytest.mark.parametrize("name", OUT.split())
def test_what_is_out_says_so_with_its_name(name: str) -> None:
    q = Interpreter()
    with pytest.raises(QError, match=rf"^nyi: \.Q\.{name}, "):
        found = q.evaluate(f".Q.{name}")
        call(q, f".Q.{name}", *[string("")] * found.rank)


def test_the_namespaces_are_listed() -> None:
    q = Interpreter()
    q.evaluate(".mine.x:1")
    assert q.console("key`") == "`q`Q`h`j`o`mine\n"


# ---------------------------------------------------------------- codes

@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_bytes_in_base_64(raw: bytes) -> None:
    q = Interpreter()
    data = np.frombuffer(raw, "u1")
    encoded = call(q, ".Q.btoa", data)
    assert text(encoded).encode() == base64.b64encode(raw)
    assert call(q, ".Q.atob", encoded).tobytes() == raw
    assert call(q, ".Q.sha1", string(raw)).tobytes() == hashlib.sha1(raw).digest()


@given(st.binary(min_size=1, max_size=200), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_gzip_is_that_of_python(raw: bytes, level: int) -> None:
    q = Interpreter()
    made = call(q, ".Q.gz", List([level, string(raw)]))
    assert gzip.decompress(made.tobytes()) == raw
    assert call(q, ".Q.gz", string(gzip.compress(raw))).tobytes() == raw


@given(st.integers(0, 2**60 - 1))
@settings(max_examples=50, deadline=None)
def test_numbers_in_base_64_and_36(n: int) -> None:
    q = Interpreter()
    assert call(q, ".Q.j10", call(q, ".Q.x10", n)) == n
    short = call(q, ".Q.x12", n)
    assert int(text(short), 36) == n and call(q, ".Q.j12", short) == n


@given(st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_addresses_are_escaped_as_python_does(plain: str) -> None:
    q = Interpreter()
    escaped = call(q, ".h.hu", string(plain))
    python = urllib.parse.quote(plain, "$-.+!*'(),_", errors="surrogateescape")
    assert text(escaped).lower() == python.replace("~", "%7e").lower()
    assert call(q, ".h.uh", escaped).tobytes() == string(plain).tobytes()


# ---------------------------------------------------------------- JSON

SCALARS = st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False,
                                                        width=32),
                    st.integers(-10**6, 10**6), st.text(max_size=8))
TREES = st.recursive(SCALARS, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12)


def as_json_has_it(x: Any) -> Any:
    """What q keeps of a JSON value: all numbers are floats, null is one of them."""
    if x is None:
        return None
    if isinstance(x, (bool, str)):
        return x
    if isinstance(x, (int, float)):
        return float(x)
    if isinstance(x, dict):
        return {k: as_json_has_it(v) for k, v in x.items()}
    return [as_json_has_it(v) for v in x]


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_json_goes_through_q_unchanged(tree: Any) -> None:
    q = Interpreter()
    q.settings.precision = 17
    back = call(q, ".j.j", call(q, ".j.k", string(json.dumps(tree))))
    assert as_json_has_it(json.loads(text(back))) == as_json_has_it(tree)


@given(st.text(alphabet='[]{}",:0123456789.eE-+tfnul ', max_size=25))
@settings(max_examples=200, deadline=None)
def test_any_text_is_json_or_an_error_that_says_where(plain: str) -> None:
    q = Interpreter()
    try:
        json.loads(plain)
    except ValueError:
        with pytest.raises(QError, match=r"^\.j\.k: .* at char \d+$"):
            call(q, ".j.k", string(plain))
    else:
        call(q, ".j.k", string(plain))


# ---------------------------------------------------------------- files

@given(st.lists(st.text(alphabet="ab ,", max_size=6), max_size=12), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_lumps_of_a_file_are_all_its_lines(tmp_path_factory: pytest.TempPathFactory,
                                           rows: list[str], size: int) -> None:
    path = tmp_path_factory.mktemp("lumps") / "f.txt"
    path.write_text("".join(r + "\n" for r in rows))
    q = Interpreter()
    q.evaluate("seen:()")
    total = q.evaluate(f".Q.fsn[{{seen,:x}};`$\":{path}\";{size}]")
    assert total == path.stat().st_size
    found = q.evaluate("seen")
    assert [text(v) for v in found] == rows or not rows


def test_a_splayed_table_keeps_its_enumeration_and_attributes(q: Interpreter) -> None:
    q.evaluate("t:([]s:`p#`a`a`b;n:`s#1 2 3;f:1 2 0n)")
    q.evaluate("`:db/t/ set .Q.en[`:db]t")
    other = Interpreter()
    assert other.console("load`:db/sym") == "`sym\n"
    assert other.console("meta get`:db/t") == (
        "c| t f a\n-| -----\ns| s   p\nn| j   s\nf| f    \n")
    assert other.console("(get`:db/t)`s") == "`p#`sym$`p#`a`a`b\n"


def test_a_folder_is_loaded_with_its_scripts_last(q: Interpreter) -> None:
    q.evaluate("`:db/t/ set ([]a:1 2)")
    q.evaluate("`:db/v set 5")
    q.evaluate("`:db/a.q 0:enlist\"w:v+count t\"")
    assert q.evaluate("\\l db") is not None
    assert q.evaluate("w") == 7 and os.getcwd().endswith("/db")


def test_partitions_are_refused_by_name(q: Interpreter) -> None:
    q.evaluate("`:hdb/2024.01.01/t/ set ([]a:1 2)")
    assert q.console("\\l hdb").startswith("'nyi: hdb: partitioned databases\n")


def test_dsave_enumerates_and_parts(q: Interpreter) -> None:
    q.evaluate("t:([]s:`a`a`b;n:1 2 3);u:([]k:`b`c)")
    assert line(q.evaluate("`:db dsave`t`u")) == "`t`u"
    assert q.console("get`:db/t/s") == "`p#`sym$`p#`a`a`b\n"
    assert q.console("get`:db/sym") == "`a`b`c\n"


def test_saved_tables_are_what_h_tx_makes(q: Interpreter) -> None:
    q.evaluate("t:([]k:`a`b;v:1 2)")
    for kind in ("csv", "txt", "xml", "xls", "json"):
        q.evaluate(f"save`t.{kind}")
        assert q.evaluate(f"read0[`:t.{kind}]~.h.tx[`{kind};t]") is True


# ---------------------------------------------------------------- frames

SCRIPT = """/ a comment
add:{x+y}
twice:{
  v:x;
  add[v;`a]
  }
"""


def test_frames_tell_the_line_of_a_script(q: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "s.q").write_text(SCRIPT)
    q.evaluate("\\l s.q")
    place = tmp_path / "s.q"
    assert q.console("add[1;`a]") == (
        f"'type\n  [1]  {place}:2: add:{{x+y}}\n{' ' * len(f'  [1]  {place}:2: add:{{x')}^\n")
    q.evaluate("seen:()")
    q.evaluate(".Q.trp[twice;1;{seen::y;0}]")
    assert text(q.evaluate(".Q.sbt seen")) == (
        f"  [3]  {place}:2: add:{{x+y}}\n{' ' * len(f'  [3]  {place}:2: add:{{x')}^\n"
        f"  [2]  {place}:5: twice:\n  v:x;\n  add[v;`a]\n  ^\n  }}\n"
        "  [1]  (.Q.trp)\n\n"
        "  [0]  .Q.trp[twice;1;{seen::y;0}]\n       ^\n")


def test_an_error_in_a_script_shows_the_line(q: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "bad.q").write_text("a:1\n\nb:a+`x\n")
    place = tmp_path / "bad.q"
    shown = q.console("\\l bad.q").split("\n")
    assert shown[0] == "'type" and shown[1].endswith(f"{place}:3: b:a+`x")
    assert q.evaluate("a") == 1


def test_the_frames_that_run_are_those_of_the_calls() -> None:
    q = Interpreter()
    q.evaluate("down:{$[x;1+.z.s x-1;[.Q.bt[];0]]}")
    shown = q.console("down 3").split("\n")
    assert [row[2:5] for row in shown if "]  " in row] == ["[4]", "[3]", "[2]", "[1]", "[0]"]
    assert shown[-2] == "3"


def test_a_trap_keeps_no_interrupt() -> None:
    def stop(x: Value) -> Value:
        raise QStop()

    q = Interpreter()
    q.globals.set("stopping", Foreign("stopping", 1, stop))
    with pytest.raises(QStop):
        q.evaluate(".Q.trp[stopping;1;{0}]")


# ---------------------------------------------------------------- clocks and the session

def test_clocks_agree_with_each_other() -> None:
    q = Interpreter()
    assert q.evaluate("(.z.p-.z.d+.z.n)within 0D00:00:00 0D00:00:10") is True
    q.evaluate("\\o -7")
    assert q.evaluate("(`long$.z.p-.z.P)within 3600000000000*6.99 7.01") is True
    assert q.evaluate("(ltime .z.p)<.z.p") is True


def test_memory_is_told_by_name() -> None:
    q = Interpreter()
    assert line(q.evaluate("key .Q.w[]")) == "`used`heap`peak`wmax`mmap`mphy`syms`symw"
    assert q.evaluate("(.Q.w[]`used)<=.Q.w[]`peak") is True
    assert q.evaluate("(count system\"w\";count system\"w 0\")~6 2") is True


KEEPS = """\
x:{x#1.}each 60#1000000
x:0
-1 string .Q.gc[];
-1 string .Q.gc[];
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_memory_stays_until_it_is_collected(tmp_path: Path) -> None:
    file = tmp_path / "keeps.q"
    file.write_text(KEEPS)
    out = subprocess.run([sys.executable, "-m", "kkernel", str(file)], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    first, second = map(int, out.split())
    assert first > 200 << 20 > 20 << 20 > second


def test_arguments_are_read_by_opt_def_and_x() -> None:
    q = Interpreter()
    q.arguments = ["file", "-n", "20", "-names", "a", "b"]
    assert line(q.evaluate(".Q.x")) == ",\"file\""
    assert line(q.evaluate(".Q.def[`n`m!1 2].Q.opt .z.x")) == "`n`m!20 2"
