"""What an edited config would change, told in lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from wireroom.chart import clipped
from wireroom.edits import Edit
from wireroom.escape import escaped
from wireroom.verdict_lines import WITHHELD

KINDS = ("settings", "source", "category", "entity", "rule", "query", "topic")
NOT_ASKED = frozenset({"category", "entity"})
"""What these do to stories is not asked here: all texts would have to be read anew."""

PLURALS = {"settings": "settings", "query": "queries", "category": "categories", "entity": "entities"}
SIGNS = {"added": "+", "gone": "-", "edited": "~"}

TELLING = ("url", "tags", "title", "match", "exclude", "tag", "drop", "hold", "priority", "aliases")
"""What is told of a thing that is new or gone: what it is, not how it is done."""

EFFECTS = {
    ("tag", "gains"): "would gain",
    ("tag", "loses"): "would lose",
    ("topic", "enters"): "would enter topic",
    ("topic", "leaves"): "would leave topic",
    ("withheld", "begins"): "would be",
    ("withheld", "ends"): "would no longer be",
}


def edit_told(edit: Edit) -> dict[str, Any]:
    """Tell an edit as JSON has it."""
    keys = {key: {"before": before, "now": now} for key, (before, now) in edit.keys.items()}
    return {"kind": edit.kind, "id": edit.id, "how": edit.how, "was": edit.was, "keys": keys}


def change_lines(told: Mapping[str, Any], width: int) -> list[str]:
    """Tell what an edited config would change; ``width`` is the terminal's."""
    if told["since"] is None:
        return ["the archive has not noted yet which config is in force: it will when the daemon starts, or at a poll"]
    if not told["edits"]:
        return [f"nothing is edited: this config is in force since {told['since']}"]
    lines = [f"compared with the config that is in force since {told['since']}"]
    order = {kind: number for number, kind in enumerate(KINDS)}
    rows = sorted(told["edits"], key=lambda one: order.get(one["kind"], len(order)))
    for kind, some in groupby(rows, key=lambda one: one["kind"]):
        lines += ["", PLURALS.get(kind, f"{kind}s")]
        lines += [line for one in some for line in edit_lines(one)]
    lines += ["", *effect_lines(told, width)]
    return lines


def edit_lines(edit: Mapping[str, Any]) -> Iterator[str]:
    """Tell one edit: its keys, those of a new or gone thing in one line."""
    keys = edit["keys"]
    if edit["kind"] == "settings":
        for key, both in keys.items():
            yield f"  ~ {as_written(key, both)}"
        return
    name = f"  {SIGNS[edit['how']]} {edit['id']}"
    if edit["how"] != "edited":
        side = "now" if edit["how"] == "added" else "before"
        said = ", ".join(f"{key} = {value(keys[key][side])}" for key in TELLING if key in keys and keys[key][side])
        yield f"{name}: {said}" if said else name
        return
    yield f"{name}, until now {edit['was']}" if edit["was"] is not None else name
    for key, both in keys.items():
        yield f"      {as_written(key, both)}"


def as_written(key: str, both: Mapping[str, Any]) -> str:
    """Tell an edited key by the name and in the way in which the config has it."""
    before, now = (both[side] for side in ("before", "now"))
    if key == "per_event":
        return " → ".join(["per_story: 'event'", "'copies'"] if before else ["per_story: 'copies'", "'event'"])
    if key.endswith("_s"):
        told = (one if one is None else f"{one:g}s" for one in (before, now))
        return f"{key.removesuffix('_s')}: {' → '.join(map(value, told))}"
    return f"{key}: {value(before)} → {value(now)}"


def value(one: Any) -> str:
    """Write a value of the config."""
    if one is None:
        return "nothing"
    if isinstance(one, list):
        return f"[{', '.join(map(value, one))}]"
    if isinstance(one, dict):
        return f"{{{', '.join(f'{key} = {value(each)}' for key, each in one.items())}}}"
    if isinstance(one, bool):
        return str(one).lower()
    return f"'{escaped(one)}'" if isinstance(one, str) else str(one)


def effect_lines(told: Mapping[str, Any], width: int) -> list[str]:
    """Tell what the edits would make of the stories that are there."""
    if told["trouble"]:
        return [f"what that would make of the stories can't be told: {told['trouble']}"]
    found = told["effects"]
    lines = [f"of the stories seen since {told['stories_since'][:10]}"]
    for one in found["changes"]:
        name = WITHHELD.get(one["name"], one["name"]) if one["what"] == "withheld" else one["name"]
        lines.append(f"  {one['stories']:,} {EFFECTS[one['what'], one['how']]} {name}")
        lines += [
            clipped(f"      {row['story_id']}  {row['first_seen'][:10]}  {escaped(row['title'])}", width)
            for row in one["newest"]
        ]
    if not found["changes"]:
        lines.append("  none would change")
    if found["looked_at"] < found["stories"]:
        lines.append(f"  looked at were the newest {found['looked_at']:,} of {found['stories']:,} that it may touch")
    if any(one["kind"] in NOT_ASKED or "categories" in one["keys"] for one in told["edits"]):
        lines.append(
            "  what categories and entities do is not in this: `wireroom retag --dry-run` tells, once they are loaded"
        )
    return [*lines, "", "loaded, it holds for what comes; `wireroom retag` applies it to what is there"]
