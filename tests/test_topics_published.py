"""Topics with a policy, through the command line: polls, restarts, kills; what is in the published files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from house import House, until
from origin import Origin, item, rss
from stage import Stage


def topic(id_: str, *keys: str) -> str:
    """Write a topic that takes every story."""
    return "\n".join(["[[topic]]", f'id = "{id_}"', f'title = "{id_.title()}"', 'match = "NOT zzz"', *keys, ""])


def items(house: House, name: str) -> list[dict[str, Any]]:
    """Read a published JSON Feed → its items."""
    document = json.loads((house.folder / "public" / "topics" / f"{name}.json").read_bytes())
    found: list[dict[str, Any]] = document["items"]
    return found


def titles(house: House, name: str) -> list[str]:
    """Read a published JSON Feed → the titles of its items."""
    return [one["title"] for one in items(house, name)]


def press(house: House, origin: Origin, sources: dict[str, Sequence[str]], rest: str) -> None:
    """Have sources print these reports, each named by a letter, and poll them in this order."""
    for name, letters in sources.items():
        reports = [
            item(
                letter,
                text=f"What {letter} says {' '.join(f'{letter}{n}' for n in range(30))}.",
                title=f"About {letter}",
            )
            for letter in letters
        ]
        origin.feed(f"/{name}", rss(*reports, title=name))
    house.configure({name: origin.url(f"/{name}") for name in sources}, rest, allow=origin.port)
    for name in sources:
        house.poll(name)


def test_shares_order_and_summaries_are_in_the_published_files(house: House, origin: Origin) -> None:
    """Sources one to three; b is carried by all, a by two."""
    text = topic("fair", "limit = 3", "per_source = 1") + topic("most", 'order = "coverage"', "limit = 3")
    text += topic("short", "full_text = false")
    press(house, origin, {"one": "abcde", "two": "abx", "three": "by"}, text)

    assert sorted(titles(house, "fair")) != titles(house, "fair")
    assert len({one["_wireroom"]["coverage"][0]["source"] for one in items(house, "fair")}) == 3
    assert titles(house, "most")[:2] == ["About b", "About a"]
    assert all("Read on at" in one["content_html"] for one in items(house, "short"))
    assert not any("Read on at" in one["content_html"] for one in items(house, "most"))


def test_an_edited_policy_is_published_by_the_next_round_though_nothing_is_new(house: House, origin: Origin) -> None:
    """Who only runs `wireroom poll` now and then need not know that anything must be done."""
    press(house, origin, {"one": "abc"}, topic("t", "limit = 1"))
    assert len(items(house, "t")) == 1

    press(house, origin, {"one": "abc"}, topic("t", "limit = 3"))
    assert len(items(house, "t")) == 3


class DayLater(Stage):
    """A house in which a day passes at once: the archive's topic and its selections become a day older."""

    def __init__(self, folder: Path) -> None:
        House.__init__(self, folder)

    def age(self) -> None:
        """Let a day pass."""
        for table, column in (("selections", "selected_at"), ("topics", "digest_at")):
            self.write(f"UPDATE {table} SET {column} = replace(datetime({column}, '-1 day'), ' ', 'T') || 'Z'")


def due_now() -> str:
    """Write the key of a digest that was due a few minutes ago."""
    return f'digest = "{datetime.now(UTC) - timedelta(minutes=2):%H:%M}"'


def test_digest_is_made_by_a_round_and_by_a_daemon_once_and_keeps_its_id_over_kills(
    tmp_path: Path, origin: Origin
) -> None:
    """The daemon is killed when it has just made it, and the next one when it serves; then there is one."""
    house = DayLater(tmp_path)
    text = topic("daily", due_now()) + topic("each")
    press(house, origin, {"one": "abc"}, text)
    assert items(house, "daily") == []
    assert len(items(house, "each")) == 3
    house.age()
    with house.daemon(wait=False) as daemon:
        until(lambda: house.rows("SELECT 1 FROM digests") != [], "no digest is made")
        daemon.process.kill()
    with house.daemon() as daemon:
        daemon.process.kill()
    house.poll()
    ((guid, first, last),) = house.rows("SELECT guid, first_number, last_number FROM digests")
    (one,) = items(house, "daily")

    assert (one["id"], first, last) == (guid, 1, 3)
    assert {story["title"] for story in one["_wireroom"]["digest"]["stories"]} == {f"About {x}" for x in "abc"}
    assert one["date_published"].replace("+00:00", "Z") == one["_wireroom"]["digest"]["to"]
    house.age()
    press(house, origin, {"one": "abcd"}, text)
    assert [found["id"] for found in items(house, "daily")] == [guid], "what came now is in tomorrow's"
    house.age()
    house.poll()
    assert [len(found["_wireroom"]["digest"]["stories"]) for found in items(house, "daily")] == [1, 3]
    page = (house.folder / "public" / "index.html").read_text(encoding="utf-8")
    daily, each = page.split('id="topic-1"')[1].split('id="topic-2"')
    assert "A digest each day at" in daily
    assert "About " not in daily, "what a digest will tell is not told before"
    assert "About " in each


def files(folder: Path) -> dict[str, bytes]:
    """Read all that is published there, by path."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_same_archive_and_config_give_the_same_bytes_whatever_the_time(tmp_path: Path, origin: Origin) -> None:
    """Published anew, into another folder, at another time: not a byte differs."""
    house = DayLater(tmp_path)
    keys = ('order = "coverage"\nwindow = "1h"', "per_source = 2\nlimit = 2", due_now(), "full_text = false")
    text = "".join(topic(f"t{n}", key) for n, key in enumerate(keys))
    press(house, origin, {"one": "abc", "two": "bcx"}, text)
    house.age()
    house.poll()
    house.wireroom("publish")
    folder = house.folder / "public"
    before = files(folder)
    assert len(items(house, "t2")) == 1

    folder.rename(house.folder / "was")
    with house.daemon():
        until(lambda: files(folder).keys() == before.keys(), "not all of it is published")
    assert files(folder) == before


def test_what_a_person_says_on_the_command_line_is_published(house: House, origin: Origin) -> None:
    """Pinned, hidden in one topic and in all, let in again: in the files, and on the front page."""
    press(house, origin, {"one": "abcde"}, topic("t", "limit = 3") + topic("u"))
    stories = {title.split()[-1]: id_ for id_, title in house.rows("SELECT id, title FROM stories")}

    def say(*words: str) -> list[str]:
        done = house.wireroom(*words)
        assert done.code == 0, done.err
        return ["".join(title.split()[-1] for title in titles(house, name)) for name in "tu"]

    shown = say("status")
    assert [len(one) for one in shown] == [3, 5]
    top, left_out = shown[0][0], shown[1][-1]
    assert say("pin", str(stories[left_out]), "t") == [left_out + shown[0], shown[1]]
    assert items(house, "t")[0]["_wireroom"]["pinned"] is True
    assert say("hide", str(stories[top]), "t") == [left_out + shown[0][1:], shown[1]]
    assert say("hide", str(stories[top])) == [left_out + shown[0][1:], shown[1][1:]]
    assert f"About {top}" not in (house.folder / "public" / "index.html").read_text(encoding="utf-8")
    assert say("unhide", str(stories[top])) == [left_out + shown[0], shown[1]]
    assert say("unpin", str(stories[left_out]), "t") == shown
