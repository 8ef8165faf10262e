"""Modules, losses and optimizers from states with an attribute missing or of another type."""

from __future__ import annotations

import pytest
from api_session import ApiSession

WRONG = {
    "module delete depth from t": "unable to find state attribute: depth",
    "module delete module from t": "unable to find state attribute: module",
    'module update depth:"i"$depth from t': "depth: expected long, given int scalar",
    "module update name:string name from t": "name: expected symbol, given char list",
    "module update options:1 from t": "options: expected dictionary, given long scalar",
    "module update parms:1 from s": "parms: expected dictionary, given long scalar",
    "module update buffers:1 from s": "buffers: expected dictionary, given long scalar",
    "module`depth`module!(0;1)": "module: expected symbol, given long scalar",
    "module`depth`module`name!(0;`relu;1)": "name: expected symbol, given long scalar",
    "module@[e;`name;{count[x]#0}]": "name: expected symbol, given long scalar",
    "loss`module`options!(1;()!())": "module: expected symbol, given long scalar",
    "loss`module`options!(`mse;1)": "options: expected dictionary, given long scalar",
    "loss(enlist`options)!enlist()!()": "unable to find state attribute: module",
    "opt(`optimizer`options`parms!(1;1;1);q)": "optimizer: expected symbol, given long scalar",
    "opt(`optimizer`options`parms!(`sgd;1;1);q)": "options: expected table, given long scalar",
    "opt(`optimizer`options!(`sgd;o`options);q)": "unable to find state attribute: parms",
    "opt(@[o;`parms;{update name:1 from x}];q)": "name: expected symbol, given long scalar",
    "opt(@[o;`parms;{update parmgroup:0h from x}];q)":
        "parmgroup: expected long, given short scalar",
    "opt(@[o;`parms;{update buffers:1 from x}];q)":
        "buffers: expected dictionary, given long scalar"}


@pytest.mark.parametrize("call", WRONG)
def test_states_are_refused_by_the_attribute_that_is_wrong(q: ApiSession, call: str) -> None:
    q("q:module seq(`sequential;(`linear;3;2);`relu)\ns:state q\nt:module q\n"
      "e:state module enlist(`encoderlayer;2;1;4)\no:state opt(`sgd;q;.1)\nn:count obj[]")
    assert q.error(call) == WRONG[call]
    assert q("n=count obj[]")
