"""Arms of a branch that end in a trap: WARN, BUG, and calls that never return."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.code.image import Image
from costmodel.code.insn import Flow, Form

TRAPS = frozenset({"ud2", "ud1", "ud0", "int3"})
_NEVER_RETURN = frozenset(
    "panic nmi_panic __stack_chk_fail fortify_panic __fortify_panic do_exit "
    "make_task_dead rewind_stack_and_make_dead do_group_exit BUG_func "
    "machine_real_restart die_addr".split()
)
_FARTHEST = 96  # instructions looked ahead along one arm
_DEEPEST = 4  # branches within branches


class Traps:
    """Looks ahead from a place; ``form_at`` decodes what is there (None: nothing)."""

    def __init__(self, image: Image, form_at: Callable[[int], Form | None]) -> None:
        self._image = image
        self._form_at = form_at
        self._known: dict[int, bool] = {}

    def ends_in_one(self, at: int, depth: int = 0) -> bool:
        """Whether every way on from ``at`` runs into a trap."""
        found = self._known.get(at)
        if found is None:
            self._known[at] = False  # a cycle is no trap
            found = self._known[at] = self._look(at, depth)
        return found

    def _look(self, at: int, depth: int) -> bool:
        for _ in range(_FARTHEST):
            form = self._form_at(at)
            if form is None:
                return False
            if form.mnemonic in TRAPS:
                return True
            flow = form.flow
            target = None if form.branch_offset is None else at + form.branch_offset
            if flow in (Flow.NEXT, Flow.INDIRECT_CALL):
                at += form.length
            elif flow is Flow.CALL:
                if target is not None and self._never_returns(target):
                    return True
                at += form.length
            elif flow is Flow.JUMP and target is not None:
                at = target
            elif flow is Flow.CONDITIONAL and target is not None and depth < _DEEPEST:
                return self.ends_in_one(
                    at + form.length, depth + 1
                ) and self.ends_in_one(target, depth + 1)
            else:
                return False
        return False

    def _never_returns(self, target: int) -> bool:
        names = self._image.labels_at(target)
        return any(symbol.name in _NEVER_RETURN for symbol in names)
