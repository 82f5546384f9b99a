"""The same path again: exactly what an estimate says, for any figures of the core."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path as File

import pytest

from costmodel import api, data
from costmodel.cores.load import load_core, with_values
from costmodel.engine.compiled import compiler
from costmodel.engine.estimate import estimate
from costmodel.engine.rerun import PARAMS_ONLY, Rerun, Run
from costmodel.studies.draws import leaves, sample

STUBS = data.stubs_dir() / "top-of-stack"
CORES = ("sandybridge", "skylake", "zen2", "zen5")


def path(name: str = "v3.16-fast.S") -> api.Path:
    return api.load_path(str(File(STUBS) / name))


@pytest.mark.parametrize("scenario", ["once", "roundtrip"])
@pytest.mark.parametrize("core", CORES)
def test_a_rerun_is_the_estimate_at_every_draw(core: str, scenario: str) -> None:
    loaded, code = load_core(core), path()
    again = Rerun(code, loaded, scenario)
    for values in ({}, *sample(leaves(loaded, again.rows), 3)):
        changed = replace(loaded, core=with_values(loaded, values))
        made = estimate(code, changed, scenario=scenario)
        assert again.cycles(values) == Fraction(made.window_cycles, made.copies)


# Figures that change how the path is laid out, not only what it is made of.
OTHERWISE: tuple[dict[str, object], ...] = (
    {"front_end.redirect": 31},
    {"memory.load_latency": 7, "front_end.redirect": 9},
    {"front_end.uop_cache.line_uops": 3},
    {"rename.stack_engine.sync_reads": False},
    {"costs.alu.r,r.uops.0.latency": 3},
    {"costs.swapgs..microcode": 9, "costs.swapgs..latency": 40},
    {"costs.syscall..filler": 0, "costs.syscall..microcode": 0},
    {"window.schedulers.0.entries": 12},
)


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("scenario", ["once", "roundtrip", "opcache", "loop"])
@pytest.mark.parametrize("core", ["skylake", "haswell", "icelake", "zen3", "zen5"])
def test_compiled_and_plain_agree(core: str, scenario: str) -> None:
    loaded, code = load_core(core), path()
    plain = Rerun(code, loaded, scenario)
    quick = Rerun(code, loaded, scenario, compiled=True)
    drawn = sample(leaves(loaded, plain.rows), 3)
    for values in (*drawn, *OTHERWISE, *drawn):
        assert plain.cycles(values) == quick.cycles(values), values


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_variants_with_cold_lines_agree() -> None:
    loaded, code = load_core("skylake"), path()
    cold = (("frame", "l3"), ("code", "l2"))
    plain = Rerun(code, loaded, "once", cold=cold)
    quick = Rerun(code, loaded, "once", compiled=True, cold=cold)
    for values in sample(leaves(loaded, plain.rows), 5):
        assert plain.cycles(values) == quick.cycles(values), values


@pytest.mark.parametrize("core", CORES)
def test_figures_said_to_leave_the_trace_alone_do(core: str) -> None:
    loaded, code = load_core(core), path()
    trace = Run(code, loaded, "once", 0).trace
    known = loaded.evidence
    values = {
        name: known[name].low if known[name].low != known[name].value
        else known[name].high
        for name in PARAMS_ONLY
        if name in known and known[name].low < known[name].high
    }  # fmt: skip
    ints = {k: int(v) if known[k].integer else v for k, v in values.items()}
    assert values
    changed = replace(loaded, core=with_values(loaded, ints))
    assert Run(code, changed, "once", 0).trace == trace


def test_the_order_of_draws_does_not_matter() -> None:
    loaded, code = load_core("skylake"), path()
    one, other = (Rerun(code, loaded, "once") for _ in range(2))
    draws = sample(leaves(loaded, one.rows), 6)
    forward = [one.cycles(values) for values in draws]
    backward = [other.cycles(values) for values in reversed(draws)]
    assert forward == backward[::-1]
