"""Patterns that are compiled, and modules that are loaded, when they are first used.

The project has some seventy, a run uses a handful, and compiling all of them takes
longer than many an answer.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
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


class _Later(ModuleType):
    """Stands for a module; is loaded, and holds what it holds, once asked for it."""

    def __getattr__(self, name: str) -> Any:
        sys.modules.pop(self.__name__, None)
        loaded = import_module(self.__name__)
        vars(self).update(vars(loaded))
        return getattr(loaded, name)


@contextmanager
def parts(package: str, names: Sequence[str]) -> Iterator[None]:
    """Modules of a package that its import, inside, need not load."""
    if package not in sys.modules:
        for name in names:
            whole = f"{package}.{name}"
            sys.modules[whole] = _Later(whole)
    yield
