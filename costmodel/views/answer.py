"""The answer of a study as sections: what stands first wherever the study is told."""

from __future__ import annotations

from typing import Any

from costmodel.studies.certainty import mark_of_spread
from costmodel.studies.headline import Spread, Told
from costmodel.studies.study import Answer, Outcome
from costmodel.views.layout import number, plural
from costmodel.views.tree import Report, Section, Table, Text

_NAMES = {"zen4": "Zen 4", "zen5": "Zen 5", "goldencove": "Golden Cove"}
_MORE = (
    ("every question, with intervals", "costmodel study top-of-stack"),
    ("where the cycles go on a core", "costmodel explain FILE -u zen5"),
    ("a change of your own", "costmodel compare BEFORE AFTER"),
)


def answer_report(told: Told, outcome: Outcome) -> Report:
    """One screen: the answer in words and figures, the cores, and how to see more."""
    return Report(
        title=told.headline.asks,
        sections=(
            *answer_sections(told),
            _cores(told),
            Section("", (Text(_basis(told)),)),
            Section("", (Table((), _MORE, "ll"),)),
        ),
        data=_data(told, outcome),
        columns=("uarch", "value", "median", "low", "high"),
        rows=[
            {"uarch": a.uarch, "value": a.value, "median": a.median, "low": a.low,
             "high": a.high}
            for a in told.added.answers
        ],
    )  # fmt: skip


def answer_sections(told: Told) -> tuple[Section, ...]:
    """The sentence, the figures, and what pt_regs is left without."""
    before, after = (
        a.sentence.partition(":")[2].partition(".")[0].partition(";")[0].strip()
        for a in told.unset
    )
    return (
        Section("", (Text(sentence(told)),)),
        Section("", (_figures(told),)),
        Section(
            "",
            (
                Text(f"unset in pt_regs before: {before}", hanging=True),
                Text(f"unset after: {after}", hanging=True),
            ),
        ),
    )


def sentence(told: Told) -> str:
    """The whole answer in words, each with its number."""
    added, saved = told.added, told.saved
    claim = added.question.claim
    limit = ""
    if claim is None:
        verdict = "Answer:"
    elif not told.expected:
        verdict = "It depends."
        limit = f", not always fewer than {claim.below:g}"
    else:
        verdict = "Yes." if told.upheld else "Most likely."
        limit = f", fewer than {claim.below:g} as was claimed"
        if not told.upheld:
            limit += f" (intervals reach {_short(told.reach)})"
    text = f"{verdict} A system call pays {_cycles(added)} more{limit};"
    text += f" a slow one ({told.headline.slow}) is spared {_cycles(saved)}."
    if told.even_measured:
        shares = sorted(share for _, share in told.even_measured)
        ends = dict.fromkeys(number(share, 0) for share in (shares[0], shares[-1]))
        cores = ", ".join(_core(name) for name, _ in told.even_measured)
        text += f" It pays only if more than {' to '.join(ends)} % of all calls are "
        text += f"slow ({cores}, measured; {number(told.even.median, 0)} % modelled)."
    return text


def _cycles(spread: Spread) -> str:
    """Measured figures where there are any, else the median of the modelled."""
    values = sorted(point.value for point in spread.measured)
    if not values:
        return f"{_short(spread.median)} cycles (modelled)"
    ends = dict.fromkeys(_short(value) for value in (values[0], values[-1]))
    return f"{' to '.join(ends)} cycles"


def _figures(told: Told) -> Table:
    """Silicon first, then the range over the cores modelled."""
    head = ("cycles", "", "added per call", f"saved per {told.headline.slow}")
    spared = {point.uarch: point for point in told.saved.measured}
    rows: list[tuple[str, ...]] = [
        (
            _core(point.uarch), "measured", _span(point.value, point.low, point.high),
            _span(o.value, o.low, o.high) if (o := spared.get(point.uarch)) else "",
        )
        for point in told.added.measured
    ]  # fmt: skip
    rows.append(
        (
            plural(len(told.cores), "core"), "modelled",
            *(_span(s.median, s.low, s.high) for s in (told.added, told.saved)),
        )
    )  # fmt: skip
    return Table(head, tuple(rows), "llll")


def _span(value: float, low: float, high: float) -> str:
    return f"{_short(value, sign=True):>5} ({_short(low)} to {_short(high)})"


def _cores(told: Told) -> Section:
    """Cores that answer alike share a row; then why the ends lie apart."""
    alike: dict[str, list[str]] = {}
    for a in sorted(told.added.answers, key=lambda a: (a.value, a.uarch)):
        alike.setdefault(_short(a.value, True), []).append(a.uarch + _mark(told, a))
    rows = tuple((value, ", ".join(cores)) for value, cores in alike.items())
    blocks: list[Table | Text] = [
        Table(("added", "cores, modelled"), rows, "rl", wrapped=True)
    ]
    if told.reasons:
        least, most = told.reasons
        blocks.append(
            Text(
                f"Least on {least.uarch}, by {least.cause} "
                f"({_short(least.cycles, True)}); most on {most.uarch}, by "
                f"{most.cause} ({_short(most.cycles, True)}).",
                hanging=True,
            )
        )
    return Section("", tuple(blocks))


def _mark(told: Told, a: Answer) -> str:
    return mark_of_spread(
        a.value, a.spread if told.draws else None, assumed=a.guesses > 0
    )


def _basis(told: Told) -> str:
    """What the figures are: one paragraph, no more."""
    never = f"; as stated, never on {', '.join(told.never)}" if told.never else ""
    return (
        f"Modelled, it pays from {number(told.even.median, 0)} % of slow calls on "
        f"(median{never}). In brackets: measured, what rounds and layout move; "
        f"modelled, {plural(told.draws, 'draw')} a core, widened until measured "
        f"differences lie inside. ? moves with figures not known exactly, ?? by more "
        f"than itself."
    )


def _core(name: str) -> str:
    return _NAMES.get(name, name)


def _short(value: float, sign: bool = False) -> str:
    """One digit, none if it would be 0."""
    return number(round(value, 6), 1, sign=sign and bool(value)).removesuffix(".0")


def _data(told: Told, outcome: Outcome) -> dict[str, Any]:
    """Keys of schema 1, and the figures of this page."""
    added, other = told.added.question, told.other.question
    costs = {(c.uarch, c.path): c for c in outcome.costs}
    saved = {a.uarch: a for a in told.saved.answers}
    results = []
    for a in told.added.answers:
        fast, by_mov, by_push = (
            costs[a.uarch, name] for name in (added.before, added.after, other.after)
        )
        dance = saved[a.uarch].value
        share = 0.0 if a.value <= 0 else a.value / dance if dance > 0 else None
        results.append(
            {
                "uarch": a.uarch,
                "scenario": fast.scenario,
                "fast": fast.cycles,
                "by_mov": by_mov.cycles,
                "by_mov_delta": a.value,
                "by_mov_low": a.low,
                "by_mov_high": a.high,
                "by_push": by_push.cycles,
                "by_push_delta": by_push.cycles - fast.cycles,
                "dance": dance,
                "break_even": share,
                "guesses": fast.guesses,
            }
        )
    return {
        "question": told.headline.asks,
        "results": results,
        "sentence": sentence(told),
        "measured": [
            {"what": what, **{n: getattr(p, n) for n in p.__struct_fields__}}
            for what, spread in (("added", told.added), ("saved", told.saved))
            for p in spread.measured
        ],
        "modelled": {
            what: {"median": s.median, "low": s.low, "high": s.high}
            for what, s in (("added", told.added), ("saved", told.saved))
        },
    }
