"""The lint finds what loads and is still doubtful."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores.check import KINDS, Finding, check, check_all
from costmodel.errors import CostmodelError
from tests.tiny import TINY, write

TABLE = "mov: mov\nadd: alu\nshl: shift\ncmp: cmp\npush: push\npop: pop\n"
TABLE += "imul: imul\njcc: jcc\njmp: jmp\nnop: nop\n"


def found(folder: Path, text: str, name: str = "tiny") -> set[tuple[str, str]]:
    path = write(folder, name, text)
    return {(one.kind, one.path) for one in check(str(path))}


@pytest.fixture
def uarch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uarch"
    folder.mkdir()
    write(folder, "instructions", TABLE)
    monkeypatch.setenv("COSTMODEL_DATA", str(tmp_path))
    return folder


def test_a_core_with_nothing_doubtful_but_its_defaults(uarch: Path) -> None:
    assert {kind for kind, _ in found(uarch, TINY)} == {"unsourced"}


def test_a_default_nobody_states_is_unsourced(uarch: Path) -> None:
    assert ("unsourced", "memory.l3_latency") in found(uarch, TINY)
    stated = TINY.replace("load_latency: 4", "load_latency: 4, l3_latency: 40")
    assert ("unsourced", "memory.l3_latency") not in found(uarch, stated)


@pytest.mark.parametrize(
    ("old", "new", "kind", "path"),
    [
        ("names: [p0, p1]", "names: [p0, p1, p2]", "port", "ports.names"),
        (  # a port only of a class no uop asks for
            "names: [p0, p1]\n  classes:",
            "names: [p0, p1, p2]\n  classes:\n    spare: [p2]",
            "port",
            "ports.names",
        ),
        (
            "rob: 16",
            "rob: {value: 16, low: 16, high: 16, source: assumed}",
            "interval",
            "window.rob",
        ),
        ('  imul: {"r,r": imul 3}\n', "", "uncosted", "imul"),
        ("  push: {", "  mull: {r: alu}\n  push: {", "unmapped", "costs.mull"),
        ("{load_latency: 4", "{load_latency: 4, line: 48", "invalid", ""),
        ("uop_cache: {window: 32", "uop_cache: {window: 48", "invalid", ""),
        ("load_buffer: 4", "load_buffer: 99", "impossible", "window.load_buffer"),
        (
            '{"r,r": imul 3}',
            '{"r,r": {uops: [imul 3], microcode: 9}}',
            "impossible",
            "costs.imul.r,r",
        ),
    ],
)
def test_each_doubt_is_found(
    old: str, new: str, kind: str, path: str, uarch: Path
) -> None:
    assert old in TINY
    assert (kind, path) not in found(uarch, TINY)
    assert (kind, path) in found(uarch, TINY.replace(old, new, 1))


@pytest.mark.parametrize("row", ["lock_alu", "rep_mov", "lock", "lea_rip"])
def test_operations_made_by_prefixes_and_address_forms_are_reached(
    row: str, uarch: Path
) -> None:
    text = TINY.replace("  push: {", f'  {row}: {{"*": alu}}\n  push: {{')
    assert ("unmapped", f"costs.{row}") not in found(uarch, text)


def test_a_guess_points_at_its_line(uarch: Path) -> None:
    guess = "rob: {value: 16, low: 16, high: 16, source: assumed}"
    path = write(uarch, "tiny", TINY.replace("rob: 16", guess))
    (finding,) = (one for one in check(str(path)) if one.kind == "interval")
    assert finding.where == "uarch/tiny.yaml:20"


def test_a_core_that_does_not_load_is_all_invalid(uarch: Path) -> None:
    text = TINY.replace("rob: 16", "robb: 16").replace("retire: 2", "retire: x")
    path = write(uarch, "tiny", text)
    findings = check(str(path))
    assert [one.kind for one in findings] == ["invalid", "invalid"]
    assert findings[0].where.startswith("uarch/tiny.yaml:20:")


def test_a_source_neither_a_core_nor_its_heirs_cite_is_found(uarch: Path) -> None:
    sources = "  OWN: unused\n  HEIR: used later\n  NOTED: in a note\n  DOC: a"
    text = TINY.replace("  DOC: a", sources)
    text = text.replace("rob: 16", "rob: {value: 16, note: 'NOTED, too: 18'}")
    write(uarch, "tiny", text)
    heir = "extends: tiny\ntitle: Heir\nyear: 2001\nwindow: {source: HEIR, rob: 17}\n"
    write(uarch, "heir", heir)
    assert [one.path for one in check_all() if one.kind == "source"] == ["OWN"]


def test_names_claimed_twice_are_found(uarch: Path) -> None:
    write(uarch, "tiny", TINY)
    write(uarch, "one", "aliases: [tiny, wee]\n" + TINY)
    write(uarch, "two", "aliases: [wee]\n" + TINY)
    findings = {one.path: one for one in check_all() if one.kind == "alias"}
    assert set(findings) == {"tiny", "wee"}
    assert findings["wee"].text == "wee means one and two"


def test_findings_are_sorted_and_of_known_kinds(uarch: Path) -> None:
    write(uarch, "b", TINY)
    write(uarch, "a", TINY.replace("names: [p0, p1]", "names: [p0, p1, p2]"))
    findings = check_all()
    assert list(findings) == sorted(findings)
    assert {one.kind for one in findings} <= set(KINDS)
    assert all(isinstance(one, Finding) and one.where for one in findings)


def test_an_unknown_core_is_told(uarch: Path) -> None:
    with pytest.raises(CostmodelError):
        check("ghost")
