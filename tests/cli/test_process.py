"""The program as a process: pipes, signals, streams."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from costmodel.cli import _Progress
from costmodel.code import assemble
from costmodel.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
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


def in_session(leader: int) -> list[int]:
    """Processes of a session, but for those that have ended."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = place.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(place.parent.name))
    return found


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after", [0.4, 2.0])
def test_a_signal_ends_it_and_all_it_started(
    tmp_path: Path, ending: signal.Signals, after: float
) -> None:
    for name, code in (("a.hex", "4801d8480fafc3"), ("b.hex", "90")):
        (tmp_path / name).write_text(code)
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*COMMAND, "compare", "a.hex", "b.hex", "--draws", "20000"],
        cwd=tmp_path, env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            time.sleep(after)
            if ending is signal.SIGINT:  # as from a keyboard: to the whole group
                os.killpg(process.pid, ending)
            else:
                process.send_signal(ending)
            out, err = process.communicate(timeout=10)
            wanted = {signal.SIGINT: 130, signal.SIGTERM: 143}.get(ending, -ending)
            # On a busy machine it may not have come to its own handlers yet.
            early = {-ending} if after < 1 else set()
            assert process.returncode in {wanted, *early}
            assert out == ""
            assert "Traceback" not in err
            until = time.monotonic() + 10
            while in_session(process.pid) and time.monotonic() < until:
                time.sleep(0.05)
            assert not in_session(process.pid)
        finally:
            for left in in_session(process.pid):
                os.kill(left, signal.SIGKILL)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.hex", "b.hex"]


def shell(text: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """``costmodel ...`` in a shell, which is how streams are closed."""
    program = " ".join(COMMAND)
    return subprocess.run(
        ["/bin/sh", "-c", text.replace("costmodel", program, 1)],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("costmodel estimate a.hex -u skylake 2>&-", 0),
        ("costmodel estimate a.hex -u skylake >&-", 0),
        ("costmodel estimate a.hex -u skylake <&- >&- 2>&-", 0),
        ("costmodel estimate no.hex -u skylake 2>&-", 2),
        ("costmodel estimate --no-such 2>&-", 2),
        ("costmodel --help >&- 2>&-", 0),
        ("costmodel estimate - -u skylake <&-", 2),
        ("costmodel estimate a.hex -u skylake > /dev/full", 2),
        ("costmodel cores --json > /dev/full", 2),
        ("costmodel --help > /dev/full", 2),
        ("costmodel --version > /dev/full", 2),
        ("costmodel estimate no.hex -u skylake 2> /dev/full", 2),
        ("costmodel compare a.s a.s -u skylake --draws 3 2>&-", 0),
        ("mkdir d; cd d; rmdir ../d; costmodel estimate ../a.s -u skylake", 0),
        ("mkdir d; cd d; rmdir ../d; costmodel estimate $OLDPWD/a.s -u skylake", 0),
        ("mkdir d; cd d; rmdir ../d; costmodel estimate HEAD:a.s -u skylake", 2),
        ("env -u HOME costmodel compare a.s a.hex -u skylake --draws 9", 0),
    ],
)
def test_streams_that_fail_and_places_that_are_gone(
    tmp_path: Path, text: str, status: int
) -> None:
    (tmp_path / "a.hex").write_text("90")
    (tmp_path / "a.s").write_text("f: ret\n")
    done = shell(text, tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "a bug" not in done.stdout + done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("printf '\\377\\376 bytes\\n' >&2; exit 1", "failed with status 1"),
        ("kill -9 $$", "was killed"),
        ("kill -11 $$", "was killed"),
        ("exit 0", "wrote no object"),
        ("exit 3", "failed with status 3"),
        ("while [ $1 != -o ]; do shift; done; echo x > $2", "ELF"),
        ("while [ $1 != -o ]; do shift; done; mkdir $2", "wrote no object"),
        ("yes | head -c 300000000 >&2; exit 1", "gave up"),
    ],
)
def test_a_compiler_that_misbehaves(tmp_path: Path, tool: str, told: str) -> None:
    (tmp_path / "a.s").write_text("f: ret\n")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("gcc", "clang"):
        (folder / name).write_text(f"#!/bin/sh\n{tool}\n")
        (folder / name).chmod(0o755)
    started = time.monotonic()
    path = f"{folder}:/usr/bin:/bin"
    done = shell("costmodel estimate a.s -u skylake", tmp_path, PATH=path)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("tool", ["exec sleep 60", "sleep 60 & exec sleep 60"])
def test_a_compiler_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    (tmp_path / "gcc").write_text(f"#!/bin/sh\n{tool}\n")
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(assemble, "WALL_SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(InputError, match="no end after"):
        assemble.assemble(assemble.Source("f: ret\n", "a.s"))
    assert time.monotonic() - started < 5


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.hex").write_text("90")
    (tmp_path / "o.svg").write_text("before")
    limit = "ulimit -f 8; trap '' XFSZ; "  # blocks: a full disk for every file
    done = shell(limit + "costmodel explain a.hex -u skylake --plot o.svg", tmp_path)
    assert done.returncode == 2, done.stderr
    assert "cannot write" in done.stderr
    assert (tmp_path / "o.svg").read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.hex", "o.svg"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("live", [True, False])
def test_progress_does_not_shout(live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Terminal() if live else io.StringIO()
    now = [100.0]
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = _Progress()
    now[0] += 1.4
    progress(1, 100)
    assert stream.getvalue() == ""  # too soon to say anything
    now[0] += 9
    progress(2, 100)
    assert "2 of 100" in stream.getvalue()
    assert "left" not in stream.getvalue()  # too little is done to tell
    now[0] += 20
    progress(50, 100)
    assert "50 of 100, about 30 s left" in stream.getvalue()
    progress(100, 100)
    assert stream.getvalue().endswith("\r") == live  # a terminal's line is wiped
