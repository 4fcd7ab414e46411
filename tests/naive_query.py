"""Queries read in the plainest way, and stories, in the archive and on the desk, to ask them of."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

from sqlite_utils import Database

from db.hosts import backwards
from db.in_memory import in_memory
from db.index import index_stories
from db.query_tree import (
    And,
    Author,
    Domain,
    Has,
    Is,
    Lang,
    Moment,
    Near,
    Not,
    OfEvent,
    Or,
    Query,
    Source,
    Sources,
    Tag,
    Text,
    When,
    Words,
)
from db.recall import Carried, Draft, StoryTag
from db.text import fold, folded, words
from db.times import parse_iso

NOW = "2026-11-25T10:00:00Z"
SOURCES = ("one", "two", "three")
STATES = {"dropped": "drop", "held": "hold", "hidden": "hide"}


@dataclass(frozen=True)
class Copy:
    """An entry of a story; its host is as people write it."""

    source: str
    author: str | None = None
    host: str | None = None
    enclosed: bool = False


@dataclass(frozen=True)
class Story:
    """A story as the naive reading sees it; ``company``: others tell of its event."""

    title: str = ""
    text: str = ""
    language: str | None = None
    published: str | None = None
    seen: str = NOW
    length: int = 0
    event: int | None = None
    copies: tuple[Copy, ...] = (Copy("one"),)
    tags: frozenset[str] = frozenset()
    withheld: str | None = None
    pinned: bool = False
    company: bool = False


def in_company(told: list[Story]) -> list[Story]:
    """Note which of the stories have another one of their event beside them."""
    events = [story.event for story in told]
    return [replace(story, company=story.event is not None and events.count(story.event) > 1) for story in told]


def naive(query: Query, story: Story) -> bool:
    """Read a query in the plainest way."""
    match query:
        case Text(field, phrase, prefix):
            return any(starts(phrase, words(fold(part)), prefix=prefix) for part in texts(story, field))
        case Near(parts, within):
            return any(
                near(parts, there, within)
                for part in texts(story, parts[0].field)
                for there in (words(fold(part)), unsplit(part))
            )
        case Author(phrase, prefix):
            return any(starts(phrase, words(fold(copy.author or "")), prefix=prefix) for copy in story.copies)
        case Tag(kind, name, prefix):
            named = [tag.partition(":") for tag in story.tags]
            return any(
                kind in ("", its_kind) and (its_name.startswith(name) if prefix else its_name == name)
                for its_kind, _, its_name in named
            )
        case Source(id_):
            return any(copy.source == id_ for copy in story.copies)
        case Domain(host):
            wanted = backwards(host)
            return any(f".{copy.host or ''}".endswith(f".{wanted}") for copy in story.copies)
        case Sources(least, most):
            return least <= len({copy.source for copy in story.copies}) <= (9 if most is None else most)
        case Words(least, most):
            return least <= story.length and (most is None or story.length <= most)
        case Lang(code):
            return story.language is not None and story.language.lower().split("-")[0] == code
        case When(field, since, before):
            time = story.seen if field == "seen" else story.published
            return time is not None and (since is None or time >= at(since)) and (before is None or time < at(before))
        case Has(what):
            return {
                "enclosure": any(copy.enclosed for copy in story.copies),
                "author": any(copy.author for copy in story.copies),
                "link": any(copy.host for copy in story.copies),
                "event": story.company,
                "tag": bool(story.tags),
                "date": story.published is not None,
                "language": story.language is not None,
            }[what]
        case OfEvent(id_):
            return story.event == id_
        case Is("pinned"):
            return story.pinned
        case Is("withheld"):
            return story.withheld is not None
        case Is(what):
            return story.withheld == STATES[what]
        case And(parts):
            return all(naive(part, story) for part in parts)
        case Or(parts):
            return any(naive(part, story) for part in parts)
        case Not(part):
            return not naive(part, story)
    raise AssertionError(query)


def texts(story: Story, field: str) -> list[str]:
    """Give the texts that a field means."""
    return [text for name, text in (("title", story.title), ("text", story.text)) if field in ("", name)]


def starts(phrase: str, there: list[str], *, prefix: bool) -> list[int]:
    """Find where the words run in a row; with ``prefix`` the last one may go on."""
    wanted = words(phrase)
    found = []
    for start in range(len(there) - len(wanted) + 1):
        run = there[start : start + len(wanted)]
        if run[:-1] == wanted[:-1] and (run[-1].startswith(wanted[-1]) if prefix else run[-1] == wanted[-1]):
            found.append(start)
    return found


def near(parts: tuple[Text, ...], there: list[str], within: int) -> bool:
    """Tell whether all parts stand in a stretch of text, from the end of each to the last so few words."""
    places = [starts(part.phrase, there, prefix=part.prefix) for part in parts]
    lengths = [len(words(part.phrase)) for part in parts]
    return any(
        all(max(chosen) - (start + length) <= within for start, length in zip(chosen, lengths, strict=True))
        for chosen in product(*places)
    )


def unsplit(text: str) -> list[str]:
    """Split a text at its blanks alone: a run without spaces is one word to the index too."""
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in plain if not unicodedata.combining(char)).split()


def at(moment: Moment) -> str:
    """Give a time at NOW."""
    if isinstance(moment, str):
        return moment
    present = parse_iso(NOW[:11] + "00:00:00Z" if moment.day else NOW)
    return (present - timedelta(seconds=moment.seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def archive_of(told: list[Story], sources: Sequence[str] = SOURCES) -> Database:
    """Make an archive, of the real schema, of these stories and sources, both numbered from 1."""
    db = in_memory()
    for n, source in enumerate(sources, start=1):
        db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', '')", [n, source])
    for n, story in enumerate(told, start=1):
        db.execute(
            "INSERT INTO stories (id, title, text, folded_title, folded_text, language, published, first_seen, words, "
            "event_id, withheld, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            [
                *(n, story.title, story.text, folded(story.title), folded(story.text), story.language),
                *(story.published, story.seen, story.length, story.event, story.withheld),
            ],
        )
        for copy in story.copies:
            db.execute(
                "INSERT INTO entries (source_id, story_id, author, host, enclosures, joined_by, title, version, "
                "first_seen) VALUES (?, ?, ?, ?, ?, 'first', '', 0, '')",
                [
                    *(sources.index(copy.source) + 1, n, copy.author, copy.host and backwards(copy.host)),
                    '[{"url": "a"}]' if copy.enclosed else "[]",
                ],
            )
            if copy.author:
                db.execute(
                    "INSERT OR IGNORE INTO authors (name, folded) VALUES (?1, ?2)", [copy.author, fold(copy.author)]
                )
        for tag in story.tags:
            kind, _, name = tag.partition(":")
            db.execute("INSERT OR IGNORE INTO tags (kind, name) VALUES (?, ?)", [kind, name])
            db.execute(
                "INSERT INTO story_tags SELECT ?, id, 'rule', '' FROM tags WHERE kind = ? AND name = ?", [n, kind, name]
            )
        if story.pinned:
            db.execute(
                "INSERT INTO mark_log (decision_id, kind, said_of, story_id, stands) VALUES (1, 'pin', ?1, ?1, 1)", [n]
            )
    index_stories(db)
    return db


def draft_of(ref: int, story: Story, sources: Sequence[str] = SOURCES) -> Draft:
    """Make the draft of a story, as ingest lays it on the desk."""
    named = [tag.partition(":") for tag in sorted(story.tags)]
    return Draft(
        ref=ref,
        title=story.title,
        text=story.text,
        folded_title=folded(story.title),
        folded_text=folded(story.text),
        language=story.language,
        published=story.published,
        first_seen=story.seen,
        words=story.length,
        event=story.event,
        carried=tuple(
            Carried(
                source_id=sources.index(copy.source) + 1,
                size=0,
                author=copy.author,
                host=copy.host and backwards(copy.host),
                enclosed=copy.enclosed,
                categories=(),
                mentions=(),
            )
            for copy in story.copies
        ),
        tags=tuple(StoryTag(kind=kind, name=name, origin="source", why="") for kind, _, name in named),
    )
