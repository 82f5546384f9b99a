"""Man page and shell completions from the program's own parser, into ``build/``.

``python tools/manual.py man``: ``build/man/costmodel.1``. ``python tools/manual.py
completions``: ``build/completions/costmodel.bash``, ``_costmodel`` (zsh). Completions
need shtab; both outputs are the same for the same program, whatever the day.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from costmodel import __version__
from costmodel.cli import COMMANDS, build_parser

BUILD = Path(__file__).resolve().parents[1] / "build"
SHELLS = {"bash": "costmodel.bash", "zsh": "_costmodel"}
FILES = ("FILE", "BEFORE", "AFTER", "BLOCKS.csv", "STUDY.yaml", "RECORD.yaml")
FILE_OPTIONS = ("OUT.svg", "CSV")
FOLDERS = ("DIR",)
DESCRIPTION = (
    "A cycle-level cost model. It follows one path through your code, runs it through "
    "a model of each core, and charges every cycle of the answer to one cause. Figures "
    "are modelled, not measured; ? marks one that rests on what nobody has measured."
)
ENVIRONMENT = """\
.SH "EXIT STATUS"
0 fine; 1 a threshold the user set was passed; 2 usage or unreadable input; 3 an
instruction or a core the model does not know, under \\-\\-strict.
.SH EXAMPLES
.TP
costmodel demo
the question of August 2014, answered
.TP
costmodel compare HEAD~1..HEAD entry.S \\-u zen5,skylake
what the last commit costs on two cores
.TP
costmodel explain entry.S \\-u zen5 \\-\\-what\\-if
where its cycles go, and what each limit of the core is worth
.TP
costmodel estimate vmlinux \\-\\-symbol entry_SYSCALL_64 \\-\\-draws 200
a kernel's own entry on every core, with intervals
.SH ENVIRONMENT
.TP
.B COSTMODEL_DATA
a directory with uarch/ and stubs/ to use instead of those that came along
.TP
.B COSTMODEL_DEBUG
show where a bug of the program is
.TP
.B COLUMNS
how wide text is on a terminal, up to 100; a pipe or a file gets 72
.SH "SEE ALSO"
.BR objdump (1),
.BR getppid (2),
.BR ptrace (2)
"""


def man_page() -> str:
    """The page in troff, filled by the reader's own width; no date in it."""
    parser = build_parser()
    parts = [
        f'.TH COSTMODEL 1 "" "costmodel {__version__}" "User Commands"',
        ".SH NAME",
        "costmodel \\- cycles of x86\\-64 kernel entry paths, with reasons",
        ".SH SYNOPSIS",
        *(
            line
            for name in COMMANDS
            for line in (".HP", f"\\fBcostmodel {name}\\fR {_usage(name)}")
        ),
        ".HP",
        "\\fBcostmodel \\-\\-version\\fR",
        ".SH DESCRIPTION",
        _troff(DESCRIPTION),
        ".SH COMMANDS",
    ]
    for name, summary in COMMANDS.items():
        parts += [
            f'.SS "costmodel {name}"',
            _troff(f"{summary[0].upper()}{summary[1:]}."),
        ]
        for group in _command(parser, name)._action_groups:
            shown = [a for a in group._group_actions if a.help != argparse.SUPPRESS]
            for action in shown:
                if "--help" not in action.option_strings:
                    parts += [".TP", _spelled(action), _troff(_help(action))]
    return "\n".join([*parts, ENVIRONMENT.rstrip()]) + "\n"


def _command(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found: argparse.ArgumentParser = action.choices[name]
            return found
    raise KeyError(name)


def _usage(name: str) -> str:
    """Arguments, then that there are options."""
    words = []
    for action in _command(build_parser(), name)._actions:
        if action.option_strings:
            continue
        word = f"\\fI{_troff(str(action.metavar or action.dest))}\\fR"
        if action.nargs == "?":
            word = f"[{word}]"
        words.append(word + (" ..." if action.nargs == "+" else ""))
    return " ".join([*words, "[options]"])


def _spelled(action: argparse.Action) -> str:
    """``-u, --uarch NAME,..`` or the name of an argument."""
    takes = action.nargs != 0
    value = str(action.metavar or "|".join(map(str, action.choices or ())))
    if not action.option_strings:
        return f"\\fI{_troff(value or action.dest)}\\fR"
    names = ", ".join(f"\\fB{_troff(n)}\\fR" for n in action.option_strings)
    return f"{names} \\fI{_troff(value)}\\fR" if takes else names


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


def _troff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


BASH = """
_costmodel_list() {  # names, completed behind the last comma
  local before=""
  [[ "$2" == *,* ]] && before="${2%,*},"
  compgen -P "$before" -W "$1" -- "${2##*,}"
}
_costmodel_cores() { _costmodel_list "$(costmodel complete cores 2>/dev/null)" "$1"; }
_costmodel_figures() {
  compgen -S = -W "$(costmodel complete figures 2>/dev/null)" -- "$1"
}
_costmodel_symbols() {  # of the first file on the line
  local word
  for word in "${COMP_WORDS[@]:2}"; do
    if [[ -f "$word" ]]; then
      compgen -W "$(costmodel complete symbols "$word" 2>/dev/null)" -- "$1"
      return
    fi
  done
}
_costmodel_study() {
  compgen -W "$(costmodel complete studies 2>/dev/null)" -- "$1"
  compgen -f -- "$1"
}
"""
ZSH = """
_costmodel_cores() {
  _values -s , core ${(f)"$(costmodel complete cores 2>/dev/null)"}
}
_costmodel_figures() {
  compadd -S = -- ${(f)"$(costmodel complete figures 2>/dev/null)"}
}
_costmodel_symbols() {
  local word
  for word in ${words[2,-1]}; do
    if [[ -f $word ]]; then
      compadd -- ${(f)"$(costmodel complete symbols $word 2>/dev/null)"}
      return
    fi
  done
}
_costmodel_study() {
  compadd -- ${(f)"$(costmodel complete studies 2>/dev/null)"}
  _files
}
"""
# Metavar of an argument -> the function that names what it takes.
NAMED = {
    "NAME,..": "_costmodel_cores",
    "[CORE.]PATH=VALUE": "_costmodel_figures",
    "[CORE.]PATH=A:B:N": "_costmodel_figures",
    "SYM[+OFF[/LEN]]": "_costmodel_symbols",
    "STUDY.yaml": "_costmodel_study",
}


def completion(shell: str) -> str:
    """The script for ``bash`` or ``zsh``: commands, options, files, and the names of
    cores, figures and symbols, which the program itself is asked for."""
    import shtab

    parser = build_parser()
    for action in _actions(parser):
        metavar = str(action.metavar)
        core = metavar == "NAME" and action.dest in ("uarch", "name")
        if core or metavar in NAMED:
            function = NAMED.get(metavar, "_costmodel_cores")
            action.complete = {  # type: ignore[attr-defined]
                "bash": function,
                "zsh": function,
            }
        elif metavar in FILES + FILE_OPTIONS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    preamble = {"bash": BASH, "zsh": ZSH}
    return str(shtab.complete(parser, shell=shell, preamble=preamble))


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
