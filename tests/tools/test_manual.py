"""The man page and the completions come from the parser, and hold all of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from costmodel.cli import COMMANDS, build_parser
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
    pytest.importorskip("argparse_manpage")
    page = manual.man_page()
    plain = page.replace("\\-", "-")
    assert page.startswith('.TH COSTMODEL 1 "" "costmodel ')
    for name in (*COMMANDS, *options() - {"--help"}):
        assert name in plain, name


def test_the_man_page_is_the_same_on_another_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("argparse_manpage")
    first = manual.man_page()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert manual.man_page() == first


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_groff_has_nothing_to_say_of_the_man_page() -> None:
    pytest.importorskip("argparse_manpage")
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


def test_bash_completes_commands_options_and_choices(tmp_path: Path) -> None:
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
