"""What the program says to input it cannot use: one message, a status, no traceback.

Each case runs the real command. A message is ``costmodel: WHERE: FOUND`` and at most
an ``expected:`` and a ``try:`` line; where there is a file and a line, it names them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.code.conftest import make_elf

COMMAND = [sys.executable, "-m", "costmodel"]
SECONDS = 60  # far more than any of this takes; a hang fails rather than hangs
GOOD = "f: nop\nsysretq\n"


def run(
    arguments: Sequence[str], cwd: Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        timeout=SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def refuses(done: subprocess.CompletedProcess[str], status: int, first: str) -> None:
    """One message, whose first line matches ``first`` from its beginning."""
    assert "Traceback" not in done.stderr
    assert "a bug" not in done.stderr
    lines = done.stderr.splitlines()
    assert re.match(first, lines[0]), done.stderr
    assert len([line for line in lines if line.startswith("costmodel")]) == 1
    assert all(line.startswith("  ") for line in lines[1:])
    assert done.returncode == status
    assert done.stdout == ""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "ok.S").write_text(GOOD)
    return tmp_path


# --- source ---------------------------------------------------------------------------

SOURCES = {
    "a syntax error": ("f: nop\nmov %rax,,\n", 2, r"costmodel: x\.S:2: "),
    "a syntax error inside a macro": (
        ".macro bad\nmov %rax\n.endm\nf: nop\nbad\nret\n",
        2,
        r"costmodel: x\.S:5: .*mov.*\(in the macro at x\.S:2\)",
    ),
    "an unknown mnemonic": ("f: nop\nfrobnicate %rax\n", 2, r"costmodel: x\.S:2: "),
    "an include there is not": (
        '#include "nope.h"\nf: ret\n',
        2,
        r"costmodel: x\.S:1: nope\.h: No such file",
    ),
    "bytes that are no instruction": (
        "f: nop\n.byte 0x06,0x07\nret\n",
        2,
        r"costmodel: x\.S:\d: bytes that are no instruction at f\+0x1: 06 07",
    ),
    "AVX in the path": (
        "f: nop\nvpaddd %ymm0,%ymm1,%ymm2\nret\n",
        2,
        r"costmodel: x\.S:2: vpaddd uses vector or x87 registers",
    ),
    "x87 in the path": ("f: fld1\nret\n", 2, r"costmodel: x\.S:1: fld1 uses "),
    "an endless .rept": (
        ".rept 1000000000\nnop\n.endr\n",
        2,
        r"costmodel: x\.S:1: \w+ gave up: ",
    ),
    "an endless macro": (
        ".macro more\nmore\n.endm\nf: more\n",
        2,
        r"costmodel: x\.S:\d: ",
    ),
    "an endless jump cycle": (
        "f: nop\n1: jmp 2f\n2: jmp 1b\n",
        2,
        r"costmodel: x\.S:3: an endless cycle of 2 instructions",
    ),
    "a routine that calls itself": (
        "f: call f\nret\n",
        2,
        r"costmodel: x\.S:1: followed calls nested",
    ),
    "too many instructions": (
        "f: .rept 60000\nnop\n.endr\nret\n",
        2,
        r"costmodel: x\.S:\d: a path of more than 20000 instructions",
    ),
    "nothing": ("", 2, r"costmodel: x\.S: empty input"),
    "no code": ("# only a comment\n", 2, r"costmodel: x\.S: "),
    "only data": (".data\n.quad 1\n", 2, r"costmodel: x\.S: no executable code"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_source_that_cannot_be_used(here: Path, case: str) -> None:
    text, status, first = SOURCES[case]
    (here / "x.S").write_text(text)
    refuses(run(["estimate", "x.S", "-u", "skylake"], here), status, first)


def test_without_an_assembler_it_says_which_would_do(here: Path) -> None:
    done = run(["estimate", "ok.S", "-u", "skylake"], here, PATH="/nowhere")
    if done.returncode == 0:
        pytest.skip("the zig wheel is installed")
    refuses(done, 2, r"costmodel: ok\.S: no assembler found$")
    assert "gcc, clang or the ziglang wheel" in done.stderr


# --- objects and bytes ----------------------------------------------------------------


def whole() -> bytes:
    return make_elf(b"\x90\x0f\x07", [("f", 0, 3)])


def patched(at: int, new: bytes) -> bytes:
    data = bytearray(whole())
    data[at : at + len(new)] = new
    return bytes(data)


FILES = {
    "cut in the header": (whole()[:30], r"costmodel: x: a truncated ELF file: 30 b"),
    "cut in the middle": (whole()[:120], r"costmodel: x: a truncated ELF file: 120 b"),
    "cut at the end": (whole()[:-1], r"costmodel: x: a truncated ELF file"),
    "a 32-bit object": (
        patched(4, b"\1") [:18] + b"\3\0" + whole()[20:],
        r"costmodel: x: a 32-bit ELF file for 32-bit x86",
    ),
    "an ARM object": (
        patched(18, b"\xb7\0"),
        r"costmodel: x: an ELF file for 64-bit ARM",
    ),
    "an ELF of no class": (patched(4, b"\0"), r"costmodel: x: a damaged ELF header"),
    "a big-endian object": (patched(5, b"\2"), r"costmodel: x: a big-endian ELF"),
    "hex that is no instruction": (b"06 07\n", r"costmodel: x: 0x0: bytes that are no"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), r"costmodel: x: "),
    "zeros": (bytes(4096), r"costmodel: x: "),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_used(here: Path, case: str) -> None:
    data, first = FILES[case]
    (here / "x").write_bytes(data)
    refuses(run(["estimate", "x", "-u", "skylake"], here), 2, first)


def test_a_huge_file_is_refused_at_once(here: Path) -> None:
    with (here / "x").open("wb") as stream:
        stream.truncate(1 << 34)
    done = run(["estimate", "x", "-u", "skylake"], here)
    refuses(done, 2, r"costmodel: x: more than 64 MiB of text")


def test_an_endless_stream_is_refused(here: Path) -> None:
    done = run(["estimate", "/dev/zero", "-u", "skylake"], here)
    refuses(done, 2, r"costmodel: /dev/zero: more than 64 MiB")


def test_an_empty_stdin_is_refused(here: Path) -> None:
    refuses(run(["estimate", "-", "-u", "skylake"], here), 2, r"costmodel: <?stdin>?: ")


def test_a_directory_is_refused(here: Path) -> None:
    refuses(run(["estimate", ".", "-u", "skylake"], here), 2, r"costmodel: .*directory")


def test_an_unreadable_file_is_refused(here: Path) -> None:
    (here / "x").write_text("90\n")
    (here / "x").chmod(0)
    name = "x"
    if os.access(here / "x", os.R_OK):  # root may read anything but another's memory
        name = "/proc/1/mem"
    done = run(["estimate", name, "-u", "skylake"], here)
    refuses(done, 2, f"costmodel: {name}: cannot be read: ")


def test_a_missing_file_brings_up_its_neighbours(here: Path) -> None:
    done = run(["estimate", "okk.S", "-u", "skylake"], here)
    refuses(done, 2, r"costmodel: okk\.S: no such file")
    assert "did you mean ok.S?" in done.stderr


# --- the command line -----------------------------------------------------------------

ARGUMENTS = {
    "an unknown symbol": (["--symbol", "g"], r"costmodel: ok\.S: no symbol 'g'"),
    "a symbol and no number": (["--symbol", "f+zz"], r"costmodel: .*selector 'f\+zz'"),
    "a place outside": (
        ["--symbol", "f+0x99"],
        r"costmodel: ok\.S: f\+0x99 is outside",
    ),
    "an unknown label to take": (["--take", "g"], r"costmodel: ok\.S: no symbol 'g'"),
    "an alignment over 63": (["--align", "99"], r"costmodel estimate: .*'99' is not"),
    "a negative alignment": (["--align=-1"], r"costmodel estimate: .*'-1' is not a nu"),
    "an unknown scenario": (["--scenario", "cold"], r"costmodel estimate: .*'cold'"),
    "an unknown option": (["--frobnicate"], r"costmodel.*: unrecognized arguments"),
    "an unknown core": (["-u", "skylke"], r"costmodel: no core is called 'skylke'"),
    "a core file there is not": (["-u", "x.yaml"], r"costmodel: x\.yaml: no such file"),
    "no core": (["-u", ""], r"costmodel: "),
    "a figure past all numbers": (
        ["--set", "window.rob=1e400"],
        r"costmodel: window\.rob: inf is impossible",
    ),
    "a figure that is no number": (
        ["--set", "window.rob=nan"],
        r"costmodel: window\.rob: nan is impossible",
    ),
    "a sweep from no number": (
        ["--sweep", "window.rob=nan:1:5"],
        r"costmodel: window\.rob: nan is impossible",
    ),
    "draws without an end": (
        ["--draws", "9" * 30],
        r"costmodel estimate: .*more than 100000 draws",
    ),
    "a name of any length": (["--symbol", "x" * 50_000], r"costmodel: .{,500}$"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_that_cannot_be_used(here: Path, case: str) -> None:
    more, first = ARGUMENTS[case]
    refuses(run(["estimate", "ok.S", *more], here), 2, first)


def test_an_unknown_core_brings_up_those_with_names_like_it(here: Path) -> None:
    done = run(["estimate", "ok.S", "-u", "skylke"], here)
    assert "did you mean skylake" in done.stderr


# --- core files -----------------------------------------------------------------------

HEAD = "extends: skylake\ntitle: Mine\nyear: 2020\nvendor: intel\nfamily: core\n"
CORES = {
    "an unknown key": ("robb: 3\n", r"my\.yaml:6:1: unknown key 'robb'"),
    "a duplicate key": ("title: Other\n", r"my\.yaml:6:1: the key 'title' a second"),
    "a port that does not exist": (
        'ports:\n  classes:\n    alu: ["0", "99"]\n',
        r"my\.yaml:8:\d+: .*99",
    ),
    "an impossible value": ("window:\n  rob: -5\n", r"my\.yaml:7:\d+: .*-5"),
    "a wrong type": ("window:\n  rob: many\n", r"my\.yaml:7:\d+: .*many"),
    "an undeclared source": (
        "window:\n  rob: {value: 9, source: HEARSAY}\n",
        r"my\.yaml:7:\d+: .*HEARSAY",
    ),
    "no YAML": ("window: [\n", r"my\.yaml:\d+:\d+: "),
    "a tab": ("window:\n\trob: 3\n", r"my\.yaml:7:1: "),
    "an alias": ("ghz: *other\n", r"my\.yaml:6:\d+: "),
    "an alias of itself": ("window: &a {rob: *a}\n", r"my\.yaml:6:\d+: "),
    "a nest of lists": ("aliases: " + "[" * 5000 + "]" * 5000, r"my\.yaml:6:\d+: "),
    "aliases that multiply": (
        "a0: &a0 [x, x]\n"
        + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 60)),
        r"my\.yaml:6:\d+: ",
    ),
    "a number of many digits": (
        f"window:\n  rob: {'9' * 5000}\n",
        r"my\.yaml:7:8: 9+ \.\. 9+, a number of 5000 digits",
    ),
    "no number": ("memory: {commit_line_interval: .nan}\n", r"my\.yaml:6:32: "),
    "a million uops": (
        "costs: {nop: {'': {uops: [{on: alu, count: 1000000000}]}}}\n",
        r"my\.yaml:6:\d+: .*1000000000",
    ),
}


@pytest.mark.parametrize("case", CORES)
def test_a_core_file_that_cannot_be_used(here: Path, case: str) -> None:
    text, first = CORES[case]
    (here / "my.yaml").write_text(HEAD + text)
    done = run(["estimate", "ok.S", "-u", "./my.yaml"], here)
    refuses(done, 2, r"costmodel: (\./)?" + first)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", r"costmodel: (\./)?my\.yaml:1:1: the file is empty"),
        ("extends: my\n", r"costmodel: (\./)?my\.yaml:1:10: extends goes in a circle"),
        ("extends: sky\n", r"costmodel: (\./)?my\.yaml:1:10: extends: there is no sky"),
    ],
    ids=["empty", "extends itself", "extends nothing"],
)
def test_a_core_file_that_leads_nowhere(here: Path, text: str, first: str) -> None:
    (here / "my.yaml").write_text(text)
    refuses(run(["estimate", "ok.S", "-u", "./my.yaml"], here), 2, first)


# --- what is odd and fine -------------------------------------------------------------


def test_a_path_of_only_nops_has_an_answer(here: Path) -> None:
    done = run(["estimate", "-", "-u", "skylake"], here, stdin=b"90 90 90\n")
    assert done.returncode == 0
    assert re.match(r"\d+\?* cycles", done.stdout)
    assert done.stderr == ""


def test_a_reader_that_leaves_an_estimate_is_no_error(here: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "estimate", str(here / "ok.S"), "-u", "skylake"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(("options", "status"), [([], 2), (["--strict"], 3)])
def test_only_strict_exits_with_3(here: Path, options: list[str], status: int) -> None:
    # Case 30d: a listing cut short is data, not code, and came out with 3.
    (here / "x.S").write_text("f: fld1\nret\n")
    done = run(["estimate", "x.S", "-u", "skylake", *options], here)
    refuses(done, status, r"costmodel: x\.S:1: fld1 uses ")
