"""Sessions of a Markdown page, run as a reader would: files written, commands typed.

A fenced ``yaml`` or ``text`` block is the file named last in backticks in the line
above it, or is put at that file's end if the line says "At the end of". A ``console``
block is a command and what it prints, errors included.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(yaml|text|console)\n(.*?)^```$", re.S | re.M)
FILE = re.compile(r"`([\w./-]+\.\w+)`")


def printed(command: str, folder: Path) -> str:
    """What ``command``, a costmodel one, prints in ``folder``, progress left out."""
    program, *arguments = shlex.split(command)
    assert program == "costmodel", command
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    environment |= {"COSTMODEL_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("[#", "[-")))


def write(intro: str, text: str, folder: Path) -> None:
    """Do with a file what the lines above its text say."""
    name = FILE.findall(intro)[-1]
    mode = "a" if "At the end of" in " ".join(intro.split()[-8:]) else "w"
    with (folder / name).open(mode, encoding="utf-8") as file:
        file.write(text)


def followed(page: str, folder: Path) -> str:
    """``page`` with every session's output as it is now."""
    out, end = [], 0
    for block in FENCE.finditer(page):
        kind, text = block.groups()
        intro = page[end : block.start()]
        out.append(intro)
        if kind == "console":
            command = text.splitlines()[0].removeprefix("$ ")
            text = f"$ {command}\n{printed(command, folder)}"
        else:
            write(intro, text, folder)
        out.append(f"```{kind}\n{text}```")
        end = block.end()
    return "".join([*out, page[end:]])
