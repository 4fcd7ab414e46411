"""What ``wireroom status --watch`` shows: the whole on one screen, whatever its size. Pure.

A screen is lines of parts, each with a style; the terminal (``watch.py``) makes colours of them, or none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import wrap
from typing import Any, Literal

from db.overview import Failing, Newest, NextPoll
from db.times import parse_iso
from feeds.pages.words import counted, size, span
from wireroom.escape import escaped

Style = Literal["", "head", "good", "bad", "dim"]
Line = Sequence[tuple[str, Style]]
ORDER = ("good", "remark", "new", "silent", "held", "offline", "wall", "failing", "gone")
BAD = frozenset({"offline", "wall", "failing", "gone"})
LEAST_WIDTH, LEAST_HEIGHT = 40, 8
NAME_SHARE, MOST_NAME = 4, 30
"""A source's id has so much of the width at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that is shown; ``live``: drawn anew until q.

    ``pulse`` is what the daemon tells; None: none runs, or it does not answer (``silent``).
    """

    now: datetime
    folder: str
    live: bool = False
    sources: int
    topics: int
    pulse: Mapping[str, Any] | None = None
    silent: str | None = None
    healths: Mapping[str, int] = field(default_factory=dict)
    failing: Sequence[Failing] = ()
    next_polls: Sequence[NextPoll] = ()
    newest: Sequence[Newest] = ()
    stories: int = 0
    due: int = 0
    behind: int = 0
    untold: Mapping[str, int] = field(default_factory=dict)
    polls_last_minute: int = 0
    archive_bytes: int = 0
    wal_bytes: int = 0


def screen(view: View, width: int, height: int) -> list[Line]:
    """Lay it out → ``height`` lines at most, each no wider than ``width``."""
    width, height = max(width, LEAST_WIDTH), max(height, LEAST_HEIGHT)
    head = list(top(view, width))
    room = height - len(head)
    parts = [part for part in (failing(view, width), upcoming(view, width), newest(view, width)) if len(part) > 1]
    shares = shared(room, [len(part) for part in parts])
    lines = [*head, *(line for part, share in zip(parts, shares, strict=True) for line in part[:share])]
    return [fitted(line, width) for line in lines[:height]]


def shared(room: int, wanted: Sequence[int]) -> list[int]:
    """Share out lines: to each as many as it wants, or the same as to others; what one leaves, the others get."""
    shares = [0] * len(wanted)
    for place in sorted(range(len(wanted)), key=lambda n: wanted[n]):
        left = len(wanted) - sum(share > 0 for share in shares)
        shares[place] = min(wanted[place], max(0, room - sum(shares)) // left)
    if wanted and shares[-1] < wanted[-1]:
        shares[-1] += min(wanted[-1] - shares[-1], room - sum(shares))
    return shares


def top(view: View, width: int) -> Iterator[Line]:
    """Tell the whole in a few lines; a reason takes as many as it needs, since its mend stands at its end."""
    ends = "  q ends it" if view.live else ""
    yield [("Wireroom  ", "head"), *state(view), (f"{ends}  {view.folder}  {view.now:%H:%M:%S} UTC", "dim")]
    pulse = view.pulse or {}
    rate = pulse.get("polls_last_minute", view.polls_last_minute)
    doing = f", {pulse['under_way']:,} under way" if pulse else ""
    yield [("polls    ", "dim"), (f"{rate:,} in the last minute{doing}, {view.due:,} due", "")]
    counts = [(name, view.healths[name]) for name in ORDER if view.healths.get(name)]
    line: list[tuple[str, Style]] = [("sources  ", "dim"), (f"{view.sources:,}", "")]
    for name, count in counts:
        line.append((f"  {count:,} {name}", "bad" if name in BAD else "good" if name == "good" else ""))
    yield line
    log = f" + {size(view.wal_bytes)} log" if view.wal_bytes else ""
    behind = f", {view.behind:,} not yet published" if view.behind else ""
    yield [("archive  ", "dim"), (f"{size(view.archive_bytes)}{log}, {counted(view.stories, 'story')}", "")]
    yield [("topics   ", "dim"), (f"{view.topics:,}{behind}", ""), *told(view)]
    if pulse:
        busy = f"busy for {span(pulse['writer_busy_s'])}" if pulse["writer_busy_s"] >= 1 else "at rest"
        yield [("writer   ", "dim"), (f"{busy}, {counted(pulse['writer_waiting'], 'job')} waiting", "")]
    health = pulse.get("health", {})
    styles: dict[str, Style] = {"reasons": "bad", "warnings": ""}
    for which, style in styles.items():
        for one in health.get(which, ()):
            said = escaped(f"{one['said']}: {one['mend']}")
            yield from ([(line, style)] for line in wrap(said, width, initial_indent="  ", subsequent_indent="    "))


def state(view: View) -> Line:
    """Say in a word how the daemon is."""
    if view.pulse is None:
        return [(view.silent or "no daemon runs", "bad" if view.silent else "")]
    word = view.pulse["health"]["state"]
    return [(word, "bad" if word == "failing" else "good"), (f", up {span(view.pulse['uptime_s'])}", "")]


def told(view: View) -> Line:
    """Say who is not yet told of the newest."""
    waiting = [f"{count:,} {who}" for who, count in view.untold.items() if count]
    return [(f"; to be told: {', '.join(waiting)}", "")] if waiting else []


def failing(view: View, width: int) -> list[Line]:
    """List what fails, what failed last first."""
    count = sum(view.healths.get(name, 0) for name in BAD) or len(view.failing)
    lines: list[Line] = [[(f"── failing: {count:,} ", "head")]]
    name = min(MOST_NAME, width // NAME_SHARE)
    for one in view.failing:
        often = f"{one.failures:>4}×"
        lines.append([(padded(one.source, name), ""), (f" {often}  ", "bad"), (one.error or one.outcome, "dim")])
    return lines


def upcoming(view: View, width: int) -> list[Line]:
    """List what is polled next."""
    lines: list[Line] = [[("── next ", "head")]]
    name = min(MOST_NAME, width // NAME_SHARE)
    for one in view.next_polls:
        wait = (parse_iso(one.next_poll) - view.now).total_seconds()
        when = f"in {span(wait)}" if wait > 0 else "due" if wait > -1 else f"due for {span(-wait)}"
        lines.append([(padded(one.source, name), ""), (f"  {when}", "dim")])
    return lines


def newest(view: View, width: int) -> list[Line]:
    """List the newest stories."""
    lines: list[Line] = [[("── newest stories ", "head")]]
    name = min(MOST_NAME, width // NAME_SHARE)
    for one in view.newest:
        more = f" +{one.sources - 1}" if one.sources > 1 else ""
        when = one.first_seen[11:16] if one.first_seen[:10] == f"{view.now:%Y-%m-%d}" else one.first_seen[5:10]
        lines.append([(f"{when} ", "dim"), (padded(one.source + more, name), "dim"), (f" {one.title}", "")])
    return lines


def fitted(line: Line, width: int) -> Line:
    """Cut a line to a width, its control characters made visible."""
    made: list[tuple[str, Style]] = []
    room = width
    for text, style in line:
        cut = clipped(escaped(text), room)
        made.append((cut, style))
        room -= columns(cut)
    return made


def clipped(text: str, width: int) -> str:
    """Cut a text to so many columns; ``…`` says that there was more."""
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for char in text:
        used += columns(char)
        if used > width - 1:
            break
        kept += char
    return kept + "…" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Make a text take just so many columns."""
    cut = clipped(escaped(text), width)
    return cut + " " * (width - columns(cut))


def columns(text: str) -> int:
    """Count the columns that a terminal needs for a text: Chinese and the like take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
