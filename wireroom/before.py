"""The config that is in force, as the archive remembers it, and what an edited one would change. IO: sqlite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import ValidationError
from sqlite_utils import Database

from db.in_force import InForce, Said, in_force
from wireroom.config import Config, Source, Topic, make_config
from wireroom.config_tables import File, Rule, SavedQuery
from wireroom.edits import Edit, edits, renames
from wireroom.in_force import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is in force: a config like the edited one, but for what it says of sources, rules, queries and topics.

    ``since``: when the newest of it was taken over. ``renamed``: by (kind, id) of the edited config, the id that stands
    in the archive. ``unread``: rules and queries that this version can't read any more.
    """

    config: Config
    since: str
    edits: tuple[Edit, ...]
    renamed: Mapping[tuple[str, str], str]
    unread: tuple[str, ...]


def before(db: Database, config: Config) -> Before | None:
    """Compare an edited config with the one in force; None where the archive has not noted any yet."""
    rows = in_force(db)
    if not rows:
        return None
    urls = dict(db.execute("SELECT config_id, url FROM sources WHERE removed_at IS NULL ORDER BY id"))
    known = [name for (name,) in db.execute("SELECT config_id FROM topics WHERE removed_at IS NULL")]
    renamed = renames("source", config.sources, urls) | renames("topic", config.topics, known)
    old = {kind: [row for row in rows if row.kind == kind] for kind in ("source", "rule", "query", "topic")}
    unread: list[str] = []
    return Before(
        config=replace(
            config,
            sources=old_sources(config, urls, old["source"]),
            rules=tuple(read(Rule, old["rule"], unread)),
            queries=tuple(read(SavedQuery, old["query"], unread)),
            topics=old_topics(config, old["topic"]),
        ),
        since=max(row.since for row in rows),
        edits=tuple(all_edits(rows, urls, config, renamed)),
        renamed=renamed,
        unread=tuple(unread),
    )


def all_edits(
    rows: Sequence[InForce], urls: Mapping[str, str], config: Config, renamed: Mapping[tuple[str, str], str]
) -> list[Edit]:
    """List all that is edited; of sources also their addresses, which the archive has itself."""
    before = {(row.kind, row.id): row for row in rows}
    says = {id_: before["source", id_].says if ("source", id_) in before else {} for id_ in urls}
    old = [Said(*row[:3]) for row in rows if row.kind != "source"]
    old += [Said("source", id_, {"url": url, **says[id_]}) for id_, url in urls.items()]
    now = list(said(config))
    more = {one.id: one.says for one in now if one.kind == "source"}
    new = [one for one in now if one.kind != "source"]
    new += [Said("source", one.id, {"url": one.shown_url, **more.get(one.id, {})}) for one in config.sources]
    return edits(old, new, renamed)


def old_sources(config: Config, urls: Mapping[str, str], rows: Sequence[InForce]) -> tuple[Source, ...]:
    """Make the sources that are in force, with what is known of them."""
    says = {row.id: row.says for row in rows}
    blank = Source(id="", url="", shown_url="", path=None, was=(), tags=(), every_s=None, dedupe=config.dedupe)
    return tuple(
        replace(blank, id=id_, url=url, shown_url=url, **fitting(blank, says.get(id_, {}))) for id_, url in urls.items()
    )


def old_topics(config: Config, rows: Sequence[InForce]) -> tuple[Topic, ...]:
    """Make the topics that are in force; what they do not say is as a topic has it that says nothing of it."""
    file = File.model_validate({"topic": [{"id": "a", "title": "a", "match": "a"}]})
    (blank,) = make_config(config.path, file).topics
    return tuple(replace(blank, id=row.id, **fitting(blank, row.says)) for row in rows)


def fitting(blank: Any, says: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what a value of this kind has fields for; lists become tuples, and tables their pairs."""
    names = {field.name for field in fields(blank)}
    return {name: as_field(value) for name, value in says.items() if name in names}


def as_field(value: Any) -> Any:
    """Make a field's value of what JSON has."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


def read(table: Any, rows: Sequence[InForce], unread: list[str]) -> list[Any]:
    """Make tables of the config of what they said; those that are none any more are named."""
    made = []
    for row in rows:
        try:
            made.append(table.model_validate({"id": row.id, **row.says}))
        except ValidationError:
            unread.append(f"{row.kind} {row.id}")
    return made
