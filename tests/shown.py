"""Results as the commands show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from costmodel.engine.result import Comparison, Estimate
from costmodel.views.comparison import comparisons_report
from costmodel.views.estimate import estimates_report
from costmodel.views.explain import explanation_report
from costmodel.views.render import rendered


def estimates_in(style: str, estimates: Sequence[Estimate]) -> str:
    return rendered(style, estimates_report(estimates))


def comparisons_in(style: str, comparisons: Sequence[Comparison]) -> str:
    return rendered(style, comparisons_report(comparisons))


def explained_in(style: str, estimate: Estimate, width: int = 72, **more: Any) -> str:
    return rendered(style, explanation_report(estimate, **more), width)


def estimates_text(estimates: Sequence[Estimate]) -> str:
    return estimates_in("text", estimates)


def comparisons_text(comparisons: Sequence[Comparison]) -> str:
    return comparisons_in("text", comparisons)


def explanation_text(estimate: Estimate, width: int = 72, **more: Any) -> str:
    return explained_in("text", estimate, width, **more)


def loaded(text: str) -> Any:
    return json.loads(text)
