"""What an input is, is seen from its content; its name decides only what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.code.kinds import Kind, hex_digits, recognise
from costmodel.errors import InputError


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("f:\tpush %rax\n\tret\n", Kind.ASSEMBLY),
        ("# a comment that isn't closed\nret\n", Kind.ASSEMBLY),
        ("#define N 3\n push $N\n", Kind.CPP_ASSEMBLY),
        ("push %rax // saved\n", Kind.CPP_ASSEMBLY),
        ("48 89 e5 c3", Kind.HEX),
        ("4889e5c3", Kind.HEX),
        ("0x48, 0x89, 0xe5", Kind.HEX),
        (r"\x48\x89\xe5", Kind.HEX),
        (r'"\x48\x89\xe5"', Kind.HEX),
        ("48 89 e5 # mov\nc3 // ret\n", Kind.HEX),
        ("Code: 48 89 <e5> c3\n", Kind.OOPS),
        ("[   12.3] RIP: 0010:f+0x2/0x9\n[   12.3] Code: 48 89 <e5> c3", Kind.OOPS),
        ("   0:\t48 89 e5             \tmov    %rsp,%rbp\n", Kind.OBJDUMP),
        ("t.o:     file format elf64-x86-64\n", Kind.OBJDUMP),
        ("dec %eax\n", Kind.ASSEMBLY),
        ("ret", Kind.ASSEMBLY),
    ],
)
def test_text_is_told_apart_by_content(text: str, kind: Kind) -> None:
    assert recognise(text.encode(), "<stdin>") is kind


def test_suffix_decides_whether_cpp_runs() -> None:
    assert recognise(b"ret # if not\n", "a.S") is Kind.CPP_ASSEMBLY
    assert recognise(b"ret // x\n", "a.s") is Kind.ASSEMBLY
    assert recognise(b"ret // x\n", "v3.16:entry/a.S") is Kind.CPP_ASSEMBLY


def test_elf_is_told_by_its_magic_whatever_its_name() -> None:
    assert recognise(b"\x7fELF\x02\x01", "a.S") is Kind.ELF


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"!<arch>\n", "archive"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"MZ\x90\0", "bzImage"),
        (b"\0\1\2\3", "binary"),
        (bytes(range(128, 256)) * 8, "binary"),
        (b"12:34 -- 56!\n", "without any code"),
        (b"RIP: 0010:f+0x2/0x9\nCode: Bad RIP value.\n", "no bytes"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, word: str) -> None:
    with pytest.raises(InputError) as caught:
        recognise(data, "thing")
    assert word in caught.value.found
    assert caught.value.where == "thing"
    assert caught.value.expected


@given(st.binary(min_size=1, max_size=20), st.sampled_from([" ", "", ",", "\n"]))
def test_hex_of_any_bytes_reads_back(data: bytes, separator: str) -> None:
    spelled = separator.join(f"{byte:02x}" for byte in data)
    assert bytes.fromhex(hex_digits(spelled) or "") == data
    prefixed = " ".join(f"0x{byte:x}" for byte in data)
    if len(data) > 1:
        assert bytes.fromhex(hex_digits(prefixed) or "") == data


@given(st.binary(max_size=300))
def test_any_bytes_give_a_kind_or_an_input_error(data: bytes) -> None:
    try:
        assert recognise(data, "x") in Kind
    except InputError as error:
        assert error.found and error.expected
