"""Which known stories a text is a near copy of, whatever the order in which the index names them."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from db.recall import KnownText
from factory import entry
from ingest.grouping import Grouping
from ingest.near import Nearby
from ingest.prints import prints_of
from prose import Report, report

NOW = "2026-11-20T12:00:00Z"


class Index:
    """Some texts, each of a story and a source of its own; the index names them as they are given."""

    def __init__(self, texts: dict[int, Report], order: tuple[int, ...]) -> None:
        self._texts, self._order = texts, order

    def sharing(self, shingles: bytes) -> tuple[int, ...]:
        """Name all."""
        return self._order

    def texts(self, ids: tuple[int, ...]) -> dict[int, KnownText]:
        """Give them."""
        return {
            id_: KnownText(
                id=id_,
                source_id=id_,
                story_id=10 * id_,
                sources=frozenset({id_}),
                title=self._texts[id_].title,
                text=self._texts[id_].text,
                published=NOW,
                first_seen=NOW,
            )
            for id_ in ids
        }

    def prints(self, entry_id: int) -> bytes:
        """Give the words of one."""
        return prints_of(self._texts[entry_id].title, self._texts[entry_id].text).shingles

    def other_prints(self, source_id: int, besides: int, limit: int) -> list[bytes]:
        """Give none: nothing is furniture."""
        return []


def stories(told: Report, texts: dict[int, Report], order: tuple[int, ...], besides: tuple[int, ...] = ()) -> list[int]:
    """Ask for the stories that a report is a copy of."""
    bare = entry(title=told.title, text=told.text, published=NOW)
    nearby = Nearby(source_id=99, known=Index(texts, order), grouping=Grouping(), now=NOW)  # type: ignore[arg-type]
    found = nearby.stories(replace(bare, prints=prints_of(told.title, told.text)), besides)
    return [match.story for match in found]


def test_the_likeliest_come_first_and_of_equals_the_oldest() -> None:
    """A rewrite that shares half is less than a cut; that two hold the whole text makes the older one the story."""
    told = report(1)
    half = Report(title=told.title, sentences=(*told.sentences[:7], *report(8).sentences[:6]))
    texts = {1: half, 2: report(5), 3: told.cut(9), 4: told}

    assert {tuple(stories(told, texts, order)) for order in permutations(texts)} == {(30, 40, 10)}


def test_what_a_document_has_joined_already_is_left_out() -> None:
    """Two items of one source are two texts."""
    told = report(1)

    assert stories(told, {1: told, 2: told.cut(9)}, (1, 2), (10,)) == [20]
