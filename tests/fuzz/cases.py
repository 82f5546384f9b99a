"""Hostile cases of every kind of input, each made from a kind and a seed alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.fuzz import code_cases, file_cases

SCENARIOS = ("once", "roundtrip", "unroll", "opcache", "loop")
FORMATS = ("text", "json", "markdown", "csv", "html")
COLD = ("stack=l3", "all=mem", "code=l2,data=l3", "frame=l2", "all=l1", "heap=l3", "")


class Case(NamedTuple):
    """One command: its arguments, the files beside it and what it reads."""

    kind: str
    seed: int
    arguments: tuple[str, ...]
    files: dict[str, bytes]
    stdin: bytes = b""


# Of a hundred cases, so many of each kind. Assembly waits for an assembler.
SHARES = {
    "hex": 28, "elf": 14, "assembly": 2, "core": 13, "set": 12, "study": 9, "record": 3,
    "csv": 7, "listing": 8, "options": 4,
}  # fmt: skip


def case(kind: str, seed: int) -> Case:
    """The case of a kind and a seed: always the same."""
    rng = random.Random(f"{kind}:{seed}")
    arguments, files, stdin = _MAKERS[kind](rng)
    return Case(kind, seed, tuple(arguments), files, stdin)


def kind_of(seed: int) -> str:
    """The kind of the case with this number, in the shares of ``SHARES``."""
    kinds, shares = list(SHARES), list(SHARES.values())
    return random.Random(f"kind:{seed}").choices(kinds, shares)[0]


Made = tuple[list[str], dict[str, bytes], bytes]


def model_options(rng: random.Random) -> list[str]:
    """How a path is run: a core, perhaps a scenario and more."""
    cores = ("skylake", "zen5", "k10", "bulldozer", "goldencove", "zen2", "lioncove")
    chosen = ["-u", rng.choice(cores)]
    if rng.random() < 0.6:
        chosen += ["--scenario", rng.choice(SCENARIOS)]
    if rng.random() < 0.3:
        chosen += ["--align", str(rng.randrange(64))]
    if rng.random() < 0.3:
        chosen += ["--format", rng.choice(FORMATS)]
    if rng.random() < 0.1:
        chosen += ["--cold", rng.choice(COLD)]
    if rng.random() < 0.2:
        chosen.append("--strict")
    return chosen


def path_command(rng: random.Random, source: str) -> list[str]:
    """A command that takes one path, or the same path twice."""
    if rng.random() < 0.08:
        other = source if rng.random() < 0.5 else "other.hex"
        draws = str(rng.choice((0, 0, 1, 3)))
        return ["compare", source, other, *model_options(rng), "--draws", draws]
    if rng.random() < 0.15:
        options = [
            o for o in model_options(rng) if o not in ("markdown", "csv", "html")
        ]
        if options[-1] == "--format":
            options.pop()
        if "--format" in options and options[options.index("--format") + 1] not in (
            "text", "json",
        ):  # fmt: skip
            options.remove("--format")
        return ["explain", source, *options]
    return ["estimate", source, *model_options(rng)]


def _from_stdin(text: bytes, rng: random.Random, name: str) -> Made:
    files = {"other.hex": b"90 c3\n"}
    if rng.random() < 0.5 and name:
        files[name] = text
        return path_command(rng, name), files, b""
    command = path_command(rng, "-")
    if command[0] == "compare":
        command[2] = "other.hex"
    return command, files, text


def _hex(rng: random.Random) -> Made:
    return _from_stdin(code_cases.hex_text(rng), rng, "code.hex")


def _elf(rng: random.Random) -> Made:
    data = code_cases.elf(rng)
    command, files, stdin = _from_stdin(data, rng, "vmlinux")
    if rng.random() < 0.5:
        command += ["--symbol", code_cases.selector(rng)]
    if rng.random() < 0.1:
        command += ["--take", code_cases.selector(rng)]
    return command, files, stdin


def _assembly(rng: random.Random) -> Made:
    command, files, stdin = _from_stdin(code_cases.assembly(rng), rng, "code.S")
    if rng.random() < 0.3:
        command += ["--take", rng.choice(("1b", "out", "f*3", "code.S:3", "f=g", "g"))]
    return command, files, stdin


def _listing(rng: random.Random) -> Made:
    command, files, stdin = _from_stdin(code_cases.listing(rng), rng, "code.txt")
    if rng.random() < 0.3:
        command += ["--symbol", code_cases.selector(rng)]
    return command, files, stdin


def _core(rng: random.Random) -> Made:
    files = {"x.yaml": file_cases.core(rng), "code.hex": code_cases.hex_text(rng)}
    if rng.random() < 0.3:
        return (
            ["cores", "./x.yaml", *rng.choice(([], ["--check"], ["--json"]))],
            files,
            b"",
        )
    command = path_command(rng, "code.hex")
    command[command.index("-u") + 1] = "./x.yaml"
    files["other.hex"] = b"90"
    return command, files, b""


def _set(rng: random.Random) -> Made:
    command = path_command(rng, "code.hex")
    files = {"code.hex": code_cases.hex_text(rng, short=True), "other.hex": b"90"}
    if command[0] == "explain":
        command = ["estimate", "code.hex", *model_options(rng)]
    if rng.random() < 0.15:
        first = file_cases.figure(rng)
        ends = f"{file_cases.number(rng)}:{file_cases.number(rng)}"
        command += ["--sweep", f"{first}={ends}:{rng.choice((0, 1, 2, 3, -1))}"]
        return command, files, b""
    for _ in range(rng.choice((1, 1, 2, 4))):
        command += ["--set", f"{file_cases.figure(rng)}={file_cases.number(rng)}"]
    return command, files, b""


def _study(rng: random.Random) -> Made:
    files = {"s.yaml": file_cases.study(rng), "a.hex": b"4801d8", "b.hex": b"90c3"}
    command = [
        "study",
        "s.yaml",
        "-u",
        "skylake",
        "--draws",
        str(rng.choice((0, 1, 2))),
    ]
    if rng.random() < 0.3:
        command += ["--format", rng.choice(FORMATS)]
    return command, files, b""


def _record(rng: random.Random) -> Made:
    files = {"r.yaml": file_cases.record(rng), "a.hex": b"4801d8", "b.hex": b"90c3"}
    files["m.csv"] = b"variant,mode,scenario,hex,cycles\nv,m,loop,90,1\nb,m,loop,90,1\n"
    return ["record", "r.yaml", "-u", "skylake", "--draws", "1"], files, b""


def _csv(rng: random.Random) -> Made:
    command = ["validate", "b.csv", "-u", rng.choice(("skylake", "zen5", "k10"))]
    if rng.random() < 0.7:
        command += ["--scenario", rng.choice(SCENARIOS)]
    for option, values in (
        ("--column", ("cycles", "hex", "", "x\ty")),
        ("--worst", ("0", "3", "-1", "9" * 30)),
        ("--limit", ("0", "1", "-2", "x")),
        ("--by", ("size", "mechanism", "all", "none", "colour", ",")),
        ("--out", ("o.csv", "no/such/o.csv", ".")),
    ):
        if rng.random() < 0.12:
            command += [option, rng.choice(values)]
    if rng.random() < 0.3:
        command.append("--json")
    return command, {"b.csv": file_cases.blocks(rng)}, b""


def _options(rng: random.Random) -> Made:
    files = {"a.hex": b"4801d8480fafc3", "b.hex": b"90c3", "f.S": code_cases.STUB}
    return file_cases.options(rng), files, b"90"


_MAKERS: dict[str, Callable[[random.Random], Made]] = {
    "hex": _hex,
    "elf": _elf,
    "assembly": _assembly,
    "core": _core,
    "set": _set,
    "study": _study,
    "record": _record,
    "csv": _csv,
    "listing": _listing,
    "options": _options,
}
