"""A Jupyter server and a real browser, for tests that look at what a person would see."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


class Server:
    """A Jupyter server with Lab and Notebook, on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(8)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ("work", "config", "data", "runtime", "ipython"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._write_settings()
        self._log = open(folder / "server.log", "w")  # noqa: SIM115, closed in stop
        self._process = subprocess.Popen(
            self._command(), env=self._environment(), stdout=self._log, stderr=subprocess.STDOUT
        )
        self._wait()

    def _write_settings(self) -> None:
        overrides = self.folder / "config" / "labconfig"
        overrides.mkdir(exist_ok=True)
        (overrides / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))

    def _command(self) -> list[str]:
        return [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.folder / 'work'}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            f"--LabApp.extra_labextensions_path={ROOT / 'share/jupyter/labextensions'}",
        ]

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "widgets")])
        return {
            **os.environ,
            "PYTHONPATH": path,
            "OMP_NUM_THREADS": "1",
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }

    def _wait(self) -> None:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=2):
                    return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.25)
        raise RuntimeError((self.folder / "server.log").read_text()[-3000:])

    def write(self, name: str, sources: list[str], kernel: str = "python3") -> None:
        """Make a notebook of code cells in the server's folder."""
        import nbformat
        from nbformat.v4 import new_code_cell, new_notebook

        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": ""}
        nbformat.write(notebook, self.folder / "work" / name)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Notebook:
    """One notebook open in a page of the browser; `app` is "lab" or "notebooks"."""

    def __init__(self, browser: Any, server: Server, name: str, app: str = "lab", **page: Any):
        self.server, self.name, self.app = server, name, app
        self.page = browser.new_page(viewport={"width": 1360, "height": 900}, **page)
        self.errors: list[str] = []
        self.fired: list[str] = []
        self.page.on("pageerror", self._error)
        self.page.on("dialog", self._dialog)
        self.open()

    def _error(self, error: Any) -> None:
        """Note errors of our scripts, which widgets load from a blob; others have their own."""
        if "blob:" in (error.stack or ""):
            self.errors.append(f"{error.message}\n{error.stack}")

    def _dialog(self, dialog: Any) -> None:
        self.fired.append(dialog.message)
        dialog.dismiss()

    def open(self) -> None:
        # Lab would open the notebooks of earlier tests again: `reset` forgets its workspace
        where = f"lab/tree/{self.name}?reset&" if self.app == "lab" \
            else f"notebooks/{self.name}?"
        self.page.goto(f"{self.server.url}/{where}token={self.server.token}")
        self.ready()

    def ready(self) -> None:
        """Wait until the page and the kernel can run cells."""
        self.page.wait_for_function("() => window.jupyterapp", timeout=180_000)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => true)")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=180_000)
        self.page.evaluate(
            """async () => {
                const find = () => {
                    for (const area of ['main', 'center']) {
                        for (const w of window.jupyterapp.shell.widgets(area)) {
                            if (w.content?.widgets && w.sessionContext) return w;
                        }
                    }
                };
                let panel;
                while (!(panel = find())) await new Promise(r => setTimeout(r, 50));
                window.__notebook = panel;
                await panel.context.ready;
                await panel.sessionContext.ready;
                await panel.sessionContext.session?.kernel?.info;
                return true;
            }"""
        )

    def run_all(self) -> None:
        """Run every cell and wait for the last reply."""
        self.page.evaluate(
            "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".then(() => true)"
        )

    def run_cell(self, index: int) -> None:
        """Run one cell and wait for its reply."""
        self.page.evaluate(
            """async (i) => {
                const c = window.__notebook.content; c.activeCellIndex = i;
                c.deselectAll();
                await window.jupyterapp.commands.execute('notebook:run-cell');
                return true;
            }""",
            index,
        )

    def save(self) -> None:
        self.page.evaluate("() => window.__notebook.context.save().then(() => true)")

    def theme(self, name: str) -> None:
        """Switch to one of the themes, such as "JupyterLab Dark"."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
            ".then(() => true)",
            name,
        )
        self.page.wait_for_timeout(500)

    def close(self) -> None:
        self.page.close()
