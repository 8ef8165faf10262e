"""A tooltip: the form of a call with the argument at the cursor marked, words, rows, a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...q.text.marks import CODE, plain

if TYPE_CHECKING:
    from kkernel_widgets.html import Markup

PREVIEW_LINES = 12
LEFT = "text-align:left"
_SEPARATOR = re.compile(r"([\[\](;)])")


@dataclass
class Tip:
    """What is known about a name.

    `form` is how it is called, such as `(x;dim)` or `[x;y]`, `active` the argument that the cursor
    stands in (-1 for none); `rows` are arguments or facts with their words; `body` is q text.
    """

    name: str
    form: str = ""
    summary: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    examples: list[str] = field(default_factory=list)
    active: int = -1
    paragraphs: str = ""  # more words, for who asks for details

    def shortened(self) -> Tip:
        """Without examples and further paragraphs, and only the start of a long text."""
        lines = self.body.split("\n")
        if len(lines) > PREVIEW_LINES:
            lines[PREVIEW_LINES:] = [".."]
        return Tip(self.name, self.form, self.summary, self.rows, "\n".join(lines), [],
                   self.active)

    @property
    def text(self) -> str:
        """As plain text; the argument at the cursor is marked by an arrow."""
        colon = ": " if not self.form and self.summary else ""
        head = f"{self.name}{self.form}{colon}" + ("" if self.form else self.summary)
        parts = [plain(head), *([plain(self.summary)] if self.form and self.summary else []),
                 *map(plain, self.paragraphs_)]
        rows = "\n".join(f"{'> ' if i == self.active else '  '}{n}: {plain(w)}"
                         for i, (n, w) in enumerate(self.rows))
        examples = "\n".join("q)" + e for e in self.examples)
        return "\n\n".join(p for p in (*parts, rows, self.body, examples) if p)

    @property
    def paragraphs_(self) -> list[str]:
        return [self.paragraphs] if self.paragraphs else []

    @property
    def html(self) -> Markup:
        """As HTML without style of its own: the front end's fits any theme."""
        from kkernel_widgets.html import preformatted, tag

        head = tag("code", tag("b", self.name), self._marked_form())
        table = tag("table", *(self._row(i, n, w) for i, (n, w) in enumerate(self.rows)))
        words = [tag("p", *_coded(p)) for p in (self.summary, self.paragraphs) if p]
        texts = [tag("pre", preformatted(t)) for t in
                 (self.body, "\n".join("q)" + e for e in self.examples)) if t]
        return tag("div", tag("div", head), *words, table if self.rows else None, *texts)

    def _marked_form(self) -> Markup:
        """The form with the active argument underlined."""
        from kkernel_widgets.html import join, tag

        words = [w for w in _SEPARATOR.split(self.form) if w]
        names = [i for i, w in enumerate(words) if not _SEPARATOR.fullmatch(w)]
        place = self.active + self.form.startswith("(`")  # where the symbol itself comes first
        marked = names[place] if self.active >= 0 and place < len(names) else -1
        return join(*(tag("u", tag("b", w)) if i == marked else w for i, w in enumerate(words)))

    def _row(self, i: int, name: str, words: str) -> Markup:
        from kkernel_widgets.html import tag

        shown = tag("b", name) if i == self.active else name
        return tag("tr", tag("td", tag("code", shown), style=LEFT),
                   tag("td", *_coded(words), style=LEFT))


def _coded(words: str) -> list[Any]:
    """Words with the q in them as code."""
    from kkernel_widgets.html import tag

    return [tag("code", part) if i % 2 else part for i, part in enumerate(CODE.split(words))]
