"""python -m kkernel install: register the kernel for one interpreter.

`pip install` alone puts a kernelspec beside the packages, whose command is `python`: right for a
Jupyter of the same environment.  This command writes the absolute path of this interpreter, for
a Jupyter that lives elsewhere.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import shutil
import sys
import tempfile
from pathlib import Path

NAME = "kkernel"


def main(arguments: list[str]) -> int:
    """Write the kernelspec; returns the exit code."""
    options = _parser().parse_args(arguments)
    prefix = sys.prefix if options.sys_prefix else options.prefix
    try:
        place = install(options.name, options.display_name, prefix)
    except (OSError, ValueError) as error:
        print(f"kkernel install: {error}", file=sys.stderr)
        return 1
    print(f"kernel {options.name} installed in {place}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kkernel install", description="Register the kernel "
                                     "with Jupyter, started by this very Python.")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user (the default)")
    place.add_argument("--sys-prefix", action="store_true", help="in this Python's environment")
    place.add_argument("--prefix", metavar="DIR", help="under DIR/share/jupyter/kernels")
    parser.add_argument("--name", default=NAME, help="directory name of the kernel")
    parser.add_argument("--display-name", metavar="TEXT", help="title shown by Jupyter")
    return parser


def install(name: str = NAME, display_name: str | None = None, prefix: str | None = None) -> str:
    """Register this interpreter's kernel under a prefix, or else for the user.

    Returns the directory that was written.  Raises OSError when it cannot be written, ValueError
    for an impossible name.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "spec"
        shutil.copytree(shipped_spec(), folder)
        _rewrite(folder / "kernel.json", display_name)
        written: str = KernelSpecManager().install_kernel_spec(
            str(folder), kernel_name=name, user=prefix is None, prefix=prefix)
    return written


def _rewrite(file: Path, display_name: str | None) -> None:
    spec = json.loads(file.read_text())
    spec["argv"][0] = sys.executable
    if display_name:
        spec["display_name"] = display_name
    file.write_text(json.dumps(spec, indent=2) + "\n")


def shipped_spec() -> Path:
    """The directory of the kernelspec that came with the package."""
    for file in importlib.metadata.files("kkernel") or ():
        if file.name == "kernel.json":
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError("this installation has no kernelspec; install kkernel with pip")
