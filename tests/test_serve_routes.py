"""Every route of the running daemon: a GET changes nothing, whoever asks, whatever it says; a POST needs the owner."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.routing import BaseRoute, Route

import wireroom.daemon
from feeds.serve import make_app
from house import House, until
from office import TOKEN, Office, running_office
from origin import item, rss, running_origin

TOPICS = """
[[topic]]
id = "all"
title = "Everything"
match = "story OR item"
[[topic]]
id = "hush"
title = "Hush"
match = "story OR item"
secret = true
"""
ODD = (
    "",
    "0",
    "-1",
    "1e9",
    "9" * 30,
    "'",
    '"',
    "%00",
    "..",
    "NEAR(",
    "a%20b",
    "*",
    "%F0%9F%90%AA",
    "{{7*7}}",
    "%0d%0aX:y",
)
JUNK = "q=%22NEAR(&before='&after=%00&tag=*&source=..&limit=-1&sort=id;DROP&lang=%F0&cursor=%FF&page=1e9&since=x&raw&v="
DO = "do=hide&story=1&topic=all&_method=POST&csrf=x&confirm=1"


@dataclass
class Rig:
    """A daemon with some stories, and the routes that it was made of."""

    office: Office
    routes: list[Route]

    def paths(self, odd: Sequence[str] = ("1",)) -> Iterator[str]:
        """Give each route's path with its parameters filled in, also with odd ones."""
        known = {"name": "all", "file": "all.rss", "id": "1", "tag": "source:f", "token": "x" * 43}
        for route in self.routes:
            holes = re.findall(r"\{(\w+)(?::\w+)?\}", route.path)
            for value in [None, *odd] if holes else [None]:
                path = route.path
                for hole in holes:
                    path = re.sub(rf"\{{{hole}(?::\w+)?\}}", known.get(hole, "1") if value is None else value, path)
                yield path

    def archive(self) -> dict[str, Any]:
        """Read all that is in the archive."""
        with closing(sqlite3.connect(self.office.house.archive)) as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One daemon for the module, with a token, a source, a public and a secret topic."""
    made: list[Sequence[BaseRoute]] = []

    def noting(site: Any, more: Sequence[BaseRoute] = (), **settings: Any) -> Any:
        made.append(more)
        return make_app(site, more, **settings, rates={})

    with pytest.MonkeyPatch.context() as patch, running_origin() as origin:
        patch.setattr(wireroom.daemon, "make_app", noting)
        house = House(tmp_path_factory.mktemp("house"))
        origin.feed("/f", rss(item(1), item(2), item(3)))
        house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
        config = house.config.read_text(encoding="utf-8").replace("[wireroom]", f'[wireroom]\ntoken = "{TOKEN}"', 1)
        house.config.write_text(config, encoding="utf-8")
        with running_office(house) as office:
            until(lambda: office.ask("/topics/all.rss").text.count("<item>") == 3, "the stories are not there")
            done = asyncio.run_coroutine_threadsafe(office.engine.press.publish(everything=True), office.loop)
            done.result(30)  # what is still to be published is no doing of ours
            yield Rig(office, [route for route in made[0] if isinstance(route, Route)])


def test_get_changes_nothing(rig: Rig) -> None:
    """Nor does HEAD or OPTIONS, for the owner as little as for anybody, with whatever the address asks for."""
    before = rig.archive()
    assert rig.office.sign_in().status == 303
    cookies = (None, rig.office.cookie)
    asked = set()
    try:
        for cookie in cookies:
            rig.office.cookie = cookie
            for path in rig.paths():
                for method in ("GET", "HEAD", "OPTIONS"):
                    override = {"X_HTTP_Method_Override": "POST", "X_HTTP_Method": "POST"}
                    got = rig.office.ask(f"{path}?{DO}", method, **override)
                    asked.add((path, got.status))
                    assert got.status < 500, (method, path, got.body[:300])
                    assert got.headers["x-content-type-options"] == "nosniff"
                    if method != "GET":
                        assert got.body == b""
    finally:
        rig.office.cookie = None

    assert rig.archive() == before
    assert len({path for path, status in asked if status == 200}) >= 8


def test_post_is_for_the_owner(rig: Rig) -> None:
    """Or for who has a secret of its own: nothing of a stranger's is taken, nor of a page that sends it in his name."""
    before = rig.archive()
    assert rig.office.sign_in().status == 303
    signed = rig.office.cookie
    try:
        for path in rig.paths():
            if path == "/hub":
                continue  # anybody may ask a hub; what it answers is tested with it
            for cookie, origin in ((None, None), (signed, "https://evil.example"), (signed, None)):
                rig.office.cookie = cookie
                headers = {"Origin": origin, "Sec_Fetch_Site": "cross-site"} if origin else {}
                kind = {"Content_Type": "text/plain"} if origin else {}
                got = rig.office.post(path, {"story": 1, "topic": "all", "tags": "place:x"}, **headers, **kind)
                assert got.status in (303, 400, 401, 403, 404, 405, 410, 415), (path, got.status, got.body[:200])
                if got.status == 303:
                    assert "sign-in" in got.headers["location"] or path.endswith("sign-out")
    finally:
        rig.office.cookie = None

    assert rig.archive() == before


def test_odd_parameters_are_no_fault_of_ours(rig: Rig) -> None:
    """Quotes, operators, numbers without end, half characters: a page, a refusal, never a 500 or a line in the log."""
    for path in rig.paths(ODD):
        for query in ("", f"?{JUNK}"):
            got = rig.office.ask(path + query)
            assert got.status < 500, (path, query, got.body[:300])
            assert "x" not in got.headers


def test_secret_topic_is_nowhere_told(rig: Rig) -> None:
    """In no answer to who does not know its address, by name, title or link."""
    assert rig.office.cookie is None
    for path in rig.paths():
        got = rig.office.ask(path)
        assert "hush" not in (got.body.decode("utf-8", "replace") + str(got.headers)).lower(), path
