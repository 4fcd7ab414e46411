"""Write one poll's plan: entries, revisions, stories, tags, selections, validators and the poll record. IO: sqlite.

Runs inside the poll's savepoint (see ``db/writer.py``): all of it is kept or none.
"""

from __future__ import annotations

import json
import struct
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from sqlite_utils import Database

from db.compare import replace_prints, write_events, write_prints
from db.entries import insert_entries, note_authors, revise_entry
from db.gone import note_keys, note_late
from db.merge import merge_stories
from db.plan import STATE_COLUMNS, PollPlan, PollRecord, StoryText, Withheld, state_values
from db.recall import Listing, StoryTag
from db.regroup import gives_events
from db.rows import new_ids
from db.selections import write_chosen
from db.topics import mark_changed_topics, mark_topics_naming

RECORD_COLUMNS = tuple(PollRecord.__dataclass_fields__)
record_values: Callable[[PollRecord], tuple[object, ...]] = attrgetter(*RECORD_COLUMNS)
SHOWN_COLUMNS = ("title", "site_url", "moved_url", "feed_id")
"""What output feeds tell of a source."""
SAID_COLUMNS = ("title", "site_url", "feed_id")
"""What of that a document says of itself."""
BELIEVED = 3
"""The first documents of a day are believed to be of another name. One that has another in each would have all that
was ever published of it written anew, again and again."""

INSERT_POLL = f"INSERT INTO polls (source_id, {', '.join(RECORD_COLUMNS)}) VALUES (?{', ?' * len(RECORD_COLUMNS)})"


def mint_urn() -> str:
    """Make a new random ``urn:uuid:`` (RFC 9562 version 4)."""
    return uuid.uuid4().urn


def apply_plan(db: Database, plan: PollPlan, *, mint: Callable[[], str] = mint_urn) -> None:
    """Write ``plan``. Raises sqlite3.Error where the archive refuses; nothing of the plan is then kept."""
    if plan.is_read:
        write_document(db, plan, mint)
    write_source(db, plan)


def write_document(db: Database, plan: PollPlan, mint: Callable[[], str]) -> None:
    """Write what the poll's document brought."""
    for union in plan.unions:
        merge_stories(
            db,
            union.kept,
            union.gone,
            by=union.by,
            score=union.likeness.score if union.likeness else None,
            words=union.likeness.words if union.likeness else (),
            now=plan.now,
        )
    refs = new_ids(db, "stories", [story.ref for story in plan.new_stories])
    entry_refs = new_ids(
        db, "entries", [*(new.ref for new in plan.new_entries), *(ref for ref, *_ in plan.late_entries)]
    )
    insert_stories(db, plan, refs)
    insert_entries(db, plan, refs, entry_refs)
    db.conn.executemany(
        "UPDATE stories SET lead_entry_id = ? WHERE id = ?",
        [(entry_refs.get(story.lead, story.lead), refs[story.ref]) for story in plan.new_stories],
    )
    for id_, entry in plan.changed_entries:
        revise_entry(db, id_, entry, plan.now, minor=id_ in plan.minor)
    note_authors(db, [new.entry for new in plan.new_entries] + [entry for _, entry in plan.changed_entries])
    for story in plan.changed_stories:
        is_news = story.news and story.lead not in plan.minor
        update_story(db, story, entry_refs.get(story.lead, story.lead), plan.now if is_news else None)
    db.conn.executemany(
        "INSERT OR IGNORE INTO entry_keys (key, entry_id, kind) VALUES (?, ?, ?)",
        [(key, entry_refs.get(ref, ref), kind) for ref, kind, key in plan.keys],
    )
    note_keys(db, plan.gone_keys)
    note_late(db, plan, entry_refs)
    db.conn.executemany(
        "UPDATE entries SET last_seen = ? WHERE id = ?", [(plan.left_at or plan.now, id_) for id_ in plan.left]
    )
    db.conn.executemany("UPDATE entries SET last_seen = NULL WHERE id = ?", [(id_,) for id_ in plan.returned])
    write_prints(
        db,
        [
            (entry_refs[new.ref], new.entry.prints.shingles)
            for new in plan.new_entries
            if new.indexed and new.entry.prints
        ],
    )
    for id_, packed in plan.reprints:
        replace_prints(db, id_, packed)
    if plan.happenings and gives_events(db):
        write_events(db, plan.events, plan.happenings, refs)
    keep_first_dates(db, [story.ref for story in plan.changed_stories])
    if plan.tags:
        tags = {refs.get(ref, ref): tags for ref, tags in plan.tags}
        replace_tags(db, tags, frozenset(refs.values()), plan.now)
        withhold(db, [(refs.get(ref, ref), withheld) for ref, withheld in plan.withheld])
        note_taken(db, [(refs.get(ref, ref), rules) for ref, rules in plan.taken], plan.now)
        write_chosen(db, plan.chosen, plan.now, mint, refs, entry_refs)
        mark_changed_topics(db, list(tags))
    write_listing(db, plan.source_id, plan.listing, entry_refs)


def insert_stories(db: Database, plan: PollPlan, refs: Mapping[int, int]) -> None:
    """Insert the new stories. Their leads are set once the entries exist."""
    db.conn.executemany(
        "INSERT INTO stories (id, title, text, folded_title, folded_text, url, language, published, words, first_seen, "
        "updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(refs[story.ref], *story_columns(story), plan.now, plan.now) for story in plan.new_stories],
    )


def update_story(db: Database, story: StoryText, lead: int, updated: str | None) -> None:
    """Give a known story its lead, by its row id, and that one's text; ``updated``: None where it is no news."""
    db.execute(
        "UPDATE stories SET title = ?, text = ?, folded_title = ?, folded_text = ?, url = ?, language = ?, "
        "published = ?, words = ?, lead_entry_id = ?, updated = coalesce(?, updated) WHERE id = ?",
        [*story_columns(story), lead, updated, story.ref],
    )


def story_columns(story: StoryText) -> list[str | int | None]:
    """List the columns that insert and update share, in their order."""
    return [
        story.title,
        story.text,
        story.folded_title,
        story.folded_text,
        story.url,
        story.language,
        story.published,
        story.words,
    ]


def replace_tags(db: Database, wanted: Mapping[int, Sequence[StoryTag]], new: frozenset[int], now: str) -> None:
    """Make the stories' tags these; rows that agree stay.

    ``new``: stories that have none yet.
    """
    ids = tag_ids(db, ((tag.kind, tag.name) for tags in wanted.values() for tag in tags))
    rows = {
        (story, ids[tag.kind, tag.name], tag.origin, tag.why): None for story, tags in wanted.items() for tag in tags
    }
    known = [story for story in wanted if story not in new]
    present = set(
        db.execute(
            "SELECT story_id, tag_id, origin, why FROM story_tags WHERE story_id IN (SELECT value FROM json_each(?))",
            [json.dumps(known)],
        )
        if known
        else ()
    )
    db.conn.executemany(
        "DELETE FROM story_tags WHERE story_id = ? AND tag_id = ? AND origin = ? AND why = ?", present - rows.keys()
    )
    added = sorted(rows.keys() - present)
    db.conn.executemany("INSERT INTO story_tags (story_id, tag_id, origin, why) VALUES (?, ?, ?, ?)", added)
    count_hits(db, (why for _, _, origin, why in added if origin == "rule"), now)


def count_hits(db: Database, rules: Iterable[str], now: str) -> None:
    """Count, for each time that a rule is named, one story more that it takes."""
    db.conn.executemany(
        "UPDATE rules SET hits = hits + ?, last_hit_at = ? WHERE config_id = ?",
        [(number, now, rule) for rule, number in Counter(rules).items()],
    )


def withhold(db: Database, stories: Iterable[tuple[int, Withheld | None]]) -> None:
    """Keep stories out of all topics, or let them in again; rows that agree stay."""
    db.conn.executemany(
        "UPDATE stories SET withheld = ?2, withheld_by = ?3 WHERE id = ?1 "
        "AND (withheld IS NOT ?2 OR withheld_by IS NOT ?3)",
        [(id_, *(withheld or (None, None))) for id_, withheld in stories],
    )


def note_taken(db: Database, stories: Sequence[tuple[int, Sequence[str]]], now: str) -> None:
    """Note which rules without a tag take the stories, and count those that did not before; rows that agree stay."""
    before = {
        id_: json.loads(rules)
        for id_, rules in db.execute(
            "SELECT id, taken_by FROM stories WHERE id IN (SELECT value FROM json_each(?)) AND taken_by IS NOT NULL",
            [json.dumps([id_ for id_, _ in stories])],
        )
    }
    changed = [(id_, list(rules)) for id_, rules in stories if list(rules) != before.get(id_, [])]
    db.conn.executemany(
        "UPDATE stories SET taken_by = ? WHERE id = ?",
        [(json.dumps(rules) if rules else None, id_) for id_, rules in changed],
    )
    count_hits(db, (rule for id_, rules in changed for rule in rules if rule not in before.get(id_, [])), now)


def tag_ids(db: Database, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Find or make the rows of tags, each (kind, name) → their ids."""
    wanted = dict.fromkeys(names)
    found = {
        (kind, name): id_
        for id_, kind, name in db.execute(
            "SELECT t.id, t.kind, t.name FROM json_each(?) j "
            "JOIN tags t ON t.kind = json_extract(j.value, '$[0]') AND t.name = json_extract(j.value, '$[1]')",
            [json.dumps(list(wanted))],
        )
    }
    for name in wanted:
        if name not in found:
            ((found[name],),) = db.execute("INSERT INTO tags (kind, name) VALUES (?, ?) RETURNING id", name).fetchall()
    return found


def write_listing(db: Database, source_id: int, listing: Listing | None, entry_refs: Mapping[int, int]) -> None:
    """Replace the outline of the source's last document; with none, the next one is parsed whole."""
    if listing is None:
        db.execute("DELETE FROM outlines WHERE source_id = ?", [source_id])
        return
    ids = [entry_refs.get(ref, ref) for ref in listing.entries]
    db.execute(
        "INSERT INTO outlines (source_id, context, items, entries) VALUES (?, ?, ?, ?) ON CONFLICT (source_id) "
        "DO UPDATE SET context = excluded.context, items = excluded.items, entries = excluded.entries",
        [source_id, listing.outline.context, listing.outline.items, struct.pack(f"<{len(ids)}q", *ids)],
    )


def write_source(db: Database, plan: PollPlan) -> None:
    """Write the source's new state and the record of the poll.

    Output feeds name their sources: another title, site, address or id is a change of every topic that has the
    source's stories. So what a document says of itself is taken over from the first few of a day (UTC) alone.
    """
    before, state = plan.before, plan.state
    said = {name: was for name in SAID_COLUMNS if (was := getattr(before, name)) not in (None, getattr(state, name))}
    if said and state.moved_url == before.moved_url and documents_of_the_day(db, plan) >= BELIEVED:
        state = replace(state, **said)
    if any(getattr(state, name) != getattr(before, name) for name in SHOWN_COLUMNS):
        mark_topics_naming(db, plan.source_id)
    was_and_is = zip(STATE_COLUMNS, state_values(before), state_values(state), strict=True)
    columns = {name: value for name, was, value in was_and_is if value != was}
    columns["last_poll_at"] = plan.record.started_at
    db.execute(f"UPDATE sources SET {' = ?, '.join(columns)} = ? WHERE id = ?", [*columns.values(), plan.source_id])
    if plan.moved is not None:
        db.execute(
            "INSERT INTO moves (source_id, moved_at, from_url, to_url, why) VALUES (?, ?, ?, ?, ?)",
            [plan.source_id, plan.now, *plan.moved],
        )
    db.execute(INSERT_POLL, [plan.source_id, *record_values(plan.record)])


def documents_of_the_day(db: Database, plan: PollPlan) -> int:
    """Count the documents that were read of a source this day, as far as BELIEVED."""
    count = 0
    for outcome, at in db.execute(
        "SELECT outcome, started_at FROM polls WHERE source_id = ? ORDER BY id DESC", [plan.source_id]
    ):
        if at[:10] != plan.now[:10] or count == BELIEVED:
            break
        count += outcome == "ok"
    return count


def keep_first_dates(db: Database, story_ids: Sequence[int]) -> None:
    """Give stories the date of publication that their leads have: the first that was given (see ``revise_entry``)."""
    db.conn.executemany(
        "UPDATE stories SET published = coalesce((SELECT e.published FROM entries e WHERE e.id = lead_entry_id), "
        "published) WHERE id = ?",
        [(id_,) for id_ in story_ids],
    )
