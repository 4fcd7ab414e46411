"""Which known stories is this text a near copy of: a cut, a retitled or lightly rewritten one, an update? Pure.

The index gives the entries that share sampled word triples with it; ``likeness`` compares the texts themselves. What
the entries of one source have in common among themselves (a footer, an invitation to subscribe) proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from db.model import Entry, hashes_of
from db.plan import Likeness
from db.recall import Known, KnownText
from ingest.dedupe import Match, is_near
from ingest.grouping import Grouping
from ingest.likeness import MIN_CONTAINMENT, SURE, likeness, reading_of

Preference = tuple[float, int]
"""The likeliest first, then the oldest; beyond SURE all are as likely."""

OTHERS = 8
"""Of a source's other entries so many are looked at to tell its furniture from its texts …"""
FURNITURE = 3
"""… and what so many of them have is furniture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """Finds near copies for the entries of one source, in one poll."""

    source_id: int
    known: Known
    grouping: Grouping
    now: str

    def stories(self, entry: Entry, besides: Collection[int] = ()) -> list[Match]:
        """Find the stories of which ``entry`` is a near copy → the best first; none of ``besides``.

        A story that this source carries already is none of them: two items of one source are two texts.
        """
        if entry.prints is None or self.grouping.dedupe_of(self.source_id) != "copies":
            return []
        ids = self.known.sharing(entry.prints.shingles)
        texts = self.known.texts(ids) if ids else {}
        reading, time = reading_of(entry.title, entry.text), entry.published or self.now
        best: dict[int, tuple[Preference, Likeness]] = {}
        for id_ in ids:
            if (text := texts.get(id_)) is None or not self.may_join(entry, text, besides):
                continue
            found = likeness(reading, time, text)
            if found is None or self.is_furniture(entry.prints.shingles, text):
                continue
            rank = -min(found.score, SURE), id_
            if text.story_id not in best or rank < best[text.story_id][0]:
                best[text.story_id] = rank, found
        ranked = sorted((rank, story, found) for story, (rank, found) in best.items())
        return [Match(story=story, by="near", likeness=found) for _, story, found in ranked]

    def strays(self, id_: int, entry: Entry) -> bool:
        """Tell whether a known entry, as it reads now, is another text than its story's.

        A source may put text after text under one id ("Top story"). What one of them is like then says nothing of the
        other entries of the story: it is like none of these, and not like what it said itself at first.
        """
        if entry.prints is None or self.grouping.dedupe_of(self.source_id) != "copies":
            return False
        reading, has_kin = reading_of(entry.title, entry.text), False
        for text in self.known.kin(id_):
            has_kin = True
            if (entry.title, entry.text) == (text.title, text.text):
                return False
            if likeness(reading, text.published or text.first_seen, text):
                return False
        return has_kin

    def may_join(self, entry: Entry, text: KnownText, besides: Collection[int]) -> bool:
        """Tell whether ``entry`` may be in the story of ``text``, if it is alike."""
        return (
            self.source_id not in text.sources
            and text.story_id not in besides
            and self.grouping.dedupe_of(text.source_id) == "copies"
            and is_near(entry, text.published, text.first_seen, self.now)
        )

    def is_furniture(self, shingles: bytes, text: KnownText) -> bool:
        """Tell whether what two texts share is mostly what their sources print under everything."""
        mine, theirs = frozenset(hashes_of(shingles)), frozenset(hashes_of(self.known.prints(text.id)))
        furniture = common(self.known.other_prints(self.source_id, text.id, OTHERS))
        furniture |= common(self.known.other_prints(text.source_id, text.id, OTHERS))
        if not furniture & mine & theirs:
            return False
        mine, theirs = mine - furniture, theirs - furniture
        return len(mine & theirs) < MIN_CONTAINMENT * min(len(mine), len(theirs)) or not mine or not theirs


def common(prints: Iterable[bytes]) -> frozenset[int]:
    """Find the triples that several of a source's texts have."""
    counts = Counter(one for packed in prints for one in hashes_of(packed))
    return frozenset(one for one, count in counts.items() if count >= FURNITURE)
