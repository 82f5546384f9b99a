"""The table of what serialising instructions do, for docs/serialising.md."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.cores.model import Core
from costmodel.cores.serialising import table
from costmodel.views.render.markdown import pipe_table


def markdown(cores: Sequence[Core]) -> str:
    """One row for each instruction and each rule some cores follow."""
    head = (
        "instruction", "waits for", "younger code overlaps", "fetch starts over",
        "cores",
    )  # fmt: skip
    rows = [
        (name, *(rule or ("it is not there", "", "")), ", ".join(names))
        for name, rule, names in table(cores)
    ]
    return pipe_table(head, rows, [False] * len(head)) + "\n"
