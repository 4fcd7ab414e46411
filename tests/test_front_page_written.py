"""The front page of the publish folder, written at every change of any topic: it reads of those that changed."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from db.archive import open_reader
from feeds.publish import Publisher
from printshop import PrintShop
from wireroom.folder import FrontPage


def test_of_topics_that_are_as_they_were_nothing_is_read(tmp_path: Path) -> None:
    """With a thousand topics, reading all of them at each poll would be most of what a poll costs."""
    shop, front = PrintShop(tmp_path), FrontPage()
    shop.take(2)
    asked: list[str] = []
    with closing(open_reader(tmp_path / "wireroom.db")) as reader:

        def written(*done: str) -> str:
            asked.clear()
            publisher = Publisher(tmp_path / "publish")
            return front.write(reader, publisher, shop.config, {"t"}, done)["index.html"].body.decode()

        assert "Story 2" in written("t")
        shop.take(1)
        reader.conn.set_trace_callback(asked.append)

        assert "Story 3" not in written()
        assert asked == []
        assert "Story 3" in written("t")
        assert asked != []
    asyncio.run(shop.close())
