"""Real runs: known answers, and code that means no good.

The machine may be busy. What is asked then is asked again for a while; if it never gets
quiet, the test says so and is skipped: it does not fail for a neighbour's sake.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel import api
from costmodel.code.insn import Path as InsnPath
from costmodel.measure.native import BINARY
from costmodel.measure.paired import paired
from costmodel.measure.run import Measured, Settings, measure

pytestmark = pytest.mark.usefixtures("measuring")

ADD, IMUL, BOTH = "4801d8", "0fafc0", "0fafc001d8"
PATIENCE = 8.0  # seconds for one quiet moment


def path_of(text: str) -> InsnPath:
    return api.load_path("-", stdin=text.encode())


def one(text: str, scenario: str = "unroll", rounds: int = 5) -> Measured:
    settings = Settings(scenario=scenario, rounds=rounds, pause=0.005)
    (found,) = measure([path_of(text)], settings)
    return found


def until(holds: Callable[[], bool], what: str) -> None:
    """Ask until it holds; skip if the machine is never quiet enough to tell."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            pytest.skip(f"no quiet moment in {PATIENCE:g} s: {what}")
        time.sleep(0.1)


@pytest.mark.parametrize("scenario", ["unroll", "opcache", "loop"])
@pytest.mark.parametrize(("text", "cycles"), [(ADD, 1.0), (IMUL, 3.0), (BOTH, 4.0)])
def test_known_answers(scenario: str, text: str, cycles: float) -> None:
    seen = []

    def holds() -> bool:
        found = one(text, scenario)
        seen.append(found.figure.cycles)
        return (
            found.status == "ok"
            and found.figure.cycles is not None
            and abs(found.figure.cycles - cycles) <= 0.01 * cycles
        )

    until(holds, f"{text} in {scenario} took {seen}, not {cycles}")


def test_a_single_pass_grows_by_its_latency() -> None:
    """Behind the empty bracket: 24 more multiplications are 72 cycles more."""
    seen = []

    def holds() -> bool:
        short, long = (one(IMUL * n, "once").figure.cycles for n in (8, 32))
        seen.append((short, long))
        return short is not None and long is not None and abs(long - short - 72) < 5

    until(holds, f"8 and 32 took {seen}")


def test_a_difference_is_seen_against_its_controls() -> None:
    seen = []

    def holds() -> bool:
        settings = Settings(rounds=2, pause=0.0)
        (found,) = paired(path_of(BOTH), path_of(IMUL), settings, chosen=["opcache"])
        seen.append(found)
        delta = found.delta.cycles
        return delta is not None and abs(delta + 1.0) < 0.05

    until(holds, f"an add less gave {seen}")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0f0b", "invalid opcode"),
        ("31d231c0f7f0", "divide error"),
        ("48b800f0ff7fffff00004889c450", "bus error"),  # the stack goes to nowhere
        ("48c7c4000000005058", "fault"),
        ("f3aa", "too many pages"),
        ("e800000000588900", "writes its own code"),
        ("cc", "refused"),
        ("fa", "refused"),
        ("0f05", "refused"),
        ("0f58c0", "unknown"),
    ],
)
def test_hostile_blocks_get_a_word_each(text: str, word: str) -> None:
    found = one(text, rounds=2)
    assert found.status == word
    assert found.failure is not None and found.failure.says
    assert found.figure.cycles is None


_HIDDEN = """main:
 mov ${number},%eax
 mov ${bytes},%ecx
 call f
 jmp 2f
f:
 movl $0x10000006,(%rsp)
 ret
2: nop
"""


@pytest.mark.parametrize(
    ("number", "code"), [(231, "0x9090050f"), (62, "0x9090050f"), (1, "0x909080cd")]
)
def test_a_hidden_system_call_is_caught(number: int, code: str, tmp_path: Path) -> None:
    """exit_group and kill inside an immediate, reached by a changed return address."""
    file = tmp_path / "hidden.S"
    text = _HIDDEN.replace("{number}", str(number)).replace("{bytes}", code)
    file.write_text(text)
    path = api.load_path(str(file), into=["f"])
    (found,) = measure([path], Settings(scenario="unroll", rounds=2))
    assert found.status == "system call"
    assert found.failure is not None and str(number) in found.failure.says


def test_a_call_of_its_own_is_caught_in_a_frame_too(tmp_path: Path) -> None:
    """Where a real system call is wanted, and code can therefore not be confined."""
    file = tmp_path / "hidden.S"
    text = _HIDDEN.replace("{number}", "231").replace("{bytes}", "0x9090050f")
    text = text.replace(" jmp 2f", " call *sys_call_table(,%rax,8)\n jmp 2f")
    # One instruction of the frame's own comes before the copy: 5 bytes more.
    file.write_text(text.replace("0x10000006", "0x1000000b"))
    path = api.load_path(str(file), into=["f"])
    (found,) = measure([path], Settings(scenario="unroll", rounds=2), frame=True)
    assert found.status == "system call"


ENDLESS = """\
main:
	xor %ecx, %ecx
	xgetbv                  # its low bit is set, which no follower of paths knows
	and $1, %eax
	imul $5, %eax, %eax
	call f
	nop
	jmp 2f
f:	sub %rax, (%rsp)        # the call returns to itself
	ret
2:	nop
"""


def test_endless_code_is_ended_and_nothing_is_left(tmp_path: Path) -> None:
    file = tmp_path / "endless.S"
    file.write_text(ENDLESS)
    path = api.load_path(str(file), into=["f"])
    (found,) = measure([path], Settings(scenario="unroll", rounds=2))
    assert found.status == "endless"
    assert not running()


def running() -> list[int]:
    """Measuring programs that are children of this process or of nobody."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            name = (stat.parent / "exe").readlink()
        except OSError:
            continue
        if name == BINARY and int(fields[1]) in (1, os.getpid()):
            found.append(int(stat.parent.name))
    return found


def cli(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "costmodel", *words],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_warns_first_and_answers_in_json(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.hex", tmp_path / "bad.hex"
    good.write_text(IMUL)
    bad.write_text("0f0b")
    files = [str(good), str(bad)]
    made = cli("measure", *files, "--scenario", "loop", "--json", "--rounds", "3")
    assert made.stderr.startswith("costmodel: measuring executes the code")
    assert made.returncode == 2
    assert f"{bad}: raises invalid opcode at ud2" in made.stderr
    document = json.loads(made.stdout)
    assert document["schema"] == 1
    assert {"vendor", "family", "model", "uarch"} <= set(document["cpu"])
    first, second = document["results"]
    keys = {"file", "scenario", "cycles", "low", "high", "kept", "taken", "ghz"}
    assert keys | {"status"} <= set(first)
    assert (first["file"], first["scenario"]) == (str(good), "loop")
    assert (second["status"], second["cycles"]) == ("invalid opcode", None)


def test_an_interrupted_command_leaves_no_process(tmp_path: Path) -> None:
    code = tmp_path / "code.hex"
    code.write_text(IMUL)
    process = subprocess.Popen(
        [sys.executable, "-m", "costmodel", "measure", str(code), "--pause", "30"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert "executes the code" in process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(2)
    process.communicate(timeout=10)
    assert process.returncode in (130, -2)
    time.sleep(0.2)
    assert not running()


def test_bad_options_are_told() -> None:
    for words, says in (
        (("--rounds", "1"), "two have to agree"),
        (("--cpu", "4000"), "CPU 4000"),
        (("--pause", "-1"), "--pause"),
    ):
        made = cli("measure", "/dev/null", *words)
        assert made.returncode == 2 and says in made.stderr, made.stderr
