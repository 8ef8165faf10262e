"""What stands beside the console text: tables, cards, pictures; never instead of it."""

from __future__ import annotations

import base64
import html
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from kkernel.kernel.panels import register
from kkernel.kernel.rich.errors import error_html
from kkernel.kernel.rich.heat import COLOURS, coloured, heat_html, png
from kkernel.kernel.rich.result import beside
from kkernel.q.text.show import console
from kkernel.session import Session


class Screen:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def rich(self, forms: dict[str, Any], words: str) -> None:
        self.shown.append(forms)

    def panel(self, panel: Any) -> None: ...
    def html(self, source: str) -> None: ...
    def clear(self, wait: bool) -> None: ...


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen()


@pytest.fixture(scope="module")
def q(screen: Screen) -> Session:
    session = Session()
    register(session, screen)
    session.load_api()
    return session


def forms(q: Session, source: str) -> dict[str, Any]:
    value = q.interpreter.evaluate(source)
    return beside(q, value, console(value, q.interpreter.settings))


def shown(q: Session, source: str) -> str:
    """The HTML of a value, without its style."""
    return str(forms(q, source)["text/html"]).split("</style>", 1)[1]


def texts(source: str, name: str) -> list[str]:
    """The texts of all elements of a name."""
    return [html.unescape(re.sub("<[^>]*>", "", t))
            for t in re.findall(rf"<{name}[^>]*>(.*?)</{name}>", source)]


@pytest.mark.parametrize("source", [
    "1", "`a`b", "1 2f", "{x+y}", "(1;`a)", "2 2#1 2 3 4", '"text"', "()!()", "0#([]a:1 2)",
    "2 2#0x01", "til"])
def test_most_values_are_text_only(q: Session, source: str) -> None:
    assert forms(q, source) == {}


def test_a_table_has_the_texts_of_the_console_and_types(q: Session) -> None:
    source = shown(q, '([]a:1 0N;b:`x`;c:("ab";"");d:2024.01.02 0Nd;e:(1 2;3 4);f:`s#1.5 2)')
    assert texts(source, "th") == ["along", "bsymbol", "cstring", "ddate", "elongs",
                                   "ffloat `s#"]
    assert texts(source, "td") == ["1", "x", '"ab"', "2024.01.02", "1 2", "1.5",
                                   "", "", '""', "", "3 4", "2"]


def test_a_column_may_hold_records(q: Session) -> None:
    for source in ("([]a:1 2;b:([]x:3 4;y:`u`v))", "detail sparse(0 1;2 0)"):
        table = shown(q, source)
        assert len(texts(table, "tr")) == 3, table


def test_precision_is_that_of_the_console(q: Session) -> None:
    q.execute("\\P 3")
    assert texts(shown(q, "([]a:1 2%3)"), "td") == ["0.333", "0.667"]
    q.execute("\\P 7")


def test_key_columns_are_heads_of_their_rows(q: Session) -> None:
    source = shown(q, "([id:1 2;k:`a`b]v:3 4)")
    assert re.findall('scope="row">(.*?)<', source) == ["1", "a", "2", "b"]
    assert texts(source, "td") == ["3", "4"]


def test_a_dictionary_is_two_columns(q: Session) -> None:
    source = shown(q, '`a`b!(1;"x<y")')
    assert (texts(source, "th"), texts(source, "td")) == (["a", "b"], ["1", '"x<y"'])
    assert texts(shown(q, "1 2!([]a:3 4)"), "td") == ["3", "4"]


def test_a_long_table_is_cut_and_says_how_to_see_the_rest(q: Session, screen: Screen) -> None:
    q.execute("long:([]a:til 1000000;b:`x)")
    source = shown(q, "long")
    assert len(texts(source, "tr")) == 101 and len(source) < 15_000
    assert "rows 0 to 99 of 1,000,000; .ui.rows[x;100]" in source
    q.interpreter.evaluate(".ui.rows[long;999950]")
    assert texts(screen.shown[-1]["text/html"], "td")[:2] == ["999950", "x"]
    assert "rows 999,950 to 999,999 of 1,000,000<" in screen.shown[-1]["text/html"]


def test_a_wide_table_stays_small(q: Session) -> None:
    q.execute("wide:flip(`$\"c\",/:string til 500)!500#enlist til 1000")
    assert len(shown(q, "wide")) < 120_000
    q.execute('fat:([]a:enlist 100000#"x")')
    assert len(shown(q, "fat")) < 1000


@pytest.mark.parametrize("source", [
    '([]a:enlist"<script>alert(1)</script>")', '(enlist`$"<script>")!enlist 1',
    'flip(enlist`$"<script>")!enlist 1 2', '([]s:enlist`$"<script>")',
    '([]e:`$\'("<script>";"b"))'])
def test_everything_is_escaped(q: Session, source: str) -> None:
    assert "<script" not in shown(q, source) and "&lt;script" in shown(q, source)


# --------------------------------------------------------------------------- cards

def test_the_card_of_a_tensor(q: Session) -> None:
    source = shown(q, "tensor 2 3#-1 0 1 2 3 4e")
    facts = dict(zip(texts(source, "th"), texts(source, "td"), strict=True))
    assert facts == {"shape": "2 3", "dtype": "float", "device": "cpu", "memory": "24 bytes"}
    assert "-1 to 4, mean 1.5" in source
    picture = base64.b64decode(re.search("svg.xml;base64,([^\"]*)", source).group(1)).decode()
    assert picture.count("M") == 6  # a bar for each number
    number = console(q.interpreter.evaluate("first 0N!tensor 1 2"), q.interpreter.settings)
    assert number.strip()


def test_the_card_holds_the_console_text(q: Session) -> None:
    value = q.interpreter.evaluate("tensor 1 2 3")
    text = console(value, q.interpreter.settings)
    assert text.strip() in beside(q, value, text)["text/html"]


@pytest.mark.parametrize(("source", "words"), [
    ("module seq(`sequential;(`linear;`hidden;4;3);`relu)", ["module sequential", "15", "hidden"]),
    ("loss`mse", ["loss mse"]),
    ("opt(`sgd;();.1)", ["optimizer sgd", "0.1"]),
    ("vector(1 2;3 4 5f)", ["long", "double", "3"]),
    ("dict`a`b!(1 2;3 4)", ["dictionary", "a", "b"]),
    ("model(module enlist(`linear;2;1);loss`mse;opt`sgd)", ["model", "linear", "mse", "sgd"]),
    ("tensor(1 2 3e;`grad)", ["leaf"]),
    ("tensor 0#1e", ["shape", "0"]),
    ("tensor(1 0n 0we)", ["2 not finite"]),
    ("tensor 101b", ["bool"]),
    ("tensor 1f", ["scalar"]),
])
def test_cards(q: Session, source: str, words: list[str]) -> None:
    seen = " ".join(texts(shown(q, source), "(?:th|td|span|div)"))
    assert [w for w in words if w not in seen] == []


def test_a_name_of_a_module_is_escaped_in_its_card(q: Session) -> None:
    source = shown(q, 'module seq(`sequential;(`linear;`$"<b>x";2;1))')
    assert "<b>" not in source and "&lt;b&gt;" in source


def test_a_large_tree_is_cut(q: Session) -> None:
    source = shown(q, "module`sequential,enlist each 100#`relu")
    assert "60 more" in source and len(source) < 12_000


def test_a_freed_pointer_is_a_number(q: Session) -> None:
    q.execute("gone:tensor 1 2;free gone")
    assert forms(q, "gone") == {}


# --------------------------------------------------------------------------- pictures

def decoded(file: bytes) -> tuple[int, int, bytes]:
    """Width, height and rows, each behind its filter byte, of a PNG file."""
    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", file[16:24])
    at = file.index(b"IDAT")
    [size] = struct.unpack(">I", file[at - 4:at])
    return width, height, zlib.decompress(file[at + 4:at + 4 + size])


def test_a_byte_matrix_is_an_image(q: Session) -> None:
    file = base64.b64decode(forms(q, "8 9#0x000102")["image/png"])
    width, height, rows = decoded(file)
    assert (width, height, rows[:5]) == (9, 8, b"\0\0\1\2\0")


def test_png_of_channels() -> None:
    pixels = np.arange(12, dtype="u1").reshape(3, 2, 2)
    assert decoded(png(pixels))[2] == bytes([0, 0, 4, 8, 1, 5, 9, 0, 2, 6, 10, 3, 7, 11])


def test_two_hues_meet_at_zero() -> None:
    pixels, palette = coloured(np.array([[-2.0, 0.0, 1.0, np.nan]]), -2.0, 1.0)
    assert pixels.tolist() == [[0, COLOURS // 2, 190, COLOURS]]
    middle = palette[3 * (COLOURS // 2):][:3]
    assert len(palette) == 3 * (COLOURS + 1) and min(middle) > 220


@pytest.mark.parametrize(("source", "words"), [
    (".ui.heat 3 4#til 12", "3 x 4 numbers, 0 to 11"),
    (".ui.heat 1 2 0N", "3 numbers, 1 to 2; 1 not finite"),
    (".ui.heat(1 2f;3 4f)", "2 x 2 numbers, 1 to 4"),
    (".ui.heat tensor 2 2#1 2 3 4e", "2 x 2 numbers, 1 to 4"),
    (".ui.heat 1000 3000#1e", "1,000 x 3,000 numbers"),
])
def test_heat(q: Session, screen: Screen, source: str, words: str) -> None:
    q.interpreter.evaluate(source)
    assert words in screen.shown[-1]["text/html"]
    assert len(screen.shown[-1]["text/html"]) < 60_000


def test_images_of_numbers_within_one_are_stretched(q: Session, screen: Screen) -> None:
    q.interpreter.evaluate(".ui.image(0 1f;.5 0n)")
    assert decoded(base64.b64decode(screen.shown[-1]["image/png"]))[2] == bytes(
        [0, 0, 255, 0, 127, 0])


@pytest.mark.parametrize(("source", "message"), [
    (".ui.heat`a", ".ui.heat: expected a vector or matrix of numbers"),
    (".ui.heat(1 2;3 4 5)", ".ui.heat: expected a vector or matrix of numbers"),
    (".ui.image 2 2 2#1", ".ui.image: expected 1, 3 or 4 channels x height x width, "
                          "given 2 x 2 x 2 numbers"),
    (".ui.image 1 2", ".ui.image: expected a matrix or list of matrices of numbers"),
    (".ui.rows[1;2]", ".ui.rows: expected a table or dictionary"),
    (".ui.rows[([]a:1 2);2]", ".ui.rows: expected a row from 0 to 1"),
])
def test_refusals(q: Session, source: str, message: str) -> None:
    error = q.execute(source)
    assert error is not None and error.message == message


def test_a_strip_of_one_value() -> None:
    assert "1 numbers, 5 to 5" in heat_html(np.array([5.0]))


# --------------------------------------------------------------------------- errors

def of_error(q: Session, code: str) -> str:
    error = q.execute(code)
    assert error is not None
    return error_html(error, code).partition("</style>")[2]


@pytest.mark.parametrize("code", ["1+`a", "nowhere", "1+)", "'oops", "til -1"])
def test_an_error_whose_text_says_all_has_no_html(q: Session, code: str) -> None:
    assert of_error(q, code) == ""


def test_the_source_with_the_line_marked_and_the_backtrace_folded(q: Session) -> None:
    source = of_error(q, "a:1\nf:{\n c:x*2;\n\tc+`a}\ng:{f[x]*2}\ng 3\nb:2")
    first, _, folded = source.partition("2 functions running")
    [marked] = texts(first, "span")
    assert marked == "6  g 3" and texts(first, "mark") == ["g"]
    assert "g:{f[x]*2}" in first
    assert texts(folded, "mark") == ["+", "f"]
    assert texts(folded, "span")[0] == "3  \tc+`a}"
    assert first.startswith('<div class="kq"><details><summary>')
    assert "in f &lt; g" in first


def test_what_met_in_a_call_of_torch(q: Session) -> None:
    source = of_error(q, "matmul(tensor 2 3#1e;4 5#1 2)")
    facts = dict(zip(texts(source, "th"), texts(source, "td"), strict=True))
    assert facts["call"] == "matmul(x;y;output)"
    assert facts["x"] == "tensor, size 2 3, float on cpu"
    assert facts["y"] == "general list, size 4 5"
    assert '<details open="">' in source


def test_the_layer_that_failed(q: Session) -> None:
    q.execute("net:module seq(`sequential;(`linear;4;3);`relu;(`linear;5;2))")
    source = of_error(q, "forward(net;tensor 7 4#1e)")
    facts = dict(zip(texts(source, "th"), texts(source, "td"), strict=True))
    assert facts["layer"] == "Linear(in_features=5, out_features=2, bias=True)"
    assert facts["its input"] == "tensor, size 7 3, float on cpu"
    assert facts["its weight"] == "tensor, size 2 5, float on cpu"


def test_errors_are_escaped(q: Session) -> None:
    source = of_error(q, "f:{'x}\nf \"<script>\"")
    assert "<script" not in source and "&lt;script" in source


def test_an_error_in_other_text_shows_that(q: Session) -> None:
    source = of_error(q, "1\nvalue\"1+`zz\"")
    assert "1<mark>+</mark>`zz" in source


def test_deep_backtraces_are_cut(q: Session) -> None:
    source = of_error(q, "h:{$[x;1+.z.s x-1;'deep]}\nh 500")
    assert "more" in source and len(source) < 40_000
