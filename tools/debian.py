"""Debian's packages, for the checks that need a real kernel."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path


class Missing(Exception):
    """What a check needs cannot be had here."""


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints. Raises Missing if it is not there, or fails."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise Missing(f"{' '.join(command)}: {error.stderr.strip()}") from None
    return done.stdout


def newest(pattern: re.Pattern[str]) -> str:
    """The package of that name with the greatest number, which is group 1."""
    if os.geteuid() == 0:
        run("apt-get", "update")
    names = pattern.finditer(
        run("apt-cache", "search", "--names-only", pattern.pattern)
    )
    found = max(names, key=lambda name: int(name[1]), default=None)
    if found is None:
        raise Missing(f"apt knows no package like {pattern.pattern}")
    return found[0]


def unpacked(package: str, folder: Path, to: Path) -> Path:
    """The package unpacked in ``to``; downloaded to ``folder`` if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    held = sorted(folder.glob(f"{package}_*.deb"))
    if not held:
        print(f"downloading {package} ...", flush=True)
        run("apt-get", "download", package, cwd=folder)
        held = sorted(folder.glob(f"{package}_*.deb"))
    run("dpkg-deb", "-x", str(held[-1]), str(to))
    return to
