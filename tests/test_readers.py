"""Real feed readers subscribe to the running daemon and see each story once, whatever happens to it."""

from __future__ import annotations

import configparser
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from house import House
from origin import Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
TEXT = "A long enough text that its copy in another source is known as one and the same story."


class Reader(Protocol):
    """A reader with one subscription and a memory of its own."""

    def reload(self) -> None:
        """Fetch."""

    def titles(self) -> list[str]:
        """Every title that it has ever shown as new, sorted."""


class Newsboat:
    """newsboat: what it has unread."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.cache = folder / "cache.db"
        (folder / "urls").write_text(url + "\n")
        (folder / "config").write_text("reload-threads 1\n")
        self.command = ["newsboat", "-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(self.cache)]

    def reload(self) -> None:
        """Fetch."""
        subprocess.run([*self.command, "-x", "reload"], check=True, capture_output=True, timeout=60)

    def titles(self) -> list[str]:
        """List the titles that it has."""
        with closing(sqlite3.connect(self.cache)) as db:
            return [title for (title,) in db.execute("SELECT title FROM rss_item ORDER BY title")]


class Sfeed:
    """sfeed: a line for each item, by its id, title and link."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.config = folder / "sfeedrc"
        self.config.write_text(f"sfeedpath='{folder}'\nfeeds() {{\n\tfeed 'all' '{url}'\n}}\n")
        self.lines = folder / "all"

    def reload(self) -> None:
        """Fetch."""
        subprocess.run(["sfeed_update", str(self.config)], check=True, capture_output=True, timeout=60)

    def titles(self) -> list[str]:
        """List the titles of its lines."""
        return sorted(line.split("\t")[1] for line in self.lines.read_text(encoding="utf-8").splitlines())


class Rss2email:
    """rss2email: a mail for each item that it takes for new."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.mails = folder / "mail"
        for part in ("cur", "new", "tmp"):
            (self.mails / "inbox" / part).mkdir(parents=True)
        config = folder / "rss2email.cfg"
        self.command = ["r2e", "-c", str(config), "-d", str(folder / "rss2email.json")]
        subprocess.run([*self.command, "new", "reader@example.org"], check=True, capture_output=True, timeout=60)
        written = configparser.RawConfigParser()
        written.read(config)
        for name, value in (
            ("email-protocol", "maildir"),
            ("maildir-path", str(self.mails)),
            ("maildir-mailbox", "inbox"),
        ):
            written["DEFAULT"][name] = value
        with config.open("w") as file:
            written.write(file)
        subprocess.run([*self.command, "add", "all", url], check=True, capture_output=True, timeout=60)

    def reload(self) -> None:
        """Fetch, and mail what is new."""
        subprocess.run([*self.command, "run"], check=True, capture_output=True, timeout=60)

    def titles(self) -> list[str]:
        """List the subjects of its mails."""
        texts = [path.read_text() for path in (self.mails / "inbox" / "new").iterdir()]
        return sorted(
            line.removeprefix("Subject: ")
            for text in texts
            for line in text.splitlines()
            if line.startswith("Subject: ")
        )


@pytest.mark.needs("newsboat", "sfeed", "r2e")
def test_readers_show_each_story_once_over_ten_rounds(house: House, origin: Origin) -> None:
    """New stories appear; edits, restarts, re-polls, and copies elsewhere repeat nothing, in RSS and Atom."""
    copy = rss(item(1, text=TEXT).replace("news.example", "g.example").replace("id-1", "g-1"))
    rounds: list[tuple[list[str], str, int]] = [
        ([item(1, text=TEXT), item(2)], rss(), 2),
        ([item(1, text=TEXT), item(2)], rss(), 2),  # a restart and a poll, nothing else
        ([item(1, text=TEXT + " Corrected."), item(2)], rss(), 2),  # a meaningful edit
        ([item(1, text=TEXT + " Corrected."), item(2)], copy, 2),  # coverage
        ([item(3), item(1, text=TEXT + " Corrected."), item(2)], copy, 3),
        ([item(3), item(1, text=TEXT.upper()), item(2)], copy, 3),  # a minor one
        ([item(3), item(2), item(1, text=TEXT)], copy, 3),  # another order
        ([item(3, text="Told anew, from the first word to the last one of it.")], copy, 3),  # the others scrolled off
        ([item(4), item(3), item(2), item(1, text=TEXT)], rss(), 4),  # and came back
        ([item(4, text="The fourth story, edited in its turn.")], copy.replace("one and", "the very one and"), 4),
    ]
    origin.feed("/f", rss())
    origin.feed("/g", rss())
    house.configure({"f": origin.url("/f"), "g": origin.url("/g")}, TOPIC, allow=origin.port)
    house.poll()  # or else a daemon would begin with polls of its own, while what is printed changes
    kinds: tuple[Callable[[Path, str], Reader], ...] = (Newsboat, Sfeed, Rss2email)
    readers = [
        make(house.folder / f"{n}-{suffix}", f"http://127.0.0.1:{house.port}/topics/all.{suffix}")
        for n, make in enumerate(kinds)
        for suffix in ("rss", "atom")
    ]
    for start in range(0, len(rounds), 3):  # a restart before each third
        with house.daemon():
            for f, g, stories in rounds[start : start + 3]:
                origin.feed("/f", rss(*f))
                origin.feed("/g", g)
                house.poll()
                expected = [f"Story number {n}" for n in range(1, stories + 1)]
                for reader in readers:
                    reader.reload()

                    assert reader.titles() == expected, type(reader)
