"""What importing the package and asking for help may load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "matplotlib", "numba", "iced_x86", "yaml", "msgspec"}


def modules_after(code: str) -> set[str]:
    report = f"{code}\nimport sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    ["import costmodel", "from costmodel.cli import main\ntry: main(['--help'])\n"
     "except SystemExit: pass"],
)  # fmt: skip
def test_import_and_help_load_nothing_heavy(code: str) -> None:
    assert not modules_after(code) & HEAVY


def test_every_public_name_resolves() -> None:
    import costmodel

    for name in costmodel.__all__:
        assert getattr(costmodel, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    import costmodel

    with pytest.raises(AttributeError, match="frobnicate"):
        _ = costmodel.frobnicate  # type: ignore[attr-defined]


def test_the_cores_can_be_asked_for_before_and_after_the_room_of_that_name() -> None:
    program = (
        "import costmodel as cm; before = cm.cores(); import costmodel.cores.load; "
        "assert cm.cores() == before and 'skylake' in before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
