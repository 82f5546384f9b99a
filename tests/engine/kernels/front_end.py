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


@kernel("bulldozer", "6666666690", 15.0)
def four_prefixes_stall_bulldozer() -> None:
    """A NOP with four prefixes: 14 cycles and its own. (Agner Fog, section 19.3: 14 to
    15 for four to seven.)"""


@kernel("bulldozer", "666666666666666690", 22.0)
def eight_prefixes_stall_it_longer() -> None:
    """Eight: 21 and its own. (The same: 20 to 22 for eight to eleven.)"""


@kernel("bulldozer", "66666666666666666666666690", 29.0)
def twelve_prefixes_longer_still() -> None:
    """Twelve: 28 and its own. (The same: 27 to 28.)"""


@kernel("zen5", "48c7842480000000 78563412 48c7842488000000 78563412", 2.0)
def long_instructions_need_the_first_decoder_of_zen5() -> None:
    """Two stores of 12 bytes: over ten bytes an instruction decodes in slot 0 only, so
    one a cycle. (AMD optimization guide of Zen 5, section 2.9; measured: 0.99.)"""


@kernel("zen1", "48c744241078563412 48c744241878563412", 2.0)
def nine_bytes_are_long_on_zen1() -> None:
    """Two stores of nine bytes: the limit is eight there. (AMD optimization guide of
    family 17h, section 2.9.)"""


@kernel("skylake", "0f1f8000000000" * 4 + "7402", 4.0, "loop")
def a_jump_at_a_32_byte_boundary_is_decoded() -> None:
    """Four 7-byte NOPs and JE end at byte 30; DEC and JNZ cross byte 32, so neither
    window is cached: 39 bytes in three blocks, and the jump back one more. From the
    cache seven slots took two. (uiCA: both halves of a line must be cacheable, and a
    jump may not touch the end of one.)"""


@kernel("haswell", "90" * 23, 6.0, "loop")
def a_loop_in_the_queue_runs_at_the_issue_width() -> None:
    """23 NOPs and the fused DEC and JNZ: 24 slots, four a cycle, though 23 NOPs in a
    window are more than the cache holds. (Intel optimization manual: loop stream
    detector.)"""


@kernel("skylake", "415c", 1.0)
def pop_of_r12_needs_the_first_decoder() -> None:
    """POP of R12, one uop, decodes in slot 0 only: one a cycle, where two load ports
    could take two. (uiCA: pop5CRequiresComplexDecoder.)"""


@kernel("skylake", "5b", 0.5)
def pop_of_rbx_does_not() -> None:
    """POP of RBX: two a cycle through the load ports; the stack engine moves RSP."""


@kernel("skylake", "fc 90909090", 4.0)
def going_to_the_sequencer_costs_cycles() -> None:
    """CLD is microcode of three uops: a cycle in the sequencer and two to go to and
    come from it, then one for the NOPs. (uiCA: one cycle each way.)"""


@kernel("goldencove", "89c1 89c2 89c6", 1.0, "loop")
def a_turn_of_the_loop_buffer_takes_a_cycle() -> None:
    """Four slots with DEC and JNZ, six a cycle: but a turn begins in its own cycle.
    (Measured: 1.00.)"""


@kernel("goldencove", "89c1 89c2 89c6 89c7 4189c0", 1.0625, "loop")
def a_turn_of_six_uops_loses_a_sixteenth() -> None:
    """Six slots: a cycle, and a sixteenth. (Measured: 1.06.)"""


@kernel("goldencove", "89c1 89c2 89c6 89c7 4189c0 4189c1 4189c2 4189c3", 2.0625, "loop")
def a_turn_of_nine_uops_takes_two_cycles() -> None:
    """Eight uops of a turn a cycle, then one. (Measured: 2.07.)"""


@kernel("goldencove", "6681fa6804", 3.165, "opcache")
def length_changing_prefixes_are_not_cached() -> None:
    """``cmp $0x468,%dx``: three cycles each, as from the decoders, and a little for
    the loop. (Measured: 3.20.)"""


@kernel("goldencove", "48ffc0", 0.2)
def a_fusible_instruction_waits_for_the_first_decoder() -> None:
    """INC takes the first five of six decoders. (Measured: 0.20.)"""


@kernel("goldencove", "0f1f4000", 0.1745)
def the_queue_before_the_decoders_runs_dry() -> None:
    """Four-byte NOPs, eight in a fetch block: the decoders could take six a cycle, but
    the blocks come late now and then. (Measured: 0.176.)"""


@kernel("zen5", "488b4708 4883f907", 0.275, "opcache")
def full_cycles_of_the_op_cache_save_some() -> None:
    """Lines of six instructions of four bytes: windows of three, three and two of them
    take 3, 3 and 1 cycles, and the last, which reads two lines, saves 3/8 of one: 6 5/8
    cycles for 24 pairs. (Measured: 0.271.)"""
