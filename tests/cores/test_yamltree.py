"""YAML is read without surprises, or refused with the place of the surprise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cores import yamlevents, yamltree
from costmodel.errors import CoreError
from tests.tiny import TINY


def parse(text: str) -> yamltree.Map:
    return yamltree.parse(text, "f.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("1.5", 1.5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("plain words", "plain words"),
        ('"010"', "010"),
        ("'no'", "no"),
        ("r64,m64", "r64,m64"),
        ("9 lives", "9 lives"),
        ("[1, a]", [1, "a"]),
    ],
)
def test_plain_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert parse(f"key: {text}")["key"] == value


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "No", "on", "OFF", "y", "N", "True", "FALSE", "Null", "NULL"),
        *("010", "00", "1e3", "1.5e3", ".5", "5.", "1_000", "0x10", "0o17", "0b1"),
        *("+1", "1:30", "1,000", ".nan", ".NaN", "nan", "inf", "-.inf", "Infinity"),
        "123456789012345678901234567890",
    ],
)
def test_a_scalar_readers_disagree_on_is_refused(text: str) -> None:
    with pytest.raises(CoreError) as caught:
        parse(f"a: 1\nkey:   {text}")
    assert caught.value.where == "f.yaml:2:8"
    assert text in caught.value.found
    assert f'"{text}"' in caught.value.hint


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1", "'a' a second time"),
        ("a:\n  b: 1\n  b: 2\n", "f.yaml:3:3", "'b' a second time"),
        ("{a: 1, a: 2}", "f.yaml:1:8", "'a' a second time"),
        ("a: &x 1\nb: *x\n", "f.yaml:1:4", "anchor &x"),
        ("a: &x [1]\n", "f.yaml:1:4", "anchor &x"),
        ("a: !!int 3\n", "f.yaml:1:4", "tag"),
        ("a: !!python/object:os.system x\n", "f.yaml:1:4", "tag"),
        ("? [a]\n: 1\n", "f.yaml:1:3", "not text"),
        ("- 1\n", "f.yaml:1:1", "list"),
        ("12\n", "f.yaml:1:1", "single value"),
        ("", "f.yaml:1:1", "empty"),
        ("# only a comment\n", "f.yaml:1:1", "empty"),
        ("a: [1\n", "f.yaml:2:1", ""),
        ("a: 1\n\tb: 2\n", "f.yaml:2:1", ""),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1", ""),
        ("a: \x01\n", "f.yaml:1:4", ""),
    ],
)
def test_what_is_refused_says_where(text: str, where: str, found: str) -> None:
    with pytest.raises(CoreError) as caught:
        parse(text)
    assert caught.value.where == where
    assert found in caught.value.found


def test_an_unquoted_star_is_told_to_be_quoted() -> None:
    with pytest.raises(CoreError) as caught:
        parse("costs:\n  nop: {*: alu}\n")
    assert '"*"' in caught.value.hint


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    with pytest.raises(CoreError, match="anchor"):
        parse("a0: &a0 [x]\n" + "\n".join(levels))


@pytest.mark.parametrize("deep", ["[" * 100_000, "{a: " * 100_000])
def test_deep_nesting_is_an_error_and_not_a_crash(deep: str) -> None:
    with pytest.raises(CoreError):
        parse("a: " + deep)


def test_marks_point_at_keys_and_values() -> None:
    tree = parse("a:\n  b: [1, x]\n")
    assert yamltree.place(tree["a"].keys_at["b"]) == "f.yaml:2:3"
    assert yamltree.place(tree["a"].values_at["b"]) == "f.yaml:2:6"
    assert yamltree.place(tree["a"]["b"].items_at[1]) == "f.yaml:2:10"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (yamltree.MAX_BYTES + 1))
    with pytest.raises(CoreError, match="2000001 bytes"):
        yamltree.load(path, "big.yaml")


def test_a_device_is_not_read() -> None:
    with pytest.raises(CoreError, match="not a regular file"):
        yamltree.load(Path("/dev/zero"), "/dev/zero")


def test_a_directory_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="not a regular file"):
        yamltree.load(tmp_path, "d")
    with pytest.raises(CoreError, match="no such file"):
        yamltree.load(tmp_path / "x.yaml", "x.yaml")
    with pytest.raises(CoreError):
        yamltree.load(Path("a\0b"), "nul")


def test_bytes_that_are_not_utf8_are_placed(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(CoreError) as caught:
        yamltree.load(path, "latin.yaml")
    assert caught.value.where == "latin.yaml:2:7"


@given(st.text(max_size=60))
def test_any_text_gives_a_mapping_or_a_core_error(text: str) -> None:
    try:
        assert isinstance(parse(text), yamltree.Map)
    except CoreError as problem:
        assert str(problem).startswith("f.yaml")


@pytest.mark.parametrize("text", [TINY, "a: [1\n", "a: *x\n", "a: &x 1\n", "a: 010\n"])
def test_without_libyaml_the_answer_is_the_same(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer() -> object:
        try:
            return yamlevents.parse(text, "f.yaml")
        except CoreError as problem:
            return problem.where.split(":")[:2]

    fast = answer()
    monkeypatch.setattr("yaml.__with_libyaml__", False)
    monkeypatch.setattr(yamlevents, "PARSER", yamlevents.parsers())
    assert answer() == fast


def test_one_document_and_one_mapping_are_expected() -> None:
    for text, found in (
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("- a\n", "a list"),
        ("word\n", "a single value"),
        ("# nothing\n", "the file is empty"),
    ):
        with pytest.raises(CoreError, match=found):
            parse(text)
