"""What a core is, as plain typed values: the shape of ``uarch/NAME.yaml``.

Nothing here says how the engine works. Every figure is declared beside its field (see
``figure``); one that is 0, empty or absent means the core lacks the mechanism. Numbers
are plain here; where each came from, and how sure it is, stands beside them in
``LoadedCore.evidence``, keyed by the path of the field, for example ``"window.rob"``.
"""

from typing import Annotated, Literal

from msgspec import field

from costmodel.cores.back_end import MoveElimination as MoveElimination
from costmodel.cores.back_end import Ports as Ports
from costmodel.cores.back_end import Rename as Rename
from costmodel.cores.back_end import Scheduler as Scheduler
from costmodel.cores.back_end import StackEngine as StackEngine
from costmodel.cores.back_end import Window as Window
from costmodel.cores.figure import about
from costmodel.cores.figure import structure as row
from costmodel.cores.front_end import Decode as Decode
from costmodel.cores.front_end import FrontEnd as FrontEnd
from costmodel.cores.front_end import MacroFusion as MacroFusion
from costmodel.cores.front_end import Predecode as Predecode
from costmodel.cores.front_end import Section as Section
from costmodel.cores.front_end import UopCache as UopCache
from costmodel.cores.memory import Memory as Memory
from costmodel.cores.memory import Renaming as Renaming

MOST_UOPS = 4096  # of one instruction
MOST_WAIT = 10_000_000  # cycles of one instruction: a write-back of the caches


class UopCost(Section, frozen=True):
    """One unfused uop.

    ``on`` is a class of ``ports.classes`` ("none": no port). ``reads`` and ``writes``
    name operands: "op0".."op3" (explicit operands, Intel order), register names
    ("rax", "rdx", "rcx"), "cf", "of", "zaps", "flags" (all of them), "t0".."t3"
    (temporaries). Left out, ``reads`` is every input the instruction has and ``writes``
    every output. ``late`` adds cycles to one input (it is needed that much earlier) and
    ``slow`` adds cycles to one output.
    """

    on: Annotated[str, row("class of port it runs on, or none")]
    latency: Annotated[int, row("from dispatch to result", "cycles")] = 1
    busy: Annotated[int, row("the unit is taken, if not pipelined", "cycles")] = 0
    count: Annotated[int, row("of them", "uops", least=1, most=MOST_UOPS)] = 1
    reads: Annotated[tuple[str, ...] | None, row("inputs; left out: all")] = None
    writes: Annotated[tuple[str, ...] | None, row("outputs; left out: all")] = None
    late: Annotated[dict[str, int], row("an input is needed earlier", "cycles")] = (
        field(default_factory=dict)
    )
    slow: Annotated[dict[str, int], row("an output comes later", "cycles")] = field(
        default_factory=dict
    )
    own_slot: Annotated[bool, row("not in the slot of the uop before it")] = True


class Cost(Section, frozen=True):
    """What one operation costs in one operand shape.

    ``uops`` are the compute uops; loads and stores a memory operand needs are added by
    the core's rules unless ``whole`` says the list is complete. Defaults follow from
    the uops: ``fused`` (issue slots after fusion), ``decode`` (slots in decoders and
    queue).
    """

    uops: tuple[UopCost, ...] = ()
    whole: Annotated[bool, row("uops of memory operands are in the list")] = False
    fused: Annotated[int | None, row("issue slots", "slots", most=MOST_UOPS)] = None
    decode: Annotated[int | None, row("decoder slots", "slots", most=MOST_UOPS)] = None
    complex: Annotated[bool, row("slot 0 of the decoders only")] = False
    simple_after: Annotated[
        int | None, row("simple decoders beside it", "decoders", most=MOST_UOPS)
    ] = None
    microcode: Annotated[
        int, row("uops of the sequencer, of all there are", "uops", most=MOST_UOPS)
    ] = 0
    filler: Annotated[
        int, row("more uops that only take issue slots", "uops", most=MOST_UOPS)
    ] = 0
    latency: Annotated[
        int, row("from start to end of a microcoded whole", "cycles", most=MOST_WAIT)
    ] = 0
    waits: Annotated[
        Literal["", "retire", "stores"],
        row("begins when all older uops retired, or all stores are written as well"),
    ] = ""
    after_older: Annotated[
        int,
        row(
            "issues before, and ends this long after older uops retired; 0: no rule",
            "cycles",
            most=MOST_WAIT,
        ),
    ] = 0
    holds: Annotated[bool, row("nothing younger issues before it ends")] = False
    refetch: Annotated[
        Literal["", "queue", "decode", "cache"],
        row("younger code is fetched after it ends, and from where"),
    ] = ""
    idiom: Annotated[bool, row("zero idioms apply to this shape")] = True


Costs = dict[str, dict[str, Cost]]  # operation -> shape -> cost


class Core(Section, frozen=True, kw_only=True):
    """One microarchitecture. ``costs`` is keyed by operation, then operand shape."""

    name: Annotated[str, about("what it is called, as its file")]
    title: Annotated[str, about("its name in full")]
    vendor: Annotated[Literal["intel", "amd"], about("who made it")]
    family: Annotated[str, about("cores of one kind, which are held against another")]
    year: Annotated[int, about("when it came out", least=1970, most=2200)]
    aliases: Annotated[tuple[str, ...], about("other names")] = ()
    ghz: Annotated[
        float, about("only turns cycles into nanoseconds", "GHz", least=0.1, most=100)
    ] = 3.0
    evidence_state: Annotated[str, about("what the figures rest on, in one line")] = ""
    measured_at: Annotated[
        int, about("measured blocks began here, modulo a line", "bytes", most=4095)
    ] = 0
    # same_pointer: all registers but RSP and RBP, and memory, were one and the same.
    measured_from: Annotated[
        Literal["distinct_pointers", "same_pointer"],
        about("what registers held when blocks were measured unrolled"),
    ] = "distinct_pointers"
    absent: Annotated[
        tuple[str, ...], about("operations it lacks; a cost row overrides")
    ] = ()
    ports: Ports
    window: Window
    front_end: FrontEnd = field(default_factory=FrontEnd)
    fusion: MacroFusion = field(default_factory=MacroFusion)
    rename: Rename = field(default_factory=Rename)
    memory: Memory = field(default_factory=Memory)
    costs: Costs = field(default_factory=dict)
