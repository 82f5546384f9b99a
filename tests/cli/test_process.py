"""The program as a process: pipes, signals, streams."""

from __future__ import annotations

import os
import subprocess
import sys

COMMAND = [sys.executable, "-m", "costmodel"]


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [*COMMAND, "cores", "skylake"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_bug_is_owned_up_to_without_a_traceback() -> None:
    code = (
        "import costmodel.commands.cores as c, costmodel.cli as cli\n"
        "c.run = lambda args: 1 // 0\n"
        "raise SystemExit(cli.main(['cores']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_in_a_pipe_is_plain_ascii() -> None:
    done = subprocess.run([*COMMAND, "cores"], capture_output=True, check=True)
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


def test_a_locale_that_knows_nothing_but_ascii_will_do() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        [*COMMAND, "estimate", "/no/such/f\u00efle.S"],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
