"""Mutated core files through the simulator: an answer or a message, never a crash.

``python -m tests.engine.hostile_cores COUNT [SEED]`` loads so many core files with
figures changed, and runs a few instructions on each the loader accepts; ``make
sanitize`` does so with a simulator built with sanitizers.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from costmodel.cores.load import load_core
from costmodel.errors import CostmodelError
from tests.engine.simulator import SIMULATOR
from tests.fuzz import file_cases

# In the place of the one the package has: it may be built with sanitizers.
sys.modules["costmodel.engine._simulator"] = SIMULATOR  # type: ignore[assignment]

# push %rbx; mov %rdi,%rbx; add %rax,8(%rsp); mov 8(%rsp),%rcx; imul %rcx,%rdx; pop %rbx
CODE = bytes.fromhex("534889fb4801442408488b4c2408480fafd15b")
SCENARIOS = ("unroll", "opcache", "loop")


def one_file(folder: Path, r: Random) -> str:
    """What came of one mutated file: refused or answered."""
    from costmodel.engine import simulation
    from costmodel.engine.blocks import rate

    assert simulation._simulator is SIMULATOR
    file = folder / "x.yaml"
    file.write_bytes(file_cases.core(r))
    try:
        loaded = load_core(str(file))
        for scenario in SCENARIOS:
            rate(loaded, CODE, scenario, -1)
    except CostmodelError as error:
        return f"refused: {type(error).__name__}"
    except (OverflowError, MemoryError) as error:
        return f"too large: {type(error).__name__}"
    return "answered"


def main() -> None:
    """Counts what came of the files; a crash ends the process."""
    count, seed = (*map(int, sys.argv[1:]), 0)[:2]
    met: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for k in range(seed, seed + count):
            met[one_file(Path(folder), Random(k))] += 1
    for what, times in met.most_common():
        print(f"core files {what:35} {times:6,}")
    print(f"{count:,} core files from seed {seed}, no crash")


if __name__ == "__main__":
    main()
