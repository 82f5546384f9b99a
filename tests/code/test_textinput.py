"""Hex, oopses and listings become the same code an object would."""

from __future__ import annotations

import subprocess
from pathlib import Path as FilePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.code.assemble import Source, assemble
from costmodel.code.insn import Path
from costmodel.code.load import load_image, load_path
from costmodel.errors import CostmodelError, InputError

OOPS = """\
[    3.1] BUG: unable to handle page fault for address: 0000000000000010
[    3.1] RIP: 0010:foo+0x5/0x20 [bar]
[    3.1] Code: 0f 90 90 48 89 e5 <50> 0f 0b 48 8b
[    3.1] RSP: 0018:ffffc90000013e48 EFLAGS: 00010246
"""


def read(text: str, **options: str) -> Path:
    return load_path("-", stdin=text.encode(), **options)  # type: ignore[arg-type]


def mnemonics(path: Path) -> list[str]:
    return [step.insn.form.mnemonic for step in path.steps]


@pytest.mark.parametrize(
    "text", ["4889e5c3", "48 89 e5 c3", "0x48,0x89,0xe5,0xc3", r"\x48\x89\xe5\xc3"]
)
def test_hex_in_every_spelling_is_the_same_code(text: str) -> None:
    assert mnemonics(read(text)) == ["mov", "ret"]


def test_a_call_of_displacement_zero_in_bytes_is_not_followed() -> None:
    path = read("e8 00000000 c3")
    assert path.steps[0].handler and len(path.steps) == 2


def test_hex_ending_inside_an_instruction_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        read("90 48 8b")
    assert "48 8b" in caught.value.found and "0x1" in caught.value.found


def test_bytes_that_are_no_instruction_are_shown() -> None:
    with pytest.raises(InputError) as caught:
        read("90 06 07")
    assert "06 07" in caught.value.found and caught.value.hint


def test_an_oops_begins_at_its_function_and_names_rip() -> None:
    path = read(OOPS)
    assert mnemonics(path) == ["nop", "nop", "mov", "push", "ud2"]
    assert [s.insn.symbol for s in path.steps][:2] == ["foo", "foo+0x1"]
    assert any("5 bytes before RIP" in note for note in path.notes)


def test_an_oops_names_what_follows_rip_by_the_function() -> None:
    """Case 30a (lkmpg #270): RIP+0x72, where the function was known."""
    for offset in (0x5, 0x6B):  # the function begins in the window, and before it
        text = OOPS.replace("foo+0x5/0x20", f"foo+{offset:#x}/0xff0")
        path = read(text, symbol="RIP")
        assert [s.insn.symbol for s in path.steps] == [
            f"foo+{offset:#x}",
            f"foo+{offset + 1:#x}",
        ]


def test_an_oops_can_begin_at_rip_or_as_its_line_says() -> None:
    assert mnemonics(read(OOPS, symbol="RIP")) == ["push", "ud2"]
    assert mnemonics(read(OOPS, symbol="foo+0x5/0x20")) == ["push", "ud2"]


def test_a_window_without_rip_line_begins_where_decoding_reaches_rip() -> None:
    path = read("Code: c3 90 48 89 e5 <48> 01 d8 0f 1f 84")
    assert mnemonics(path) == ["nop", "mov", "add"]
    assert any("3 of them undecoded" in note for note in path.notes)
    assert any("1 bytes in front of it left out" in note for note in path.notes)


def test_code_wrapped_by_a_mailer_is_joined() -> None:
    assert mnemonics(read("Code: 90 90\n 48 89 e5 <50>\n c3\nRSP: 0018:ff")) == [
        "nop", "nop", "mov", "push", "ret",
    ]  # fmt: skip


@given(st.binary(min_size=2, max_size=64), st.data())
def test_any_window_gives_a_path_or_an_error_of_ours(
    data: bytes, draw: st.DataObject
) -> None:
    marked = draw.draw(st.integers(0, len(data) - 1))
    tokens = [f"{b:02x}" if i != marked else f"<{b:02x}>" for i, b in enumerate(data)]
    try:
        read("Code: " + " ".join(tokens))
    except CostmodelError as error:
        assert error.found


LISTED = """\
f: push %rax
 movabs $0x1122334455667788,%rcx
 call ext
 jmp other
g: ret
.section .fixup,"ax"
other: swapgs
 sysretq
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    target = tmp_path_factory.mktemp("listed") / "f.o"
    target.write_bytes(assemble(Source(LISTED, "f.S")))
    return target


@pytest.mark.parametrize("flags", [["-dr"], ["-drl"], ["-dr", "-M", "intel"]])
def test_a_listing_with_relocations_is_the_object(
    listed: FilePath, flags: list[str]
) -> None:
    text = subprocess.run(
        ["objdump", *flags, listed], capture_output=True, text=True, check=True
    ).stdout
    path, want = read(text), load_path(listed)
    assert [s.insn.form for s in path.steps] == [s.insn.form for s in want.steps]
    assert [s.handler for s in path.steps] == [s.handler for s in want.steps]
    assert [s.insn.symbol for s in path.steps] == [s.insn.symbol for s in want.steps]
    if "-drl" in flags:
        lines = [s.insn.source.line if s.insn.source else 0 for s in path.steps]
        assert lines == [1, 2, 3, 4, 7, 8]


def test_a_listing_survives_quoting_and_lost_tabs(listed: FilePath) -> None:
    text = subprocess.run(
        ["objdump", "-d", listed], capture_output=True, text=True, check=True
    ).stdout
    quoted = "\n".join("> " + line.expandtabs() for line in text.splitlines())
    assert mnemonics(read(quoted))[:3] == ["push", "mov", "call"]
    assert mnemonics(read(quoted, symbol="other")) == ["swapgs", "sysretq"]


def test_a_listing_of_one_linked_function_needs_no_symbol() -> None:
    path = read(
        "ffffffff81000000 <f>:\n"
        "ffffffff81000000:\t50                   \tpush   %rax\n"
        "ffffffff81000001:\te8 fa 0f 00 00       \tcall   ffffffff81001000 <g>\n"
        "ffffffff81000006:\tc3                   \tret\n"
    )
    assert [(s.insn.symbol, s.handler) for s in path.steps] == [
        ("f", False),
        ("f+0x1", True),
        ("f+0x6", False),
    ]


@pytest.mark.parametrize("target", ["elf32-i386", "elf64-littleaarch64"])
def test_a_listing_of_another_machine_is_refused(target: str) -> None:
    with pytest.raises(InputError) as caught:
        load_image("-", stdin=f"\nt.o:     file format {target}\n".encode())
    assert target in caught.value.found and caught.value.where == "<stdin>:2"


def test_a_listing_without_bytes_says_which_option_hid_them() -> None:
    with pytest.raises(InputError, match="without instruction bytes") as caught:
        load_image("-", stdin=b"t.o:     file format elf64-x86-64\n  0:\tpush %rax\n")
    assert "--no-show-raw-insn" in caught.value.hint
