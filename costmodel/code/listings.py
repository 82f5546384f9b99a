"""Listings of other tools than objdump, made into what objdump would print.

gdb (``disas /r``), WinDbg (``u``), IDA, ``go tool objdump`` and ``perf annotate`` show
the bytes of each instruction, or can be told to. The bytes are the code; the text
beside them is not read. A listing without bytes is refused with the way to get them.
"""

from __future__ import annotations

import re

from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

_PAIRS = r"(?:[0-9a-f]{2}[ \t]+)*[0-9a-f]{2}"


class Tool(NamedTuple):
    """How one tool writes: ``line`` is an instruction with bytes (groups ``at`` and
    ``bytes``, perhaps ``name`` and ``offset`` of a symbol), ``bare`` one without,
    ``head`` a line that names what follows."""

    name: str
    line: re.Pattern[str] | None
    bare: re.Pattern[str] | None
    head: re.Pattern[str] | None
    hint: str = ""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.I)


_GDB_AT = (
    r"^(?:=>)?[ \t]*0x(?P<at>[0-9a-f]+)"
    r"(?:[ \t]+<(?P<name>[^>+\s]*)(?:\+(?P<offset>\d+))?>)?:[ \t]+"
)
TOOLS = (
    Tool(
        "gdb or crash",
        _pattern(rf"{_GDB_AT}(?P<bytes>{_PAIRS})(?:\t|[ \t]*$)"),
        _pattern(rf"{_GDB_AT}[a-z]"),
        _pattern(r"^Dump of assembler code for function (?P<name>[^:\s]+):"),
        "gdb: disas /r FUNC; crash: gdb disas /r FUNC",
    ),
    Tool(
        "WinDbg",
        _pattern(
            r"^(?P<at>[0-9a-f]{8}`[0-9a-f]{8}) (?P<bytes>(?:[0-9a-f]{2}){1,15})"
            r"[ \t]+[a-z]"
        ),
        None,
        _pattern(r"^(?:\w+!)?(?P<name>[\w:~]+?)(?:\+0x[0-9a-f]+)?(?: \[.*\])?:$"),
    ),
    Tool(
        "IDA",
        _pattern(
            rf"^\.?\w+:(?P<at>[0-9A-F]{{8,16}})[ \t]+(?P<bytes>{_PAIRS})"
            r"(?=[ \t]{2,}|\t|$)"
        ),
        _pattern(r"^\.?\w+:(?P<at>[0-9A-F]{8,16})[ \t]+(?:[a-z]|$)"),
        None,
        "Options, General, Number of opcode bytes: 15",
    ),
    Tool(
        "go tool objdump",
        _pattern(
            r"^[ \t]+\S+:\d+[ \t]+0x(?P<at>[0-9a-f]+)[ \t]+"
            r"(?P<bytes>(?:[0-9a-f]{2}){1,15})[ \t]+[A-Z?]"
        ),
        None,
        _pattern(r"^TEXT (?P<name>\S+?)\(SB\)"),
    ),
    Tool(
        "perf annotate",
        _pattern(
            r"^[ \t]*(?:\d+\.\d+)?[ \t]*[:|\u2502][ \t]+(?P<at>[0-9a-f]+):[ \t]+"
            rf"(?P<bytes>{_PAIRS})(?=[ \t]{{2,}}|\t|$)"
        ),
        _pattern(
            r"^[ \t]*(?:\d+\.\d+)?[ \t]*[:|\u2502][ \t]+(?P<at>[0-9a-f]+):[ \t]+[a-z]"
        ),
        _pattern(
            r"^[ \t]*(?:\d+\.\d+)?[ \t]*[:|\u2502][ \t]+[0-9a-f]+ <(?P<name>[^>]+)>:"
        ),
        "perf annotate --stdio --asm-raw; perf script -F +brstackinsn shows what ran",
    ),
)
_MOST_LINES = 400  # looked at to know the tool


def tool_of(text: str) -> Tool | None:
    """The tool that wrote a listing, by its first instructions."""
    for line in text.splitlines()[:_MOST_LINES]:
        for tool in TOOLS:
            if any(p is not None and p.match(line) for p in (tool.line, tool.bare)):
                return tool
    return None


def as_objdump(text: str, tool: Tool, origin: str) -> str:
    """The listing as objdump would write it. Raises InputError where it has no bytes.

    A line more or less does not matter: no message counts lines of the result.
    """
    assert tool.line is not None
    made: list[str] = []
    waiting = ""
    named: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if tool.head is not None and (head := tool.head.match(line)):
            waiting = head["name"]
            continue
        found = tool.line.match(line)
        if found is None:
            if tool.bare is not None and tool.bare.match(line):
                raise InputError(
                    f"a listing of {tool.name} without the bytes of its instructions",
                    where=f"{origin}:{number}",
                    expected="bytes beside each instruction",
                    hint=tool.hint,
                )
            continue
        at = int(found["at"].replace("`", ""), 16)
        groups = found.groupdict()
        name, offset = groups.get("name") or waiting, int(groups.get("offset") or 0)
        if name and name not in named:
            named.add(name)
            shift = f"+{offset:#x}" if offset else ""
            made.append(f"{at:016x} <{name}{shift}>:")
        waiting = ""
        data = bytes.fromhex("".join(found["bytes"].split()))
        made.append(f"{at:x}:\t{data.hex(' ')}")
    return "\n".join(made)
