"""Stories and decisions told in lines, for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.lead import fullness
from wireroom.escape import escaped
from wireroom.verdict_lines import tag_lines, topic_lines, withheld_told

JOINED = {
    "first": "the first of its story",
    "link": "the same link",
    "print": "the same words",
    "near": "nearly the same words",
    "person": "a person said so",
}
"""What ``joined_by`` means."""


def explained_lines(told: dict[str, Any]) -> list[str]:
    """Tell what ``db.explain.explain`` found."""
    lines = []
    if told["followed"]:
        lines += [f"story {told['asked']} went into {' and that into '.join(map(str, told['followed']))}", ""]
    lines += [f"story {told['story_id']}: {escaped(told['title'])}"]
    lines += [f"  seen {told['first_seen']}, updated {told['updated']}{shown(', published ', told['published'])}"]
    if told["withheld"] is not None:
        lines += [f"  {withheld_told(told)}: no topic takes it"]
    lines += [f"  led by entry {told['lead_entry_id']}: {told['lead_because']}", "", "entries"]
    for entry in told["entries"]:
        lines += entry_lines(entry)
    for title, rows in (
        ("merges", [merge_line(row) for row in told["merges"]]),
        ("decisions", [decision_line(row) for row in told["decisions"]]),
        ("event", event_lines(told["event"])),
        ("tags", tag_lines(told["tags"])),
        ("topics", [*topic_lines(told), *(gone_topic(row) for row in gone_topics(told))]),
    ):
        if rows:
            lines += ["", title, *(f"  {row}" for row in rows)]
    return lines


def entry_lines(entry: dict[str, Any]) -> list[str]:
    """Tell an entry: who, when, why."""
    mark = "*" if entry["leads"] else " "
    to = f" as entry {entry['joined_to']}" if entry["joined_to"] is not None else ""
    if entry["joined_by"] == "near" and not to:  # its story was another, until a text came that is in both
        to = " as one that came later"
    revised = f", changed {times(entry['revisions'])}" if entry["revisions"] else ""
    return [
        f"{mark} {entry['entry_id']} {escaped(entry['source'])}, {entry['first_seen']}: {escaped(entry['title'])}",
        f"    {JOINED.get(entry['joined_by'], entry['joined_by'])}{to}{because(entry)}{revised}",
        *([f"    {escaped(entry['url'])}"] if entry["url"] else []),
        *([f"    {poll_told(entry['poll'])}"] if entry["poll"] else []),
        f"    known again by {keys_told(entry)}",
    ]


def poll_told(poll: Mapping[str, Any]) -> str:
    """Tell the poll that brought an entry."""
    status = f", status {poll['status']}" if poll["status"] is not None else ""
    return f"brought by the poll of {poll['at']}: {poll['outcome']}{status}, {poll['new']} new of {poll['entries']}"


def keys_told(entry: Mapping[str, Any]) -> str:
    """Tell by which identity keys an entry is known again."""
    of = {
        "id": f"its id {escaped(entry['guid'] or '')}",
        "loose_id": "its id without scheme and host case",
        "link": "its link",
        "print": "its words",
    }
    keys = [of[kind] for kind in of if kind in entry["keys"]]
    earlier = sum(entry["keys"].values()) - len(entry["keys"])
    return ", ".join(keys) + (f", and {counted(earlier, 'earlier one')}" if earlier else "")


def gone_topics(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the items in topics that the config no longer has."""
    known = {one["topic"] for one in told["verdicts"]}
    return [row for row in told["topics"] if row["topic"] not in known]


def gone_topic(row: Mapping[str, Any]) -> str:
    """Tell of an item in a topic that is gone."""
    return f"{escaped(row['topic'])}, which the config no longer has: since {row['selected_at']}, {row['guid']}"


def merge_line(row: dict[str, Any]) -> str:
    """Tell a merge."""
    undone = shown("; undone ", row["undone_at"])
    why = f"{JOINED.get(row['by'], row['by'])}{because(row)}{undone}"
    return f"{row['at']}: story {row['gone']} went into {row['kept']}: {why}: {escaped(row['gone_title'])}"


def event_lines(event: dict[str, Any] | None) -> list[str]:
    """Tell an event: why this story is in it, who else tells of it."""
    if event is None:
        return []
    also = [
        f"also story {row['story_id']}, {counted(row['sources'], 'source')}{because(row)}: {escaped(row['title'])}"
        for row in event["stories"]
    ]
    return [f"event {event['event']}{because(event)}", *(also or ["no other story tells of it"])]


def decision_line(row: dict[str, Any]) -> str:
    """Tell a decision."""
    if row["kind"] == "merge":
        what = f"merge of story {row['other']} into {row['story']}"
    elif row["kind"] == "split":
        what = f"split of entry {row['entry']} from story {row['story']}, now {row['other']}"
    else:
        what = f"{row['kind']} of story {row['story']}{marked(row)}"
    if row["undone_at"] is None and not row.get("stands", True):
        what += ", of which something newer says otherwise"
    undone = f"; undone {row['undone_at']}{shown(' by ', escaped(row['undone_by'] or ''))}" if row["undone_at"] else ""
    by = shown(" by ", escaped(row["by"] or ""))
    return f"{row['decision']}: {row['at']}{by}: {what}{undone}: {escaped(row['title'])}"


def marked(row: Mapping[str, Any]) -> str:
    """Tell what a mark is about: the topic, the tags or the entry."""
    if row["kind"] == "lead":
        return f": entry {row['entry']}" if row["entry"] is not None else ": none by hand"
    if row["kind"] in ("hide", "unhide", "show") and row["topic"] is None:
        return " in all topics"
    return f" in topic {escaped(row['topic'])}" if row["topic"] is not None else f": {escaped(', '.join(row['tags']))}"


DONE = {
    "pin": "story {story} is shown first in topic {topic}",
    "unpin": "story {story} is shown first in topic {topic} no longer",
    "hide": "story {story} is hidden in {where}",
    "unhide": "story {story} is let into {where} again",
    "tag": "story {story} has {tags}, whatever rules say",
    "untag": "story {story} has no {tags} any more, whatever gives it",
    "lead": "story {story} shows entry {entry}",
    "auto": "story {story} shows the entry that leads it by itself",
}
"""What a mark does, told once it is done."""


def marked_line(result: Mapping[str, Any]) -> str:
    """Tell what a mark did, or that it is undone."""
    kind, story = result["kind"], result["story"]
    if result["did"] == "undo":
        return f"the {kind} of story {story}{marked(result)} is undone"
    told = DONE["auto" if kind == "lead" and result["entry"] is None else kind]
    where = f"topic {escaped(result['topic'])}" if result["topic"] is not None else "all topics"
    return told.format(
        story=story,
        topic=escaped(result["topic"] or ""),
        where=where,
        tags=escaped(", ".join(result["tags"])),
        entry=result["entry"],
    )


def decided_lines(result: dict[str, Any]) -> list[str]:
    """Tell what a command did."""
    lines = [f"story {one['story']} went into {one['merged_into']} before: that is meant" for one in result["followed"]]
    story, other, entry = result["story"], result["other"], result["entry"]
    if result["did"] == "merge":
        done = f"story {other} is now part of story {story}"
    elif "tags" in result:
        done = marked_line(result)
    elif result["did"] == "split":
        done = f"entry {entry} is now story {other}; the rest is story {story}"
    elif result["kind"] == "merge":
        done = f"the merge of story {other} into story {story} is undone: both live"
    else:
        done = f"the split of entry {entry} is undone: it is in story {story} again"
    return [*lines, f"{done} (decision {result['decision']})"]


def lead_reason(entries: Sequence[Mapping[str, Any]], priority: Mapping[str, int]) -> str:
    """Tell why a story's lead leads → in words. ``priority`` by source; ``entries`` are in order of first sight."""
    if len(entries) == 1:
        return "the only entry"
    (lead,) = [entry for entry in entries if entry["leads"]]
    mine = priority.get(lead["source"], 0)
    rivals = [one for one in entries if one is not lead and priority.get(one["source"], 0) >= mine]
    if not rivals:
        return f"its source has the highest priority, {mine}"
    among = " among those of its priority" if len(rivals) < len(entries) - 1 else ""
    if all(fullness(lead["size"]) > fullness(one["size"]) for one in rivals):
        return f"the fullest text{among}"
    if any(fullness(lead["size"]) > fullness(one["size"]) for one in rivals):
        return f"seen first of the fullest texts{among}"
    return f"seen first{among}"


def because(row: Mapping[str, Any]) -> str:
    """Tell a score and the words that decided, where there are any."""
    score = f", {row['score']:.2f}" if row["score"] is not None else ""
    return score + (f" ({', '.join(map(escaped, row['words']))})" if row["words"] else "")


def shown(before: str, value: str | None) -> str:
    """Write a value that may be missing."""
    return f"{before}{value}" if value else ""


def counted(count: int, what: str) -> str:
    """Write how many."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def times(count: int) -> str:
    """Write how often."""
    return "once" if count == 1 else f"{count} times"
