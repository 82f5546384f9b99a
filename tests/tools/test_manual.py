"""The man page and the completions come from the parser, and hold all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from costmodel.cli import COMMANDS, build_parser, main
from tools import manual


def options() -> set[str]:
    """Every long option of every command."""
    return {
        name
        for action in manual._actions(build_parser())
        for name in action.option_strings
        if name.startswith("--")
    }


def test_the_man_page_has_every_command_and_option() -> None:
    page = manual.man_page()
    plain = page.replace("\\-", "-")
    assert page.startswith('.TH COSTMODEL 1 "" "costmodel ')
    for name in (*COMMANDS, *options() - {"--help"}):
        assert name in plain, name


def test_the_man_page_is_the_same_on_another_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = manual.man_page()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert manual.man_page() == first


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_groff_has_nothing_to_say_of_the_man_page() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", "-z"],
        input=manual.man_page(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert not done.stderr


@pytest.mark.parametrize("shell", manual.SHELLS)
def test_completions_have_every_command_and_option(shell: str) -> None:
    pytest.importorskip("shtab")
    script = manual.completion(shell)
    for name in (*COMMANDS, *options()):
        assert name in script, name


def test_bash_completes_commands_options_choices_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("shtab")
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("needs bash")
    script = tmp_path / "costmodel.bash"
    script.write_text(manual.completion("bash"), encoding="utf-8")

    def offered(*words: str) -> list[str]:
        typed = " ".join(f"'{word}'" for word in ("costmodel", *words))
        program = (
            f". {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words)};"
            "_shtab_costmodel; echo ${COMPREPLY[@]}"
        )
        done = subprocess.run(
            [bash, "-c", program], capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert "compare" in offered("com")
    assert "--fail-above" in offered("compare", "--fail")
    assert "roundtrip" in offered("estimate", "--scenario", "r")
    # The rest the program is asked for: by the name it has once it is installed.
    command = tmp_path / "costmodel"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m costmodel "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert offered("estimate", "x", "--uarch", "sky")[::-1] == [
        "skylake",
        "skylake-x",
    ]
    assert "zen5,zen4" in offered("estimate", "x", "--uarch", "zen5,zen")
    assert "window.rob=" in offered("estimate", "x", "--set", "window.r")
    stub = "stubs/top-of-stack/v3.16-fast.S"
    assert "system_call" in offered("estimate", stub, "--symbol", "sys")
    assert "top-of-stack" in offered("study", "top")


def test_the_program_names_what_a_shell_asks_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for kind in ("cores", "figures", "scenarios", "studies"):
        assert main(["complete", kind]) == 0
        assert capsys.readouterr().out.split()
    assert main(["complete", "symbols", "/nonexistent"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["complete", "symbols"]) == 2
