"""A kernel tree as input: a small one, with headers that differ by revision."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run

FILE = "arch/x86/entry/entry_64.S"
HEADERS = {
    "include/linux/kconfig.h": "#include <generated/autoconf.h>\n",
    "include/linux/linkage.h": (
        "#define SYM_CODE_START(name) .globl name; name:\n"
        "#define SYM_CODE_END(name) .type name, @function; .size name, .-name\n"
    ),
    "arch/x86/include/asm/frame.h": "#define WORK add %rax, (%rbx)\n",
    "arch/x86/entry/calling.h": ".macro CLEAR\n xor %eax, %eax\n.endm\n",
}
SOURCE = """\
#include <linux/linkage.h>
#include <asm/frame.h>
#include <asm/asm-offsets.h>
#include "calling.h"
SYM_CODE_START(entry_SYSCALL_64)
#if CONFIG_ON && defined(__KERNEL__)
  WORK
  CLEAR
  add $TASK_flags, %rax
  BODY
  ret
#endif
SYM_CODE_END(entry_SYSCALL_64)
SYM_CODE_START(entry_other)
  nop
  ret
SYM_CODE_END(entry_other)
"""
BUILT = {
    "include/generated/autoconf.h": "#define CONFIG_ON 1\n",
    "arch/x86/include/generated/asm/asm-offsets.h": "#define TASK_flags 8\n",
}
SERIES = (
    ("Load once", FILE, ("BODY", "mov (%rdi), %rcx\n  BODY")),
    ("Work harder", "arch/x86/include/asm/frame.h", ("add", "lock; add")),
    ("Clear two", "arch/x86/entry/calling.h", ("eax\n", "eax\n xor %edx, %edx\n")),
)
OPTIONS = ("--symbol", "entry_SYSCALL_64", "-u", "zen5", "--draws", "0", "--json")


def git(tree: Path, *words: str) -> str:
    own = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=m")
    done = subprocess.run(
        ["git", *own, "-C", str(tree), *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four commits; what a build generates is there, but not in git."""
    root = tmp_path / "linux"
    write(root, {**HEADERS, FILE: SOURCE, ".gitignore": "generated\n"})
    text = (root / "arch/x86/entry/calling.h").read_text()
    write(root, {"arch/x86/entry/calling.h": text + "#define BODY nop\n"})
    git(root, "init", "-q", ".")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Base")
    for subject, name, (old, new) in SERIES:
        file = root / name
        file.write_text(file.read_text().replace(old, new, 1))
        git(root, "commit", "-qam", subject)
    write(root, BUILT)
    monkeypatch.chdir(root)
    return root


def instructions(out: str) -> list[int]:
    return [r["code"]["instructions"] for r in json.loads(out)["results"]]


@pytest.mark.parametrize(
    ("span", "more"),
    [("HEAD~3..HEAD~2", 1), ("HEAD^!", 1), ("HEAD~3...HEAD", 2), ("HEAD~2..HEAD~1", 0)],
)
def test_headers_are_those_of_each_revision(
    run: Run, tree: Path, span: str, more: int
) -> None:
    status, out, err = run("compare", span, FILE, *OPTIONS)
    assert (status, err) == (0, "")
    assert instructions(out) == [more]


def test_headings_are_commit_and_subject(run: Run, tree: Path) -> None:
    short = git(tree, "rev-parse", "--short=12", "HEAD").strip()
    _, out, _ = run("compare", "HEAD^!", FILE, *OPTIONS[:-1])
    title = " ".join(out.partition("\n  ")[0].split())
    assert title.endswith(f'-> {short} ("Clear two"): entry_SYSCALL_64')
    for style in ("markdown", "html"):
        _, out, _ = run("compare", "HEAD^!", FILE, *OPTIONS[:-1], "--format", style)
        assert "Clear two" in out
        assert "entry_SYSCALL_64" in out


def test_a_series_has_a_row_a_commit(run: Run, tree: Path) -> None:
    status, out, err = run("compare", "--each", "HEAD~3..HEAD", FILE, *OPTIONS)
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert [row["subject"] for row in found["each"]] == [s for s, *_ in SERIES]
    deltas = [row["results"][0]["delta"] for row in found["each"]]
    assert deltas[1] > 0  # LOCK, in a header
    assert found["results"][0]["delta"] == pytest.approx(sum(deltas))
    _, out, _ = run("compare", "--each", "HEAD~3..HEAD", FILE, *OPTIONS[:-1])
    assert "Work harder" in out


def test_a_mailbox_is_the_series_it_was_made_from(run: Run, tree: Path) -> None:
    mails = tree.parent / "series.mbx"
    mails.write_text(git(tree, "format-patch", "--stdout", "--cover-letter", "HEAD~3"))
    git(tree, "checkout", "-q", "HEAD~3")
    before = git(tree, "status", "--porcelain")
    status, out, err = run("compare", "--each", str(mails), FILE, *OPTIONS)
    assert (status, err) == (0, "")
    by_mail = json.loads(out)["each"]
    _, out, _ = run("compare", "--each", "m~3..m", FILE, *OPTIONS)
    by_commit = json.loads(out)["each"]
    assert [r["subject"] for r in by_mail] == [r["subject"] for r in by_commit]
    for key in ("delta", "before", "after"):
        assert [r["results"][0][key] for r in by_mail] == [
            r["results"][0][key] for r in by_commit
        ]
    assert git(tree, "status", "--porcelain") == before
    assert git(tree, "fsck", "--unreachable") == ""  # nothing left behind


def test_a_plain_patch_is_one_change(run: Run, tree: Path) -> None:
    patch = tree.parent / "one.patch"
    patch.write_text(git(tree, "diff", "HEAD~1..HEAD"))
    status, out, err = run("compare", str(patch), FILE, *OPTIONS, "--base", "HEAD~1")
    assert (status, err, instructions(out)) == (0, "", [1])
    status, out, err = run("compare", str(patch), FILE, *OPTIONS)
    assert (status, out) == (2, "")
    assert "--base REV" in err


def test_a_patch_that_does_not_apply_says_which(run: Run, tree: Path) -> None:
    patch = tree.parent / "one.patch"
    diff = git(tree, "diff", "HEAD~1..HEAD").replace("xor", "xchg")
    patch.write_text(diff)
    status, out, err = run("compare", str(patch), FILE, *OPTIONS)
    assert (status, out) == (2, "")
    assert '"one.patch" does not apply to' in err
    assert "--base REV" in err


def test_a_commit_that_does_not_assemble_is_one_row(run: Run, tree: Path) -> None:
    file = tree / FILE
    good = file.read_text()
    file.write_text(good.replace("WORK", "WRONG"))
    git(tree, "commit", "-qam", "Break it")
    file.write_text(good)
    git(tree, "commit", "-qam", "Mend it")
    status, out, _ = run("compare", "--each", "HEAD~3..HEAD", FILE, *OPTIONS)
    assert status == 0
    rows = json.loads(out)["each"]
    assert [bool(row["error"]) for row in rows] == [False, True, True]
    _, out, _ = run("compare", "--each", "HEAD~3..HEAD", FILE, *OPTIONS[:-1])
    assert "  no answer\n" in out


def test_a_build_elsewhere_gives_generated_headers(run: Run, tree: Path) -> None:
    build = tree.parent / "build"
    for name in BUILT:
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).rename(build / name)
    (tree / "include/generated").rmdir()
    status, out, err = run("compare", "HEAD^!", FILE, *OPTIONS)
    assert (status, out) == (2, "")
    assert "--build DIR" in err
    assert "make prepare" in err
    status, out, err = run("compare", "HEAD^!", FILE, *OPTIONS, "--build", str(build))
    assert (status, err, instructions(out)) == (0, "", [1])
    status, out, err = run("estimate", FILE, *OPTIONS[:4], "--build", str(build))
    assert status == 0, err
    status, _, err = run("compare", "HEAD^!", FILE, *OPTIONS, "--build", "nowhere")
    assert status == 2
    assert "--build nowhere: no such directory" in err


def cmd_file(tree: Path) -> None:
    words = "-I./arch/x86/include -I./arch/x86/include/generated -I./include"
    (tree / "arch/x86/entry/.entry_64.o.cmd").write_text(
        f"savedcmd_{FILE[:-2]}.o := gcc -Wp,-MMD,x.d -nostdinc {words} -include "
        "./include/linux/kconfig.h -D__KERNEL__ '-DBODY=mov %rax, %rcx; nop' "
        f"-c -o {FILE[:-2]}.o {FILE} ; objtool check\n"
    )


def compile_commands(tree: Path) -> None:
    words = ["gcc", "-I./arch/x86/include", "-I./arch/x86/include/generated"]
    words += ["-I./include", "-include", "./include/linux/kconfig.h", "-D__KERNEL__"]
    words += ["-DBODY=mov %rax, %rcx; nop", "-c", FILE]
    entry = {"directory": str(tree), "file": FILE, "arguments": words}
    (tree / "compile_commands.json").write_text(json.dumps([entry]))


@pytest.mark.parametrize("told_by", [cmd_file, compile_commands])
def test_options_are_those_of_the_build(run: Run, tree: Path, told_by: object) -> None:
    for name in (FILE, "arch/x86/entry/calling.h"):
        text = (tree / name).read_text()
        (tree / name).write_text(text.replace("#define BODY nop\n", ""))
    git(tree, "commit", "-qam", "BODY is now an option of the build")
    status, _, err = run("estimate", FILE, *OPTIONS[:4])
    assert status == 2, err
    told_by(tree)  # type: ignore[operator]
    for source in (FILE, f"HEAD:{FILE}"):
        status, out, err = run("estimate", source, "-u", "zen5", "--json")
        assert status == 0, err
        (result,) = json.loads(out)["results"]
        assert result["instructions"] == 8
        assert "assembled with" in " ".join(result["notes"])


def test_a_forced_header_comes_first(run: Run, tmp_path: Path) -> None:
    header, source = tmp_path / "a.h", tmp_path / "a.S"
    header.write_text("#define WORK nop\n")
    source.write_text("WORK\n")
    status, out, err = run(
        "estimate", str(source), "-u", "zen5", "-include", str(header), "--json"
    )
    assert status == 0, err
    assert json.loads(out)["results"][0]["instructions"] == 1


def test_all_entries_of_two_objects(run: Run, tree: Path) -> None:
    status, out, err = run(
        "compare", "HEAD~2..HEAD~1", FILE, "--all-entries", "-u", "zen5", "--json"
    )
    assert status == 0, err
    rows = json.loads(out)["each"]
    assert [row["commit"] for row in rows] == ["entry_SYSCALL_64", "entry_other"]
    first, second = (row["results"][0]["delta"] for row in rows)
    assert first > abs(second)  # what did not change may have moved


def test_a_directory_is_its_vmlinux(run: Run, tree: Path) -> None:
    status, _, err = run("estimate", str(tree), "-u", "zen5")
    assert status == 2
    assert "a directory without a vmlinux" in err
    (tree / "vmlinux").write_bytes(b"\x7fELF" + bytes(60))
    _, _, err = run("estimate", str(tree), "-u", "zen5")
    assert f"{tree}/vmlinux" in err


def test_into_may_be_on_one_side_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.S").write_text("f: nop\n ret\n")
    (tmp_path / "b.S").write_text("f: call g\n ret\n.globl g\ng: nop\n ret\n")
    both = (str(tmp_path / "a.S"), str(tmp_path / "b.S"))
    options = ("-u", "zen5", "--draws", "0", "--json")
    status, out, err = run("compare", *both, *options, "--into", "g")
    assert status == 0, err
    assert instructions(out) == [2]
    status, out, err = run("compare", *both, *options, "--into", "nosuch")
    assert (status, out) == (2, "")
    assert "no symbol 'nosuch'" in err
