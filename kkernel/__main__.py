"""The command line: console, script, install."""

from __future__ import annotations

import sys
from importlib.metadata import version

from .q import interrupts

USAGE = """\
usage: kkernel                      a q console
       kkernel FILE.q [ARGUMENT..]  run a script: .z.f is its name, .z.x the arguments
       kkernel -                    run the lines of standard input
       kkernel install [OPTION..]   register the Jupyter kernel (install --help)
       kkernel --version
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    head, rest = (given[0], given[1:]) if given else ("", [])
    if head in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if head in ("-V", "--version"):
        print("kkernel", version("kkernel"))
        return 0
    if head == "install":
        from .kernel.install import main as install

        return install(rest)
    if head.startswith("-") and head != "-":
        print(f"kkernel: unknown option {head}\n{USAGE}", end="", file=sys.stderr)
        return 2
    return _run(head, rest)


def _run(file: str, arguments: list[str]) -> int:
    from . import console

    interrupts.install()
    if file and file != "-":
        return console.run_script(file, arguments)
    if file == "-" or not sys.stdin.isatty():
        return console.run_pipe(sys.stdin)
    return console.run_terminal(version("kkernel"))


if __name__ == "__main__":
    sys.exit(main())
