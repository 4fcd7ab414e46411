"""Real feed readers subscribe to the running daemon and see each story once, whatever happens to it."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from house import House, until
from origin import Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'


class Newsboat:
    """A newsboat with one subscription and a cache of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.cache = folder / "cache.db"
        (folder / "urls").write_text(url + "\n")
        (folder / "config").write_text("reload-threads 1\n")
        self.command = ["newsboat", "-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(self.cache)]

    def reload(self) -> int:
        """Fetch → how many items are unread, as newsboat says."""
        subprocess.run([*self.command, "-x", "reload"], check=True, capture_output=True, timeout=60)
        done = subprocess.run(
            [*self.command, "-x", "print-unread"], check=True, capture_output=True, text=True, timeout=60
        )
        return int(done.stdout.split()[0])

    def titles(self) -> list[str]:
        """The titles that it has."""
        with closing(sqlite3.connect(self.cache)) as db:
            return [title for (title,) in db.execute("SELECT title FROM rss_item ORDER BY title")]


@pytest.mark.needs("newsboat")
@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_newsboat_shows_each_story_once_over_restarts_polls_and_edits(
    house: House, origin: Origin, suffix: str
) -> None:
    """New stories appear; a restart, a re-poll, an edit and a copy elsewhere repeat nothing."""
    text = "A long enough text that its copy in another source is known as one and the same story."
    origin.feed("/f", rss(item(1, text=text), item(2)))
    origin.feed("/g", rss())
    house.configure({"f": origin.url("/f"), "g": origin.url("/g")}, TOPIC, allow=origin.port)
    reader = Newsboat(house.folder / "newsboat", f"http://127.0.0.1:{house.port}/topics/all.{suffix}")
    with house.daemon() as daemon:
        until(lambda: daemon.get("/topics/all.json")[2].count(b'"number"') == 2, "the stories are not published")
        assert reader.reload() == 2
        daemon.stop()
    with house.daemon():
        house.poll()
        assert reader.reload() == 2
        origin.feed("/f", rss(item(3), item(1, text=text + " Corrected."), item(2)))
        origin.feed("/g", rss(item(1, text=text).replace("news.example", "g.example").replace("id-1", "g-1")))
        house.poll()

        assert reader.reload() == 3

    assert reader.titles() == ["Story number 1", "Story number 2", "Story number 3"]
