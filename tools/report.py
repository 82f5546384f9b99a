"""The thread's study on every core, as committed: docs/top-of-stack.

    python tools/report.py           rewrite it
    python tools/report.py --check   exit 1 if a rerun would change a byte of it

Plots are the same bytes only with the same matplotlib, whose version is kept beside
them: with another, ``--check`` says so and compares the rest.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib

from costmodel.studies.headline import told
from costmodel.studies.study import answer, load_study
from costmodel.views.studyfiles import report_files

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "stubs" / "top-of-stack" / "study.yaml"
REPORT = ROOT / "docs" / "top-of-stack"
DRAWN_BY = "drawn-by.txt"


def write(folder: Path) -> None:
    """The report of the whole study, and what drew its plots."""
    from costmodel.api import core_names_of

    study, paths = load_study(str(STUDY))
    outcome = answer(study, paths, core_names_of(study.cores or None))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in report_files(outcome, told(outcome, paths)).items():
        (folder / name).write_bytes(content)
    (folder / DRAWN_BY).write_text(f"matplotlib {matplotlib.__version__}\n")


def differing(kept: Path, made: Path) -> list[str]:
    """Names of files that are not the same bytes in both."""
    names = {f.name for folder in (kept, made) for f in folder.iterdir()}
    if drawn_by(kept) != drawn_by(made):
        names = {name for name in names if not name.endswith(".svg")} - {DRAWN_BY}
    return sorted(n for n in names if _bytes(kept / n) != _bytes(made / n))


def drawn_by(folder: Path) -> bytes:
    return _bytes(folder / DRAWN_BY)


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def main(arguments: list[str]) -> int:
    if arguments != ["--check"]:
        write(REPORT)
        return 0
    with tempfile.TemporaryDirectory() as place:
        made = Path(place)
        write(made)
        found = differing(REPORT, made)
        if drawn_by(REPORT) != drawn_by(made):
            print("plots not compared: drawn by another matplotlib", file=sys.stderr)
    for name in found:
        print(f"docs/top-of-stack/{name}: not what a rerun gives; make report")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
