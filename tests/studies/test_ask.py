"""Sweeps and studies from Python."""

from __future__ import annotations

import costmodel as cm
from costmodel import data

STUBS = data.stubs_dir() / "top-of-stack"
FAST, EVERY = (str(STUBS / name) for name in ("v3.16-fast.S", "every-slot-mov.S"))


def test_a_sweep_is_a_tidy_frame() -> None:
    found = cm.sweep((FAST, EVERY), "skylake", "costs.swapgs..latency=6:30:3")
    frame = found.frame()
    assert list(frame["value"]) == [6, 18, 30]
    assert list(frame["delta"]) == list(frame["cycles"] - frame["before"])
    assert "difference" in found.text()


def test_a_study_is_a_tidy_frame() -> None:
    found = cm.study(str(STUBS / "study.yaml"), "zen5", draws=0)
    frame = found.frame()
    assert set(frame["uarch"]) == {"zen5", "all"}
    assert found.text().isascii()
