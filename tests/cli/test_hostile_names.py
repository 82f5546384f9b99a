"""Names, numbers and options nobody would write: one message, and a plain one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

LONG = "a" * 300
ESCAPES = "\x1b[2J\x1b[31mred\r\x0b\x7f\x9b0m"
BAD_NAMES = (
    ESCAPES,
    "two\nlines",
    "\u202ereversed",
    "\udcff",
    LONG,
    "--",
    "-",
    " ",
    "é",
)


def told(answer: tuple[int, str, str]) -> str:
    """The one message of a refusal, which does nothing to a terminal."""
    status, out, err = answer
    assert status in (2, 3), err
    assert out == ""
    assert all(c.isprintable() or c == "\n" for c in err), repr(err)
    first, *rest = err.splitlines()
    assert first.startswith("costmodel")
    assert all(line.startswith("  ") for line in rest), err
    assert "a bug" not in err
    return err


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize(
    "option", ["--symbol", "--take", "--into", "--region", "--uarch", "--scenario",
               "--align", "--set", "--sweep", "--cold", "--format"],
)  # fmt: skip
def test_a_bad_name_is_told_plainly(
    run: Run, tmp_path: Path, option: str, name: str
) -> None:
    if (option, name) == ("--cold", " "):
        return  # nothing is cold
    (tmp_path / "a.s").write_text("f: jz f\nret\n")
    told(run("estimate", str(tmp_path / "a.s"), f"{option}={name}"))


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize(
    "command", ["estimate", "explain", "cores", "study", "record", "validate"]
)
def test_a_bad_file_name_too(run: Run, name: str, command: str) -> None:
    if name == "-" and command in ("estimate", "explain"):
        return
    core = () if command in ("cores", "study", "record") else ("-u", "skylake")
    told(run(command, *core, f"--draws={name}" if name == "--" else name))


@pytest.mark.parametrize("style", ["text", "csv", "markdown", "html", "json"])
def test_names_in_an_answer_are_as_plain(
    run: Run, tmp_path: Path, style: str, elf_maker: Callable[..., bytes]
) -> None:
    for name in (ESCAPES, "two\nlines", "\u202ereversed"):
        file = tmp_path / ("x" + name)
        file.write_bytes(elf_maker(b"\x90\xc3", [(name, 0x1000, 2)], base=0x1000))
        for command in (("estimate",), ("compare", str(file))):
            status, out, err = run(
                *command, str(file), "--symbol", "0x1000", "-u", "skylake",
                "--format", style,
            )  # fmt: skip
            assert (status, err) == (0, "")
            assert all(c.isprintable() or c in "\n\t" for c in out)


@pytest.fixture
def elf_maker() -> Callable[..., bytes]:
    from tests.code.conftest import make_elf

    return make_elf


FORMAT = "x.o:     file format elf64-x86-64\n"
LISTING = FORMAT + "Disassembly of section .text:\n{}\n ffffffff81000001:\tc3\tret\n"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (" 10000000000000000:\t90\tnop", "the address 10000000000000000"),
        (" ffffffffffffffff:\t90 90\tnop", "past the last address"),
        ("10000000000000000 <f>:", "the address"),
        ("0000000000000010 <f+0x20>:", "f+0x20 at 0x10"),
        ("0000000000000010 <f+0x1ffffffffffffffff>:", "the offset"),
        ("\t\t10000000000000000: R_X86_64_PC32\tf", "the address"),
        ("\t\t2: R_X86_64_PC32\tf-0x1ffffffffffffffff", "the addend"),
    ],
)
def test_numbers_of_a_listing_have_a_place(
    run: Run, tmp_path: Path, line: str, found: str
) -> None:
    file = tmp_path / "l.txt"
    file.write_text(LISTING.format(line))
    for command in ("estimate", "explain"):
        err = told(run(command, str(file), "-u", "skylake"))
        assert f"{file}:3: " in err
        assert found in err


@pytest.mark.parametrize("addend", ["-0x7fffffffffffffff", "+0x80000001"])
def test_a_relocation_out_of_reach_has_a_place(
    run: Run, tmp_path: Path, addend: str
) -> None:
    file = tmp_path / "l.txt"
    file.write_text(
        f"{FORMAT}Disassembly of section .text:\n0000000000000000 <f>:\n"
        "   0:\te8 00 00 00 00\tcall 5\n"
        f"\t\t\t1: R_X86_64_PC32\tf{addend}\n   5:\tc3\tret\n"
    )
    assert f"{file}:5: R_X86_64_PC32 f" in told(run("estimate", str(file)))


@pytest.mark.parametrize(
    "rip", ["f+0x%s/0x10" % ("f" * 18), "f+0x10/0xffffffffffffffff", "f+0x80000001/0x9"]
)  # fmt: skip
def test_an_offset_of_an_oops_that_no_function_has(
    run: Run, tmp_path: Path, rip: str
) -> None:
    file = tmp_path / "oops.txt"
    file.write_text(f"RIP: 0010:{rip}\nCode: 90 90 <90> c3\n")
    told(run("estimate", str(file)))


@pytest.mark.parametrize(
    "cycles", ["1e-320", "1e-4", "1e13", "inf", "-1", "1e999", "0"]
)
def test_cycles_nobody_measured(run: Run, tmp_path: Path, cycles: str) -> None:
    file = tmp_path / "b.csv"
    file.write_text(f"hex,cycles\n90,1\n90,{cycles}\n")
    for more in ((), ("--json",)):
        err = told(
            run("validate", str(file), "-u", "skylake", "--scenario", "loop", *more)
        )
        assert f"{file}:3: cycles is" in err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hex,hex,cycles\n90,90,1\n", "two columns called 'hex'"),
        ("hex,cycles,cycles\n90,1,2\n", "two columns called 'cycles'"),
        ("hex,c\r\x0b\x1b[31m\n", "no column 'cycles'"),
        ("hex,cycles\n" + "90" * 5000 + ",1\n", "a block of 5000 bytes"),
    ],
)
def test_tables_that_cannot_be_meant(
    run: Run, tmp_path: Path, text: str, found: str
) -> None:
    file = tmp_path / "b.csv"
    file.write_text(text, newline="")
    err = told(run("validate", str(file), "-u", "skylake", "--scenario", "loop"))
    assert found in err


def test_a_table_may_begin_with_a_byte_order_mark(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.csv"
    file.write_text("\ufeffhex,cycles\n90,1\n")
    status, _, err = run("validate", str(file), "-u", "skylake", "--scenario", "loop")
    assert (status, err) == (0, "")


@pytest.mark.parametrize(
    "options",
    [
        ("--worst", "-1"), ("--limit", "-1"), ("--limit", "9" * 30), ("--worst", "x"),
        ("--limit", "0"), ("--scenario", "loop\n"), ("--column", "\x1b"),
    ],
)  # fmt: skip
def test_counts_of_validate(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "b.csv"
    file.write_text("hex,cycles\n90,1\n")
    told(run("validate", str(file), "-u", "skylake", "--scenario", "loop", *options))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "x", "--", ""])
def test_a_threshold_is_a_number(run: Run, tmp_path: Path, value: str) -> None:
    file = tmp_path / "a.hex"
    file.write_text("90")
    told(run("compare", str(file), str(file), "-u", "skylake", f"--fail-above={value}"))


def test_a_width_of_any_length_is_no_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.hex"
    file.write_text("90")
    monkeypatch.setenv("COLUMNS", "9" * 5000)
    assert run("explain", str(file), "-u", "skylake")[0] == 0


def test_data_without_cores_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uarch").mkdir()
    (tmp_path / "a.hex").write_text("90")
    for data in (str(tmp_path), LONG, f"{tmp_path}/{LONG}", os.devnull):
        monkeypatch.setenv("COSTMODEL_DATA", data)
        for command in (("estimate", str(tmp_path / "a.hex")), ("cores", "--check")):
            told(run(*command))
