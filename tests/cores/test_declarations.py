"""Each figure of a core is declared once, and all that follows fits the declaration."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from costmodel.cores import declarations as d
from costmodel.cores import model
from costmodel.cores.declarations import BY_PATH, FIGURES, Declared
from costmodel.cores.load import core_names, load_core, with_values
from costmodel.engine import causes
from costmodel.errors import CoreError
from costmodel.studies.groups import MECHANISMS
from tests.tiny import tiny

NUMBERS = [one for one in FIGURES if one.number]


def sections(section: type[Struct]) -> list[type[Struct]]:
    """The section and all inside it, schedulers and cost rows too."""
    inside = [model.Scheduler, model.Cost, model.UopCost]
    for one in fields(section):
        if isinstance(one.type, type) and issubclass(one.type, Struct):
            inside += sections(one.type)
    return [section, *inside]


def test_no_field_of_a_core_goes_undeclared() -> None:
    lists = {"schedulers", "costs", "uops"}  # of sections, which declare their own
    for section in sections(model.Core):
        for one in fields(section):
            hint, figure = d.parted(one.type)
            nested = isinstance(hint, type) and issubclass(hint, Struct)
            assert figure is not None or nested or one.name in lists, one.name


def test_names_are_c_identifiers_of_their_own() -> None:
    names = [one.name for one in FIGURES]
    assert len(set(names)) == len(names)
    for name in (*names, *d.names()):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert len(set(d.names())) == len(d.names())


@pytest.mark.parametrize("one", FIGURES, ids=lambda one: one.path)
def test_each_is_told_and_within_its_own_bounds(one: Declared) -> None:
    figure = one.figure
    assert figure.says and not figure.says.endswith(".")
    assert figure.least <= figure.most
    assert figure.relaxed is None or 0 <= figure.relaxed <= figure.most
    assert (figure.relaxed is None) == (not figure.limit) or not one.simulated
    assert bool(figure.when) == (one.kind == "choice" and one.simulated)
    assert figure.changes != "time" or one.simulated
    if one.number and one.default is not None:
        zero = figure.off and one.default == 0
        assert zero or figure.least <= one.default <= figure.most


def test_causes_are_those_the_engine_charges_and_have_a_mechanism() -> None:
    grouped = {cause for some in MECHANISMS.values() for cause in some}
    for one in FIGURES:
        if one.figure.cause:
            assert one.figure.cause in causes.NAMES, one.path
            assert one.figure.cause in grouped, one.path


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.path)
def test_the_ends_of_its_bounds_are_taken_and_what_is_beyond_refused(
    one: Declared,
) -> None:
    least, most = one.figure.least, one.figure.most
    loaded = tiny()
    for end in (least, most):
        with_values(loaded, {"front_end.uop_cache.window": 0, one.path: end})
    for beyond in (-1, most + 1, 2**40, float("nan")):
        with pytest.raises(CoreError) as error:
            with_values(loaded, {one.path: beyond})
        assert f"to {most:.9g}" in error.value.expected
    if one.figure.off:
        with_values(loaded, {one.path: 0})
    if one.figure.binary:
        with pytest.raises(CoreError, match="impossible"):
            with_values(loaded, {one.path: most - 1})


def test_the_c_struct_has_a_word_for_each_value(tmp_path: Path) -> None:
    source = tmp_path / "figures.c"
    checks = "".join(
        f'_Static_assert(offsetof(struct figures, {name}) == {8 * k}, "{name}");\n'
        for k, name in enumerate(d.names())
    )
    head = "#include <stdint.h>\n#include <stddef.h>\n"
    source.write_text(head + d.c_header() + checks)
    done = subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Werror", "-fsyntax-only", str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(len(line.expandtabs(8)) <= 88 for line in d.c_header().splitlines())


def test_the_vector_follows_the_core() -> None:
    core = with_values(
        tiny(),
        {
            "window.rob": 77,
            "memory.commit_line_interval": 1.5,
            "front_end.fetch_bytes": 32,
            "ports.bind": "dispatch",
            "memory.forward_load": 9,
            "window.early_wake": True,
        },
    )
    values = dict(zip(d.names(), d.vector(core), strict=True))
    assert values["rob"] == 77
    assert values["commit_interval"] == 96  # 64ths
    assert values["fetch_bytes"] == 32
    assert (values["bind_at_issue"], values["early_wake"]) == (0, 1)
    assert values["forward_load"] == 9
    assert values["ports"] == 2
    assert d.vector(core)[d.place("rob")] == 77


@pytest.mark.parametrize("name", core_names())
def test_every_core_fits_the_vector(name: str) -> None:
    core = load_core(name).core
    assert len(d.vector(core)) == len(d.names())
    assert min(d.vector(core)) >= 0
    assert all(d.changes(path) for path in load_core(name).evidence)


def test_what_a_limit_is_relaxed_to() -> None:
    assert d.relaxed("rob") == {"rob": 4096}
    assert d.relaxed("store forwarding")["forward_load"] == 0
    assert d.relaxed("fetch bandwidth")["fetch_bytes"] == 4096
    for limit in d.limits():
        assert set(d.relaxed(limit)) <= set(d.names())


def test_what_a_change_of_a_figure_asks_for() -> None:
    assert d.changes("window.rob") == "time"
    assert d.changes("window.schedulers.0.entries") == "time"
    assert d.changes("memory.load_latency") == "latency"
    assert d.changes("costs.imul.r,r.uops.0.latency") == "latency"
    assert d.changes("costs.imul.r,r.uops.0.count") == "structure"
    assert d.changes("front_end.uop_cache.line_uops") == "layout"
    assert d.changes("fusion.memory") == "structure"
    assert BY_PATH["year"].changes == "nothing"
