"""The archive for programs: what each address answers, to everybody and to the owner, and what is refused."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.query_faults import SlowError
from db.readers import BusyError
from feeds import api
from feeds.api import CALLS, OPENAPI
from feeds.api_sql import SQL_ADDRESS, SQL_PARAMETERS
from feeds.clients import Rate
from newsroom import Newsroom, Printed
from prose import report
from reading_room import BRIDGE, DROPPED, HIDDEN, SECRET, reading_room
from reading_site import BASE, Answer, Asker, asked_site


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Make the archive once."""
    path: Path = tmp_path_factory.mktemp("api") / "wireroom.db"
    return reading_room(path)


@pytest.fixture(scope="module")
def ask(room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Serve it."""
    with asked_site(tmp_path_factory.mktemp("site"), room.path, rates={}) as asker:
        yield asker


def ids(answer: Answer) -> list[int]:
    """List the stories of an answer."""
    return [story["id"] for story in answer.json["stories"]]


def test_stories_are_listed_newest_first(ask: Asker) -> None:
    """What is kept out is the owner's alone, who is told how it is."""
    assert ids(ask("/api/stories")) == [6, 4, 1]
    assert ids(ask("/api/stories", owner=True)) == [6, 4, 3, 2, 1]
    told = ask("/api/stories", owner=True).json["stories"]
    assert [story.get("withheld") for story in told] == [None, None, "hide", "drop", None]
    assert all("withheld" not in story for story in ask("/api/stories").json["stories"])


@pytest.mark.parametrize(
    ("query", "found"), [("source:herald", [6, 1]), ("animal:zebra", [1]), ("@all -zebra", [6, 4])]
)
def test_stories_of_a_query(ask: Asker, query: str, found: list[int]) -> None:
    """In the query language, with what the config and the archive know."""
    address = f"/api/stories?q={query.replace(' ', '+')}"

    assert ids(ask(address)) == found


@pytest.mark.parametrize("address", ["api/stories", "api/stories?q=words:%3E%3D1", "api/search?q=words:%3E%3D1"])
@pytest.mark.parametrize("owner", [False, True])
def test_pages_lead_on(ask: Asker, address: str, owner: bool) -> None:
    """Links are whole addresses under the base URL, and end."""
    address += "&limit=1" if "?" in address else "?limit=1"
    found = []
    following: str | None = address
    while following is not None:
        answer = ask(following, owner=owner)
        found += ids(answer)
        following = answer.json["next"]
        assert following is None or following.startswith(f"{BASE}api/")

    assert found == ([6, 4, 3, 2, 1] if owner else [6, 4, 1])


@pytest.mark.parametrize("owner", [False, True])
def test_pages_of_the_best_lead_on(ask: Asker, owner: bool) -> None:
    """Each story once; those that have the word more than others first, and the word marked."""
    found: list[dict[str, Any]] = []
    following: str | None = "api/search?q=zebra+OR+words:%3E%3D1&order=best&limit=1"
    while following is not None:
        answer = ask(following, owner=owner)
        found += answer.json["stories"]
        following = answer.json["next"]

    assert sorted(row["id"] for row in found) == ([1, 2, 3, 4, 6] if owner else [1, 4, 6])
    assert found[0]["id"] == 1
    assert [part["text"] for part in found[0]["snippet"] if part["hit"]] == ["zebra"]
    assert all("snippet" not in row and "marked_title" not in row for row in found[1:])


def test_no_page_skips_or_repeats_while_stories_come_in(tmp_path: Path) -> None:
    """What came since the first page is above it."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",))
    room.poll("wire", *(Printed(f"w{n}", report(n)) for n in range(10)))
    before = [id_ for (id_,) in room.db.execute("SELECT id FROM stories ORDER BY id DESC")]
    found: list[int] = []
    with asked_site(tmp_path / "site", room.path) as ask:
        following: str | None = "api/stories?limit=3"
        while following is not None:
            answer = ask(following)
            found += ids(answer)
            following = answer.json["next"]
            room.poll("wire", Printed(f"new {len(found)}", report(100 + len(found))), hour=2 + len(found))

    assert found == before


def test_story_is_told_whole(ask: Asker) -> None:
    """Its text, all coverage, why each tag, its topics, the others of its event."""
    told = ask("/api/stories/1").json

    assert told["title"] == BRIDGE.title
    assert [(one["source"]["id"], one["joined_by"]) for one in told["coverage"]] == [
        ("wire", "first"),
        ("herald", "person"),
        ("post", "near"),
    ]
    assert {"tag": "animal:zebra", "origin": "rule", "why": "striped"} in told["tagged"]
    assert [topic["topic"] for topic in told["topics"]] == ["all"]
    assert [story["id"] for story in told["event_stories"]] == [4]
    assert told["api"] == f"{BASE}api/stories/1"
    assert SECRET in {topic["topic"] for topic in ask("/api/stories/1", owner=True).json["topics"]}


def test_merged_story_leads_on(ask: Asker) -> None:
    """To where it went."""
    answer = ask("/api/stories/5")

    assert (answer.status, answer.headers["location"]) == (307, f"{BASE}api/stories/1")
    assert ask("/api/stories/5/revisions").json["story"] == 1


def test_revisions_and_entries(ask: Asker) -> None:
    """Version by version; an entry with its text."""
    said = ask("/api/stories/1/revisions").json["revisions"]
    entry = ask(f"/api/entries/{said[0]['entry']}").json

    assert [(one["number"], one["replaced_at"] is None) for one in said] == [(1, False), (2, True)]
    assert (entry["story"], entry["guid"], entry["text"]) == (1, "w1", said[1]["text"])


def test_event_is_told(ask: Asker) -> None:
    """With its stories, oldest first."""
    assert ids(ask("/api/events/9")) == [1, 4]
    assert ids(ask("/api/events/9", owner=True)) == [1, 2, 3, 4]


def test_topics_and_their_stories(ask: Asker) -> None:
    """A secret one is read by whoever knows its name, and named to nobody else."""
    assert [topic["id"] for topic in ask("/api/topics").json["topics"]] == ["all"]
    assert [topic["id"] for topic in ask("/api/topics", owner=True).json["topics"]] == ["all", f"{SECRET}-0123"]
    first = ask("/api/topics/all/stories?limit=2")
    assert ids(first) == [6, 4]
    assert [story["taken"]["pinned"] for story in first.json["stories"]] == [True, False]
    assert ids(ask(first.json["next"])) == [1]
    assert ids(ask(f"/api/topics/{SECRET}-0123/stories")) == [1]
    assert ask(f"/api/topics/{SECRET}/stories", owner=True).status == 404


def test_a_digests_story_waits_for_it_here_too(ask: Asker, room: Newsroom) -> None:
    """Neither the topic nor the story says so before, but to the owner; as on the pages."""
    with contextlib.closing(sqlite3.connect(room.path)) as db, db:
        db.execute(
            "UPDATE topics SET digest_from = (SELECT number FROM selections WHERE topic_id = 1 AND story_id = 4)"
        )
    stories, story = ask("/api/topics/all/stories"), ask("/api/stories/6").json
    owners = ask("/api/topics/all/stories", owner=True), ask("/api/stories/6", owner=True).json
    with contextlib.closing(sqlite3.connect(room.path)) as db, db:
        db.execute("UPDATE topics SET digest_from = NULL")

    assert (ids(stories), story["topics"]) == ([1], [])
    assert (ids(owners[0])[:2], [topic["topic"] for topic in owners[1]["topics"]]) == ([6, 4], ["all"])


def test_days_of_sources_are_not_counted_for_each_that_asks(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of sources that goes through millions of polls, and there are four readers for all."""
    first = ask("/api/sources").json["sources"]
    monkeypatch.setattr(api, "days_of", None)

    assert ask("/api/sources").json["sources"] == first


def test_sources_and_how_they_are(ask: Asker) -> None:
    """All, and one with its polls."""
    told = ask("/api/sources").json["sources"]

    assert [(one["id"], one["health"]) for one in told] == [("wire", "good"), ("post", "good"), ("herald", "good")]
    assert told[0]["days"][0] == {"day": "2026-11-20", "polls": 2, "failed": 0, "new": 2}
    assert len(ask("/api/sources/herald").json["polls"]) == 2


def test_sources_are_listed_page_by_page(ask: Asker) -> None:
    """Each once, in the order of the config."""
    first = ask("/api/sources?limit=2").json
    rest = ask(first["next"]).json

    assert [[one["id"] for one in page["sources"]] for page in (first, rest)] == [["wire", "post"], ["herald"]]
    assert rest["next"] is None


def test_tags_are_counted(ask: Asker) -> None:
    """By kind and name; those of stories that may not be seen do not count."""

    def counted(address: str, *, owner: bool = False) -> dict[str, int]:
        return {one["tag"]: one["stories"] for one in ask(address, owner=owner).json["tags"]}

    assert counted("/api/tags") == {"animal:zebra": 1, "desk:late": 1, "lang:en": 3}
    assert counted("/api/tags", owner=True) == {"animal:zebra": 1, "desk:late": 1, "lang:en": 5}
    assert counted("/api/tags?kind=desk") == {"desk:late": 1}
    assert counted("/api/tags?prefix=ZE") == {"animal:zebra": 1}
    first = ask("/api/tags?limit=2")
    assert [one["tag"] for one in first.json["tags"]] == ["animal:zebra", "desk:late"]
    assert counted(first.json["next"]) == {"lang:en": 3}


def test_search_is_narrowed_by_facets(ask: Asker) -> None:
    """On the first page."""
    found = ask("/api/search?q=words:%3E%3D1&limit=2").json

    assert found["facets"]["of"] == 3
    assert {"term": "animal:zebra", "label": "zebra", "stories": 1} in found["facets"]["tags"]
    assert ask(found["next"]).json["facets"] is None


@pytest.mark.parametrize(
    ("address", "status", "error", "mend"),
    [
        ("/api/stories?q=titel:a", 400, "unknown field `titel`", "did you mean `title`?"),
        ("/api/stories?q=a+AND", 400, "the query ends too early", "AND, OR, NOT and field: need something after them"),
        (
            "/api/stories?q=%2A",
            400,
            "* stands only at the end of a word, ? nowhere",
            "write the word's beginning and *",
        ),
        ("/api/stories?q=is:pinned", 400, "is:pinned is for the owner", "sign in, or take it away"),
        (f"/api/stories?q=@{SECRET}", 400, f"there is no saved query or topic `@{SECRET}`", "docs/query.md"),
        ("/api/stories?limit=101", 400, "limit is '101'", "give a whole number from 1 to 100"),
        ("/api/stories?limit=0", 400, "limit is '0'", "give a whole number from 1 to 100"),
        ("/api/stories?before=x", 400, "before is 'x'", "give a whole number from 1"),
        ("/api/stories?before=99999999999999999999", 400, "before is '9999", "give a whole number from 1"),
        ("/api/stories?querry=a", 400, "there is no parameter 'querry'", "there are before, limit, q"),
        ("/api/stories?q=a&q=b", 400, "q is given twice", "give it once"),
        ("/api/topics?q=a", 400, "there is no parameter 'q'", "leave it out: there are none here"),
        ("/api/search", 400, "q is missing", "give a query"),
        ("/api/search?q=a&order=worst", 400, "order is 'worst'", "give newest or best"),
        ("/api/search?q=a&after=7", 400, "after is '7'", "follow `next`"),
        ("/api/search?q=a&order=best&after=7", 400, "after is '7'", "follow `next`"),
        ("/api/search?q=a&order=best&before=7", 400, "before goes with order=newest alone", "follow `next`"),
        ("/api/stories/2", 404, "there is no such story", "api/openapi.json"),
        ("/api/stories/2/revisions", 404, "there is no such story", "api/openapi.json"),
        ("/api/stories/99999999999999999999", 404, "there is no such story", "api/openapi.json"),
        ("/api/stories/one", 404, "there is no such story", "api/openapi.json"),
        ("/api/entries/3", 404, "there is no such entry", "api/openapi.json"),
        ("/api/events/1", 404, "there is no such event", "api/openapi.json"),
        ("/api/topics/none/stories", 404, "there is no such topic", "api/openapi.json"),
        ("/api/sources/none", 404, "there is no such source", "api/openapi.json"),
        ("/api/none", 404, "there is no such address", "api/openapi.json"),
        ("/api/", 404, "there is no such address", "api/openapi.json"),
    ],
)
def test_faults_are_told_with_the_mend(ask: Asker, address: str, status: int, error: str, mend: str) -> None:
    """As JSON, kept by nobody; a page of another site may read that too."""
    answer = ask(address)

    assert answer.status == status
    assert answer.json["error"].startswith(error)
    assert mend in answer.json["mend"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_fault_of_a_query_names_its_column(ask: Asker) -> None:
    """Counted from 1."""
    assert ask("/api/search?q=ferry+titel:a").json["column"] == 7
    assert "column" not in ask("/api/search").json


@pytest.mark.parametrize(("raised", "status"), [(SlowError("it takes long; ask less"), 503), (BusyError(), 503)])
def test_trouble_of_the_moment_says_when_to_come_again(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int
) -> None:
    """With the mend."""

    async def read(*_: object) -> None:
        raise raised

    monkeypatch.setattr(ask.site.readers, "read", read)
    answer = ask("/api/stories")

    assert answer.status == status
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["mend"]


def test_too_much_at_once_is_refused(room: Newsroom, tmp_path: Path) -> None:
    """By the shell, as for all that is dear."""
    with asked_site(tmp_path, room.path, rates={"dear": Rate(burst=2, per_s=0.001)}) as ask:
        answers = [ask("/api/topics") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("owner", [False, True])
def test_it_only_reads(ask: Asker, method: str, owner: bool) -> None:
    """Whoever asks."""
    answer = ask("/api/stories/1", method, owner=owner)

    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


def test_what_the_client_has_is_not_sent_again(ask: Asker) -> None:
    """Nor to HEAD; the owner's state is another than everybody's."""
    first = ask("/api/stories")

    assert ask("/api/stories", if_none_match=first.headers["etag"]).status == 304
    assert ask("/api/stories", owner=True, if_none_match=first.headers["etag"]).status == 200
    head = ask("/api/stories", "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", first.headers["content-length"])
    assert {"authorization", "cookie"} <= {name.strip().lower() for name in first.headers["vary"].split(",")}


def test_it_is_compressed_where_that_is_welcome(ask: Asker) -> None:
    """And is the same then."""
    packed = ask("/api/stories", accept_encoding="gzip")

    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == ask("/api/stories").json


def test_wrong_token_is_nobodys(ask: Asker) -> None:
    """And sees what everybody does."""
    assert ids(ask("/api/stories", authorization="Bearer wrong")) == [6, 4, 1]


def test_description_is_of_all_routes_and_no_other() -> None:
    """And of all their parameters."""
    paths = json.loads(OPENAPI.read_bytes())["paths"]

    calls = {**{path: parameters for path, _, parameters in CALLS}, SQL_ADDRESS: SQL_PARAMETERS}
    assert set(paths) == set(calls)
    for path, parameters in calls.items():
        described = paths[path]["get"].get("parameters", ())
        assert {one["name"] for one in described if one["in"] == "query"} == set(parameters), path
        assert {one["name"] for one in described if one["in"] == "path"} == ({"id"} if "{id}" in path else set())


def test_description_names_our_own_address(ask: Asker) -> None:
    """So that a client made of it asks us."""
    assert ask("/api/openapi.json").json["servers"] == [{"url": BASE.rstrip("/")}]


def test_nothing_that_everybody_can_reach_tells_of_what_is_kept_out(ask: Asker) -> None:
    """Every address that an answer names is asked, and each of them in turn, down to the feeds."""
    waiting = [
        *(f"{BASE}{path[1:]}" for path, *_ in CALLS if "{" not in path),
        *(f"{BASE}{path}{id_}" for path in ("api/stories/", "api/entries/", "api/events/") for id_ in range(12)),
        *(f"{BASE}api/stories/{id_}/revisions" for id_ in range(7)),
        f"{BASE}api/search?q=words:%3E0",
        f"{BASE}api/search?q=event:9",
        f"{BASE}api/search?q=@{SECRET[:-1]}",
    ]
    told: dict[str, bytes] = {}
    while waiting:
        address = waiting.pop()
        if address in told or "/topics/all." in address or not re.match(rf"{BASE}(api|tags|sources|search)\b", address):
            continue
        answer = ask(address)
        told[address] = answer.body + answer.headers.get("location", "").encode()
        waiting += re.findall(rf"{BASE}[^\s\"<>&]*", told[address].decode())
    kept_out = [DROPPED.title, HIDDEN.title, DROPPED.sentences[0], HIDDEN.sentences[0], SECRET, "Whispers", "Anna"]

    assert {address: word for address, body in told.items() for word in kept_out if word.encode() in body} == {}
    assert {"rss", "atom", "json"} <= {address.rpartition(".")[2] for address in told}
    owners = [ask(address, owner=True).body for address in told]
    assert [word for word in kept_out if not any(word.encode() in body for body in owners)] == []
