"""What is written anew: when what is rendered would be other bytes, and not each time a source has another name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from db.model import FORMATS
from feeds.render import RENDERING, render, topic_channel
from newsroom import Newsroom, Printed
from prose import Report
from test_digests import DIGESTED
from test_media_out import EPISODE
from test_render import BASE, FEED, SECOND
from test_topics_events import event, sibling

KNOWN = {1: "b4817c3afc1c4e32"}
"""By version of the rendering, what comes of the pages below."""


def test_other_bytes_of_archive_pages_have_another_version() -> None:
    """Where this fails: raise RENDERING, and note here what is rendered now; archives write their pages anew by it."""
    told = replace(SECOND, event=event(sibling(2)), summary="In short.", pinned=True)
    hash_ = hashlib.sha256()
    for feed in (replace(FEED, items=(told, EPISODE)), DIGESTED):
        for fmt in FORMATS:
            hash_.update(render(feed, fmt, topic_channel(feed, fmt, BASE, page=2, last_page=3)).body)

    assert KNOWN[RENDERING] == hash_.hexdigest()[:16]


def test_source_with_another_name_in_each_document_has_its_stories_written_anew_a_few_times_a_day(
    tmp_path: Path,
) -> None:
    """What it is called is what the archive says; the next day it may have another name again."""
    room = Newsroom(tmp_path / "wireroom.db", ["s"])
    changes, names = [], []
    for hour in (1, 2, 3, 4, 5, 6, 25):
        room.titles["s"] = f"News at {hour}"
        room.poll("s", Printed("1", Report("Ferry runs again", ("The ferry runs again.",))), hour=hour)
        changes.append(room.value("SELECT changes FROM topics"))
        names.append(room.value("SELECT title FROM sources"))

    assert names == [f"News at {hour}" for hour in (1, 2, 3, 3, 3, 3, 25)]
    assert [count - changes[0] for count in changes] == [0, 1, 2, 2, 2, 2, 3]
