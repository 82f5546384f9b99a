"""From the bytes of an instruction to its action on a symbolic machine, once each.

An Action appends one ``(root, offset)`` to ``machine.out`` for every entry of
``form.memory`` that reads or writes, in that order.
"""

from __future__ import annotations

from functools import lru_cache

from costmodel.code import registers as R
from costmodel.code import system
from costmodel.code.actions import FLAGS, body_of, identity_of, inputs_of, leave_all
from costmodel.code.decode import form_of_one
from costmodel.code.insn import Flow, Form, Insn
from costmodel.code.machine import ZERO, Machine
from costmodel.code.operands import Action, Address, Body, Symbol, address_of, writer


def nothing(machine: Machine, insn: Insn) -> None:
    """The action of instructions that leave registers and memory alone."""


def _without_memory(form: Form, body: Body) -> Action:
    """Short cuts for the commonest instructions; ``body`` for all others."""
    operands = form.operands
    if form.shape == "r64,r64" and form.mnemonic == "mov":
        target, source = operands[0].register, operands[1].register
        if target is not None and source is not None:
            to, of = target.reg, source.reg

            def copy(m: Machine, insn: Insn) -> None:
                m.roots[to] = m.roots[of]
                m.offsets[to] = m.offsets[of]

            return copy
    return lambda m, insn: body(m, ZERO)


def _whole_move(form: Form, address: Address) -> Action | None:
    """MOV of 64 bits between a register and memory, the commonest access of all."""
    if form.mnemonic != "mov" or form.shape not in ("r64,m64", "m64,r64"):
        return None
    use = form.operands[0].register or form.operands[1].register
    if use is None:
        return None
    register = use.reg

    def load(m: Machine, insn: Insn) -> None:
        a = address(m, insn)
        m.out.append(a)
        m.roots[register], m.offsets[register] = m.load(a[0], a[1], 8)

    def store(m: Machine, insn: Insn) -> None:
        a = address(m, insn)
        m.out.append(a)
        m.store(a[0], a[1], 8, (m.roots[register], m.offsets[register]))

    return load if form.shape == "r64,m64" else store


def compile_form(
    form: Form, address_symbol: Symbol | None, value_symbol: Symbol | None
) -> Action:
    """The action of ``form``, with symbols for fields the linker will fill in."""
    name = form.mnemonic
    length = form.length
    memory = form.memory
    if name == "lea":
        effective = address_of(memory[0], length, address_symbol)
        write = writer(form, 0)
        return lambda m, insn: write(m, ZERO, effective(m, insn))
    if memory and memory[-1].implicit and memory[-1].base == R.RSP:
        if name.startswith(("iret", "uiret")):
            return system.interrupt_return(form)
        if form.flow is Flow.INDIRECT_CALL and len(memory) > 2:
            return system.far_call(form, length, address_symbol)
        if name == "retf":
            return system.far_return(form)
        if form.stack_delta < 0:
            return system.push(form, length, address_symbol or value_symbol)
        if form.stack_delta > 0:
            return system.pop(form, length, address_symbol)
    body = body_of(form, value_symbol)
    accesses = [access for access in memory if access.reads or access.writes]
    if not accesses:
        return nothing if body is leave_all else _without_memory(form, body)
    if (
        memory[0].implicit
        and not form.repeat
        and name.startswith(("movs", "stos", "lods", "scas", "cmps"))
    ):
        return system.string(form, length)
    if len(accesses) == 1:
        address = address_of(accesses[0], length, address_symbol)
        move = _whole_move(form, address) if value_symbol is None else None
        if move is not None:
            return move

        def single(m: Machine, insn: Insn) -> None:
            a = address(m, insn)
            m.out.append(a)
            body(m, a)

        return single
    addresses = [address_of(access, length, address_symbol) for access in accesses]

    def several(m: Machine, insn: Insn) -> None:
        found = [address(m, insn) for address in addresses]
        m.out += found
        body(m, found[0])

    return several


def _with_flags(form: Form, action: Action) -> Action:
    """``action`` that also leaves in ``machine.flags`` what the flags depend on."""
    inputs = inputs_of(form, with_old=False)
    identity = identity_of(form)
    partial = len({use.reg for use in form.writes} & FLAGS) < len(FLAGS)
    same = form.same_register and form.mnemonic in ("xor", "sub")
    explicit = [a for a in form.memory[:1] if a.reads]
    address = address_of(explicit[0], form.length, None) if explicit else None

    def tracked(m: Machine, insn: Insn) -> None:
        a = address(m, insn) if address is not None else ZERO
        key = () if same else inputs(m, a)
        old = (m.flags,) if partial else ()
        action(m, insn)
        m.flags = m.intern(("flags", identity, *key, *old))

    return tracked


@lru_cache(maxsize=1 << 15)
def action_of(data: bytes, flags: bool = False) -> Action:
    """The action of one encoding. ``flags``: keep track of what the flags hold."""
    form = form_of_one(data)
    action = compile_form(form, None, None)
    if (
        flags
        and not form.mnemonic.startswith("popf")
        and any(use.reg in FLAGS for use in form.writes)
    ):
        return _with_flags(form, action)
    return action


@lru_cache(maxsize=1 << 15)
def needs_flags(data: bytes) -> bool:
    """Whether a value this instruction leaves depends on the status flags."""
    form = form_of_one(data)
    return any(use.reg in FLAGS for use in form.reads) and (
        any(use.reg < 16 for use in form.writes)
        or any(access.writes for access in form.memory)
    )


def relocated_address(insn: Insn) -> Address | None:
    """The address of the memory operand of such an instruction; None without one."""
    symbol, _ = _relocated(insn)
    if symbol is None or not insn.form.memory:
        return None
    return address_of(insn.form.memory[0], insn.form.length, symbol)


def relocated_action(insn: Insn) -> Action:
    """The action of an instruction with fields the linker will fill in."""
    form = insn.form
    address, value = _relocated(insn)
    if form.flow is not Flow.NEXT and form.memory and form.memory[0].implicit:
        value = None
    return compile_form(form, address, value)


def _relocated(insn: Insn) -> tuple[Symbol | None, Symbol | None]:
    """The symbols of the address and of the immediate."""
    form = insn.form
    length = form.length
    address: Symbol | None = None
    value: Symbol | None = None
    for relocation in insn.relocations:
        name, addend = relocation.symbol, relocation.addend
        if relocation.offset >= length - form.immediate_bytes:
            value = (name, addend)
        elif form.memory and form.memory[0].rip_relative:
            # The linker subtracts the field's address, the CPU adds the insn's end.
            address = (name, addend + length - relocation.offset)
        else:
            address = (name, addend)
    return address, value
