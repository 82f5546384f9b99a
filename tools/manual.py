"""Man page and shell completions from the program's own parser, into ``build/``.

``python tools/manual.py man``: ``build/man/costmodel.1``. ``python tools/manual.py
completions``: ``build/completions/costmodel.bash``, ``_costmodel`` (zsh). Needs
argparse-manpage and shtab; both outputs are the same for the same program, whatever the
day.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from costmodel import __version__
from costmodel.cli import build_parser

BUILD = Path(__file__).resolve().parents[1] / "build"
SHELLS = {"bash": "costmodel.bash", "zsh": "_costmodel"}
FILES = ("FILE", "BEFORE", "AFTER", "BLOCKS.csv", "STUDY.yaml", "RECORD.yaml")
FILE_OPTIONS = ("OUT.svg", "CSV")
FOLDERS = ("DIR",)
ENVIRONMENT = """\
.SH ENVIRONMENT
.TP
.B COSTMODEL_DATA
a directory with uarch/ and stubs/ to use instead of those that came along
.TP
.B COSTMODEL_DEBUG
show where a bug of the program is
.TP
.B NO_COLOR
no colour, ever
.SH "SEE ALSO"
.BR objdump (1),
.BR getppid (2),
.BR ptrace (2)
"""


def man_page() -> str:
    """The page in troff; no date in it."""
    from argparse_manpage.manpage import Manpage

    parser = build_parser()
    page = Manpage(
        parser,
        _data={
            "prog": "costmodel",
            "project_name": "costmodel",
            "version": __version__,
            "description": "cycles of x86-64 kernel entry paths, with reasons",
            "manual_title": "costmodel",
        },
    )
    _, _, rest = str(page).partition("\n")
    head = f'.TH COSTMODEL 1 "" "costmodel {__version__}" "User Commands"'
    return f"{head}\n{rest.rstrip()}\n{ENVIRONMENT}"


def completion(shell: str) -> str:
    """The completion script for ``bash`` or ``zsh``: commands, options, files."""
    import shtab

    parser = build_parser()
    for action in _actions(parser):
        if action.metavar in FILES + FILE_OPTIONS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell=shell))


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found += _actions(below)
    return found


def main(what: list[str]) -> int:
    made = {}
    if "man" in what:
        made[BUILD / "man" / "costmodel.1"] = man_page()
    if "completions" in what:
        for shell, name in SHELLS.items():
            made[BUILD / "completions" / name] = completion(shell)
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(BUILD.parent))
    return 0 if made else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
