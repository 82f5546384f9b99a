"""What a study says must make sense: each mistake at its place, before any work.

The types of ``studyfile`` say which keys there are; this says which of them a kind of
question needs, which it has no use for, and which names must be known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from costmodel import lazily, scenarios
from costmodel.code.features import parse
from costmodel.code.given import registers_given
from costmodel.cores import yamltree
from costmodel.errors import CostmodelError, InputError
from costmodel.tuples import NamedTuple

if TYPE_CHECKING:
    from costmodel.studies.studyfile import Question, Study

_WORDS = ("value", "low", "high", "uarch", "slots")  # of a sentence, in braces
_ID = lazily.pattern(r"\w[\w .+-]{0,99}")
_BRACED = lazily.pattern(r"\{([^{}]*)\}")


class Needs(NamedTuple):
    """What a kind of question is made of: keys it must have, and pairs of ``slow``."""

    keys: tuple[str, ...]
    slow: tuple[int, int] = (0, 0)  # fewest and most


NEEDS = {
    "cost": Needs(("after",)),
    "difference": Needs(("before", "after")),
    "lines": Needs(("before", "after")),
    "commits": Needs(("before", "after")),
    "unset": Needs(("after",)),
    "break_even": Needs(("before", "after"), (1, 1)),
    "mix": Needs(("before", "after"), (1, 1000)),
}


class Places:
    """Where the parts of a YAML file stand: ``at("questions", 3, "kind")``."""

    def __init__(self, file: str, tree: object) -> None:
        self.file = file
        self._tree = tree

    def at(self, *keys: str | int) -> str:
        """``file:line:column`` of a part, or of the nearest part around it."""
        here: Any = self._tree
        known = self.file
        for key in keys:
            if isinstance(key, str) and isinstance(here, yamltree.Map) and key in here:
                known = yamltree.place(here.values_at[key])
            elif isinstance(key, int) and isinstance(here, yamltree.Seq):
                known = yamltree.place(here.items_at[key])
            else:
                break
            here = here[key]
        return known


def check(study: Study, places: Places) -> None:
    """Raise InputError for the first thing that makes no sense."""
    if not study.paths:
        raise InputError(
            "no paths", where=places.at("paths"), expected="paths: {name: file, ..}"
        )
    if not study.questions:
        raise InputError(
            "no questions",
            where=places.at("questions"),
            expected="a list of questions, each with id, kind, after and more",
        )
    for name, source in study.paths.items():
        if not name or not source.strip() or "\0" in source:
            raise InputError(
                f"the path {name!r} is {source!r}",
                where=places.at("paths", name),
                expected="a name, and a file beside the study",
            )
    for key in ("take", "regions", "symbols", "into", "features"):
        for name in getattr(study, key):
            _known(name, study.paths, key, places.at(key, name))
    for name, text in study.features.items():
        _at(places.at("features", name), parse, text, default=())
    for name, given in study.given.items():
        _known(name, study.paths, "with", places.at("with", name))
        _at(places.at("with", name), registers_given, given)
    _cores(study, places)
    _questions(study, places)


def _known(name: str, paths: Mapping[str, str], what: str, where: str) -> None:
    if name not in paths:
        raise InputError(
            f"{what} names the path {name!r}",
            where=where,
            expected="a path of the study: " + ", ".join(paths),
            hint=yamltree.close(name, paths),
        )


def _cores(study: Study, places: Places) -> None:
    from costmodel.cores.names import core_names_of

    for k, name in enumerate(study.cores):
        if not name.isprintable():
            raise InputError(
                f"the core {name!r}",
                where=places.at("cores", k),
                expected="the name of a core",
            )
        _at(places.at("cores", k), core_names_of, [name])


def _at(where: str, check_: Any, *arguments: Any, **more: Any) -> None:
    """Call a check; what it finds wrong is wrong at ``where``, and in no option."""
    try:
        check_(*arguments, **more)
    except CostmodelError as error:
        found = error.found.removeprefix("--")
        raise InputError(
            found, where=where, expected=error.expected, hint=error.hint
        ) from None


def _questions(study: Study, places: Places) -> None:
    first: dict[str, int] = {}
    for k, question in enumerate(study.questions):
        where = places.at("questions", k, "id")
        if not _ID.fullmatch(question.id):
            raise InputError(
                f"the id {question.id!r}",
                where=where,
                expected="a name its plot's file can have: letters, digits, - . _",
            )
        if question.id in first:
            other = places.at("questions", first[question.id], "id")
            raise InputError(
                f"a second question called {question.id!r}",
                where=where,
                expected=f"another id: the first is at {other}",
            )
        first[question.id] = k
        _question(study, question, places, k)


def _question(study: Study, question: Question, places: Places, k: int) -> None:
    needs = NEEDS[question.kind]

    def place(*keys: str | int) -> str:
        return places.at("questions", k, *keys)

    said = f"question {question.id!r}, of kind {question.kind},"
    for key in ("before", "after"):
        name = getattr(question, key)
        if key in needs.keys and not name:
            raise InputError(
                f"{said} has no {key}", where=place(key), expected=_expected(needs)
            )
        if name and key not in needs.keys:
            raise InputError(
                f"{said} takes no {key}",
                where=place(key),
                expected=_expected(needs),
                hint="kind: difference, to hold two paths against each other",
            )
        if name:
            _known(name, study.paths, f"question {question.id!r}", place(key))
    least, most = needs.slow
    if not least <= len(question.slow) <= most:
        count = len(question.slow)
        raise InputError(
            f"{said} has {count} slow pair{'' if count == 1 else 's'}",
            where=place("slow"),
            expected=_expected(needs),
        )
    for number, pair in enumerate(question.slow):
        for key in ("before", "after"):
            where = place("slow", number, key)
            _known(getattr(pair, key), study.paths, f"question {question.id!r}", where)
        if not 0 <= pair.share <= 1:  # NaN fails as well
            raise InputError(
                f"the share {pair.share:g}",
                where=place("slow", number, "share"),
                expected="a share of all calls, 0 to 1",
            )
        if pair.scenario:
            _at(place("slow", number, "scenario"), scenarios.checked, pair.scenario)
    if question.scenario:
        _at(place("scenario"), scenarios.checked, question.scenario)
    from costmodel.engine.cold import checked as checked_cold

    _at(place("cold"), checked_cold, question.cold)
    for scenario in (question.scenario, *(pair.scenario for pair in question.slow)):
        if question.cold and scenario not in ("", *scenarios.PATHS):
            raise InputError(
                f"{said} has cold lines in the scenario {scenario!r}",
                where=place("cold"),
                expected=" or ".join(scenarios.PATHS)
                + ": the others measure a warm block",
            )
    if question.claim and not question.claim.above < question.claim.below:
        raise InputError(
            f"the claim's bounds {question.claim.above:g} and {question.claim.below:g}",
            where=place("claim"),
            expected="above < below",
        )
    for number, point in enumerate(question.measured):
        if not -math.inf < point.low <= point.value <= point.high < math.inf:
            raise InputError(
                f"measured {point.value:g}, {point.low:g} to {point.high:g}",
                where=place("measured", number),
                expected="three numbers, low <= value <= high",
            )
    for word in _unknown_words(question.sentence):
        raise InputError(
            f"{{{word}}} in the sentence",
            where=place("sentence"),
            expected="one of " + ", ".join(f"{{{known}}}" for known in _WORDS),
            hint=yamltree.close(word, _WORDS),
        )


def _expected(needs: Needs) -> str:
    most = needs.slow[1]
    text = " and ".join(needs.keys)
    if most:
        text += ", and " + ("one pair" if most == 1 else "one or more pairs")
        text += " under slow"
    return text


def _unknown_words(sentence: str) -> Iterator[str]:
    words: Iterable[str] = _BRACED.findall(sentence)
    return (word for word in words if word not in _WORDS)
