"""Every prompt of the README and of the pages in tests/transcripts prints what stands below it.

`pytest tests/test_transcripts.py --rewrite` writes today's output into the pages.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from transcript import Page, prompts

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "README.md", *sorted((ROOT / "tests" / "transcripts").rglob("*.md"))]
PAGES = {str(f.relative_to(ROOT)): Page(f) for f in FILES}
ITEMS = [pytest.param(name, i, id=f"{name}:{p.line}")
         for name, page in PAGES.items() for i, p in enumerate(page.prompts)]


@pytest.mark.parametrize(("name", "i"), ITEMS)
def test_transcript(name: str, i: int, request: pytest.FixtureRequest) -> None:
    page = PAGES[name]
    printed = page.output(i)
    if request.config.getoption("--rewrite"):
        if i == len(page.prompts) - 1:
            page.rewrite()
        return
    expected = page.prompts[i].expected
    assert printed.split("\n")[:-1] == expected, f"q){page.prompts[i].source}\n{printed}"


TEXT = """\
Prose with a q) in it.

```q
q)1+1
2
q)f:{
 x+1}
q)f 2
3
```

```python
q)not q
```
"""


def test_a_page_is_read() -> None:
    found = prompts(TEXT)
    assert [(p.line, p.source, p.expected) for p in found] == [
        (4, "1+1", ["2"]), (6, "f:{\n x+1}", []), (8, "f 2", ["3"])]


def test_a_page_is_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(TEXT.replace("2\nq)f:", "3\n4\nq)f:").replace("3\n```", "```"))
    page = Page(file)
    for i in range(len(page.prompts)):
        page.output(i)
    page.rewrite()
    assert file.read_text() == TEXT
