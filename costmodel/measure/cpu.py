"""Which machine this is: what a figure measured on it has to be told with."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import NamedTuple

from costmodel.errors import CoreError

_CPUINFO = Path("/proc/cpuinfo")
_MITIGATIONS = Path("/sys/devices/system/cpu/vulnerabilities")


class Cpu(NamedTuple):
    """The CPU and what runs on it. ``uarch`` is "" where no core file claims it."""

    vendor: str
    family: int
    model: int
    stepping: int
    name: str
    microcode: str
    uarch: str
    hypervisor: bool
    cpus: int
    kernel: str
    mitigations: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        core = self.uarch or "no core file"
        return f"{self.vendor} family {self.family} model {self.model} ({core})"


def this_cpu() -> Cpu:
    """Raises CoreError where the machine does not say."""
    from costmodel.cores import catalogue

    fields = _fields()
    vendor, family, model, stepping = catalogue.identify().split("-")
    try:
        uarch = catalogue.native().stem
    except CoreError:
        uarch = ""
    flags = fields.get("flags", "").split()
    return Cpu(
        vendor, int(family), int(model, 16), int(stepping, 16),
        fields.get("model name", ""), fields.get("microcode", ""), uarch,
        "hypervisor" in flags, len(os.sched_getaffinity(0)),
        f"{platform.system()} {platform.release()}", _mitigations(),
    )  # fmt: skip


def _fields() -> dict[str, str]:
    try:
        text = _CPUINFO.read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found


def _mitigations() -> tuple[tuple[str, str], ...]:
    """What the kernel does against each weakness this CPU has."""
    found = []
    try:
        for file in sorted(_MITIGATIONS.iterdir()):
            text = file.read_text(encoding="ascii", errors="replace").strip()
            if text and text != "Not affected":
                found.append((file.name, text))
    except OSError:
        pass
    return tuple(found)


def check_cpu_number(number: int) -> bool:
    """Whether this process may run on that CPU."""
    return number in os.sched_getaffinity(0)
