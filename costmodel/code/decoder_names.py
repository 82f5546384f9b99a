"""Names and registers of the decoder (iced-x86) in our own terms."""

from __future__ import annotations

from typing import Any

from costmodel.code import registers as R
from costmodel.code.decoder import ConditionCode, Mnemonic, Register, RegisterExt
from costmodel.code.insn import RegisterUse


def _enum_names(module: object) -> dict[int, str]:
    return {
        value: name.lower()
        for name, value in vars(module).items()
        if isinstance(value, int) and not name.startswith("_")
    }


MNEMONICS = _enum_names(Mnemonic)
CONDITIONS = {
    value: name for value, name in _enum_names(ConditionCode).items() if name != "none"
}
SEGMENTS: dict[int, int] = {
    Register.ES: R.ES,
    Register.CS: R.CS,
    Register.SS: R.SS,
    Register.DS: R.DS,
    Register.FS: R.FS,
    Register.GS: R.GS,
}
_HIGH: dict[int, int] = {
    Register.AH: R.RAX,
    Register.CH: R.RCX,
    Register.DH: R.RDX,
    Register.BH: R.RBX,
}


def _register_table() -> dict[int, RegisterUse]:
    table: dict[int, RegisterUse] = {}
    members: dict[str, Any] = dict(vars(Register))
    for name, value in members.items():
        numeric = isinstance(value, int)  # the module holds classes as well
        if name.startswith("_") or not numeric:
            continue
        if value in _HIGH:
            table[value] = RegisterUse(_HIGH[value], 8, True)
        elif value in SEGMENTS:
            table[value] = RegisterUse(SEGMENTS[value], 16)
        elif RegisterExt.is_gpr(value):
            full = RegisterExt.full_register(value)
            number = R.BY_NAME[_REGISTER_NAMES[full]]
            table[value] = RegisterUse(number, RegisterExt.size(value) * 8)
        elif RegisterExt.is_cr(value):
            table[value] = RegisterUse(R.CR, 64)
        elif RegisterExt.is_dr(value):
            table[value] = RegisterUse(R.DR, 64)
    return table


_REGISTER_NAMES = _enum_names(Register)
REGISTERS = _register_table()
