"""What is kept, and what went, told in lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from db.keeping import FOREVER
from feeds.pages.words import counted, size
from wireroom.config_keep import YEAR_S, KeepSettings

DAY_S = 86_400
BECAUSE = {"age": "for its age", "count": "its sources have newer ones enough"}
KEPT = {
    "published": "a topic has it",
    "pinned": "it is pinned",
    "tagged": "it has a tag that is excepted",
    "waiting": "a topic looks at it once more",
    "shown": "it has a place in a feed",
    "recent": "it was changed lately",
    "bound": "one that it hangs together with is kept",
}
MOST_SOURCES = 20


def pruned_lines(told: dict[str, Any]) -> list[str]:
    """Tell what a pass did, or would do."""
    would = "would go" if told["dry_run"] else "went"
    lines = [f"{counted(sum(told['stories'].values()), 'story')} {would}"]
    lines += [f"  {BECAUSE[why]}: {count}" for why, count in sorted(told["stories"].items())]
    sources = list(told["entries"].items())
    lines += [f"  {source}: {count} of its entries" for source, count in sources[:MOST_SOURCES]]
    if len(sources) > MOST_SOURCES:
        lines.append(f"  and of {counted(len(sources) - MOST_SOURCES, 'more source')}")
    if told["kept"]:
        kept = sum(told["kept"].values())
        lines.append("1 that has had its time is kept" if kept == 1 else f"{kept:,} that have had their time are kept")
        lines += [f"  {KEPT[why]}: {count}" for why, count in sorted(told["kept"].items(), key=lambda one: -one[1])]
    lines += [
        f"{counted(told[what], one, many)} {would}"
        for what, one, many in (
            ("bodies", "entry's HTML", "entries' HTML"),
            ("revisions", "revision", "revisions"),
            ("polls", "record of a poll", "records of polls"),
            ("troubles", "trouble that ended", "troubles that ended"),
        )
        if told[what]
    ]
    lines.append(size_line(told["archive"]) + (f", {size(told['freed'])} given back" if told["freed"] else ""))
    return [*lines, *room_notes(told["archive"])]


def keep_status(settings: KeepSettings, own: int, archive: dict[str, Any], gone: int) -> dict[str, Any]:
    """Tell what is kept, as JSON has it; ``own``: how many sources say so for themselves."""
    keep = settings.of_all
    return {
        "stories": age(keep.stories_s),
        "bodies": age(keep.bodies_s),
        "newest": keep.per_source,
        "revisions": age(settings.revisions_s),
        "polls": age(settings.polls_s),
        "except": excepted(settings),
        "own": own,
        "gone": gone,
        "archive": archive,
        "notes": list(room_notes(archive)),
    }


def keep_lines(told: dict[str, Any]) -> list[str]:
    """Tell it in lines."""
    own = f"; sources that have their own: {told['own']}" if told["own"] else ""
    if (told["stories"], told["newest"]) == ("forever", None):
        kept = "stories are kept for ever"
    else:
        count = f", {told['newest']} entries of each source" if told["newest"] else ""
        excepts = f", except what is {', '.join(told['except'])}" if told["except"] else ""
        kept = f"stories are kept: {told['stories']}{count}{excepts}"
    html = "" if told["bodies"] == "forever" else f"; their HTML {told['bodies']}"
    return [
        f"{kept}{html}{own}; the log of polls {told['polls']}; {counted(told['gone'], 'story')} pruned so far",
        size_line(told["archive"]),
    ]


def excepted(settings: KeepSettings) -> Sequence[str]:
    """List what is excepted, as the config has it."""
    words = [name for name in ("published", "pinned") if getattr(settings.excepted, name)]
    return [*words, *(f"tagged:{pattern}" for pattern in settings.excepted.tagged)]


def room_notes(archive: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with the file, with the mend."""
    if not archive["gives_back"]:
        yield (
            "the archive is of an older Wireroom and never shrinks: it is laid out anew at a start, where the disk has "
            "room for it twice more; make room, and start the daemon again"
        )


def size_line(archive: dict[str, Any]) -> str:
    """Tell how large the archive is."""
    return f"the archive has {size(archive['size'])}, of which {size(archive['free'])} are free"


def age(seconds: float) -> str:
    """Write an age as the config has it."""
    if seconds == FOREVER:
        return "forever"
    if seconds % YEAR_S == 0:
        return f"{seconds / YEAR_S:.0f}y"
    return f"{seconds / DAY_S:.10g}d"
