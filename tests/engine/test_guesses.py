"""Assumed figures of a core are shown, unless no value of them could be felt."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from msgspec.structs import replace

from costmodel import api
from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path, Step
from costmodel.cores.load import load_core, with_values
from costmodel.engine.estimate import estimate
from costmodel.engine.guesses import guesses
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation

STUBS = File(__file__).parents[2] / "stubs"
ENTRY = str(STUBS / "top-of-stack/v3.16-fast.S")
HEX = {
    "nops": "90 90 90",
    "store": "48897c2440",
    "store and load": "48897c2440 488b7c2440",
    "load part of a store": "48897c2440 8b7c2444",
    "gs load": "65488b042500000000",
    "length prefix": "66b83412",
    "narrow": "0fb607 480fbe06",
    "pushes": "50 51 58",
}


def path_of(code: str) -> Path:
    """One of ``HEX``, or a file."""
    if code not in HEX:
        return api.load_path(code)
    insns = decode_bytes(bytes.fromhex(HEX[code]))
    return Path(code, tuple(Step(insn) for insn in insns), origin=code)


def shown(
    code: str, core: str, scenario: str = "once", cold: dict[str, str] | None = None
) -> set[str]:
    found = estimate(path_of(code), load_core(core), scenario=scenario, cold=cold or {})
    return {g.what for g in found.guesses if not g.what.startswith("costs.")}


def test_a_figure_every_path_feels_is_shown_with_its_interval() -> None:
    found = {g.what: g for g in estimate(path_of("nops"), load_core("skylake")).guesses}
    known = load_core("skylake").evidence["window.retire_latency"]
    guess = found["window.retire_latency"]
    assert (guess.value, guess.low, guess.high) == (known.value, known.low, known.high)


@pytest.mark.parametrize(
    ("code", "figure", "there"),
    [
        ("nops", "memory.forward_address", False),
        ("store and load", "memory.forward_address", True),
        ("gs load", "memory.segment_extra", True),
        ("store", "memory.segment_extra", False),
        ("store and load", "memory.sign_extend_extra", False),
        ("narrow", "memory.sign_extend_extra", True),
        ("store and load", "memory.forward_narrow", False),
        ("load part of a store", "memory.forward_narrow", True),
        ("nops", "rename.stack_engine.limit", False),
        ("pushes", "rename.stack_engine.limit", True),
        ("pushes", "front_end.microcode_uops", False),
        ("nops", "window.rob", False),  # three uops do not fill 60 entries
    ],
)
def test_what_a_path_cannot_feel_is_left_out(
    code: str, figure: str, there: bool
) -> None:
    assert (figure in shown(code, "k10") | shown(code, "nehalem")) is there


def test_only_cold_lines_feel_the_levels_they_are_in() -> None:
    warm = shown(ENTRY, "k10")
    assert not warm & {"memory.memory_latency", "memory.fill_buffers"}
    near = shown(ENTRY, "k10", cold={"stack": "l3"})
    assert "memory.fill_buffers" in near
    assert "memory.memory_latency" not in near
    assert "memory.memory_latency" in shown(ENTRY, "k10", cold={"stack": "mem"})


def test_only_code_from_the_uop_cache_feels_it() -> None:
    cached = "front_end.uop_cache.lines_per_window"
    assert cached not in shown(ENTRY, "zen4", "once")
    assert cached in shown(ENTRY, "zen4", "roundtrip")


def test_what_a_core_is_called_and_how_it_was_measured_is_never_shown() -> None:
    shown_ = shown(ENTRY, "lioncove", "roundtrip")
    assert not {"ghz", "year", "measured_at"} & shown_


@pytest.mark.parametrize("core", ["k10", "lioncove", "zen4", "nehalem"])
@pytest.mark.parametrize(
    ("code", "scenario"),
    [(ENTRY, "once"), (ENTRY, "roundtrip")]
    + [(code, "once") for code in HEX]
    + [(code, "loop") for code in ("nops", "store and load")]
    + [("store and load", "opcache")],
)
def test_no_other_value_of_a_figure_left_out_changes_the_cycles(
    code: str, scenario: str, core: str
) -> None:
    loaded = load_core(core)
    path = path_of(code)
    settings = Settings.of(loaded.core, scenario)
    run = Simulation(path, loaded)
    stated = run.cycles(settings)
    said = {g.what for g in guesses(run, settings)}
    for name, known in loaded.evidence.items():
        if not known.assumed or name in said or name.startswith("costs."):
            continue
        for value in {known.low, known.high} - {known.value}:
            figure = int(value) if known.integer else value
            other = replace(loaded, core=with_values(loaded, {name: figure}))
            found = Simulation(path, other).cycles(settings)
            assert found == stated, (name, value)
