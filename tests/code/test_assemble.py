"""Assembling: names, lines and local labels survive; what goes wrong is explained."""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from types import SimpleNamespace

import pytest

from costmodel.code import assemble as module
from costmodel.code.assemble import Assembler, Source, assemble, assemblers
from costmodel.code.objfile import read_image
from costmodel.errors import InputError

MACROS = """\
.macro save reg
  push \\reg
.endm
.macro both
  save %rax
  save %rbx
.endm
f:
  nop
  both
  ret
"""


def on_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=name))


def refused(text: str, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        assemble(Source(text, "dir/f.S", **options))  # type: ignore[arg-type]
    return caught.value


def test_macro_bodies_belong_to_the_line_that_invoked_them() -> None:
    image = read_image(assemble(Source(MACROS, "dir/f.S")), "dir/f.S")
    lines = [image.line_at(address) for address in range(4)]
    assert lines == [("dir/f.S", 9), ("dir/f.S", 10), ("dir/f.S", 10), ("dir/f.S", 11)]


def test_lines_of_an_included_file_keep_its_name(tmp_path: FilePath) -> None:
    (tmp_path / "frame.h").write_text("\n nop\n")
    source = Source('#include "frame.h"\nret\n', "f.S", directory=str(tmp_path))
    image = read_image(assemble(source), "f.S")
    first, second = image.line_at(0), image.line_at(1)
    assert first is not None and second is not None
    assert first == (str(tmp_path / "frame.h"), 2)
    assert second == ("f.S", 2)


@pytest.mark.parametrize("cpp", [True, False])
def test_an_included_file_is_looked_for_beside_the_source_first(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, cpp: bool
) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/a.inc").write_text("nop\n")
    (tmp_path / "a.inc").write_text("ud2\n")
    (tmp_path / "b.inc").write_text("ret\n")
    monkeypatch.chdir(tmp_path)
    text = '.include "a.inc"\n.include "b.inc"\n'
    if cpp:
        text = text.replace(".include", "#include")
    data = assemble(Source(text, "f.S", cpp=cpp, directory="beside"))
    assert read_image(data, "").sections[0].data == b"\x90\xc3"


def test_local_labels_survive() -> None:
    image = read_image(assemble(Source("f: jmp .Lx\nnop\n.Lx: ret\n", "f.S")), "f.S")
    assert [(s.name, s.address, s.label) for s in image.symbols] == [
        ("f", 0, True),
        (".Lx", 3, True),
    ]


def test_intel_syntax_by_directive_and_by_option() -> None:
    att = assemble(Source("mov %rsp,%rbp\n", "f.S"))
    directive = Source(".intel_syntax noprefix\nmov rbp,rsp\n", "f.S")
    option = Source("mov rbp,rsp\n", "f.S", intel=True)
    want = read_image(att, "").sections
    assert read_image(assemble(directive), "").sections == want
    assert read_image(assemble(option), "").sections == want


def test_defines_reach_cpp() -> None:
    source = Source("#ifdef WIDE\nnop\n#endif\nret\n", "f.S", defines=("WIDE",))
    assert read_image(assemble(source), "").sections[0].data == b"\x90\xc3"


def test_plain_assembly_is_not_preprocessed() -> None:
    source = Source("nop\n# else nothing\nret\n", "f.s", cpp=False)
    assert read_image(assemble(source), "").sections[0].data == b"\x90\xc3"


def test_a_syntax_error_names_file_line_and_the_count_of_others() -> None:
    error = refused("nop\nmov %zz,%rax\nmov %yy,%rax\n")
    assert error.where == "dir/f.S:2"
    assert "%zz" in error.found and "1 more error" in error.found


def test_a_syntax_error_in_a_macro_is_where_the_macro_is_invoked() -> None:
    error = refused(MACROS.replace("push \\reg", "bogus \\reg"))
    assert error.where == "dir/f.S:10"
    assert "bogus" in error.found
    assert "dir/f.S:2" in error.found
    assert error.hint


def test_a_missing_header_is_named() -> None:
    error = refused('#include "nope.h"\nret\n')
    assert error.where == "dir/f.S:1"
    assert "nope.h" in error.found and "-I" in error.hint


def test_an_endless_rept_is_refused() -> None:
    error = refused("f: nop\n.rept 2000000000\nnop\n.endr\n")
    assert error.where == "dir/f.S:2"
    assert "gave up" in error.found
    assert ".rept" in error.hint


def test_a_macro_without_end_is_refused() -> None:
    error = refused(".macro m\nnop\nm\n.endm\nm\n")
    assert "dir/f.S" in error.where and "macro" in error.found
    assert error.hint


def test_an_enormous_object_is_refused() -> None:
    assert "grew" in refused("nop\n.org 0x7fffffff\n").found


def test_an_assembler_that_does_not_end_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath
) -> None:
    monkeypatch.setattr(module, "WALL_SECONDS", 0.3)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 60 & sleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(InputError) as caught:
        assemble(Source("nop\n", "f.S"), [Assembler("slow", (str(slow),))])
    assert "no end after 0.3 s" in caught.value.found


def test_a_loop_of_the_assembler_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CPU_SECONDS", 1)
    error = refused(".rept 60000\n.rept 60000\nnop\n.endr\n.endr\n")
    assert "gave up" in error.found


def test_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assemble(Source("ret\n", "f.S"))
    refused("bogus\n")
    assert list(tmp_path.iterdir()) == []


def test_no_assembler_says_which_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.scratch, "which", lambda name: None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert assemblers() == []
    error = refused("ret\n")
    assert error.found == "no assembler found"
    assert "gcc" in error.expected and "ziglang" in error.hint


def test_gcc_comes_before_clang_before_zig(monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, "x86_64")
    monkeypatch.setattr(module.scratch, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    assert [tool.name for tool in assemblers()] == ["gcc", "clang", "zig"]


def test_another_architecture_uses_no_native_gcc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_machine(monkeypatch, "aarch64")
    monkeypatch.setattr(module.scratch, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert [t.name for t in assemblers()] == ["x86_64-linux-gnu-gcc", "clang"]


def test_an_instruction_too_new_goes_to_the_next_assembler(tmp_path: FilePath) -> None:
    old = tmp_path / "old"
    message = "f.S:1: Error: no such instruction: eretu"
    old.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 1\n")
    old.chmod(0o755)
    usable = assemblers()
    tools = [Assembler("old", (str(old),)), *usable]
    assert assemble(Source("ret\n", "f.S"), tools)[:4] == b"\x7fELF"
    with pytest.raises(InputError, match="no such instruction"):
        assemble(Source("ret\n", "f.S"), tools[:1])


def test_messages_do_not_depend_on_the_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "LC_ALL", "de_DE.UTF-8")
    assert refused("bogus\n").where == "dir/f.S:1"


@pytest.mark.parametrize("name", ["gcc", "clang", "zig"])
def test_every_assembler_gives_the_same_code_and_lines(name: str) -> None:
    tools = [tool for tool in assemblers() if tool.name == name]
    if not tools:
        pytest.skip(f"no {name} here")
    image = read_image(assemble(Source(MACROS, "dir/f.S"), tools), "dir/f.S")
    assert image.sections[0].data == b"\x90\x50\x53\xc3"
    lines = [image.line_at(address) for address in range(4)]
    assert [line.line if line else 0 for line in lines] == [9, 10, 10, 11]
    with pytest.raises(InputError) as caught:
        text = MACROS.replace("push \\reg", "bogus \\reg")
        assemble(Source(text, "dir/f.S"), tools)
    assert caught.value.where == "dir/f.S:10"
