"""What all panels share: a static form, a live form, updates, and clicks that are checked.

A panel is displayed as two outputs. The first is plain HTML that stays in the saved notebook; the
second is the live widget. A rule in the first hides whichever is not to be seen.
"""

from __future__ import annotations

import inspect
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from kkernel.api import view

from . import cells, safe_point
from .html import Markup, join, tag, visible

HERE = Path(__file__).parent
CSS = (HERE / "panel.css").read_text(encoding="utf-8")

# Shows the live output while it stands, else the static one before it.
_EXACTLY_ONE = """
.jp-OutputArea-child:has(.kt-static):has(+ .jp-OutputArea-child .kt-live){display:none}
.jp-OutputArea-child:has(.kt-static) + .jp-OutputArea-child:has(> .jp-OutputArea-output\
.jupyter-widgets):not(:has(.kt-live)){display:none}
"""


def module_source(name: str) -> str:
    """The browser's code of one panel: what all share, then its own."""
    return "\n".join((HERE / file).read_text(encoding="utf-8") for file in ("panel.js", name))


class Live(anywidget.AnyWidget):
    """The widget behind a panel. The kernel sends; the browser answers with messages only."""

    _css = CSS
    view = traitlets.Dict().tag(sync=True)
    bins = traitlets.Bytes(b"").tag(sync=True)

    def set_state(self, sync_data: Any) -> None:
        """Take no state from the browser: all that a panel knows, it knows from the kernel."""


class Refused(Exception):
    """A click that cannot be done; its text is shown in the panel."""


Action = Callable[..., None]


class Panel:
    """Base of the panels. Subclasses say what is shown and which clicks they know.

    `name` is what the object is called in the user's code; the lines that do what a click does are
    written with it, in the `language` "k" or "python".
    """

    script = ""  # file with the browser's code
    static_follows = True  # whether the static form is cheap enough to be brought up to date
    live_class: type[Live]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.script:
            body = {"_esm": module_source(cls.script), "__module__": cls.__module__}
            cls.live_class = type(cls.__name__ + "Live", (Live,), body)

    def __init__(self, name: str = "m", language: str = "python") -> None:
        self.name = name
        self.language = language
        self._live: Live | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._next_update = 0.0
        self._state: Any = None
        self._published: Any = None  # the state that the static form shows
        self._display_id = ""

    # ------------------------------------------------------------------- for subclasses

    def content(self) -> dict[str, Any]:
        """What the browser is to show, as JSON."""
        raise NotImplementedError

    def bins(self) -> bytes:
        """Numbers that go with the content, as float64."""
        return b""

    def static(self) -> Markup:
        """The plain HTML form."""
        raise NotImplementedError

    def text(self) -> str:
        """The form for a plain console."""
        raise NotImplementedError

    def state(self) -> Any:
        """Something cheap that differs when the panel would show something else."""
        return None

    def actions(self) -> dict[str, Action]:
        """Clicks by name. Each takes the message's other items as keywords, and checks them."""
        return {}

    # ------------------------------------------------------------------- display

    @property
    def widget(self) -> Live:
        """The live widget, made at the first use; can be put into any layout of ipywidgets."""
        if self._live is None:
            self._live = self.live_class(view=self._whole(), bins=self.bins())
            self._live.on_msg(self._message)
            self._unsubscribe = view.subscribe(self._changed)
            self._state = self._published = self.state()
            cells.follow(self)
        return self._live

    def display(self) -> None:
        """Show the panel below the running cell; panels of its earlier runs are closed."""
        from IPython.display import publish_display_data

        cells.adopt(self)
        self._display_id = secrets.token_hex(8)
        publish_display_data(self._static_data(), transient={"display_id": self._display_id})
        if cells.has_front_end():
            bundle: Any = self.widget._repr_mimebundle_()
            data = bundle[0] if isinstance(bundle, tuple) else bundle
            publish_display_data({**data, "text/plain": ""})

    def _static_data(self) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.text()}

    def _publish_static(self) -> None:
        """Bring the static form up to date, so that the saved notebook shows what was last seen."""
        from IPython.display import publish_display_data

        if self._display_id and self.static_follows:
            publish_display_data(
                self._static_data(), transient={"display_id": self._display_id}, update=True)

    def _ipython_display_(self) -> None:
        self.display()

    def _repr_html_(self) -> str:
        style = tag("style", Markup(_EXACTLY_ONE))
        return str(join(style, tag("div", self.static(), class_="kt-static")))

    def __repr__(self) -> str:
        return self.text()

    def close(self) -> None:
        """End the live form and free what it holds; the static form stays in the notebook."""
        if self._unsubscribe:
            self._unsubscribe()
        if self._live is not None:
            self._live.layout.close()  # ipywidgets keeps every widget that is not closed
            self._live.close()
        self._live = self._unsubscribe = None
        cells.forget(self)

    # ------------------------------------------------------------------- updates

    def refresh(self) -> None:
        """Show the present contents."""
        if self._live is not None:
            began = time.monotonic()
            self._state = self.state()
            self._live.set_trait("bins", self.bins())
            self._live.set_trait("view", self._whole())
            now = time.monotonic()
            self._next_update = now + max(0.25, 10 * (now - began))

    def refresh_if_changed(self) -> bool:
        """Refresh unless the panel shows the present contents already; whether it was needed."""
        changed = self._live is not None and self.state() != self._state
        if changed:
            self.refresh()
        return changed

    def cell_ended(self) -> None:
        """Show what the cell has left."""
        self.refresh_if_changed()
        if self._published != self._state:
            self._published = self._state
            self._publish_static()

    def _changed(self, _obj: Any) -> None:
        """Something was initialized or trained: follow, but take a tenth of the time at most."""
        if not safe_point.on_main_thread():
            return  # a click changed something; the panel that was clicked shows it
        safe_point.reached()
        if time.monotonic() >= self._next_update:
            self.refresh_if_changed()

    def _whole(self) -> dict[str, Any]:
        return {"name": visible(self.name), "language": self.language, **self.content()}

    # ------------------------------------------------------------------- clicks

    def _message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """A message from the browser: nothing in it is trusted."""
        try:
            action, arguments = self._read(content)
        except Refused as error:
            self.say(str(error), error=True)
            return
        if not safe_point.run(lambda: self._act(action, arguments)):
            self.say("waits for the running cell")

    def _act(self, action: Action, arguments: dict[str, Any]) -> None:
        self._do(action, arguments)
        self.cell_ended()

    def _read(self, content: Any) -> tuple[Action, dict[str, Any]]:
        if not isinstance(content, dict) or not isinstance(content.get("do"), str):
            raise Refused("a message that is not understood")
        action = self.actions().get(content["do"])
        if action is None:
            raise Refused("an action that this panel does not have")
        arguments = {str(k): v for k, v in content.items() if k != "do"}
        try:
            inspect.signature(action).bind(**arguments)
        except TypeError:
            raise Refused("a message that is not understood") from None
        return action, arguments

    def _do(self, action: Action, arguments: dict[str, Any]) -> None:
        try:
            action(**arguments)
        except Refused as error:
            self.say(str(error), error=True)
        except Exception as error:
            self.say(f"{type(error).__name__}: {error}", error=True)

    def say(
        self, text: str, line: str = "", error: bool = False, progress: float | None = None
    ) -> None:
        """Show a message in the panel, the line of code that does the same, how much is done."""
        if self._live is not None:
            message = {"say": visible(text), "line": visible(line), "error": error}
            self._live.send(message if progress is None else {**message, "progress": progress})
