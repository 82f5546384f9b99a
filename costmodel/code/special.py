"""What an instruction is here, beyond its bytes: which MSR, how many bytes, a flush.

A cost row for the special operation is used where a core has one; otherwise the row of
the plain operation.
"""

from __future__ import annotations

from msgspec.structs import replace

from costmodel.code import registers as R
from costmodel.code.insn import Form
from costmodel.code.known import Known

_MSRS = {
    0x48: "wrmsr_spec_ctrl",
    0x49: "wrmsr_pred_cmd",
    0x10B: "wrmsr_flush_cmd",
    0xC0000100: "wrmsr_base",
    0xC0000101: "wrmsr_base",
    0xC0000102: "wrmsr_base",
}
# Operations that only the context tells: cost rows may have them, no mnemonic does.
OPERATIONS = frozenset(
    {*_MSRS.values(), "mov_cr3_flush", "deliver_idt", "deliver_fred"}
)
MOST_BYTES = 1 << 24  # a longer string is costed as one of unknown length


def specialised(form: Form, known: Known, *, flushes: bool) -> Form:
    """``form`` with what is known where it stands.

    ``flushes``: it is known whether the kernel runs with PCIDs, so a write of CR3
    without the bit that keeps the TLB flushes it.
    """
    if form.mnemonic == "wrmsr":
        number = known.number(R.RCX)
        name = None if number is None else _MSRS.get(number & 0xFFFFFFFF)
        return replace(form, special=name) if name else form
    if flushes and control_register(form, writes=True) == 3:
        source = form.operands[-1].register
        if source is not None and source.reg not in known.no_flush:
            return replace(form, special="mov_cr3_flush")
        return form
    if form.repeat:
        moved = known.count(form)
        if moved is not None and moved <= MOST_BYTES:
            return replace(form, count=moved)
    return form


def control_register(form: Form, *, writes: bool) -> int | None:
    """Number of the control register a MOV writes or reads; None for others."""
    opcode = bytes((0x0F, 0x22 if writes else 0x20))
    data, at = form.data, form.opcode_offset
    if data[at : at + 2] != opcode or len(data) < at + 3:
        return None
    return data[at + 2] >> 3 & 7
