"""A kernel tree as input: Debian's linux-source-6.1, four commits, and a patch file.

    python -m tools.kernel_tree_check [CACHE_DIRECTORY]

Needs apt, a network and about 400 MB. Fetches ``linux-source-6.1`` and the headers of
the newest 6.1 kernel (for what a build generates) with apt, unpacks what x86 entry code
needs into the cache (default ~/.cache/costmodel), makes a repository of it and commits
four changes of the system-call path. Then runs ``compare`` on the last commit, on the
series and on the series as a file of patches. Exit status 1 if one of them answers
wrongly, 2 if the packages cannot be had.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.debian import Missing, newest, run, unpacked

ROOT = Path(__file__).resolve().parent.parent
FILE = "arch/x86/entry/entry_64.S"
CALLING = "arch/x86/entry/calling.h"
SOURCE = "linux-source-6.1"
HEADERS = re.compile(r"linux-headers-6\.1\.0-([0-9]+)-cloud-amd64")
NEEDED = ("arch/x86", "include", "Kbuild", "Makefile")


def fetched(cache: Path, package: str) -> Path:
    """Where the files of a package are unpacked."""
    place = cache / package
    return place if place.exists() else unpacked(package, cache / "debs", place)


def headers(cache: Path) -> Path:
    """A directory with the headers a build generates."""
    package = newest(HEADERS)
    return fetched(cache, package) / "usr" / "src" / package


# -- four commits --------------------------------------------------------------------


def xors_moved(text: str) -> str:
    """The registers are cleared in another order: the same work."""
    old = (
        "\txorl\t%esi,  %esi\t/* nospec si  */\n\txorl\t%edx,  %edx\t/* nospec dx  */\n"
    )
    first, second = old.splitlines(keepends=True)
    return replaced(text, old, second + first)


def fenced(text: str) -> str:
    return replaced(
        text, "\tcall\tdo_syscall_64\t", "\tlfence\n\tcall\tdo_syscall_64\t"
    )


def stash_in_register(text: str) -> str:
    """User RSP goes through R15 instead of memory, and the LFENCE goes away. (R15 is
    lost: this is a question to the model, not a kernel that works.)"""
    text = replaced(text, "\tlfence\n\tcall\tdo_syscall_64", "\tcall\tdo_syscall_64")
    text = replaced(
        text,
        "\tmovq\t%rsp, PER_CPU_VAR(cpu_tss_rw + TSS_sp2)\n\tSWITCH_TO_KERNEL_CR3"
        " scratch_reg=%rsp\n\tmovq\tPER_CPU_VAR(cpu_current_top_of_stack), %rsp\n",
        "\tmovq\t%rsp, %r15\n\tSWITCH_TO_KERNEL_CR3"
        " scratch_reg=%rsp\n\tmovq\tPER_CPU_VAR(cpu_current_top_of_stack), %rsp\n",
        first=True,
    )
    return replaced(
        text,
        "\tpushq\tPER_CPU_VAR(cpu_tss_rw + TSS_sp2)\t/* pt_regs->sp */\n",
        "\tpushq\t%r15\t/* pt_regs->sp */\n",
        first=True,
    )


def movs_for_pushes(text: str) -> str:
    """The last callee-saved registers are stored by MOV."""
    old = "\tpushq\t%r14\t\t/* pt_regs->r14 */\n\tpushq\t%r15\t\t/* pt_regs->r15 */\n"
    new = "\tsubq\t$16, %rsp\n\tmovq\t%r14, 8(%rsp)\n\tmovq\t%r15, (%rsp)\n"
    return replaced(text, old, new)


def replaced(text: str, old: str, new: str, first: bool = False) -> str:
    if old not in text:
        raise Missing(f"{SOURCE} has no {old.strip().splitlines()[0]!r} any more")
    return text.replace(old, new, 1 if first else -1)


COMMITS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    (CALLING, "x86/entry: Clear RDX before RSI", xors_moved),
    (FILE, "x86/entry: Fence before the dispatch", fenced),
    (FILE, "x86/entry: Stash the user's stack pointer in a register",
     stash_in_register),
    (CALLING, "x86/entry: Store R14 and R15 by MOV", movs_for_pushes),
)  # fmt: skip


def repository(cache: Path) -> Path:
    """The tree with its commits, made once."""
    tree = cache / "linux-6.1-commits"
    if (tree / "made").exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    archive = fetched(cache, SOURCE) / "usr" / "src" / f"{SOURCE}.tar.xz"
    wanted = [f"{SOURCE}/{name}" for name in NEEDED]
    run("tar", "-xf", str(archive), "-C", str(tree), "--strip-components=1", *wanted)
    git = ("git", "-c", "user.name=check", "-c", "user.email=check@example.org")
    run("git", "init", "-q", ".", cwd=tree)
    (tree / ".git" / "info" / "exclude").write_text("made\n")
    run("git", "add", "-A", cwd=tree)
    run(*git, "commit", "-qm", f"{SOURCE} as Debian has it", cwd=tree)
    for name, subject, change in COMMITS:
        file = tree / name
        file.write_text(change(file.read_text()))
        run(*git, "commit", "-qam", subject, cwd=tree)
    (tree / "made").touch()
    return tree


# -- what is asked -------------------------------------------------------------------


def costmodel(tree: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments], cwd=tree, input=stdin,
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(1)
    return done.stdout


def main() -> int:
    cache = Path(sys.argv[1] if len(sys.argv) > 1 else "~/.cache/costmodel")
    cache = cache.expanduser().absolute()
    try:
        tree = repository(cache)
        build = headers(cache)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    asked = (
        "--symbol", "entry_SYSCALL_64", "-u", "skylake,goldencove,zen3,zen5",
        "--build", str(build), "--draws", "0",
    )  # fmt: skip
    print(costmodel(tree, "compare", "HEAD~3..HEAD~2", FILE, *asked))
    series = ("compare", "--each", "HEAD~4..HEAD", FILE, *asked)
    print(costmodel(tree, *series))
    patches = run("git", "format-patch", "--stdout", "HEAD~4..HEAD", cwd=tree)
    mailed = ("compare", "--each", "-", FILE, "--base", "HEAD~4", *asked)
    print(costmodel(tree, *mailed, stdin=patches))
    wrong = 0
    by_commit = json.loads(costmodel(tree, *series, "--json"))["each"]
    by_patch = json.loads(costmodel(tree, *mailed, "--json", stdin=patches))["each"]
    if [r["subject"] for r in by_commit] != [subject for _, subject, _ in COMMITS]:
        print("the series has other commits", file=sys.stderr)
        wrong = 1
    for commit, patch in zip(by_commit, by_patch, strict=True):
        deltas = [[r["delta"] for r in row["results"]] for row in (commit, patch)]
        if deltas[0] != deltas[1] or not deltas[0]:
            print(f"{commit['subject']}: {deltas}", file=sys.stderr)
            wrong = 1
    fence = [r["delta"] for r in by_commit[1]["results"]]
    if not all(5 <= delta <= 60 for delta in fence):
        print(f"an LFENCE costs {fence}", file=sys.stderr)
        wrong = 1
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
