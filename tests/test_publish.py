"""Published files: whole at every moment, touched only when their bytes change."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from feeds.publish import Publisher, PublishError


def test_unchanged_bytes_keep_the_file_and_its_date(tmp_path: Path) -> None:
    """The same body again, also by another Publisher (a restart), writes nothing and keeps every validator."""
    first = Publisher(tmp_path).write("topics/t.rss", b"body", "application/rss+xml")
    path = tmp_path / "topics" / "t.rss"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    inode = path.stat().st_ino
    again = Publisher(tmp_path).write("topics/t.rss", b"body", "application/rss+xml")

    assert path.stat().st_ino == inode
    assert (again.etag, again.gzip_etag, again.gzip) == (first.etag, first.gzip_etag, first.gzip)
    assert again.last_modified == "Sun, 09 Sep 2001 01:46:40 GMT"
    changed = Publisher(tmp_path).write("topics/t.rss", b"other", "application/rss+xml")
    assert changed.etag != first.etag
    assert path.read_bytes() == b"other"
    assert [entry.name for entry in path.parent.iterdir()] == ["t.rss"], "no temporary file stays"


def test_reader_never_sees_a_partial_file(tmp_path: Path) -> None:
    """While it is rewritten again and again, every read gives one of the whole bodies."""
    bodies = [bytes([letter]) * 200_000 for letter in b"abcd"]
    publisher = Publisher(tmp_path)
    publisher.write("topics/t.rss", bodies[0], "x/y")
    path = tmp_path / "topics" / "t.rss"
    done = threading.Event()
    seen: list[bytes] = []

    def read() -> None:
        while not done.is_set():
            seen.append(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(100):
        publisher.write("topics/t.rss", bodies[n % 4], "x/y")
    done.set()
    reader.join()

    assert len(seen) > 10
    assert set(seen) <= set(bodies)


def test_trouble_names_the_path_and_leaves_what_is_there(tmp_path: Path) -> None:
    """A file in the folder's place: one clear error; mended, the next write works."""
    (tmp_path / "topics").write_text("in the way")
    with pytest.raises(PublishError, match=r"topics/t\.rss: can't be written: .*\[wireroom\] publish"):
        Publisher(tmp_path).write("topics/t.rss", b"body", "x/y")

    (tmp_path / "topics").unlink()
    Publisher(tmp_path).write("topics/t.rss", b"body", "x/y")
    assert (tmp_path / "topics" / "t.rss").read_bytes() == b"body"


def test_only_feeds_of_gone_topics_are_removed(tmp_path: Path) -> None:
    """Foreign files and links stay."""
    publisher = Publisher(tmp_path)
    for name in ("kept.rss", "gone.rss", "gone.json", "dotted.name.atom"):
        publisher.write(f"topics/{name}", b"x", "x/y")
    folder = tmp_path / "topics"
    (folder / "notes.txt").write_text("mine")
    (folder / "link.rss").symlink_to("/etc/hostname")
    publisher.remove_others({"kept", "dotted.name"})

    assert sorted(path.name for path in folder.iterdir()) == ["dotted.name.atom", "kept.rss", "link.rss", "notes.txt"]
