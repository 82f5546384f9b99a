"""Study and record files that make no sense: one message, at its place, before work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import costmodel as cm
from costmodel import data
from costmodel.errors import CostmodelError
from costmodel.studies.record import load_record
from costmodel.studies.study import load_study
from tests.cli.conftest import run as run

KINDS = ("cost", "difference", "lines", "commits", "unset", "break_even", "mix")
PAIR = {"before": "a", "after": "b"}


def question(kind: str, /, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "q", "question": "How much?", "kind": kind, "after": "b",
        "sentence": "{value} on {uarch}",
    }  # fmt: skip
    if kind not in ("cost", "unset"):
        made["before"] = "a"
    if kind in ("break_even", "mix"):
        made["slow"] = [{**PAIR, "share": 0.1}]
    made.update(changes)
    return {key: value for key, value in made.items() if value is not None}


def written(folder: Path, *questions: dict[str, Any], **changes: Any) -> str:
    (folder / "a.hex").write_text("90")
    (folder / "b.hex").write_text("9090")
    study = {
        "title": "t", "draws": 2, "paths": {"a": "a.hex", "b": "b.hex"},
        "questions": list(questions), **changes,
    }  # fmt: skip
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    return str(file)


def refusal(file: str) -> str:
    with pytest.raises(CostmodelError) as caught:
        load_study(file)
    assert caught.value.status == 2
    assert re.search(r"study\.yaml:\d+", caught.value.where), str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_question_of_each_kind_is_taken(tmp_path: Path, kind: str) -> None:
    load_study(written(tmp_path, question(kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["before", "after"])
@pytest.mark.parametrize("value", ["", "nobody", None])
def test_a_path_missing_empty_or_unknown(
    tmp_path: Path, kind: str, key: str, value: str | None
) -> None:
    if key == "before" and kind in ("cost", "unset") and not value:
        return
    told = refusal(written(tmp_path, question(kind, **{key: value})))
    assert key in told or "nobody" in told


@pytest.mark.parametrize("kind", KINDS)
def test_slow_pairs_only_where_they_mean_something(tmp_path: Path, kind: str) -> None:
    two = [{**PAIR, "share": 0.1}, {**PAIR, "share": 0.2}]
    if kind == "mix":
        load_study(written(tmp_path, question(kind, slow=two)))
        two = []
    assert "slow" in refusal(written(tmp_path, question(kind, slow=two)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "Roundtrip"},
        {"scenario": "nonsense"},
        {"cold": {"stack": "l9"}},
        {"cold": {"heap": "l3"}},
        {"sentence": "{vlaue} cycles"},
        {"claim": {"source": "s", "says": "t", "above": 2, "below": 1}},
        {"claim": {"source": "s", "says": "t", "below": float("nan")}},
        {"id": " "},
        {"kind": "price"},
        {"after": 3},
        {"befor": "a"},
        {"question": None},
        {"sentence": None},
    ],
)
def test_wrong_values(tmp_path: Path, kind: str, changes: dict[str, Any]) -> None:
    refusal(written(tmp_path, question(kind, **changes)))


@pytest.mark.parametrize("share", [7, -0.1, float("nan"), 1.5])
def test_a_share_is_one_of_all_calls(tmp_path: Path, share: float) -> None:
    slow = [{**PAIR, "share": share}]
    assert "share" in refusal(written(tmp_path, question("mix", slow=slow)))


def test_ids_are_unique(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, question("cost"), question("unset")))
    assert "second question called 'q'" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"questions": []},
        {"paths": {}},
        {"paths": {"a": "a.hex", "b": ""}},
        {"paths": {"a": "a.hex", "b": "b\0.hex"}},
        {"paths": {"a": "a.hex", "": "b.hex", "b": "b.hex"}},
        {"take": {"c": ["x"]}},
        {"regions": {"c": "x"}},
        {"cores": ["skylate"]},
        {"cores": ["a\0.yaml"]},
        {"cores": [""]},
        {"draws": -1},
        {"draws": 10**9},
        {"uarch": "skylake"},
        {"title": None},
    ],
)
def test_wrong_parts_of_the_file(tmp_path: Path, changes: dict[str, Any]) -> None:
    refusal(written(tmp_path, *changes.pop("questions", [question("cost")]), **changes))


def test_an_unknown_key_is_told_with_those_there_are(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, question("cost"), uarch="skylake"))
    assert "the keys title, paths, questions, cores" in told
    told = refusal(written(tmp_path, question("cost", befor="a")))
    assert "did you mean before?" in told


def test_the_scenario_decides_what_memory_answers_rest_on(tmp_path: Path) -> None:
    stub = str(data.stubs_dir() / "top-of-stack" / "v3.16-fast.S")
    both = [
        question("commits", id=scenario, before="a", after="b", scenario=scenario)
        for scenario in ("once", "roundtrip")
    ]
    file = written(tmp_path, *both, paths={"a": "a.hex", "b": stub})
    answers = cm.study(file, "skylake").outcome.answers
    assert answers[0].guesses < answers[1].guesses


@pytest.mark.parametrize("scenario", ["onec", "Roundtrip", "", "nonsense"])
def test_every_door_refuses_a_scenario_there_is_not(scenario: str) -> None:
    path = cm.load_path("-", stdin=b"90")
    for ask in (
        lambda: cm.estimate(path, "skylake", scenario=scenario),
        lambda: cm.compare(path, path, "skylake", scenario=scenario),
        lambda: cm.compare(path, path, "skylake", scenario=scenario, draws=2),
        lambda: cm.sweep(path, "skylake", scenario=scenario),
        lambda: cm.sweep(path, "skylake", "window.rob=64:65:2", scenario=scenario),
        lambda: cm.what_if(path, "skylake", scenario=scenario),
    ):
        with pytest.raises(CostmodelError, match="no scenario"):
            ask()


@pytest.mark.parametrize("align", [-1, 64, 1.5, "3"])
def test_every_door_refuses_an_offset_outside_the_line(align: Any) -> None:
    path = cm.load_path("-", stdin=b"90")
    for ask in (
        lambda: cm.estimate(path, "skylake", align=align),
        lambda: cm.compare(path, path, "skylake", align=align),
        lambda: cm.sweep(path, "skylake", "window.rob=64:65:2", align=align),
        lambda: cm.what_if(path, "skylake", align=align),
    ):
        with pytest.raises(CostmodelError, match="align"):
            ask()


@pytest.mark.parametrize("draws", [-1, 10**6])
def test_every_door_refuses_draws_without_an_end(tmp_path: Path, draws: int) -> None:
    path = cm.load_path("-", stdin=b"90")
    with pytest.raises(CostmodelError, match="draws"):
        cm.compare(path, path, "skylake", draws=draws)
    with pytest.raises(CostmodelError, match="draws"):
        cm.study(written(tmp_path, question("cost")), "skylake", draws=draws)


ROW = """\
paths: {a: a.hex}
rows:
- {id: r, source: s, cpu: c, claim: d, kind: cost,
   after: a, expect: {low: 0, high: 9}%s}
"""


def _without(row: str, key: str) -> str:
    """The row less one key and its value, as it is about to have another."""
    return re.sub(rf"\b{key}: ({{[^}}]*}}|\w+),?", "", row) if key in row else row


@pytest.mark.parametrize(
    "more",
    [
        ", scenario: onec", ", after: b", ", kind: difference", ", kind: bytes",
        ", kind: lines", ", expect: {low: 2, high: 1}", ", expect: null",
        ", expect: {low: .nan, high: 1}", ", expect: {low: 1, high: .inf}",
        ", id: ''", ", kin: cost", "}\n- {id: r, source: s, cpu: c, claim: d",
        "}\nregions:\n  {b: x",
    ],
)  # fmt: skip
def test_a_record_is_held_to_the_same(tmp_path: Path, more: str) -> None:
    (tmp_path / "a.hex").write_text("90")
    file = tmp_path / "record.yaml"
    file.write_text(ROW % "")
    load_record(str(file))
    key = more[2:].partition(":")[0]
    text = ROW if more.startswith("}") else _without(ROW, key)
    file.write_text(text % more)
    with pytest.raises(CostmodelError) as caught:
        load_record(str(file))
    assert re.search(r"record\.yaml:\d+", caught.value.where)


@pytest.mark.parametrize(
    "figures", [(1, 2, 3), (4, 2, 3), (float("nan"), 0, 1), (1, 0, float("inf"))]
)
def test_what_was_measured_lies_between_its_ends(
    tmp_path: Path, figures: tuple[float, float, float]
) -> None:
    value, low, high = figures
    point = {"uarch": "zen5", "value": value, "low": low, "high": high, "source": "s"}
    assert "measured" in refusal(written(tmp_path, question("cost", measured=[point])))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("features", {"c": "none"}, "'c'"),
        ("features", {"a": "ptii"}, "ptii"),
        ("with", {"a": ["rax"]}, "rax"),
        ("with", {"c": ["rax=1"]}, "'c'"),
        ("symbols", {"c": "f"}, "'c'"),
        ("into", {"c": ["f"]}, "'c'"),
        ("wiht", {"a": ["rax=1"]}, "with"),
    ],
)
def test_what_is_said_of_a_path_must_make_sense(
    tmp_path: Path, key: str, value: Any, said: str
) -> None:
    told = refusal(written(tmp_path, question("cost"), **{key: value}))
    assert said in told and "--" not in told


@pytest.mark.parametrize("scenario", ["loop", "unroll", "opcache"])
def test_cold_lines_ask_for_a_whole_path(tmp_path: Path, scenario: str) -> None:
    cold = question("cost", cold={"stack": "l3"}, scenario=scenario)
    assert "cold lines in the scenario" in refusal(written(tmp_path, cold))
    pair = {**PAIR, "share": 0.1, "scenario": scenario}
    mix = question("mix", cold={"stack": "l3"}, slow=[pair])
    assert "cold lines in the scenario" in refusal(written(tmp_path, mix))
