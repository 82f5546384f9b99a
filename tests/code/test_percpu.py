"""Per-CPU addresses of a linked kernel have names. (Of 6.12 a first hour saw
"per-CPU 0x10000000000006000" where objdump says cpu_tss_rw+0x14.)"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from costmodel.code.decode import format_insn
from costmodel.code.lines import lines_touched
from costmodel.code.load import load_path

SOURCE = """\
    .section .data..percpu, "aw"
    .globl cpu_tss_rw, pcpu_hot
cpu_tss_rw: .skip 0x80
pcpu_hot: .skip 0x40
    .text
    .globl entry
    .type entry, @function
entry:
    mov %rsp, %gs:cpu_tss_rw+20(%rip)
    mov %gs:pcpu_hot+24, %rsp
    mov 8(%rsp), %rax
    ret
    .size entry, .-entry
"""
SCRIPT = """\
SECTIONS {
  .data..percpu 0x0 : { *(.data..percpu) }
  .text 0xffffffff81000000 : { *(.text) }
}
"""


@pytest.fixture
def vmlinux(tmp_path: Path) -> Path:
    if shutil.which("gcc") is None or shutil.which("ld") is None:
        pytest.skip("needs gcc and ld")
    (tmp_path / "a.s").write_text(SOURCE)
    (tmp_path / "a.lds").write_text(SCRIPT)
    for command in ("gcc -c a.s -o a.o", "ld -T a.lds -e entry a.o -o vmlinux"):
        subprocess.run(
            command.split(), cwd=tmp_path, check=True, stderr=subprocess.DEVNULL
        )
    return tmp_path / "vmlinux"


def test_instructions_and_lines_have_the_variable_names(vmlinux: Path) -> None:
    path = load_path(vmlinux, symbol="entry")
    texts = [format_insn(step.insn) for step in path.steps]
    assert texts[:2] == [
        "mov %rsp,%gs:cpu_tss_rw+0x14",
        "mov %gs:pcpu_hot+0x18,%rsp",
    ]
    names = [use.where for use in lines_touched(path).uses]
    assert names[:2] == ["per-CPU cpu_tss_rw+0x14", "per-CPU pcpu_hot+0x18"]
    assert names[2].startswith("memory at [%gs:pcpu_hot+0x18]")
