"""The command line. The only module that prints or decides an exit status.

Status 0: fine. 1: a threshold the user set was passed. 2: usage or unreadable input.
3: an instruction or a core the model does not know, under ``--strict`` only. 70: a bug.
130: interrupted. 141: the reader of the output left.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, TextIO

from costmodel import __version__, lazily, streams
from costmodel.commands import Outcome
from costmodel.english import argparse
from costmodel.errors import CostmodelError, printable, shortened

# Command -> one line of help. Each is a module of costmodel.commands.
COMMANDS = {
    "estimate": "cycles of a path, per core",
    "compare": "what a change costs, per core, and why",
    "explain": "where the cycles go: timeline, causes, ports, lines, slots",
    "trace": "what ran, by perf's LBR or Intel PT: measured and modelled",
    "study": "variants x cores, questions answered with intervals",
    "record": "costs on record, and what the model says to each",
    "validate": "hold the model against measured blocks",
    "measure": "what a path takes on this CPU; it executes the code",
    "calibrate": "this CPU's figures, against the core file that describes it",
    "cores": "the cores there are, or one with every number's source",
    "demo": "the question this was built for, answered in one screen",
    "complete": "names for a shell: cores, figures, symbols of a file",
}
_BUG_STATUS = 70  # EX_SOFTWARE
_BAR = 30  # columns
_TOLD = 8  # what is left is told once this part of all is done
_SIGPIPE_STATUS = 141  # what the shell reports of a process killed by SIGPIPE


class _Parser(argparse.ArgumentParser):
    """Errors in the shape of all others, without the usage wall."""

    def _get_formatter(self) -> argparse.HelpFormatter:
        # One is made for each argument; left to find the width it loads shutil.
        return argparse.HelpFormatter(self.prog, width=streams.columns(80) - 2)

    def error(self, message: str) -> None:  # type: ignore[override]
        said = printable(shortened(message))
        self.exit(2, f"{self.prog}: {said}\n  try: {self.prog} --help\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        _write(file or sys.stderr, message.removesuffix("\n"))

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # ``--symbol=--`` names a symbol called "--"; argparse of 3.11 drops the value.
        if action.option_strings and action.nargs is None and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole parser, or with ``command`` that command alone."""
    parser = _Parser(
        prog="costmodel",
        description="A cycle-level cost model for x86-64 kernel entry paths.",
        epilog="exit status: 0 fine, 1 a threshold was passed, 2 usage or unreadable"
        " input, 3 unknown to the model under --strict, 70 a bug of costmodel",
    )
    parser.add_argument(
        "--version", action="version", version=f"costmodel {__version__}"
    )
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for name in COMMANDS if command is None else (command,):
        summary = COMMANDS[name]
        sub = subparsers.add_parser(name, help=summary, description=summary)
        import_module(f"costmodel.commands.{name}").add(sub)
    return parser


def main(argv: Sequence[str] | None = None, alone: bool = False) -> int:
    """Run one command. Returns its exit status; never shows a traceback.

    ``alone``: the process is this command's own, and modules may be imported without
    the parts that only others would use.
    """
    # Almost nothing here is cyclic, and looking for it is a seventh of one estimate.
    gc.set_threshold(1_000_000)
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = arguments[0] if arguments and arguments[0] in COMMANDS else None
    try:
        with streams.ends_orderly():
            if alone:
                _plain_modules()
            args = build_parser(chosen).parse_args(arguments)
            args.progress = _Progress()
            args.warn = _warn
            if alone:
                _plain_msgspec()
            command = import_module(f"costmodel.commands.{args.command}")
            outcome: Outcome = command.run(args)
            _write(sys.stdout, outcome.text)
            for note in outcome.notes:
                _write(sys.stderr, f"costmodel: {note}")
            return outcome.status
    except CostmodelError as error:
        _write(sys.stderr, f"costmodel: {error}")
        return _status(error, "--strict" in arguments)
    except streams.ReaderLeft:
        return _SIGPIPE_STATUS  # head, less: say nothing
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("COSTMODEL_DEBUG"):
            raise
        said = printable(shortened(f"{type(error).__name__}: {error}"))
        _write(sys.stderr, f"costmodel: a bug: {said}")
        _write(sys.stderr, "  try: COSTMODEL_DEBUG=1 shows where; please report it")
        return _BUG_STATUS


def program() -> NoReturn:
    """``main`` as a process of its own, which ends with it.

    What the process holds is left to the system: to take it apart, object by object,
    is an eighth of one estimate. What was written has been flushed.
    """
    status = main(alone=True)
    if threading.active_count() == 1 and not sys.flags.interactive:
        atexit._run_exitfuncs()
        os._exit(status)
    raise SystemExit(status)


def _plain_modules() -> None:
    """Import pathlib without urllib, which it asks for one function, and fractions
    without compiling what it reads text with: a fortieth of one estimate."""
    with lazily.imported():
        import_module("fractions")
    if {"pathlib", "urllib.parse"} & set(sys.modules):
        return
    without = ModuleType("urllib.parse")
    vars(without)["quote_from_bytes"] = _quoted
    sys.modules["urllib.parse"] = without
    try:
        import_module("pathlib")
    finally:
        del sys.modules["urllib.parse"]


def _quoted(*given: Any, **named: Any) -> str:
    """``urllib.parse.quote_from_bytes``, loaded when a path is made a URI."""
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(*given, **named)


def _plain_msgspec() -> None:
    """Import msgspec without what it brings and nothing here uses.

    Where typing_extensions is installed msgspec asks it for what typing has since
    Python 3.11, and it brings inspect and what inspect needs; uuid brings platform.
    Together they are a twelfth of one estimate.
    """
    if {"msgspec", "typing_extensions", "uuid"} & set(sys.modules):
        return
    without = ModuleType("uuid")  # whatever it is asked for is a class that is not used
    vars(without)["__getattr__"] = lambda name: type(name, (), {"unknown": None})
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    sys.modules["uuid"] = without
    try:
        with lazily.parts("msgspec", ("inspect", "msgpack", "toml", "yaml")):
            import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"], sys.modules["uuid"]


def _status(error: CostmodelError, strict: bool) -> int:
    """3 only where the user forbade guessing; what is refused anyway is unreadable."""
    return error.status if strict or error.status != 3 else 2


class _Progress:
    """How much is done, on stderr, once it is known to take its time.

    A terminal gets one line rewritten, from the third second on and gone when all is
    done. Anything else gets a line after ten seconds and whenever the time spent has
    doubled: a log tells that it goes on, and stays short. What is left is told when
    enough is done to tell it.
    """

    def __init__(self) -> None:
        self.started = self.begun = time.monotonic()  # all of it; this part of it
        self.live = sys.stderr is not None and sys.stderr.isatty()
        self.shown = False
        self.due = 2.0 if self.live else 10.0  # seconds

    def __call__(self, done: int, whole: int) -> None:
        now = time.monotonic()
        spent = now - self.started
        if done >= whole:
            self.begun = now
            if self.shown and self.live:
                streams.write(sys.stderr, f"\r{'':<70}\r")
            return
        if spent < self.due or not done:
            return
        self.shown = True
        line = f"{done} of {whole}"
        if done * _TOLD >= whole:
            left = (now - self.begun) * (whole - done) / done
            line += f", about {left:.0f} s left"
        if self.live:
            filled = _BAR * done // whole
            bar = "#" * filled + "-" * (_BAR - filled)
            streams.write(sys.stderr, f"\r{f'[{bar}] {line}':<70}")
        else:
            self.due = 2 * spent
            streams.write(sys.stderr, f"costmodel: {line}\n")


def _warn(text: str) -> None:
    """Something to know before the work begins, not after it."""
    _write(sys.stderr, f"costmodel: {text}")


def _write(stream: TextIO | None, text: str) -> None:
    if text:
        streams.write(stream, printable(text, keep="\n\t") + "\n")


if __name__ == "__main__":
    program()
