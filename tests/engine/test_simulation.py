"""One way to run: the same settings give the same cycles, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path as File
from typing import Any

import pytest
from msgspec.structs import replace

from costmodel import api, data
from costmodel.cores.load import load_core, with_values
from costmodel.engine import layout
from costmodel.engine.blocks import rate, simulation
from costmodel.engine.estimate import estimate
from costmodel.engine.figures import moves
from costmodel.engine.report import report
from costmodel.engine.settings import Settings
from costmodel.engine.simulation import Simulation
from costmodel.errors import CoreError, UsageError
from costmodel.studies.draws import columns, leaves, sample
from costmodel.studies.whatif import what_if
from tools.outputs import blocks

STUBS = data.stubs_dir() / "top-of-stack"
CORES = ("sandybridge", "skylake", "zen2", "zen5")
FORWARD = bytes.fromhex("488b042448030148890424")


def path(name: str = "v3.16-fast.S") -> api.Path:
    return api.load_path(str(File(STUBS) / name))


def of_core(core: str, scenario: str, **more: Any) -> tuple[Simulation, Settings]:
    loaded = load_core(core)
    return Simulation(path(), loaded), Settings.of(loaded.core, scenario, **more)


def at(core: str, scenario: str, values: Mapping[str, Any]) -> Fraction:
    """Cycles of the path on a core that has the values, laid out anew."""
    loaded = load_core(core)
    changed = replace(loaded, core=with_values(loaded, values))
    settings = Settings.of(changed.core, scenario)
    return Simulation(path(), changed).cycles(settings)


@pytest.mark.parametrize("scenario", ["once", "roundtrip", "opcache", "loop"])
@pytest.mark.parametrize("core", ["skylake", "haswell", "icelake", "zen3", "zen5"])
def test_a_draw_is_what_the_core_with_its_figures_gives(
    core: str, scenario: str
) -> None:
    run, settings = of_core(core, scenario)
    figures = leaves(run.loaded, run.rows(settings))
    drawn = run.draws(settings, columns(figures, 6), 6)
    for values, cycles in zip(sample(figures, 6), drawn, strict=True):
        assert cycles == at(core, scenario, values), values


# Figures that change how the path is laid out, not only what it is made of.
OTHERWISE: tuple[dict[str, Any], ...] = (
    {"front_end.redirect": 31},
    {"memory.load_latency": 7, "front_end.redirect": 9},
    {"front_end.uop_cache.line_uops": 3},
    {"rename.stack_engine.sync_reads": False},
    {"costs.alu.r,r.uops.0.latency": 3},
    {"costs.swapgs..microcode": 9, "costs.swapgs..latency": 40},
    {"costs.syscall..filler": 0, "costs.syscall..microcode": 0},
    {"window.schedulers.0.entries": 12},
    {"memory.alias_4k": 0},
    {"front_end.uop_cache.enter": "branch"},
)


@pytest.mark.parametrize("values", OTHERWISE, ids=lambda v: next(iter(v)))
@pytest.mark.parametrize("core", ["skylake", "zen5"])
def test_any_figure_can_be_set_to_another_value(
    core: str, values: dict[str, Any]
) -> None:
    run, settings = of_core(core, "roundtrip")
    assert run.cycles(settings, values) == at(core, "roundtrip", values)
    assert run.cycles(settings) == at(core, "roundtrip", {})


def test_draws_with_cold_lines_are_those_of_the_core() -> None:
    cold = (("frame", "l3"), ("code", "l2"))
    run, settings = of_core("skylake", "once", cold=cold)
    figures = leaves(run.loaded, run.rows(settings))
    drawn = run.draws(settings, columns(figures, 5), 5)
    for values, cycles in zip(sample(figures, 5), drawn, strict=True):
        changed = replace(run.loaded, core=with_values(run.loaded, values))
        assert cycles == Simulation(path(), changed).cycles(settings)


@pytest.mark.parametrize("core", CORES)
def test_figures_declared_to_change_time_alone_leave_the_trace_as_it_is(
    core: str,
) -> None:
    run, settings = of_core(core, "once")
    stated = run.layout(settings)
    still = {
        leaf.path: leaf.high if leaf.high != leaf.value else leaf.low
        for leaf in leaves(run.loaded, run.rows(settings))
        if not leaf.path.startswith("costs.")
        and not moves(stated, run.loaded, leaf.path, [leaf.low, leaf.high])
    }
    assert still
    ints = {
        name: int(value) if run.loaded.evidence[name].integer else value
        for name, value in still.items()
    }
    changed = replace(run.loaded, core=with_values(run.loaded, ints))
    trace = Simulation(path(), changed).layout(settings).trace
    assert [r._replace(latency=0, prefixes=0, redirect=0) for r in trace.insns] == [
        r._replace(latency=0, prefixes=0, redirect=0) for r in stated.trace.insns
    ]
    assert [r._replace(latency=0) for r in trace.uops] == [
        r._replace(latency=0) for r in stated.trace.uops
    ]
    assert trace.accesses == stated.trace.accesses
    assert trace.lines == stated.trace.lines


@pytest.mark.parametrize("scenario", ["once", "roundtrip"])
@pytest.mark.parametrize("core", CORES)
def test_a_logged_run_is_the_run(core: str, scenario: str) -> None:
    run, settings = of_core(core, scenario)
    outcome, log, read = run.logged(settings)
    assert outcome._replace(calendar=0) == run.run(settings)._replace(calendar=0)
    assert len(log) == outcome.uops * layout.LOG_ROW
    retired = log[outcome.last_event]
    assert retired == outcome.start + outcome.cycles
    assert "rename.to_dispatch" in read


@pytest.mark.parametrize("core", ["skylake", "ivybridge", "goldencove", "zen3", "zen5"])
@pytest.mark.parametrize("scenario", ["unroll", "opcache", "loop"])
def test_all_who_ask_of_a_block_get_one_answer(core: str, scenario: str) -> None:
    """Estimate, validate, draws, what-if and sweep, in the settings of measurement."""
    loaded = load_core(core)
    for code in (*blocks(12), FORWARD):
        cycles, settled = rate(loaded, code, scenario)
        run = simulation(loaded, code)
        settings = Settings.of(loaded.core, scenario)
        made = report(run, settings)
        assert (made.cycles, made.settled) == (cycles, settled), code.hex()
        exact = Fraction(made.window_cycles, made.copies)
        assert estimate(run.given, loaded, scenario=scenario).cycles == cycles
        rob = loaded.core.window.rob
        assert run.draws(settings, {"window.rob": [rob, rob]}, 2) == [exact, exact]
        relief = what_if(run.given, loaded, scenario=scenario)[0]
        assert relief.cycles + relief.worth == exact


def test_the_order_of_draws_does_not_matter() -> None:
    forward, settings = of_core("skylake", "once")
    backward, _ = of_core("skylake", "once")
    figures = sample(leaves(forward.loaded, forward.rows(settings)), 6)
    first = [forward.cycles(settings, values) for values in figures]
    second = [backward.cycles(settings, values) for values in reversed(figures)]
    assert first == second[::-1]


def test_code_of_the_kernel_half_of_the_address_space_is_ordinary() -> None:
    low, settings = of_core("skylake", "roundtrip")
    moved = tuple(
        step._replace(
            insn=replace(step.insn, address=step.insn.address + 0xFFFFFFFF81000000)
        )
        for step in low.given.steps
    )
    high = Simulation(replace(low.given, steps=moved), low.loaded)
    figures = leaves(low.loaded, low.rows(settings))
    drawn = columns(figures, 4)
    assert high.draws(settings, drawn, 4) == low.draws(settings, drawn, 4)


def test_figures_the_simulator_cannot_hold_are_refused() -> None:
    run, settings = of_core("skylake", "once")
    with pytest.raises(CoreError, match="rob"):
        run.cycles(settings, {"window.rob": 1 << 20})


def test_a_scenario_there_is_not_is_refused() -> None:
    core = load_core("skylake").core
    with pytest.raises(UsageError, match="onec"):
        Settings.of(core, "onec")
    with pytest.raises(UsageError, match="cold lines"):
        Settings.of(core, "loop", cold=(("stack", "l3"),))


def test_a_run_that_finds_no_period_says_so() -> None:
    """Ports of copies that wander: the mean of the later half, not a period."""
    loaded = load_core("skylake")
    unsettled = [c for c in blocks(200) if not rate(loaded, c, "unroll")[1]]
    for code in unsettled[:3]:
        run = simulation(loaded, code)
        assert not report(run, Settings.of(loaded.core, "unroll")).settled
