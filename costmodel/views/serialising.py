"""The table of what serialising instructions do, for docs/serialising.md."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.cores.model import Core
from costmodel.cores.serialising import table


def markdown(cores: Sequence[Core]) -> str:
    """One row for each instruction and each rule some cores follow."""
    out = [
        "| instruction | waits for | younger code overlaps | fetch starts over"
        " | cores |",
        "|---|---|---|---|---|",
    ]
    for name, rule, names in table(cores):
        said = ("it is not there", "", "") if rule is None else rule
        out.append(f"| {name} | {' | '.join(said)} | {', '.join(names)} |")
    return "\n".join(out) + "\n"
