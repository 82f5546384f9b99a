"""Scripts that ask for many draws: with the guard they run, without it are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from costmodel import data

ROOT = Path(__file__).resolve().parents[2]
STUBS = data.stubs_dir() / "top-of-stack"
ASK = f"""
from costmodel.studies import uncertainty as u
from costmodel import api
u.PARALLEL_ABOVE = 1
{{guard}}
    path = api.load_path({str(STUBS / "v3.16-fast.S")!r})
    tasks = [u.Task(path, core, "once", draws=1) for core in ("skylake", "zen5")]
    found = u.run_all(tasks)
    print("found", len(found), flush=True)
"""


def script(guard: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "ask.py"
    file.write_text(ASK.format(guard=guard))
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_a_script_with_the_guard_runs(tmp_path: Path) -> None:
    done = script('if __name__ == "__main__":', tmp_path)
    assert (done.returncode, done.stdout) == (0, "found 2\n"), done.stderr


def test_a_script_without_it_is_told_what_to_write(tmp_path: Path) -> None:
    done = script("if True:", tmp_path)
    assert done.returncode != 0
    assert "found" not in done.stdout
    assert 'if __name__ == "__main__":' in done.stderr
    assert done.stderr.count("Traceback") == 1  # the script's own
