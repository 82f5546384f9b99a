"""``stubs/record/pairs.csv`` is what ``tools/pairs.py`` writes."""

from __future__ import annotations

import os

from tools.pairs import FILE, RECORD, text


def test_the_pairs_on_record_are_those_of_the_study_and_the_record() -> None:
    file = RECORD.parent / FILE
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        file.write_text(text(), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text(), "python -m tools.pairs"
