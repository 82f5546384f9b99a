"""Differences without a cause, and options that cannot be what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

import costmodel as cm
from costmodel.errors import UsageError
from tests.cli.conftest import Run

FORMATS = ("text", "json", "markdown", "csv", "html")
SWAPPED = (
    "f: mov %rax,%rbx\nmov %rcx,%rdx\nret\n",
    "f: mov %rcx,%rdx\nmov %rax,%rbx\nret\n",
)
BRANCHES = (
    "f: test %rax,%rax\njz one\nnop\none: nop\njnz two\nnop\ntwo: ret\nthree: nop\n"
)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[str, str]:
    for name, text in zip("ab", SWAPPED, strict=True):
        (tmp_path / f"{name}.s").write_text(text)
    return str(tmp_path / "a.s"), str(tmp_path / "b.s")


@pytest.mark.parametrize("style", FORMATS)
def test_a_change_that_costs_nothing_is_an_answer(
    run: Run, sides: tuple[str, str], style: str
) -> None:
    for before, after in (sides, sides[::-1], (sides[0], sides[0])):
        for scenario in ("once", "loop", "unroll"):
            common = ("-u", "skylake", "--scenario", scenario, "--draws", "3")
            status, out, err = run("compare", before, after, *common, "--format", style)
            assert (status, err) == (0, "")
            assert out


@pytest.mark.parametrize("kind", ["differences", "causes", "sensitivity"])
def test_it_can_be_drawn(
    run: Run, sides: tuple[str, str], tmp_path: Path, kind: str
) -> None:
    plot = tmp_path / "o.svg"
    status, _, err = run(
        "compare", *sides, "-u", "skylake", "--draws", "3", "--plot", str(plot),
        "--plot-kind", kind,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert plot.stat().st_size


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--plot-kind", "causes", "--plot", "o.svg"), "of 23 cores"),
        (("--plot-kind", "sensitivity", "--plot", "o.svg"), "of 23 cores"),
        (("--plot", "o.gif"), "no known kind"),
        (("--plot", "svg"), "no known kind"),
        (("--align", "all", "--draws", "5"), "--draws with --align all"),
        (("--align", "all", "--plot", "o.svg"), "--plot with --align all"),
        (("--sweep", "window.rob=64:65:2", "--fail-above", "1"), "--fail-above with"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_the_work(
    run: Run, sides: tuple[str, str], monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(cm.api, "compare", None)
    status, out, err = run("compare", *sides, *options)
    assert (status, out) == (2, "")
    assert told in err


def test_a_take_must_steer_one_side(run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "a.s", tmp_path / "b.s"
    before.write_text(BRANCHES)
    after.write_text(BRANCHES.replace("jz one", "nop"))
    both = (str(before), str(after), "-u", "skylake", "--draws", "0")
    assert run("compare", *both, "--take", "one")[0] == 0
    status, _, err = run("compare", *both, "--take", "three")
    assert status == 2
    assert "take three: no jump on this path goes there" in err
    assert "a.s:2, a.s:5" in err
    status, _, err = run("estimate", str(after), "-u", "skylake", "--take", "one")
    assert status == 2
    with pytest.raises(UsageError, match="take three"):
        cm.sweep((str(before), str(after)), "skylake", take=["three"])
