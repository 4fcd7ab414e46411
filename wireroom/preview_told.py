"""What a query would take, told in lines for the terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from wireroom.chart import bars, clipped, columns
from wireroom.escape import escaped
from wireroom.explained import counted
from wireroom.verdict_lines import WITHHELD

MOST_SOURCES = 10
NAMED_SOURCES = 3
"""So many of a story's sources are named."""


def preview_lines(told: Mapping[str, Any], width: int) -> list[str]:
    """Tell what ``db.preview`` found; ``width`` is the terminal's."""
    topic = f"topic {told['topic']}: " if told["topic"] is not None else ""
    lines = [
        *([f"{topic}{escaped(told['query'])}"]),
        f"takes {stories(told['stories'])} of those seen since {told['since'][:16].replace('T', ' ')}"
        f"{withheld(told['withheld'])}",
    ]
    if told["stories"]:
        lines += ["", *day_lines(told["days"], width), "", "by source", *source_lines(told["sources"], width)]
    change = told["change"]
    if change is None:
        lines += ["", "newest", *story_lines(told["newest"], width)] if told["stories"] else []
        if told["compared"] is not None:
            lines += ["", f"topic {told['compared']} is not in the archive yet: it begins with the newest of these"]
        return lines
    lines += [
        "",
        f"topic {told['compared']} has selected {stories(change['selected'])} of that time; "
        f"{'none' if not change['enters'] else change['enters']} would be new, "
        f"{'none' if not change['leaves'] else change['leaves']} would no longer be taken",
    ]
    for name, title in (("entering", "would newly take"), ("leaving", "no longer takes")):
        if change[name]:
            lines += ["", title, *story_lines(change[name], width)]
    if not change["entering"] and not change["leaving"] and told["stories"]:
        lines += ["", "newest", *story_lines(told["newest"], width)]
    return lines


def stories(count: int) -> str:
    """Write how many stories."""
    return "no story" if count == 0 else f"{count:,} {'story' if count == 1 else 'stories'}"


def withheld(counts: Mapping[str, int]) -> str:
    """Tell how many more are withheld."""
    told = [f"{count:,} {WITHHELD.get(how, how)}" for how, count in sorted(counts.items())]
    return f"; not counted: {', '.join(told)}" if told else ""


def day_lines(days: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Draw how many stories each day has."""
    drawn, together = columns([day["stories"] for day in days], max(10, width - 2))
    most = max(sum(day["stories"] for day in days[n : n + together]) for n in range(0, len(days), together))
    first, last = days[0]["day"], days[-1]["day"]
    wide = 2 if 2 * -(-len(days) // together) <= max(10, width - 2) else 1
    room = wide * -(-len(days) // together)
    span = first if first == last else f"{first}{last:>{max(len(last) + 3, room - len(first))}}"
    return [f"{'by day' if together == 1 else f'by {together} days'}, at most {most:,}", *drawn, span]


def source_lines(sources: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Draw how many stories each source carries; the last ones together."""
    rows = [(one["source"], one["stories"]) for one in sources[:MOST_SOURCES]]
    more = sources[MOST_SOURCES:]
    told = [f"and {counted(len(more), 'more source')}"] if more else []
    return [*bars(rows, width), *told]


def story_lines(rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Tell stories: what, and below it by whom with which tags."""
    number = max((len(str(row["story_id"])) for row in rows), default=0)
    lines, indent = [], " " * (number + 4)
    for row in rows:
        more = len(row["sources"]) - NAMED_SOURCES
        who = ", ".join(row["sources"][:NAMED_SOURCES]) + (f" and {more} more" if more > 0 else "")
        what = f"{who} · {', '.join(row['tags'])}" if row["tags"] else who
        lines += [
            clipped(f"  {row['story_id']:>{number}}  {row['first_seen'][:10]}  {escaped(row['title'])}", width),
            *wrap(what, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False),
        ]
    return lines
