"""Numbers as pictures, drawn here: SVG without script or style of its own, and the words that say the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from db.times import parse_iso
from feeds.pages.words import counted, day, later

BAR, GAP = 8, 2
"""Of a column and the space beside it, in units of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of days: ``says`` is it in a sentence, ``rows`` are its numbers, for a table beside it."""

    svg: Markup
    says: str
    first: str
    last: str
    most: int
    rows: tuple[tuple[str, int], ...]


def by_day(days: Sequence[tuple[str, int]], what: str, *, height: int = 64) -> Chart | None:
    """Draw stories by day as columns; ``what`` names one of what is counted. None: there is nothing to draw."""
    if not days or not any(number for _, number in days):
        return None
    most = max(number for _, number in days)
    top = next(date for date, number in days if number == most)
    total = sum(number for _, number in days)
    says = (
        f"{counted(total, what)} from {day(days[0][0])} to {day(days[-1][0])}; "
        f"most on {day(top)}, {most:,}; on {day(days[-1][0])} {days[-1][1]:,}"
    )
    bars = Markup("").join(
        _bar(n * (BAR + GAP), height, share(number, most, height), f"{day(date)}: {counted(number, what)}")
        for n, (date, number) in enumerate(days)
        if number
    )
    svg = _svg(len(days) * (BAR + GAP) - GAP, height, says, bars, "columns")
    return Chart(svg=svg, says=says, first=day(days[0][0]), last=day(days[-1][0]), most=most, rows=tuple(days))


def sparkline(numbers: Sequence[int], says: str, *, height: int = 20) -> Markup:
    """Draw numbers as a row of small columns, in the size of a line of text."""
    most = max(numbers, default=0)
    columns = [(n, float(height), share(number, most, height)) for n, number in enumerate(numbers) if number]
    return _svg(max(1, len(numbers) * 4 - 1), height, says, _columns(columns), "spark")


def polls(days: Sequence[tuple[int, int]], says: str, *, height: int = 20) -> Markup:
    """Draw each day's polls, (all, failed), as a column, the failed part of it on top in another colour."""
    most = max((every for every, _ in days), default=0)
    fine, bad_ones = [], []
    for n, (every, failed) in enumerate(days):
        whole = share(every, most, height)
        bad = min(whole, max(2.0, whole * failed / every)) if failed and every else 0.0
        if whole > bad:
            fine.append((n, float(height), whole - bad))
        if bad:
            bad_ones.append((n, height - whole + bad, bad))
    both = _columns(fine, "fine") + _columns(bad_ones, "bad")
    return _svg(max(1, len(days) * 4 - 1), height, says, both, "spark")


def coverage(seen: Sequence[tuple[str, str]], *, width: int = 640, height: int = 96) -> Markup | None:
    """Draw how a story spread: (time, who), a step up for each. None for fewer than two, or all at one time."""
    times = sorted((parse_iso(when), who) for when, who in seen)
    if len(times) < 2:
        return None
    first, last = times[0][0], times[-1][0]
    length = (last - first).total_seconds()
    if length <= 0:
        return None
    edge = 8
    points = [
        (
            edge + (width - 2 * edge) * (when - first).total_seconds() / length,
            height - edge - (height - 2 * edge) * n / (len(times) - 1),
            who,
        )
        for n, (when, who) in enumerate(times)
    ]
    line = f"M{points[0][0]:.1f} {points[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y, _ in points[1:])
    start = seen[0][0] if parse_iso(seen[0][0]) == first else min(when for when, _ in seen)
    dots = Markup("").join(
        Markup('<circle cx="{}" cy="{}" r="4"><title>{}</title></circle>').format(
            f"{x:.1f}", f"{y:.1f}", f"{who} {later(_iso(times[n][0]), start)}".strip()
        )
        for n, (x, y, who) in enumerate(points)
    )
    says = f"{counted(len(times), 'report')} within {later(_iso(last), start).lstrip('+')}"
    return _svg(width, height, says, Markup('<path d="{}"/>').format(line) + dots, "spread", stretch=False)


def share(number: int, most: int, height: int) -> float:
    """Give a column's height; whatever is not nothing can be seen."""
    return max(2.0, height * number / most) if number and most else 0.0


def _iso(when: object) -> str:
    return str(when).replace(" ", "T").replace("+00:00", "Z")


def _bar(x: int, height: int, tall: float, title: str) -> Markup:
    # The whole height answers to the pointer, so that a low column's number is found too.
    return Markup('<g><rect class="ground" x="{}" y="0" width="{}" height="{}"/>{}<title>{}</title></g>').format(
        x, BAR + GAP, height, _rect(x, height - tall, BAR, tall), title
    )


def _columns(columns: Sequence[tuple[int, float, float]], kind: str = "") -> Markup:
    """Draw (place, foot, height) as one shape: a list has hundreds of such pictures, each of a month."""
    if not columns:
        return Markup("")
    named = f' class="{kind}"' if kind else ""
    shape = "".join(f"M{n * 4} {foot:.1f}v{-tall:.1f}h3v{tall:.1f}z" for n, foot, tall in columns)
    return Markup(f'<path{named} d="{shape}"/>')  # noqa: S704 - numbers, and a word of ours


def _rect(x: float, y: float, width: float, height: float) -> Markup:
    return Markup(f'<rect x="{x:g}" y="{y:.1f}" width="{width:g}" height="{height:.1f}"/>')  # noqa: S704 - numbers


def _svg(width: int, height: int, says: str, inside: Markup, kind: str, *, stretch: bool = True) -> Markup:
    fit = Markup(' preserveAspectRatio="none"') if stretch else Markup("")
    return Markup(  # noqa: S704 - what is not ours is escaped
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}"{fit} role="img" '
        f'aria-label="{escape(says)}">{escape(inside)}</svg>'
    )
