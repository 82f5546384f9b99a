"""A core is its relative plus the differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores.load import LoadedCore, load_core, problems_of
from costmodel.cores.quantity import Source
from costmodel.errors import CoreError
from tests.tiny import TINY, write

HEAD = "extends: tiny\ntitle: Heir\nyear: 2001\n"


def heir(folder: Path, text: str, base: str = TINY) -> LoadedCore:
    write(folder, "tiny", base)
    return load_core(str(write(folder, "heir", HEAD + text)))


def test_what_the_heir_does_not_say_is_inherited(tmp_path: Path) -> None:
    loaded = heir(tmp_path, "")
    assert loaded.core.window.rob == 16
    assert loaded.core.name == "heir"
    assert loaded.evidence["window.rob"].where.endswith("tiny.yaml:20")
    assert [Path(name).name for name in loaded.files] == ["heir.yaml", "tiny.yaml"]
    assert loaded.sources == {"DOC": Source("a document")}


def test_mappings_merge_and_the_rest_replaces(tmp_path: Path) -> None:
    loaded = heir(
        tmp_path, "window: {rob: 32, schedulers: [{ports: [p1], entries: 3}]}\n"
    )
    assert loaded.core.window.rob == 32
    assert loaded.core.window.retire == 2
    assert len(loaded.core.window.schedulers) == 1
    assert loaded.core.window.schedulers[0].ports == ("p1",)
    assert loaded.evidence["window.rob"].where.endswith("heir.yaml:4")


def test_null_removes_what_was_inherited(tmp_path: Path) -> None:
    loaded = heir(tmp_path, "costs: {imul: null}\nwindow: {store_buffer: null}\n")
    assert "imul" not in loaded.core.costs
    assert loaded.core.window.store_buffer == 0


def test_a_short_row_replaces_and_a_mapping_row_merges(tmp_path: Path) -> None:
    base = TINY.replace('{"r,r": imul 3}', '{"r,r": {uops: [imul 3], fused: 2}}')
    short = heir(tmp_path, 'costs: {imul: {"r,r": imul 4}}\n', base).core.costs["imul"]
    assert short["r,r"].fused is None and short["r,r"].uops[0].latency == 4
    merged = heir(tmp_path, 'costs: {imul: {"r,r": {complex: true}}}\n', base)
    row = merged.core.costs["imul"]["r,r"]
    assert (row.fused, row.complex, row.uops[0].latency) == (2, True, 3)


def test_a_quantity_replaces_the_whole_quantity(tmp_path: Path) -> None:
    base = TINY.replace("rob: 16", "rob: {value: 16, low: 1, high: 99, note: wide}")
    known = heir(tmp_path, "window: {rob: 20}\n", base).evidence["window.rob"]
    assert (known.value, known.low, known.high, known.note) == (20, 20, 20, "")


BASE = TINY.replace("window:\n", "window:\n  source: MEASURED\n").replace(
    "  DOC: a document", "  DOC: a document\n  MEASURED: a clock"
)


def test_a_bare_number_takes_the_source_of_the_group_it_inherits(
    tmp_path: Path,
) -> None:
    loaded = heir(tmp_path, "window: {rob: 20}\nmemory: {load_latency: 5}\n", BASE)
    assert loaded.evidence["window.rob"].source == "MEASURED"
    assert loaded.evidence["memory.load_latency"].source == "DOC"


def test_the_heirs_own_source_comes_before_an_inherited_one(tmp_path: Path) -> None:
    own = "source: OWN\nsources: {OWN: another}\nwindow: {rob: 20}\n"
    loaded = heir(tmp_path, own, BASE)
    assert loaded.evidence["window.rob"].source == "OWN"
    assert loaded.evidence["window.retire"].source == "MEASURED"


def test_the_spread_of_an_inherited_group_comes_with_its_source(tmp_path: Path) -> None:
    base = TINY.replace("window:\n", "window:\n  source: assumed\n  spread: 0.5\n")
    known = heir(tmp_path, "window: {rob: 20}\n", base).evidence["window.rob"]
    assert (known.low, known.high, known.assumed) == (10, 30, True)


def test_title_year_and_aliases_are_not_inherited(tmp_path: Path) -> None:
    base = TINY.replace("year: 2000", "year: 2000\naliases: [wee]")
    assert heir(tmp_path, "", base).core.aliases == ()
    path = write(tmp_path, "bare", "extends: tiny\n")
    found = [problem.found for problem in problems_of(path)]
    assert found == ["title is missing", "year is missing"]


def test_a_removed_port_is_missed_where_it_is_used(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="no port 'p1'") as caught:
        heir(tmp_path, "ports: {names: [p0]}\n")
    assert "tiny.yaml:11" in caught.value.where  # the class that still names it


def test_chains_may_be_long_and_bases_abstract(tmp_path: Path) -> None:
    write(tmp_path, "_base", TINY.replace("title: Tiny\nvendor", "vendor"))
    write(tmp_path, "mid", "extends: _base\ntitle: Mid\nyear: 2001\n")
    path = write(tmp_path, "top", "extends: mid\ntitle: Top\nyear: 2002\n")
    assert load_core(str(path)).core.window.rob == 16
    assert problems_of(tmp_path / "_base.yaml") == ()
    with pytest.raises(CoreError, match="is a base for other cores"):
        load_core(str(tmp_path / "_base.yaml"))


def test_a_circle_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a", "extends: b\n")
    write(tmp_path, "b", "extends: a\n")
    write(tmp_path, "self", "extends: self\n")
    with pytest.raises(CoreError, match="in a circle: a -> b -> a") as caught:
        load_core(str(tmp_path / "a.yaml"))
    assert caught.value.where.endswith("b.yaml:1:10")
    with pytest.raises(CoreError, match="in a circle: self -> self"):
        load_core(str(tmp_path / "self.yaml"))


def test_an_unknown_base_suggests_a_close_one(tmp_path: Path) -> None:
    write(tmp_path, "tiny", TINY)
    with pytest.raises(CoreError) as caught:
        load_core(str(write(tmp_path, "heir", "extends: tinny\n")))
    assert "tiny" in caught.value.hint
    assert caught.value.where.endswith("heir.yaml:1:10")
