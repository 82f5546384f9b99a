"""What language source text is in, where gas could misread it.

gas takes ``push rax`` for memory named "rax" and says nothing, so Intel syntax has to
be known before. Other assemblers' languages, and C, are refused by name, with the way
to an object file.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from costmodel import lazily
from costmodel.errors import InputError

_HEAD = 1 << 16  # characters that show a language
_GENERAL = (
    r"(?:r(?:[abcd]x|[sd]i|[bs]p|[89]|1[0-5])|r(?:[89]|1[0-5])[dwb]"
    r"|e(?:[abcd]x|[sd]i|[bs]p)|[abcd][xlh]|[sd]i|[sd]il|[bs]pl)"
)
_REGISTER = lazily.pattern(rf"(?:{_GENERAL}|cr[0-8])\Z", re.I)
_LONGEST = len("r10d")
_WITH_PERCENT = lazily.pattern(rf"%(?:{_GENERAL}|[c-g]s|cr\d)\b", re.I)
_COMMENT = lazily.pattern(r"/\*.*?(?:\*/|\Z)|//[^\n]*|(?:^|[ \t])#[^\n]*", re.S | re.M)
# An instruction with a register as an operand or inside brackets, without its %.
_BARE = lazily.pattern(
    r"^[ \t]*(?:[\w.$]+:[ \t]*)?(?:(?:lock|rep\w*)[ \t]+)?[a-z]\w*[ \t]+"
    rf"(?:[^\n#;\"']*?(?<![\w.$%@]))?{_GENERAL}(?![\w:@])",
    re.I | re.M,
)
_SYNTAX = lazily.pattern(r"\.(?:intel|att)_syntax\b")
_PLAN9 = lazily.pattern(r"^[ \t]*(?:TEXT|GLOBL|DATA)[ \t]+[^\n]*\(SB\)", re.M)
_NASM = lazily.pattern(
    r"^[ \t]*(?:\[?bits[ \t]+(?:16|32|64)\]?[ \t]*$"
    r"|%(?:macro|define|include|if\w*|endmacro)\b"
    r"|(?:section|segment)[ \t]+\.\w+|(?:global|extern)[ \t]+\w+|default[ \t]+rel\b"
    r"|(?:\w+:?[ \t]+)?(?:d[bwdq]|res[bwdq]|equ)[ \t]+\S)"
    r"|\b(?:byte|word|dword|qword)[ \t]*\[|\[rel[ \t]",
    re.I | re.M,
)
_MASM = lazily.pattern(
    r"^[ \t]*(?:\w+[ \t]+(?:proc|endp)\b|\.code[ \t]*$|\.model\b)", re.I | re.M
)
_C_NAMES = {
    ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".cxx": "C++", ".hpp": "C++",
    ".rs": "Rust", ".go": "Go", ".py": "Python",
}  # fmt: skip
_C_TEXT = lazily.pattern(
    r"^(?:static|extern|inline|void|int|unsigned|long|char|struct|asmlinkage|__visible)\b"
    r"[^;{}()\n]*\([^;{}]*\)\s*\{",
    re.M,
)


def refuse_other_languages(text: str, name: str) -> None:
    """Raises InputError for text that is another language than gas reads."""
    text = text[:_HEAD]
    language = _C_NAMES.get(PurePath(name).suffix)
    if language is None and PurePath(name).suffix not in (".S", ".s", ".sx"):
        language = "C" if _C_TEXT.search(text) else None
    if language is not None:
        raise InputError(
            f"{language} source",
            where=name,
            expected="assembly, an object, disassembly or bytes",
            hint="compile it (gcc -O2 -c; in a kernel tree: make FILE.o) and give the"
            " object with --symbol FUNC",
        )
    if _PLAN9.search(text):
        raise _refused(
            "Go's assembly (Plan 9 syntax)", name,
            "go build, then 'go tool objdump -s FUNC BINARY' or the binary with"
            " --symbol",
        )  # fmt: skip
    if _with_percent(_COMMENT.sub(" ", text)):
        return
    if _MASM.search(text):
        raise _refused(
            "MASM source", name, "assemble it, and give bytes or an ELF object"
        )
    if _NASM.search(text):
        raise _refused(
            "NASM source", name,
            f"nasm -f elf64 -o x.o {_file(name)}, and give x.o; gas has"
            " 'qword ptr [' where NASM has 'qword ['",
        )  # fmt: skip


def _with_percent(bare: str) -> bool:
    """Whether a register stands in text without comments as gas writes it."""
    if "%rsp)" in bare or "%rax," in bare:  # as nearly always: nothing to compile
        return True
    return _WITH_PERCENT.search(bare) is not None


def names_register(symbol: str) -> bool:
    """Whether a symbol is called as a general or a control register is."""
    return len(symbol) <= _LONGEST and _REGISTER.match(symbol) is not None


def _file(name: str) -> str:
    return "FILE" if name.startswith("<") else PurePath(name).name


def _refused(what: str, name: str, hint: str) -> InputError:
    return InputError(
        what, where=name, expected="gas (GNU assembler) source", hint=hint
    )


def is_intel(text: str) -> bool:
    """Whether instructions name registers without ``%``, and none with it."""
    bare = _COMMENT.sub(" ", text[:_HEAD])
    if _with_percent(bare) or _SYNTAX.search(text):
        return False
    return _BARE.search(bare) is not None
