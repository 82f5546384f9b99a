"""A study: variants x cores x scenarios, and the questions asked of them.

A study is a YAML file naming paths and questions (see ``Study``). Every path is
run on every core at the stated figures and at each draw of them; every answer is made
from these draws, so its interval is its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from costmodel.code.insn import Path
from costmodel.cores.accuracy import MeasuredError, difference_margin, measured_error
from costmodel.engine.cold import Cold, checked
from costmodel.engine.estimate import default_scenario, estimate
from costmodel.engine.result import Estimate
from costmodel.studies.absolute import factors
from costmodel.studies.families import Family, families
from costmodel.studies.hidden import Hidden, hidden
from costmodel.studies.studyfile import (
    UNITS,
    Claim,
    Question,
    Silicon,
    Slow,
    Study,
    needed,
)
from costmodel.studies.studyfile import load_study as load_study
from costmodel.studies.studypaths import Found, path_on
from costmodel.studies.uncertainty import (
    Draws,
    Interval,
    Progress,
    Task,
    checked_draws,
    interval,
    run_all,
    same_code,
)
from costmodel.tuples import NamedTuple

DRAWN = ("cost", "difference", "break_even", "mix")  # kinds draws move
NEVER = 100.0  # a share of calls that cannot be passed
PRINTED = 0.05  # less than what is printed of an answer


class Answer(Struct, frozen=True):
    """One question answered on one core ("all" where no core matters)."""

    id: str
    question: str
    uarch: str
    value: float
    median: float
    low: float
    high: float
    unit: str
    verdict: str  # of the claim: "upheld", "not upheld", "cannot say", or ""
    sentence: str
    statement: str  # the claim, with its source; "" if there is none
    guesses: int = 0  # assumed figures of the core the value rests on
    spread: float = 0.0  # of the draws alone, from 5 to 95 %
    central: bool = True  # whether the value lies in the middle half of the draws
    settled: bool = True  # whether copies were found to repeat, on every path it needs


class Cost(NamedTuple):
    """Cycles of one path at the stated figures, and how many of them are assumed."""

    uarch: str
    path: str
    scenario: str
    cycles: float
    guesses: int


class Outcome(Struct, frozen=True):
    """A study answered."""

    study: Study
    cores: tuple[str, ...]
    draws: int
    answers: tuple[Answer, ...]
    errors: tuple[tuple[str, MeasuredError | None], ...] = ()  # of each core, on blocks
    families: tuple[Family, ...] = ()  # the cores by descent, oldest first
    costs: tuple[Cost, ...] = ()
    hidden: tuple[Hidden, ...] = ()  # questions whose cold lines cost nothing, and why

    def __repr__(self) -> str:
        """One line: a study has hundreds of answers."""
        asked, cores = len(self.study.questions), len(self.cores)
        return f"<Outcome {self.study.title!r}: {asked} questions, {cores} cores>"

    def of(self, question: str) -> list[Answer]:
        return [a for a in self.answers if a.id == question]


def answer(
    study: Study,
    paths: Mapping[str, Found],
    cores: Sequence[str],
    *,
    draws: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    stated: Collection[str] = (),
) -> Outcome:
    """Every question on every core.

    ``stated``: ids of questions that need no interval, answered without draws.
    """
    count = checked_draws(study.draws if draws is None else draws)
    wanted: dict[_Key, int] = {}  # and the draws of each
    for core in cores:
        for question in study.questions:
            if question.kind in DRAWN:
                mine = 0 if question.id in stated else count
                for name, scenario in needed(question):
                    chosen = scenario or default_scenario(path_on(paths[name], core))
                    key = core, name, chosen, _cold(question)
                    wanted[key] = max(mine, wanted.get(key, 0))
    tasks = [
        Task(path_on(paths[name], core), core, scenario, draws=mine, cold=cold)
        for (core, name, scenario, cold), mine in wanted.items()
    ]
    found = run_all(tasks, executor, progress)
    table = _Table(paths, dict(zip(wanted, found, strict=True)))
    answers = tuple(
        one for question in study.questions for one in table.answers(question, cores)
    )
    errors = tuple((core, measured_error(core)) for core in cores)
    costs = tuple(
        Cost(core, name, scenario, float(run.stated), len(set(run.guesses)))
        for (core, name, scenario, cold), run in table.runs.items()
        if not cold
    )
    return Outcome(
        study, tuple(cores), count, answers, errors, families(cores), costs,
        tuple(table.hidden(study.questions, cores)),
    )  # fmt: skip


def _cold(question: Question) -> Cold:
    return checked(question.cold)


_Key = tuple[str, str, str, Cold]  # core, path, scenario, cold lines


class _Table:
    """The runs, and what is asked of them."""

    def __init__(self, paths: Mapping[str, Found], runs: Mapping[_Key, Draws]) -> None:
        self.paths = paths
        self.runs = runs
        self._estimates: dict[_Key, Estimate] = {}

    def answers(self, question: Question, cores: Sequence[str]) -> Iterator[Answer]:
        if question.kind == "unset":
            yield self._unset(question, cores[0])
            return
        for core in cores:
            made = _answer(question, core, self._quantity(question, core))
            yield replace(
                made,
                guesses=len(self._guesses(question, core)),
                settled=self._settled(question, core),
            )

    def _guesses(self, question: Question, core: str) -> set[str]:
        """The assumed figures an answer rests on: those of all its paths."""
        if question.kind == "lines":
            return set()
        if question.kind == "commits":
            return {g.what for e in self._sides(question, core) for g in e.guesses}
        return {what for r in self._runs_of(question, core) for what in r.guesses}

    def _settled(self, question: Question, core: str) -> bool:
        """Whether copies were found to repeat on every path an answer needs."""
        if question.kind in ("lines", "commits"):
            return all(e.settled for e in self._sides(question, core))
        return all(run.settled for run in self._runs_of(question, core))

    def _runs_of(self, question: Question, core: str) -> Iterator[Draws]:
        cold = _cold(question)
        for name, scenario in needed(question):
            yield self.runs[core, name, self._scenario(name, scenario, core), cold]

    def hidden(
        self, asked: Sequence[Question], cores: Sequence[str]
    ) -> Iterator[Hidden]:
        """Differences with cold lines whose answers, and cycles, are the warm ones, if
        those were asked for too."""
        for question in asked:
            if question.kind != "difference" or not question.cold:
                continue
            if all(self._as_warm(question, core) for core in cores):
                cold = (e for core in cores for e in self._sides(question, core))
                if why := hidden(question.id, cold):
                    yield why

    def _as_warm(self, question: Question, core: str) -> bool:
        warm = replace(question, cold={})
        try:
            runs = zip(
                self._runs_of(question, core), self._runs_of(warm, core), strict=True
            )
            if any(cold.stated != run.stated for cold, run in runs):
                return False
        except KeyError:  # nobody asked with warm lines
            return False
        found, known = (self._quantity(q, core) for q in (question, warm))
        ends = ((found.low, known.low), (found.high, known.high))
        return all(abs(a - b) < PRINTED or a != a for a, b in ends)

    def _quantity(self, question: Question, core: str) -> Interval:
        if question.kind in ("lines", "commits"):
            return self._memory(question, core)
        names = [(question.before, -1), (question.after, 1)]
        cold = _cold(question)
        fast = self._sum([(n, question.scenario, s) for n, s in names if n], core, cold)
        if question.kind == "cost":
            chosen = self._scenario(question.after, question.scenario, core)
            return _interval(fast, factors=factors(core, chosen))
        margin = self._margin(question, core)
        if question.kind == "difference":
            return _interval(fast, margin)
        slow = [
            self._sum(
                [(s.before, s.scenario, -1), (s.after, s.scenario, 1)], core, cold
            )
            for s in question.slow
        ]
        margins = [self._margin(s, core) for s in question.slow]
        if question.kind == "mix":
            shares = [Fraction(str(s.share)) for s in question.slow]
            return _interval(
                [
                    f
                    + sum(
                        share * one[k] for share, one in zip(shares, slow, strict=True)
                    )
                    for k, f in enumerate(fast)
                ],
                margin
                + sum(
                    float(share) * one
                    for share, one in zip(shares, margins, strict=True)
                ),
            )
        pairs = list(zip(fast, (-s for s in slow[0]), strict=True))
        known = _interval([even(f, s) for f, s in pairs])
        if not known.draws:
            return known
        adds, saves = Fraction(margin), Fraction(margins[0])
        low = _interval([even(f - adds, s + saves) for f, s in pairs]).low
        high = _interval([even(f + adds, s - saves) for f, s in pairs]).high
        return replace(known, low=low, high=high)

    def _path(self, name: str, core: str) -> Path:
        return path_on(self.paths[name], core)

    def _scenario(self, name: str, scenario: str, core: str) -> str:
        return scenario or default_scenario(self._path(name, core))

    def _margin(self, asked: Question | Slow, core: str) -> float:
        """What the model's own error adds to the ends of a difference."""
        if not asked.before or not asked.after:
            return 0.0
        before, after = (self._path(n, core) for n in (asked.before, asked.after))
        if same_code(before, after):
            return 0.0
        chosen = self._scenario(asked.after, asked.scenario, core)
        return difference_margin(core, chosen)

    def _sum(
        self, parts: Sequence[tuple[str, str, int]], core: str, cold: Cold
    ) -> list[Fraction]:
        """A signed sum of paths: as stated, then draw by draw."""
        runs = []
        for name, scenario, sign in parts:
            chosen = self._scenario(name, scenario, core)
            run = self.runs[core, name, chosen, cold]
            runs.append([sign * c for c in (run.stated, *run.drawn)])
        # A path without draws leaves the sum without them.
        return [sum(column, Fraction(0)) for column in zip(*runs, strict=False)]

    def _memory(self, question: Question, core: str) -> Interval:
        old, new = self._sides(question, core)
        if question.kind == "lines":
            value = len(new.lines) - len(old.lines)
        else:
            value = sum(u.commits for u in new.lines) - sum(
                u.commits for u in old.lines
            )
        return Interval(value, value, value, value, 0)

    def _sides(self, question: Question, core: str) -> list[Estimate]:
        names = (question.before, question.after)
        return [self._estimate(name, core, question) for name in names]

    def _estimate(self, name: str, core: str, question: Question) -> Estimate:
        from costmodel.cores.load import load_core

        path, cold = self._path(name, core), _cold(question)
        key = core, name, self._scenario(name, question.scenario, core), cold
        if key not in self._estimates:
            self._estimates[key] = estimate(
                path, load_core(core), scenario=key[2], cold=cold
            )
        return self._estimates[key]

    def _unset(self, question: Question, core: str) -> Answer:
        slots = self._estimate(question.after, core, question).pt_regs
        missing = [slot.name for slot in slots if slot.step < 0]
        count = len(missing)
        made = _answer(
            question, "all", Interval(count, count, count, count, 0),
            ", ".join(missing) or "none",
        )  # fmt: skip
        return made


def even(added: Fraction, saved: Fraction) -> Fraction:
    """Percent of calls at which what slow calls save repays what all calls pay."""
    if added <= 0:
        return Fraction(0)
    never = Fraction(int(NEVER))
    return min(100 * added / saved, never) if saved > 0 else never


def _interval(
    values: Sequence[Fraction],
    margin: float = 0.0,
    factors: tuple[float, float] = (1.0, 1.0),
) -> Interval:
    stated, *drawn = (float(v) for v in values)
    if drawn:
        return interval(stated, drawn, margin, factors)
    return Interval(stated, stated, stated, stated, 0)


def _answer(question: Question, core: str, known: Interval, slots: str = "") -> Answer:
    claim = question.claim
    said = {
        "value": _spoken(known.value), "low": _spoken(known.low),
        "high": _spoken(known.high), "uarch": core, "slots": slots,
    }  # fmt: skip
    text = question.sentence
    for name, value in said.items():
        text = text.replace("{" + name + "}", value)
    return Answer(
        question.id, question.question, core, known.value, known.median, known.low,
        known.high, UNITS[question.kind],
        verdict(known, claim.above, claim.below) if claim else "",
        text, f"{claim.says} ({claim.source})" if claim else "",
        spread=known.spread, central=known.central,
    )  # fmt: skip


def silicon_verdict(claim: Claim, point: Silicon) -> str:
    """The verdict on a claim of what was measured."""
    known = Interval(point.value, point.value, point.low, point.high, 0)
    return verdict(known, claim.above, claim.below)


def verdict(known: Interval, above: float, below: float) -> str:
    """A claim holds if the whole interval keeps it, fails if none of it does."""
    ends = sorted((known.low, known.high, known.value))
    if above <= ends[0] and ends[-1] < below:
        return "upheld"
    if ends[-1] < above or ends[0] >= below:
        return "not upheld"
    return "cannot say"


def _spoken(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def to_plain(answer_: Answer) -> dict[str, Any]:
    """An answer as the contract's keys and more."""
    return {name: getattr(answer_, name) for name in answer_.__struct_fields__}
