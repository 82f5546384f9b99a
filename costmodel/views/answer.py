"""The thread's question and its answer, as text for a mail."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from costmodel import __version__
from costmodel.engine.result import Comparison
from costmodel.studies.compare import delta
from costmodel.studies.top_of_stack import CLAIM, CoreAnswer
from costmodel.views.json import document
from costmodel.views.layout import number, plural, table, wrap
from costmodel.views.text import exact_cycles, missing_slots

QUESTION = (
    "August 2014: fill every slot of struct pt_regs at system-call entry, and delete "
    "FIXUP_TOP_OF_STACK and RESTORE_TOP_OF_STACK from the slow paths?"
)


def answer_text(answers: Sequence[CoreAnswer]) -> str:
    """A table of all cores, what it rests on, and the sentence."""
    lines = [wrap(QUESTION), "", "cycles of a system-call round trip, modelled", ""]
    rows = [
        ("", "v3.16", "every slot", "", "", "", "the dance"),
        ("core", "fast path", "by MOV", "added", "by PUSH", "added", "fork pays"),
    ]
    for a in answers:
        rows.append(
            (
                a.uarch + ("?" if a.fast.guesses else ""),
                number(exact_cycles(a.fast), 1),
                number(exact_cycles(a.by_mov.after), 1),
                _signed(a.by_mov),
                number(exact_cycles(a.by_push.after), 1),
                _signed(a.by_push),
                _signed(a.dance),
            )
        )
    lines += table(rows, "lrrrrrr", "")
    lines += ["", *_memory(answers), "", wrap(sentence(answers)), ""]
    guessed = [a.fast for a in answers if a.fast.guesses or a.fast.unknown]
    if guessed:
        count = len({g.what for e in guessed for g in e.guesses})
        text = (
            f"? rests on {plural(count, 'figure')} assumed, not sourced: costmodel "
            "estimate lists them; both sides of a difference share them."
        )
        lines.append(wrap(text))
    lines.append(wrap(f"costmodel {__version__}; the paths: stubs/top-of-stack/"))
    return "\n".join(lines)


def _signed(comparison: Comparison) -> str:
    value = delta(comparison)
    return number(value, 1, sign=bool(value))


def _memory(answers: Sequence[CoreAnswer]) -> list[str]:
    """The thread's other claim: the added stores go to lines already touched."""
    first = answers[0]
    new = sorted(
        {
            use.where
            for a in answers
            for use in a.by_mov.after.lines
            if use.where not in {old.where for old in a.by_mov.before.lines}
        }
    )
    said = (
        f"The added stores touch a new line: {', '.join(new)}."
        if new
        else "The added stores touch no line the fast path does not touch already."
    )
    lines = [wrap(said)]
    if first.fast.pt_regs:
        missing = missing_slots(first.fast.pt_regs)[0].split()
        lines.append(wrap("v3.16's fast path leaves " + " ".join(missing)))
    return lines


def sentence(answers: Sequence[CoreAnswer]) -> str:
    """One sentence that answers the thread, with its numbers."""
    added = [delta(a.by_mov) for a in answers]
    least, most = number(min(added), 1), number(max(added), 1)
    span = least if least == most else f"{least} to {most}"
    below = [a.uarch for a in answers if delta(a.by_mov) < CLAIM]
    above = [a.uarch for a in answers if delta(a.by_mov) >= CLAIM]
    if not above:
        verdict = f"fewer than {CLAIM} on every core modelled, as was claimed"
    elif not below:
        verdict = f"not fewer than {CLAIM} on any core modelled"
    else:
        verdict = f"fewer than {CLAIM} except on {', '.join(above)}"
    saved = [delta(a.dance) for a in answers]
    spared = number(min(saved), 1), number(max(saved), 1)
    dance = spared[0] if spared[0] == spared[1] else f"{spared[0]} to {spared[1]}"
    where = f"on {plural(len(answers), 'core')}" if len(answers) > 1 else "on this core"
    return (
        f"Answer: {where}, filling every slot by MOV adds {span} cycles to a system "
        f"call, {verdict}; a fork is spared {dance} cycles of dance{_even(answers)}."
    )


def _even(answers: Sequence[CoreAnswer]) -> str:
    """From which share of slow calls on the change pays, and where it never does."""
    paying = {
        a.uarch: share
        for a in answers
        if (share := a.break_even) is not None and share < 1
    }
    never = [a.uarch for a in answers if a.uarch not in paying]
    if not paying:
        return ", which at no share of slow calls repays it"
    if max(paying.values()) == 0:
        said = ", so that nobody pays"
    else:
        least = number(Fraction(100 * min(paying.values())), 0)
        most = number(Fraction(100 * max(paying.values())), 0)
        span = least if least == most else f"{least} to {most}"
        said = f", which repays it once {span} % of all calls are slow ones"
    return said + (f" (never on {', '.join(never)})" if never else "")


def answer_document(answers: Sequence[CoreAnswer]) -> str:
    results: list[dict[str, Any]] = [
        {
            "uarch": a.uarch,
            "scenario": a.fast.scenario,
            "fast": a.fast.cycles,
            "by_mov": a.by_mov.after.cycles,
            "by_mov_delta": a.by_mov.delta,
            "by_push": a.by_push.after.cycles,
            "by_push_delta": a.by_push.delta,
            "dance": a.dance.delta,
            "break_even": a.break_even,
            "guesses": len({g.what for g in a.fast.guesses}),
        }
        for a in answers
    ]
    return document(question=QUESTION, results=results, sentence=sentence(answers))
