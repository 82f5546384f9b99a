"""A real kernel: follow entry_SYSCALL_64 of Debian's vmlinux to SYSRET, and time it.

    python tools/vmlinux_check.py [CACHE_DIRECTORY]

Needs apt, a network and about 1.2 GB. Fetches the newest
``linux-image-6.1.0-N-cloud-amd64-dbg`` with apt, unpacks its vmlinux once into the
cache (default ~/.cache/costmodel) and estimates several symbols of it on Skylake.
Exit status 1 if a path does not end as it should or an answer takes over 2 seconds
of processor time, 2 if the package cannot be had.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from costmodel.code.load import load_path

PACKAGE = re.compile(r"linux-image-6\.1\.0-(\d+)-cloud-amd64-dbg")
LIMIT = 2.0  # seconds from start to answer
CORE = "skylake"
# Symbol -> how its path ends, and a routine whose call stands for the C handler.
PATHS = {
    "entry_SYSCALL_64": ("sysretq", "do_syscall_64"),
    "entry_SYSENTER_compat": ("sysret", "do_SYSENTER_32"),
    "entry_SYSCALL_compat": ("sysret", "do_fast_syscall_32"),
    "asm_exc_page_fault": ("iretq", "exc_page_fault"),
    "asm_common_interrupt": ("iretq", "common_interrupt"),
    "swapgs_restore_regs_and_return_to_usermode": ("iretq", ""),
    "common_interrupt_return": ("iretq", ""),
    "ret_from_fork": ("iretq", "schedule_tail"),
    "__switch_to_asm": ("ret", ""),
}


class Missing(Exception):
    """The kernel cannot be had here."""


def run(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise Missing(f"{' '.join(command)}: {error.stderr.strip()}") from None
    return done.stdout


def vmlinux(cache: Path) -> Path:
    """The unpacked kernel; downloads about 280 MB the first time."""
    if not (held := sorted(cache.glob("vmlinux-6.1.0-*"))):
        cache.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            run("apt-get", "update")
        names = PACKAGE.finditer(
            run("apt-cache", "search", "--names-only", PACKAGE.pattern)
        )
        newest = max(names, key=lambda name: int(name[1]), default=None)
        if newest is None:
            raise Missing(f"apt knows no package like {PACKAGE.pattern}")
        print(f"downloading {newest[0]} ...", flush=True)
        run("apt-get", "download", newest[0], cwd=cache)
        (package,) = cache.glob(f"{newest[0]}_*.deb")
        tree = cache / "unpacked"
        run("dpkg-deb", "-x", str(package), str(tree))
        (image,) = (p for p in tree.rglob("vmlinux-6.1.0-*") if not p.is_symlink())
        image.rename(cache / image.name)
        run("rm", "-rf", str(tree), str(package))
        held = sorted(cache.glob("vmlinux-6.1.0-*"))
    return held[-1]


def seconds(image: Path, symbol: str) -> tuple[float, float]:
    """Elapsed time and processor time of one estimate, start to answer."""
    command = [sys.executable, "-m", "costmodel", "estimate", str(image)]
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        [*command, "--symbol", symbol, "--uarch", CORE],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    used = after.children_user + after.children_system
    return (
        time.perf_counter() - start,
        used - before.children_user - before.children_system,
    )


def faults(image: Path, symbol: str, end: str, handler: str) -> list[str]:
    """What is wrong with the path followed."""
    path = load_path(str(image), symbol=symbol)
    notes = "\n".join(path.notes)
    found = []
    last = path.steps[-1].insn.form.mnemonic
    if last != end:
        found.append(f"ends with {last}, not {end}: {path.notes[-1]}")
    if handler and f"handler: call {handler} at " not in notes:
        found.append(f"no call of {handler} on the path")
    return found


def main() -> int:
    default = Path.home() / ".cache" / "costmodel"
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    try:
        image = vmlinux(cache)
    except Missing as error:
        print(f"vmlinux_check: {error}", file=sys.stderr)
        return 2
    print(f"{image.name}, {image.stat().st_size >> 20} MiB, on {CORE}")
    wrong = 0
    for symbol, (end, handler) in PATHS.items():
        found = faults(image, symbol, end, handler)
        elapsed, used = seconds(image, symbol)
        if used > LIMIT:
            found.append(f"over {LIMIT} s")
        wrong += bool(found)
        verdict = "; ".join(found) or "ok"
        print(f"{symbol:<44} {elapsed:5.2f} s elapsed {used:5.2f} s used  {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
