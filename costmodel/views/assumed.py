"""What a figure rests on that nobody has measured or documented, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.engine.result import Estimate, Guess
from costmodel.views.tree import Items, Section

_FIGURES = 4  # of the core itself, listed where there is not room for all
_FEW = 3  # cores named; of more how many they are


def assumption_sections(
    estimates: Sequence[Estimate], most: int = _FIGURES
) -> list[Section]:
    """Guesses and unknown instructions, each said once with the cores they concern.

    ``most``: figures of the core itself that are listed.
    """
    unknown: dict[str, list[str]] = {}
    guesses: dict[str, list[str]] = {}
    alone = len({e.uarch for e in estimates}) == 1
    for e in estimates:
        for name in e.unknown:
            unknown.setdefault(name, []).append(e.uarch)
        for guess in _of_costs(e):
            why = f": {guess.reason}" if alone and guess.reason else ""
            span = f"({guess.low:g}-{guess.high:g})"
            text = f"{spoken(guess.what)} {guess.value:g} {span}{why}"
            guesses.setdefault(text, []).append(e.uarch)
    sections = []
    if unknown:
        title = "not known to the model, cost made up:"
        sections.append(Section(title, (Items(_told(unknown, alone)),)))
    items = (*_core_figures(estimates, most), *_told(guesses, alone))
    if items:
        title = "figures assumed, not sourced (?):"
        sections.append(Section(title, (Items(items),)))
    return sections


def _of_costs(estimate: Estimate) -> Iterator[Guess]:
    return (g for g in estimate.guesses if g.what.startswith("costs."))


def _core_figures(estimates: Sequence[Estimate], most: int) -> tuple[str, ...]:
    """The assumed figures of the core itself: some of them, or of several cores how
    many there are."""
    by_core: dict[str, dict[str, Guess]] = {}
    for e in estimates:
        for g in e.guesses:
            if not g.what.startswith("costs."):
                by_core.setdefault(e.uarch, {})[g.what] = g
    if not by_core:
        return ()
    if len({e.uarch for e in estimates}) > 1:
        counts = ", ".join(f"{name} {len(some)}" for name, some in by_core.items())
        return (f"? of the core itself: {counts} (--json lists them)",)
    (figures,) = by_core.values()
    shown = list(figures.values())[: most if len(figures) > most + 1 else None]
    text = ", ".join(f"{g.what} {g.value:g} ({g.low:g}-{g.high:g})" for g in shown)
    if len(figures) > len(shown):
        text += f" and {len(figures) - len(shown)} more (--json lists them)"
    return (f"? {len(figures)} of the core itself: {text}",)


def spoken(figure: str) -> str:
    """``costs.swapgs..latency`` as "swapgs latency"."""
    return " ".join(p for p in figure.removeprefix("costs.").split(".") if p)


def _told(cores: dict[str, list[str]], alone: bool) -> tuple[str, ...]:
    """A remark each for one core; for several one for cores that agree."""
    if alone:
        return tuple(f"? {text}" for text in cores)
    together: dict[tuple[str, ...], list[str]] = {}
    for text, names in cores.items():
        together.setdefault(tuple(dict.fromkeys(names)), []).append(text)
    return tuple(
        f"? {', '.join(names)}: {', '.join(texts)}" for names, texts in together.items()
    )
