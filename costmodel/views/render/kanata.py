"""A timeline as a Kanata 0004 log, for Konata and whatever else reads it.

    Kanata  0004
    C=      0            the first cycle
    I       0  0  0      uop 0 appears
    L       0  0  ...    its text; type 1 is shown when pointed at
    S       0  0  Q      it enters a stage
    C       3            three cycles go by
    R       0  0  0      it is done

Stages: Q in the uop queue, W waits for inputs, P waits for a port, X executes, C waits
to retire, B in the store buffer. A uop ends where it retires, a store where its line is
written.
"""

from __future__ import annotations

from typing import Any

from costmodel.views.tree import Report

_STAGES = (
    ("Q", "queued", "issued"),
    ("W", "issued", "ready"),
    ("P", "ready", "dispatched"),
    ("X", "dispatched", "completed"),
    ("C", "completed", "retired"),
    ("B", "retired", "committed"),
)


def render(report: Report, width: int) -> str:
    """One log of the one explained estimate."""
    (result,) = report.data["results"]
    events: list[tuple[int, int, str]] = []  # cycle, order, line
    steps = result["steps"]
    for number, uop in enumerate(result["timeline"]):
        events += _of(number, uop, steps[uop["step"]])
    events.sort(key=lambda event: event[:2])
    lines = ["Kanata\t0004"]
    now = events[0][0] if events else 0
    lines.append(f"C=\t{now}")
    for cycle, _, line in events:
        if cycle > now:
            lines.append(f"C\t{cycle - now}")
            now = cycle
        lines.append(line)
    return "\n".join(lines)


def _of(
    number: int, uop: dict[str, Any], step: dict[str, Any]
) -> list[tuple[int, int, str]]:
    """Events of one uop; at equal cycles in the order in which they are made."""
    base = number * 100
    text = f"{step['at']} {step['text']}" if uop["uop"] == 0 else f"+ {uop['kind']}"
    about = f"{uop['kind']} {uop['port']}".strip()
    if uop["wait"]:
        about += f", waited for: {uop['wait']}"
    start = uop["queued"]
    made = [
        f"I\t{number}\t{number}\t0",
        f"L\t{number}\t0\t{text}",
        f"L\t{number}\t1\t{about}",
    ]
    events = [(start, base + k, line) for k, line in enumerate(made)]
    end = start
    for stage, begins, ends in _STAGES:
        first, last = max(uop[begins], end), uop[ends]
        if begins == "ready":
            first = max(uop["ready"], uop["issued"])
        if uop[begins] < 0 or last < 0 or first >= last:
            continue
        order = base + 10 + 2 * len(events)
        events.append((first, order, f"S\t{number}\t0\t{stage}"))
        events.append((last, order + 1, f"E\t{number}\t0\t{stage}"))
        end = last
    done = max(uop["retired"], uop["committed"], end)
    events.append((done, base + 99, f"R\t{number}\t{number}\t0"))
    return events
