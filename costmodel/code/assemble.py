"""Source text to an ELF object, through whichever assembler the machine has.

The tools run under limits of time, memory and output, in a directory that goes away,
so that a runaway macro costs a message and not the machine.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path as FilePath

from costmodel import lazily
from costmodel.code import scratch
from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

CPU_SECONDS = 4
WALL_SECONDS = 10
MEMORY_KIB = 1 << 20
ZIG_MEMORY_KIB = 4 << 20  # zig reserves more address space than it touches
OUTPUT_BLOCKS = 1 << 16  # of 512 or 1024 bytes, as the shell counts
DIAGNOSTIC_BYTES = 1 << 20

_TRIPLE = "x86_64-linux-gnu"
# A diagnostic of gas, cpp or clang: file, line, perhaps a column, severity, text.
_ERROR = lazily.pattern(
    r"^(?P<file>[^\n]*?):(?P<line>\d+):(?:\d+:)?\s*"
    r"(?P<kind>Fatal error|fatal error|Error|error|Info|note):\s*(?P<text>.*)$"
)
_FRAME = ("macro invoked from here", "while in macro instantiation")
_NOT_KNOWN = lazily.pattern(r"no such instruction|invalid instruction mnemonic")

_C_WORD = lazily.pattern(r"instruction:? [`'](?:typedef|struct|extern|static|enum)\b")


class Assembler(NamedTuple):
    """A command that takes gcc's options, and what limits suit it."""

    name: str
    command: tuple[str, ...]
    memory_kib: int = MEMORY_KIB


class Source(NamedTuple):
    """Assembly text and how to read it.

    ``name`` appears in messages and in the line table. ``directory`` is where files it
    includes by a relative name are looked for, then in ``includes``, then in the
    current directory. ``aliases`` are (prefix of a path, what to show instead).
    """

    text: str
    name: str
    cpp: bool = True
    intel: bool = False
    directory: str = ""
    includes: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    forced: tuple[str, ...] = ()  # included before the text

    def shown(self, text: str) -> str:
        """``text`` with the paths in it as the user knows them."""
        here = _here()
        for prefix, alias in (*self.aliases, *([(f"{here}/", "")] if here else [])):
            text = text.replace(prefix, alias)
        return text


class _Outcome(NamedTuple):
    data: bytes
    diagnostics: str
    status: int  # as subprocess gives it: negative for a signal
    timed_out: bool
    seconds: float


def _here() -> FilePath | None:
    """The current directory; None if it has been removed."""
    try:
        return FilePath.cwd()
    except OSError:
        return None


def assemblers() -> list[Assembler]:
    """The assemblers there are, best first: gcc, clang, the ziglang wheel."""
    found = []
    native = os.uname().machine == "x86_64"
    for name in ("gcc", f"{_TRIPLE}-gcc") if native else (f"{_TRIPLE}-gcc",):
        if path := scratch.which(name):
            found.append(Assembler(name, (path, "-m64", "-pipe")))
            break
    if path := scratch.which("clang"):
        quiet = "-Wno-unused-command-line-argument"
        found.append(Assembler("clang", (path, f"--target={_TRIPLE}", quiet)))
    if importlib.util.find_spec("ziglang") is not None:
        zig = (sys.executable, "-m", "ziglang", "cc", "-target", _TRIPLE)
        found.append(Assembler("zig", zig, ZIG_MEMORY_KIB))
    return found


def assemble(source: Source, tools: Sequence[Assembler] | None = None) -> bytes:
    """The object file, with line table and local labels. Raises InputError.

    An instruction the first assembler is too old for is offered to the next one.
    """
    usable = list(assemblers() if tools is None else tools)
    if not usable:
        raise InputError(
            "no assembler found",
            where=source.name,
            expected="gcc, clang or the ziglang wheel",
            hint="apt install gcc, or pip install ziglang; objects (.o), objdump"
            " text and hex need none",
        )
    first: InputError | None = None
    for tool in usable:
        outcome = _run(tool, source)
        if outcome.status == 0 and outcome.data:
            return outcome.data
        error = _explain(tool, source, outcome)
        first = first or error
        if not _NOT_KNOWN.search(error.found):
            break
    assert first is not None
    raise first


def _run(tool: Assembler, source: Source) -> _Outcome:
    prologue = ".intel_syntax noprefix; " if source.intel else ""
    quoted = source.name.replace("\\", "\\\\").replace('"', '\\"')
    # The line marker gives messages and line table the name the user knows.
    marker = f'#line 1 "{quoted}"\n' if source.cpp else f'# 1 "{quoted}"\n'
    text = marker + prologue + source.text
    if not text.endswith("\n"):
        text += "\n"
    # The tools run in the scratch directory, or cpp would prefer a header that happens
    # to lie in the current one to its namesake beside the source.
    here = _here()
    names = (source.directory, *source.includes, ".")
    paths = [FilePath(here or "/", n) for n in names if here or n.startswith("/")]
    with scratch.directory() as folder:
        work = FilePath(folder)
        output, errors, given = work / "out.o", work / "errors", work / "in"
        given.write_bytes(text.encode("utf-8", "surrogateescape"))
        command = [
            *tool.command,
            "-c",
            "-g",
            "-Wa,-L",
            "-D__ASSEMBLY__",
            *(f"-D{define}" for define in source.defines),
            *(f"-I{path}" for path in paths),
            *(
                w
                for f in source.forced
                for w in ("-include", str(FilePath(f).absolute()))
            ),
            "-x",
            "assembler-with-cpp" if source.cpp else "assembler",
            "-o",
            str(output),
            "-",
        ]
        started = time.monotonic()
        status, timed_out = _limited(command, given, errors, folder, tool.memory_kib)
        seconds = time.monotonic() - started
        with errors.open("rb") as stream:
            diagnostics = stream.read(DIAGNOSTIC_BYTES).decode("utf-8", "replace")
        data = output.read_bytes() if status == 0 and output.is_file() else b""
        return _Outcome(data, diagnostics, status, timed_out, seconds)


def _limited(
    command: Sequence[str],
    given: FilePath,
    errors: FilePath,
    folder: str,
    memory_kib: int,
) -> tuple[int, bool]:
    """Run under limits; all processes of the command end with it."""
    script = (
        f"ulimit -t {CPU_SECONDS}; ulimit -v {memory_kib}; ulimit -f {OUTPUT_BLOCKS};"
        f" ulimit -c 0; exec {shlex.join(command)}"
    )
    environment = dict(os.environ, LC_ALL="C", LANGUAGE="C", TMPDIR=folder)
    with given.open("rb") as stdin, errors.open("wb") as stderr:
        process = subprocess.Popen(
            ["/bin/sh", "-c", script],
            stdin=stdin,
            stdout=stderr,
            stderr=stderr,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            return process.wait(WALL_SECONDS), False
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL, True
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _explain(tool: Assembler, source: Source, outcome: _Outcome) -> InputError:
    text = source.shown(outcome.diagnostics)
    endless = _endless(outcome)
    errors = _errors(text.splitlines())
    if endless and not errors:
        return InputError(
            f"{tool.name} gave up: {endless}",
            where=_suspect(source),
            expected="source that assembles within"
            f" {CPU_SECONDS} s, {MEMORY_KIB >> 20} GiB and {OUTPUT_BLOCKS >> 10} MiB",
            hint="look for a .rept, .org or macro without an end",
        )
    if not errors:
        said = next((line for line in text.splitlines() if line.strip()), "")
        fate = f"failed with status {outcome.status}"
        if outcome.status < 0:
            fate = f"was killed by signal {-outcome.status}"
        elif not outcome.status:
            fate = "wrote no object"
        return InputError(
            f"{tool.name} {fate}: {said}".rstrip(": "),
            where=source.name,
            expected="x86-64 assembly",
            hint=f"run it by hand: {tool.name} -c {source.name}",
        )
    where, message, inside = errors[0]
    more = len(errors) - 1
    if inside:
        message += f" (in the macro at {inside})"
    if more:
        message += f" ({more} more error{'s' if more > 1 else ''})"
    hint = ""
    if _C_WORD.search(message):
        hint = "C declarations: -D what keeps the header's C part away from assembly"
    elif _NOT_KNOWN.search(message):
        hint = "check the spelling; for an instruction too new for this assembler,"
        hint += " pip install ziglang, or write it as .byte"
    elif "nested too deeply" in message or "Too many open files" in message:
        hint = "a macro or file that includes itself: give it an end"
    elif "#error" in message:
        hint = "-D NAME[=VALUE] defines what the build of this file would"
    elif "No such file" in message:
        hint = "-I DIR says where headers are, or preprocess the file first"
    return InputError(message, where=where, expected="x86-64 assembly", hint=hint)


def _endless(outcome: _Outcome) -> str:
    """Which limit was passed, or an empty string."""
    text = outcome.diagnostics
    if outcome.timed_out:
        return f"no end after {WALL_SECONDS} s"
    if "out of memory" in text or "virtual memory exhausted" in text:
        return "out of memory"
    if "File size limit" in text or outcome.status in (-signal.SIGXFSZ,):
        return "the object grew past its limit"
    killed = re.search(r"Killed signal|command: Killed|CPU time limit", text)
    if killed or outcome.status in (-signal.SIGKILL, -signal.SIGXCPU):
        # The limit of CPU time kills; so does much else, and sooner.
        if outcome.seconds >= 0.9 * CPU_SECONDS:
            return f"no end after {CPU_SECONDS} s of CPU time"
    return ""


def _errors(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """(where, message, macro line): where is the line that invoked the macro."""
    found: list[tuple[str, str, str]] = []
    for line in lines:
        match = _ERROR.match(line)
        if match is None:
            continue
        place = f"{match['file']}:{match['line']}"
        text = match["text"].strip()
        if match["kind"] in ("Info", "note"):
            if found and text in _FRAME:
                _, message, inside = found[-1]
                inner = inside or found[-1][0]
                found[-1] = (place, message, inner)
        else:
            found.append((place, text, ""))
    # clang places errors of macro bodies in "<instantiation>": no use to anybody.
    return [
        (where, text, "" if inside.startswith("<") else inside)
        for where, text, inside in found
    ]


def _suspect(source: Source) -> str:
    """The first line that could grow without end, as the place to look."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\.(?:rept|irpc?|macro|org|fill|skip|space|zero)\b", line):
            return f"{source.name}:{number}"
    return source.name
