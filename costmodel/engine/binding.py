"""What bound a block: the bulk engine once more, with a log, in its steady state.

The log is that of the very run the rate was read from, and what it charges is walked
back over the steady state only, so the cycles by cause add up to the cycles of the
window the rate is a quotient of.
"""

from __future__ import annotations

from typing import Any

from costmodel.code.decode import decode_bytes
from costmodel.cores.load import LoadedCore
from costmodel.engine import causes, state
from costmodel.engine import layout as L
from costmodel.engine.attribution import critical_path
from costmodel.engine.bulk import Bulk, Throughput

MOST_LOGGED = 200_000  # uops a log is kept for; a longer run goes unexplained
_FEWEST = 1 << 14


class Binding(Bulk):
    """A ``Bulk`` that also says which causes its cycles are charged to."""

    def __init__(self, loaded: LoadedCore, compiled: bool | None = None) -> None:
        super().__init__(loaded, compiled)
        self._plain_rate = self._rate
        if self._fill is not state.list_of:
            from costmodel.engine import compiled as c

            self._plain_rate = c.engine(logs=True)
        self._rate = self._logged
        self._logs: dict[int, Any] = {}
        self._charged: dict[str, int] = {}

    def bound(
        self, code: bytes, scenario: str, counter: int = -1
    ) -> tuple[Throughput, dict[str, int]]:
        """The rate, and whole cycles of its window by cause (empty: not logged).

        Raises what ``throughput`` raises.
        """
        self._charged = {}
        found = self.insns(decode_bytes(code), scenario, counter)
        return found, self._charged

    def _logged(
        self, t: Any, p: Any, m: Any, g: Any, mode: int, group: int, need: int,
        limit: int, *rest: Any,
    ) -> None:  # fmt: skip
        """``bulkrun.rate`` with a log that has room for all it can run."""
        insns = t[L.T_BODY] * t[L.T_REPEAT] + t[L.T_TAIL]
        uops = (t[L.T_PORTS] - t[L.T_UOPS]) // L.UOP_SIZE
        # every instruction may need the stack engine's uop as well
        trip = uops * t[L.T_REPEAT] + insns
        room = limit + 4 * group * trip + 1
        if room > MOST_LOGGED:
            self._plain_rate(t, p, m, g, mode, group, need, limit, *rest)
            return
        log = self._log_of(room)
        self._plain_rate(t, p, m, log, mode, group, need, limit, *rest)
        found = rest[-1]
        if not found[4]:
            self._charged = _charges(log, m, int(found[0]))

    def _log_of(self, room: int) -> Any:
        size = _FEWEST
        while size < room:
            size *= 2
        if size not in self._logs:
            self._logs[size] = state.new_log(size, self._fill)
        return self._logs[size]


def _charges(log: Any, m: Any, cycles: int) -> dict[str, int]:
    """Cycles by cause of the last ``cycles`` before the last retirement."""
    last = m[state.LAST_RETIRE_EVENT]
    end = log[last]
    out: dict[str, int] = {}
    for link in critical_path(log, last, end - cycles, end):
        name = causes.NAMES[link.cause]
        out[name] = out.get(name, 0) + link.cycles
    return out
