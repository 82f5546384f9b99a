"""Kernels bound by loads, stores, forwarding and commit."""

from __future__ import annotations

from tests.engine.kernels.corpus import kernel


@kernel("skylake", "488b00", 4.0)
def simple_load_address_takes_four() -> None:
    """``mov (%rax),%rax``: base and a displacement under 2048. (Intel optimization
    manual.)"""


@kernel("skylake", "488b0418", 5.0)
def indexed_load_takes_five() -> None:
    """``mov (%rax,%rbx),%rax``."""


@kernel("skylake", "488b8000100000", 5.0)
def large_displacement_takes_five() -> None:
    """``mov 0x1000(%rax),%rax``: 4096 is not under 2048."""


@kernel("skylake", "488b03 488b4b08 488b5310 488b7318", 2.0)
def two_load_ports() -> None:
    """Four loads on ports 2 and 3."""


@kernel("skylake", "4889442408 48894c2410", 2.0)
def one_store_data_port() -> None:
    """Two stores: port 4 takes one a cycle, and one a cycle commits."""


@kernel("skylake", "4889442408 488b442408", 4.0)
def forwarding_exact() -> None:
    """Store then load of the same eight bytes: 4 cycles from store data to the loaded
    value. (Measured latencies of store forwarding on Skylake: 4 to 5.)"""


@kernel("skylake", "4889442408 8a442409", 7.0)
def forwarding_inside() -> None:
    """A byte out of the middle: 4 + 2, and 1 to merge it into the register."""


@kernel("skylake", "480103", 5.0)
def read_modify_write_chain() -> None:
    """``add %rax,(%rbx)``: forwarding 4 and the add 1. (uops.info: 5 to 6.)"""


@kernel("skylake", "50 58", 4.0)
def push_and_pop_forward() -> None:
    """The value goes through memory; the stack engine moves RSP at no cost."""


@kernel("zen5", "4889442408 488b442408", 1.0, "loop")
def renamed_memory_costs_nothing() -> None:
    """The load is renamed to the stored register: what is left is a cycle of the loop
    itself. (AMD optimization guide: memory renaming of stack accesses.)"""


@kernel("zen5", "4889442408 48894c2410", 1.0)
def two_stores_to_a_line_commit_together() -> None:
    """Two stores a cycle to one line. (AMD optimization guide: store commit.)"""


@kernel("skylake", "31d2 b805000000 f7f1", 6.0)
def divider_takes_six_cycles() -> None:
    """Independent 32-bit divides: the unit is taken 6 cycles. (uops.info: DIV r32.)"""


@kernel("tiny", "488903", 3.0)
def store_buffer_bounds_the_stores_in_flight() -> None:
    """An entry is taken from issue to the cycle after commit: 5 cycles to dispatch, 1
    to complete, 1 to retire, 1 to commit, 1 more: three stores in nine cycles."""


@kernel("tiny", "488903", 1.5, store_buffer="0")
def stores_take_two_scheduler_entries() -> None:
    """Address and data: eight entries in six cycles are four stores."""


@kernel("ivybridge", "48898300100000 488b1b", 9.0)
def a_load_4096_bytes_from_a_store_in_flight_starts_again() -> None:
    """``mov %rax,0x1000(%rbx); mov (%rbx),%rbx``: a chain of 4-cycle loads, each with
    the low twelve bits of the store before it: five more. (Agner Fog: false dependence
    at multiples of 4096 bytes; VTune: a few cycles to start again.)"""


@kernel("ivybridge", "48898308100000 488b1b", 4.0)
def a_load_4104_bytes_away_does_not() -> None:
    """The same with eight bytes between them."""


@kernel("skylake", "48894b3c", 2.0)
def a_store_across_two_lines_commits_twice() -> None:
    """``mov %rcx,0x3c(%rbx)``: both lines, one a cycle. (Agner Fog: a store across
    lines counts as two.)"""


@kernel("ivybridge", "488943 7c 488b5b 3c", 5.0)
def a_load_across_two_lines_takes_longer() -> None:
    """``mov %rax,0x7c(%rbx); mov 0x3c(%rbx),%rbx``: the load crosses a line, one cycle
    more than the four of a chain of pointers. (uiCA.)"""


@kernel("icelake", "48890b 48895308", 1.0)
def two_stores_to_a_line_commit_in_a_cycle_on_ice_lake() -> None:
    """Two store ports, and both to one line. (Intel manual: paired stores.)"""


@kernel("icelake", "48890b 48895340", 2.0)
def two_stores_to_two_lines_do_not() -> None:
    """The second to the next line: one a cycle. (The same.)"""


_LINES = ["488983" + (64 * k).to_bytes(4, "little").hex() for k in range(13)]


@kernel("zen5", "".join(_LINES[:12]), 6.0)
def stores_to_the_last_twelve_lines_merge_on_zen5() -> None:
    """Twelve stores to twelve lines, again and again: two a cycle, the rate of stores
    to one line. (Measured on Zen 5: any of the last twelve lines.)"""


@kernel("zen5", "".join(_LINES), 13 * 67 / 64)
def stores_to_thirteen_lines_do_not() -> None:
    """One line more, and none is among the last twelve when it comes round: each is
    written apart, 67 of 64 cycles. (The same.)"""


@kernel(
    "zen5", "488b03 488b4b08 488b5310 488b7318 488b7b20 4c8b4328 4c8b4b30 4c8b5338", 2.0
)
def four_memory_operations_a_cycle_on_zen5() -> None:
    """Eight loads. (AMD optimization guide of Zen 5, section 2.12: four, of which two
    may store.)"""


@kernel("skylake", "488703", 19.0)
def a_locked_exchange_waits_for_the_one_before() -> None:
    """XCHG with memory locks: 18 to 20 cycles. (InstLatx64: 18; uops.info: 19.)"""


@kernel("goldencove", "8b03 8b0b 8b13", 1.5)
def two_loads_a_cycle_of_one_word() -> None:
    """Three load ports, but two loads of one place a cycle: 3 / 2. (Measured: twelve
    take 5.7.)"""


@kernel("goldencove", "8b03 8b4b04 8b5308 8b730c 8b7b10 448b4314", 2.0)
def three_loads_a_cycle_of_other_words() -> None:
    """Six words of one line: 6 / 3. (Measured: halves of a quadword run at three.)"""


@kernel(
    "goldencove",
    "48890424 48894c2408 4889542410 4889742418 48897c2420 4c89442428"
    " 488b0424 488b4c2408 488b542410 488b742418 488b7c2420 4c8b442428",
    3.62,
    "opcache",
)
def renamed_loads_of_a_fifth_place_take_of_the_store_buffer() -> None:
    """Six stores at half a cycle, and two loads beyond the four places free of cost at
    0.31. (Measured: frames of ten pairs in 7.85, of sixteen in 13.0.)"""


@kernel("goldencove", "48895c2440 48894c2438 4889742430", 2.0, "loop")
def stores_of_two_lines_do_not_pair() -> None:
    """64(%rsp) alone, 56 and 48 together: two cycles a turn, once the store buffer is
    full. (Measured: 2.04.)"""


@kernel("goldencove", "6548891c2500010000 6548891c2508010000", 2.0)
def stores_to_gs_do_not_pair() -> None:
    """One line, but a cycle each. (Measured: 1.0.)"""


@kernel("goldencove", "48894310 488b4110 48ffc0", 0.5, "opcache")
def a_pair_is_learned_through_another_register() -> None:
    """Nothing is known of RBX and RCX: they do not meet, and three slots remain."""


@kernel("goldencove", "48894310 4889d9 488b4110 48ffc0 48ffc0", 0.835, "opcache")
def a_pair_is_learned_through_a_copied_register() -> None:
    """The same place by another name, renamed: five slots, six a cycle. (Measured
    chains of such pairs at 1.8 with twelve slots.)"""


@kernel("goldencove", "0faee8", 12.0)
def a_fence_after_a_fence() -> None:
    """LFENCE ends twelve cycles after it issued."""


@kernel("goldencove", "0faee8 480fafc0 480fafc0 480fafc0 480fafc0", 23.0)
def what_follows_a_fence() -> None:
    """Five cycles to dispatch, four times three, one to retire, and the next fence
    five after that. (Measured: 23.)"""


@kernel("goldencove", "0faee8 48890424 488b0c24", 23.0)
def a_renamed_load_is_checked_before_it_ends() -> None:
    """Five to dispatch, twelve until the load is known to have had the right value, one
    to retire, five. (Measured: 23.)"""


@kernel("goldencove", "0faee8 48890424 488b0c24 48894c2408 488b542408", 28.0)
def a_value_through_two_slots_behind_a_fence() -> None:
    """Nothing is renamed there: the second load starts over when the first one's value
    has been stored, five cycles more than one pair. (RESTORE, which passes two values
    on, measured 7 more.)"""


@kernel("goldencove", "48890424 488b0c24 48894c2408 488b542408", 1.0)
def a_value_through_two_slots() -> None:
    """Without a fence both loads are renamed: two stores of a line a cycle."""


@kernel("goldencove", "488b5b10 48890b 488b0b 4831cb 4821f3", 12.0)
def a_renamed_value_is_not_there_before_its_address() -> None:
    """A pointer is loaded (5), what it points at was stored and is loaded (5), and goes
    into the next pointer (XOR, AND): the value is known sooner, but not where."""


@kernel("goldencove", "0faee8 48890424", 16.0)
def a_store_address_completes_later() -> None:
    """Five to dispatch, five until the address is known, one to retire, five.
    (Measured: 16.)"""


@kernel("zen3", "50 59", 1.0, "opcache")
def one_load_a_cycle_is_renamed() -> None:
    """PUSH and POP of another register: ports and issue would allow three pairs in two
    cycles. (uarch-bench on Zen 3: 1.00.)"""


@kernel("zen3", "488b0a 48890a 4883c200 4883c200", 2.0, "loop")
def a_loop_teaches_pairs_of_another_base() -> None:
    """The base is written between the store and the load of the next turn: what is left
    is the chain of its two additions. (uarch-bench on Zen 3: 1.99.)"""


@kernel("zen3", "48894619", 5.0, "opcache")
def a_store_across_32_bytes() -> None:
    """Eight bytes from place 25 on. (uarch-bench on Zen 3: 4.98.)"""


@kernel("zen3", "4889461c", 2.0, "opcache")
def a_store_across_32_bytes_at_a_multiple_of_four() -> None:
    """Eight bytes from place 28 on. (uarch-bench on Zen 3: 1.99.)"""


@kernel("zen3", "488b4639", 1 / 3, "opcache")
def a_load_is_split_at_lines_only() -> None:
    """Three a cycle. Silicon takes twice as long across a line: what a crossing takes
    of the port is not modelled, only that the value comes later."""


@kernel("zen3", "64488b84c800100000", 5.0, "opcache")
def a_segment_adds_nothing_to_an_index() -> None:
    """``mov %fs:4096(%rax,%rcx,8),%rax``. (uarch-bench on Zen 3: 5.03.)"""


@kernel("zen5", "65ff042540000000", 7.0)
def additions_through_a_segment_chain_at_seven() -> None:
    """``incl %gs:0x40``: forwarded in 7, a cycle less from a read-modify-write, and the
    addition. (Measured: 7.14.)"""


@kernel("zen5", "0fb132", 9.0, "opcache")
def a_compare_and_exchange_forwards_no_sooner() -> None:
    """CMPXCHG without LOCK is microcode: what it stored takes 7 cycles and 2 more,
    where other read-modify-writes save one. (Measured: 9.00.)"""
