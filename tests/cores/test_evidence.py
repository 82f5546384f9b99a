"""How each figure is known: measured, documented, fitted, inherited or assumed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from costmodel import data
from costmodel.cores import yamltree
from costmodel.cores.load import core_names, load_core, problems_of
from costmodel.cores.quantity import Fit, Quantity
from costmodel.errors import CoreError
from tests.tiny import TINY, write

HEAD = "extends: tiny\ntitle: Heir\nyear: 2001\n"


def rob(folder: Path, figure: str, source: str = "a document") -> Quantity:
    text = TINY.replace("rob: 16", f"rob: {figure}", 1)
    text = text.replace("DOC: a document", f"DOC: {source}", 1)
    return load_core(str(write(folder, "tiny", text))).evidence["window.rob"]


def heir(folder: Path, figure: str, source: str = "a document") -> Quantity:
    rob(folder, figure, source)
    return load_core(str(write(folder, "heir", HEAD))).evidence["window.rob"]


def test_a_source_measures_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert rob(tmp_path, "16").evidence == "measured"
    documented = "{says: a manual, class: documented}"
    assert rob(tmp_path, "16", documented).evidence == "documented"
    guess = "{value: 16, low: 8, high: 32, source: assumed}"
    assert rob(tmp_path, guess).evidence == "assumed"


def test_a_source_may_speak_of_other_cores_only(tmp_path: Path) -> None:
    known = rob(tmp_path, "16", "{says: a bench, cores: [other, third]}")
    assert (known.evidence, known.origin) == ("inherited", "other")
    known = rob(tmp_path, "16", "{says: a bench, cores: [tiny]}")
    assert (known.evidence, known.origin) == ("measured", "")


def test_what_the_base_says_is_a_loan_unless_it_is_said_of_the_heir(
    tmp_path: Path,
) -> None:
    known = heir(tmp_path, "16")
    assert (known.evidence, known.origin) == ("inherited", "tiny")
    assert known.doubtful and not known.assumed
    assert heir(tmp_path, "{value: 16, of: heir}").evidence == "measured"
    assert heir(tmp_path, "{value: 16, of: [x, heir]}").evidence == "measured"
    covering = "{says: a bench, cores: [heir]}"
    assert heir(tmp_path, "16", covering).evidence == "measured"
    assert heir(tmp_path, "{value: 16, of: x}", covering).origin == "x"


def test_a_fit_says_on_how_many_rows_and_what_it_brought(tmp_path: Path) -> None:
    fit = "{rows: 120, gain: 79 to 98 met, half: all rows}"
    known = rob(tmp_path, f"{{value: 16, low: 8, high: 20, fitted: {fit}}}")
    assert known.evidence == "fitted" and known.doubtful
    assert known.fit == Fit(120, "79 to 98 met", "all rows")
    assert known.reason == "fitted: 120 rows, 79 to 98 met, chosen on all rows"
    assert heir(tmp_path, f"{{value: 16, fitted: {fit}}}").evidence == "inherited"


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        ("{value: 16, fitted: 120 rows}", "fitted: '120 rows'"),
        ("{value: 16, fitted: {rows: 120}}", "fitted: a mapping"),
        ("{value: 16, fitted: {rows: 0, gain: some, half: all}}", "fitted: a mapping"),
        ("{value: 16, of: 3}", "of: 3"),
        ("{value: 16, of: []}", "of: a list"),
    ],
)
def test_evidence_of_the_wrong_form_is_told(
    figure: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(CoreError, match=says) as caught:
        rob(tmp_path, figure)
    assert ":20:" in caught.value.where


@pytest.mark.parametrize(
    "source",
    ["{says: a, class: guessed}", "{class: measured}", "[a]", "{says: a, cores: x}"],
)
def test_a_source_of_the_wrong_form_is_told(source: str, tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="the source 'DOC'"):
        rob(tmp_path, "16", source)


@pytest.mark.parametrize("name", core_names())
def test_a_core_has_at_most_one_base_and_no_other_core(name: str) -> None:
    files = [Path(file).stem for file in load_core(name).files]
    assert files[0] == name and len(files) <= 2
    assert all(base.startswith("_") for base in files[1:])


def test_bases_extend_nothing_and_have_no_problem() -> None:
    bases = sorted(data.uarch_dir().glob("_*.yaml"))
    assert len(bases) == 5
    for path in bases:
        assert "extends" not in yamltree.load(path, path.name)
        assert problems_of(path) == ()


def test_figures_chosen_by_rows_say_so() -> None:
    fitted = {
        name: {p for p, q in load_core(name).evidence.items() if q.fit}
        for name in core_names()
    }
    assert fitted["zen5"] == {
        "front_end.uop_cache.full_saves",
        "memory.absolute_extra",
        "memory.forward_load",
        "memory.forward_order",
        "memory.renaming.learned_loads",
        "memory.renaming.ordered",
        "memory.renaming.passed",
        "window.entry_held",
    }
    assert fitted["goldencove"] == {
        "front_end.loop_turn",
        "front_end.predecode.freed",
        "front_end.predecode.queue",
        "memory.address_wait",
        "memory.renaming.places",
        "memory.renaming.store_buffer_turn",
    }
    assert fitted["ivybridge"] == {
        "front_end.predecode.freed",
        "measured_at",
        "memory.bank_bytes",
    }


def test_switches_chosen_by_rows_say_so() -> None:
    assert load_core("goldencove").fits["ports.bind_evenly"].rows == 3810
    assert load_core("zen4").fits["ports.bind"].rows == 1348
    assert not load_core("lioncove").fits


def test_a_file_that_states_a_switch_again_drops_the_fit(tmp_path: Path) -> None:
    fit = "fitted: {rows: 9, gain: some, half: all}"
    ports = "ports:\n  bind: {value: issue, " + fit + "}\n"
    write(tmp_path, "tiny", TINY)
    write(tmp_path, "middle", HEAD.replace("Heir", "Middle") + ports)
    heir_of = HEAD.replace("tiny", "middle")
    inherits = load_core(str(write(tmp_path, "heir", heir_of)))
    assert inherits.fits["ports.bind"] == Fit(9, "some", "all")
    again = load_core(str(write(tmp_path, "again", heir_of + "ports: {bind: issue}\n")))
    assert not again.fits


# words of a figure that rows decided
CHOSEN = re.compile(r"\b(a fit|fits|chosen|swept|rows met|best of)\b")


def test_no_note_tells_of_a_fit_under_another_class() -> None:
    for name in core_names():
        for path, known in load_core(name).evidence.items():
            assert known.fit or not CHOSEN.search(known.note), (name, path)


def test_lion_coves_loans_do_not_pass_for_its_own() -> None:
    evidence = load_core("lioncove").evidence
    known = Counter(quantity.evidence for quantity in evidence.values())
    assert known["inherited"] > 800
    for path in ("rename.to_dispatch", "rename.high_byte_extra", "measured_at"):
        assert evidence[path].evidence == "inherited"
        assert evidence[path].reason.startswith("inherited from ")
    assert evidence["rename.to_dispatch"].low < 5 < evidence["rename.to_dispatch"].high
