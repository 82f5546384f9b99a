"""Ring 0 end to end, on any Linux machine: ``make ring0-check``.

QEMU emulates an AMD CPU with SVM; a Debian kernel in it has KVM; the measuring program
in that runs its guests. SYSCALL, SWAPGS, SYSRET and IRET reach a ring 0 there as on
hardware, so everything but the times is real. Needs qemu-system-x86, cpio, a C compiler
that links statically, and Debian's apt-get for the kernel (70 MB, kept in build/ring0).
Exit status 77: something of that is missing.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import time
from pathlib import Path

from costmodel import api
from costmodel.measure import guest, ring0, ring0costs
from costmodel.measure.guest import GuestJob, GuestReport, packed, parsed

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "ring0"
STUBS = ROOT / "stubs" / "top-of-stack"
NATIVE = ROOT / "costmodel" / "measure" / "native"
KERNEL = "linux-image-amd64"
MODULES = ("irqbypass", "ccp", "kvm", "kvm-amd")
WHOLE = (
    "v3.16-fast", "v4.0-fast", "v4.1-fast", "v4.14-fast", "every-slot-mov",
    "every-slot-push", "every-slot-fork-syscall", "push-frame", "compat-int80",
)  # fmt: skip
TIMED = ("v3.16-fast", "every-slot-push", "compat-int80")  # minutes in an emulator


def missing(what: str) -> None:
    print(f"ring0-check: {what}", file=sys.stderr)
    raise SystemExit(77)


def kernel() -> Path:
    """The unpacked kernel package."""
    tree = WORK / "kernel"
    if list(tree.glob("boot/vmlinuz-*")):
        return tree
    WORK.mkdir(parents=True, exist_ok=True)
    shown = subprocess.run(
        ["apt-cache", "depends", KERNEL], capture_output=True, text=True, check=False
    )
    names = [w for w in shown.stdout.split() if w.startswith("linux-image-")][1:]
    if not names:
        missing("apt-cache knows no Debian kernel")
    subprocess.run(["apt-get", "download", names[0]], cwd=WORK, check=True)
    package = next(iter(WORK.glob("linux-image-*.deb")))
    subprocess.run(["dpkg-deb", "-x", str(package), str(tree)], check=True)
    return tree


def initramfs(tree: Path) -> Path:
    """An archive of the init, the measuring program and KVM's modules."""
    root = WORK / "root"
    shutil.rmtree(root, ignore_errors=True)
    (root / "dev").mkdir(parents=True)
    static = ["cc", "-O2", "-std=gnu11", "-static", "-o"]
    sources = sorted(map(str, NATIVE.glob("*.c")))
    subprocess.run([*static, str(root / "measure"), *sources], check=True)
    init = [*static, str(root / "init"), str(ROOT / "tools" / "ring0_init.c")]
    subprocess.run(init, check=True)
    for name in MODULES:
        found = next(iter(tree.rglob(f"{name}.ko")), None)
        if found is not None:
            shutil.copy(found, root / f"{name}.ko")
    names = "\n".join(p.relative_to(root).as_posix() for p in root.rglob("*"))
    packing = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        cwd=root, input=names.encode(), capture_output=True, check=True,
    )  # fmt: skip
    archive = WORK / "initramfs.gz"
    archive.write_bytes(gzip.compress(packing.stdout, 1))
    return archive


class Machine:
    """The emulated machine: a job in, a report out."""

    def __init__(self, tree: Path) -> None:
        vmlinuz = next(iter(tree.glob("boot/vmlinuz-*")))
        log = (WORK / "console.log").open("wb")
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512",
             "-display", "none", "-monitor", "none", "-no-reboot", "-nodefaults",
             "-kernel", str(vmlinuz), "-initrd", str(initramfs(tree)),
             "-append", "console=ttyS0 quiet panic=-1 nokaslr",
             "-serial", f"file:{WORK / 'console.log'}", "-serial", "stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode("ascii", "replace").strip()

    def run(self, job: GuestJob) -> GuestReport:
        assert self.process.stdin is not None
        self.process.stdin.write(packed(job).hex().encode() + b"\n")
        self.process.stdin.flush()
        return parsed(bytes.fromhex(self.line()), job)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def main() -> int:
    for tool in ("qemu-system-x86_64", "cpio", "cc", "apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            missing(f"{tool} is not installed")
    started = time.monotonic()
    machine = Machine(kernel())
    try:
        said = machine.line()
        print(f"booted in {time.monotonic() - started:.0f} s: {said}")
        if said != "kvm":
            missing(f"no KVM in the emulated machine; see {WORK / 'console.log'}")
        return checked(machine)
    finally:
        machine.end()


def checked(machine: Machine) -> int:
    """Every whole path, and the system instructions. 0 if all is as the model says."""
    guest.run = lambda job: machine.run(  # type: ignore[assignment]
        job._replace(samples=min(job.samples, 40), budget_ms=60_000)
    )
    ring0.ROUNDS = ring0costs.COST_ROUNDS = 1
    wrong = 0
    for name in WHOLE:
        timed = name in TIMED
        found = ring0.run_path(api.load_path(STUBS / f"{name}.S"), timed=timed)
        compared = sum(s.expected is not None for s in (*found.slots, *found.registers))
        verdict = "as the model says" if found.works else found.failed or "DIFFERS"
        print(f"{name}: {compared} words compared, {verdict}", flush=True)
        for slot in (*found.slots, *found.registers):
            if slot.differs:
                print(f"  {slot.name}: {slot.expected or 0:#x}, found {slot.found:#x}")
        if timed:
            trips = found.refused or "ran (their times mean nothing in an emulator)"
            print(f"  round trips from ring 3: {trips}")
        wrong += not found.works or bool(found.refused)
    costs = ring0costs.instruction_costs()
    ran = ", ".join(name for name, cycles in costs.costs if cycles is not None)
    print(f"system instructions that ran: {ran or costs.refused}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
