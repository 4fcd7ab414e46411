"""Identity over polls: each entry once, whatever its publisher does to ids, links, order and duplicates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from origin import rss
from scripted import Script, reply
from stage import Case, Played, play

ROUNDS = 4


def piece(guid: str | None, link: str | None, title: str, text: str = "", more: str = "") -> str:
    """Write an RSS item."""
    guids = "" if guid is None else f"<guid isPermaLink='false'>{guid}</guid>"
    links = "" if link is None else f"<link>{link}</link>"
    about = text or f"All about {title}."
    return f"<item>{guids}{links}<title>{title}</title><description>{about}</description>{more}</item>"


def documents(*rounds: list[str]) -> Script:
    """Serve these items, a list for each poll; the last stays."""
    return lambda asked: reply(rss(*rounds[min(asked.number, len(rounds)) - 1], title=asked.name).encode())


def made(make: Callable[[int], list[str]]) -> Script:
    """Serve what is made of the poll's number."""
    return lambda asked: reply(rss(*make(asked.number), title=asked.name).encode())


def counts(*new: int, changed: int | None = 0) -> Callable[[Played], None]:
    """Expect so many new entries in each poll, and so many changes in all; None: any number."""

    def check(played: Played) -> None:
        assert set(played.outcomes) <= {"ok", "unchanged"}
        assert [poll["new"] for poll in played.polls] == [*new, *[0] * (ROUNDS - len(new))]
        assert len(played.entries) == sum(new)
        assert changed is None or sum(poll["changed"] for poll in played.polls) == changed

    return check


def few_new(most: int) -> Callable[[Played], None]:
    """Expect entries that are known again: at most so many in all."""

    def check(played: Played) -> None:
        assert set(played.outcomes) <= {"ok", "unchanged"}
        assert len(played.entries) <= most

    return check


def keeps_both_titles(played: Played) -> None:
    """Expect two entries under one id, each with its own title and link, after every poll."""
    counts(2)(played)
    assert sorted(entry["title"] for entry in played.entries) == ["Apples", "Pears"]
    assert len({entry["url"] for entry in played.entries}) == 2


def was_revised(played: Played) -> None:
    """Expect one entry with its newest title."""
    counts(1, changed=2)(played)
    assert played.titles == ["Third thoughts"]


def dropped_out(played: Played) -> None:
    """Expect that an entry which left the document is known to have left, and the others not."""
    counts(3)(played)
    assert [entry["last_seen"] is not None for entry in played.entries] == [True, False, False]


def own_text_only(played: Played) -> None:
    """Expect its own text under an id that another source uses for another."""
    counts(1)(played)
    assert played.titles == [f"Ours, of {played.name}"]


LONG = "x" * 1_000_000
HTTP, HTTPS = "http://news.example/story", "https://news.example/story"
THREE = [piece(f"g{n}", f"{HTTP}/{n}", f"Story {n}") for n in (1, 2, 3)]

CASES = [
    Case("same", "the same again is nothing new", documents(THREE), counts(3)),
    Case("reordered", "nor another order", documents(THREE, THREE[::-1], [THREE[1], THREE[0], THREE[2]]), counts(3)),
    Case("one-more", "one more is one more", documents(THREE[:2], THREE), counts(2, 1)),
    Case(
        "window",
        "a window that moves on",
        made(lambda n: [piece(f"w{i}", f"{HTTP}/w{i}", f"Item {i}") for i in range(n, n + 3)]),
        counts(3, 1, 1, 1),
    ),
    Case("comes-back", "what comes back is known", documents(THREE, THREE[1:], THREE[1:], THREE), counts(3)),
    Case("drops-out", "what drops out stays", documents([THREE[2], *THREE[:2]], THREE[:2], THREE[:2]), counts(3)),
    Case("marked-as-left", "and is marked as left", documents(THREE[::-1], THREE[1:]), dropped_out),
    Case(
        "https-guids",
        "ids from http to https",
        documents(*([piece(f"{s}/{n}", f"{s}/{n}", f"S {n}") for n in (1, 2)] for s in (HTTP, HTTPS))),
        counts(2, changed=None),
    ),
    Case(
        "https-links",
        "links from http to https",
        documents(*([piece(None, f"{s}/{n}", f"S {n}") for n in (1, 2)] for s in (HTTP, HTTPS))),
        counts(2, changed=None),
    ),
    Case(
        "host-case",
        "a host in other letters",
        documents(*([piece(f"{s}/1", f"{s}/1", "S")] for s in ("http://News.Example/story", HTTP))),
        counts(1, changed=None),
    ),
    Case(
        "guid-churn",
        "a new id each time, the link stays",
        made(lambda n: [piece(f"churn-{n}-{i}", f"{HTTP}/churn/{i}", f"Churn {i}") for i in (1, 2, 3)]),
        few_new(3),
    ),
    Case(
        "link-churn",
        "a new link each time, the id stays",
        made(lambda n: [piece(f"stay-{i}", f"{HTTP}/{n}/{i}", f"Stay {i}") for i in (1, 2, 3)]),
        counts(3, changed=None),
    ),
    Case(
        "session-links",
        "a session in each link, no ids",
        made(
            lambda n: [piece(None, f"{HTTP}/s/{i}?utm_source=rss&amp;utm_campaign={n}", f"Track {i}") for i in (1, 2)]
        ),
        counts(2, changed=None),
    ),
    Case(
        "all-churn",
        "everything but the text is new each time",
        made(
            lambda n: [
                piece(
                    f"all-{n}-{i}",
                    f"{HTTP}/{n}/all/{i}",
                    f"A long and telling headline, number {i}",
                    f"The very same text as ever about matter {i}, in enough words to be known again.",
                )
                for i in (1, 2)
            ]
        ),
        few_new(8),
    ),
    Case(
        "no-guid", "no ids: links count", documents([piece(None, f"{HTTP}/n{n}", f"N {n}") for n in (1, 2)]), counts(2)
    ),
    Case("no-link", "no links: ids count", documents([piece(f"n{n}", None, f"N {n}") for n in (1, 2)]), counts(2)),
    Case(
        "nothing",
        "neither: the text counts",
        documents([piece(None, None, f"A text of its own, {n}") for n in (1, 2)]),
        counts(2),
    ),
    Case(
        "empty-guid", "empty ids are none", documents([piece("", f"{HTTP}/e{n}", f"E {n}") for n in (1, 2)]), counts(2)
    ),
    Case(
        "blank-guid",
        "nor are blanks around one another",
        documents(
            [piece(f"\n  b{n} ", f"{HTTP}/b{n}", f"B {n}") for n in (1, 2)],
            [piece(f"b{n}", f"{HTTP}/b{n}", f"B {n}") for n in (1, 2)],
        ),
        counts(2),
    ),
    Case(
        "one-guid",
        "one id for two items loses neither",
        documents([piece("same", f"{HTTP}/apples", "Apples"), piece("same", f"{HTTP}/pears", "Pears")]),
        keeps_both_titles,
    ),
    Case(
        "one-guid-all",
        "nor one for all",
        documents([piece("0", f"{HTTP}/z{n}", f"Zero {n}") for n in range(20)]),
        counts(20),
    ),
    Case(
        "one-guid-grows",
        "nor later",
        made(lambda n: [piece("0", f"{HTTP}/g{i}", f"Grows {i}") for i in range(n + 1)]),
        counts(2, 1, 1, 1),
    ),
    Case(
        "one-link",
        "one link for all: ids count",
        documents([piece(f"l{n}", HTTP, f"Link {n}") for n in (1, 2, 3)]),
        counts(3),
    ),
    Case("twice", "an item twice in a document is one", documents([THREE[0], THREE[0], THREE[1]]), counts(2)),
    Case("twice-later", "also later", documents(THREE[:2], [*THREE[:2], THREE[0]]), counts(2)),
    Case("guid-1-mb", "an id of 1 MB is one", documents([piece(LONG, f"{HTTP}/long", "Long")]), counts(1)),
    Case(
        "revised",
        "a new text is a change",
        documents(
            *(
                [piece("rev", f"{HTTP}/rev", t, "What it is about.")]
                for t in ("First", "Second thoughts", "Third thoughts")
            )
        ),
        was_revised,
    ),
    Case(
        "date-only",
        "a new date each time is no story",
        made(lambda n: [piece("d", f"{HTTP}/d", "Dated", more=f"<pubDate>Tue, 0{n} Nov 2026 07:00:00 GMT</pubDate>")]),
        counts(1, changed=None),
    ),
    Case(
        "build-date",
        "nor a new build date",
        made(lambda n: [*THREE, f"<lastBuildDate>Tue, 0{n} Nov 2026 07:00:00 GMT</lastBuildDate>"]),
        counts(3),
    ),
    Case(
        "theirs",
        "another source's id",
        documents([piece("shared-id", f"{HTTP}/theirs", "Ours, of theirs")]),
        own_text_only,
    ),
    Case("ours", "is not ours", documents([piece("shared-id", f"{HTTP}/ours", "Ours, of ours")]), own_text_only),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them four times."""
    return play(tmp_path_factory.mktemp("identity"), CASES, ROUNDS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_identity(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
