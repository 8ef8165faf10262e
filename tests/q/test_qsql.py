"""qSQL against pandas: groups, filters, shapes of results, names, functional forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.symbols import names, symbols
from kkernel.q.values import Dict, Table, items

SYMBOLS = ["b", "a", "c", "aa", "ab"]
AGGREGATES = {"sum": "sum", "avg": "mean", "max": "max", "min": "min", "count": "count",
              "first": "first", "last": "last", "med": "median", "prd": "prod"}


Q = Interpreter()  # one for all tests: each defines the tables that it uses


@pytest.fixture(scope="module")
def q() -> Interpreter:
    return Q


def table_of(frame: pd.DataFrame) -> Table:
    """A q table of a data frame: text becomes symbols, numbers stay."""
    data = [symbols(frame[c]) if frame[c].dtype.kind not in "iufb" else frame[c].to_numpy()
            for c in frame]
    return Table(list(frame), data)


def column(t: Table | Dict, name: str) -> list:
    whole = Table(t.keys.columns + t.values.columns, t.keys.data + t.values.data) \
        if isinstance(t, Dict) else t
    return items(whole.column(name))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(1, 40))
    row = st.lists
    return pd.DataFrame({
        "s": draw(row(st.sampled_from(SYMBOLS), min_size=n, max_size=n)),
        "g": draw(row(st.integers(-2, 2), min_size=n, max_size=n)),
        "v": draw(row(st.integers(-50, 50), min_size=n, max_size=n)),
        "f": [x / 8 for x in draw(row(st.integers(-800, 800), min_size=n, max_size=n))],
    })


@settings(max_examples=40, deadline=None)
@given(frame=frames(), aggregate=st.sampled_from(sorted(AGGREGATES)),
       by=st.sampled_from([("s",), ("g",), ("s", "g"), ("g", "s"), ("f", "s")]))
def test_aggregates_by_groups(frame: pd.DataFrame, aggregate: str, by: tuple[str, ...]) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    got = q(f"select r:{aggregate} v by {','.join(by)} from t")
    want = getattr(frame.groupby(list(by)).v, AGGREGATES[aggregate])()
    keys = want.index.to_frame(index=False)
    for name in by:
        assert column(got, name) == keys[name].tolist()
    assert column(got, "r") == pytest.approx(want.tolist())


@settings(max_examples=40, deadline=None)
@given(frame=frames(), limit=st.integers(-40, 40))
def test_fast_and_slow_ways_agree(frame: pd.DataFrame, limit: int) -> None:
    """A lambda hides the aggregate, so that every group is evaluated on its own."""
    q = Q
    q.globals.set("t", table_of(frame))
    for name in ("sum", "avg", "max", "min", "dev", "sdev", "var", "svar", "med", "first"):
        fast = q(f"select r:{name} v,z:{name} f by s from t where v>{limit}")
        slow = q(f"select r:{{{name} x}}v,z:{{{name} x}}f by s from t where v>{limit}")
        assert column(fast, "s") == column(slow, "s")
        for c in ("r", "z"):
            assert column(fast, c) == pytest.approx(column(slow, c), nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(frame=frames())
def test_uniform_functions_along_groups(frame: pd.DataFrame) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    for name in ("prev", "next", "deltas", "sums"):
        assert q(f"(update a:{name} v,b:{name} f,c:{name} v by s from t)"
                 f"~update a:{{{name} x}}v,b:{{{name} x}}f,c:{{{name} x}}v by s from t")
        assert q(f"(select {name} v by s from t)~select v:{{{name} x}}v by s from t")
    assert q("(update p:prev s,n:next s by g from t)~update p:{prev x}s,n:{next x}s by g from t")
    assert q("(select n:count distinct s by g from t)~select n:{count distinct x}s by g from t")


@settings(max_examples=30, deadline=None)
@given(frame=frames())
def test_arithmetic_between_aggregates(frame: pd.DataFrame) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    got = q("select r:(max[v]-min v)%count i, w:sum v*f by s from t")
    groups = frame.assign(p=frame.v * frame.f).groupby("s")
    want = (groups.v.max() - groups.v.min()) / groups.v.size()
    assert column(got, "r") == pytest.approx(want.tolist())
    assert column(got, "w") == pytest.approx(groups.p.sum().tolist())


@settings(max_examples=30, deadline=None)
@given(frame=frames(), a=st.integers(-50, 50), b=st.integers(-2, 2))
def test_where_filters_in_order(frame: pd.DataFrame, a: int, b: int) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    got = q(f"select from t where v>{a},g<>{b},f=max f")
    kept = frame[(frame.v > a) & (frame.g != b)]
    kept = kept[kept.f == kept.f.max()]
    assert column(got, "v") == kept.v.tolist()


@settings(max_examples=30, deadline=None)
@given(frame=frames())
def test_update_by_spreads_aggregates_and_lists(frame: pd.DataFrame) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    got = q("update m:max v, c:sums v, r:v-min v by s from t")
    groups = frame.groupby("s").v
    assert column(got, "m") == groups.transform("max").tolist()
    assert column(got, "c") == groups.cumsum().tolist()
    assert column(got, "r") == (frame.v - groups.transform("min")).tolist()


@settings(max_examples=30, deadline=None)
@given(frame=frames())
def test_fby(frame: pd.DataFrame) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    got = q("select from t where v=(max;v) fby s")
    assert column(got, "v") == frame.v[frame.v == frame.groupby("s").v.transform("max")].tolist()
    two = q("select from t where v=(max;v) fby ([]s;g)")
    best = frame.groupby(["s", "g"]).v.transform("max")
    assert column(two, "v") == frame.v[frame.v == best].tolist()


@settings(max_examples=30, deadline=None)
@given(frame=frames(), ascending=st.booleans())
def test_sorting_is_stable(frame: pd.DataFrame, ascending: bool) -> None:
    q = Q
    q.globals.set("t", table_of(frame.assign(n=range(len(frame)))))
    got = q(f"`s`g {'xasc' if ascending else 'xdesc'} t")
    want = frame.assign(n=range(len(frame))).sort_values(
        ["s", "g"], ascending=ascending, kind="stable")
    assert column(got, "n") == want.n.tolist()


@settings(max_examples=30, deadline=None)
@given(frame=frames())
def test_ungroup_of_xgroup_is_a_sort(frame: pd.DataFrame) -> None:
    q = Q
    q.globals.set("t", table_of(frame))
    assert q("(ungroup `s`g xgroup t)~`s`g xasc `s`g xcols t")


# ---------------------------------------------------------------- rules, one line each

T = "t:([]c1:`a`b`a`c`a`b`c;c2:10*1+til 7;c3:1.1*1+til 7)"


@pytest.mark.parametrize(("functional", "template"), [
    ("?[t;((>;`c2;35);(in;`c1;enlist`b`c));0b;()]", "select from t where c2>35,c1 in`b`c"),
    ("?[t;();1b;`c1`c2!`c1`c2]", "select distinct c1,c2 from t"),
    ("?[t;();1b;()]", "select distinct from t"),
    ("?[t;();0b;();-2]", "select[-2] from t"),
    ("?[t;();0b;();1 2]", "select[1 2] from t"),
    ("?[t;();0b;();3;(idesc;`c3)]", "select[3;>c3] from t"),
    ("?[t;();0b;`c1`c2!`c1`c2;0W;(iasc;`c1)]", "select[<c1] c1,c2 from t"),
    ("?[t;();();`c1]", "exec c1 from t"),
    ("?[t;();();()]", "exec from t"),
    ("?[t;();();`x`y!(`c1;(sum;`c2))]", "exec x:c1,y:sum c2 from t"),
    ("?[t;();`c1;`c2]", "exec c2 by c1 from t"),
    ("?[t;();(enlist`k)!enlist`c1;(max;`c2)]", "exec max c2 by k:c1 from t"),
    ("?[t;();`c1;`a`b!((max;`c2);(sum;`c3))]", "exec a:max c2,b:sum c3 by c1 from t"),
    ("?[t;();`k`l!`c1`c2;()]", "select by k:c1,l:c2 from t"),
    ("![t;enlist(>;`c2;20);0b;(enlist`c2)!enlist 0]", "update c2:0 from t where c2>20"),
    ("![t;();(enlist`c1)!enlist`c1;(enlist`m)!enlist(max;`c2)]", "update m:max c2 by c1 from t"),
    ("![t;();0b;enlist`c2]", "delete c2 from t"),
    ("![t;enlist(=;`c1;enlist`a);0b;`symbol$()]", "delete from t where c1=`a"),
])
def test_functional_forms(q: Interpreter, functional: str, template: str) -> None:
    q(T)
    assert q(f"({functional})~{template}")
    assert q(f'({template})~eval parse"{template}"')
    assert q(f'({template})~value eval each parse"{template}"')


@pytest.mark.parametrize(("columns", "expected"), [
    ("c1,c1,2*c2,c2+c3,string c3", "c1 c11 x c2 c3"),
    ("c3*2", "c3"),
    ("c2 wavg c3", "c3"),
    ("5 xbar c2", "c2"),
    ("count i", "x"),
    ("i,c1", "x c1"),
    ("count i,sum c2,max c2", "x c2 c21"),
    ("c2:c3,c2", "c2 c21"),
    ("max c2-c3", "c2"),
    ("{x}c3", "c3"),
    ("abs neg c3", "c3"),
])
def test_names_of_unnamed_columns(q: Interpreter, columns: str, expected: str) -> None:
    q(T)
    assert names(q(f"cols select {columns} from t")) == expected.split()


@pytest.mark.parametrize(("source", "message"), [
    ("select a,a by a from ([]a:1 2)", "dup names for cols/groups a"),
    ("select c1,distinct c2 from t,t", "length"),
    ("select from t where c9>1", "c9"),
    ("select from t where c2 like $[1b;\"a\";\"b\"]", "rank"),
    ("update c2:`a from t where c2>20", "type"),
    ("delete c9 from t", "c9"),
    ("select c1 form t", "from"),
    ("?[5;();0b;()]", "type"),
])
def test_errors(q: Interpreter, source: str, message: str) -> None:
    q(T)
    with pytest.raises(QError) as e:
        q(source)
    assert e.value.message == message


def test_columns_hide_locals_and_locals_hide_globals(q: Interpreter) -> None:
    q("v:1000;w:2000")
    q("t:([]v:1 2 3)")
    assert q("{[v;w]exec sum v+w from t}[7;10]") == 36
    assert q("{[k]exec v from t where v in exec v from t where v>k}[1]").tolist() == [2, 3]


def test_by_name_changes_in_place(q: Interpreter) -> None:
    q("t:([]a:1 2 3;b:`x`y`x)")
    assert q("update a:10*a from `t where b=`x") == "t"
    assert q("t`a").tolist() == [10, 2, 30]
    assert q("delete from `t where a=2") == "t"
    assert q("count t") == 2
    q("d:`a`b`c!til 3")
    assert q("delete b from `d") == "d"
    assert q("d~`a`c!0 2")
    q("gone:1")
    assert q("delete gone from `.") == "."
    with pytest.raises(QError):
        q("gone")


def test_keyed_tables_keep_their_keys(q: Interpreter) -> None:
    q("k:([s:`a`b`c]v:1 2 3)")
    assert q("(select from k where v>1)~([s:`b`c]v:2 3)")
    assert q("(update v:2*v from k where s=`a)~([s:`a`b`c]v:2 2 3)")
    assert q("(delete from k where s=`a)~([s:`b`c]v:2 3)")
    assert q("(select v from k)~([]v:1 2 3)")


def test_groups_of_lists_sort_as_q_does(q: Interpreter) -> None:
    q('t:([]k:("b";"a";"bb";"a");v:til 4)')
    assert q('(key select sum v by k from ([]k:("bb";"a ";"bb");v:1 2 3))~([]k:("a ";"bb"))')
    got = q("select sum v by k from ([]k:0n 1 0n -1;v:1 2 3 4)")
    assert np.isnan(column(got, "k")[0])
    assert column(got, "k")[1:] == [-1, 1]
    assert column(got, "v") == [4, 4, 2]


def test_a_million_rows_group_exactly(q: Interpreter) -> None:
    rng = np.random.default_rng(1)
    n = 1_000_000
    frame = pd.DataFrame({"g": rng.integers(0, 10**12, n) % 99_991, "v": rng.integers(-9, 9, n)})
    q.globals.set("t", table_of(frame))
    got = q("select sum v,hi:max v,n:count i by g from t")
    want = frame.groupby("g").v
    assert column(got, "g") == list(want.groups)
    assert column(got, "v") == want.sum().tolist()
    assert column(got, "hi") == want.max().tolist()


def test_foreign_keys_reach_through_dots(q: Interpreter) -> None:
    q("d:([id:`x`y]name:`ann`bob;n:1 2)")
    q("t:([]f:`d$`y`x`y;v:1 2 3)")
    assert q("(exec f.name from t)~`bob`ann`bob")
    assert q("(select v by f.name from t)~([name:`ann`bob]v:(enlist 2;1 3))")
    assert q("(fkeys t)~(enlist`f)!enlist`d")
    assert q('"s"=(meta t)[`f;`t]')
    with pytest.raises(QError, match="cast"):
        q("`d$`zz")
