"""A daemon lives through polls, edits, decisions and other configs in any order: what its readers see never lies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from db.model import FORMATS
from house import House
from jsonfeed_schema import faults
from office import Office, running_office
from origin import Origin, item, rss
from printshop import links_of
from wireroom.control import ControlError

ATOM = "{http://www.w3.org/2005/Atom}"
STEPS = 25
WORDS = [
    f"{first}{last}" for first in ("ba", "ke", "mi", "no", "ru", "ta", "zo") for last in ("lim", "dor", "pex", "vun")
]


@dataclass
class Life:
    """What is printed by whom, the config's topic, and what readers were told so far."""

    house: House
    origin: Origin
    dice: random.Random
    office: Office | None = None
    texts: dict[int, str] = field(default_factory=dict)
    shown: dict[str, list[int]] = field(default_factory=lambda: {"a": [], "b": []})
    keys: dict[str, str] = field(default_factory=lambda: {"limit": "4"})
    names: list[str] = field(default_factory=lambda: ["t"])
    decided: list[int] = field(default_factory=list)
    joined: set[int] = field(default_factory=set)
    closed: dict[int, Any] = field(default_factory=dict)
    guids: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    files: dict[Path, tuple[bytes, int]] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)

    def do(self, **request: Any) -> Any:
        """Have something done; what can't be is not."""
        assert self.office is not None
        self.did.append(json.dumps(request))
        with contextlib.suppress(ControlError):
            done = self.office.do(by="Ann", **request)
            if done.get("decision"):
                self.decided.append(done["decision"])
            return done
        return None

    def configure(self) -> None:
        """Write the config."""
        was = "".join(f'"{name}", ' for name in self.names[:-1])
        keys = "".join(f"{key} = {value}\n" for key, value in self.keys.items())
        topic = f'[[topic]]\nid = "{self.names[-1]}"\ntitle = "T"\nmatch = "sources:>=1"\nwas = [{was}]\n{keys}'
        sources = {name: self.origin.url(f"/{name}") for name in self.shown}
        self.house.configure(sources, topic, allow=self.origin.port)

    def press(self) -> None:
        """Wait until all is published."""
        assert self.office is not None
        for _ in range(2):
            asyncio.run_coroutine_threadsafe(self.office.engine.press.publish(past=True), self.office.loop).result(60)
        assert self.office.engine.press.trouble is None

    def print(self) -> None:
        """Have the sources tell something new, something of the other's, or something otherwise."""
        for name, other in (("a", "b"), ("b", "a")):
            if self.dice.random() < 0.7:
                number = len(self.texts) + 1
                self.texts[number] = " ".join(self.dice.choices(WORDS, k=self.dice.choice([8, 60, 400])))
                self.shown[name].append(number)
            elif self.shown[other] and self.dice.random() < 0.5:
                self.shown[name].append(self.dice.choice(self.shown[other]))
            if self.shown[name] and self.dice.random() < 0.4:
                self.texts[self.dice.choice(self.shown[name])] += f" also {self.dice.choice(WORDS)} {len(self.did)}"
            told = [
                item(f"{name}{n}", title=f"K{n}K {self.texts[n][:30]}", text=f"K{n}K {self.texts[n]}")
                for n in dict.fromkeys(self.shown[name][-6:])
            ]
            self.origin.feed(f"/{name}", rss(*reversed(told)))
        self.do(do="poll", sources=["a", "b"], due=False)

    def step(self) -> None:
        """Have one thing happen."""
        dice, stories = self.dice, [str(id_) for (id_,) in self.house.rows("SELECT id FROM stories")]
        topic = self.names[-1]
        match dice.choice(
            ["print"] * 6 + ["merge", "split", "undo", "hide", "pin", "config", "config", "again", "name"]
        ):
            case "merge" if len(stories) > 1:
                self.join(self.do(do="merge", stories=dice.sample(stories, 2)))
            case "split" if stories:
                entries = self.house.rows("SELECT story_id, id FROM entries")
                story, entry = dice.choice(entries)
                self.join(self.do(do="split", story=str(story), entry=entry))
            case "undo" if self.decided:
                self.join(self.do(do="undo", decision=dice.choice(self.decided[-4:])))
            case "hide" if stories:
                where = dice.choice([None, topic])
                self.do(do=dice.choice(["hide", "unhide"]), story=dice.choice(stories), topic=where)
            case "pin" if stories:
                self.do(do=dice.choice(["pin", "unpin"]), story=dice.choice(stories), topic=topic)
            case "config":
                key, values = dice.choice(
                    [
                        ("limit", ["1", "3", "7", "40"]),
                        ("max_bytes", ['"12KB"', '"20KB"', '"400KB"']),
                        ("edits", ['"announce"', '"silent"']),
                        ("order", ['"new"', '"coverage"']),
                        ("per_source", ["2", "5"]),
                        ("secret", ["true", "false"]),
                        ("full_text", ["true", "false"]),
                    ]
                )
                self.keys[key] = dice.choice(values)
                if dice.random() < 0.3:
                    del self.keys[key]
                self.reload()
                if self.keys.get("secret") == "true" and dice.random() < 0.5:
                    self.do(do="rotate", topic=topic)
            case "name":
                self.names.append(f"t{len(self.names)}")
                self.reload()
            case "again":
                self.did.append("again")
                raise Again
            case _:
                self.print()

    def join(self, done: Any) -> None:
        """Note what a person joined or parted: those may be shown under another's id."""
        if done is not None:
            stories = [one for one in (done["story"], done["other"]) if one is not None]
            for (title,) in self.house.rows(
                "SELECT title FROM entries WHERE story_id IN (SELECT value FROM json_each(?))", json.dumps(stories)
            ):
                self.joined |= {int(number) for number in re.findall(r"K(\d+)K", title)}

    def reload(self) -> None:
        """Change the config under the daemon."""
        self.configure()
        self.did.append(f"{self.names[-1]} {self.keys}")
        assert self.office is not None
        self.office.do(do="reload")

    def look(self) -> None:
        """Look at all that is published as a reader does, and compare it with the archive and with what was before."""
        self.press()
        assert self.office is not None
        name = self.office.engine.press.names[self.names[-1]]
        folder = self.house.folder / "public"
        base = self.office.engine.config.base_url
        pages = {
            row[0]: row[1:] for row in self.house.rows("SELECT page, has, first_number, last_number FROM archive_pages")
        }
        assert pages.items() >= self.closed.items(), "a closed page stays what it is"
        self.closed = pages
        found: dict[str, set[int]] = {}
        path: str | None = f"topics/{name}.atom"
        walked = 0
        while path is not None:
            stem, walked = path.removesuffix(".atom"), walked + 1
            bodies = {fmt: (folder / f"{stem}.{fmt}").read_bytes() for fmt in FORMATS}
            links = links_of(bodies["atom"])
            assert links["self"] == base + path
            items = dict(read_atom(bodies["atom"]))
            assert faults(json.loads(bodies["json"])) == []
            assert list(items) == guids_of(bodies["rss"]) == [one["id"] for one in json.loads(bodies["json"])["items"]]
            for guid, numbers in items.items():
                found.setdefault(guid, set()).update(numbers)
            path = links["prev-archive"].removeprefix(base) if "prev-archive" in links else None
        assert walked == len(pages) + 1
        self.complete(set(found))
        self.told_once(found)
        self.unmoved(folder / "topics")
        self.live()

    def complete(self, found: set[str]) -> None:
        """Compare with the archive: who walks through all pages finds all that may be seen."""
        rows = self.house.rows(
            "SELECT x.guid, x.archived, x.number FROM selections x JOIN stories s ON s.id = x.story_id "
            "WHERE x.left_at IS NULL AND x.topic_id = 1 AND s.merged_into IS NULL "
            "AND coalesce((SELECT m.kind FROM marks m WHERE m.story_id = x.story_id AND m.kind IN ('hide', 'show') "
            "AND coalesce(m.topic_id, 1) = 1 ORDER BY m.id DESC LIMIT 1), '') <> 'hide'"
        )
        last = max((last for _, _, last in self.closed.values()), default=0)
        plain = not {"order", "per_source"} & self.keys.keys()
        must = {guid for guid, archived, number in rows if number <= last or (plain and not archived)}
        assert must <= found <= {guid for guid, *_ in rows}

    def told_once(self, found: dict[str, set[int]]) -> None:
        """Compare ids: one is never another story's, and a story that nobody joined or parted keeps its own."""
        for guid, numbers in found.items():
            for number in numbers - self.joined:
                assert self.guids.setdefault(number, guid) == guid, (number, self.did[-8:])

    def unmoved(self, folder: Path) -> None:
        """Compare files: the time of one is another if, and only if, its bytes are."""
        files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.*") if path.is_file()}
        for path, (body, at) in files.items():
            if path in self.files:
                was, before = self.files[path]
                assert (at == before) == (body == was), (path, self.did[-4:])
        self.files = files

    def live(self) -> None:
        """Compare the ids of a search."""
        assert self.office is not None
        got = self.office.ask("/search.atom")
        assert got.status == 200
        for guid, numbers in read_atom(got.body):
            for number in numbers - self.joined:
                assert self.ids.setdefault(number, guid) == guid
                assert guid != self.guids.get(number), "a feed of a search has ids of its own"


class Again(Exception):  # noqa: N818 - it is no fault
    """The daemon is begun anew."""


def read_atom(body: bytes) -> Iterator[tuple[str, set[int]]]:
    """Read a document's items → id, and which of the printed texts its title is of. None is there twice."""
    seen = set()
    for entry in etree.fromstring(body).iterfind(f"{ATOM}entry"):
        guid, title = entry.findtext(f"{ATOM}id", ""), entry.findtext(f"{ATOM}title", "")
        assert guid not in seen
        seen.add(guid)
        yield guid, {int(number) for number in re.findall(r"K(\d+)K", title)}


def guids_of(rss_body: bytes) -> list[str]:
    """List the ids of an RSS document."""
    return [str(one.text) for one in etree.fromstring(rss_body).iterfind(".//guid")]


def live(life: Life, steps: int) -> None:
    """Let so many things happen, and look after each."""
    life.configure()
    while steps > 0:
        with running_office(life.house) as life.office, contextlib.suppress(Again):
            life.look() if life.house.archive.exists() and life.closed else None
            while steps > 0:
                steps -= 1
                life.step()
                life.look()


@pytest.mark.parametrize("seed", [1])
def test_whatever_happens_readers_are_told_each_story_once_and_all_of_it(
    house: House, origin: Origin, seed: int
) -> None:
    """Ids last and name one story, the past is complete, closed pages stay, times and validators move with bytes."""
    life = Life(house, origin, random.Random(seed))
    live(life, STEPS)
    assert life.closed, "something was closed"
    assert len(life.guids) > 10
