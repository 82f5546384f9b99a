"""Frame variants left out whole."""

from __future__ import annotations

import pytest

from costmodel.cores.load import load_core
from costmodel.errors import InputError
from costmodel.studies.blocks import Block
from costmodel.studies.folds import FOLDS, Declared, folds_of, left_out, read_declared
from costmodel.studies.heldout import digest
from tools.folds import LISTED, fitted, page

STORE_LOAD = bytes.fromhex("65488904250001000065488b042500010000")  # %rax, %gs:0x100


def rows(cycles: float) -> list[Block]:
    """Of eight variants that forward through %gs:, twice each."""
    return [
        Block(k, STORE_LOAD + b"\x90" * (k // 2), "opcache", cycles, -1, f"v{k // 2}")
        for k in range(16)
    ]


def test_variants_are_dealt_by_the_hash_of_their_names() -> None:
    names = [f"variant {k}" for k in range(10)]
    found = folds_of(names * 3)
    assert found == folds_of(reversed(names))
    ordered = sorted(names, key=lambda name: digest(b"", name))
    assert [found[name] for name in ordered] == [k % FOLDS for k in range(10)]
    # one more changes no name's hash, only whose turn it is
    assert set(folds_of([*names, "another"])) == {*names, "another"}


def test_a_figure_is_found_on_the_other_folds() -> None:
    zen5 = load_core("zen5")
    folds = left_out(rows(7.0), zen5, [{"memory.forward_latency": [1, 5, 7, 9]}])
    assert len(folds) == FOLDS
    assert sum(len(fold.blocks) for fold in folds) == 16
    for fold in folds:
        assert fold.chosen == {"memory.forward_latency": 7}
        assert (fold.met, fold.fitted) == (len(fold.blocks), 1.0)
        assert len(fold.variants) == 2
        assert {block.variant for block in fold.blocks} == set(fold.variants)


def test_what_no_row_tells_stays_off() -> None:
    """Of values that are all as good the first is taken: off."""
    zen5 = load_core("zen5")
    folds = left_out(rows(7.0), zen5, [{"memory.renaming.passed": [0, 5]}])
    assert all(fold.chosen == {"memory.renaming.passed": 0} for fold in folds)


def test_rows_of_no_variant_are_refused() -> None:
    with pytest.raises(InputError, match="no variant"):
        left_out([Block(2, b"\x90", "unroll", 1.0)], load_core("zen5"), [])


@pytest.mark.parametrize(("uarch", "count"), [("zen5", 120), ("goldencove", 105)])
def test_every_figure_fitted_on_frames_is_declared(uarch: str, count: int) -> None:
    """With a range that holds what the core file has, and begins elsewhere."""
    loaded = load_core(uarch)
    (declared,) = [one for one in read_declared(LISTED) if one.uarch == uarch]
    assert set(fitted(loaded, count)) <= set(declared.paths)
    for entry in declared.figures:
        for path, values in entry.items():
            assert loaded.evidence[path].value in values[1:], path


def test_the_page_has_the_totals() -> None:
    zen5 = load_core("zen5")
    figures = [{"memory.forward_latency": [1.0, 7.0]}]
    folds = left_out(rows(7.0), zen5, figures)
    text = page([(Declared("zen5", "a.csv", figures), zen5, folds)])
    assert "| zen5 | 8 | 16 | 1 | 16 (100.0 %) | 0.00 % |" in text
    assert "| `memory.forward_latency` | 7 | 7 | 7 | 7 | 7 |" in text
