"""``costmodel cores``: the list, and one core with every number's source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from msgspec.structs import asdict

from costmodel.cores.accuracy import measured_error, sets_of
from costmodel.cores.check import KINDS, Finding
from costmodel.cores.load import LoadedCore
from costmodel.cores.quantity import Evidence, Quantity
from costmodel.views.diagram import block_diagram
from costmodel.views.json import document
from costmodel.views.layout import clip, plural, table, wrap

Named = tuple[str, Quantity]
_ERROR = (
    "error: mean of estimates against measured blocks, least and greatest where there "
    "are several sets; -: no measured blocks. docs/accuracy.md has the whole of it."
)


def list_text(cores: Sequence[LoadedCore]) -> str:
    """A row a core, then what each one's figures rest on."""
    if not cores:
        return "no cores"
    rows = [("core", "year", "family", "figures", "assumed", "error", "aliases")]
    for loaded in cores:
        core = loaded.core
        rows.append(
            (
                core.name,
                str(core.year),
                core.family,
                str(len(_stated(loaded))),
                str(len(_assumed(loaded))),
                _error(core.name),
                ", ".join(core.aliases),
            )
        )
    lines = table(rows, "lrlrrrl", "")
    lines += ["", wrap(_ERROR), "", "state of evidence"]
    for loaded in cores:
        state = loaded.core.evidence_state or _sources_said(loaded)
        lines.append(wrap(f"{loaded.core.name}: {state}", "  ", "    "))
    return "\n".join(lines)


def _sources_said(loaded: LoadedCore) -> str:
    """For a core that does not say: where most of its figures come from."""
    count = Counter(
        q.source.partition(":")[0] for q in loaded.evidence.values() if q.stated
    )
    order = sorted(count.items(), key=lambda item: (-item[1], item[0]))[:4]
    return "figures from " + ", ".join(f"{name} ({n})" for name, n in order)


def _error(name: str) -> str:
    """Mean errors of a core, least and greatest of its sets of blocks."""
    known = measured_error(name)
    if known is None:
        return "-"
    low, high = f"{known.low:.1f}", f"{known.high:.1f}"
    return f"{low} %" if low == high else f"{low}-{high} %"


def error_lines(name: str) -> list[str]:
    """A core's measured errors, a line a set."""
    sets = sets_of(name)
    if not sets:
        return ["  no measured blocks"]
    rows = [("measured blocks", "rows", "mean", "median", "held out", "90 % ends")]
    for one in sets:
        rows.append(
            (
                one.name,
                f"{one.rows:,}",
                f"{one.mean:.2f} %",
                f"{one.median:.2f} %",
                "-" if one.seen == "all" else f"{one.held_out_mean:.2f} %",
                f"x{one.below:.3f} x{one.above:.3f}",
            )
        )
    return table(rows, "lrrrrr")


def _stated(loaded: LoadedCore) -> list[str]:
    return [path for path, q in loaded.evidence.items() if q.stated]


def _assumed(loaded: LoadedCore) -> list[str]:
    return [p for p, q in loaded.evidence.items() if q.stated and q.assumed]


def list_document(cores: Sequence[LoadedCore]) -> str:
    return document(results=[_summary(loaded) for loaded in cores])


def _summary(loaded: LoadedCore) -> dict[str, Any]:
    core = loaded.core
    return {
        "uarch": core.name,
        "title": core.title,
        "vendor": core.vendor,
        "family": core.family,
        "year": core.year,
        "aliases": list(core.aliases),
        "evidence": core.evidence_state,
        "figures": len(_stated(loaded)),
        "assumed": len(_assumed(loaded)),
        "classes": Counter(q.evidence for q in loaded.evidence.values() if q.stated),
        "files": list(loaded.files),
        "core_error": [asdict(one) for one in sets_of(core.name)],
    }


def core_document(loaded: LoadedCore) -> str:
    """One core: every figure with value, interval and source."""
    figures = {path: _figure(q) for path, q in sorted(loaded.evidence.items())}
    record = {
        **_summary(loaded),
        "sources": {name: s.says for name, s in sorted(loaded.sources.items())},
        "parameters": figures,
        "fits": {path: fit._asdict() for path, fit in sorted(loaded.fits.items())},
    }
    return document(results=[record])


def _figure(q: Quantity) -> dict[str, Any]:
    return {
        "value": q.value,
        "low": q.low,
        "high": q.high,
        "source": q.source,
        "class": q.evidence,
        "reason": q.reason,
        "assumed": q.assumed,
        "stated": q.stated,
        "note": q.note,
        "where": q.where,
    }


def core_text(loaded: LoadedCore) -> str:
    """One core, section by section; ``?`` before every guess, fit and loan."""
    core = loaded.core
    lines = [f"{core.name}: {core.title}, {core.year}"]
    if core.evidence_state:
        lines.append(wrap(core.evidence_state, "  "))
    if core.aliases:
        lines.append(wrap("also called " + ", ".join(core.aliases), "  "))
    lines.append(wrap("from " + ", ".join(loaded.files), "  "))
    lines.append(wrap(_known(loaded), "  "))
    defaults = [path for path, q in loaded.evidence.items() if not q.stated]
    if defaults:
        lines.append(f"  {plural(len(defaults), 'default')} of the model besides (*)")
    lines += _fits(loaded)
    lines += error_lines(core.name)
    lines += ["", *block_diagram(core)]
    for section, figures in _sections(loaded.evidence).items():
        lines += ["", section, *_figure_lines(figures)]
    lines += ["", "sources"]
    for name, source in sorted(loaded.sources.items()):
        about = source.says
        if source.evidence != "measured":
            about += f" ({source.evidence})"
        if source.cores is not None:
            about += "; of " + (", ".join(source.cores) or "none of these")
        lines.append(wrap(f"{name}: {about}", "  ", "    "))
    return "\n".join(lines)


def _fits(loaded: LoadedCore) -> list[str]:
    """Switches and choices that measured rows decided, a line each."""
    return [
        wrap(f"? {path} fitted: {fit}", "  ", "    ")
        for path, fit in sorted(loaded.fits.items())
    ]


def _known(loaded: LoadedCore) -> str:
    """How many figures are known in which way, surest first."""
    count = Counter(q.evidence for q in loaded.evidence.values() if q.stated)
    parts = [f"{count[kind]} {kind}" for kind in get_args(Evidence) if count[kind]]
    doubtful = "; ? marks all but measured and documented ones"
    return plural(len(_stated(loaded)), "figure") + ": " + ", ".join(parts) + doubtful


def _sections(evidence: Mapping[str, Quantity]) -> dict[str, list[Named]]:
    """Figures by section of the file; of costs, by operation."""
    out: dict[str, list[Named]] = {}
    for path, q in evidence.items():
        parts = path.split(".")
        depth = 2 if parts[0] == "costs" and len(parts) > 2 else 1
        depth = min(depth, len(parts) - 1)
        section = ".".join(parts[:depth]) or "core"
        out.setdefault(section, []).append((".".join(parts[depth:]), q))
    return out


def _figure_lines(figures: Iterable[Named]) -> list[str]:
    rows = []
    for name, q in figures:
        mark = "*" if not q.stated else "?" if q.doubtful else " "
        span = "" if q.exact else f"{q.low:g}-{q.high:g}"
        source = q.source if q.stated else ""
        if q.doubtful and not q.assumed:
            source = f"{source}, {q.reason}"
        if q.note and q.stated:
            source = f"{source}: {q.note}"
        rows.append((mark, clip(name, 32), f"{q.value:g}", span, source))
    return table(rows, "llrll", "")


def findings_text(findings: Sequence[Finding]) -> str:
    """What is doubtful, by kind, each finding with its place."""
    if not findings:
        return "nothing doubtful"
    lines = [plural(len(findings), "finding")]
    for kind, meaning in KINDS.items():
        mine = [f for f in findings if f.kind == kind]
        if mine:
            lines += ["", f"{kind}: {meaning} ({len(mine)})"]
            for f in mine:
                what = " ".join(filter(None, (f.core, f.path)))
                said = f"{f.where}: {what}" + (f": {f.text}" if f.text else "")
                lines.append(wrap(said, "  ", "    "))
    return "\n".join(lines)


def findings_document(findings: Sequence[Finding]) -> str:
    names = ("core", "kind", "path", "where", "text")
    return document(results=[{n: getattr(f, n) for n in names} for f in findings])
