"""``--features``, ``--cpuinfo`` and ``--with`` as a user gives them, on a kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel.code.assemble import Source, assemble

Run = Callable[..., tuple[int, str, str]]

# PTI's write of CR3 and the bit that keeps the TLB, in our own words.
KERNEL = """
.globl entry_SYSCALL_64, do_syscall_64
.type do_syscall_64,@function
entry_SYSCALL_64:
 swapgs
 mov %rsp,%gs:0x6014
site: jmp after
between: mov %cr3,%rsp
keep: .nops 5, 1
 and $~0x1800,%rsp
 mov %rsp,%cr3
after: mov %gs:0x1fc90,%rsp
 push %rax
 call do_syscall_64
 pop %rax
 mov %gs:0x6014,%rsp
 swapgs
 sysretq
do_syscall_64: ret
.section .altinstr_replacement,"ax"
held: bts $63,%rsp
held_end:
.section .altinstructions,"a"
.long site - ., held - .
.short 7 * 32 + 11, 0
.byte between - site, 0
.long keep - ., held - .
.short 4 * 32 + 17, 0
.byte 5, held_end - held
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> str:
    if shutil.which("ld") is None:
        pytest.skip("no linker")
    folder = tmp_path_factory.mktemp("kernel")
    part, whole = folder / "entry.o", folder / "vmlinux"
    part.write_bytes(assemble(Source(KERNEL, "entry.S")))
    subprocess.run(
        ["ld", "-Ttext=0xffffffff81000000", "-e", "0", "-o", whole, part],
        check=True,
        capture_output=True,
    )
    return str(whole)


def cost(run: Run, kernel: str, *more: str) -> dict[str, object]:
    status, out, err = run(
        "estimate", kernel, "--symbol", "entry_SYSCALL_64", "--json", *more
    )
    assert (status, err) == (0, "")
    (found,) = json.loads(out)["results"]
    assert isinstance(found, dict)
    return found


def test_a_mitigation_costs_what_boot_makes_of_it(run: Run, kernel: str) -> None:
    """The contract: --uarch skylake --features none|pti,pcid --json."""
    plain = cost(run, kernel, "--uarch", "skylake", "--features", "none")
    pti = cost(run, kernel, "--uarch", "skylake", "--features", "pti,pcid")
    flushing = cost(run, kernel, "--uarch", "skylake", "--features", "pti")
    cycles = [float(str(one["cycles"])) for one in (plain, pti, flushing)]
    assert 180 < cycles[1] - cycles[0] < 330  # one write of CR3 that keeps the TLB
    assert 150 < cycles[2] - cycles[1] < 400  # and one that flushes it
    sites = pti["alternatives"]
    assert isinstance(sites, list)
    assert [site["applied"] for site in sites] == ["pti", "pcid"]
    assert sites[1]["running"] == ["bts $0x3f,%rsp"]
    assert pti["features"] == "pti,pcid"
    idle = plain["alternatives"]
    assert isinstance(idle, list) and idle[0]["applied"] is None


def test_the_default_is_each_cores_own(run: Run, kernel: str) -> None:
    status, out, _ = run(
        "estimate", kernel, "--symbol", "entry_SYSCALL_64", "-u", "skylake,zen3",
        "--features", "default", "--json",
    )  # fmt: skip
    assert status == 0
    applied = [
        {site["applied"] for site in result["alternatives"]}
        for result in json.loads(out)["results"]
    ]
    assert "pti" in applied[0] and "pti" not in applied[1]


def test_two_sets_compare(run: Run, kernel: str) -> None:
    status, out, _ = run(
        "compare", kernel, "--symbol", "entry_SYSCALL_64", "-u", "skylake",
        "--features", "none", "--features", "pti,pcid", "--draws", "4", "--json",
    )  # fmt: skip
    (found,) = json.loads(out)["results"]
    assert status == 0 and 180 < found["delta"] < 330
    assert found["low"] < found["delta"] < found["high"]


def test_many_sets_are_a_table(run: Run, kernel: str) -> None:
    sets = ["none", "pti,pcid", "mitigations=off"]
    status, out, _ = run(
        "estimate", kernel, "--symbol", "entry_SYSCALL_64", "-u", "skylake,zen3",
        *(word for one in sets for word in ("--features", one)),
    )  # fmt: skip
    rows = out.splitlines()
    assert status == 0 and len(out.splitlines()) < 12
    assert rows[2].split() == ["features", "skylake", "zen3"]
    assert [row.split()[0] for row in rows[3:6]] == sets


def test_a_cpuinfo_chooses(run: Run, kernel: str, tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu pcid pti\n")
    result = cost(run, kernel, "--uarch", "skylake", "--cpuinfo", str(file))
    sites = result["alternatives"]
    assert isinstance(sites, list)
    assert [site["applied"] for site in sites] == ["pti", "pcid"]


def test_explain_shows_both_sides(run: Run, kernel: str) -> None:
    status, out, _ = run(
        "explain", kernel, "--symbol", "entry_SYSCALL_64", "-u", "skylake",
        "--features", "pti,pcid",
    )  # fmt: skip
    assert status == 0 and "alternatives, as boot leaves them with pti,pcid" in out
    (row,) = [line for line in out.splitlines() if "nop x5" in line]
    assert row.split()[2:] == ["bts", "$0x3f,%rsp"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--features", "ptl"], "no feature 'ptl'"),
        (["--features", ""], "--features"),
        (["--with", "rax"], "--with"),
        (["--cpuinfo", "/nowhere"], "cannot be read"),
    ],
)
def test_mistakes_are_one_message(
    run: Run, kernel: str, arguments: list[str], said: str
) -> None:
    status, out, err = run(
        "estimate", kernel, "--symbol", "entry_SYSCALL_64", "-u", "skylake", *arguments
    )
    assert (status, out) == (2, "") and said in err


def test_compare_needs_something_to_compare_with(run: Run, kernel: str) -> None:
    status, _, err = run("compare", kernel, "--symbol", "entry_SYSCALL_64")
    assert status == 2 and "nothing to compare with" in err


STUDY = """\
title: "what boot makes of an entry"
draws: 2
paths: {plain: vmlinux, pti: vmlinux, its: vmlinux, counted: counted.S}
symbols: {plain: entry_SYSCALL_64, pti: entry_SYSCALL_64, its: entry_SYSCALL_64}
features: {plain: none, pti: "pti,pcid", its: default}
with: {counted: [rcx=5]}
questions:
- {id: pti, question: "PTI?", kind: difference, before: plain, after: pti,
   sentence: "{value}"}
- {id: own, question: "Its own?", kind: difference, before: plain, after: its,
   sentence: "{value}"}
- {id: loop, question: "The loop?", kind: cost, after: counted, sentence: "{value}"}
"""


def test_a_study_says_it_of_its_paths_as_the_options_do(
    run: Run, kernel: str, tmp_path: Path
) -> None:
    (tmp_path / "vmlinux").symlink_to(kernel)
    (tmp_path / "counted.S").write_text("f: dec %rcx\njnz f\nret\n")
    (tmp_path / "study.yaml").write_text(STUDY)
    study = str(tmp_path / "study.yaml")
    status, out, err = run("study", study, "--uarch", "skylake,zen3", "--json")
    assert (status, err) == (0, "")
    found = {(a["id"], a["uarch"]): a["value"] for a in json.loads(out)["answers"]}
    for core in ("skylake", "zen3"):

        def cycles(features: str, core: str = core) -> float:
            more = "--uarch", core, "--features", features
            return float(str(cost(run, kernel, *more)["cycles"]))

        assert found["pti", core] == cycles("pti,pcid") - cycles("none")
        assert found["own", core] == cycles("default") - cycles("none")
    assert found["own", "skylake"] != found["own", "zen3"]
    counted = str(tmp_path / "counted.S")
    status, out, err = run(
        "estimate", counted, "--with", "rcx=5", "-u", "zen3", "--json"
    )
    assert found["loop", "zen3"] == json.loads(out)["results"][0]["cycles"]
