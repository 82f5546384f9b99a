"""Files of the project's own making as hostile input: cores, studies, tables, options."""
# ruff: noqa: E501 the tables of bad values

from __future__ import annotations

import random
from functools import cache
from typing import Any

import yaml

from tests.fuzz.code_cases import NAMES, instructions, mutated
from tests.tiny import TINY

NUMBERS = (
    "0", "1", "2", "3", "5", "8", "16", "33", "48", "63", "64", "65", "100", "512", "513",
    "1000", "1024", "1025", "4096", "4097", "65535", "65536", "65537", "100000", "100001",
    "1000000", "9000000", "10000001", "2147483648", "9223372036854775807",
    "9223372036854775808", "1e30", "1e400", "-1", "-0.0", "0.5", "1e-320", "nan", "inf",
    "true", "false", "none", "''", "x", "0x10", "010", "1_000", "9" * 40,
)  # fmt: skip


def number(rng: random.Random) -> str:
    return rng.choice(NUMBERS)


@cache
def _figures() -> tuple[str, ...]:
    from costmodel.cores import fields
    from costmodel.cores.load import load_core

    known = [path for path, _ in fields.paths()]
    costs = [
        path for path in load_core("skylake").evidence if path.startswith("costs.")
    ]
    return (
        *known,
        *known,
        *known,
        *costs[::9],
        "window.schedulers.0.entries",
        "nothing",
    )


def figure(rng: random.Random) -> str:
    core = rng.choice(("", "", "", "skylake.", "zen5.", "nobody."))
    return core + rng.choice(_figures())


def core(rng: random.Random) -> bytes:
    """A small core, or an heir of a shipped one, with figures changed."""
    if rng.random() < 0.5:
        return mutated(rng, TINY.encode(), 0.8)
    base = rng.choice(("skylake", "zen5", "k10", "_zen", "x", "haswell"))
    tree: dict[str, Any] = {"title": "t", "source": "assumed", "spread": 0.1}
    for _ in range(rng.choice((1, 1, 2, 4))):
        *parts, last = rng.choice(_figures()).split(".")
        here = tree
        for part in parts:
            below = here.setdefault(part, {})
            if not isinstance(below, dict):
                break
            here = below
        value: Any = _plain(number(rng))
        if rng.random() < 0.2:
            value = {
                "value": value,
                "low": _plain(number(rng)),
                "high": _plain(number(rng)),
            }
        here[last] = value
    if rng.random() < 0.15:
        names = [f"p{k}" for k in range(rng.choice((1, 2, 33, 64, 65, 300)))]
        tree["ports"] = {"names": names}
    if rng.random() < 0.15:
        count = rng.choice((0, 1, 17, 64, 65, 1000))
        entry = {"ports": ["0"], "entries": 4}
        tree["window"] = {"schedulers": [dict(entry) for _ in range(count)]}
    text = f"extends: {base}\n" + yaml.safe_dump(tree, sort_keys=False)
    return mutated(rng, text.encode(), 0.2)


def _plain(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text


def study(rng: random.Random) -> bytes:
    """Questions of every kind, with fields missing, empty, wrong or unknown."""
    wild: tuple[Any, ...] = (
        "", "a", "b", "c", None, 0, -1, 7, float("nan"), [], {}, True, "x" * 400, "a\0b",
        "\x1b[31m", "../..", "once", "Roundtrip",
    )  # fmt: skip

    def mostly(value: Any) -> Any:
        return value if rng.random() < 0.93 else rng.choice(wild)

    def question(k: int) -> dict[str, Any]:
        kinds = ("cost", "difference", "break_even", "mix", "lines", "commits", "unset")
        kind = rng.choice(kinds)
        made = {
            "id": mostly(f"q{k}"), "question": mostly("How much?"), "kind": mostly(kind),
            "after": mostly("b"), "sentence": mostly("{value} {low} {high} {uarch}"),
        }  # fmt: skip
        if rng.random() < (0.1 if kind in ("cost", "unset") else 0.9):
            made["before"] = mostly("a")
        if rng.random() < 0.3:
            made["scenario"] = mostly(
                rng.choice(("once", "loop", "roundtrip", "unroll"))
            )
        if rng.random() < (0.9 if kind in ("mix", "break_even") else 0.05):
            pair = {"before": mostly("a"), "after": mostly("b"), "share": mostly(0.5)}
            made["slow"] = mostly([pair] * rng.choice((1, 1, 2, 0)))
        if rng.random() < 0.2:
            made["cold"] = mostly({"stack": mostly("l3")})
        if rng.random() < 0.3:
            made["claim"] = mostly({"source": "s", "says": "t", "below": mostly(1)})
        if rng.random() < 0.2:
            point = {"uarch": mostly("k10"), "value": mostly(1), "low": mostly(0),
                     "high": mostly(rng.choice((2, 1e300, float("inf")))),
                     "source": mostly("s")}  # fmt: skip
            made["measured"] = mostly([point] * rng.choice((1, 1, 2)))
        if rng.random() < 0.05:
            made[rng.choice(("befor", "uarch", "\x1b", "id "))] = 1
        return {key: value for key, value in made.items() if rng.random() < 0.98}

    whole: dict[str, Any] = {
        "title": mostly("t"), "draws": mostly(1),
        "paths": mostly({"a": mostly("a.hex"), "b": mostly("b.hex")}),
        "questions": mostly([question(k) for k in range(rng.choice((1, 1, 2, 3)))]),
    }  # fmt: skip
    for key, value in (
        ("take", {"a": ["x"]}),
        ("regions", {"a": "x"}),
        ("cores", ["k10"]),
        ("symbols", {"a": mostly("x")}),
        ("into", {"a": [mostly("x")]}),
        ("with", {"a": [mostly("rax=1")]}),
        ("features", {"a": mostly(rng.choice(("none", "default", "pti,pcid")))}),
    ):
        if rng.random() < 0.08:
            whole[key] = mostly(value)
    return mutated(rng, yaml.safe_dump(whole, sort_keys=False).encode(), 0.15)


def record(rng: random.Random) -> bytes:
    kinds = ("", "cost", "difference", "lines", "bytes", "align", "return", "price")
    row: dict[str, Any] = {
        "id": "r", "source": "s", "cpu": "c", "claim": "d", "kind": rng.choice(kinds),
        "before": rng.choice(("a", "b", "", "z")), "after": rng.choice(("a", "b", "", 3)),
        "scenario": rng.choice(("once", "loop", "onec")),
        "unit": rng.choice(("cycles", "ns", "s")),
    }  # fmt: skip
    if rng.random() < 0.5:
        row["expect"] = {"low": rng.choice((0, 5, -1)), "high": rng.choice((1, 9, "x"))}
    whole: dict[str, Any] = {"paths": {"a": "a.hex", "b": "b.hex"}, "rows": [row]}
    if rng.random() < 0.4:
        setting = {"mode": rng.choice(("m", "n")), "says": "s"}
        if rng.random() < 0.3:
            setting["behind"] = rng.choice(("", "return", "syscall", "x"))
        whole["measured"] = {
            "core": rng.choice(("skylake", "zen5", "nobody")), "source": "s",
            "file": rng.choice(("m.csv", "none.csv", "a\0b", ".")), "tolerance": 1,
            "base": rng.choice(("b", "x")), "rows": [{"variant": "v", "says": "t"}],
            "settings": [setting],
        }  # fmt: skip
    return mutated(rng, yaml.safe_dump(whole).encode(), 0.15)


def blocks(rng: random.Random) -> bytes:
    header = rng.choice(
        ("hex,cycles", "hex,cycles,scenario", "hex,cycles,loop_ctr", "cycles,hex", "hex,x",
         "hex,cycles,cycles", "\ufeffhex,cycles", "")
    )  # fmt: skip
    names = header.split(",")
    rows = []
    for _ in range(rng.choice((0, 1, 2, 5))):
        cells = {
            "hex": instructions(rng, 10).hex(),
            "cycles": rng.choice(("1", "2.5", "", "0", "-1", "nan", "1e-320", "1e308", "x",
                                  number(rng))),
            "scenario": rng.choice(("", "loop", "unroll", "onec", "once")),
            "loop_ctr": rng.choice(("", "r15", "%rax", "eax", "rsp")),
        }  # fmt: skip
        rows.append(",".join(cells.get(name, "") for name in names))
    return mutated(rng, ("\n".join([header, *rows]) + "\n").encode(), 0.3)


def options(rng: random.Random) -> list[str]:
    """Arguments nobody would give together, or at all."""
    command = rng.choice(
        ("estimate", "compare", "explain", "validate", "cores", "study")
    )
    names = (
        "--uarch", "--symbol", "--take", "--into", "--region", "--scenario", "--align",
        "--set", "--sweep", "--cold", "--draws", "--format", "--plot", "--plot-kind",
        "--fail-above", "-D", "-I", "-u", "--out", "--by", "--column", "--worst", "--limit",
        "--no-such", "--what-if", "--strict", "--json", "--intel", "--check", "-h",
    )  # fmt: skip
    values = (
        *NAMES, "skylake", "once", "64", "-1", "all", "3", "1e5", "nan", "o.svg", "x.png/y",
        "window.rob=64", "window.rob=1:2:3", "skylake,zen5", "\udcff", "9" * 30, "a" * 5000,
        "stack=l3", "=", ",", "..", "./nothing.yaml", "f.S:2", "0x7fffffffffffffff",
    )  # fmt: skip
    files = (
        "a.hex",
        "b.hex",
        "f.S",
        "-",
        "none",
        "",
        ".",
        "a.hex",
        "f.S",
        "HEAD:a",
        "..x",
    )
    out = [command]
    for _ in range({"compare": 2, "cores": 0}.get(command, 1)):
        out.append(rng.choice(files))
    if rng.random() < 0.8 and command not in ("cores", "study"):
        out += ["-u", rng.choice(("skylake", "zen5"))]
    if command == "compare" and rng.random() < 0.9:
        out += ["--draws", "2"]
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        name, value = rng.choice(names), rng.choice(values).replace("\0", "")
        out += rng.choice(([f"{name}={value}"], [name, value], [name], [f"{name}=--"]))
    return out
