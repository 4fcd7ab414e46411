"""What planning asks of the archive, answered from SQLite inside the poll's transaction. IO: sqlite."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from db import compared
from db.carriers import by_key
from db.decisions import divided
from db.desk import DraftDesk
from db.gone import gone_of, gone_owners
from db.marks import marks_of
from db.members import members_of
from db.mentions import Mentioned
from db.model import Enclosure, Entry, Keys, Mention, Outline
from db.recall import Carried, Draft, Event, JoinedBy, KnownEntry, KnownStory, KnownText, Listing, Mark, Shown, Taken
from db.regroup import gives_events
from db.selections import events_shown, taken_of, waiting_of

MAX_CARRIERS = 10_000
"""Of the entries with one key so many are read: twice a document's most."""


_PLAIN = "url title author html summary text language published updated version language_from"
PLAIN_COLUMNS = ("raw_id", *_PLAIN.split())
"""Of an entry's fields those that stand in columns as they are; the first is called guid there."""


class ArchiveKnown:
    """The ``Known`` of planning over the writer's connection.

    ``before``: what texts are compared with, and who carries their stories, is as it was before that entry came.
    ``mentioned``: what these entries mention, whatever the archive says.
    """

    def __init__(
        self, db: Database, desk: DraftDesk, before: int = compared.NO_BOUND, mentioned: Mentioned | None = None
    ) -> None:
        self._db = db
        self._desk = desk
        self._before = before
        self._mentioned = mentioned or {}

    def owners(self, keys: Collection[int]) -> Mapping[int, tuple[KnownEntry, ...]]:
        """Find the entries that carry each key, oldest first; of a key that very many carry, the newest of them."""
        rows = self._db.execute(
            """
            WITH carried AS (
                SELECT k.key, k.entry_id, row_number() OVER (PARTITION BY k.key ORDER BY k.entry_id DESC) AS number
                FROM json_each(?) AS wanted JOIN entry_keys k ON k.key = wanted.value WHERE k.entry_id < ?
            )
            SELECT c.key, e.id, e.source_id, e.story_id, e.version, e.title, e.guid, e.published, e.first_seen
            FROM carried c JOIN entries e ON e.id = c.entry_id
            WHERE c.number <= ? ORDER BY e.id
            """,
            [json.dumps(list(keys)), self._before, MAX_CARRIERS],
        )
        return by_key(rows)

    def gone(self, keys: Collection[int]) -> Mapping[int, tuple[KnownEntry, ...]]:
        """Find the pruned entries that carried each key."""
        return gone_owners(self._db, keys, MAX_CARRIERS)

    def pruned(self, ids: Collection[int]) -> frozenset[int]:
        """Find which of these entries were pruned."""
        return gone_of(self._db, ids)

    def listed(self, source_id: int) -> frozenset[int]:
        """Read the entries that the source's last document had."""
        rows = self._db.execute("SELECT id FROM entries WHERE source_id = ? AND last_seen IS NULL", [source_id])
        return frozenset(id_ for (id_,) in rows)

    def listing(self, source_id: int) -> Listing | None:
        """Read the outline of the source's last document with its entries."""
        for context, items, entries in self._db.execute(
            "SELECT context, items, entries FROM outlines WHERE source_id = ?", [source_id]
        ):
            return Listing(
                outline=Outline(context=context, items=items), entries=struct.unpack(f"<{len(entries) // 8}q", entries)
            )
        return None

    def entries(self, ids: Collection[int]) -> Sequence[Entry]:
        """Read entries as they are, without ``keys`` and ``words``."""
        return [
            Entry(
                **dict(zip(PLAIN_COLUMNS, row, strict=True)),
                categories=tuple(json.loads(categories)),
                enclosures=tuple(Enclosure(**each) for each in json.loads(enclosures)),
                keys=Keys(id=None, loose_id=None, link=None, print=0),
                words=0,
            )
            for categories, enclosures, *row in self._db.execute(
                f"SELECT categories, enclosures, guid, {', '.join(PLAIN_COLUMNS[1:])} FROM entries e "
                "JOIN entry_texts w ON w.entry_id = e.id WHERE e.id IN (SELECT value FROM json_each(?)) ORDER BY e.id",
                [json.dumps(list(ids))],
            )
        ]

    def former(self, ids: Collection[int]) -> Mapping[int, Sequence[int]]:
        """Read the versions that entries had before, as far as they were kept."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for entry, version in self._db.execute(
            "SELECT entry_id, version FROM revisions WHERE entry_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        ):
            found[entry].append(version)
        return found

    def dates(self, ids: Collection[int]) -> Sequence[str]:
        """Read when entries were published, of those that say so, pruned ones too."""
        wanted = "WHERE id IN (SELECT value FROM json_each(?1)) AND published IS NOT NULL"
        rows = self._db.execute(
            f"SELECT published FROM entries {wanted} UNION ALL SELECT published FROM gone_entries {wanted}",
            [json.dumps(list(ids))],
        )
        return [published for (published,) in rows]

    def sharing(self, shingles: bytes) -> Sequence[int]:
        """Find the entries that share word triples with a text, who shares most first."""
        return compared.sharing(self._db, shingles, self._before)

    def texts(self, ids: Collection[int]) -> Mapping[int, KnownText]:
        """Read the texts of entries, with all sources of their stories."""
        return compared.texts(self._db, ids, self._before)

    def prints(self, entry_id: int) -> bytes:
        """Read an entry's word triples."""
        return compared.prints(self._db, entry_id)

    def other_prints(self, source_id: int, besides: int, limit: int) -> Sequence[bytes]:
        """Read the word triples of a source's newest entries, but for one."""
        return compared.other_prints(self._db, source_id, besides, limit, self._before)

    def kin(self, entry_id: int) -> Iterator[KnownText]:
        """Read what an entry said at first, then what others of its story say; nothing where there is no other."""
        return compared.kin(self._db, entry_id)

    def carriers(self, stories: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Read which sources carry stories."""
        return compared.carriers(self._db, stories, self._before)

    def divided(self, pairs: Collection[tuple[int, int]]) -> bool:
        """Ask whether a person has said that two stories are two."""
        return bool(divided(self._db, pairs))

    def events_with(self, terms: Sequence[int], since: str) -> Sequence[Event]:
        """Find the open events that hold some of these rare terms."""
        return compared.events_with(self._db, terms, since)

    def term_counts(self, terms: Collection[int]) -> tuple[int, Mapping[int, int]]:
        """Read in how many stories words stood."""
        return compared.term_counts(self._db, terms)

    def stories(self, ids: Collection[int]) -> Mapping[int, KnownStory]:
        """Read stories with the evidence of their coverage, and what a person said of them."""
        if not ids:
            return {}
        wanted = json.dumps(list(ids))
        entries: defaultdict[int, dict[int, Carried]] = defaultdict(dict)
        for story, entry, source, size, author, host, files, categories, mentions, *language in self._db.execute(
            "SELECT e.story_id, e.id, e.source_id, length(CAST(w.text AS BLOB)), e.author, e.host, "
            "e.enclosures <> '[]', e.categories, e.mentions, e.language, e.language_from "
            "FROM entries e JOIN entry_texts w ON w.entry_id = e.id "
            "WHERE e.story_id IN (SELECT value FROM json_each(?)) ORDER BY e.id",
            [wanted],
        ):
            entries[story][entry] = Carried(
                source_id=source,
                size=size,
                author=author,
                host=host,
                enclosed=bool(files),
                categories=tuple(json.loads(categories)),
                mentions=self._mentioned[entry]
                if entry in self._mentioned
                else tuple(Mention(*one) for one in json.loads(mentions)),
                language=language[0],
                language_from=language[1],
            )
        marks = marks_of(self._db, ids)
        return {
            row["id"]: KnownStory(**row, entries=entries[row["id"]], marks=marks.get(row["id"], ()))
            for row in self._db.query(
                "SELECT id, lead_entry_id, title, text, folded_title, folded_text, language, published, first_seen, "
                "words, event_id AS event, event_score FROM stories WHERE id IN (SELECT value FROM json_each(?))",
                [wanted],
            )
        }

    def marks(self, story_ids: Collection[int]) -> Mapping[int, tuple[Mark, ...]]:
        """Read what counts of a person's marks of stories."""
        return marks_of(self._db, story_ids)

    def selected(self, story_ids: Collection[int]) -> frozenset[Taken]:
        """Read what topics have of these stories already."""
        return taken_of(self._db, story_ids)

    def events_shown(self, event_ids: Collection[int], *, archived: bool) -> frozenset[Shown]:
        """Read which topics have announced which stories of these events, or ``archived`` them, and still have them."""
        return events_shown(self._db, event_ids, archived=archived)

    def waiting(self, story_ids: Collection[int]) -> frozenset[tuple[int, int]]:
        """Read which topics will look at these stories once more later."""
        return waiting_of(self._db, story_ids)

    def joined(self, story_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, JoinedBy, int | None]]]:
        """Read each story's entries, in order of first sight, and why they are in it."""
        return members_of(self._db, story_ids)

    def desk(self, drafts: Sequence[Draft], now: str, gone: Collection[int] = ()) -> DraftDesk:
        """Clear the desk and lay these drafts on it."""
        named = json.dumps(list({id_ for draft in drafts for id_ in draft.source_ids}))
        ids = self._db.execute(
            "SELECT id, config_id FROM sources WHERE id IN (SELECT value FROM json_each(?))", [named]
        )
        if any(draft.ref < 0 and draft.event for draft in drafts) and not gives_events(self._db):
            drafts = [replace(draft, event=None) if draft.ref < 0 else draft for draft in drafts]
        self._desk.lay(drafts, dict(ids), now, self._others(drafts, gone))
        return self._desk

    def _others(self, drafts: Sequence[Draft], gone: Collection[int]) -> Sequence[int]:
        """Find the drafts' events that other stories of the archive tell of, as ``has:event`` asks."""
        events = {draft.event for draft in drafts if draft.event is not None and draft.event > 0}
        if not events:
            return ()
        rows = self._db.execute(
            "SELECT value FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM stories o WHERE o.event_id = value "
            "AND o.merged_into IS NULL AND o.id NOT IN (SELECT value FROM json_each(?2)))",
            [json.dumps(list(events)), json.dumps([*gone, *(draft.ref for draft in drafts if draft.ref > 0)])],
        )
        return [event for (event,) in rows]
