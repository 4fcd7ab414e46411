"""What is wrong in the config, each fault with its line and its mend. Pure; but it looks at what is installed."""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from db.model import DEDUPES, FORMATS, LEVELS
from wireroom.config_addresses import is_loopback, same_place
from wireroom.config_backup import backup_faults
from wireroom.config_keep import KeepTable, OwnKeep, keep_faults
from wireroom.config_policies import policy_faults
from wireroom.config_queries import Found, query_faults, rows
from wireroom.config_tables import (
    Backup,
    EntityTable,
    File,
    Poll,
    Rule,
    SavedQuery,
    SourceTable,
    TopicTable,
    Trial,
    WebhookTable,
    Wireroom,
)
from wireroom.toml_lines import key_lines, line_of

MAX_SHOWN_CHARS, USER_INFO = 100, re.compile(r"//[^/\s]*@")
SEE_EXAMPLE = "see the shipped config.toml for an example"
TYPES = {
    "model_type": ("a table", "write its keys under [{0}]"),
    "dict_type": ("a table", "write its keys under [{0}], or in curly brackets"),
    "list_type": ("a list", "write it in square brackets"),
    "string_type": ("text", "write it in quotes"),
    "int_type": ("a whole number", "write it without quotes and point"),
    "bool_type": ("true or false", "write it without quotes"),
}
"""What pydantic says of a wrong type → what it should be, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in the config."""

    file: Path
    line: int | None
    key: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.problem}; {self.mend}"


class ConfigError(Exception):
    """The config can't be used; ``faults`` has all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def config_error(path: Path, raw: dict[str, Any], text: str, found: Iterable[Found]) -> ConfigError:
    """Make the error of a file that says ``raw``. No password goes into it: a reload logs its faults."""
    lines = key_lines(text)  # only for faults: it takes as long as reading the file
    faults = [
        Fault(
            file=path,
            line=line_of(where, lines),
            key=shown_key(where, raw),
            problem=USER_INFO.sub("//…@", problem),
            mend=mend,
        )
        for where, problem, mend in found
    ]
    return ConfigError(sorted(faults, key=lambda fault: fault.line or 0))


def unreadable(path: Path, problem: str, mend: str, line: int | None = None) -> ConfigError:
    """Make the error of a file of which nothing can be read."""
    return ConfigError([Fault(file=path, line=line, key="", problem=problem, mend=mend)])


def explain(error: Any) -> tuple[str, str]:
    """Say what pydantic found, and the mend, in our words."""
    kind, where, shown = error["type"], error["loc"], repr(error["input"])[:MAX_SHOWN_CHARS]
    if kind == "extra_forbidden":
        known = [field.alias or name for name, field in model_at(where).model_fields.items()]
        close = difflib.get_close_matches(str(where[-1]), known, n=1)
        return "unknown key", f"did you mean {close[0]!r}?" if close else f"the keys here are {', '.join(known)}"
    if kind == "missing":
        return "is missing", "add it"
    if kind == "value_error":
        problem, _, mend = str(error["ctx"]["error"]).partition("|")
        return problem, mend or SEE_EXAMPLE
    if kind in TYPES:
        each = (len(where), kind) in ((1, "list_type"), (2, "model_type"))
        mend = "write each {0} under [[{0}]]" if each else TYPES[kind][1]
        return f"{shown} does not fit: it should be {TYPES[kind][0]}", mend.format(where[0])
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{shown} does not fit: {message}", SEE_EXAMPLE


def model_at(where: tuple[str | int, ...]) -> type[BaseModel]:
    """Find the table that a key path of the config stands in."""
    tables: dict[str, type[BaseModel]] = {
        "wireroom": Wireroom,
        "poll": Poll,
        "keep": KeepTable,
        "backup": Backup,
        "source": SourceTable,
        "entity": EntityTable,
        "rule": Rule,
        "topic": TopicTable,
        "query": SavedQuery,
        "webhook": WebhookTable,
    }
    if len(where) > 3 and where[2] == "test":
        return Trial
    if len(where) > 3 and where[2] == "keep":
        return OwnKeep
    return tables.get(str(where[0]), File) if len(where) > 1 else File


def shown_key(where: tuple[str | int, ...], raw: dict[str, Any]) -> str:
    """Name a key for people: ``source "bbc": every``."""
    if len(where) >= 2 and isinstance(where[1], int):
        try:
            row = raw[str(where[0])][where[1]]
            name = row["id"] if "id" in row or "name" not in row else row["name"]
        except (KeyError, IndexError, TypeError):
            name = f"number {where[1] + 1}"
        rest = ".".join(str(part) for part in where[2:])
        rest = re.sub(r"^test\.(\d+)(?:\.|$)", lambda found: f"test {int(found[1]) + 1}: ", rest).removesuffix(": ")
        return f'{where[0]} "{name}"' + (f": {rest}" if rest else "")
    return ".".join(str(part) for part in where)


def cross_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find what is wrong between keys: ids used twice, one url in two sources, a floor above the ceiling."""
    for tables in (("source",), ("rule",), ("topic", "query")):  # queries name the last two alike
        seen: dict[str, tuple[str, int]] = {}
        for table, n, row in ((name, n, row) for name in tables for n, row in rows(raw, name)):
            was = row.get("was")
            for key, id_ in [("id", row.get("id")), *(("was", old) for old in (was if isinstance(was, list) else []))]:
                if isinstance(id_, str) and seen.get(id_) == (table, n):
                    yield (table, n, key), f"{id_!r} is named twice", "an earlier id is another one, named once"
                elif isinstance(id_, str) and id_ in seen:
                    problem = f"{id_!r} is used already by {shown_key(seen[id_], raw)}"
                    yield (table, n, key), problem, "give each its own id"
                elif isinstance(id_, str):
                    seen[id_] = (table, n)
    urls: dict[str, int] = {}
    for n, row in rows(raw, "source"):
        if isinstance(row.get("url"), str):
            first = urls.setdefault(same_place(row["url"]), n)
            if first != n:
                problem = f"is polled already by {shown_key(('source', first), raw)}"
                yield ("source", n, "url"), problem, "take one of the two out"
    yield from grouping_faults(raw)
    yield from event_faults(raw)
    yield from policy_faults(rows(raw, "topic"))
    yield from keep_faults(raw)
    yield from query_faults(raw)
    yield from serving_faults(raw)
    yield from backup_faults(raw)
    yield from address_faults(raw)
    poll = raw.get("poll")
    yield from engine_faults(poll)
    given = {k: v for k, v in poll.items() if k in ("floor", "ceiling")} if isinstance(poll, dict) else {}
    try:
        settings = Poll.model_validate(given)
    except ValidationError:
        return
    if settings.floor > settings.ceiling and "floor" in given:
        yield ("poll", "floor"), "is longer than the ceiling", "make floor the shorter of the two"
    elif settings.floor > settings.ceiling:
        yield ("poll", "ceiling"), "is shorter than the floor, which is 10m unless it is set", "set a shorter floor too"


def address_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the topics whose archive would be at another one's feed: ``topics/a.rss/1.rss`` of ``a.rss``."""
    for n, row in rows(raw, "topic"):
        id_ = row.get("id")
        if isinstance(id_, str) and (end := next((fmt for fmt in FORMATS if id_.endswith(f".{fmt}")), None)):
            yield ("topic", n, "id"), f"{id_!r} ends as a feed's address does", f"give it an id without .{end}"


def serving_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the webhooks of topics that there are not, and a daemon that others can reach without a token."""
    topics = {row["id"] for _, row in rows(raw, "topic") if isinstance(row.get("id"), str)}
    seen: set[str] = set()
    for n, row in rows(raw, "webhook"):
        for topic in row["topics"] if isinstance(row.get("topics"), list) else ():
            if isinstance(topic, str) and topic not in topics:
                close = difflib.get_close_matches(topic, topics, n=1)
                mend = f"did you mean {close[0]!r}?" if close else "name the ids of topics"
                yield ("webhook", n, "topics"), f"there is no topic {topic!r}", mend
        if isinstance(id_ := row.get("id"), str):
            if id_ in seen:
                yield ("webhook", n, "id"), f"{id_!r} is used already", "give each its own id"
            seen.add(id_)
    above = raw.get("wireroom")
    listen = above.get("listen") if isinstance(above, dict) else None
    if isinstance(listen, str) and isinstance(above, dict) and "token" not in above and not is_loopback(listen):
        yield (
            ("wireroom", "listen"),
            f"{listen!r} can be reached by others, and the owner's part has no token",
            'write token = "…" too, a long secret, or listen on 127.0.0.1 behind a web server',
        )


def engine_faults(poll: object) -> Iterator[Found]:
    """Find what is wrong between ``engine`` and ``scheduler``, and whether what they need is installed."""
    if not isinstance(poll, dict):
        return
    if "scheduler" in poll and "engine" not in poll:
        yield ("poll", "scheduler"), "is used with a cluster only", 'write engine = "dask" too, or take it out'
    if poll.get("engine") == "dask" and "scheduler" not in poll:
        yield ("poll", "engine"), "needs a scheduler", 'write scheduler = "tcp://10.0.0.5:8786" too, with its address'
    if poll.get("engine") == "dask" and importlib.util.find_spec("distributed") is None:
        yield ("poll", "engine"), "needs a package that is not installed", "install wireroom[dask]"


def grouping_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the topics that ask for more than there is: what was never folded or grouped, no topic can show so."""
    above = raw.get("wireroom")
    for key, values, default in (("dedupe", DEDUPES, "copies"), ("grouping", LEVELS, "normal")):
        given = above.get(key, default) if isinstance(above, dict) else default
        for n, row in rows(raw, "topic"):
            asked = row.get(key)
            if given in values and asked in values and values.index(asked) < values.index(given):
                mend = " or ".join(repr(value) for value in values[values.index(given) :])
                yield (
                    ("topic", n, key),
                    f"{asked!r} is more than {given!r}, what [wireroom] {key} says",
                    f"write {mend}",
                )


def event_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find the topics that can't have one item for each event: there are none for them, or copies are items there."""
    above = raw.get("wireroom")
    grouping = above.get("grouping") if isinstance(above, dict) else None
    for n, row in rows(raw, "topic"):
        if row.get("per_story") != "event":
            continue
        if "off" in (grouping, row.get("grouping")):
            yield ("topic", n, "per_story"), 'has no events to go by: grouping is "off"', "take it out, or set grouping"
        if row.get("dedupe") in ("exact", "off"):
            yield (
                ("topic", n, "per_story"),
                f'one item for each event, but dedupe = "{row["dedupe"]}" shows copies apart',
                "take one of the two out",
            )
