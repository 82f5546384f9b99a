"""A path as it grows: what it is followed by, what is known, how code is fetched."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from costmodel.code.alternatives import Patches
from costmodel.code.boot import rewritten
from costmodel.code.calls import Calls
from costmodel.code.decode import decode_form
from costmodel.code.features import Features
from costmodel.code.image import Image, Section
from costmodel.code.insn import Flow, Form, Insn, Relocation, Step
from costmodel.code.known import Known
from costmodel.code.takes import Takes
from costmodel.code.traps import Traps
from costmodel.errors import InputError

_MAX_INSN = 15


class Walk:
    """One path as it grows. ``told``: the user decided the last branch."""

    def __init__(
        self,
        image: Image,
        takes: Takes,
        into: frozenset[str],
        given: Mapping[int, int],
        features: Features,
    ) -> None:
        self.image = image
        self.takes = takes
        self.into = into
        self.features = features
        self.steps: list[Step] = []
        self.visited: set[int] = set()  # addresses of the steps
        self.notes: dict[str, None] = {}  # in order, each once
        self.calls = Calls()
        self.known = Known(image, given)
        self.patches = Patches(image, features)
        self.traps = Traps(image, self.form_at)
        self.told = False
        self.predicted: list[int] = []  # the return addresses the predictor holds
        self.rounds: dict[int, list[int]] = {}  # known branches: times not taken, taken
        self.passed_by: list[tuple[Insn, int]] = []  # jumps not taken for want of word
        self._insns: dict[int, Insn] = {}
        self._boot: dict[int, bytes] = {}
        self._boot_at: list[int] = []

    def note(self, text: str) -> None:
        self.notes[text] = None

    def at(self, insn: Insn) -> str:
        return f"at {self.image.where(insn.address)}"

    def place(self, address: int) -> str:
        return self.image.name_at(address) or hex(address)

    def record(self, insn: Insn, *, taken: bool = False, handler: bool = False) -> None:
        """The instruction is executed; a handler it calls comes back at once."""
        self.known.step(insn)
        self.steps.append(Step(insn, taken, handler))
        self.visited.add(insn.address)
        if handler:
            self.known.called(insn.address)

    # --- fetching ---------------------------------------------------------------------
    def fetch(self, at: int) -> Insn | None:
        """The instruction at ``at``; None where a window of code is cut off there."""
        found = self._insns.get(at)
        if found is None:
            form = self._form(at)
            if form is None:
                return None
            image = self.image
            relocations = self._relocations(at, form.length)
            branch = None if relocations else form.branch_offset
            found = self._insns[at] = Insn(
                form,
                at,
                image.line_at(at),
                image.name_at(at, labels=False),
                relocations,
                goes="" if branch is None else image.name_at(at + branch),
            )
        return found

    def form_at(self, at: int) -> Form | None:
        """What would run at ``at``; None where nothing can."""
        section = self.image.section_at(at)
        if section is None:
            return None
        try:
            return decode_form(self._window(section, at))
        except InputError:
            return None

    def _window(self, section: Section, at: int) -> bytes:
        offset = at - section.address
        window = section.data[offset : offset + _MAX_INSN]
        if self.image.patched:
            window = self.patches.window(at, window)
        index = bisect_right(self._boot_at, at)
        if index:
            start = self._boot_at[index - 1]
            piece = self._boot[start][at - start :]
            if piece:
                window = piece + window[len(piece) :]
        return window

    def _form(self, at: int) -> Form | None:
        section = self.image.section_at(at)
        assert section is not None
        window = self._window(section, at)
        try:
            form = decode_form(window)
        except InputError as error:
            if self.image.truncated and len(window) < _MAX_INSN and self.steps:
                left = f"{len(window)} of them undecoded"
                self.note(f"ends where the bytes end, {left}")
                return None
            hint = error.hint
            if self.image.relocations or self.image.symbols:
                advice = "data among the code? choose a symbol or a region without it"
                hint = hint or advice
            shown = window[:8].hex(" ")
            raise InputError(
                f"bytes that are no instruction at {self.place(at)}: {shown}",
                where=self.image.where(at),
                expected=error.expected or "x86-64 code",
                hint=hint,
            ) from None
        if form.flow in (Flow.CALL, Flow.JUMP, Flow.INDIRECT_CALL):
            form = self._booted(at, form)
        return form

    def _booted(self, at: int, form: Form) -> Form:
        outside = None
        for relocation in self._relocations(at, form.length):
            outside = relocation.symbol
        new = rewritten(self.image, self.features, at, form, outside)
        if new is None or new == form.data:
            return form
        self._boot[at] = new
        self._boot_at = sorted(self._boot)
        return decode_form(new)

    def _relocations(self, at: int, length: int) -> tuple[Relocation, ...]:
        if at in self._boot or not self.image.relocations:
            return ()
        found = []
        site = self.patches.choice_at(at) if self.image.patched else None
        for offset in range(length):
            if site is not None and site.applied:
                relocation = self.patches.relocation(at + offset)
            else:
                relocation = self.image.relocations.get(at + offset)
            if relocation is not None:
                found.append(relocation._replace(offset=offset))
        return tuple(found)
