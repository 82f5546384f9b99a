"""``argparse`` without translations.

It looks for a translation of each of its phrases, for each of its parsers, in folders
that hold none: what surrounds them here is English anyway.
"""

from __future__ import annotations

import sys
from types import ModuleType


def _as_it_is(text: str) -> str:
    return text


def _counted(one: str, more: str, count: int) -> str:
    return one if count == 1 else more


if "argparse" in sys.modules or "gettext" in sys.modules:
    import argparse
else:
    _plain = ModuleType("gettext")
    vars(_plain).update(gettext=_as_it_is, ngettext=_counted)
    sys.modules["gettext"] = _plain
    try:
        import argparse
    finally:
        del sys.modules["gettext"]

__all__ = ["argparse"]
