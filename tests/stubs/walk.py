"""Assemble a stub, follow its path, and do slot arithmetic relative to the stack top.

Deliberately apart from the tool's own decoder and follower: this judges the stubs.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from iced_x86 import (
    Decoder,
    FlowControl,
    Instruction,
    InstructionInfoFactory,
    Mnemonic,
    OpAccess,
    Register,
)

from tests.stubs.facts import Counts

SLOTS = (
    *("SS", "RSP", "EFLAGS", "CS", "RIP", "ORIG_RAX", "RDI", "RSI", "RDX", "RCX"),
    *("RAX", "R8", "R9", "R10", "R11", "RBX", "RBP", "R12", "R13", "R14", "R15"),
)
READS = {OpAccess.READ, OpAccess.READ_WRITE, OpAccess.COND_READ}
WRITES = {OpAccess.WRITE, OpAccess.READ_WRITE}


@dataclass(frozen=True)
class Step:
    """One executed instruction; depths are T minus the address of the access."""

    address: int
    insn: Instruction
    loads: int
    stores: int
    stored: tuple[int, ...]  # depths below T
    loaded: tuple[int, ...]


@dataclass(frozen=True)
class Code:
    data: bytes
    regions: dict[str, tuple[int, int]]
    symbols: tuple[tuple[int, str], ...]

    def follow(self, address: int, depth: int | None, kernel_stack: int) -> list[Step]:
        """Direct jumps taken, conditional ones not, calls of the handler stepped over.

        A call within the file is entered: the assembler has filled in its target,
        where one to an undefined symbol still holds zero.
        """
        returns: list[int] = []
        factory = InstructionInfoFactory()
        steps: list[Step] = []
        while True:
            insn = Decoder(64, self.data[address:], ip=address).decode()
            assert insn.mnemonic not in (Mnemonic.INVALID, Mnemonic.UD2, Mnemonic.INT3)
            loads = stores = 0
            stored: list[int] = []
            loaded: list[int] = []
            for use in factory.info(insn).used_memory():
                reads, writes = use.access in READS, use.access in WRITES
                assert reads or writes, insn
                loads, stores = loads + reads, stores + writes
                if depth is not None and use.base == Register.RSP:
                    signed = use.displacement - (use.displacement >> 63 << 64)
                    where = depth - signed
                    stored += [where] * writes
                    loaded += [where] * reads
            steps.append(
                Step(address, insn, loads, stores, tuple(stored), tuple(loaded))
            )
            flow = insn.flow_control
            if flow == FlowControl.RETURN and not returns:
                return steps
            entered = (
                flow == FlowControl.CALL and insn.near_branch_target != insn.next_ip
            )
            depth = self._depth_after(insn, depth, kernel_stack, entered)
            if flow == FlowControl.RETURN:
                address = returns.pop()
            elif flow == FlowControl.UNCONDITIONAL_BRANCH:
                address = insn.near_branch_target
            elif entered:
                returns.append(insn.next_ip)
                address = insn.near_branch_target
            else:
                address = insn.next_ip
            assert len(steps) < 200

    @staticmethod
    def _depth_after(
        insn: Instruction, depth: int | None, kernel_stack: int, entered: bool
    ) -> int | None:
        if insn.op_count and insn.op0_register == Register.RSP:
            if insn.mnemonic == Mnemonic.MOV and insn.memory_base == Register.NONE:
                return kernel_stack if depth is None else None
            if insn.mnemonic == Mnemonic.MOV:
                return None  # the user's stack again
            if depth is not None and insn.mnemonic == Mnemonic.SUB:
                value = int(insn.immediate(1))
                return depth + (value - (value >> 63 << 64))
            if depth is not None and insn.mnemonic == Mnemonic.ADD:
                return depth - int(insn.immediate(1))
        calls = (FlowControl.CALL, FlowControl.INDIRECT_CALL)
        if insn.flow_control in calls and not entered:
            return depth  # the handler returns
        if depth is not None:
            return depth - insn.stack_pointer_increment
        return None


def counts(steps: list[Step]) -> Counts:
    return Counts(
        len(steps),
        sum(step.insn.len for step in steps),
        sum(step.loads for step in steps),
        sum(step.stores for step in steps),
    )


def is_call(step: Step) -> bool:
    return step.insn.flow_control in (FlowControl.CALL, FlowControl.INDIRECT_CALL)


def slot(depth: int) -> str | None:
    return SLOTS[depth // 8 - 1] if 8 <= depth <= 168 and depth % 8 == 0 else None


def slots_written(steps: list[Step]) -> set[str]:
    # A call's return address may lie in RBX's place: that is no slot written.
    depths = [d for step in steps if not is_call(step) for d in step.stored]
    return {name for name in map(slot, depths) if name is not None}


def lines_written(steps: list[Step]) -> set[int]:
    """0 for the top 64-byte line of the stack, 1 for the next, ..."""
    return {(depth - 1) // 64 for step in steps for depth in step.stored}


def inside(steps: list[Step], region: tuple[int, int]) -> list[Step]:
    return [step for step in steps if region[0] <= step.address < region[1]]


BEGIN = re.compile(r"^# COSTMODEL-BEGIN (\S+)$")
END = re.compile(r"^# COSTMODEL-END$")


def with_labels(source: str) -> str:
    """Region comments turned into symbols, so that their addresses can be read."""
    out: list[str] = []
    name = ""
    for line in source.splitlines():
        if found := BEGIN.match(line):
            assert not name, "regions do not nest"
            name = found[1]
            line = f'"region.{name}.begin":'
        elif END.match(line):
            line = f'"region.{name}.end":'
            name = ""
        out.append(line)
    assert not name, "region left open"
    return "\n".join(out) + "\n"


def read_object(path: Path) -> tuple[bytes, list[tuple[int, str]]]:
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        text = elf.get_section_by_name(".text")
        table = elf.get_section_by_name(".symtab")
        assert text is not None and isinstance(table, SymbolTableSection)
        index = elf.get_section_index(".text")
        symbols = [
            (int(symbol["st_value"]), str(symbol.name))
            for symbol in table.iter_symbols()
            if symbol["st_shndx"] == index and symbol.name
        ]
        return bytes(text.data()), sorted(symbols)


def assemble(sources: list[Path], where: Path, compiler: str = "gcc") -> None:
    where.mkdir(exist_ok=True)
    done = subprocess.run(
        [compiler, "-c", "-Wall", *map(str, sources)],
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
