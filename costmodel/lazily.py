"""Patterns that are compiled when they are first used.

The project has some seventy, a run uses a handful, and compiling all of them takes
longer than many an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, AnyStr, cast

_COMPILE = re.compile


class _Lazy:
    """Becomes what it stands for at the first use, method by method."""

    def __init__(self, text: Any, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        # Called once a name: what it answers is found directly from then on.
        made = getattr(_COMPILE(*self._given), name)
        setattr(self, name, made)
        return made


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """``re.compile``, later. Use its methods: it is no argument for ``re.sub``."""
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))


@contextmanager
def imported() -> Iterator[None]:
    """Patterns of what is imported inside are compiled when first used, too.

    For packages that compile at import what most of their users never use: they get
    ``pattern`` in place of ``re.compile``, which does for all but ``re.sub(pattern)``.
    """
    whole = re.compile
    re.compile = pattern  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = whole
