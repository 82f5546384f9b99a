"""Recognise what an input is from its first bytes, its text and, last, its name."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePath

from costmodel.errors import InputError

MAX_TEXT = 64 << 20  # bytes; larger text is not something anybody wrote
MAX_HEX = 4 << 20  # characters: more instructions than a path may have


class Kind(Enum):
    CPP_ASSEMBLY = ".S"  # goes through the C preprocessor
    ASSEMBLY = ".s"
    ELF = "ELF"
    OBJDUMP = "objdump -d"
    EXECUTED = "perf script"
    LISTING = "another tool's listing"
    HEX = "hex"
    OOPS = "oops"


READABLE = (
    "assembly (.S, .s), an x86-64 object or vmlinux, disassembly with bytes, hex bytes,"
    " or an oops with its Code: line"
)
# Things people point at by mistake, by their first bytes, with the way out.
_FOREIGN = (
    (b"!<arch>", "an archive (.a)", "extract the member with 'ar x'"),
    (b"\x1f\x8b", "gzip-compressed data", "decompress it first"),
    (b"\xfd7zXZ", "xz-compressed data", "decompress it first"),
    (b"BZh", "bzip2-compressed data", "decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data", "decompress it first"),
    (b"MZ", "a PE or bzImage file", "extract the vmlinux (scripts/extract-vmlinux)"),
    (b"BC\xc0\xde", "LLVM bitcode", "compile it to an object first"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O file", "give an ELF object"),
)
# Patterns stay text: re compiles and keeps those that are used.
_BYTE = r"(?:<[0-9a-f]{2}>|\([0-9a-f]{2}\)|[0-9a-f]{2})(?=\s|$)"
_CODE_LINE = rf"(?i)\bCode:[ \t]*({_BYTE}(?:\s+{_BYTE})+)"
_LISTING = (
    r"(?im)^[ \t]*[0-9a-f]+:[ \t]+(?:[0-9a-f]{2}[ \t])*[0-9a-f]{2}[ \t]*$"
    r"|^[ \t]*[0-9a-f]+:\t(?:[0-9a-f]{2} )+"
    r"|^[^\n]+:[ \t]+file format \S+[ \t]*$"
)
# What every listing has that is not objdump's: an address of 8 digits, or with 0x.
_ADDRESS = r"(?im)^[^\n]{0,80}?(?:\b0x[0-9a-f]+|\b[0-9a-f]{8,}|[0-9a-f]+:)"
_TO_SPACES = str.maketrans(dict.fromkeys(",;:\"'{}[]()", " "))
_CPP_DIRECTIVE = (
    r"(?m)^[ \t]*#[ \t]*(?:include|define|undef|if|ifdef|ifndef|elif|else|endif)\b"
    r"|//|/\*"
)


def code_line(text: str) -> re.Match[str] | None:
    """The bytes of a ``Code:`` line, as a match whose group 1 holds them."""
    return re.search(_CODE_LINE, text)


def strip_hex_comments(text: str) -> str:
    return re.sub(r"(?:#|//|;)[^\n]*|/\*.*?(?:\*/|\Z)", " ", text, flags=re.S)


def hex_digits(text: str) -> str | None:
    """The hex digits of raw hex text, or None where the text is something else."""
    bare = strip_hex_comments(text).translate(_TO_SPACES).replace("\\x", " ")
    tokens = [token.removeprefix("0x").removeprefix("0X") for token in bare.split()]
    if not tokens or not all(map(_all_hex, tokens)):
        return None
    if len(tokens) > 1 and any(len(token) == 1 for token in tokens):
        tokens = [token.zfill(2) for token in tokens]
    if any(len(token) % 2 for token in tokens):
        return None
    return "".join(tokens)


def _all_hex(token: str) -> bool:
    return bool(token) and not token.strip("0123456789abcdefABCDEF")


def _first_words(text: str, size: int = 4096) -> str:
    head = text[:size]
    whole, space, _ = head.rpartition(" ")
    return whole if space else head


def recognise(data: bytes, name: str) -> Kind:
    """What ``data`` (all of it, or the head of an ELF file) is. Raises InputError."""
    if data.startswith(b"\x7fELF"):
        return Kind.ELF
    if not data.strip():
        raise InputError("empty input", where=name, expected=READABLE)
    for magic, what, hint in _FOREIGN:
        if data.startswith(magic):
            raise InputError(what, where=name, expected=READABLE, hint=hint)
    if b"\0" in data[:65536]:
        raise InputError("binary data that is no ELF", where=name, expected=READABLE)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("latin-1")
        odd = sum(byte < 9 or 13 < byte < 32 or byte > 126 for byte in data[:4096])
        if odd * 10 > min(len(data), 4096):
            raise InputError(
                f"binary data: byte {data[error.start]:#04x} at offset {error.start}",
                where=name,
                expected=READABLE,
            ) from None
    return _recognise_text(text, name)


def _of_another_tool(text: str) -> bool:
    if not re.search(_ADDRESS, text):
        return False
    from costmodel.code.listings import tool_of

    return tool_of(text) is not None


def _recognise_text(text: str, name: str) -> Kind:
    suffix = PurePath(name).suffix
    if suffix in (".S", ".sx"):
        return Kind.CPP_ASSEMBLY
    if suffix == ".s":
        return Kind.ASSEMBLY
    if len(text) > MAX_HEX and hex_digits(_first_words(text)) is not None:
        raise InputError(
            f"more than {MAX_HEX >> 20} MiB of hex",
            where=name,
            expected="the bytes of one path",
            hint="give the object file itself, or the one function",
        )
    if code_line(text):
        return Kind.OOPS
    if "insn: " in text or " cycles [" in text:
        from costmodel.code.executed import is_executed

        if is_executed(text):
            return Kind.EXECUTED
    if re.search(_LISTING, text):
        return Kind.OBJDUMP
    if _of_another_tool(text):
        return Kind.LISTING
    if re.search(r"\bCode:", text) and "RIP:" in text:
        raise InputError(
            "an oops whose Code: line holds no bytes",
            where=name,
            expected="Code: followed by hex bytes, RIP's own in <>",
            hint="give vmlinux with --symbol func+0x12/0x40 instead",
        )
    if hex_digits(text) is not None:
        return Kind.HEX
    if not re.search(r"[A-Za-z]", text):
        raise InputError("text without any code", where=name, expected=READABLE)
    return Kind.CPP_ASSEMBLY if re.search(_CPP_DIRECTIVE, text) else Kind.ASSEMBLY
