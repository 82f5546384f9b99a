"""Which measured rows tuning may look at. The one rule, for every tool.

A block is held out if the SHA-256 of its bytes, written as lower-case hex, is odd. Rows
of one frame variant, in whatever setting, share code; so they go by the name of the
variant, all to one side. A set of blocks that tuning saw whole has no rows held out:
its entry in
tools/accuracy.yaml says so.
"""

from __future__ import annotations

import hashlib


def digest(code: bytes, variant: str = "") -> bytes:
    """What decides: of the variant if the row is of one, else of the bytes."""
    return hashlib.sha256((variant or code.hex()).encode()).digest()


def held_out(code: bytes, variant: str = "") -> bool:
    return bool(digest(code, variant)[-1] & 1)


def checks(code: bytes, variant: str = "") -> bool:
    """Which half of the held-out half it is in, to check one by the other."""
    return bool(digest(code, variant)[-1] & 2)
