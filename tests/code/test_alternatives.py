"""Run-time alternatives: every layout of the table, applied as boot applies it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from costmodel.code.alternatives import merge_nops
from costmodel.code.assemble import Source, assemble
from costmodel.code.features import parse
from costmodel.code.insn import Path
from costmodel.code.load import load_path

Link = Callable[..., FilePath]
PTI, PCID, SMAP, ALWAYS, XENPV = 7 * 32 + 11, 4 * 32 + 17, 9 * 32 + 20, 117, 272

SITE = """
.globl entry, other_routine
entry:
 swapgs
site: .nops {length}, 1
after: mov %rax,%rbx
 sysretq
other_routine: ret
.section .altinstr_replacement,"ax"
first: {first}
first_end:
second: {second}
second_end:
.section .altinstructions,"a"
"""


def entry_of(layout: str, feature: int, what: str = "first", flags: int = 0) -> str:
    """One entry of the table, in the layout of ``layout`` bytes."""
    number = {
        "12": f".short {feature | (0x8000 if flags & 1 else 0)}",
        "13": f".short {feature}",
        "14": f".short {feature}, {flags}",
    }[layout]
    tail = ", 0" if layout == "13" else ""
    return (
        f".long site - .\n.long {what} - .\n{number}\n"
        f".byte after - site, {what}_end - {what}{tail}\n"
    )


def mnemonics(path: Path) -> list[str]:
    return [step.insn.form.mnemonic for step in path.steps]


@pytest.mark.parametrize("layout", ["12", "13", "14"])
def test_an_alternative_is_applied_where_its_feature_is(
    link: Link, layout: str
) -> None:
    text = SITE.format(length=3, first="mov %cr3,%rcx", second="lfence")
    image = link(text + entry_of(layout, PTI))
    path = load_path(image, symbol="entry", features=parse("pti"))
    assert mnemonics(path)[:2] == ["swapgs", "mov"] and len(path.steps) == 4
    (site,) = path.alternatives
    assert (site.features, site.applied) == (("pti",), "pti")
    without = load_path(image, symbol="entry", features=parse("none"))
    assert mnemonics(without)[:2] == ["swapgs", "nop"] and len(without.steps) == 4
    assert without.alternatives[0].applied == ""


@pytest.mark.parametrize("layout", ["12", "14"])
def test_a_negated_one_is_applied_where_the_feature_is_not(
    link: Link, layout: str
) -> None:
    text = SITE.format(length=3, first="mov %cr3,%rcx", second="lfence")
    image = link(text + entry_of(layout, PCID, flags=1))
    assert (
        "mov" in mnemonics(load_path(image, symbol="entry", features=parse("none")))[:2]
    )
    held = load_path(image, symbol="entry", features=parse("pcid"))
    assert mnemonics(held)[1] == "nop" and held.alternatives[0].features == ("!pcid",)


def test_of_two_for_one_site_the_later_is_in_force(link: Link) -> None:
    text = SITE.format(length=3, first="lfence", second="mfence")
    image = link(text + entry_of("14", PTI) + entry_of("14", PCID, "second"))
    for features, found in (
        ("pti", "lfence"), ("pcid", "mfence"), ("pti,pcid", "mfence"),
    ):  # fmt: skip
        path = load_path(image, symbol="entry", features=parse(features))
        assert mnemonics(path)[1] == found


def test_a_call_in_a_replacement_goes_where_it_went(link: Link) -> None:
    text = SITE.format(length=5, first="call other_routine", second="nop")
    image = link(text + entry_of("14", PTI))
    path = load_path(
        image, symbol="entry", into=["other_routine"], features=parse("pti")
    )
    assert mnemonics(path)[:4] == ["swapgs", "call", "ret", "mov"]


def test_a_long_jump_becomes_the_short_one(link: Link) -> None:
    text = SITE.format(length=5, first=".byte 0xe9; .long after - . - 4", second="nop")
    image = link(text + entry_of("14", PTI))
    path = load_path(image, symbol="entry", features=parse("pti"))
    assert path.steps[1].insn.form.length == 2 and mnemonics(path)[1] == "jmp"


@pytest.mark.parametrize(
    ("length", "jumps", "lengths"),
    [(2, False, [2]), (9, False, [8, 1]), (32, False, [8] * 4), (8, True, [8]),
     (9, True, [2])],
)  # fmt: skip
def test_padding_is_merged_as_at_boot(
    length: int, jumps: bool, lengths: list[int]
) -> None:
    from costmodel.code.decode import decode_form

    merged = merge_nops(b"\x90" * length, jumps)
    assert len(merged) == length
    at, found = 0, []
    while at < length and merged[at] != 0xCC:
        form = decode_form(merged[at:])
        found.append(form.length)
        at += form.length
    assert found == lengths


def test_a_single_nop_and_a_pause_stay() -> None:
    assert merge_nops(b"\x90\xc3") == b"\x90\xc3"
    assert merge_nops(b"\xf3\x90\xc3") == b"\xf3\x90\xc3"


def test_without_features_only_what_every_boot_does(link: Link) -> None:
    text = SITE.format(length=3, first="sti; nop; nop", second="lfence")
    image = link(text + entry_of("14", XENPV, flags=1))
    path = load_path(image, symbol="entry")
    assert mnemonics(path)[1] == "sti"  # bare metal is no Xen guest
    assert "--features chooses" in "\n".join(path.notes)


def test_the_table_of_an_object_is_read_too(tmp_path: FilePath) -> None:
    """Kernel-hour B: no word of alternatives on .o files."""
    text = SITE.format(length=5, first="call elsewhere", second="nop")
    part = tmp_path / "entry.o"
    part.write_bytes(assemble(Source(text + entry_of("14", PTI), "entry.S")))
    path = load_path(str(part), symbol="entry", features=parse("pti"))
    assert mnemonics(path)[1] == "call" and path.steps[1].handler
    assert any("call elsewhere" in note for note in path.notes)
    assert path.alternatives[0].applied == "pti"
    plain = load_path(str(part), symbol="entry", features=parse("none"))
    assert [s.insn.form.length for s in plain.steps][1] == 5


KERNEL = """
.globl entry, native_stuff, pv_ops, nop_func, __fentry__, __x86_return_thunk
.globl __x86_indirect_thunk_rax, srso_return_thunk, __SCT__tick, do_tick
.type native_stuff,@function
.type do_tick,@function
.section .text
entry:
 call __fentry__
 call *pv_ops+8
 call *pv_ops
 call __SCT__tick
 call __x86_indirect_thunk_rax
 call last
 sysretq
native_stuff: ret
do_tick: ret
nop_func: ret
__fentry__: ret
__SCT__tick: jmp do_tick
__x86_indirect_thunk_rax: call 1f
 int3
1: mov %rax,(%rsp)
 ret
last: .byte 0xe9; .long __x86_return_thunk - . - 4
__x86_return_thunk: ret
srso_return_thunk: call srso_safe_ret
 ud2
srso_safe_ret: lea 8(%rsp),%rsp
 ret
.section .data,"aw"
.type pv_ops,@object
.size pv_ops,16
pv_ops: .quad native_stuff, nop_func
"""


def test_what_else_boot_makes_of_calls(link: Link) -> None:
    """Kernel-hour B: tracing, pv_ops and static calls stood for the C handler."""
    image = link(KERNEL)
    path = load_path(image, symbol="entry", features=parse("none"))
    assert mnemonics(path)[:3] == ["nop", "nop", "call"]
    notes = "\n".join(path.notes)
    assert "__fentry__" not in notes
    assert "handler: call native_stuff" in notes
    assert "handler: call do_tick" in notes
    assert "call *%rax" in notes  # no retpoline: a plain indirect call
    assert mnemonics(path)[-2] == "ret"  # no jump to a thunk


def test_a_retpoline_to_the_handler_comes_back(link: Link) -> None:
    path = load_path(link(KERNEL), symbol="entry", features=parse("retpoline"))
    wrong = [s for s in path.steps if s.insn.form.mispredicted]
    assert len(wrong) == 1 and wrong[0].handler
    assert mnemonics(path)[-1].startswith("sysret")


def test_the_return_thunk_of_a_mitigation_is_followed(link: Link) -> None:
    path = load_path(link(KERNEL), symbol="entry", features=parse("srso"))
    wrong = [s.insn.symbol for s in path.steps if s.insn.form.mispredicted]
    assert wrong == ["srso_safe_ret+0x5"]


def test_a_damaged_file_is_refused_in_words(tmp_path: FilePath, link: Link) -> None:
    text = SITE.format(length=3, first="lfence", second="nop")
    image = link(text + ".long 1,2,3\n.short 4\n")
    path = load_path(image, symbol="entry", features=parse("pti"))
    assert not path.alternatives
