"""Tags and topics of a story told in lines: what gave each tag, why each topic takes the story or does not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from wireroom.escape import escaped

MOST_UNTAKEN = 10
"""So many topics that do not take a story are told of; `--topic` asks for any of them."""

WITHHELD = {"drop": "dropped", "hold": "held", "hide": "hidden"}

CAUSES = {
    "source": "its source",
    "category": "its category",
    "vocabulary": "for its category",
    "gazetteer": "gazetteer",
    "entity": "entity",
    "language": "its language,",
    "rule": "rule",
    "person": "a person,",
}
"""Where a tag may come from, in words."""


def tag_lines(tags: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell each tag with its causes, those of one origin together."""
    lines = []
    for tag, rows in groupby(tags, key=itemgetter("tag")):
        causes = [cause for origin, some in groupby(rows, key=itemgetter("origin")) for cause in told(origin, [*some])]
        lines.append(f"{escaped(tag)}: {'; '.join(causes)}")
    return lines


def told(origin: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Tell the causes of one origin that gave a tag."""
    name = CAUSES.get(origin, origin)
    if origin == "rule":
        for row in rows:
            yield f"rule {escaped(row['why'])}{rule_told(row)}"
    elif origin in ("gazetteer", "entity"):
        words = dict.fromkeys(word for row in rows for word in row["why"].split(", "))
        yield f"{name}, because of {', '.join([f'“{escaped(word)}”' for word in words])}"
    elif origin in ("category", "vocabulary"):
        quoted = [f"“{escaped(row['why'])}”" for row in rows]
        yield f"{name} {', '.join(quoted)}"
    else:
        yield f"{name} {', '.join(escaped(row['why']) for row in rows)}"


def rule_told(row: Mapping[str, Any]) -> str:
    """Tell what made a rule take the story; or that it would no longer."""
    if row["takes"] is None:
        return ", which the config no longer has"
    if not row["takes"]:
        return ", which would no longer take it"
    return f", because of {', '.join(map(escaped, row['words']))}" if row["words"] else ""


def topic_lines(told: Mapping[str, Any]) -> list[str]:
    """Tell what each topic makes of a story; of many that do not take it only some."""
    lines = []
    untaken = 0
    for one in told["verdicts"]:
        if not one["takes"] and not one["selections"] and one["waits_until"] is None:
            untaken += 1
            if untaken > MOST_UNTAKEN:
                continue
        lines += [f"{escaped(one['topic'])} {where(one, told)}", *(f"  {line}" for line in reasons(one))]
    if untaken > MOST_UNTAKEN:
        lines.append(f"and {untaken - MOST_UNTAKEN} more topics do not take it; --topic ID tells why")
    return lines


def where(one: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Tell where a story stands in a topic."""
    if one["takes"]:
        if one["selections"]:
            return "takes it"
        if told["withheld"] is not None:
            return f"would take it, but it is {withheld_told(told)}"
        if one["waits_until"] is not None:
            return f"will take it at {one['waits_until']}: it lets coverage gather"
        if "hide" in one["marks"]:
            return "would take it, but a person keeps it out"
        if one["has_its_event"]:
            return "would take it, but has a story of its event, and takes one of each"
        return "would take it now, but was not asked since it would: it was edited, or is newer (`wireroom retag`)"
    if one["waits_until"] is not None:
        return f"does not take it yet, and looks again at {one['waits_until']}"
    return "took it, and would no longer" if one["selections"] else "does not take it"


def withheld_told(told: Mapping[str, Any]) -> str:
    """Tell who keeps a story out of all topics, of a rule also why."""
    rule = told["withheld"] in ("drop", "hold")
    who = f" by {'rule ' if rule else ''}{escaped(told['withheld_by'])}" if told["withheld_by"] else ""
    why = f", because of {', '.join(map(escaped, told['withheld_words']))}" if told["withheld_words"] else ""
    return f"{WITHHELD.get(told['withheld'], told['withheld'])}{who}{why}"


def reasons(one: Mapping[str, Any]) -> Iterator[str]:
    """Tell which parts of a topic's query matched and failed, its items, and what a person said."""
    for name in ("matched", "failed"):
        if one[name]:
            yield f"{name}: {', '.join(map(escaped, one[name]))}"
    for row in one["missing"]:
        came = (
            "would give it now: `wireroom retag`"
            if row["takes"]
            else f"failed: {', '.join(map(escaped, row['failed']))}"
        )
        yield f"{escaped(row['tag'])} is what rule {escaped(row['rule'])} gives; {came}"
    for row in one["selections"]:
        entry = f" (entry {row['entry_id']})" if row["entry_id"] is not None else ""
        yield f"number {row['number']}, since {row['selected_at']}{entry}: {row['guid']}"
        if row["archived"]:
            yield "in its archive, not in its feed: it was never announced"
        if row["left_at"] is not None:
            yield f"left it {row['left_at']}: it takes it no longer"
    for mark, meaning in (("pin", "pinned there"), ("hide", "hidden"), ("show", "shown, whatever rules say")):
        if mark in one["marks"] and (mark == "pin" or one["takes"] or one["selections"]):
            yield f"a person said: {meaning}"
