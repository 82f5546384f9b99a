"""What an instruction does to a symbolic machine, compiled once per encoding.

Moves, additions, the stack and the segment bases are followed exactly. Everything else
gives a derived value, interned on the operation and its inputs. An Action appends one
``(root, offset)`` to ``machine.out`` for every entry of ``form.memory`` that reads or
writes, in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from costmodel.code import registers as R
from costmodel.code.decode import decode_form
from costmodel.code.insn import Flow, Form, Insn, MemoryAccess
from costmodel.code.machine import CONST, RIP, ZERO, Key, Machine, Value, signed

Action: TypeAlias = Callable[[Machine, Insn], None]
Address: TypeAlias = Callable[[Machine, Insn], Value]
Body: TypeAlias = Callable[[Machine, Value], None]
Reader: TypeAlias = Callable[[Machine, Value], Value]
Writer: TypeAlias = Callable[[Machine, Value, Value], None]
Arithmetic: TypeAlias = Callable[[Machine, Value, Value], Value]
Symbol: TypeAlias = tuple[str, int]  # name, addend as the address or value sees it

_SEGMENT_BASE = {"fs": R.FS_BASE, "gs": R.GS_BASE}
_FLAGS = frozenset({R.CF, R.OF, R.ZAPS})
_CLOBBERED = (R.RAX, R.RCX, R.RDX, R.RSI, R.RDI, 8, 9, 10, 11)
_MSR_BASE = {
    0xC0000100: R.FS_BASE,
    0xC0000101: R.GS_BASE,
    0xC0000102: R.KERNEL_GS_BASE,
}


# Operands -----------------------------------------------------------------------------
def _address(access: MemoryAccess, length: int, symbol: Symbol | None) -> Address:
    base, index, scale = access.base, access.index, access.scale
    displacement = access.displacement
    segment = _SEGMENT_BASE.get(access.segment, -1)
    if symbol is None and segment < 0 and index < 0:
        if access.rip_relative:
            after = length + displacement

            def relative(m: Machine, insn: Insn) -> Value:
                return RIP, insn.address + after

            return relative
        if base < 0:
            constant = (CONST, displacement)
            return lambda m, insn: constant

        def plain(m: Machine, insn: Insn) -> Value:
            return m.roots[base], m.offsets[base] + displacement

        return plain

    def general(m: Machine, insn: Insn) -> Value:
        root, offset = CONST, displacement
        if symbol is not None:
            root, offset = m.symbol(symbol[0]), symbol[1]
        elif access.rip_relative:
            offset += insn.address + length
            root = RIP if segment < 0 else CONST
        if base >= 0:
            root = m.sum(root, m.roots[base])
            offset += m.offsets[base]
        if index >= 0:
            offset += m.offsets[index] * scale
            root = m.sum(root, m.roots[index], scale)
        if segment >= 0:
            root = m.sum(m.roots[segment], root)
            offset += m.offsets[segment]
        return root, offset

    return general


def _reader(form: Form, k: int, symbol: Symbol | None) -> Reader:
    """The value of operand ``k``, zero-extended; immediates sign-extended first."""
    operand = form.operands[k]
    if operand.kind == "m":
        bits = form.memory[0].width
        width = max(bits // 8, 1)
        if bits >= 64:
            return lambda m, a: m.load(a[0], a[1], width)
        return lambda m, a: m.narrow(m.load(a[0], a[1], width), bits)
    if operand.register is not None:
        register, bits, high = operand.register
        if operand.kind == "s" or bits >= 64:
            return lambda m, a: (m.roots[register], m.offsets[register])

        def part(m: Machine, a: Value) -> Value:
            return m.narrow((m.roots[register], m.offsets[register]), bits, high)

        return part
    if symbol is not None:
        name, addend = symbol
        return lambda m, a: (m.symbol(name), addend)
    value = operand.immediate or 0
    if form.operands[0].width == 32 and form.mnemonic != "push":
        value &= 0xFFFFFFFF
    constant = (CONST, value)
    return lambda m, a: constant


def _writer(form: Form, k: int) -> Writer:
    operand = form.operands[k]
    if operand.register is not None:
        return _register_writer(*operand.register)
    width = max(form.memory[0].width // 8, 1)

    def memory(m: Machine, a: Value, v: Value) -> None:
        m.store(a[0], a[1], width, v)

    return memory


def _register_writer(register: int, bits: int, high: bool = False) -> Writer:
    if bits >= 64 or register >= 16:

        def whole(m: Machine, a: Value, v: Value) -> None:
            m.roots[register], m.offsets[register] = v
            if R.FS <= register <= R.GS:
                base = R.FS_BASE if register == R.FS else R.GS_BASE
                m.roots[base], m.offsets[base] = m.intern(("selector", *v)), 0

        return whole
    if bits == 32:

        def half(m: Machine, a: Value, v: Value) -> None:
            m.roots[register], m.offsets[register] = m.narrow(v, 32)

        return half

    def part(m: Machine, a: Value, v: Value) -> None:
        old = m.roots[register], m.offsets[register]
        new = m.insert(old, v, bits, high)
        m.roots[register], m.offsets[register] = new

    return part


# Arithmetic ---------------------------------------------------------------------------
def _add(m: Machine, x: Value, y: Value) -> Value:
    if y[0] == CONST:
        return x[0], x[1] + y[1]
    return m.sum(x[0], y[0]), x[1] + y[1]


def _subtract(m: Machine, x: Value, y: Value) -> Value:
    if y[0] == CONST:
        return x[0], x[1] - y[1]
    if x[0] == y[0]:
        return CONST, x[1] - y[1]
    return m.intern(("-", x[0], y[0])), x[1] - y[1]


def _logic(name: str) -> Arithmetic:
    def logic(m: Machine, x: Value, y: Value) -> Value:
        if x == y:
            return ZERO if name == "xor" else x
        if x[0] == CONST and y[0] == CONST:
            if name == "and":
                return CONST, x[1] & y[1]
            return CONST, (x[1] | y[1]) if name == "or" else (x[1] ^ y[1])
        if ZERO in (x, y):
            return ZERO if name == "and" else (x if y == ZERO else y)
        if x[1] == 0 and name != "xor":
            made = m.names[x[0]]
            if made[0] == name and made[-2:] == y:
                return x  # the same mask a second time
        return m.intern((name, *x, *y)), 0

    return logic


_ARITHMETIC: dict[str, Arithmetic] = {
    "add": _add,
    "sub": _subtract,
    "xor": _logic("xor"),
    "and": _logic("and"),
    "or": _logic("or"),
}


def _two_operands(form: Form, symbol: Symbol | None) -> Body:
    function = _ARITHMETIC[form.mnemonic]
    left = _reader(form, 0, None)
    right = _reader(form, 1, symbol)
    write = _writer(form, 0)
    if form.same_register and form.mnemonic in ("xor", "sub"):
        return lambda m, a: write(m, a, ZERO)

    def body(m: Machine, a: Value) -> None:
        root, offset = function(m, left(m, a), right(m, a))
        if root == CONST:
            offset = signed(offset)
        write(m, a, (root, offset))

    return body


def _step_by(form: Form, step: int) -> Body:
    read, write = _reader(form, 0, None), _writer(form, 0)

    def body(m: Machine, a: Value) -> None:
        root, offset = read(m, a)
        write(m, a, (root, offset + step))

    return body


def _move(form: Form, symbol: Symbol | None) -> Body:
    read, write = _reader(form, 1, symbol), _writer(form, 0)
    return lambda m, a: write(m, a, read(m, a))


def _sign_extending(form: Form) -> Body:
    if form.mnemonic == "cdqe":
        bits, source = 32, _register_reader(R.RAX, 32)
        write = _register_writer(R.RAX, 64)
    else:
        bits, source = form.operands[1].width, _reader(form, 1, None)
        write = _writer(form, 0)
    return lambda m, a: write(m, a, m.sign_extend(source(m, a), bits))


def _register_reader(register: int, bits: int) -> Reader:
    return lambda m, a: m.narrow((m.roots[register], m.offsets[register]), bits)


def _shift_left(form: Form) -> Body:
    read, write = _reader(form, 0, None), _writer(form, 0)
    mask = 63 if form.operands[0].width == 64 else 31
    count = (form.immediate or 0) & mask
    scale = 1 << count

    def body(m: Machine, a: Value) -> None:
        root, offset = read(m, a)
        if root != CONST and count:
            root = m.sum(CONST, root, scale)
        offset *= scale
        write(m, a, (root, signed(offset) if root == CONST else offset))

    return body


def _exchange(form: Form) -> Body:
    left, right = _reader(form, 0, None), _reader(form, 1, None)
    write_left, write_right = _writer(form, 0), _writer(form, 1)

    def body(m: Machine, a: Value) -> None:
        x, y = left(m, a), right(m, a)
        write_left(m, a, y)
        write_right(m, a, x)

    return body


def _inputs(form: Form, with_old: bool) -> Callable[[Machine, Value], Key]:
    """The values a result depends on, as a key."""
    registers = [use for use in form.reads if use.reg < 16 or use.reg >= R.ES]
    if with_old:
        registers += [u for u in form.writes if u.reg < 16 and u.width < 32]
    uses_flags = any(use.reg in _FLAGS for use in form.reads)
    loads = any(access.reads for access in form.memory[:1])
    width = max(form.memory[0].width // 8, 1) if form.memory else 0

    def inputs(m: Machine, a: Value) -> Key:
        key: list[object] = []
        for register, bits, high in registers:
            value = (m.roots[register], m.offsets[register])
            key += m.narrow(value, bits, high) if register < 16 else value
        if loads:
            key += m.load(a[0], a[1], width)
        if uses_flags:
            key.append(m.flags)
        return tuple(key)

    return inputs


def _identity(form: Form) -> str:
    numbers = [op.immediate for op in form.operands if op.immediate is not None]
    kinds = form.shape.replace("m", "r")
    return f"{form.mnemonic}{form.condition} {kinds} {numbers} {form.repeat}"


def _derived(form: Form) -> Body:
    """Any other operation: every result is its own function of all inputs."""
    inputs = _inputs(form, with_old=True)
    identity = _identity(form)
    results = [
        (_register_writer(*use), min(use.width, 64) if use.width >= 32 else 64)
        for use in form.writes
        if use.reg < 16 or R.ES <= use.reg <= R.GS
    ]
    stores = [
        max(access.width // 8, 1) for access in form.memory[:1] if access.writes
    ]
    if not results and not stores:
        return lambda m, a: None

    def body(m: Machine, a: Value) -> None:
        key = inputs(m, a)
        for k, (write, bits) in enumerate(results):
            write(m, a, (m.intern((identity, k, *key), bits), 0))
        for width in stores:
            m.store(a[0], a[1], width, (m.intern((identity, -1, *key)), 0))

    return body


# Stack, segments and the way in and out of the kernel ---------------------------------
def _push(form: Form, length: int, symbol: Symbol | None) -> Action:
    size = -form.stack_delta
    source: Address | None = None
    read: Reader | None = None
    call = form.flow in (Flow.CALL, Flow.INDIRECT_CALL)
    if form.operands and form.operands[0].kind == "m":
        source = _address(form.memory[0], length, symbol)
        symbol = None
    if not call and form.operands:
        read = _reader(form, 0, symbol)

    def action(m: Machine, insn: Insn) -> None:
        a = ZERO
        if source is not None:
            a = source(m, insn)
            m.out.append(a)
        if call:
            value = (RIP, insn.address + length)
        else:
            value = read(m, a) if read is not None else (m.flags, 0)
        m.offsets[R.RSP] -= size
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out.append((root, offset))
        m.store(root, offset, size, value)

    return action


def _pop(form: Form, length: int, symbol: Symbol | None) -> Action:
    size = form.stack_delta
    width = form.memory[-1].width // 8
    write: Writer | None = None
    target: Address | None = None
    if form.mnemonic == "pop":
        write = _writer(form, 0)
        if form.operands[0].kind == "m":
            target = _address(form.memory[0], length, symbol)

    def action(m: Machine, insn: Insn) -> None:
        a = ZERO
        if target is not None:
            a = target(m, insn)
            m.out.append(a)
        root, offset = m.roots[R.RSP], m.offsets[R.RSP]
        m.out.append((root, offset))
        value = m.load(root, offset, width)
        m.offsets[R.RSP] = offset + size
        if write is not None:
            write(m, a, value)
        elif form.mnemonic.startswith("popf"):
            m.flags = m.intern(("popf", *value))

    return action


def _leave(m: Machine, a: Value) -> None:
    m.roots[R.RSP], m.offsets[R.RSP] = a[0], a[1] + 8
    m.roots[R.RBP], m.offsets[R.RBP] = m.load(a[0], a[1], 8)


def _enter(form: Form) -> Body:
    size = form.operands[0].immediate or 0

    def body(m: Machine, a: Value) -> None:
        m.store(a[0], a[1], 8, (m.roots[R.RBP], m.offsets[R.RBP]))
        m.roots[R.RBP], m.offsets[R.RBP] = a
        m.roots[R.RSP], m.offsets[R.RSP] = a[0], a[1] - (size & 0xFFFF)

    return body


def _string(form: Form, length: int) -> Action:
    """One element moved by a string instruction, upwards (the direction flag is 0)."""
    addresses = [_address(access, length, None) for access in form.memory]
    moved = [access.base for access in form.memory]
    width = max(form.memory[0].width // 8, 1)
    accumulator = _register_reader(R.RAX, width * 8)
    load_accumulator = _register_writer(R.RAX, width * 8)

    def action(m: Machine, insn: Insn) -> None:
        found = [address(m, insn) for address in addresses]
        m.out += found
        if form.mnemonic.startswith("movs"):
            m.store(*found[0], width, m.load(*found[1], width))
        elif form.mnemonic.startswith("stos"):
            m.store(*found[0], width, accumulator(m, ZERO))
        elif form.mnemonic.startswith("lods"):
            load_accumulator(m, ZERO, m.load(*found[0], width))
        for register in moved:
            m.offsets[register] += width

    return action


def _swapgs(m: Machine, a: Value) -> None:
    for state in (m.roots, m.offsets):
        state[R.GS_BASE], state[R.KERNEL_GS_BASE] = (
            state[R.KERNEL_GS_BASE],
            state[R.GS_BASE],
        )


def _syscall(m: Machine, a: Value) -> None:
    for register, name in ((R.RCX, "user rip"), (11, "user rflags")):
        m.roots[register], m.offsets[register] = m.intern(("name", name)), 0


def _sysenter(m: Machine, a: Value) -> None:
    m.roots[R.RSP], m.offsets[R.RSP] = m.intern(("name", "sysenter rsp")), 0


def _iret(m: Machine, insn: Insn) -> None:
    root, offset = m.roots[R.RSP], m.offsets[R.RSP]
    m.out += [(root, offset + 8 * k) for k in range(5)]
    m.roots[R.RSP], m.offsets[R.RSP] = m.load(root, offset + 24, 8)


def _wrmsr(m: Machine, a: Value) -> None:
    msr = m.offsets[R.RCX] if m.roots[R.RCX] == CONST else 0
    base = _MSR_BASE.get(msr & 0xFFFFFFFF)
    if base is not None:
        parts = [(m.roots[r], m.offsets[r]) for r in (R.RAX, R.RDX)]
        m.roots[base], m.offsets[base] = m.intern(("msr", *parts[0], *parts[1])), 0


def _base_move(form: Form) -> Body:
    base = R.FS_BASE if "fs" in form.mnemonic else R.GS_BASE
    if form.mnemonic.startswith("wr"):
        read = _reader(form, 0, None)
        write = _register_writer(base, 64)
        return lambda m, a: write(m, a, read(m, a))
    save = _writer(form, 0)
    return lambda m, a: save(m, a, (m.roots[base], m.offsets[base]))


def return_from_call(m: Machine, site: int) -> None:
    """What a callee outside the path leaves: RSP back, caller-saved registers its own.

    ``site`` tells calls apart; one call gives the same values in every copy.
    """
    m.offsets[R.RSP] += 8
    for register in _CLOBBERED:
        name = "handler result" if register == R.RAX else "left by handler"
        key = ("name", name, site, register)
        m.roots[register], m.offsets[register] = m.intern(key), 0


# From a form to its action ------------------------------------------------------------
def _body(form: Form, symbol: Symbol | None) -> Body:
    name = form.mnemonic
    shape = [operand.kind for operand in form.operands]
    plain = all(kind in "rmi" for kind in shape)
    if name in ("mov", "movzx", "movbe") and "c" not in shape and "d" not in shape:
        return _move(form, symbol) if name != "movbe" else _derived(form)
    if name in _ARITHMETIC and plain:
        return _two_operands(form, symbol)
    if name in ("inc", "dec") and form.operands[0].width >= 32:
        return _step_by(form, 1 if name == "inc" else -1)
    if name in ("movsx", "movsxd") and form.operands[1].width < 64:
        return _sign_extending(form)
    if name == "cdqe":
        return _sign_extending(form)
    if name == "shl" and shape[-1] == "i" and form.operands[0].width >= 32:
        return _shift_left(form)
    if name == "xchg":
        return _exchange(form)
    if name in ("rdfsbase", "rdgsbase", "wrfsbase", "wrgsbase"):
        return _base_move(form)
    simple: dict[str, Body] = {
        "leave": _leave,
        "swapgs": _swapgs,
        "syscall": _syscall,
        "sysenter": _sysenter,
        "wrmsr": _wrmsr,
    }
    if name in simple:
        return simple[name]
    return _enter(form) if name == "enter" else _derived(form)


def compile_form(
    form: Form, address_symbol: Symbol | None, value_symbol: Symbol | None
) -> Action:
    """The action of ``form``, with symbols for fields the linker will fill in."""
    name = form.mnemonic
    length = form.length
    memory = form.memory
    if name == "lea":
        effective = _address(memory[0], length, address_symbol)
        write = _writer(form, 0)
        return lambda m, insn: write(m, ZERO, effective(m, insn))
    if memory and memory[-1].implicit and memory[-1].base == R.RSP:
        if name.startswith("iret"):
            return _iret
        if form.stack_delta < 0:
            return _push(form, length, address_symbol or value_symbol)
        if form.stack_delta > 0:
            return _pop(form, length, address_symbol)
    body = _body(form, value_symbol)
    accesses = [access for access in memory if access.reads or access.writes]
    if not accesses:
        return lambda m, insn: body(m, ZERO)
    if (
        memory[0].implicit
        and not form.repeat
        and name.startswith(("movs", "stos", "lods", "scas", "cmps"))
    ):
        return _string(form, length)
    if len(accesses) == 1:
        address = _address(accesses[0], length, address_symbol)

        def single(m: Machine, insn: Insn) -> None:
            a = address(m, insn)
            m.out.append(a)
            body(m, a)

        return single
    addresses = [_address(access, length, address_symbol) for access in accesses]

    def several(m: Machine, insn: Insn) -> None:
        found = [address(m, insn) for address in addresses]
        m.out += found
        body(m, found[0])

    return several


def _with_flags(form: Form, action: Action) -> Action:
    """``action`` that also leaves in ``machine.flags`` what the flags depend on."""
    inputs = _inputs(form, with_old=False)
    identity = _identity(form)
    partial = len({use.reg for use in form.writes} & _FLAGS) < len(_FLAGS)
    same = form.same_register and form.mnemonic in ("xor", "sub")
    explicit = [a for a in form.memory[:1] if a.reads]
    address = _address(explicit[0], form.length, None) if explicit else None

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
    form = decode_form(data)
    action = compile_form(form, None, None)
    if flags and any(use.reg in _FLAGS for use in form.writes):
        if not form.mnemonic.startswith("popf"):
            return _with_flags(form, action)
    return action


@lru_cache(maxsize=1 << 15)
def needs_flags(data: bytes) -> bool:
    """Whether a value this instruction leaves depends on the status flags."""
    form = decode_form(data)
    return any(use.reg in _FLAGS for use in form.reads) and (
        any(use.reg < 16 for use in form.writes)
        or any(access.writes for access in form.memory)
    )


def relocated_action(insn: Insn) -> Action:
    """The action of an instruction with fields the linker will fill in."""
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
    if form.flow is not Flow.NEXT and form.memory and form.memory[0].implicit:
        value = None
    return compile_form(form, address, value)
