"""``native`` knows the CPUs whose cores are described."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.cores import catalogue


@pytest.mark.parametrize(
    ("vendor", "family", "model", "core"),
    [
        ("GenuineIntel", 6, 42, "sandybridge"),  # i7-2600
        ("GenuineIntel", 6, 58, "ivybridge"),  # i7-3770
        ("GenuineIntel", 6, 63, "haswell"),  # E5-2600 v3
        ("GenuineIntel", 6, 79, "broadwell"),  # E5-2600 v4
        ("GenuineIntel", 6, 94, "skylake"),  # i7-6700
        ("AuthenticAMD", 23, 1, "zen1"),  # Ryzen 1000, EPYC 7001
        ("AuthenticAMD", 23, 24, "zen1"),  # Ryzen 3000 APU
        ("AuthenticAMD", 23, 49, "zen2"),  # EPYC 7002
        ("AuthenticAMD", 23, 113, "zen2"),  # Ryzen 3000
        ("AuthenticAMD", 25, 1, "zen3"),  # EPYC 7003
        ("AuthenticAMD", 25, 33, "zen3"),  # Ryzen 5000
        ("AuthenticAMD", 25, 80, "zen3"),  # Ryzen 5000 APU
        ("AuthenticAMD", 25, 17, "zen4"),  # EPYC 9004
        ("AuthenticAMD", 25, 97, "zen4"),  # Ryzen 7000
        ("AuthenticAMD", 26, 2, "zen5"),  # EPYC 9005
        ("AuthenticAMD", 26, 68, "zen5"),  # Ryzen 9000
    ],
)
def test_the_cpu_it_runs_on_is_recognised(
    vendor: str, family: int, model: int, core: str, tmp_path: Path
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        f"vendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n"
        "stepping\t: 2\n"
    )
    assert catalogue.native(cpuinfo).stem == core
