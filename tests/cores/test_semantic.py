"""The semantic table: mnemonics to operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from costmodel.code.registers import BY_NAME
from costmodel.cores.load import instructions
from costmodel.cores.semantic import Semantic, read
from costmodel.errors import CoreError
from tests.tiny import write


def test_a_row_is_an_operation_or_a_mapping(tmp_path: Path) -> None:
    text = (
        "add: alu\nswapgs:\n  operation: swapgs\n  reads: [gs_base]\n  writes: [msr]\n"
    )
    assert dict(read(write(tmp_path, "instructions", text))) == {
        "add": Semantic("alu"),
        "swapgs": Semantic("swapgs", ("gs_base",), ("msr",)),
    }


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("add: [alu]", "1:6", "add is neither"),
        ("add:", "1:5", "add is neither"),
        ("add: 3", "1:6", "add is neither"),
        ("add: Alu!", "1:6", "the operation 'Alu!'"),
        ("ADD: alu", "1:1", "the mnemonic 'ADD'"),
        ("add: {reads: [cf]}", "1:6", "no operation"),
        ("add: {operation: alu, read: [cf]}", "1:23", "unknown key 'read'"),
        ("add: {operation: alu, reads: cf}", "1:30", "not a list"),
        ("add: {operation: alu, reads: [cf, gsbase]}", "1:35", "'gsbase'"),
        ("add: {operation: alu, writes: [3]}", "1:32", "register 3"),
        ("add: alu\nadd: alu", "2:1", "a second time"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    text: str, where: str, found: str, tmp_path: Path
) -> None:
    with pytest.raises(CoreError) as caught:
        read(write(tmp_path, "instructions", text))
    assert caught.value.where.endswith(f"instructions.yaml:{where}")
    assert found in caught.value.found


def test_a_close_register_is_suggested(tmp_path: Path) -> None:
    text = "swapgs: {operation: swapgs, reads: [gsbase]}"
    with pytest.raises(CoreError) as caught:
        read(write(tmp_path, "instructions", text))
    assert "gs_base" in caught.value.hint


def test_the_table_that_comes_with_the_cores_is_sound() -> None:
    table = instructions()
    assert table is instructions()  # read once
    assert table["add"].operation == "alu"
    assert "gs_base" in table["swapgs"].reads
    for row in table.values():
        assert set(row.reads + row.writes) <= set(BY_NAME)


def test_a_missing_table_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uarch").mkdir()
    monkeypatch.setenv("COSTMODEL_DATA", str(tmp_path))
    with pytest.raises(CoreError, match="no such file"):
        instructions()
