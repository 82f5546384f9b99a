"""The halves of a validation: held out only where tuning left them out."""

from __future__ import annotations

import pytest

from costmodel.studies.blocks import Block
from costmodel.studies.validate import Validation
from costmodel.views.validation import validation_text


@pytest.mark.parametrize(
    ("uarch", "variant", "held_out"),
    [
        ("zen5", "", True),
        ("zen5", "base", False),  # frame variants: tuning saw all
        ("goldencove", "", False),  # every set of it was seen whole
    ],
)
def test_a_half_is_held_out_where_tuning_left_it_out(
    uarch: str, variant: str, held_out: bool
) -> None:
    blocks = tuple(
        Block(k, bytes([0x90] * k), "unroll", 1.0, variant=variant) for k in range(1, 9)
    )
    text = validation_text(Validation("f", uarch, blocks, (1.0,) * 8, 1.0))
    assert ("held out" in text) == held_out
    assert ("tuning saw both" in text) != held_out
