"""The ports of a core: those of each class of uop, and the scheduler each is fed by."""

from __future__ import annotations

from costmodel.cores.model import Core
from costmodel.engine.layout import SPANS


class PortMap:
    """Ports of each class as ranges of one list, and the scheduler each port feeds."""

    def __init__(self, core: Core) -> None:
        number = {name: k for k, name in enumerate(core.ports.names)}
        self.group_of = [-1] * len(number)
        self.group_size: list[int] = []
        for k, scheduler in enumerate(core.window.schedulers):
            self.group_size.append(scheduler.entries)
            for port in scheduler.ports:
                self.group_of[number[port]] = k
        self.ports: list[int] = []
        self.ranges: dict[str, tuple[int, int]] = {"none": (0, 0)}
        highest_first = core.ports.bind == "issue"
        for name, members in core.ports.classes.items():
            first = len(self.ports)
            chosen = [number[m] for m in members]
            if highest_first:
                chosen.sort(reverse=True)
            else:  # those of one scheduler side by side
                order = [self.group_of[port] for port in chosen]
                chosen = [
                    port
                    for group in dict.fromkeys(order)
                    for port in chosen
                    if self.group_of[port] == group
                ]
            self.ports += chosen
            self.ranges[name] = (first, len(self.ports))
        self.alternates = [number[m] for m in core.ports.alternate]
        self._groups = {name: self._group(name) for name in self.ranges}

    def group(self, port_class: str) -> int:
        """Scheduler of a class; ``SPANS`` if its ports belong to several."""
        return self._groups.get(port_class, -1)

    def _group(self, port_class: str) -> int:
        first, last = self.range(port_class)
        if last == first:
            return -1
        groups = {self.group_of[port] for port in self.ports[first:last]}
        if len(groups) > 1 and -1 not in groups:
            return SPANS
        return self.group_of[self.ports[first]]

    def range(self, port_class: str) -> tuple[int, int]:
        return self.ranges.get(port_class, (0, 0))
