"""Bodies as bytes: copies in a row, what closes a loop, the way out, traps, callees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from costmodel.measure import places
from costmodel.measure.bodies import TRAP, Body, Field, Piece

_JUMP = 5  # bytes of jmp with a 32-bit displacement


class Emitted(NamedTuple):
    """Code as bytes, and which step each address is of."""

    code: bytes
    steps: tuple[tuple[int, int], ...]  # (address, step), ascending
    traps: tuple[tuple[int, int], ...]  # (address, step of the jump)


def emit(
    body: Body,
    copies: int,
    start: int,
    *,
    before: Sequence[bytes] = (),
    between: bytes = b"",
    closing: bytes = b"",
    check: bool = False,
) -> Emitted:
    """``before``, then ``copies`` of the body (each behind ``between``) at ``start``.

    ``closing`` ends with a 32-bit jump back to the first copy, which this fills in.
    ``check``: jumps not taken get 32-bit displacements, so that each has its trap.
    """
    pieces = list(body.pieces)
    if check:
        pieces = [_lengthened(piece) for piece in pieces]
    size = sum(len(p.data) for p in pieces) + len(between)
    head = sum(map(len, before))
    end = start + head + size * copies + len(closing) + _JUMP
    traps_at = end
    outlines_at = []
    at = end + len(body.traps)
    for outline in body.outlines:
        outlines_at.append(at)
        at += sum(len(p.data) for p in outline)
    code = bytearray(b"".join(before))
    steps: list[tuple[int, int]] = []

    def put(piece: Piece) -> None:
        here = start + len(code)
        data = bytearray(piece.data)
        for field in piece.fields:
            after = here + len(piece.data)
            if field.kind == "absolute":
                value = field.value
            elif field.kind == "relative":
                value = field.value - after
            elif field.kind == "next":
                value = field.value
            elif field.kind == "outline":
                value = outlines_at[field.value] - after
            else:
                value = traps_at + field.value - after if field.size == 4 else 0
            mask = (1 << 8 * field.size) - 1
            data[field.offset : field.offset + field.size] = (value & mask).to_bytes(
                field.size, "little"
            )
        steps.append((here, piece.step))
        code.extend(data)

    for _ in range(copies):
        code.extend(between)
        for piece in pieces:
            put(piece)
    if closing:
        code.extend(closing)
        code[-4:] = (head - len(code)).to_bytes(4, "little", signed=True)
    code.extend(b"\xe9" + (places.LEAVE - end).to_bytes(4, "little", signed=True))
    traps = tuple((traps_at + k, step) for k, step in enumerate(body.traps))
    code.extend(TRAP * len(body.traps))
    for outline in body.outlines:
        for piece in outline:
            put(piece)
    return Emitted(bytes(code), tuple(steps), traps)


def _lengthened(piece: Piece) -> Piece:
    """A conditional jump with a 32-bit displacement instead of an 8-bit one."""
    if not piece.fields or piece.fields[0].kind != "trap" or piece.fields[0].size == 4:
        return piece
    opcode = piece.data[-2]
    if not 0x70 <= opcode <= 0x7F:
        return piece  # loop, jrcxz: there is no longer form
    data = b"\x0f" + bytes([opcode + 0x10]) + bytes(4)
    return Piece(data, piece.step, (Field(2, 4, "trap", piece.fields[0].value),))
