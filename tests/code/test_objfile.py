"""Objects and linked kernels: names, lines, relocations, and broken files."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.code.assemble import Source, assemble
from costmodel.code.elf import SHF_COMPRESSED, Elf, Header
from costmodel.code.insn import Relocation
from costmodel.code.load import load_image, load_path
from costmodel.code.objfile import read_image
from costmodel.errors import CostmodelError, InputError

OBJECT = """\
.globl f
.type f,@function
f: mov %rsp,%gs:old_rsp
 call ext
 jmp other
 mov table(,%rax,8),%rcx
.size f,.-f
.section .fixup,"ax"
 nop
other: sysretq
.data
table: .quad 0
"""


@pytest.fixture(scope="module")
def built() -> bytes:
    return assemble(Source(OBJECT, "f.S"))


def test_open_fields_keep_symbol_and_addend(built: bytes) -> None:
    image = read_image(built, "f.o")
    assert image.relocations == {
        5: Relocation(0, "old_rsp", 0),
        10: Relocation(0, "ext", -4),
        23: Relocation(0, "table", 0),
    }


def test_branches_between_sections_are_resolved(built: bytes) -> None:
    image = read_image(built, "f.o")
    jump = image.sections[0].data[14:19]
    assert 19 + int.from_bytes(jump[1:], "little", signed=True) == 4097
    assert image.name_at(4097) == "other"


def test_a_function_is_no_label_and_a_local_name_is(built: bytes) -> None:
    image = read_image(built, "f.o")
    assert [(s.name, s.size, s.label) for s in image.symbols] == [
        ("f", 27, False),
        ("other", 0, True),
    ]


def test_each_section_has_its_lines(built: bytes) -> None:
    image = read_image(built, "f.o")
    assert image.line_at(0) == ("f.S", 3)
    assert image.line_at(26) == ("f.S", 6)
    assert image.line_at(27) is None
    assert image.line_at(4097) == ("f.S", 10)


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_every_dwarf_version_is_read(tmp_path: FilePath, version: int) -> None:
    source, target = tmp_path / "f.s", tmp_path / "f.o"
    source.write_text(".macro m\n nop\n nop\n.endm\nf: m\n\n.skip 70000\nret\n")
    flag = f"--gdwarf-{version}"
    if subprocess.run(["as", flag, source, "-o", target], check=False).returncode:
        pytest.skip(f"as has no {flag}")
    image = load_image(target)
    lines = [image.line_at(at) for at in (0, 1, 70002)]
    assert [line.line if line else 0 for line in lines] == [5, 5, 8]
    assert all(line and line.file.endswith("f.s") for line in lines)


def test_an_object_without_line_table_is_still_code(tmp_path: FilePath) -> None:
    source, target = tmp_path / "f.s", tmp_path / "f.o"
    source.write_text("f: ret\n")
    subprocess.run(["as", source, "-o", target], check=True)
    path = load_path(target)
    assert len(path.steps) == 1 and path.steps[0].insn.source is None


def test_compressed_debug_sections_are_read(tmp_path: FilePath) -> None:
    source, target = tmp_path / "f.s", tmp_path / "f.o"
    source.write_text("nop\n" * 3000)
    flags = ["--gdwarf-4", "--compress-debug-sections=zlib"]
    subprocess.run(["as", *flags, source, "-o", target], check=True)
    line = load_image(target).line_at(2999)
    assert line is not None and line.line == 3000


def test_a_truncated_object_is_refused_at_every_length(built: bytes) -> None:
    for length in (5, 19, 40, 63, 64, 200, len(built) // 2, len(built) - 1):
        with pytest.raises(InputError) as caught:
            read_image(built[:length], "f.o")
        assert "truncated" in caught.value.found, length
        assert caught.value.where == "f.o" and caught.value.hint


@pytest.mark.parametrize(
    ("offset", "patch", "word"),
    [
        (4, b"\x01", "32-bit"),
        (5, b"\x02", "big-endian"),
        (18, b"\xb7\x00", "AArch64"),
        (18, b"\x03\x00", "i386"),
        (18, b"\xf3\x00", "RISC-V"),
        (16, b"\x04\x00", "core dump"),
    ],
)
def test_a_foreign_object_is_named(
    built: bytes, offset: int, patch: bytes, word: str
) -> None:
    broken = bytearray(built)
    broken[offset : offset + len(patch)] = patch
    with pytest.raises(InputError) as caught:
        read_image(bytes(broken), "f.o")
    assert word in caught.value.found
    assert "x86-64" in caught.value.expected


def test_a_real_32_bit_object_is_refused(tmp_path: FilePath) -> None:
    source, target = tmp_path / "f.s", tmp_path / "f.o"
    source.write_text("pusha\n")
    subprocess.run(["as", "--32", source, "-o", target], check=True)
    with pytest.raises(InputError, match="32-bit ELF file for 32-bit x86"):
        load_image(target)


def test_an_object_without_code_is_refused() -> None:
    data = assemble(Source(".data\n.quad 1\n", "f.S"))
    with pytest.raises(InputError, match="no executable code"):
        read_image(data, "f.o")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_gives_a_path_or_one_clear_error(data: st.DataObject) -> None:
    broken = bytearray(_whole())
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
            st.integers(0, 255)
        )
    try:
        load_path("-", stdin=bytes(broken))
    except CostmodelError as error:
        assert error.found


_CACHE: list[bytes] = []


def _whole() -> bytes:
    if not _CACHE:
        _CACHE.append(assemble(Source(OBJECT, "f.S")))
    return _CACHE[0]


def test_a_linked_kernel_keeps_lines_of_the_part_in_question(
    link: Callable[..., FilePath],
) -> None:
    path = load_path(link(OBJECT.replace("ext", "g") + ".text\n.globl g,old_rsp\n"
                          "g: ret\nold_rsp=16\n"), symbol="f")  # fmt: skip
    assert [step.insn.source and step.insn.source.line for step in path.steps] == [
        3, 4, 5, 10,
    ]  # fmt: skip
    assert path.steps[1].handler
    assert path.steps[0].insn.address >= 0xFFFFFFFF81000000


def test_a_linked_file_asks_for_a_symbol(link: Callable[..., FilePath]) -> None:
    with pytest.raises(CostmodelError, match="no symbol") as caught:
        load_path(link("f: ret\ng: ret\n"))
    assert "--symbol" in caught.value.hint


def test_a_kernel_with_200000_symbols_answers_within_a_second(
    tmp_path: FilePath, elf_maker: Callable[..., bytes]
) -> None:
    """Processor time of a whole process; the file is as large as a real one."""
    base = 0xFFFFFFFF81000000
    text = b"\x0f\x01\xf8\x50\x48\x0f\x07".ljust(16, b"\xcc") * 200_000
    names = [(f"function_number_{i}", base + 16 * i, 7) for i in range(200_000)]
    names[150_000] = ("entry_SYSCALL_64", names[150_000][1], 7)
    data = elf_maker(text, names)
    big = tmp_path / "vmlinux"
    with big.open("wb") as stream:
        stream.write(data)
        stream.truncate(280 << 20)
    script = (
        "import time, sys\nbegin = time.process_time()\n"
        "from costmodel.code.load import load_path\n"
        "path = load_path(sys.argv[1], symbol='entry_SYSCALL_64')\n"
        "assert [s.insn.form.mnemonic for s in path.steps]"
        " == ['swapgs', 'push', 'sysretq'], path\n"
        "assert 'numpy' not in sys.modules\n"
        "print(time.process_time() - begin)\n"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, big],
        capture_output=True,
        text=True,
        check=False,
        cwd=FilePath(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.0, (done.stdout, time.perf_counter() - begin)


def test_an_unknown_symbol_among_many_has_close_names(
    tmp_path: FilePath, elf_maker: Callable[..., bytes]
) -> None:
    names = [(f"function_number_{i}", 0x1000 + i, 1) for i in range(8000)]
    names.append(("entry_SYSCALL_64", 0x1000, 7))
    target = tmp_path / "vmlinux"
    target.write_bytes(elf_maker(b"\xc3" * 8000, names, base=0x1000))
    with pytest.raises(InputError) as caught:
        load_path(target, symbol="entry_SYSCAL_64")
    assert "entry_SYSCALL_64" in caught.value.hint


def test_a_section_that_unpacks_without_an_end_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("costmodel.code.elf.MAX_UNPACKED", 1000)
    for size, fits in ((1000, True), (1001, False)):
        raw = struct.pack("<IIQQ", 1, 0, size, 1) + zlib.compress(bytes(size))
        header = Header(".debug_line", 1, SHF_COMPRESSED, 0, 0, len(raw), 0, 0, 1)
        made = Elf(raw, "x.o", 1, (header,))
        if fits:
            assert len(made.contents(header)) == size
            continue
        with pytest.raises(InputError, match="unpacks without an end"):
            made.contents(header)
