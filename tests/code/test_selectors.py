"""Selectors say where a path begins, and every miss says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.code.image import Image, Region, Section
from costmodel.code.load import load_path
from costmodel.code.selectors import Selector, parse, select
from costmodel.code.symbols import Symbol
from costmodel.errors import CostmodelError, InputError, UsageError

IMAGE = Image(
    "f.o",
    (Section(".text", 0, bytes(64)), Section(".fixup", 4096, bytes(8))),
    (
        Symbol("entry", 0, 32),
        Symbol(".Lslow", 16, 0, True),
        Symbol("twice", 32, 8),
        Symbol("twice", 40, 16),
    ),
)


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("entry", Selector("entry")),
        ("entry+0x12", Selector("entry", 0x12)),
        ("entry+18", Selector("entry", 18)),
        ("entry+0x12/0x40", Selector("entry", 0x12, 0x40)),
        (" entry+0x12/0x40 [module]", Selector("entry", 0x12, 0x40)),
        (".Lslow", Selector(".Lslow")),
        ("f.isra.0.cold+0x1", Selector("f.isra.0.cold", 1)),
        ("0xffffffff81000000", Selector("0xffffffff81000000")),
    ],
)
def test_the_forms_of_a_selector(text: str, selector: Selector) -> None:
    assert parse(text) == selector


@pytest.mark.parametrize("text", ["", "a+b", "a+0x", "a/b", "a b", "+0x12"])
def test_a_malformed_selector_shows_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "SYM+0x12/0x40" in caught.value.expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("entry", 0),
        ("entry+0x12", 0x12),
        ("entry+0x12/0x20", 0x12),
        (".Lslow", 16),
        ("0x1001", 4097),
    ],
)
def test_a_selector_gives_its_address(text: str, address: int) -> None:
    assert select(IMAGE, text).address == address


def test_the_size_of_an_oops_chooses_among_namesakes() -> None:
    assert select(IMAGE, "twice+0x1/0x10").address == 41
    ambiguous = select(IMAGE, "twice")
    assert ambiguous.address == 32 and "2 symbols" in ambiguous.notes[0]


def test_a_size_that_differs_is_noted() -> None:
    assert "another build" in select(IMAGE, "entry+0x1/0x30").notes[0]


def test_an_unknown_symbol_offers_close_names() -> None:
    with pytest.raises(InputError) as caught:
        select(IMAGE, "entyr")
    assert "did you mean entry" in caught.value.hint


def test_an_unknown_symbol_unlike_any_lists_some() -> None:
    with pytest.raises(InputError) as caught:
        select(IMAGE, "zzz")
    assert "entry" in caught.value.hint and ".Lslow" not in caught.value.hint


@pytest.mark.parametrize("text", ["entry+0x20", "entry+0x40/0x40", "0x2000", "0xfff"])
def test_an_offset_outside_is_refused(text: str) -> None:
    with pytest.raises(CostmodelError):
        select(IMAGE, text)


def test_no_selector_begins_at_text_and_says_so() -> None:
    start = select(IMAGE)
    assert (start.address, start.name) == (0, "entry")
    assert "entry" in start.notes[0] and ".text" in start.notes[0]


def test_a_region_has_an_end_and_one_region_needs_no_name() -> None:
    one = Image("f.S", IMAGE.sections, regions=(Region("a", 4, 8),))
    assert select(one, region="a")[1:3] == (4, 8)
    assert select(one)[1:3] == (4, 8)
    assert select(one, "a")[1:3] == (4, 8)


def test_several_regions_are_parts_of_a_whole() -> None:
    regions = (Region("apart", 4, 8), Region("beside", 8, 9))
    two = Image("f.S", IMAGE.sections, regions=regions)
    assert select(two)[1:3] == (0, None)
    assert select(two, region="beside")[1:3] == (8, 9)


def test_an_unknown_region_lists_those_there_are() -> None:
    regions = (Region("apart", 4, 8), Region("beside", 8, 9))
    two = Image("f.S", IMAGE.sections, regions=regions)
    with pytest.raises(InputError) as missed:
        select(two, region="c")
    assert "apart, beside" in missed.value.hint


def test_symbol_and_region_together_are_refused() -> None:
    with pytest.raises(UsageError):
        select(IMAGE, "entry", "a")


def test_names_offered_are_those_people_mean(tmp_path: Path) -> None:
    # "__pfx_sev_es_terminate, _text, _stext" was offered for a FRED entry point.
    source = tmp_path / "a.s"
    names = ("__pfx_f", "_text", "_stext", "asm_fred_user", "do_work")
    source.write_text(
        "".join(
            f".globl {n}\n.type {n}, @function\n{n}: ret\n.size {n}, .-{n}\n"
            for n in names
        )
    )
    with pytest.raises(InputError) as caught:
        load_path(source, symbol="asm_fred_entrypoint_user")
    assert caught.value.hint == "did you mean asm_fred_user?"
    with pytest.raises(InputError) as caught:
        load_path(source, symbol="nothing_alike")
    assert caught.value.hint.startswith("there are asm_fred_user, do_work")
    assert "__pfx_" not in caught.value.hint


def test_code_that_is_none_offers_symbols(tmp_path: Path) -> None:
    # Boot code of xv6 and Minoca begins with 16-bit parts.
    source = tmp_path / "a.s"
    source.write_text(
        "start16: .byte 0x06, 0x07\n.globl start64\n.type start64, @function\n"
        "start64: ret\n.size start64, .-start64\n.globl other\nother: ret\n"
    )
    with pytest.raises(InputError) as caught:
        load_path(source)
    assert "--symbol start64" in caught.value.hint
