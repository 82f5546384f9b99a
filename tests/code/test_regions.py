"""Region comments stand where they are written, in every comment style."""

from __future__ import annotations

import pytest

from costmodel.code.image import Region
from costmodel.code.load import load_image
from costmodel.code.regions import plant
from costmodel.errors import InputError


def regions(text: str) -> tuple[Region, ...]:
    return load_image("-", stdin=text.encode()).regions


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("# COSTMODEL-BEGIN a", "# COSTMODEL-END"),
        ("# COSTMODEL-BEGIN a", "# COSTMODEL-END a"),
        ("## LLVM-MCA-BEGIN a", "# LLVM-MCA-END"),
        ("// COSTMODEL-BEGIN a", "//COSTMODEL-END a"),
        ("/* COSTMODEL-BEGIN a */", "/* COSTMODEL-END */"),
        ("/* why:\n * COSTMODEL-BEGIN a\n */", "/*COSTMODEL-END*/"),
    ],
)
def test_every_comment_style_marks_a_region(begin: str, end: str) -> None:
    assert regions(f"f: nop\n{begin}\nnop\nnop\n{end}\nret\n") == (Region("a", 1, 3),)


def test_a_marker_behind_an_instruction_stands_behind_it() -> None:
    text = "nop # COSTMODEL-BEGIN a\nnop\nnop # COSTMODEL-END\nnop\n"
    assert regions(text) == (Region("a", 1, 3),)


def test_markers_in_a_macro_mark_each_place_once_expanded() -> None:
    text = ".macro m\n# COSTMODEL-BEGIN a\nnop\n# COSTMODEL-END\n.endm\nnop\nm\nret\n"
    assert regions(text) == (Region("a", 1, 2),)


def test_markers_left_out_by_cpp_do_not_count() -> None:
    text = "#if 0\n# COSTMODEL-BEGIN no\n#endif\n# COSTMODEL-BEGIN a\nret\n"
    assert regions(text) == (Region("a", 0, None),)


def test_regions_may_touch_and_nest() -> None:
    text = (
        "# COSTMODEL-BEGIN all\nnop\n# COSTMODEL-BEGIN a\nnop\n# COSTMODEL-END\n"
        "# COSTMODEL-BEGIN b\nnop\n# COSTMODEL-END\n# COSTMODEL-END all\nret\n"
    )
    assert regions(text) == (Region("all", 0, 3), Region("a", 1, 2), Region("b", 2, 3))


def test_a_marker_moves_no_line() -> None:
    text = "nop\n/* COSTMODEL-BEGIN a\n\n*/\nnop\n# COSTMODEL-END\nret\n"
    image = load_image("-", stdin=text.encode())
    assert [image.line_at(at) for at in (0, 1, 2)] == [
        ("<stdin>", 1),
        ("<stdin>", 5),
        ("<stdin>", 7),
    ]


def test_text_in_strings_is_no_marker() -> None:
    text = '.ascii "// COSTMODEL-BEGIN a"\n'
    assert plant(text) == (text, ())


def test_an_end_without_begin_is_refused_at_its_line() -> None:
    with pytest.raises(InputError) as caught:
        regions("nop\n# COSTMODEL-END a\n")
    assert caught.value.where == "<stdin>:2" and "'a'" in caught.value.found


def test_a_name_used_twice_is_refused() -> None:
    with pytest.raises(InputError, match="second region named 'a'"):
        regions("# COSTMODEL-BEGIN a\nnop\n# COSTMODEL-END\n# COSTMODEL-BEGIN a\nret\n")
