"""``measure --ring0``: entry paths as written, in a guest of their own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from costmodel.commands import Outcome
from costmodel.commands.options import wants_json

if TYPE_CHECKING:
    from costmodel.code.insn import Path
    from costmodel.measure.run import Settings


def run_paths(
    args: argparse.Namespace, paths: list[Path], settings: Settings
) -> Outcome:
    """Status 1 if a frame or a register differs, 2 if a path did not come back."""
    from costmodel.measure.cpu import this_cpu
    from costmodel.measure.ring0 import run_path
    from costmodel.views import guest as view

    cpu = this_cpu()
    results = [run_path(path, settings.cpu) for path in paths]
    notes = []
    status = 0
    for found in results:
        where = found.path.origin or found.path.name
        if found.failed:
            notes.append(f"{where}: {found.failed}")
            status = 2
        elif not found.works:
            notes.append(f"{where}: not what the model's table says")
            status = max(status, 1)
    show = view.ring0_document if wants_json(args) else view.ring0_text
    return Outcome(show(cpu, results), tuple(notes), status)
