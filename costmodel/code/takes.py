"""What the user says about jumps: ``--take`` entries.

- ``LABEL``, ``LABEL+0x4``, ``0xADDRESS``: conditional jumps to there are taken;
- ``f.S:12``: the conditional jumps of that source line are taken;
- either with ``*N``: only the first N times (a loop's rounds); with ``*N*M``: N times
  and then once not, all of that M times (a loop within a loop of M rounds);
- ``AT=TARGET``: the indirect jump, call or return at AT (a place as above) goes to
  TARGET;
- the place of a trap (``ud2``): the path may end there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from costmodel import lazily
from costmodel.code.image import Image
from costmodel.code.insn import Flow, Insn, Path
from costmodel.code.selectors import address_of
from costmodel.errors import CostmodelError, UsageError
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    import re

FORMS = "LABEL, LABEL+0x4, 0xADDRESS, FILE:LINE, any of them *N or *N*M, or AT=TARGET"
_COUNTED = lazily.pattern(r"(.+?)\*([0-9]{1,9})(?:\*([0-9]{1,9}))?")
_MOST_ROUNDS = 1 << 20
_LINE = lazily.pattern(r"(.+):([0-9]{1,9})")


class Takes:
    """The entries, resolved, and how often each has been used."""

    def __init__(self, image: Image, entries: Sequence[str]) -> None:
        self._image = image
        self._addresses: dict[str, int] = {}
        self._left: dict[str, _Rounds | None] = {}  # None: every time
        self._redirects: dict[str, tuple[str, int]] = {}
        self._used: set[str] = set()
        for entry in entries:
            self._add(entry.strip())

    def _add(self, entry: str) -> None:
        if not entry:
            raise UsageError("an empty take", expected=FORMS)
        at, redirects, target = entry.partition("=")
        if redirects:
            address, _ = address_of(self._image, target)
            self._resolve(at)
            self._redirects[at] = (entry, address)
            return
        counted = _COUNTED.fullmatch(entry)
        place = counted[1] if counted else entry
        self._left[place] = _rounds(counted, entry) if counted else None
        self._resolve(place)

    def _resolve(self, place: str) -> None:
        if _LINE.fullmatch(place):
            return
        try:
            self._addresses[place] = address_of(self._image, place)[0]
        except CostmodelError:
            # A label of another file is fine as long as a jump names it.
            outside = {row.symbol for row in self._image.relocations.values()}
            if place not in outside:
                raise

    @property
    def state(self) -> tuple[_Rounds | None, ...]:
        """All that later decisions depend on."""
        return tuple(self._left.values())

    def _is_at(self, place: str, insn: Insn) -> bool:
        line = _LINE.fullmatch(place)
        if line is not None:
            source = insn.source
            return (
                source is not None
                and source.line == int(line[2])
                and (source.file == line[1] or _basename(source.file) == line[1])
            )
        return self._addresses.get(place) == insn.address

    def takes(self, insn: Insn, outside: str | None, target: int | None) -> bool | None:
        """Whether the conditional jump is taken this time; counts the use.

        None where no entry names the jump.
        """
        said = None
        for place, left in self._left.items():
            known = self._addresses.get(place)
            hit = place == outside or self._is_at(place, insn)
            if outside is None and known is not None and known == target:
                hit = True
            if not hit:
                continue
            self._used.add(place)
            if left is None:
                return True
            said = False
            if left.now > 0:
                self._left[place] = left._replace(now=left.now - 1)
                return True
            if left.again > 0:
                self._left[place] = _Rounds(left.each, left.each, left.again - 1)
        return said

    def names(self, insn: Insn) -> bool:
        """Whether an entry names the very place of ``insn``, a trap."""
        hits = [place for place in self._left if self._is_at(place, insn)]
        self._used.update(hits)
        return bool(hits)

    def destination(self, insn: Insn) -> int | None:
        """Where the user says an indirect jump or call goes."""
        for place, (entry, address) in self._redirects.items():
            if self._is_at(place, insn):
                self._used.add(entry)
                return address
        return None

    def unused(self) -> list[str]:
        """Entries the path had no use for."""
        wanted = [*self._left, *(entry for entry, _ in self._redirects.values())]
        return [entry for entry in wanted if entry not in self._used]


class _Rounds(NamedTuple):
    """Times still to take a jump now, times in each round, rounds still to come."""

    now: int
    each: int
    again: int


def _rounds(counted: re.Match[str], entry: str) -> _Rounds:
    numbers = [int(text[:12]) for text in counted.groups()[1:] if text]
    if max(numbers) > _MOST_ROUNDS:
        raise UsageError(f"take {entry}", expected=f"at most {_MOST_ROUNDS} rounds")
    return _Rounds(numbers[0], numbers[0], numbers[1] - 1 if len(numbers) > 1 else 0)


def refuse_unused(paths: Sequence[Path]) -> None:
    """Raise UsageError for a ``take`` entry that steers nothing on any of ``paths``:
    a slip of the pen would otherwise cost the path of another day."""
    idle = [entry for entry in paths[0].unused if all(entry in p.unused for p in paths)]
    if not idle:
        return
    jumps: dict[str, None] = {}
    for path in paths:
        for step in path.steps:
            if step.insn.form.flow is Flow.CONDITIONAL and not step.taken:
                source = step.insn.source
                at = f"{_basename(source.file)}:{source.line}" if source else ""
                jumps[at or step.insn.symbol or hex(step.insn.address)] = None
    raise UsageError(
        f"take {idle[0]}: no jump on this path goes there",
        where=paths[0].origin,
        expected="where a jump of the path goes, or the place of a jump",
        hint="conditional jumps not taken: " + ", ".join([*jumps][:8])
        if jumps
        else "the path has no conditional jump that is not taken",
    )


def _basename(file: str) -> str:
    return posixpath.basename(file)
