"""The user's loop around a path: nothing is fetched that does not run."""

from __future__ import annotations

from pathlib import Path

import pytest

import costmodel as cm


@pytest.mark.parametrize("core", ["zen5", "skylake"])
def test_user_code_after_a_system_call_is_fetched_once(
    core: str, tmp_path: Path
) -> None:
    """It ends without a jump, so the loop's count follows it in memory."""
    file = tmp_path / "user.hex"
    file.write_text("90" * 40, encoding="ascii")
    empty = tmp_path / "empty.hex"
    empty.write_text("90", encoding="ascii")
    one = cm.estimate(cm.load_path(str(empty)), core, scenario="roundtrip")
    many = cm.estimate(cm.load_path(str(file)), core, scenario="roundtrip")
    assert 5 <= many.cycles - one.cycles <= 14  # 39 of them, four or five a cycle


def test_added_stores_show_in_a_round_trip_on_zen5() -> None:
    """STI holds younger code back, so what follows it is seen again."""
    stubs = Path(__file__).parents[2] / "stubs" / "top-of-stack"
    old, new = (
        cm.estimate(cm.load_path(str(stubs / name)), "zen5", scenario="roundtrip")
        for name in ("v3.16-fast.S", "every-slot-mov.S")
    )
    assert 1 <= new.cycles - old.cycles <= 6
