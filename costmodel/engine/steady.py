"""Running a trace until its rhythm is known, or for one pass.

A loop of a machine like this one settles into a period. It is found, not assumed: trips
are run in groups that leave the code at the same alignment, and when the groups take
the same time over a stretch longer than anything the machine can hold, that is the
rate. A pattern that never settles is measured over the later half of a bounded run.
"""

from __future__ import annotations

from math import gcd


def trip_group(length: int, block: int, loops: bool) -> int:
    """Trips after which straight-line code is at the same place in its fetch block."""
    if loops or length == 0:
        return 1
    return block // gcd(length, block)
