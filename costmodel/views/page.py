"""One estimate as a page of its own: no network, no script, one file.

The timeline is drawn as SVG by hand: small, and sharp at any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape

from costmodel import __version__
from costmodel.engine.result import Estimate, UopTimes
from costmodel.views.assumed import spoken
from costmodel.views.formats import page
from costmodel.views.html import html_table
from costmodel.views.layout import SCENARIOS, number, place, plural, spelled
from costmodel.views.text import digits_of, error_said, exact_cycles, heading
from costmodel.views.timeline import abridged

_ROW, _TEXT, _TOP = 14, 270, 22
_WIDTH = 940  # of the timeline, if its cycles can be drawn that narrow
_NARROW, _WIDE = 4, 9  # least and greatest width of a cycle
_STAGES = (
    ("q", "in the queue"),
    ("w", "waits for inputs"),
    ("p", "waits for a port"),
    ("e", "executes"),
    ("r", "waits to retire"),
    ("s", "in the store buffer"),
)
_STYLE = """
h1{font-size:1.5em;margin:.2em 0}h2{font-size:1.1em;margin:1.4em 0 .3em}
.big{font-size:2.2em;font-weight:700}.note{color:#555;font-size:.9em}
.scroll,.cols>div{overflow-x:auto;max-width:100%}
.cols{display:flex;flex-wrap:wrap;gap:2.5em}svg text{font:11px monospace}
td{white-space:nowrap}.why td:last-child{white-space:normal;min-width:12em}
.bar{background:#6e6e6e;height:.8em;display:inline-block}.q{fill:#fff;stroke:#999}
.w{fill:#dce6f2;stroke:#7f93ad}.p{fill:url(#hatch);stroke:#8a6210}.e{fill:#1a1a1a}
.r{fill:#b4b4b4}.s{fill:#e8e8e8;stroke:#777;stroke-dasharray:2 1}.g{stroke:#ddd}
"""
# Told from the other shades where there is no colour.
_HATCH = (
    '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="4" height="4" fill="#f5d7a8"/>'
    '<rect width="1.6" height="4" fill="#8a6210"/></pattern></defs>'
)


def estimate_page(estimate: Estimate) -> str:
    """The whole page: answer, causes, instructions, timeline, ports, lines, slots."""
    mark = "?" if estimate.guesses or estimate.unknown else ""
    cycles = number(exact_cycles(estimate), digits_of(estimate)) + mark
    title = f"{heading(estimate)} on {estimate.uarch}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p><span class="big">{cycles}</span> cycles, '
        f"{escape(SCENARIOS.get(estimate.scenario, estimate.scenario))}; "
        f"{plural(estimate.instructions, 'instruction')}, {estimate.bytes} bytes, "
        f"{plural(estimate.uops, 'uop')}, {plural(estimate.slots, 'issue slot')}</p>",
        '<div class="cols">',
        _causes(estimate),
        _ports(estimate),
        "</div>",
        f'<h2>Timeline</h2><div class="scroll">{timeline_svg(estimate)}</div>',
        _charges(estimate),
        '<div class="cols">',
        _lines(estimate),
        _slots(estimate),
        "</div>",
        _assumed(estimate),
        *(f'<p class="note">{escape(n)}</p>' for n in dict.fromkeys(estimate.notes)),
        f'<p class="note">Modelled by costmodel {__version__}, not measured; '
        f"{escape(error_said(estimate.core_error))}.</p>",
    ]
    return page(title, "\n".join(part for part in body if part), _STYLE)


def _bars(title: str, head: str, rows: Iterable[tuple[str, Fraction]]) -> str:
    found = list(rows)
    most = max((abs(value) for _, value in found), default=Fraction(1)) or Fraction(1)
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{float(value):.4g}</td><td>"
        f'<span class="bar" style="width:{float(160 * abs(value) / most):.0f}px">'
        "</span></td></tr>"
        for name, value in found
    )
    return (
        f"<div><h2>{escape(title)}</h2><table><tr><th>{escape(head)}</th>"
        f"<th></th><th></th></tr>{cells}</table></div>"
    )


def _causes(estimate: Estimate) -> str:
    rows = [(c, Fraction(n, estimate.copies)) for c, n in estimate.causes if n]
    return _bars("Where the cycles go", "cause", rows)


def _ports(estimate: Estimate) -> str:
    rows = [(p, Fraction(n, estimate.copies)) for p, n in estimate.ports]
    return _bars("Uops by port", "port", rows) if rows else ""


def _charges(estimate: Estimate) -> str:
    rows = []
    for step, cause, cycles in estimate.charges:
        if cycles and 0 <= step < len(estimate.path.steps):
            insn = estimate.insn(step)
            share = f"{cycles / estimate.copies:.4g}"
            rows.append((str(step), spelled(insn), place(insn), cause, share))
    head = ("step", "instruction", "at", "cause", "cycles")
    return f"<h2>By instruction</h2>{_scrolled(html_table('', head, rows))}"


def _lines(estimate: Estimate) -> str:
    rows = [(u.where, str(u.loads), str(u.stores), str(u.commits))
            for u in estimate.lines]  # fmt: skip
    head = ("line", "loads", "stores", "commits")
    return f"<div><h2>Lines touched</h2>{html_table('', head, rows)}</div>"


def _slots(estimate: Estimate) -> str:
    rows = [
        (s.name, s.line, s.value if s.step >= 0 else "not written",
         place(estimate.insn(s.step)) if s.step >= 0 else "")
        for s in estimate.pt_regs
    ]  # fmt: skip
    if not rows:
        return ""
    head = ("slot", "line", "value", "written at")
    return f"<div><h2>pt_regs</h2>{html_table('', head, rows)}</div>"


def _assumed(estimate: Estimate) -> str:
    rows = [
        (_figure(g.what), f"{g.value:g}", f"{g.low:g} to {g.high:g}", g.reason)
        for g in estimate.guesses
    ]
    rows += [(name, "", "", "not known to the model") for name in estimate.unknown]
    head = ("figure", "value", "interval", "why")
    if not rows:
        return ""
    table = _scrolled(html_table("", head, rows), "scroll why")
    return f"<h2>Assumed (?)</h2>{table}"


def _scrolled(table: str, kind: str = "scroll") -> str:
    """What is wider than the page scrolls by itself; the page never does."""
    return f'<div class="{kind}">{table}</div>'


def _figure(path: str) -> str:
    """A figure of a cost in words, one of the core by its path."""
    return spoken(path) if path.startswith("costs.") else path


def timeline_svg(estimate: Estimate) -> str:
    """The pipeline diagram; a bar says what it is and when, when pointed at."""
    uops = abridged(estimate.timeline)
    first = min((u.queued for u in uops), default=0)
    last = max((max(u.retired, u.committed) for u in uops), default=0)
    cycles = last - first + 2
    cycle_width = min(max((_WIDTH - _TEXT) // cycles, _NARROW), _WIDE)
    width = _TEXT + cycles * cycle_width
    height = _TOP + (len(uops) + 1) * _ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'role="img" aria-label="pipeline diagram">{_HATCH}'
    ]
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
            text = escape(spelled(estimate.insn(uop.step))[:38])
            parts.append(f'<text x="0" y="{y + 10}">{text}</text>')
        shown = uop.step
        parts += _bars_of(uop, y, first, cycle_width)
    parts.append("</svg>")
    return "".join(parts) + _legend()


def _bars_of(uop: UopTimes, y: int, first: int, cycle_width: int) -> Sequence[str]:
    points = (
        (uop.queued, uop.issued),
        (uop.issued, min(uop.ready, uop.dispatched)),
        (max(uop.issued, uop.ready), uop.dispatched),
        (uop.dispatched, uop.completed),
        (uop.completed, uop.retired),
        (uop.retired, uop.committed),
    )
    out = []
    for (start, end), (kind, name) in zip(points, _STAGES, strict=True):
        if 0 <= start < end:
            why = f": {uop.wait}" if kind in "wp" and uop.wait else ""
            out.append(
                f'<rect class="{kind}" x="{_TEXT + (start - first) * cycle_width}" '
                f'y="{y}" width="{(end - start) * cycle_width}" height="11">'
                f"<title>{escape(f'{uop.kind} {uop.port} {name}{why}')}, "
                f"{start} to {end}</title></rect>"
            )
    return out


def _legend() -> str:
    items = "".join(
        f'<svg width="14" height="11"><rect class="{kind}" x="1" y="0" width="12" '
        f'height="10"/></svg> {name} &nbsp; '
        for kind, name in _STAGES
    )
    return f'<p class="note">{items}</p>'
