"""Paths as copies that can be run: what is changed, left out and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel import api
from costmodel.code.decode import decode_bytes
from costmodel.code.insn import Path as InsnPath
from costmodel.errors import CostmodelError
from costmodel.measure import places
from costmodel.measure.bodies import body_of
from costmodel.measure.emit import emit
from costmodel.measure.plans import check_plan, free_register, plan

STUBS = Path(__file__).resolve().parents[2] / "stubs" / "top-of-stack"


def path_of(text: str) -> InsnPath:
    return api.load_path("-", stdin=text.encode())


def mnemonics(code: bytes) -> list[str]:
    return [insn.form.mnemonic for insn in decode_bytes(code, places.CODE)]


def test_a_block_is_copied_as_it_is() -> None:
    code = emit(body_of(path_of("4801d8")), 3, places.CODE).code
    assert code[:9] == bytes.fromhex("4801d8") * 3
    assert mnemonics(code[:14])[-1] == "jmp"


def test_what_is_relative_to_rip_names_one_address_in_every_copy() -> None:
    body = body_of(path_of("488b0510000000"))  # mov 0x10(%rip),%rax
    insns = decode_bytes(emit(body, 3, places.CODE).code[:21], places.CODE)
    targets = {i.end + i.form.memory[0].displacement for i in insns}
    assert len(targets) == 1
    assert places.SYMBOLS <= targets.pop() < places.SYMBOLS + 4096


def test_an_absolute_address_is_moved_to_where_anybody_may_map() -> None:
    body = body_of(path_of("8b042500000000"))  # mov 0,%eax
    (insn, *_) = decode_bytes(emit(body, 1, places.CODE).code[:7], places.CODE)
    assert places.SYMBOLS <= insn.form.memory[0].displacement < places.SYMBOLS + 4096


def test_jumps_not_taken_go_to_a_trap_of_their_own_when_checked() -> None:
    body = body_of(path_of("4885c07502ffc0ffc3"))
    emitted = check_plan(body).emitted[0]
    ((trap, step),) = emitted.traps
    assert body.path.steps[step].insn.form.mnemonic == "jne"
    jump = next(
        i for i in decode_bytes(emitted.code[:11], places.CODE) if i.form.condition
    )
    assert jump.target == trap


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fa", "cli cannot be run in user mode"),
        ("0f05", "syscall cannot be run in user mode"),
        ("0f20d8", "cannot be run in user mode"),  # mov %cr3,%rax
        ("c3", "ret leaves the path"),
        ("ffe0", "goes where a register or memory says"),
        ("0f58c0", "uses vector registers"),
    ],
)
def test_what_cannot_be_run_is_named(text: str, says: str) -> None:
    with pytest.raises(CostmodelError) as caught:
        body_of(path_of(text))
    assert says in str(caught.value)


def test_a_vector_instruction_is_unknown_to_the_model_too() -> None:
    with pytest.raises(CostmodelError) as caught:
        body_of(path_of("0f58c0"))
    assert caught.value.status == 3


def test_the_frame_of_an_entry_path_leaves_out_what_user_mode_forbids() -> None:
    path = api.load_path(STUBS / "v3.16-fast.S")
    body = body_of(path, frame=True)
    assert body.left_out == ("swapgs", "sti", "cli", "sysretq")
    made = [decode_bytes(p.data.rstrip(b"\xcc"))[0].form.mnemonic for p in body.pieces]
    assert made.count("syscall") == 1 and made[0] == "mov"
    assert not {"swapgs", "sti", "cli", "sysretq", "call"} & set(made)
    # The stack it switches to, and the word user RSP is kept in, are apart.
    assert len({address for address, _ in body.words}) == 2


def test_without_its_handler_nothing_of_the_frame_enters_the_kernel() -> None:
    path = api.load_path(STUBS / "v3.16-fast.S")
    body = body_of(path, frame=True, handler="nothing")
    assert not body.calls and b"\x0f\x05" not in [p.data for p in body.pieces]


def test_a_loop_counts_in_a_register_the_block_leaves_alone() -> None:
    body = body_of(path_of("4d01ff4d01f6"))
    assert free_register([body]) == 13
    code = plan("loop", [body]).code
    assert b"\x49\xff\xcd\x0f\x85" in code  # dec %r13; jne


def test_no_register_left_is_an_error_with_a_way_out() -> None:
    every = "".join(
        f"{0x48 | 5 * (r >> 3):02x}ff{0xC0 | r & 7:02x}" for r in range(16) if r != 4
    )
    with pytest.raises(CostmodelError, match="every register is used") as caught:
        free_register([body_of(path_of(every))])
    assert "unroll" in caught.value.hint


def test_both_lengths_of_every_body_fit_the_first_cache() -> None:
    for text in ("90", "4801d8", "48b80000000000000000", "4801d8" * 200):
        made = plan("unroll", [body_of(path_of(text))])
        assert len(made.code) < 16 * 1024
        assert made.per_copy() == 2 * made.programs[0].copies


def test_slow_code_is_repeated_less_often() -> None:
    body = body_of(path_of("0fa2"))
    fast, slow = plan("unroll", [body]), plan("unroll", [body], cycles=12_000)
    assert slow.programs[0].copies == 1 < fast.programs[0].copies


def test_the_system_call_of_two_variants_lies_at_one_place_of_a_line() -> None:
    paths = [api.load_path(STUBS / n) for n in ("v3.16-fast.S", "every-slot-mov.S")]
    bodies = [body_of(p, frame=True) for p in paths]
    made = plan("system call", bodies, align=16)
    for number, emitted in enumerate(made.emitted):
        body = bodies[number // 2]
        handler = next(k for k, s in enumerate(body.path.steps) if s.handler)
        at = next(a for a, step in emitted.steps if step == handler)
        assert at % 64 == 16
