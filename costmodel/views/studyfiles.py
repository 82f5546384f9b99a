"""A study's report as files: what each is called and holds. Nobody here writes them."""

from __future__ import annotations

from costmodel.studies.headline import Told
from costmodel.studies.study import Outcome
from costmodel.views.render import rendered
from costmodel.views.study import study_report
from costmodel.views.studyplots import pictures_of, plots_of

FILES = {
    "report.txt": "text", "report.md": "markdown", "report.html": "html",
    "answers.csv": "csv", "answers.json": "json",
}  # fmt: skip


def report_files(outcome: Outcome, told: Told | None) -> dict[str, bytes]:
    """File name -> bytes: the answers in every format, and a plot a question."""
    plots = plots_of(outcome)
    report = study_report(outcome, told, pictures_of(outcome, plots))
    files = {
        name: (rendered(style, report) + "\n").encode("utf-8", "backslashreplace")
        for name, style in FILES.items()
    }
    files |= {f"{name}.svg": plot.bytes("svg") for name, plot in plots.items()}
    return files
