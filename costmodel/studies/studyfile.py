"""The file of a study: paths and questions, read strictly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path as File
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, structs

from costmodel import data
from costmodel.errors import InputError, UsageError
from costmodel.studies.draws import MOST_DRAWS
from costmodel.studies.strict import read_with_tree
from costmodel.studies.studycheck import Places, check
from costmodel.studies.studypaths import Found, paths_of
from costmodel.studies.uncertainty import DRAWS

Kind = Literal["cost", "difference", "break_even", "mix", "lines", "commits", "unset"]
UNITS = {
    "cost": "cycles",
    "difference": "cycles",
    "break_even": "% of calls",
    "mix": "cycles a call",
    "lines": "lines",
    "commits": "commits",
    "unset": "slots",
}


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are errors."""


class Claim(Strict, frozen=True, kw_only=True):
    """What somebody said, as bounds of the answer: ``above`` <= value < ``below``."""

    source: str
    says: str
    below: float = float("inf")
    above: float = float("-inf")


class Slow(Strict, frozen=True, kw_only=True):
    """A rarer path: ``share`` of all calls that take it, before and after."""

    before: str
    after: str
    share: float = 1.0
    scenario: str = ""


class Silicon(Strict, frozen=True, kw_only=True):
    """What was measured for a question: the median, and how far rounds lie apart."""

    uarch: str
    value: float
    low: float
    high: float
    source: str


class Headline(Strict, frozen=True, kw_only=True):
    """Which questions are the answer, by id: what stands first wherever it is told.

    ``added``: what every call pays; ``saved``: what a slow one (``slow``, in words) is
    spared; ``even``: the share of slow calls at which both meet; ``other``: another way
    of doing the same; ``unset``: slots left unset before and after.
    """

    asks: str
    slow: str
    added: str
    saved: str
    even: str
    other: str
    unset: tuple[str, str]


class Question(Strict, frozen=True, kw_only=True):
    """One question. Which fields it needs follows from its kind (``studycheck``).

    ``cost``, ``unset``: ``after``. ``difference``, ``lines``, ``commits``: ``before``
    and ``after``. ``break_even``: these and one ``slow`` pair; ``mix``: these and at
    least one. ``sentence`` may use {value} {low} {high} {uarch} {slots}.
    """

    id: str
    question: str
    kind: Kind
    after: str
    before: str = ""
    scenario: str = ""  # "": the round trip where the path is one, else once
    cold: dict[str, str] = field(default_factory=dict)  # kind of line -> level
    sentence: str
    slow: tuple[Slow, ...] = ()
    claim: Claim | None = None
    measured: tuple[Silicon, ...] = ()


class Study(Strict, frozen=True, kw_only=True):
    """The file. ``paths``: name -> source, beside the file; ``cores`` empty: all.

    By the name of a path, what the options of these names say on the command line:
    ``symbols``, ``take``, ``into``, ``regions``, ``with`` and ``features``.
    """

    title: str
    paths: dict[str, str]
    questions: tuple[Question, ...]
    cores: tuple[str, ...] = ()
    draws: Annotated[int, Meta(ge=0, le=MOST_DRAWS)] = DRAWS
    take: dict[str, tuple[str, ...]] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    into: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given: dict[str, tuple[str, ...]] = field(default_factory=dict, name="with")
    features: dict[str, str] = field(default_factory=dict)
    headline: Headline | None = None


def study_file(name: str) -> str:
    """The file of a study; of one that ships, by the name of its directory."""
    if "/" in name or "." in name or os.path.lexists(name):
        return name
    shipped = data.stubs_dir() / name / "study.yaml"
    # Not Path.is_file: it raises for a name that is too long.
    return data.display_path(shipped) if os.path.isfile(shipped) else name  # noqa: PTH113


def load_study(file: str, *, answer: bool = False) -> tuple[Study, dict[str, Found]]:
    """The study in a file, and its paths. Raises InputError with the file's place.

    ``answer``: only the questions its headline names, and their paths.
    """
    study, tree = read_with_tree(file, Study)
    check(study, Places(file, tree))
    _check_headline(study, file)
    if answer:
        study = narrowed(study)
    return study, paths_of(study, File(file).parent)


def headline_of(study: Study) -> Headline:
    """What a study names as its answer. Raises UsageError if it names nothing."""
    if study.headline is None:
        raise UsageError(
            f"the study {study.title!r} names no answer",
            expected="headline: in its file",
        )
    return study.headline


def narrowed(study: Study) -> Study:
    """Only the questions of its headline, and their paths. Raises UsageError."""
    told = headline_of(study)
    names = {told.added, told.saved, told.even, told.other, *told.unset}
    kept = tuple(q for q in study.questions if q.id in names)
    paths = {name for q in kept for name, _ in needed(q)}
    return structs.replace(
        study,
        questions=kept,
        paths={name: file for name, file in study.paths.items() if name in paths},
    )


def needed(question: Question) -> Iterator[tuple[str, str]]:
    """(path, scenario or "") a question needs."""
    for name in (question.before, question.after):
        if name:
            yield name, question.scenario
    for slow in question.slow:
        for name in (slow.before, slow.after):
            yield name, slow.scenario


def _check_headline(study: Study, file: str) -> None:
    """Raises InputError if it names a question there is not, or one of another kind."""
    if study.headline is None:
        return
    kinds = {question.id: question.kind for question in study.questions}
    told = study.headline
    for name, kind in (
        (told.added, "difference"), (told.saved, "difference"),
        (told.other, "difference"), (told.even, "break_even"),
        *((name, "unset") for name in told.unset),
    ):  # fmt: skip
        if kinds.get(name) != kind:
            raise InputError(
                f"the headline names the question {name!r}",
                where=file,
                expected=f"the id of a question of kind {kind}",
            )
