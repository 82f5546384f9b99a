"""The README's sessions are true: every console block is run and compared.

``make golden`` rewrites the outputs from what the program prints now.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from costmodel.cli import build_parser

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(
    r"```console\n\$ (?P<command>(?:[^\n]*\\\n)*[^\n]+)\n(?P<output>.*?)```", re.S
)


def printed(command: str) -> str:
    """What ``command``, a costmodel one, prints in the root of the checkout."""
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    assert program == "costmodel", command
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def fenced(kind: str) -> list[str]:
    return re.findall(
        rf"^```{kind}\n(.*?)^```$", README.read_text("utf-8"), re.S | re.M
    )


def test_every_recipe_is_one_the_program_takes() -> None:
    recipes = [
        line
        for block in fenced("sh")
        for line in block.splitlines()
        if not line.startswith("#")
    ]
    assert len(recipes) > 10
    for line in recipes:
        program, command, *arguments = shlex.split(line)
        assert program == "costmodel", line
        build_parser(command).parse_args([command, *arguments])


def test_the_python_of_the_readme_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = fenced("python")
    exec(compile(code, "README.md", "exec"), {})
    assert "delta" in capsys.readouterr().out


def test_a_newcomer_is_not_told_more_than_one_page() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 190
    assert "A system call pays" in "\n".join(lines[:24])


def test_every_session_in_the_readme_is_what_the_program_prints() -> None:
    text = README.read_text(encoding="utf-8")
    sessions = list(BLOCK.finditer(text))
    assert sessions
    if os.environ.get("COSTMODEL_GOLDEN") == "write":
        text = BLOCK.sub(
            lambda m: f"```console\n$ {m['command']}\n{printed(m['command'])}```", text
        )
        README.write_text(text, encoding="utf-8")
        return
    for session in sessions:
        assert session["output"] == printed(session["command"]), "make golden"


PYTHON = re.compile(r"```python\n(.*?)```", re.S)


def test_the_library_example_runs_as_it_stands() -> None:
    # As a reader would: pasted into a file in the root of the checkout.
    (example,) = PYTHON.findall(README.read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-"],
        input=example,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "v3.16-fast.S" in done.stdout
