"""A core file becomes typed values with evidence, or an error at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores.load import load_core, problems_of
from costmodel.cores.model import UopCost
from costmodel.errors import CoreError
from tests.tiny import TINY, tiny, write


def load(folder: Path, text: str = TINY, name: str = "tiny"):  # type: ignore[no-untyped-def]
    return load_core(str(write(folder, name, text)))


def line_of(needle: str, text: str) -> int:
    return text[: text.index(needle)].count("\n") + 1


def test_numbers_words_and_rows_arrive_in_the_model() -> None:
    core = tiny().core
    assert core.name == "tiny"
    assert core.window.rob == 16
    assert core.window.schedulers[0].ports == ("p0", "p1")
    assert core.front_end.uop_cache.window == 32
    assert core.ports.classes["shift"] == ("p0",)
    assert core.costs["imul"]["r,r"].uops == (UopCost(on="imul", latency=3),)
    assert core.costs["mov"]["r,m"].uops == ()


def test_every_number_has_its_place_and_the_source_around_it() -> None:
    known = tiny().evidence["window.rob"]
    assert (known.value, known.low, known.high) == (16, 16, 16)
    assert known.source == "DOC"
    assert known.where.endswith(f"tiny.yaml:{line_of('rob', TINY)}")
    assert known.exact and known.integer and known.stated and not known.assumed
    latency = tiny().evidence["costs.imul.r,r.uops.0.latency"]
    assert (latency.value, latency.source) == (3, "DOC")


def test_every_number_of_the_tree_has_evidence() -> None:
    def numbers(tree: object, path: str) -> list[str]:
        if isinstance(tree, dict):
            return [
                p
                for k, v in tree.items()
                for p in numbers(v, f"{path}.{k}"[not path :])
            ]
        if isinstance(tree, list):
            return [p for i, v in enumerate(tree) for p in numbers(v, f"{path}.{i}")]
        return [path] if type(tree) in (int, float) else []

    loaded = tiny()
    assert set(numbers(dict(loaded.tree), "")) <= set(loaded.evidence)


def test_a_default_is_shown_as_an_assumption_nobody_stated() -> None:
    known = tiny().evidence["memory.forward_latency"]
    assert known.value == tiny().core.memory.forward_latency
    assert known.assumed and not known.stated
    assert "memory.alias_4k" not in tiny().evidence  # 0: the core lacks it
    assert "memory.renaming.latency" not in tiny().evidence  # switched off


def test_a_short_uop_may_come_several_times_and_then_only_takes_ports(
    tmp_path: Path,
) -> None:
    core = load(tmp_path, TINY.replace("imul 3}", "[imul 3, alu x4]}")).core
    several = core.costs["imul"]["r,r"].uops[1]
    assert (several.on, several.count, several.latency) == ("alu", 4, 1)
    assert several.reads == several.writes == ()


def test_spread_gives_bare_numbers_an_interval(tmp_path: Path) -> None:
    text = TINY.replace("  rob: 16", "  spread: 0.25\n  rob: 16")
    known = load(tmp_path, text).evidence
    assert (known["window.rob"].low, known["window.rob"].high) == (12, 20)
    assert known["memory.load_latency"].exact


def test_a_new_source_ends_the_spread_around_it(tmp_path: Path) -> None:
    text = TINY.replace("source: DOC\n", "source: DOC\nspread: 0.5\n", 1)
    text = text.replace("  rob: 16", "  source: 'DOC: table 2'\n  rob: 16")
    known = load(tmp_path, text).evidence
    assert known["window.rob"].exact
    assert known["window.rob"].source == "DOC: table 2"
    assert known["window.rob"].source_id == "DOC"
    assert not known["memory.load_latency"].exact


def test_a_quantity_states_its_own_evidence(tmp_path: Path) -> None:
    quantity = "{value: 16, low: 10, high: 30, source: assumed, note: seen once}"
    known = load(tmp_path, TINY.replace("rob: 16", f"rob: {quantity}"))
    rob = known.evidence["window.rob"]
    assert (rob.value, rob.low, rob.high) == (16, 10, 30)
    assert rob.assumed and rob.note == "seen once"
    assert known.core.window.rob == 16


def test_words_and_lists_may_carry_a_source_too(tmp_path: Path) -> None:
    text = TINY.replace(
        "zero_idioms: [xor]", "zero_idioms: {value: [sub], source: DOC}"
    )
    assert load(tmp_path, text).core.rename.zero_idioms == ("sub",)


# (what is replaced, by what, where the error points, what it says)
BROKEN = [
    ("rob: 16", "robb: 16", "robb", "unknown key 'robb'"),
    ("rob: 16", "rob: -1", "-1", "rob: -1"),
    ("rob: 16", "rob: 0", "0", "rob: 0"),
    ("rob: 16", "rob: 99999999", "99999999", "rob: 99999999"),
    ("rob: 16", "rob: 1.5", "1.5", "rob: 1.5"),
    ("rob: 16", 'rob: "16"', '"16"', "rob: '16'"),
    ("rob: 16", "rob: true", "true", "rob: true"),
    ("rob: 16", "rob: [16]", "[16]", "rob: a list"),
    ("rob: 16", "rob: {low: 3}", "{low", "no value"),
    ("rob: 16", "rob: {value: 5, source: X}", "X", "'X' is not declared"),
    ("rob: 16", "rob: {value: 5, source: assumed}", "5, so", "no interval"),
    ("rob: 16", "rob: {value: 5, low: 6, high: 7}", "5, low", "outside its interval"),
    ("rob: 16", "rob: {value: 5, low: 1, high: 4}", "5, low", "outside its interval"),
    ("rob: 16", "rob: {value: 5, lo: 1}", "lo:", "unknown key 'lo'"),
    ("rob: 16", "rob: {value: 5, low: x}", "x}", "low: 'x'"),
    ("  rob: 16\n", "", "retire: 2", "window.rob is missing"),
    ("rob: 16", "spread: 2\n  rob: 16", "2\n  rob", "spread 2"),
    ("rob: 16", "source: ''\n  rob: 16", "''", "source: ''"),
    ("rob: 16", "rob: null", "rob", "nothing is inherited"),
    ("year: 2000", "year: 2000\nwidgets: 3", "widgets", "unknown key 'widgets'"),
    ("vendor: intel", "vendor: intell", "intell", "vendor: 'intell'"),
    ("family: tiny", "family: 7", "7\n", "family: 7"),
    ("title: Tiny", "name: other\ntitle: Tiny", "other", "name: 'other'"),
    ("[p0, p1]\n  classes", "[p0, p0]\n  classes", "[p0, p0]", "named twice"),
    ("shift: [p0]", "shift: [p9]", "p9", "no port 'p9'"),
    ("shift: [p0]", "shift: p0", "p0\n    branch", "shift: 'p0'"),
    ("shift: [p0]", "Shift: [p0]", "Shift", "the key 'Shift'"),
    ("shift: [p0]", "none: [p0]", "none: [", "a class called none"),
    ("{ports: [p0, p1], e", "{ports: [p0, p2], e", "p2", "no port 'p2'"),
    (", entries: 8", "", "{ports", "entries is missing"),
    ('{"r,r": imul 3}', '{"r,r": imull 3}', "imull", "no port class 'imull'"),
    ('{"r,r": imul 3}', '{"r,r": imul x}', "imul x", "uop: 'imul x'"),
    ('{"r,r": imul 3}', '{"r,r": imul x0}', "imul x0", "uop: 'imul x0'"),
    ('{"r,r": imul 3}', '{"r,r": imul x9999}', "imul x9999", "count: 9999"),
    ('{"r,r": imul 3}', '{"r,r": 3}', "3}\n  push", "uop: 3"),
    ('{"r,r": imul 3}', '{"r;r": imul 3}', '"r;r"', "the key 'r;r'"),
    ('{"r,r": imul 3}', "imul 3", "imul 3", "imul: 'imul 3'"),
    ('{"r,r": imul 3}', '{"r,r": {uops: imul}}', "imul}}", "uops: 'imul'"),
    ('{"r,r": imul 3}', '{"r,r": {uop: [imul]}}', "uop:", "unknown key 'uop'"),
    ('{"r,r": imul 3}', '{"r,r": [{latency: 3}]}', "{latency", "runs on nothing"),
    (
        '{"r,r": imul 3}',
        '{"r,r": [{on: imul, reads: [op9]}]}',
        "op9",
        "'op9' is no operand",
    ),
    ("source: DOC\n", "source: DOCS\n", "DOCS", "'DOCS' is not declared"),
    ("  DOC: a document", "  DOC: 3", "DOC: 3", "the source 'DOC'"),
    ("year: 2000", "year: 2000\ncpuid: 3", "3\n", "cpuid"),
    ("year: 2000", "year: 2000\nextends: ghost", "ghost", "there is no ghost.yaml"),
    ("year: 2000", "year: 2000\nextends: a/b", "a/b", "extends"),
]


@pytest.mark.parametrize(("old", "new", "at", "found"), BROKEN)
def test_what_is_wrong_is_told_at_its_place(
    old: str, new: str, at: str, found: str, tmp_path: Path
) -> None:
    assert old in TINY
    text = TINY.replace(old, new, 1)
    with pytest.raises(CoreError) as caught:
        load(tmp_path, text)
    problem = caught.value
    assert found in problem.found
    name, line, column = problem.where.rsplit(":", 2)
    assert name.endswith("tiny.yaml")
    offset = text.index(at, max(text.index(new), 0) if new else 0)
    before = text[:offset]
    assert int(line) == before.count("\n") + 1
    assert int(column) == offset - before.rfind("\n")
    assert problem.expected


def test_a_close_key_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(CoreError) as caught:
        load(tmp_path, TINY.replace("load_buffer", "load_bufer"))
    assert "load_buffer" in caught.value.hint


def test_a_number_without_any_source_is_an_error(tmp_path: Path) -> None:
    text = TINY.replace("source: DOC\n", "", 1)
    with pytest.raises(CoreError, match="16 has no source"):
        load(tmp_path, text)


def test_an_assumed_group_needs_intervals_of_what_is_written(tmp_path: Path) -> None:
    text = TINY.replace("load_latency: 4", "source: assumed, load_latency: 4")
    with pytest.raises(CoreError, match="no interval"):
        load(tmp_path, text)
    text = text.replace("source: assumed,", "source: assumed, spread: 0.5,")
    known = load(tmp_path, text).evidence["memory.load_latency"]
    assert (known.low, known.high, known.assumed) == (2, 6, True)


def test_all_problems_are_counted_and_listed(tmp_path: Path) -> None:
    text = TINY.replace("rob: 16", "robb: 16").replace("retire: 2", "retire: -2")
    path = write(tmp_path, "tiny", text)
    assert len(problems_of(path)) == 2
    for _ in range(2):  # told the same each time
        with pytest.raises(CoreError) as caught:
            load_core(str(path))
        assert str(caught.value).count("1 more problem in") == 1


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert load(tmp_path).core.window.rob == 16
    assert load(tmp_path, TINY.replace("rob: 16", "rob: 160")).core.window.rob == 160


def test_an_unchanged_file_is_read_once(tmp_path: Path) -> None:
    path = str(write(tmp_path, "tiny", TINY))
    assert load_core(path) is load_core(path)
