"""A slice of ``make fuzz`` that is the same every time, and the target itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel import cli
from tests.fuzz.cases import SHARES, Case, case
from tests.fuzz.running import run
from tests.fuzz.shrinking import smallest

SLICE = {kind: 1 if kind == "assembly" else 2 * share for kind, share in SHARES.items()}


@pytest.mark.parametrize("kind", SHARES)
def test_every_case_of_a_slice_is_answered(kind: str, tmp_path: Path) -> None:
    for seed in range(max(SLICE[kind], 1)):
        wrong = run(case(kind, seed), tmp_path)
        assert not wrong, f"{wrong}: python -m tests.fuzz --only {kind}:{seed}"


def test_a_case_follows_from_its_number() -> None:
    for kind in SHARES:
        assert case(kind, 7) == case(kind, 7)
        assert len({repr(case(kind, seed)) for seed in range(40)}) > 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda args: 1 // 0, "ZeroDivisionError"),
        (lambda args: cli.Outcome(""), "no answer"),
        (lambda args: cli.Outcome("fine", (), 7), "status 7"),
        (
            lambda args: print("a bug: x") or cli.Outcome("fine"),
            "a traceback on stdout",
        ),
        (lambda args: print("\x1b[2J") or cli.Outcome("fine"), "a control character"),
    ],
)
def test_a_wrong_answer_is_seen_and_made_small(
    fault: object, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from costmodel.commands import cores

    monkeypatch.setattr(cores, "run", fault)
    made = Case("options", 0, ("cores", "skylake", "--json"), {"a": bytes(100)})
    wrong = run(made, tmp_path)
    assert told in wrong
    small = smallest(made, lambda c: run(c, tmp_path) == wrong, 5)
    assert small.arguments == ("cores",)
    assert small.files == {"a": b""}
