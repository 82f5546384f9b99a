"""The same bytes on every Python there is here: ``make versions``.

Makes an environment of its own for each interpreter, runs ``tools/outputs.py`` in it,
and compares every output with the first's. Ends with status 1 and the first difference,
or says what was compared.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".venv-versions"
VERSIONS = ("3.11", "3.12", "3.13")


def interpreter(version: str) -> str | None:
    """The one on the path, if it runs and is what it is called; else pyenv's newest."""
    found = [shutil.which(f"python{version}")]
    pyenv = Path.home() / ".pyenv" / "versions"
    found += sorted(map(str, pyenv.glob(f"{version}.*/bin/python")), reverse=True)
    said = "import sys; print('%d.%d' % sys.version_info[:2])"
    for name in found:
        if name is None:
            continue
        done = subprocess.run(
            [name, "-c", said], capture_output=True, text=True, check=False
        )
        if done.stdout.strip() == version:
            return name
    return None


def environment(version: str, python: str) -> Path:
    """The Python of an environment with this project in it."""
    folder = HOME / version
    made = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"setting up {folder.relative_to(ROOT)} ...", file=sys.stderr)
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(made), "-m", "pip", "--disable-pip-version-check", "-qq"]
        subprocess.run([*pip, "install", "--editable", str(ROOT)], check=True)
        (folder / "installed").touch()
    return made


def run(version: str, python: Path) -> Path:
    """The folder of its outputs."""
    folder = HOME / "outputs" / version
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(python), "-m", "tools.outputs", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def difference(one: Path, other: Path) -> str:
    """The first place in which two folders differ, "" if they do not."""
    for name in sorted({file.name for file in (*one.iterdir(), *other.iterdir())}):
        sides = [folder / name for folder in (one, other)]
        missing = [side for side in sides if not side.exists()]
        if missing:
            return f"{name} is not in {missing[0].parent.name}"
        texts = [side.read_text(encoding="utf-8").splitlines() for side in sides]
        for number, (a, b) in enumerate(zip_longest(*texts), 1):
            if a != b:
                return f"{name}, line {number}:\n  {one.name}: {a}\n  {other.name}: {b}"
        if sides[0].read_bytes() != sides[1].read_bytes():
            return f"{name}: same lines, other bytes"
    return ""


def main() -> int:
    pythons = {v: found for v in VERSIONS if (found := interpreter(v)) is not None}
    if len(pythons) < 2:
        print(f"Pythons found: {', '.join(pythons) or 'none'}; nothing to compare")
        return 2
    folders: list[Path] = []
    for version, python in pythons.items():
        try:
            folders.append(run(version, environment(version, python)))
        except subprocess.CalledProcessError as error:
            print(f"Python {version}: {' '.join(error.cmd)} failed")
            return 1
        found = difference(folders[0], folders[-1])
        if found:
            print(f"not the same bytes: {found}")
            return 1
        print(f"Python {version}: the same", file=sys.stderr)
    count = len(list(folders[0].iterdir()))
    print(f"the same bytes in {count} outputs on Python {', '.join(pythons)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
