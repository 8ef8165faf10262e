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
