"""Real kernels: every entry of Debian's vmlinux answered, or refused with a reason.

    python -m tools.vmlinux_check [CACHE_DIRECTORY]

Needs apt, a network and about 2 GB. Fetches the newest debug kernels 6.1 and 6.12 of
Debian 12 (``linux-image-*-cloud-amd64-dbg``; 6.12 from bookworm-backports) with apt,
unpacks each vmlinux once into the cache (default ~/.cache/costmodel) and asks of both

- every symbol of ``.entry.text``: an estimate, or a refusal that says why; no exception
  entry ends in a trap;
- some paths whose end and handler are known, in less than 2 seconds each;
- the figures the issue tracker quotes: ``ktime_get``, ``clear_page_erms``;
- the table of mitigations.

Exit status 1 if anything is not as it should be, 2 if no kernel can be had.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from costmodel.code.features import chosen
from costmodel.code.image import Image
from costmodel.code.load import image_path, load_image
from costmodel.cores.load import load_core
from costmodel.engine.estimate import estimate
from costmodel.errors import CostmodelError
from tools.debian import Missing, newest, unpacked

PACKAGES = {
    "6.1": re.compile(r"linux-image-6\.1\.0-(\d+)-cloud-amd64-dbg"),
    "6.12": re.compile(r"linux-image-6\.12\.(\d+)\+deb12-cloud-amd64-dbg"),
}
LIMIT = 2.0  # seconds of processor time from start to answer
CORE = "skylake"
TRAPS = {"ud2", "int3"}
# Labels that mark a place, not code: what they name is padding or data.
MARKS = {"__entry_text_start", "x86_verw_sel", "mds_verw_sel"}
SETS = ("none", "pti,pcid", "ibrs", "unret", "bhi", "verw", "default")


class Wanted(NamedTuple):
    """How a path ends, and the routine whose call stands for the C handler."""

    end: str
    handler: str = ""


PATHS = {
    "entry_SYSCALL_64": Wanted("sysretq", "do_syscall_64"),
    "entry_SYSENTER_compat": Wanted("sysret", "do_SYSENTER_32"),
    "entry_SYSCALL_compat": Wanted("sysret", "do_fast_syscall_32"),
    "asm_exc_page_fault": Wanted("iretq", "exc_page_fault"),
    "asm_common_interrupt": Wanted("iretq", "common_interrupt"),
    "swapgs_restore_regs_and_return_to_usermode": Wanted("iretq"),
    "common_interrupt_return": Wanted("iretq"),
    "__switch_to_asm": Wanted("ret"),
}
# Cycles on Skylake, low and high: ktime_get takes no arm of a WARN, clear_page_erms
# clears its 4,096 bytes.
FIGURES = {"ktime_get": (30, 60), "clear_page_erms": (120, 260)}


def vmlinux(cache: Path, version: str) -> Path:
    """The unpacked kernel; downloads some 300 MB the first time."""
    if not (held := sorted(cache.glob(f"vmlinux-{version}.*"))):
        package = newest(PACKAGES[version])
        tree = unpacked(package, cache, cache / "unpacked")
        (image,) = (p for p in tree.rglob(f"vmlinux-{version}.*") if not p.is_symlink())
        image.rename(cache / image.name)
        shutil.rmtree(tree)
        for archive in cache.glob(f"{package}_*.deb"):
            archive.unlink()
        held = sorted(cache.glob(f"vmlinux-{version}.*"))
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


def path_faults(image: Image, symbol: str, wanted: Wanted) -> list[str]:
    """What is wrong with a path whose end is known."""
    path = image_path(image, symbol=symbol)
    found = []
    last = path.steps[-1].insn.form.mnemonic
    if last != wanted.end:
        found.append(f"ends with {last}, not {wanted.end}: {path.notes[-1]}")
    notes = "\n".join(path.notes)
    if wanted.handler and f"handler: call {wanted.handler} at " not in notes:
        found.append(f"no call of {wanted.handler} on the path")
    return found


def known_paths(image: Image, file: Path) -> int:
    wrong = 0
    for symbol, wanted in PATHS.items():
        found = path_faults(image, symbol, wanted)
        elapsed, used = seconds(file, symbol)
        if used > LIMIT:
            found.append(f"over {LIMIT} s")
        wrong += bool(found)
        verdict = "; ".join(found) or "ok"
        print(f"{symbol:<44} {elapsed:5.2f} s elapsed {used:5.2f} s used  {verdict}")
    return wrong


def entry_symbols(image: Image) -> list[str]:
    """The names between the marks of ``.entry.text``."""
    assert image.memory is not None
    first = image.memory.symbol("__entry_text_start")
    last = image.memory.symbol("__entry_text_end")
    if first is None or last is None:
        return []
    return sorted(
        {
            symbol.name
            for symbol in image.symbols
            if first[0] <= symbol.address < last[0]
            and not symbol.name.startswith((".L", "__pfx_"))
        }
    )


def entries(image: Image, features: str) -> int:
    """Every symbol of .entry.text; the number of those neither answered nor refused."""
    wrong, answered, refused = 0, 0, []
    core = load_core(CORE)
    asked = chosen(features, None, CORE) if features else None
    for name in entry_symbols(image):
        try:
            path = image_path(image, symbol=name, features=asked)
            result = estimate(path, core)
        except CostmodelError as error:
            refused.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        except Exception as error:
            wrong += 1
            print(f"{name:<44} a bug: {error!r}")
            continue
        answered += 1
        last = path.steps[-1].insn.form.mnemonic
        exception = name.startswith(("asm_exc_", "asm_sysvec_", "asm_common_"))
        bad = last in TRAPS or result.unknown
        if exception and (path.event not in ("idt", "idt_error") or last != "iretq"):
            bad = True
        if bad:
            wrong += 1
            print(f"{name:<44} ends with {last}, {path.event or 'no event'}")
    print(f"{answered} answered, {len(refused)} refused ({features or 'as the file'})")
    for text in refused:
        print(f"    {text}")
        name = text.partition(":")[0]
        wrong += not (name in MARKS or name.endswith("_end"))
    return wrong


def figures(image: Image) -> int:
    wrong = 0
    for symbol, (low, high) in FIGURES.items():
        cycles = estimate(image_path(image, symbol=symbol), load_core(CORE)).cycles
        ok = low <= cycles <= high
        wrong += not ok
        verdict = "ok" if ok else f"not {low} to {high}"
        print(f"{symbol:<44} {cycles:7.1f} cycles  {verdict}")
    return wrong


def mitigations(file: Path) -> int:
    """The table of a kernel's mitigations, from one command."""
    command = [sys.executable, "-m", "costmodel", "estimate", str(file)]
    command += ["--symbol", "entry_SYSCALL_64", "--uarch", "skylake,goldencove,zen3"]
    for features in SETS:
        command += ["--features", features]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout or done.stderr)
    return int(done.returncode != 0)


def main() -> int:
    default = Path.home() / ".cache" / "costmodel"
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    wrong = 0
    files = []
    for version in PACKAGES:
        try:
            files.append(vmlinux(cache, version))
        except Missing as error:
            print(f"vmlinux_check: {error}", file=sys.stderr)
    if not files:
        return 2
    for file in files:
        print(f"\n{file.name}, {file.stat().st_size >> 20} MiB, on {CORE}")
        image = load_image(str(file))
        wrong += known_paths(image, file)
        wrong += figures(image)
        for features in ("", "none", "default"):
            wrong += entries(image, features)
        wrong += mitigations(file)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
