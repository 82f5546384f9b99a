"""``python -m costmodel``."""

from __future__ import annotations

from costmodel.cli import program

if __name__ == "__main__":
    program()
