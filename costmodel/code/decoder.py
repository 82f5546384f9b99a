"""The x86 decoder (iced-x86), without the tables of it that nothing here reads.

Its package loads some forty lists of constants, a third of what it takes to import it;
those below are loaded when somebody asks for one.
"""

from __future__ import annotations

from costmodel import lazily

_UNUSED = (
    *(f"CC_{name}" for name in "a ae b be e g ge l le ne np p".split()),
    *(f"Mvex{name}" for name in "ConvFn EHBit RegMemConv TupleTypeLutKind".split()),
    "Code", "CodeSize", "CpuidFeature", "DecoderOptions", "FormatMnemonicOptions",
    "MandatoryPrefix", "MemorySize", "MemorySizeOptions", "OpCodeOperandKind",
    "OpCodeTableKind", "RepPrefixKind", "RoundingControl", "TupleType",
)  # fmt: skip

with lazily.parts("iced_x86", _UNUSED):
    from iced_x86 import (
        ConditionCode,
        Decoder,
        DecoderError,
        EncodingKind,
        FlowControl,
        Formatter,
        FormatterSyntax,
        Instruction,
        InstructionInfo,
        InstructionInfoFactory,
        MemorySizeExt,
        Mnemonic,
        OpAccess,
        OpKind,
        Register,
        RegisterExt,
        RflagsBits,
        UsedRegister,
    )

__all__ = [
    "ConditionCode", "Decoder", "DecoderError", "EncodingKind", "FlowControl",
    "Formatter", "FormatterSyntax", "Instruction", "InstructionInfo",
    "InstructionInfoFactory", "MemorySizeExt", "Mnemonic", "OpAccess", "OpKind",
    "Register", "RegisterExt", "RflagsBits", "UsedRegister",
]  # fmt: skip
