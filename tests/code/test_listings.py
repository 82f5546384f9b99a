"""Listings of other tools, other assemblers' languages, Intel syntax: read or refused
by name. The forms are those people paste in forums and trackers; each test says whose.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.code.decode import format_insn
from costmodel.code.load import load_path
from costmodel.errors import InputError

BYTES = ["0f01f8", "65488924251460", "c3"]


def codes(text: str, **options: object) -> list[str]:
    path = load_path("-", stdin=text.encode(), **options)  # type: ignore[arg-type]
    return [step.insn.form.data.hex() for step in path.steps]


def refused(text: str, name: str = "-", **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        load_path(name, stdin=text.encode(), **options)  # type: ignore[arg-type]
    return caught.value


WITH_BYTES = {
    # gdb's manual, "disassemble /r"
    "gdb": (
        "Dump of assembler code for function entry_SYSCALL_64:\n"
        "=> 0xffffffff82000080 <+0>:\t0f 01 f8\tswapgs\n"
        "   0xffffffff82000083 <+3>:\t90\tnop\n"
        "   0xffffffff82000084 <+4>:\tc3\tret\n"
        "End of assembler dump.\n"
    ),
    # gdb before 13 (no tab after the colon's bytes on some builds), a whole symbol
    "gdb x/3i": (
        "   0xffffffff82000080 <entry_SYSCALL_64>:\t0f 01 f8\tswapgs\n"
        "   0xffffffff82000083 <entry_SYSCALL_64+3>:\t90\tnop\n"
        "   0xffffffff82000084 <entry_SYSCALL_64+4>:\tc3\tret\n"
    ),
    # WinDbg "u", as in DarthTon/HyperBone #34
    "WinDbg": (
        "0: kd> u nt!KiSystemCall64\n"
        "nt!KiSystemCall64:\n"
        "fffff802`6f412180 0f01f8          swapgs\n"
        "fffff802`6f412183 90              nop\n"
        "fffff802`6f412184 c3              ret\n"
    ),
    # IDA with opcode bytes shown
    "IDA": (
        ".text:0000000140001000 0F 01 F8                swapgs\n"
        ".text:0000000140001003 90                      nop\n"
        ".text:0000000140001004 C3                      retn\n"
    ),
    # go tool objdump
    "go": (
        "TEXT main.entry(SB) /src/entry.s\n"
        "  entry.s:4\t\t0x45e2a0\t\t0f01f8\t\t\tSWAPGS\n"
        "  entry.s:5\t\t0x45e2a3\t\t90\t\t\tNOPL\n"
        "  entry.s:6\t\t0x45e2a4\t\tc3\t\t\tRET\n"
    ),
    # perf annotate --stdio --asm-raw
    "perf": (
        " Percent |      Source code & Disassembly of vmlinux for cycles\n"
        "-------------------------------------------------------------\n"
        "         :      5                ffffffff82000080 <entry_SYSCALL_64>:\n"
        "   12.50 :   ffffffff82000080:       0f 01 f8                swapgs\n"
        "    0.00 :   ffffffff82000083:       90                      nop\n"
        "   87.50 :   ffffffff82000084:       c3                      ret\n"
    ),
}


@pytest.mark.parametrize("tool", WITH_BYTES)
def test_listings_with_bytes_are_read(tool: str) -> None:
    assert codes(WITH_BYTES[tool]) == ["0f01f8", "90", "c3"]


def test_names_of_a_listing_can_be_chosen() -> None:
    assert codes(WITH_BYTES["gdb"], symbol="entry_SYSCALL_64+0x3") == ["90", "c3"]
    assert codes(WITH_BYTES["go"], symbol="main.entry+0x3") == ["90", "c3"]


WITHOUT_BYTES = {
    "gdb or crash": (
        "Dump of assembler code for function f:\n"
        "   0x0000000000001129 <+0>:\tpush   %rbp\n"
        "   0x000000000000112a <+1>:\tret\n"
    ),
    "IDA": ".text:0000000140001000                 swapgs\n",
    "perf annotate": (
        " Percent |      Source code & Disassembly of vmlinux for cycles\n"
        "    0.00 :   ffffffff82000080:       swapgs\n"
    ),
}
CRASH = (  # crash's "dis", no bytes either
    "crash> dis schedule\n"
    "0xffffffff8106a0c0 <schedule>:      push   %rbp\n"
    "0xffffffff8106a0c1 <schedule+1>:    mov    %rsp,%rbp\n"
)


@pytest.mark.parametrize("tool", WITHOUT_BYTES)
def test_listings_without_bytes_say_how_to_get_them(tool: str) -> None:
    error = refused(WITHOUT_BYTES[tool])
    assert f"a listing of {tool} without the bytes" in error.found
    assert error.hint


def test_crash_is_told_of_gdb() -> None:
    error = refused(CRASH)
    assert "gdb or crash" in error.found
    assert "crash: gdb disas /r FUNC" in error.hint


OTHERS = {
    # gVisor pkg/ring0/entry_amd64.s
    "Plan 9": "TEXT \u00b7sysenter(SB),NOSPLIT,$0\n\tBYTE $0x0f\n\tMOVQ AX, 8(SP)\n",
    # Redox trampoline.asm; SO 51986046
    "NASM": "bits 64\nsection .text\nglobal f\nf:\n  mov qword [rsp], rax\n  ret\n",
    "MASM": ".code\nf PROC\n  mov rax, rbx\n  ret\nf ENDP\nEND\n",
}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", ["-", "x.s"])
def test_other_assemblers_are_refused_by_name(
    language: str, name: str, tmp_path: Path
) -> None:
    source = name
    if name != "-":
        source = str(tmp_path / name)
        Path(source).write_text(OTHERS[language])
    error = refused(OTHERS[language], source)
    assert language in error.found
    assert error.hint


def test_nasm_sizes_are_not_read_as_displacements() -> None:
    # gas takes "qword [rsp]" for 8(%rsp).
    error = refused("mov qword [rsp], rax\n", intel=True)
    assert "NASM" in error.found


C_SOURCE = "#include <stdio.h>\nint main(int argc, char **argv)\n{\n return 0;\n}\n"


@pytest.mark.parametrize("name", ["-", "foo.c", "foo.h"])
def test_c_is_said_to_be_c(name: str, tmp_path: Path) -> None:
    # facts of a first hour: "`__begin_decls'" was the message
    source = "-"
    if name != "-":
        source = str(tmp_path / name)
        Path(source).write_text(C_SOURCE)
    error = refused(C_SOURCE, source)
    assert error.found == "C source"
    assert "gcc -O2 -c" in error.hint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # Compiler Explorer's output has no .intel_syntax line. 31p was assembled as
        # memory named "rax".
        ("push rax\npop rbx\nswapgs\n", ["push %rax", "pop %rbx", "swapgs"]),
        ("mov eax, dword ptr [rdi+4*rcx]\n", ["mov (%rdi,%rcx,4),%eax"]),
        ("f:\n  lock inc dword ptr [r8]\n  ret\n", ["lock incl (%r8)", "ret"]),
        ("add ecx,[rdi+rax*4]   # comment of %rax\n", ["add (%rdi,%rax,4),%ecx"]),
    ],
)
def test_intel_syntax_is_recognised(text: str, shown: list[str]) -> None:
    path = load_path("-", stdin=text.encode())
    assert [format_insn(step.insn) for step in path.steps] == shown
    assert "read as Intel syntax: registers without %" in path.notes


@pytest.mark.parametrize(
    "text",
    [
        "mov %rax, %rbx\npush rax\n",  # one % forgotten
        "# %rax\n.att_syntax\npush rax\n",
    ],
)
def test_registers_are_never_memory(text: str) -> None:
    error = refused(text)
    assert "memory named 'rax'" in error.found
    assert "--intel" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "nop # load rax into memory\n",
        "f: jmp g\ng: ret\n",
        "call rax_handler\nret\n",
        '.data\n.ascii "mov eax, 1"\n.text\nnop\n',
    ],
)
def test_att_syntax_is_not_taken_for_intel(text: str) -> None:
    path = load_path("-", stdin=text.encode())
    assert not any("Intel" in note for note in path.notes)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mov %rsp, %gs:cpu_tss_rw+20", "# cpu_tss_rw+0x14"),
        ("mov %rsp, %gs:cpu_tss_rw+20(%rip)", "# cpu_tss_rw+0x14"),
        ("movl $5, %gs:cpu_tss_rw+20(%rip)", "# cpu_tss_rw+0x14"),
        ("call do_syscall_64", "# do_syscall_64"),
        ("movq $table+8, (%rax)", "# table+0x8"),
    ],
)
def test_addends_are_shown(text: str, shown: str) -> None:
    # a first hour: "mov %rsp,%gs:(%rip) # cpu_tss_rw" had lost its 20 bytes
    (step, *_) = load_path("-", stdin=f"{text}\n".encode()).steps
    assert format_insn(step.insn).endswith(f" {shown}")
