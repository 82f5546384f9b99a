"""The pipeline diagram: which uop was where, from when to when.

``spans`` says it once; plain text (``timeline``), SVG (here) and plots draw from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costmodel.engine.result import Estimate, UopTimes
from costmodel.tuples import NamedTuple
from costmodel.views.layout import clip, plural, spelled

# Class of the page's style, and what a stretch of a uop's time is.
STAGES = (
    ("q", "in the queue"),
    ("w", "waits for inputs"),
    ("p", "waits for a port"),
    ("e", "executes"),
    ("r", "waits to retire"),
    ("s", "in the store buffer"),
)
_ROW, _TEXT, _TOP = 14, 270, 22
_WIDTH = 940  # if the cycles can be drawn that narrow
_NARROW, _WIDE = 4, 9  # least and greatest width of a cycle
# Told from the other shades where there is no colour.
_HATCH = (
    '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="4" height="4" class="h0"/>'
    '<rect width="1.6" height="4" class="h1"/></pattern></defs>'
)
STYLE = """
svg text{font:11px monospace;fill:var(--ink)}.q{fill:var(--paper);stroke:var(--rule)}
.w{fill:var(--wait);stroke:#7f93ad}.p{fill:url(#hatch);stroke:#8a6210}
.e{fill:var(--ink)}.r{fill:var(--done)}
.s{fill:var(--faint);stroke:#777;stroke-dasharray:2 1}.g{stroke:var(--rule)}
.h0{fill:#f5d7a8}.h1{fill:#8a6210}
"""
COLOURS = """
:root{color-scheme:light dark;--ink:#151515;--paper:#fff;--soft:#555;--rule:#ccc;
--bar:#6e6e6e;--wait:#dce6f2;--done:#b4b4b4;--faint:#e8e8e8;--link:#0b5394}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181c;
--soft:#a8adb5;--rule:#3b4048;--bar:#9aa0a8;--wait:#2e4460;--done:#6b7078;
--faint:#30343b;--link:#7db7f0}}
"""


MOST_UOPS = 600  # rows nobody reads beyond


class Span(NamedTuple):
    """A stretch of one uop: an index into ``STAGES``, cycles from ``start`` to ``end``
    (not included), and the cause of a wait."""

    stage: int
    start: int
    end: int
    cause: str


_ENTITIES = (
    ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"),
)  # fmt: skip


def escape(text: str) -> str:
    """``html.escape``, which comes with a table of two thousand entities."""
    for mark, entity in _ENTITIES:
        text = text.replace(mark, entity)
    return text


def spans(uop: UopTimes) -> Iterator[Span]:
    """What a uop does, in order; stretches of no cycle are left out."""
    points = (
        (uop.queued, uop.issued),
        (uop.issued, min(uop.ready, uop.dispatched)),
        (max(uop.issued, uop.ready), uop.dispatched),
        (uop.dispatched, uop.completed),
        (uop.completed, uop.retired),
        (uop.retired, uop.committed),
    )
    for stage, (start, end) in enumerate(points):
        if 0 <= start < end:
            waits = STAGES[stage][0] in "wp"
            yield Span(stage, start, end, uop.wait if waits else "")


def abridged(uops: Sequence[UopTimes]) -> list[UopTimes]:
    """Of a long run of microcode only the first and the last uop."""
    kept: list[UopTimes] = []
    for i, uop in enumerate(uops):
        run = (uop.step, "microcode")
        around = (*uops[max(i - 1, 0) : i], *uops[i + 1 : i + 2])
        inside = sum((u.step, u.kind) == run for u in around) == 2
        if not (inside and uop.kind == "microcode" and uop.uop):
            kept.append(uop)
    return kept


def pipeline_svg(estimate: Estimate, alone: bool = False) -> str:
    """A row a uop; a bar says what it is and when, when pointed at.

    ``alone``: with its own style, to be kept as a file.
    """
    every = abridged(estimate.timeline)
    uops = every[:MOST_UOPS]
    first = min((u.queued for u in uops), default=0)
    last = max((max(u.retired, u.committed) for u in uops), default=0)
    cycles = last - first + 2
    cycle_width = min(max((_WIDTH - _TEXT) // cycles, _NARROW), _WIDE)
    width = _TEXT + cycles * cycle_width
    height = _TOP + (len(uops) + 1) * _ROW
    label = escape(f"pipeline diagram of {estimate.path.name} on {estimate.title}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'role="img" aria-label="{label}">'
    ]
    if alone:
        parts.append(f"<style>{COLOURS}{STYLE}</style>")
        parts.append('<rect width="100%" height="100%" fill="var(--paper)"/>')
    parts.append(_HATCH)
    for cycle in range(-(-first // 10) * 10, last + 1, 10):
        x = _TEXT + (cycle - first) * cycle_width
        parts.append(
            f'<line class="g" x1="{x}" x2="{x}" y1="{_TOP - 6}" y2="{height}"/>'
            f'<text x="{x}" y="12">{cycle}</text>'
        )
    shown = -1
    for row, uop in enumerate(uops):
        y = _TOP + row * _ROW
        if uop.step != shown:
            text = escape(clip(spelled(estimate.insn(uop.step)), 38))
            parts.append(f'<text x="0" y="{y + 10}">{text}</text>')
        shown = uop.step
        parts += _bars_of(uop, y, first, cycle_width)
    if more := left_out(every):
        parts.append(f'<text x="0" y="{height - 4}">{more}</text>')
    parts.append("</svg>")
    return "".join(parts)


def left_out(uops: Sequence[UopTimes]) -> str:
    """What a diagram says of uops it has no room for."""
    more = len(uops) - MOST_UOPS
    if more <= 0:
        return ""
    return f"{plural(more, 'uop')} more: --json has them all, a region shows a part"


def _bars_of(uop: UopTimes, y: int, first: int, cycle_width: int) -> Iterator[str]:
    for span in spans(uop):
        kind, name = STAGES[span.stage]
        why = f": {span.cause}" if span.cause else ""
        about = escape(f"{uop.kind} {uop.port} {name}{why}")
        yield (
            f'<rect class="{kind}" x="{_TEXT + (span.start - first) * cycle_width}" '
            f'y="{y}" width="{(span.end - span.start) * cycle_width}" height="11">'
            f"<title>{about}, {span.start} to {span.end}</title></rect>"
        )


def legend() -> str:
    """What the shades mean, as HTML."""
    items = "".join(
        f'<span class="key"><svg width="14" height="11"><rect class="{kind}" x="1" '
        f'y="0" width="12" height="10"/></svg> {name}</span> '
        for kind, name in STAGES
    )
    return f'<p class="note">{items}</p>'
