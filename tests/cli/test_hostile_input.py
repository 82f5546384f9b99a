"""Input no one would write: endless, very long, cut short. A message, and soon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.test_bad_input import refuses, run
from tests.code.conftest import make_elf

BASE = 0xFFFFFFFF81000000


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path


def test_text_without_an_end_is_refused_from_stdin_too(here: Path) -> None:
    done = run(["estimate", "-", "-u", "skylake"], here, stdin=b"nop\n" * (17 << 20))
    refuses(done, 2, r"costmodel: <stdin>: more than 64 MiB")


def test_more_hex_than_a_path_can_be_is_refused_at_once(here: Path) -> None:
    done = run(["estimate", "-", "-u", "skylake"], here, stdin=b"90 " * (2 << 20))
    refuses(done, 2, r"costmodel: <stdin>: more than 4 MiB of hex")


@pytest.mark.parametrize(
    "text", ["#" * 400_000, "/*" * 400_000, "nop #" + "# " * 200_000, "Code:" * 99_999],
    ids=["hashes", "comments", "spaced hashes", "code lines"],
)  # fmt: skip
def test_long_lines_take_no_longer_than_their_length(here: Path, text: str) -> None:
    done = run(["estimate", "-", "-u", "skylake"], here, stdin=text.encode())
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr


def test_a_broken_object_is_refused_wherever_it_is_cut(here: Path) -> None:
    whole = make_elf(b"\x90\xc3", [("f", BASE, 2)])
    for size in (5, 17, 63, 64, len(whole) // 2, len(whole) - 1):
        done = run(["estimate", "-", "-u", "skylake"], here, stdin=whole[:size])
        refuses(done, 2, r"costmodel: <stdin>: ")


def test_an_object_through_a_pipe_has_an_answer(here: Path) -> None:
    whole = make_elf(b"\x90\xc3", [("f", BASE, 2)])
    done = run(["estimate", "/dev/stdin", "-u", "skylake"], here, stdin=whole)
    assert done.stderr == ""
    assert re.match(r"\d+\?* cycles", done.stdout)
