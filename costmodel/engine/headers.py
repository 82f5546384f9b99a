"""Write the C headers that follow from Python's tables: ``python -m`` this module."""

from __future__ import annotations

from pathlib import Path

from costmodel.engine import wire

FOLDER = Path(__file__).parent / "sim"


def texts() -> dict[str, str]:
    """The text of each generated header, by its name."""
    return {"layout.h": wire.header()}


def main() -> None:
    """Write them where the simulator's sources are."""
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
