"""The back end of a core: renaming, the window, the ports."""

from typing import Annotated, Literal

from msgspec import field

from costmodel.cores.figure import (
    BYTES,
    ENTRIES,
    LARGE,
    PORTS,
    structure,
    timing,
)
from costmodel.cores.front_end import Section

WIDTH = "issue width"  # cause and what-if
DEPTH = "pipeline depth"
PORT = "port"
REGISTERS = "registers"


# fmt: off
# A declaration is read like a row of a table.
class MoveElimination(Section, frozen=True):
    """``widths`` of register moves that need no port. ``slots`` 0: unlimited."""

    widths: Annotated[tuple[int, ...], structure(
        "register moves that need no port", "bits", most=64, cause=PORT,
    )] = ()
    slots: Annotated[int, structure(
        "moves without a port that may be in flight; 0: any number", "moves",
        name="elimination_slots", most=ENTRIES, cause=PORT,
    )] = 0
    byte_zero_extend: Annotated[bool, structure(
        "MOVZX of a byte needs no port too", cause=PORT,
    )] = False
    same_register: Annotated[bool, structure(
        "nor does a move of a register to itself", cause=PORT,
    )] = False


class StackEngine(Section, frozen=True):
    """Push, pop, call, ret move RSP at no cost; explicit uses may need a sync uop."""

    present: Annotated[bool, structure(
        "the core has one", name="stack_engine", cause=WIDTH,
    )] = True
    sync_uop: Annotated[bool, structure(
        "an explicit change of RSP takes one more uop", name="sync_uop", cause=WIDTH,
    )] = True
    sync_reads: Annotated[bool, structure(
        "so does an explicit read", cause=WIDTH,
    )] = True
    limit: Annotated[int, timing(
        "stack_limit", "unsynchronised offset that forces a uop", "bytes", most=BYTES,
        cause=WIDTH,
    )] = 192


class Rename(Section, frozen=True):
    """Issue: allocation and renaming, in order."""

    width: Annotated[int, timing(
        "issue_width", "fused-domain slots a cycle", "slots", least=1, cause=WIDTH,
        limit=WIDTH, relaxed=LARGE,
    )] = 4
    memory_per_cycle: Annotated[int, timing(
        "memory_per_cycle", "memory operations a cycle; 0: no limit", "operations",
        cause="memory issue", limit=WIDTH, relaxed=0,
    )] = 0
    register_reads: Annotated[int, timing(
        "register_reads", "registers that left the reorder buffer, read a cycle; 0: "
        "any number", "registers", cause="register reads", limit="register reads",
        relaxed=0,
    )] = 0
    zero_idioms: Annotated[tuple[str, ...], structure(
        "mnemonics that need no port and no input, of equal operands",
    )] = ()
    dependency_idioms: Annotated[tuple[str, ...], structure(
        "mnemonics that need a port and no input, of equal operands",
    )] = ()
    move_elimination: MoveElimination = field(default_factory=MoveElimination)
    stack_engine: StackEngine = field(default_factory=StackEngine)
    high_byte: Annotated[Literal["merged", "renamed"], structure(
        "whether AH to DH are registers of their own", cause="dependency",
    )] = "merged"
    high_byte_extra: Annotated[int, structure(
        "added to an operation that reads AH to DH, which goes to the ports of the "
        "class high_byte; 0: none is", "cycles", cause="dependency",
    )] = 0
    high_byte_written: Annotated[int, structure(
        "added instead to one that writes AH to DH; 0: as high_byte_extra says",
        "cycles", cause="dependency",
    )] = 0
    folded_below: Annotated[int, structure(
        "constants below this are added at rename, if additions of a byte are; 0: "
        "those of a byte", "", most=BYTES, cause=PORT,
    )] = 0
    flag_merge: Annotated[int, structure(
        "latency of the merge before an instruction that reads flags an older one than "
        "the last to write flags has written; 0: no merge", "cycles",
        cause="dependency",
    )] = 0
    flag_merge_groups: Annotated[bool, structure(
        "flag_merge only where one instruction reads flags of two writers",
        cause="dependency",
    )] = False
    low_byte_renamed: Annotated[bool, structure(
        "writes of AL and AX do not read the old register", cause="dependency",
    )] = False
    micro_fusion: Annotated[bool, structure(
        "load and operation, store address and data, share a slot", cause=WIDTH,
    )] = True
    fuse_read_modify_write: Annotated[bool, structure(
        "load, operation and store share a slot", cause=WIDTH,
    )] = False
    unlaminate_stores: Annotated[bool, structure(
        "indexed stores issue as two slots", cause=WIDTH,
    )] = False
    unlaminate_loads: Annotated[
        Literal["none", "all", "no_destination_read"],
        structure("which indexed loads part from their operation", cause=WIDTH),
    ] = "none"
    to_dispatch: Annotated[int, timing(
        "to_dispatch", "least time from issue to dispatch", cause=DEPTH,
    )] = 5


class Scheduler(Section, frozen=True):
    """Entries shared by the uops waiting for any of ``ports``."""

    ports: Annotated[tuple[str, ...], structure(
        "ports it serves", most=PORTS, cause="scheduler full",
    )]
    entries: Annotated[int, timing(
        "entries", "uops that wait in it", "uops", least=1, most=ENTRIES,
        cause="scheduler full", limit="scheduler", relaxed=ENTRIES,
    )]


class Window(Section, frozen=True):
    """What bounds the instructions in flight. 0: not a limit."""

    rob: Annotated[int, timing(
        "rob", "fused-domain slots of the reorder buffer", "slots", least=1,
        most=ENTRIES, cause="rob full", limit="rob", relaxed=LARGE,
    )]
    retire: Annotated[int, timing(
        "retire", "fused-domain slots retired a cycle", "slots", least=1,
        cause="retire width", limit="retire width", relaxed=LARGE,
    )] = 4
    retire_latency: Annotated[int, timing(
        "retire_latency", "least time from completion to retirement", cause=DEPTH,
    )] = 1
    load_buffer: Annotated[int, timing(
        "load_buffer", "loads in flight; 0: no limit", "loads", most=ENTRIES,
        cause="load buffer full", limit="load buffer", relaxed=0,
    )] = 0
    load_buffer_freed: Annotated[Literal["retire", "complete"], timing(
        "load_freed_complete", "when a load gives its entry back", "",
        when="complete", cause="load buffer full",
    )] = "retire"
    store_buffer: Annotated[int, timing(
        "store_buffer", "stores renamed and not yet written; 0: no limit", "stores",
        most=ENTRIES, cause="store buffer full", limit="store buffer", relaxed=0,
    )] = 0
    int_registers: Annotated[int, timing(
        "int_registers", "integer results in flight; 0: no limit", "registers",
        most=ENTRIES, cause=REGISTERS, limit=REGISTERS, relaxed=0,
    )] = 0
    flag_registers: Annotated[int, timing(
        "flag_registers", "flag results in flight; 0: no limit", "registers",
        most=ENTRIES, cause=REGISTERS, limit=REGISTERS, relaxed=0,
    )] = 0
    schedulers: tuple[Scheduler, ...] = ()
    entry_held: Annotated[int, timing(
        "entry_held", "a scheduler entry stays taken after dispatch",
        cause="scheduler full",
    )] = 0
    early_wake: Annotated[bool, timing(
        "early_wake", "a ready uop wakes its readers even if it finds no port", "",
        cause=PORT,
    )] = False


class Ports(Section, frozen=True):
    """Execution ports, and the classes of uop each serves."""

    names: Annotated[tuple[str, ...], structure(
        "the ports", name="ports", most=PORTS, cause=PORT,
    )]
    classes: Annotated[dict[str, tuple[str, ...]], structure(
        "ports each class of uop may go to", most=PORTS, cause=PORT,
    )]
    bind: Annotated[Literal["issue", "dispatch"], structure(
        "when a uop is given its port", name="bind_at_issue", when="issue", cause=PORT,
    )] = "issue"
    bind_evenly: Annotated[bool, timing(
        "bind_evenly", "a port given at issue is the one with fewest uops, those of "
        "this cycle too", "", cause=PORT,
    )] = False
    alternate: Annotated[tuple[str, ...], structure(
        "ports that load and store-address uops take in turn", most=PORTS, cause=PORT,
    )] = ()
