"""Bytes to instructions: the door to the x86 decoder (iced-x86).

Only this module, ``decoder``, ``form`` and ``decoder_names`` know it; everything else
works on the values of ``insn``. Forms are decoded once for each distinct encoding.
"""

from __future__ import annotations

from functools import lru_cache

from costmodel import lazily
from costmodel.code.decoder import (
    Decoder,
    DecoderError,
    Formatter,
    FormatterSyntax,
)
from costmodel.code.form import form_of
from costmodel.code.insn import Form, Insn, Relocation
from costmodel.errors import InputError

MAX_LENGTH = 15


def _bad(data: bytes, offset: int, decoder: Decoder) -> InputError:
    shown = data[offset : offset + MAX_LENGTH].hex(" ")
    cut_short = decoder.last_error == DecoderError.NO_MORE_BYTES
    found = "the last instruction is cut short" if cut_short else "no instruction"
    return InputError(
        f"{found} at offset {offset:#x}: {shown}",
        expected="x86-64 machine code",
        hint="check where the code starts and ends, and that it is 64-bit code",
    )


@lru_cache(maxsize=1 << 15)
def _cached(data: bytes) -> Form:
    decoder = Decoder(64, data)
    return form_of(decoder.decode(), data, decoder)


def form_of_one(data: bytes) -> Form:
    """The instruction that is all of ``data``, the ``data`` of a Form."""
    return _cached(data)


def split(data: bytes) -> list[bytes]:
    """The bytes of each instruction in ``data``; raises InputError."""
    decoder = Decoder(64, data)
    out = []
    offset = 0
    size = len(data)
    while offset < size:
        length = decoder.decode().len
        if decoder.last_error != DecoderError.NONE:
            raise _bad(data, offset, decoder)
        out.append(data[offset : offset + length])
        offset += length
    return out


def decode_form(data: bytes) -> Form:
    """The first instruction in ``data``; raises InputError when there is none."""
    head = bytes(data[:MAX_LENGTH])
    decoder = Decoder(64, head)
    instr = decoder.decode()
    if decoder.last_error != DecoderError.NONE:
        raise _bad(head, 0, decoder)
    return _cached(head[: instr.len])


def decode_bytes(data: bytes, address: int = 0) -> list[Insn]:
    """All instructions in ``data``, laid out from ``address``; raises InputError."""
    out = []
    for piece in split(data):
        out.append(Insn(_cached(piece), address))
        address += len(piece)
    return out


_formatter = Formatter(FormatterSyntax.GAS)
_formatter.small_hex_numbers_in_decimal = True
_formatter.uppercase_hex = False
_formatter.hex_prefix = "0x"
_formatter.hex_suffix = ""
_formatter.rip_relative_addresses = True
_formatter.branch_leading_zeros = False


def format_insn(insn: Insn) -> str:
    """AT&T text of an instruction, symbols of unresolved fields after a ``#``.

    A direct jump or call names the place it goes to, where that has a name.
    """
    decoder = Decoder(64, insn.form.data, ip=insn.address)
    text = str(_formatter.format(decoder.decode()))
    if insn.goes:
        return f"{text.rpartition(' ')[0]} {insn.goes}"
    names = ", ".join(dict.fromkeys(_target(insn, r) for r in insn.relocations))
    if insn.comment:
        return _NUMBERED.sub(f"%gs:{insn.comment}", text)
    return f"{text} # {names}" if names else text


_NUMBERED = lazily.pattern(r"%gs:0x[0-9a-f]+(?:\(%rip\))?")


def _target(insn: Insn, relocation: Relocation) -> str:
    """``symbol+0x14``: what a field stands for once it is filled in."""
    form, shift = insn.form, relocation.addend
    branch = form.branch_offset is not None
    in_address = relocation.offset < form.length - form.immediate_bytes
    if branch or (in_address and any(m.rip_relative for m in form.memory)):
        shift += form.length - relocation.offset  # counts from the field, not the end
    return relocation.symbol + (f"{shift:+#x}" if shift else "")
