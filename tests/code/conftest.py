"""What the tests of the input side share: files written, objects linked and made."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath

import pytest

from costmodel.code.assemble import Source, assemble
from costmodel.code.insn import Path
from costmodel.code.load import load_path

Follow = Callable[..., Path]


@pytest.fixture
def follow_text() -> Follow:
    """Assembly text in, Path out; keyword arguments go to load_path."""

    def run(text: str, **options: object) -> Path:
        return load_path("-", stdin=text.encode(), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def link(tmp_path: FilePath) -> Callable[..., FilePath]:
    """Assemble the text and link it at kernel addresses, as a vmlinux is."""
    if shutil.which("ld") is None:
        pytest.skip("no linker")

    def run(text: str, name: str = "vmlinux") -> FilePath:
        part, whole = tmp_path / f"{name}.o", tmp_path / name
        part.write_bytes(assemble(Source(text, "entry.S")))
        subprocess.run(
            ["ld", "-Ttext=0xffffffff81000000", "-e", "0", "-o", whole, part],
            check=True,
            capture_output=True,
        )
        return whole

    return run


def make_elf(
    text: bytes,
    symbols: Sequence[tuple[str, int, int]],
    *,
    base: int = 0xFFFFFFFF81000000,
    machine: int = 62,
    padding: int = 0,
) -> bytes:
    """A linked ELF64 file by hand: one .text, global functions, ``padding`` bytes."""
    strings = bytearray(b"\0")
    table = bytearray(24)
    for name, value, size in symbols:
        table += struct.pack("<IBBHQQ", len(strings), 0x12, 0, 1, value, size)
        strings += name.encode() + b"\0"
    names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    at = 64 + padding
    rows, body = [struct.pack("<IIQQQQIIQQ", *[0] * 10)], bytearray()
    for name, kind, flags, address, data, link, info, size in (
        (b".text", 1, 6, base, text, 0, 0, 0),
        (b".symtab", 2, 0, 0, bytes(table), 3, 1, 24),
        (b".strtab", 3, 0, 0, bytes(strings), 0, 0, 0),
        (b".shstrtab", 3, 0, 0, names, 0, 0, 0),
    ):
        offset = names.index(b"\0" + name + b"\0") + 1
        place = (offset, kind, flags, address, at, len(data), link, info, 16, size)
        rows.append(struct.pack("<IIQQQQIIQQ", *place))
        body += data
        at += len(data)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, base, 0, at, 0, 64, 0, 0, 64, len(rows), 4
    )
    return head + bytes(padding) + bytes(body) + b"".join(rows)


@pytest.fixture
def elf_maker() -> Callable[..., bytes]:
    return make_elf
