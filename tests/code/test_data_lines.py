"""Bytes written as data among code are told by their own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.code.load import load_path
from costmodel.errors import InputError


def lines_of(source: str, folder: Path) -> list[int]:
    file = folder / "a.S"
    file.write_text(source)
    path = load_path(str(file))
    return [step.insn.source.line for step in path.steps if step.insn.source]


def test_bytes_that_are_no_instruction_are_told_by_their_own_line(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError) as raised:
        lines_of("f:\n\tnop\n\t.byte 0x06\n\tsysretq\n", tmp_path)
    assert raised.value.where.endswith("a.S:3")


def test_an_instruction_written_as_bytes_has_their_line(tmp_path: Path) -> None:
    source = "f:\n\tnop\n\t.byte 0x0f, 0x01, 0xca # clac\n1: .byte 0x90\n\tret\n"
    assert lines_of(source, tmp_path) == [2, 3, 4, 5]


def test_words_and_several_on_a_line_count_their_bytes(tmp_path: Path) -> None:
    source = "f: nop\n.word 0x9066; .byte 0x90\n.long 0x90909090\nret\n"
    assert lines_of(source, tmp_path) == [1, 2, 2, 3, 3, 3, 3, 4]


def test_data_in_a_macro_leaves_the_lines_alone(tmp_path: Path) -> None:
    source = ".macro clac\n.byte 0x0f, 0x01, 0xca\n.endm\nf: nop\nclac\nret\n"
    lines = lines_of(source, tmp_path)
    assert lines[0] == 4
    assert lines[-1] == 6
    assert set(lines) <= {4, 5, 6}


def test_data_of_another_section_is_no_code(tmp_path: Path) -> None:
    source = "f: nop\n.pushsection .data\n.long 5\n.popsection\nnop\nret\n"
    assert lines_of(source, tmp_path) == [1, 5, 6]
