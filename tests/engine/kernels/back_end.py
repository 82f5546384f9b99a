"""Kernels bound by renaming, ports, latencies and windows."""

from __future__ import annotations

from tests.engine.kernels.corpus import kernel


@kernel("skylake", "31c0" * 4, 1.0)
def zero_idiom_breaks_the_dependency() -> None:
    """Four ``xor %eax,%eax`` neither wait nor take a port: four a cycle. (Intel
    optimization manual: zero idioms.)"""


@kernel("skylake", "4801c0", 1.0)
def add_to_itself_waits() -> None:
    """``add %rax,%rax``: a chain of latency 1."""


@kernel("skylake", "480fafc0", 3.0)
def multiply_chain_has_latency_three() -> None:
    """``imul %rax,%rax``. (uops.info: latency 3.)"""


@kernel("skylake", "480fafc0 480fafdb 480fafc9 480fafd2 480faff6 480fafff", 6.0)
def six_multiplies_share_port_one() -> None:
    """Six chains of latency 3 could run in three cycles; port 1 takes one a cycle."""


@kernel("sandybridge", "4889c3 4889d8", 2.0)
def moves_take_a_cycle_without_elimination() -> None:
    """rax -> rbx -> rax: two cycles where moves are executed. (Agner Fog: Sandy Bridge
    eliminates none.)"""


@kernel("zen5", "4889c3 4889d8 4801c0", 1.0)
def eliminated_moves_leave_the_add() -> None:
    """Between the moves only the add has latency. (AMD optimization guide: zero-cycle
    moves.)"""


@kernel("skylake", "b401 89c3", 2.0)
def high_byte_merge_issues_alone() -> None:
    """``mov $1,%ah; mov %eax,%ebx``: the merge uop issues in a cycle of its own, the
    others in the next. (Intel optimization manual: partial registers.)"""


@kernel("haswell", "4811c0", 2.0)
def adc_is_two_uops_on_haswell() -> None:
    """A chain of ADC with two uops in line: two cycles. (uops.info.)"""


@kernel("skylake", "4811c0", 1.0)
def adc_is_one_uop_on_skylake() -> None:
    """The same with one uop. (uops.info: latency 1.)"""


@kernel("skylake", "488d445801", 3.0)
def three_component_lea_is_slow() -> None:
    """``lea 1(%rax,%rbx,2),%rax``: base, index and displacement, latency 3. (Intel
    optimization manual.)"""


@kernel("tiny", "480fafc0", 3.0)
def tiny_multiply_chain() -> None:
    """The tiny core's figure."""


@kernel("tiny", "4801c0 4801db 4801c9 4801d2", 3.0)
def scheduler_bounds_the_uops_that_wait() -> None:
    """Four independent adds on two ports: two cycles, but an entry is taken for the 5
    cycles to dispatch and one more; eight in six cycles, four in three."""


@kernel("tiny", "4801c0 4801db 4801c9 4801d2", 2.0, schedulers="[]")
def two_ports_take_two() -> None:
    """The same without schedulers: two a cycle."""


@kernel("tiny", "488b03", 11.5, memory="{load_latency: 40}")
def load_buffer_bounds_the_loads_in_flight() -> None:
    """Independent loads of 40 cycles. An entry is taken from issue to retirement: 5
    cycles to dispatch, 40, 1 to retire; four entries in 46 cycles, 11.5 each."""


@kernel("tiny", "488b03", 46 / 16, load_buffer="0", memory="{load_latency: 40}")
def reorder_buffer_bounds_them_next() -> None:
    """Without a load buffer, 16 slots in 46 cycles; the 8 scheduler entries are back
    after 6."""


@kernel("tiny", "480fafc0 4801d9", 3.0)
def an_independent_add_hides_behind_the_chain() -> None:
    """Latency 3 leaves room for the add."""


@kernel("skylake", "4883c408 58", 2.0)
def explicit_use_of_rsp_needs_the_stack_engine_folded_in() -> None:
    """``add $8,%rsp; pop %rax``: POP leaves an offset that ADD cannot see; a uop folds
    it into RSP, so the chain is that uop and the add. (Intel optimization manual: stack
    pointer tracker.)"""


@kernel("nehalem", "4885f7 4d85c8 4885cb 4d85d3", 4.0)
def three_registers_a_cycle_leave_the_register_file() -> None:
    """Four TESTs of two registers each that nothing writes: a second in one cycle would
    be the fourth register read, so one a cycle, where three ports could take three.
    (Agner Fog, section 8.8: register read stalls.)"""


@kernel("nehalem", "4885ff 4d85c0 4d85c9", 1.0)
def three_registers_are_not_too_many() -> None:
    """Three TESTs of a register with itself: three reads, three ports, one cycle."""


@kernel("sandybridge", "4885f7 4d85c8 4885cb 4d85d3", 4 / 3)
def later_cores_read_any_number() -> None:
    """The same four from a register file that renaming points into: three ports."""


@kernel("ivybridge", "48890413 909090", 1.25)
def indexed_stores_part_on_ivy_bridge() -> None:
    """``mov %rax,(%rbx,%rdx)`` and three NOPs: the address and the data of an indexed
    store issue apart, five slots. (uops.info: two issue slots.)"""


@kernel("haswell", "48890413 909090", 1.0)
def indexed_stores_stay_one_slot_on_haswell() -> None:
    """The same on Haswell: four slots. (uops.info.)"""


@kernel("ivybridge", "480303 909090", 1.0)
def a_load_and_its_operation_share_a_slot() -> None:
    """``add (%rbx),%rax`` and three NOPs: four slots. (Intel optimization manual:
    micro-fusion.)"""


@kernel("ivybridge", "48030413 909090", 1.25)
def an_indexed_load_and_its_operation_do_not() -> None:
    """``add (%rbx,%rdx),%rax``: un-laminated, five slots. (Intel optimization manual:
    un-lamination on Sandy Bridge.)"""


@kernel("haswell", "48833c1301 909090", 1.25)
def compare_of_an_indexed_operand_and_an_immediate_parts() -> None:
    """``cmpq $1,(%rbx,%rdx)`` reads no destination register: two slots on Haswell too.
    (uops.info.)"""


@kernel("haswell", "488b06 488b4f08 48891a", 1.0)
def simple_store_addresses_have_port_seven() -> None:
    """Two loads and a store without an index: ports 2, 3 and 7. (Intel optimization
    manual.)"""


@kernel("haswell", "488b06 488b4f08 48891c1a", 1.5)
def indexed_store_addresses_do_not() -> None:
    """With an index three uops share ports 2 and 3. (The same.)"""


@kernel("ivybridge", "4801c0 4889c3 4801db", 1.0)
def an_eliminated_move_is_no_link_of_a_chain() -> None:
    """Two chains of one add each; the move between them has no latency and takes no
    port. (Agner Fog: Ivy Bridge eliminates moves.)"""


@kernel("tiny", "4889c3 4889c1 4889c2 4889c6", 2.0, schedulers="[]")
def moves_take_ports_without_elimination() -> None:
    """Four moves on two ports."""


@kernel("skylake", "31c0 88c8 88d4", 0.75)
def a_zeroed_register_needs_no_merge() -> None:
    """``xor %eax,%eax; mov %cl,%al; mov %dl,%ah``: the idiom overwrites EAX and its
    high byte without reading them: three slots, four a cycle. (BHive on Skylake:
    0.70.)"""


@kernel("zen2", "480fafc0 480fafdb", 3.0)
def one_multiplier_serves_two_chains() -> None:
    """Latency 3, one a cycle, both in the scheduler of that ALU. (AMD optimization
    guide: multiplier on ALU1.)"""


# --- what serialising instructions do, each rule alone: here NOP has it ------------
@kernel(
    "tiny", "90 480fafc0", 10.0, nop='{"*": {latency: 1, waits: retire, holds: true}}'
)
def what_waits_for_retirement_and_holds_takes_turns() -> None:
    """It takes one cycle and holds what follows; a multiply then issues, leaves 5
    cycles later, takes 3 and retires 1 after, and only then comes the next: 1 + 5 + 3 +
    1. (So does LFENCE: Intel manual, volume 2.)"""


@kernel("tiny", "90 480fafc0", 9.0, nop='{"*": {latency: 1, waits: retire}}')
def what_only_waits_lets_younger_code_begin() -> None:
    """The multiply issues in the same cycle: 5 + 3 + 1."""


@kernel("tiny", "90 480fafc0", 3.0, nop='{"*": {latency: 1, holds: true}}')
def what_only_holds_hides_behind_a_chain() -> None:
    """Nothing older has to be done: a hold of one cycle in a chain of three."""


@kernel("tiny", "90 488903", 9.0, nop='{"*": {latency: 1, waits: stores, holds: true}}')
def what_waits_for_stores_waits_for_the_commit() -> None:
    """1 cycle; the store leaves 5 later, completes 1, retires 1 and commits 1 after.
    (So does MFENCE.)"""


@kernel("tiny", "90 488903", 8.0, nop='{"*": {latency: 1, waits: retire, holds: true}}')
def what_waits_for_retirement_lets_stores_commit_behind_it() -> None:
    """The same less the commit."""


@kernel("tiny", "90", 29.0, nop='{"*": {latency: 10, refetch: decode}}')
def what_refetches_pays_for_the_front_end() -> None:
    """10 cycles, 15 to the first fetch, 3 to the decoders, 1 in the queue. (So do
    SYSCALL, SYSRET and IRET.)"""


@kernel("tiny", "90 4801d8", 10.0, nop='{"*": {latency: 10, holds: true}}')
def a_hold_of_ten_cycles_is_ten_cycles() -> None:
    """The add issues when it is done and the next at once after the add, in the same
    cycle."""


@kernel("goldencove", "4883c018", 0.1683, "opcache")
def small_constants_are_added_at_rename() -> None:
    """``add $24,%rax``: no port, no chain, six a cycle. (Measured: 0.17.)"""


@kernel("goldencove", "4881c6701b0000", 1.0)
def large_constants_are_not() -> None:
    """``add $0x1b70,%rsi``: a chain of one. (Measured: 1.00.)"""


@kernel("goldencove", "f6c401", 1.0)
def one_high_byte_is_read_a_cycle() -> None:
    """``test $1,%ah`` has one port. (Measured: 1.00.)"""


@kernel("goldencove", "80e601", 3.0)
def a_chain_through_a_high_byte() -> None:
    """``and $1,%dh``: one cycle and two. (Measured: 3.00.)"""


@kernel("goldencove", "31c0 4883c410 5b", 0.5, "opcache")
def the_stack_pointer_needs_no_synchronisation() -> None:
    """XOR, ADD to RSP and POP: three slots, six a cycle. (Measured: 0.54.)"""


@kernel("goldencove", "4881c4d8000000 4881ecd8000000", 0.335, "opcache")
def constants_of_four_bytes_fold_too() -> None:
    """``add $0xd8,%rsp; sub $0xd8,%rsp``: done at rename, six a cycle, as with a byte.
    (Measured with a byte: 0.17 each.)"""
