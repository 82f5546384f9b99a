"""Plain text that fits a mail: 72 columns of ASCII, figures that add up as printed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from fractions import Fraction

from costmodel.code.decode import format_insn
from costmodel.code.insn import Insn

WIDTH = 72
Number = int | float | Fraction


def ascii_only(text: str) -> str:
    """``text`` with anything that is not ASCII escaped, controls included."""
    safe = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if c.isprintable() else " " for c in safe)


def clip(text: str, width: int) -> str:
    """At most ``width`` columns; what was cut off shows as ``..``."""
    text = ascii_only(text)
    return text if len(text) <= width else text[: max(width - 2, 0)] + ".."


def wrap(text: str, indent: str = "", hanging: str = "", width: int = WIDTH) -> str:
    """``text`` filled to ``width``; later lines begin with ``hanging``."""
    return textwrap.fill(
        ascii_only(text),
        width,
        initial_indent=indent,
        subsequent_indent=hanging or indent,
        break_on_hyphens=False,
    )


def decimals_for(values: Iterable[Number]) -> int:
    """Digits that serve all of ``values``: none if whole, two if all are small."""
    seen = [Fraction(value) for value in values]
    if all(value.denominator == 1 for value in seen):
        return 0
    return 2 if all(abs(value) < 10 for value in seen) else 1


def number(value: Number, decimals: int, sign: bool = False) -> str:
    """``value`` rounded half to even at ``decimals`` digits; a zero has no sign."""
    scaled = round(Fraction(value) * 10**decimals)
    text = f"{abs(scaled) // 10**decimals}"
    if decimals:
        text += f".{abs(scaled) % 10**decimals:0{decimals}d}"
    return ("-" if scaled < 0 else "+" if sign and scaled else "") + text


def rounded_parts(
    parts: Sequence[Number], decimals: int, total: Number | None = None
) -> list[Fraction]:
    """``parts`` rounded so that they add up to the rounded total exactly.

    Largest remainder: all are rounded down, then the units still missing go to those
    that lost most (the earlier one on a tie).
    """
    if not parts:
        return []
    unit = Fraction(1, 10**decimals)
    exact = [Fraction(part) / unit for part in parts]
    whole = [value.__floor__() for value in exact]
    wanted = round(Fraction(sum(exact) if total is None else Fraction(total) / unit))
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    missing = wanted - sum(whole)
    for k in range(abs(missing)):
        index = order[k % len(order)] if missing > 0 else order[-1 - k % len(order)]
        whole[index] += 1 if missing > 0 else -1
    return [value * unit for value in whole]


def bar(value: Number, largest: Number, width: int) -> str:
    """``#`` in proportion; one at least for anything that is not zero."""
    if not value or not largest:
        return ""
    return "#" * max(1, round(width * abs(Fraction(value)) / abs(Fraction(largest))))


def table(
    rows: Sequence[Sequence[str]], align: str, indent: str = "  ", width: int = WIDTH
) -> list[str]:
    """Columns two blanks apart; ``align`` has l or r per column.

    Only the last column may grow past the width: it is clipped. No rows, no lines.
    """
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(align))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(w) if a == "r" else cell.ljust(w)
            for cell, w, a in zip(row, widths, align, strict=True)
        ]
        lines.append(clip((indent + "  ".join(cells)).rstrip(), width))
    return lines


def plural(count: int, noun: str, several: str = "") -> str:
    """``1 line``, ``2 lines``; ``several`` where it is not the noun and an s."""
    return f"{count} {noun if count == 1 else several or noun + 's'}"


def place(insn: Insn) -> str:
    """``file:line`` without directories, else the symbol, else the address."""
    if insn.source is not None:
        return f"{insn.source.file.rpartition('/')[2]}:{insn.source.line}"
    return insn.symbol or f"{insn.address:#x}"


def spelled(insn: Insn) -> str:
    """The instruction in AT&T syntax, single blanks."""
    return ascii_only(" ".join(format_insn(insn).split()))
