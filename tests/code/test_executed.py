"""perf's branch stacks and traces: the forms of tools/perf/builtin-script.c, by
hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import costmodel as cm
from costmodel.code.executed import Executed, chosen, path_of, read_executed
from costmodel.code.load import load_path
from costmodel.errors import InputError
from costmodel.studies.residual import residuals
from tests.cli.conftest import Run, run

__all__ = ["run"]  # a fixture

STUBS = Path(__file__).parents[2] / "stubs" / "lbr"
# The example of the commit that added brstackinsn (dump of read_hpet): PRED, no cycles.
READ_HPET = """\
swapper     0 [000]  1: 1 cycles:  ffffffff9905b843 read_hpet+0x43 ([kernel.kallsyms])
\tread_hpet+67:
\tffffffff9905b843\tinsn: 74 ea                     \t# PRED
\tffffffff9905b82f\tinsn: 85 c9
\tffffffff9905b831\tinsn: 74 12
\tffffffff9905b833\tinsn: f3 90
\tffffffff9905b835\tinsn: 48 8b 0f
\tffffffff9905b838\tinsn: 48 89 ca
\tffffffff9905b83b\tinsn: 48 c1 ea 20
\tffffffff9905b83f\tinsn: 39 f2
\tffffffff9905b841\tinsn: 89 d0
\tffffffff9905b843\tinsn: 74 ea                     \t# PRED
"""
LOOP = """\
a 1 [000] 5.0: 9 cycles:  1010 f+0x10 (f)
\tf+4:
\t0000000000001004\tinsn: eb fa                         \t# PRED 9 cycles [9]
\tf:
\t0000000000001000\tinsn: 90\tilen: 1
\t0000000000001001\tinsn: 48 ff c0\tilen: 3
\t0000000000001004\tinsn: eb fa\tilen: 2\t srcline: a.c:3\tbr_cntr: AA\t\
# MISPRED 7 cycles [16] 0.43 IPC
\t0000000000001000\tinsn: 90\tilen: 1
\t... not reaching sample ...
"""


def executed(text: str) -> Executed:
    return read_executed(text, "perf.txt")


def test_a_stretch_goes_from_target_to_branch() -> None:
    found = executed(READ_HPET)
    ((stretch,),) = found.samples
    assert len(stretch.insns) == 9
    assert stretch.insns[0].symbol == "read_hpet+0x2f"
    assert stretch.cycles is None
    path = path_of(chosen(found), found)
    assert [s.taken for s in path.steps] == [False] * 8 + [True]


def test_lengths_source_lines_and_counters_may_stand_between() -> None:
    ((stretch,),) = executed(LOOP).samples
    assert [i.form.data.hex() for i in stretch.insns] == ["90", "48ffc0", "ebfa"]
    assert stretch.cycles == 7
    assert stretch.mispredicted


def test_the_path_is_from_behind_syscall_to_sysret() -> None:
    found = executed((STUBS / "getppid.txt").read_text())
    best = chosen(found)
    assert [len(s.insns) for s in best.stretches] == [17, 3, 4, 2, 12]
    assert (len(best.runs), best.others) == (4, 2)
    path = path_of(best, found)
    assert path.name == "entry_SYSCALL_64"
    assert path.steps[-1].insn.form.mnemonic.startswith("sysret")
    assert path.steps[16].taken


def test_lbr_and_intel_pt_tell_the_same_path() -> None:
    paths = [load_path(STUBS / name) for name in ("getppid.txt", "getppid-pt.txt")]
    assert paths[0].steps == paths[1].steps


def test_measured_and_modelled_add_up() -> None:
    found = executed((STUBS / "getppid.txt").read_text())
    best = chosen(found)
    estimate = cm.estimate(path_of(best, found), "skylake", scenario="once")
    held = residuals(best, estimate)
    assert sum(s.modelled for s in held.stretches) == estimate.cycles
    assert held.measured == sum(s.measured or 0 for s in held.stretches)
    first = held.stretches[0]
    assert (first.measured, first.low, first.high, first.samples) == (33, 32, 35, 4)
    assert [s.mispredicted for s in held.stretches] == [0, 0, 0, 1, 0]


def test_a_symbol_begins_the_path() -> None:
    found = executed((STUBS / "getppid.txt").read_text())
    assert chosen(found, "do_syscall_64").stretches[0].insns[0].form.mnemonic == "cmp"
    with pytest.raises(InputError) as caught:
        chosen(found, "nosuch")
    assert "entry_SYSCALL_64" in caught.value.hint


def test_samples_that_do_not_fit_the_code_are_left_out() -> None:
    broken = READ_HPET.replace(
        "# PRED\n\tffffffff9905b82f", "# PRED\n\tmismatch of LBR data and executable\n"
        "\tffffffff9905b82f",
    )  # fmt: skip
    assert executed(READ_HPET + "\n" + broken).broken == 1
    with pytest.raises(InputError) as caught:
        executed(broken)
    assert "1 samples do not fit" in caught.value.hint


def test_branches_that_went_elsewhere_cut_a_sample() -> None:
    jump = "\t0000000000001004\tinsn: eb fa\t# PRED 7 cycles [9]\n"  # to 0x1000
    for at, stretches in (("1000", 3), ("1002", 1)):
        block = f"\t000000000000{at}\tinsn: 90\n{jump}"
        begun = f"a 1 5.0: 9 cycles: 1010 f\n{jump}"
        ((*found,),) = executed(begun + block * 3).samples
        assert len(found) == stretches


@pytest.mark.parametrize(
    "text",
    [
        # with --xed: mnemonics instead of bytes (commit dde4e732a5b0)
        "ls 1 5.0: 1 cycles: 7f94c9ac70d8 f+0x1 (ls)\n"
        "\t00007f94c9ac70d8\tjz 0x7f94c9ac70e3\t# PRED 3 cycles [15] 4.67 IPC\n",
    ],
)
def test_output_without_bytes_is_explained(text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_path("-", stdin=text.encode())
    assert "without their bytes" in caught.value.found
    assert "--xed" in caught.value.hint


def test_the_command_prints_both_sides(run: Run) -> None:
    file = str(STUBS / "getppid.txt")
    status, out, err = run("trace", file, "-u", "skylake,zen5")
    assert (status, err) == (0, "")
    assert out.count("in all") == 2
    assert max(map(len, out.splitlines())) <= 72
    status, out, _ = run("trace", file, "-u", "zen5", "--json")
    (found,) = json.loads(out)["results"]
    assert found["runs"] == 4
    assert found["residual"] == pytest.approx(
        sum(s["residual"] for s in found["stretches"])
    )
    status, out, _ = run("estimate", file, "-u", "zen5", "--json")
    assert status == 0
    assert json.loads(out)["results"][0]["path"] == "entry_SYSCALL_64"


def test_code_is_sent_to_the_right_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.s").write_text("nop\n")
    status, _, err = run("trace", str(tmp_path / "a.s"), "-u", "zen5")
    assert status == 2
    assert "costmodel estimate" in err
