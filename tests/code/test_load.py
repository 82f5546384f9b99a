"""Any input by any way in: file, stdin, git revision; every miss explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path as FilePath

import pytest

from costmodel.code.assemble import Source, assemble
from costmodel.code.load import load_image, load_path
from costmodel.errors import CostmodelError, InputError, UsageError

TEXT = "f:\n push %rax\n call ext\n pop %rax\n ret\n"


def forms(source: object, **options: object) -> list[bytes]:
    path = load_path(source, **options)  # type: ignore[arg-type]
    return [step.insn.form.data for step in path.steps]


def test_every_kind_of_input_gives_the_same_instructions(tmp_path: FilePath) -> None:
    source, target = tmp_path / "f.S", tmp_path / "f.o"
    source.write_text(TEXT)
    target.write_bytes(assemble(Source(TEXT, "f.S")))
    listing = subprocess.run(
        ["objdump", "-dr", target], capture_output=True, check=True
    ).stdout
    want = [b"\x50", b"\xe8\0\0\0\0", b"\x58", b"\xc3"]
    assert forms(source) == want
    assert forms(str(source)) == want
    assert forms(target) == want
    assert forms("-", stdin=TEXT.encode()) == want
    assert forms("-", stdin=target.read_bytes()) == want
    assert forms("-", stdin=listing) == want
    assert forms("-", stdin=b"50 e8 00 00 00 00 58 c3") == want
    assert forms("-", stdin=b"Code: <50> e8 00 00 00 00 58 c3") == want


def test_source_lines_name_the_file_as_it_was_given(tmp_path: FilePath) -> None:
    source = tmp_path / "f.S"
    source.write_text(TEXT)
    first = load_path(source).steps[0].insn.source
    assert first == (str(source), 2)


def test_crlf_text_is_read(tmp_path: FilePath) -> None:
    assert forms("-", stdin=TEXT.replace("\n", "\r\n").encode())[0] == b"\x50"


def test_relocations_reach_the_instruction(tmp_path: FilePath) -> None:
    path = load_path("-", stdin=b"mov %rsp,%gs:old_rsp\nmovq $table,8(%rsp)\nret\n")
    assert path.steps[0].insn.relocations == ((5, "old_rsp", 0),)
    assert path.steps[1].insn.relocations == ((5, "table", 0),)


def test_a_missing_file_offers_its_neighbours(tmp_path: FilePath) -> None:
    (tmp_path / "v3.16-fast.S").write_text(TEXT)
    with pytest.raises(InputError) as caught:
        load_image(tmp_path / "v3.16-fas.S")
    assert caught.value.found == "no such file"
    assert "v3.16-fast.S" in caught.value.hint


def test_a_directory_is_refused(tmp_path: FilePath) -> None:
    with pytest.raises(InputError) as caught:
        load_image(tmp_path)
    assert caught.value.found == "a directory without a vmlinux"


def test_an_empty_file_is_refused(tmp_path: FilePath) -> None:
    (tmp_path / "f.S").write_text("")
    with pytest.raises(InputError, match="empty input"):
        load_image(tmp_path / "f.S")
    with pytest.raises(InputError, match="empty input"):
        load_image("-", stdin=b"")
    with pytest.raises(UsageError):
        load_image("")


def test_assembly_without_instructions_is_refused() -> None:
    with pytest.raises(InputError, match="no executable code"):
        load_image("-", stdin=b"# only a comment here\n.data\n")


@pytest.fixture
def repository(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    """Two commits of entry/f.S and the header it includes; the work tree differs."""
    monkeypatch.chdir(tmp_path)
    entry = tmp_path / "entry"
    entry.mkdir()

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    for tag, body in (("old", "push %rax"), ("new", "push %rbx")):
        (entry / "f.S").write_text('#include "frame.h"\nf: SAVE\n ret\n')
        (entry / "frame.h").write_text(f"#define SAVE {body}\n")
        git("add", ".")
        git("commit", "-q", "-m", tag)
        git("tag", tag)
    (entry / "frame.h").write_text("#define SAVE push %rcx\n")
    return tmp_path


def test_a_revision_is_read_with_the_headers_of_that_revision(
    repository: FilePath,
) -> None:
    assert forms("old:entry/f.S")[0] == b"\x50"
    assert forms("new:entry/f.S")[0] == b"\x53"
    assert forms("entry/f.S")[0] == b"\x51"
    source = load_path("old:entry/f.S").steps[0].insn.source
    assert source == ("old:entry/f.S", 2)


def test_lines_of_a_header_name_it_shortly(repository: FilePath) -> None:
    (repository / "entry/body.h").write_text("nop\n")
    (repository / "entry/g.S").write_text('#include "body.h"\n')
    assert load_path("entry/g.S").steps[0].insn.source == ("entry/body.h", 1)
    (repository / "entry/body.h").write_text("bogus\n")
    with pytest.raises(InputError) as caught:
        load_path("entry/g.S")
    assert caught.value.where == "entry/body.h:1"


def test_a_revision_may_be_relative_to_a_subdirectory(
    repository: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "entry")
    assert forms("old:./f.S")[0] == b"\x50"


@pytest.mark.parametrize(
    "name", ["nope:entry/f.S", "old:entry/g.S", "old:", ":f", "-x:f"]
)
def test_a_revision_that_is_not_there_is_explained(
    repository: FilePath, name: str
) -> None:
    with pytest.raises(CostmodelError) as caught:
        load_image(name)
    assert caught.value.where == name and caught.value.found


def test_a_directory_of_a_revision_is_refused(repository: FilePath) -> None:
    with pytest.raises(InputError, match="a directory"):
        load_image("old:entry")


def test_a_file_whose_name_holds_a_colon_wins(repository: FilePath) -> None:
    (repository / "old:f.S").write_text(TEXT)
    assert forms("old:f.S")[0] == b"\x50"


def test_without_git_a_revision_says_so(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git is not installed"):
        load_image("v3.16:entry.S")


def test_reading_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom costmodel.code.load import load_path\n"
        "load_path('-', stdin=b'50 c3')\n"
        "heavy = {'numpy', 'pandas', 'matplotlib', 'elftools', 'subprocess'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=FilePath(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
