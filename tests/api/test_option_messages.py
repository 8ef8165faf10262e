"""Every type of module, loss and optimizer: what help shows makes one with the same options, and
options that are wrong are refused by name, with what was expected and what was given."""

from __future__ import annotations

from typing import Any

import pytest
from api_session import ApiSession

from kkernel.api.module.rows.loss import LOSSES
from kkernel.api.module.types import TYPES
from kkernel.api.optimizer.rows import OPTIMIZERS
from kkernel.q.symbols import sym, symbols
from kkernel.q.values import Dict, List, items

FUNCTIONS = {"interpolate", "normalize"}  # described as modules are
UNSAID = {"upsample": {"scale": 2.0}}  # help leaves open which of two is given
# of these the options are free names, layers, or functions
SPECIAL = {"parmdict", "callback", "encoder", "decoder", "transformer"}

MODULES = [n for n in TYPES if n not in FUNCTIONS]
MAKERS = {**dict.fromkeys(MODULES, "module enlist(`{};o)"), **dict.fromkeys(LOSSES, "loss(`{};o)"),
          **dict.fromkeys(OPTIMIZERS, "opt(`{};();o)")}
ROWS: dict[str, Any] = {**TYPES, **LOSSES, **OPTIMIZERS}


def shown(q: ApiSession, name: str) -> dict[str, Any]:
    """The options that help shows."""
    found = q(f"$[`options in key h:help`{name};h`options;h]")
    given = {str(k): v for k, v in zip(items(found.keys), items(found.values), strict=True)}
    return {**given, **UNSAID.get(name, {})}


def attempt(q: ApiSession, name: str, options: dict[str, Any]) -> str:
    """The message of the error that these options signal."""
    q.session.interpreter.globals.set("o", Dict(symbols(options), List(list(options.values()))))
    return q.error(MAKERS[name].format(name))


@pytest.mark.parametrize("name", [n for n in MODULES if ROWS[n].options.rows and n not in UNSAID])
def test_options_of_help_make_a_module_that_has_them(q: ApiSession, name: str) -> None:
    q(f"o:$[`options in key h:help`{name};h`options;h]\nm:module enlist(`{name};o)")
    assert q("o~options m"), q.text("options m")
    assert q(f"`{name}=objtype m") or name == "sequential"


@pytest.mark.parametrize("name", LOSSES)
def test_options_of_help_make_a_loss_that_has_them(q: ApiSession, name: str) -> None:
    q(f"o:(help loss`{name})`options\nl:loss(`{name};o)")
    assert q("o~options l"), q.text("options l")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_options_of_help_make_an_optimizer_that_has_them(q: ApiSession, name: str) -> None:
    q(f"o:opt(`{name};();h:help`{name})\nt:first options o")
    if name == "lbfgs":  # derived from another, and an example of a name
        q("h:`eval`search _h\nt:`eval`search _t")
    assert q("t~h"), q.text("t")


NAMED = [n for n in MAKERS if ROWS[n].options.rows and n not in SPECIAL]


@pytest.mark.parametrize("name", NAMED)
def test_unknown_options_are_named(q: ApiSession, name: str) -> None:
    assert "nosuch" in attempt(q, name, {**shown(q, name), "nosuch": 1})


@pytest.mark.parametrize("name", NAMED)
def test_wrong_values_are_told_by_option_and_kind(q: ApiSession, name: str) -> None:
    options = shown(q, name)
    for option in ROWS[name].options.rows:
        message = attempt(q, name, {**options, option.name: List([sym("a"), True])})
        assert name in message and option.name in message
        assert "expected" in message and "given general list" in message, message


REQUIRED = [n for n in NAMED if any(o.required for o in ROWS[n].options.rows)]


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_options_are_told_by_type(q: ApiSession, name: str) -> None:
    assert name in q.error(MAKERS[name].replace(";o)", ")").format(name))


# ------------------------------------------------------------------ the texts of the interface

TEXTS = {
    # values are read in turn, so the first that does not fit is told, not their number
    "(`linear;2f;3;1b;4)": "linear in: expected long scalar, given double scalar",
    "(`linear;2;3;1b;4)": "linear: expecting up to 4 positional args, 5 given",
    "(`linear;`a;2;3;1b;4)": "linear: expecting up to 5 positional args, 6 given",
    "(`drop;::)": "drop p: expected double, given null/unary primitive",
    # some types count their values before they read any
    "(`elu;1f;0b;3)": "elu: unrecognized positional option(s), expecting alpha, inplace flag, "
                      "or (alpha;inplace flag)",
    "(`leakyrelu;`a;1 2;0b;3)": "leakyrelu: unrecognized positional option(s), expecting slope, "
                                "inplace flag, or (slope;inplace flag)",
    "(`squeeze;1;0b;2)": "squeeze: unrecognized positional arg(s), expecting dim, inplace flag, "
                         "or (dim;inplace flag)",
    "(`reshape;1 2;`a)": "reshape: 1 positional argument expected, 2 given",
    # or count without what stands before them
    "(`adaptavg2d;`a;2;3)": "adaptavg2d: 1 positional argument expected, 2 given",
    "(`zeropad2d;1;2)": "zeropad2d: only 1 positional argument expected, 2 given",
    "(`recur;1b;0b)": "recur: 1 positional arg(detach flag) expected, 2 supplied",
    # some tell all places at once
    "(`relu;1)": "relu: unrecognized option(s), expecting single boolean flag",
    "(`relu;1b;0b)": "relu: unrecognized option(s), expecting single boolean flag",
    "(`hardtanh;`a`b;1f)": "hardtanh: unexpected positional arg(s), expects (min;max;inplace flag)",
    "(`rrelu;.1;.2;1b;2)": "rrelu: unexpected positional arg(s), expects "
                           "(lower;upper;inplace flag)",
    "(`softplus;1;`a)": "softplus: unexpected positional arg(s), expects (beta;threshold)",
    "(`prelu;1b)": "prelu: expecting 1-2 positional args in,init or (in;init)",
    # a null is a value that is missing
    "(`softmax;0N)": "softmax: no dimension given",
    "(`softmin;1;`dim,0N)": "softmin: no dimension given",
    "(`select;0;0N)": "select: no index defined",
    "(`threshold;0n;1)": "threshold: both threshold level & replacement value must be given",
    "(`adaptmax2d;0N)": "adaptmax2d: no output size",
    "(`layernorm;0#0)": "layernorm: no normalized shape given",
    "(`gru;`layers,2)": "gru: hidden size should be greater than zero",
    # an empty list is no list of longs, where their number is fixed
    "(`maxpool2d;();2)": "maxpool2d size: expected long(s), given general list",
    # pairs are read in turn; shorts and ints become longs, letters are no values
    "(`elu;(`nosuch;1;`alpha;\"c\"))": "elu: unrecognized option `nosuch",
    "(`elu;(`alpha;\"c\";`nosuch;1))": "name-value pairs not implemented for char scalar value",
    "(`elu;(`inplace;2h))": "elu inplace: expected boolean scalar, given long scalar",
    "(`embed;2i;4)": "embed: 1st arg is number of rows of weight matrix",
    "(`embedbag;8;`max;4)": "embedbag cols: expected long scalar, given symbol scalar",
    "(`indexselect;0;1 2f)": "indexselect ind: long(s) expected, given double(s)",
    "(`encoder;(`relu;4);2)": "encoder: unexpected layer 'relu'",
    "(`encoder;(4;2);-1)": "encoder: non-negative number of layers must be defined",
    "(`encoder;(`encoderlayer;5))": "encoder: unrecognized arg(s) for encoder layer (long scalar)",
    "(`decoder;(4;2);1;(`layernorm;1b))": "decoder: unrecognized arg(s) for layer normalization "
                                          "(boolean scalar)",
    "(`transformer;4;2;(`encoder;1))": "transformer: unrecognized arg(s) for custom encoder",
    "(`zscore;101b;1)": "zscore mean: double(s) expected, given bool(s)"}


@pytest.mark.parametrize("made", TEXTS)
def test_refusals_of_modules_in_the_words_of_the_interface(q: ApiSession, made: str) -> None:
    before = q("count obj[]")
    assert q.error(f"module enlist{made}") == TEXTS[made]
    assert q("count obj[]") == before


def test_layers_of_another_kind_are_told_and_kept(q: ApiSession) -> None:
    q("m:module enlist(`encoderlayer;4;2)")
    assert q.error("module enlist(`decoder;m;2)") == \
        "decoder: expecting decoding layer, given TransformerEncoderLayer module"
    assert q("mapped m")


FUNCTIONAL = {
    "relu(t;1)": "relu: unrecognized option(s), expecting single boolean flag",
    "maxpool1d(t;2;2;0;1;0b;3)": "maxpool1d: expecting up to 6 positional args, 7 given",
    "pairwise(t;t;1;2;1b;3)": "pairwise: expecting up to 5 positional args, 6 given",
    "adaptmax1d(t;2;3)": "adaptmax1d: 1 positional argument expected, 2 given",
    "softmax(t;1f)": "softmax: unrecognized arg(s), expecting dim or (dim;data type)",
    "softmin(t;1;`float;2)": "softmin: unrecognized arg(s), expecting dim or (dim;data type)",
    "logsoftmax(t;`bias,1b)": "logsoftmax option: bias not recognized",
    "flatten(t;`bias,1)": "flatten option: bias not recognized",
    "interpolate(t;();())": "interpolate: no output size or scale factor given",
    "interpolate(t;8;2f)": "interpolate: both output size and scale factor given",
    "fmaxpool2d(t;2)": "fmaxpool2d: no output size or ratio given",
    "fmaxpool2d(t;2;2;.5)": "fmaxpool2d: cannot specify both output size & output ratio"}


@pytest.mark.parametrize("call", FUNCTIONAL)
def test_refusals_of_functions_in_the_words_of_the_interface(q: ApiSession, call: str) -> None:
    q("t:tensor 1 2 4#1e\nn:count obj[]")
    assert q.error(call) == FUNCTIONAL[call]
    assert q("n=count obj[]")


READ = {
    "(`adaptavg2d;`size,1i)": "(enlist`size)!enlist 1",
    "(`indexselect;0;`ind,2i)": "`dim`ind!0 2",
    "(`attention;8;2;`kdim`vdim!0 -1)": "`dim`heads!8 2",
    "(`avgpool1d;2;`divisor,3)": "`size`divisor!2 3",
    "(`expand;())": "(enlist`size)!enlist 0#0",
    "`permute": "(enlist`size)!enlist 0#0",
    "(`embedbag;8;4;0n;`max)": "`rows`cols`mode!(8;4;`max)",
    "(`pad;1 2;5)": "`pad`value!(1 2;5f)",
    "(`squeeze;1b)": "(enlist`inplace)!enlist 1b",
    "(`prelu;.5)": "(enlist`init)!enlist .5"}


@pytest.mark.parametrize("made", READ)
def test_options_as_the_interface_reads_them(q: ApiSession, made: str) -> None:
    q(f"m:module enlist{made}\nn:module module m")
    q("d:module(m;0b)\no:$[98h=type d;first d`options;d`options]")
    assert q(f"({READ[made]})~o"), q.text("o")
    assert q("(module(m;1b))~module(n;1b)")


def test_help_lists_every_type_in_order(q: ApiSession) -> None:
    q("n:exec module from help`module\nm:n except`seqdict")
    assert q("m~asc m") and q("(n?`seqdict)=1+n?`seqjoin") and q("128=count n")
    assert q("all{x~options y}'[exec options from help`module;n]")
