"""The command line. The only module that prints or decides an exit status.

Status 0: fine. 1: a threshold the user set was passed. 2: usage or unreadable input.
3: an instruction or a core the model does not know, where guessing is forbidden.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from costmodel import __version__
from costmodel.commands import Outcome
from costmodel.errors import CostmodelError

# Command -> one line of help. Each is a module of costmodel.commands.
COMMANDS = {
    "estimate": "cycles of a path, per core",
    "compare": "what a change costs, per core, and why",
    "explain": "where the cycles go: timeline, causes, ports, lines, slots",
    "study": "variants x cores, questions answered with intervals",
    "record": "costs on record, and what the model says to each",
    "validate": "hold the model against measured blocks",
    "measure": "what a path takes on this CPU; it executes the code",
    "calibrate": "this CPU's figures, against the core file that describes it",
    "cores": "the cores there are, or one with every number's source",
    "demo": "the question this was built for, answered on every core",
}
_BUG_STATUS = 70  # EX_SOFTWARE
_BAR = 30  # columns
_SIGPIPE_STATUS = 141  # what the shell reports of a process killed by SIGPIPE


class _Parser(argparse.ArgumentParser):
    """Errors in the shape of all others, without the usage wall."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}\n  try: {self.prog} --help\n")


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole parser, or with ``command`` the arguments of that command only."""
    parser = _Parser(
        prog="costmodel",
        description="A cycle-level cost model for x86-64 kernel entry paths.",
        epilog="exit status: 0 fine, 1 a threshold was passed, 2 usage or unreadable"
        " input, 3 unknown to the model under --strict",
    )
    parser.add_argument(
        "--version", action="version", version=f"costmodel {__version__}"
    )
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for name, summary in COMMANDS.items():
        sub = subparsers.add_parser(name, help=summary, description=summary)
        if command is None or command == name:
            import_module(f"costmodel.commands.{name}").add(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit status; never shows a traceback."""
    # Almost nothing here is cyclic, and looking for it is a seventh of one estimate.
    gc.set_threshold(100_000)
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((a for a in arguments if a in COMMANDS), None)
    try:
        args = build_parser(chosen).parse_args(arguments)
        args.progress = _Progress()
        args.warn = _warn
        outcome: Outcome = import_module(f"costmodel.commands.{args.command}").run(args)
        _write(sys.stdout, outcome.text)
        for note in outcome.notes:
            _write(sys.stderr, f"costmodel: {note}")
        return outcome.status
    except CostmodelError as error:
        _write(sys.stderr, f"costmodel: {error}")
        return error.status
    except BrokenPipeError:
        # The reader left (head, less): say nothing, now or at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SIGPIPE_STATUS
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("COSTMODEL_DEBUG"):
            raise
        _write(sys.stderr, f"costmodel: a bug: {type(error).__name__}: {error}")
        _write(sys.stderr, "  try: COSTMODEL_DEBUG=1 shows where; please report it")
        return _BUG_STATUS


class _Progress:
    """How much is done, on stderr, from the second second on.

    A terminal gets one line rewritten, gone when all is done. Anything else gets a line
    whenever the time spent has doubled: a log tells that it goes on, and stays short.
    """

    def __init__(self) -> None:
        self.started = self.begun = time.monotonic()  # all of it; this part of it
        self.live = sys.stderr.isatty()
        self.shown = False
        self.due = 1.0  # seconds

    def __call__(self, done: int, whole: int) -> None:
        now = time.monotonic()
        spent = now - self.started
        if done >= whole:
            self.begun = now
            if self.shown and self.live:
                print(f"\r{'':<70}\r", end="", file=sys.stderr, flush=True)
            return
        if spent < self.due or not done:
            return
        self.shown = True
        filled = _BAR * done // whole
        bar = "#" * filled + "-" * (_BAR - filled)
        left = f"{(now - self.begun) * (whole - done) / done:.0f} s left"
        line = f"[{bar}] {done} of {whole}, {left}"
        if self.live:
            print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)
        else:
            self.due = 2 * spent
            print(line, file=sys.stderr, flush=True)


def _warn(text: str) -> None:
    """Something to know before the work begins, not after it."""
    _write(sys.stderr, f"costmodel: {text}")


def _write(stream: object, text: str) -> None:
    if text:
        print(text, file=stream, flush=True)  # type: ignore[call-overload]


if __name__ == "__main__":
    raise SystemExit(main())
