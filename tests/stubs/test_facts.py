"""The stubs are the paths of record: counts, bytes, accesses, slots, part by part."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from iced_x86 import Mnemonic, OpKind, Register

from tests.stubs.facts import FACTS, FIXUP, RESTORE, Counts, Stub
from tests.stubs.walk import (
    Code,
    Step,
    assemble,
    counts,
    inside,
    is_call,
    lines_written,
    read_object,
    slot,
    slots_written,
    with_labels,
)

STUBS = Path(__file__).parents[2] / "stubs" / "top-of-stack"

# A register that reaches a slot of another name, and why that is right.
STORED_AS = {
    ("RAX", "ORIG_RAX"),
    ("RCX", "RIP"),  # SYSCALL leaves the user RIP in RCX ...
    ("R11", "EFLAGS"),  # ... and the flags in R11
    ("RCX", "RSP"),  # old_rsp through RCX
    ("R11", "RSP"),  # old_rsp through FIXUP's scratch
    ("R11", "RCX"),  # RIP through FIXUP's scratch
    ("RDI", "RSP"),
    ("RDI", "EFLAGS"),
    ("RDI", "RCX"),
    ("RDI", "R11"),
    ("RBP", "RCX"),  # compat SYSCALL: the sixth argument's register
    ("RBP", "RSP"),  # SYSENTER: EBP is the user's stack pointer
    ("R8", "RSP"),
    ("R10", "RIP"),
    ("RAX", "R8"),  # int 0x80: zero
    ("RAX", "R9"),
    ("RAX", "R10"),
    ("RAX", "R11"),
}


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Code]:
    root = tmp_path_factory.mktemp("stubs")
    sources = sorted(STUBS.glob("*.S"))
    labelled = [root / source.name for source in sources]
    for source, copy in zip(sources, labelled, strict=True):
        copy.write_text(with_labels(source.read_text()))
    assemble(sources, root / "plain")
    assemble(labelled, root / "labelled")
    out: dict[str, Code] = {}
    for source in sources:
        plain, symbols = read_object(root / "plain" / f"{source.stem}.o")
        data, marked = read_object(root / "labelled" / f"{source.stem}.o")
        assert data == plain
        places = {name: value for value, name in marked if name.startswith("region.")}
        regions = {
            name.removeprefix("region.").removesuffix(".begin"): (
                value,
                places[name.removesuffix("begin") + "end"],
            )
            for name, value in places.items()
            if name.endswith(".begin")
        }
        out[source.stem] = Code(data, regions, tuple(symbols))
    return out


def path_of(code: Code, stub: Stub) -> list[Step]:
    return code.follow(0, stub.depth, stub.kernel_stack)


def test_every_stub_has_its_row_and_every_row_its_stub() -> None:
    assert {source.stem for source in STUBS.glob("*.S")} == set(FACTS)


def cases(kind: str) -> list[tuple[str, str]]:
    return [(name, part) for name, s in FACTS.items() for part in getattr(s, kind)]


@pytest.mark.parametrize(("name", "region"), cases("parts"))
def test_part_of_the_path_equals_the_facts(
    codes: dict[str, Code], name: str, region: str
) -> None:
    stub, code = FACTS[name], codes[name]
    steps = inside(path_of(code, stub), code.regions[region])
    want = stub.parts[region]
    assert counts(steps) == want.counts
    assert slots_written(steps) == set(want.slots.split())


@pytest.mark.parametrize(("name", "region"), cases("aside"))
def test_part_beside_the_path_equals_the_facts(
    codes: dict[str, Code], name: str, region: str
) -> None:
    stub, code = FACTS[name], codes[name]
    place = code.regions[region]
    steps = inside(code.follow(place[0], stub.aside_depth, 0), place)
    want = stub.aside[region]
    assert counts(steps) == want.counts
    assert slots_written(steps) == set(want.slots.split())


@pytest.mark.parametrize("name", FACTS)
def test_parts_cover_the_path(codes: dict[str, Code], name: str) -> None:
    """Nothing is executed outside the parts but the RET that closes a lone piece."""
    stub, code = FACTS[name], codes[name]
    steps = path_of(code, stub)
    covered = [s for r in stub.parts for s in inside(steps, code.regions[r])]
    rest = [str(s.insn) for s in steps if s not in covered]
    assert rest == (["ret"] if name in ("fixup", "restore") else [])
    if stub.total is not None:
        assert counts(steps) == stub.total


@pytest.mark.parametrize("name", FACTS)
def test_registers_reach_the_slots_of_their_names(
    codes: dict[str, Code], name: str
) -> None:
    stub = FACTS[name]
    for step in path_of(codes[name], stub):
        insn = step.insn
        if is_call(step) or not step.stored:
            continue
        register = None
        if insn.mnemonic == Mnemonic.MOV and insn.op1_kind == OpKind.REGISTER:
            register = insn.op1_register
        if insn.mnemonic == Mnemonic.PUSH and insn.op0_kind == OpKind.REGISTER:
            register = insn.op0_register
        place = slot(step.stored[0])
        if register is None or place is None:
            continue
        source = next(k for k, v in vars(Register).items() if v == register)
        assert source == place or (source, place) in STORED_AS, insn


@pytest.mark.parametrize("name", [n for n in FACTS if n.endswith("fast")])
def test_the_exit_loads_only_what_the_entry_wrote(
    codes: dict[str, Code], name: str
) -> None:
    stub, code = FACTS[name], codes[name]
    steps = path_of(code, stub)
    written = slots_written(inside(steps, code.regions["entry"]))
    loaded = {
        slot(depth)
        for step in inside(steps, code.regions["exit"])
        for depth in step.loaded
    } - {None}
    assert loaded <= written
    assert {"RIP", "RAX", "RDI", "RSI", "RDX", "R8", "R9", "R10"} <= loaded


def test_the_entry_is_the_first_symbol(codes: dict[str, Code]) -> None:
    for name, code in codes.items():
        assert code.symbols[0][0] == 0, name
        assert [v for v, _ in code.symbols].count(0) == 1, name


def whole(codes: dict[str, Code], name: str) -> Counts:
    return counts(path_of(codes[name], FACTS[name]))


def test_v41_against_v316_is_three_insns_more_and_sixteen_bytes_less(
    codes: dict[str, Code],
) -> None:
    before, after = whole(codes, "v3.16-fast"), whole(codes, "v4.1-fast")
    assert after - before == Counts(3, -16, 1, 5)


def test_every_slot_by_mov_adds_six_insns_and_five_stores_to_the_entry(
    codes: dict[str, Code],
) -> None:
    def entry(name: str) -> Counts:
        code = codes[name]
        return counts(inside(path_of(code, FACTS[name]), code.regions["entry"]))

    assert entry("every-slot-mov") - entry("v3.16-fast") == Counts(6, 42, 1, 5)
    assert entry("every-slot-push") - entry("v3.16-fast") == Counts(4, -24, 1, 5)


@pytest.mark.parametrize(
    ("path", "dance"),
    [
        ("v3.16-fork", FIXUP.counts.plus(RESTORE.counts)),
        ("v3.16-fork-syscall", FIXUP.counts.plus(RESTORE.counts)),
        ("v3.16-iopl", Counts(11, 75, 4, 7)),
        ("v3.16-execve", FIXUP.counts),
        ("v3.16-tracesys", FIXUP.counts),
        ("v3.16-exit-work", Counts(7, 50, 2, 5)),
    ],
)
def test_the_nodance_twin_lacks_the_dance_and_nothing_else(
    codes: dict[str, Code], path: str, dance: Counts
) -> None:
    assert whole(codes, path) - whole(codes, f"{path}-nodance") == dance


def test_a_fork_pays_for_its_dance_what_every_slot_by_mov_pays_once(
    codes: dict[str, Code],
) -> None:
    before = whole(codes, "v3.16-fork-syscall")
    after = whole(codes, "every-slot-fork-syscall")
    assert before - after == Counts(5, 54, 3, 2)


def test_the_readme_counts_as_the_stubs_do(codes: dict[str, Code]) -> None:
    """Columns hold the path's parts, or the whole, or the part the row names."""
    rows = 0
    for line in (STUBS / "README.md").read_text().splitlines():
        found = re.match(r"\| `([^`]+)\.S` \|([^|]+)\|(.+)\|$", line)
        if not found:
            continue
        stub = FACTS[found[1]]
        columns = [[int(n) for n in c.split("/")] for c in found[3].split("|")]
        said = [Counts(*numbers) for numbers in zip(*columns, strict=True)]
        if named := re.search(r"part `([^`]+)`", found[2]):
            assert said == [stub.parts[named[1]].counts], line
        elif len(said) == 2:
            assert said == [p.counts for p in stub.parts.values()], line
        else:
            assert said == [whole(codes, found[1])], line
        rows += 1
    assert rows >= 24


def test_filling_every_slot_dirties_no_new_line(codes: dict[str, Code]) -> None:
    def lines(name: str) -> set[int]:
        return lines_written(path_of(codes[name], FACTS[name]))

    assert lines("v3.16-fast") == {0, 1}
    assert lines("every-slot-mov") == lines("every-slot-push") == {0, 1}
    # The full frame moves the handler's return address one line down.
    assert lines("sketch") == lines("v4.1-fast") == {0, 1, 2}


def test_the_handler_returns_to_rbx_s_place_in_the_partial_frame(
    codes: dict[str, Code],
) -> None:
    for name, depth in (("v3.16-fast", 128), ("v4.1-fast", 176), ("sketch", 176)):
        calls = [s for s in path_of(codes[name], FACTS[name]) if is_call(s)]
        assert [s.stored for s in calls] == [(depth,)], name


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
def test_clang_makes_the_same_bytes(codes: dict[str, Code], tmp_path: Path) -> None:
    assemble(sorted(STUBS.glob("*.S")), tmp_path / "clang", "clang")
    for name, code in codes.items():
        data = read_object(tmp_path / "clang" / f"{name}.o")[0]
        # Assemblers differ on which operand of XCHG goes where; both forms are right.
        same = [d.replace(b"\x87\xce", b"\x87\xf1") for d in (data, code.data)]
        assert same[0] == same[1], name
