"""``sources:>=3`` through polls: a story enters a topic when its third source carries it, and not before."""

from __future__ import annotations

import json

from house import House
from origin import Origin, item, rss

TEXT = "Ministers of nine countries met on Tuesday to discuss the reopening of the northern ports before the winter."
TOPICS = """
[[rule]]
id = "wide"
tag = "reach:wide"
match = "sources:2..9"

[[topic]]
id = "wide"
title = "Told by many"
match = "ports AND sources:>=3"

[[topic]]
id = "two"
title = "Tagged as wide, and not that wide"
match = "reach:wide -sources:>2"

[[topic]]
id = "own"
title = "Told by one"
match = "sources:1"
"""


def titles(house: House, topic: str) -> list[str]:
    """Read a published topic → its items' titles, newest first."""
    path = house.folder / "public" / "topics" / f"{topic}.json"
    return [one["title"] for one in json.loads(path.read_bytes())["items"]]


def test_story_enters_when_its_third_source_carries_it(house: House, origin: Origin) -> None:
    """A second entry of one source is no second source; who took a story keeps it, however many carry it later."""
    copy = item("report", title="Ministers meet", text=TEXT)
    other = item("other", title="Ports", text="Of ports that no minister has ever seen there is little to be said.")
    origin.feed("/a", rss(copy, other, item("report-2", title="Ministers meet", text=TEXT)))
    for name in "bc":
        origin.feed(f"/{name}", rss(copy))
    house.configure({name: origin.url(f"/{name}") for name in "abc"}, TOPICS, allow=origin.port)

    told = []
    for name in "abc":
        house.poll(name)
        told.append((titles(house, "wide"), titles(house, "two")))

    assert told == [([], []), ([], ["Ministers meet"]), (["Ministers meet"], ["Ministers meet"])]
    assert set(titles(house, "own")) == {"Ministers meet", "Ports"}
    (found,) = json.loads(house.wireroom("search", "--json", "sources:3").out)
    assert (found["title"], found["sources"], "reach:wide" in found["tags"]) == ("Ministers meet", list("abc"), True)
    house.poll()
    assert titles(house, "wide") == ["Ministers meet"]


def test_new_topic_finds_what_many_carried_before(house: House, origin: Origin) -> None:
    """The archive is asked as a poll is."""
    for name in "abc":
        origin.feed(f"/{name}", rss(item("report", title="Ministers meet", text=TEXT), item(name)))
    sources = {name: origin.url(f"/{name}") for name in "abc"}
    house.configure(sources, allow=origin.port)
    house.poll()
    house.configure(sources, TOPICS, allow=origin.port)
    house.poll()

    assert titles(house, "wide") == ["Ministers meet"]
    assert len(titles(house, "own")) == 3


def test_number_that_is_none_is_refused_with_its_place(house: House) -> None:
    """On the command line too, in one line."""
    house.configure({})
    house.poll()

    done = house.wireroom("search", "ports sources:>=many")

    assert done.code == 2
    assert "column 15: '>=many' is no number of sources; write it like sources:>=3" in done.err
