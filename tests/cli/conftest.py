"""The command line with a stand-in for the engine, so that only commands are tested."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from costmodel.cli import main
from costmodel.code.insn import Path
from costmodel.engine.result import Estimate
from tests.make import A_GUESS, an_estimate

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: its exit status, stdout and stderr."""

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(arguments)
        except SystemExit as leaving:  # argparse
            status = int(leaving.code or 0)
        streams = capsys.readouterr()
        return status, streams.out, streams.err

    return command


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten cycles an instruction, plus one on zen5; ``ud2`` is not known."""

    def estimate(
        path: Path,
        loaded: Any,
        *,
        scenario: str | None = None,
        align: int = 0,
        cold: Any = (),
    ) -> Estimate:
        cycles = 10 * len(path.steps) + (loaded.core.name == "zen5")
        names = [step.insn.form.mnemonic for step in path.steps]
        return an_estimate(
            path,
            uarch=loaded.core.name,
            title=loaded.core.title,
            scenario=scenario or "once",
            align=align,
            window_cycles=cycles,
            causes=(("port", cycles),),
            charges=((0, "port", cycles),),
            critical_path=(),
            timeline=(),
            pt_regs=(),
            unknown=tuple(n for n in names if n == "ud2"),
            guesses=(A_GUESS,) if "swapgs" in names else (),
        )

    module = ModuleType("costmodel.engine.estimate")
    module.estimate = estimate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "costmodel.engine.estimate", module)
    # Draws need the engine itself: without them a comparison has no interval.
    draws = ModuleType("costmodel.studies.uncertainty")
    draws.DRAWS = 0  # type: ignore[attr-defined]
    draws.with_intervals = draws.sensitivities = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "costmodel.studies.uncertainty", draws)
