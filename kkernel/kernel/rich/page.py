"""The frame of all HTML that results have: one style, colours from the page it stands in.

Lines and grounds are mixtures of the text's own colour, so they fit light, dark and high-contrast
themes, and pages that are no notebook.  Where a page drops the style (a notebook that is not
trusted), plain tables remain.
"""

from __future__ import annotations

from typing import Any

from kkernel_widgets.html import Markup, join, tag

_CSS = """
.kq{font:12.5px/1.45 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);
--r:color-mix(in srgb,currentColor 22%,transparent);
--s:color-mix(in srgb,currentColor 72%,transparent);
--g:color-mix(in srgb,currentColor 7%,transparent)}
.kq .kq-box{overflow:auto;max-height:440px;margin:2px 0;display:inline-block;max-width:100%;
border:1px solid var(--r);border-radius:4px;vertical-align:top}
.kq table{border-collapse:separate;border-spacing:0;margin:0;font:inherit;color:inherit}
.kq th,.kq td{padding:1px 10px;text-align:right;white-space:pre;max-width:none;border:0;
vertical-align:top;font-weight:normal;background:none}
.kq thead th{position:sticky;top:0;border-bottom:1px solid var(--r);font-weight:600;z-index:1;
background:var(--jp-layout-color1,var(--vscode-editor-background,Canvas))}
.kq.kq small{font-size:10.5px;font-weight:normal;color:var(--s);margin-left:6px}
.kq.kq .l{text-align:left}.kq.kq .k{background-image:linear-gradient(var(--g),var(--g));
text-align:left}.kq .e{border-right:1px solid var(--r)}
.kq tbody tr{background:none}.kq tbody tr:nth-child(even){background:var(--g)}
.kq .n{color:var(--s);font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:12px;
margin:3px 0}
.kq .h{font-weight:600}.kq pre{font:inherit;margin:2px 0;white-space:pre;overflow:auto}
.kq img{display:block;margin:4px 0;max-width:100%}
.kq mark{background:none;color:inherit;text-decoration:underline wavy;text-decoration-color:#d64545;
text-underline-offset:3px;font-weight:700}
.kq .b{background:color-mix(in srgb,#d64545 14%,transparent)}
.kq summary{cursor:pointer;color:var(--s);font-family:var(--jp-ui-font-family,system-ui,sans-serif)}
"""
STYLE = tag("style", Markup(_CSS.replace("\n", "")))


def page(*children: Any) -> str:
    """A result's HTML: the children in the frame."""
    return str(join(STYLE, tag("div", *children, class_="kq")))


def note(text: str) -> Markup:
    """A line of words below."""
    return tag("div", text, class_="n")


def rows_of(facts: Any) -> Markup:
    """Names and texts as a table of two columns."""
    return tag("table", tag("tbody", *(
        tag("tr", tag("th", name, class_="k e", scope="row"), tag("td", text, class_="l"))
        for name, text in facts)))
