"""Make a failing case small while it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.fuzz.cases import Case


def smallest(case: Case, fails: Callable[[Case], bool], seconds: float) -> Case:
    """The least case found within ``seconds`` for which ``fails`` holds."""
    until = time.monotonic() + seconds
    changed = True
    while changed and time.monotonic() < until:
        changed = False
        for k in range(len(case.arguments) - 1, 0, -1):
            for width in (2, 1):
                rest = case.arguments[:k] + case.arguments[k + width :]
                smaller = case._replace(arguments=rest)
                if (
                    rest != case.arguments
                    and time.monotonic() < until
                    and fails(smaller)
                ):
                    case, changed = smaller, True
        for name in (*case.files, ""):
            less = _shorter(case, name, fails, until)
            if less != case:
                case, changed = less, True
    return case


def _with(case: Case, name: str, data: bytes) -> Case:
    if not name:
        return case._replace(stdin=data)
    return case._replace(files={**case.files, name: data})


def _shorter(
    case: Case, name: str, fails: Callable[[Case], bool], until: float
) -> Case:
    """The case with as little as does of one file, or of stdin."""
    data = case.files[name] if name else case.stdin
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if time.monotonic() > until:
                return case
            if fails(_with(case, name, less)):
                data = less
                case = _with(case, name, data)
            else:
                at += size
        size //= 2
    return case
