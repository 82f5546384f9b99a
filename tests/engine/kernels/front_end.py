"""Kernels bound by fetch, predecode, decode and the uop cache."""

from __future__ import annotations

from tests.engine.kernels.corpus import kernel


@kernel("skylake", "90" * 16, 4.0)
def predecode_takes_five_instructions_of_a_block_a_cycle() -> None:
    """Sixteen NOPs fill a 16-byte block; five a cycle make four cycles, the last for
    one NOP only. (Abel and Reineke, uiCA, section 4.1: predecoder.)"""


@kernel("skylake", "0f1f840000000000", 0.5)
def predecode_takes_one_block_a_cycle() -> None:
    """Two 8-byte NOPs a 16-byte block: 16 bytes a cycle, half a cycle each. (Intel
    optimization manual, legacy decode pipeline.)"""


@kernel("skylake", "660f1f840000000000", 9 / 16)
def instructions_across_blocks_cost_their_bytes() -> None:
    """9-byte NOPs: sixteen of them fill nine blocks whatever their alignment."""


@kernel("skylake", "66053412", 3.25)
def length_changing_prefix_stalls_three_cycles() -> None:
    """``add $0x1234,%ax``: four to a block, 3 stall cycles each and one cycle of
    predecode: 13 cycles for four. (Intel optimization manual: LCP; uiCA measures 3.)"""


@kernel("haswell", "480f44c1 480f44d1 480f44f1 480f44f9 4c0f44c1 4c0f44c9", 6.0)
def two_uop_instructions_need_the_first_decoder() -> None:
    """Six CMOVs of two uops: one a cycle by the complex decoder, while three ports
    could take the twelve uops in four cycles. (Agner Fog: Haswell decoders 4-1-1-1.)"""


@kernel("skylake", "480f44c1 480f44d1 480f44f1 480f44f9 4c0f44c1 4c0f44c9", 6.0)
def a_one_uop_cmov_needs_the_first_decoder_too() -> None:
    """The same on Skylake, where CMOV is one uop and still decodes in slot 0.
    (uops.info: CMOVZ r64,r64, 1*p06, complex decoder.)"""


@kernel(
    "skylake", "480f44c1 480f44d1 480f44f1 480f44f9 4c0f44c1 4c0f44c9", 100 / 33,
    "opcache",
)  # fmt: skip
def the_uop_cache_has_no_first_decoder() -> None:
    """From the uop cache two ports are left as the bound: three cycles a copy, and one
    more in 33 copies for the closing jump on port 6. (uops.info: 1*p06.)"""


@kernel("skylake", "4839d87400", 1.0)
def branch_ends_the_decode_group() -> None:
    """``cmp; je`` not taken, fused: a group ends at a branch, so one pair a cycle,
    though four slots could issue. (uiCA, section 4.1: decoders.)"""


@kernel("tiny", "4801d8 4801d9", 1.0, schedulers="[]")
def two_decoders_deliver_two() -> None:
    """Two independent adds, two decoders, two ports, 6 of 16 bytes: one cycle."""


@kernel("tiny", "4801d8 4801d9", 2.0, decode="{width: 1, uops: 1, complex_uops: 1}")
def one_decoder_delivers_one() -> None:
    """The same through a single decoder: a cycle each."""


_LONG_NOPS = "66662e0f1f840000000000" * 5  # 55 bytes


@kernel("haswell", _LONG_NOPS + "0f1f440000 90", 2.25, "loop")
def a_jump_at_the_start_of_a_line_does_not_fuse() -> None:
    """Seven NOPs, 61 bytes; DEC ends at byte 64 and JNZ begins there, so they stay
    two: nine slots, four a cycle, out of the loop buffer. (uiCA: a jump at the
    beginning of a line is not macro-fused.)"""


@kernel("haswell", _LONG_NOPS + "0f1f4000 90", 2.0, "loop")
def one_byte_before_it_fuses() -> None:
    """The same a byte shorter: DEC and JNZ are one slot of eight."""


@kernel("tiny", "660f1f840000000000" * 34, 18.0, "loop")
def ten_lines_fit_a_cache_of_sixty_four_uops() -> None:
    """34 9-byte NOPs, DEC and JNZ are 315 bytes: ten windows, a line each, as many as
    64 uops make full lines of six. 36 slots issue two a cycle."""


@kernel("tiny", "660f1f840000000000" * 36, 22.0, "loop")
def eleven_lines_come_from_the_decoders() -> None:
    """333 bytes need an eleventh line, and none is still there when it comes round:
    21 blocks of 16 bytes, and a cycle for the taken jump, though 38 slots could issue
    in 19. (Least recently used lines go first; Intel optimization manual: capacity.)"""
