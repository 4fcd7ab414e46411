"""What the quick way keeps: archive pages are on the disk, and a topic may have thousands."""

from __future__ import annotations

import weakref
from pathlib import Path

from feeds.publish import Published
from feeds.quick import MOST_PAGES
from feeds.render import MEDIA_TYPES
from feeds.serve import make_app
from served import BODY, Stub


class Read(Published):
    """A document that was read from the disk; whether anybody still has it can be seen."""

    __slots__ = ("__weakref__",)


class Archive(Stub):
    """A site with any number of archive pages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.read: weakref.WeakSet[Published] = weakref.WeakSet()

    def document(self, path: str) -> Published | None:
        """Read it anew each time."""
        page = Read(
            body=BODY,
            gzip=BODY,
            etag=f'"{path}"',
            gzip_etag='"gz"',
            last_modified="Thu, 26 Nov 2026 04:00:00 GMT",
            media_type=MEDIA_TYPES["atom"],
        )
        self.read.add(page)
        return page


def test_who_walks_through_all_archive_pages_fills_no_memory(tmp_path: Path) -> None:
    """A few are kept, as they are for who comes next; and topics' own documents beside them."""
    site = Archive(tmp_path)
    quick = make_app(site)
    host = [(b"host", b"wire.example")]
    assert quick.at_once("GET", "/topics/news.atom", host) is not None

    for page in range(1, 10 * MOST_PAGES):
        answer = quick.at_once("GET", f"/topics/news/{page}.atom", host)
        assert answer is not None
        assert answer.body == BODY
        del answer
        assert len(site.read) <= MOST_PAGES + 1
