"""The committed report is what the study gives today.

The whole of it is rerun by ``make report-check``. Here: two cores are, and every file
is what the committed answers are written as.
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib
import pytest

from costmodel.cores.accuracy import measured_error
from costmodel.studies.families import families
from costmodel.studies.headline import told
from costmodel.studies.hidden import Hidden
from costmodel.studies.study import Answer, Outcome, answer, load_study, to_plain
from costmodel.views.studyfiles import FILES, report_files
from costmodel.views.studyplots import plots_of
from tools.report import DRAWN_BY, REPORT, STUDY, differing

CORES = ["haswell", "zen5"]
STATED = json.loads((REPORT / "answers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """The committed answers, as the study would hold them."""
    study, _ = load_study(str(STUDY))
    cores = tuple(STATED["cores"])
    return Outcome(
        study, cores, STATED["draws"],
        tuple(Answer(**row) for row in STATED["answers"]),
        tuple((core, measured_error(core)) for core in cores),
        families(cores),
        hidden=tuple(Hidden(**row) for row in STATED["hidden"]),
    )  # fmt: skip


def test_two_cores_answer_as_committed() -> None:
    again = answer(*load_study(str(STUDY)), CORES)
    kept = [a for a in STATED["answers"] if a["uarch"] in (*CORES, "all")]
    assert [to_plain(a) for a in again.answers] == kept, "make report"


def test_a_file_is_what_the_answers_are_written_as(outcome: Outcome) -> None:
    made = report_files(outcome, told(outcome))
    assert set(made) == {f.name for f in REPORT.iterdir()} - {DRAWN_BY}
    for name in FILES:
        assert made[name] == (REPORT / name).read_bytes(), f"{name}: make report"


def test_the_pages_show_every_plot_there_is() -> None:
    for page in ("report.md", "report.html"):
        text = (REPORT / page).read_text(encoding="utf-8")
        for plot in REPORT.glob("*.svg"):
            assert f"{plot.name}" in text


def test_the_answer_stands_before_the_evidence() -> None:
    for name in ("report.txt", "report.md", "report.html"):
        text = (REPORT / name).read_text(encoding="utf-8")
        assert text.index("cycles more") < text.index("What do the added")


def test_a_plot_is_the_same_bytes(outcome: Outcome) -> None:
    if (REPORT / DRAWN_BY).read_text() != f"matplotlib {matplotlib.__version__}\n":
        pytest.skip("the committed plots were drawn by another matplotlib")
    plot = plots_of(outcome)["fast-roundtrip"]
    assert plot.bytes("svg") == (REPORT / "fast-roundtrip.svg").read_bytes()


def test_the_page_says_version_and_errors_in_mail_width() -> None:
    text = (REPORT / "report.txt").read_text(encoding="ascii")
    assert all(len(line) <= 72 for line in text.splitlines())
    assert f"Modelled by costmodel {STATED['version']}, not measured" in text
    assert "Measured error" in text
    assert "skylake" in STATED["core_errors"]


def test_a_changed_byte_is_told_by_its_file(tmp_path: Path) -> None:
    kept, made = tmp_path / "kept", tmp_path / "made"
    for folder in (kept, made):
        folder.mkdir()
        (folder / DRAWN_BY).write_text("matplotlib 1\n")
        (folder / "report.txt").write_text("one\n")
        (folder / "a.svg").write_text("<svg/>")
    assert differing(kept, made) == []
    (made / "report.txt").write_text("two\n")
    (made / "a.svg").write_text("<svg></svg>")
    assert differing(kept, made) == ["a.svg", "report.txt"]
    (made / DRAWN_BY).write_text("matplotlib 2\n")
    assert differing(kept, made) == ["report.txt"]
