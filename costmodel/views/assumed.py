"""What a figure rests on that nobody has measured or documented, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.engine.result import Estimate, Guess
from costmodel.views.layout import wrap

_FIGURES = 4  # of the core itself, listed where there is not room for all


def assumption_lines(estimates: Sequence[Estimate], most: int = _FIGURES) -> list[str]:
    """Guesses and unknown instructions, each said once with the cores they concern.

    ``most``: figures of the core itself that are listed.
    """
    unknown: dict[str, list[str]] = {}
    guesses: dict[str, list[str]] = {}
    one = len({e.uarch for e in estimates}) == 1
    for e in estimates:
        for name in e.unknown:
            unknown.setdefault(name, []).append(e.uarch)
        for g in _of_costs(e):
            why = f": {g.reason}" if one and g.reason else ""
            text = f"{spoken(g.what)} {g.value:g} ({g.low:g}-{g.high:g}){why}"
            guesses.setdefault(text, []).append(e.uarch)
    lines = _said_of("not known to the model, cost made up:", unknown, listed=one)
    said = _said_of("", guesses, listed=one)
    of_core = _core_figures(estimates, most)
    if not said and not of_core:
        return lines
    return [*lines, "", "  figures assumed, not sourced (?):", *of_core, *said[2:]]


def _of_costs(estimate: Estimate) -> Iterator[Guess]:
    return (g for g in estimate.guesses if g.what.startswith("costs."))


def _core_figures(estimates: Sequence[Estimate], most: int) -> list[str]:
    """The assumed figures of the core itself: some of them, or of several cores how
    many there are."""
    found: dict[str, dict[str, Guess]] = {}
    for e in estimates:
        for g in e.guesses:
            if not g.what.startswith("costs."):
                found.setdefault(e.uarch, {})[g.what] = g
    if not found:
        return []
    if len({e.uarch for e in estimates}) > 1:
        counts = ", ".join(f"{name} {len(known)}" for name, known in found.items())
        said = f"? of the core itself: {counts} (--json lists them)"
        return [wrap(said, "    ", "      ")]
    (known,) = found.values()
    shown = list(known.values())[: most if len(known) > most + 1 else None]
    text = ", ".join(f"{g.what} {g.value:g} ({g.low:g}-{g.high:g})" for g in shown)
    if len(known) > len(shown):
        text += f" and {len(known) - len(shown)} more (--json lists them)"
    return [wrap(f"? {len(known)} of the core itself: {text}", "    ", "      ")]


def spoken(figure: str) -> str:
    """``costs.swapgs..latency`` as "swapgs latency"."""
    return " ".join(p for p in figure.removeprefix("costs.").split(".") if p)


def _said_of(title: str, cores: dict[str, list[str]], listed: bool) -> list[str]:
    """A line each for one core; for several a paragraph for cores that agree."""
    if not cores:
        return []
    lines = ["", f"  {title}"]
    if listed:
        return lines + [wrap(f"? {said}", "    ", "      ") for said in cores]
    together: dict[str, list[str]] = {}
    for said, names in cores.items():
        together.setdefault(", ".join(dict.fromkeys(names)), []).append(said)
    for who, sayings in together.items():
        lines.append(wrap(f"? {who}: {', '.join(sayings)}", "    ", "      "))
    return lines
