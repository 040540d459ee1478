"""Trends of watched endpoints as a page: no scripts, nothing loaded from elsewhere, all escaped."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime

from cladist.provenance.markup import escaped, row
from cladist.provenance.service.trends import STATUSES, Point, Trend

__all__ = ["STYLE", "trends_page"]

WIDE, HIGH, LEFT, BOTTOM, TOP = 760, 190, 56, 26, 10
MOST_POINTS = 1500
"""Points that are drawn; of more, those that stand for the highest evidence of their stretch."""
MOST_ALARMS = 20
COLOURS = {
    "learning": "#7a7a7a", "learnt": "#7a7a7a", "same": "#2b6cb0", "inconclusive": "#b7791f",
    "changed": "#c53030", "failed": "#6b46c1",
}  # fmt: skip
MARKS = {"changed": 5.0, "failed": 3.5, "inconclusive": 2.6}
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;"
    "margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}h1{font-size:1.5rem}"
    "h2{font-size:1.15rem;margin:2.2rem 0 .3rem}svg{width:100%;height:auto;display:block;"
    "background:#fff;border:1px solid #ccc}table{border-collapse:collapse;font-size:.9rem}"
    "td,th{padding:.15rem .7rem .15rem 0;text-align:left;vertical-align:top}"
    ".bad{color:#c53030;font-weight:600}.key{font-size:.85rem}"
    "@media(prefers-color-scheme:dark){.bad{color:#fc8181}}"
)


def trends_page(
    trends: Sequence[Trend], remarks: Sequence[str] = (), *, sheet: str = ""
) -> str:  # fmt: skip
    """The page; `sheet` is the address of its style sheet, where it is not to be in the page.

    A page of its own has a policy that lets it use its own style sheet and nothing else.
    """
    if sheet:
        head = f'<link rel="stylesheet" href="{escaped(sheet)}">'
    else:
        digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"
        head = (
            f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{STYLE}</style>'
        )
    rows = [row(["endpoint", "looks", "queries", "alarms", "last look", "came to"], head=True)]
    rows += [_line(t) for t in trends]
    told = "".join(f"<p>{escaped(r)}</p>" for r in remarks)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Watched endpoints</title>{head}</head><body><h1>Watched endpoints</h1>"
        "<p>Evidence is what bets on a change have won: it begins at 1, falls while nothing "
        "changes, and at the dashed line a change is called. Times are in UTC.</p>"
        f"<table>{''.join(rows)}</table>{told}{''.join(map(_section, trends))}</body></html>\n"
    )


def _line(trend: Trend) -> str:
    last, alarms = trend.points[-1], len(trend.alarms)
    state = f'<span class="bad">{last.status}</span>' if last.status == "changed" else last.status
    return row([
        escaped(trend.name), str(len(trend.points)), str(sum(p.queries for p in trend.points)),
        str(alarms), _time(last.seconds), state,
    ])  # fmt: skip


def _section(trend: Trend) -> str:
    counts = ", ".join(f"{trend.counts[s]} {s}" for s in STATUSES if trend.counts.get(s))
    alarms = trend.alarms
    more = f"<p>The last {MOST_ALARMS} of {len(alarms)}:</p>" if len(alarms) > MOST_ALARMS else ""
    listed = [row(["change called", "why"], head=True)]
    listed += [row([_time(p.seconds), escaped(p.reason[:600])]) for p in alarms[-MOST_ALARMS:]]
    table = f"{more}<table>{''.join(listed)}</table>" if alarms else "<p>No change was called.</p>"
    return (
        f"<section><h2>{escaped(trend.name)}</h2><p>{counts}</p>{_picture(trend)}{_key()}{table}"
        "</section>"
    )


def _key() -> str:
    return '<p class="key">Large marks: changed (red), failed (violet), inconclusive (ochre).</p>'


def _picture(trend: Trend) -> str:
    """Evidence over time, on a logarithmic scale."""
    points = _thinned(trend.points)
    first, last = points[0].seconds, points[-1].seconds
    limit = points[-1].threshold
    low = min(-1.0, min(_log(p.value) for p in points))
    high = max(_log(limit) * 1.15, max(min(_log(p.value), _log(limit) * 2) for p in points))

    def x(seconds: float) -> float:
        share = (seconds - first) / (last - first) if last > first else 0.5
        return LEFT + share * (WIDE - LEFT - 12)

    def y(value: float) -> float:
        share = (min(max(_log(value), low), high) - low) / (high - low)
        return HIGH - BOTTOM - share * (HIGH - BOTTOM - TOP)

    line = " ".join(f"{x(p.seconds):.1f},{y(p.value):.1f}" for p in points)
    marks = "".join(
        f'<circle cx="{x(p.seconds):.1f}" cy="{y(p.value):.1f}" r="{MARKS.get(p.status, 1.6)}" '
        f'fill="{COLOURS[p.status]}"><title>{_time(p.seconds)}: {p.status}, evidence '
        f"{p.value:.3g}</title></circle>"
        for p in points
    )
    at = y(limit)
    ticks = "".join(
        f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" font-size="11" text-anchor="end" fill="#444">'
        f"{v:g}</text>"
        for v in sorted({1.0, float(f"{limit:.3g}"), float(f"{10**low:.1g}")})
    )
    ends = (
        f'<text x="{LEFT}" y="{HIGH - 8}" font-size="11" fill="#444">{_time(first)}</text>'
        f'<text x="{WIDE - 12}" y="{HIGH - 8}" font-size="11" text-anchor="end" fill="#444">'
        f"{_time(last)}</text>"
    )
    words = f"Evidence of {escaped(trend.name)} over time, {len(trend.points)} looks"
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{words}">'
        f'<line x1="{LEFT}" x2="{WIDE - 12}" y1="{at:.1f}" y2="{at:.1f}" stroke="#c53030" '
        f'stroke-dasharray="6 4"/>{ticks}{ends}'
        f'<polyline points="{line}" fill="none" stroke="#2b6cb0" stroke-width="1.2"/>{marks}</svg>'
    )


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """At most so many: of each stretch the look that called a change, else the most suspect."""
    if len(points) <= MOST_POINTS:
        return points
    size = math.ceil(len(points) / MOST_POINTS)
    kept = []
    for begin in range(0, len(points), size):
        stretch = points[begin : begin + size]
        kept.append(max(stretch, key=lambda p: (p.status == "changed", p.value)))
    return kept


def _log(value: float) -> float:
    return math.log10(max(value, 1e-6))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
