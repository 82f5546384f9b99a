"""Entry paths as written, in a guest: the KVM there is decides how much is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from costmodel import api
from costmodel.measure import guest, places
from costmodel.measure.guest import GuestJob
from costmodel.measure.ring0 import enters_by, run_path
from costmodel.measure.ring0costs import instruction_costs
from tests.measure.test_measured import cli

STUBS = Path(__file__).resolve().parents[2] / "stubs" / "top-of-stack"
pytestmark = pytest.mark.usefixtures("guests")
REGISTERS = tuple(places.register_value(r) for r in range(16))


@pytest.fixture(scope="module")
def guests(measuring: None) -> None:
    """Skips, with the reason, where no guest can be run."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("/dev/kvm is not there, or not for this user (group kvm)")
    found = guest.run(GuestJob(b"\x0f\x0b", (0,), REGISTERS))
    if found.status != "exception":
        pytest.skip(f"a guest of one instruction: {found.says}")


@pytest.mark.parametrize(
    "name",
    ["v3.16-fast", "v4.0-fast", "v4.1-fast", "v4.14-fast", "every-slot-mov",
     "every-slot-push", "every-slot-fork-syscall", "push-frame", "compat-int80"],
)  # fmt: skip
def test_the_frame_in_memory_is_the_one_the_model_tells(name: str) -> None:
    found = run_path(api.load_path(STUBS / f"{name}.S"))
    assert not found.failed
    assert [s for s in (*found.slots, *found.registers) if s.differs] == []
    assert sum(s.expected is not None for s in found.slots) >= 4
    assert found.works
    assert found.refused or (found.cycles is not None and found.bare is not None)


def test_a_frame_that_is_not_the_model_s_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Were RDI saved in the slot of RSI, both slots would differ."""
    path = api.load_path(STUBS / "v3.16-fast.S")
    from costmodel.measure import ring0

    real = ring0.frame_slots

    def swapped(of: object) -> object:
        slots = {s.name: s for s in real(path)}
        slots["RDI"], slots["RSI"] = (
            slots["RDI"]._replace(value="rsi"), slots["RSI"]._replace(value="rdi"),
        )  # fmt: skip
        return tuple(slots.values())

    monkeypatch.setattr(ring0, "frame_slots", swapped)
    found = run_path(path)
    assert [s.name for s in found.slots if s.differs] == ["RDI", "RSI"]
    assert not found.works


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("0f0b", "invalid opcode"),
        ("f4", "general protection"),  # hlt in ring 3
        ("31d231c0f7f0", "divide error"),
        ("ebfe", "endless"),
        ("488b0425000000f0", "page fault"),
    ],
)
def test_a_guest_that_goes_wrong_has_a_word_for_it(code: str, says: str) -> None:
    data = bytes.fromhex(code)
    job = GuestJob(data, (0,), REGISTERS, budget_ms=500)
    found = guest.run(job)
    if says == "page fault":
        assert found.status in ("exception", "done")  # mapped, and the code went on
    else:
        assert says in found.says


def test_a_path_that_stays_in_the_kernel_is_refused() -> None:
    made = cli("measure", "--ring0", str(STUBS / "restore.S"))
    assert made.returncode == 2
    assert "expected: a whole way through the kernel" in made.stderr


def test_the_command_in_json() -> None:
    made = cli("measure", "--ring0", str(STUBS / "v3.16-fast.S"), "--json")
    assert made.returncode == 0, made.stderr
    (result,) = json.loads(made.stdout)["results"]
    assert result["works"] is True
    assert result["status"] in ("ok", "refused")
    if result["status"] == "refused":
        assert result["cycles"] is None and "emulate" in result["why"]
    slots = {slot["slot"]: slot for slot in result["frame"]}
    assert slots["RDI"]["found"] == f"{REGISTERS[7]:#x}"
    assert slots["SS"]["modelled"] is None


def test_times_are_given_only_where_ring_0_is_real() -> None:
    found = instruction_costs()
    if found.refused:
        assert not found.costs
    else:
        assert 20 < dict(found.costs)["SYSCALL, SYSRETQ"] < 2500


def test_how_a_path_is_entered_is_told_by_its_name() -> None:
    assert enters_by(api.load_path(STUBS / "compat-int80.S")) == b"\xcd\x80"
    assert enters_by(api.load_path(STUBS / "v3.16-fast.S")) == b"\x0f\x05"
