"""Published files: whole at every moment, touched only when their bytes change."""

from __future__ import annotations

import errno
import gzip
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import brotli
import pytest

from feeds import files
from feeds.publish import Publisher, PublishError
from house import House


def plain(folder: Path) -> list[str]:
    """List the files under a folder that are not compressed."""
    return sorted(path.name for path in folder.rglob("*") if not path.is_dir() and path.suffix not in (".gz", ".br"))


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
    changed = Publisher(tmp_path, lambda: 1_500_000_000.5).write("topics/t.rss", b"other", "application/rss+xml")
    assert (changed.etag == first.etag, changed.changed) == (False, 1_500_000_000), "now, by the clock that is believed"
    assert path.read_bytes() == b"other"
    assert plain(path.parent) == ["t.rss"], "no temporary file stays"
    assert {file.stat().st_mtime_ns for file in path.parent.iterdir()} == {changed.changed * 10**9}


def test_reader_never_sees_a_partial_file(tmp_path: Path) -> None:
    """A thousand reads and more while it is rewritten a hundred times: each gives one of the whole bodies."""
    bodies = [bytes([letter]) * 200_000 for letter in b"abcd"]
    publisher = Publisher(tmp_path)
    publisher.write("topics/t.rss", bodies[0], "x/y")
    path = tmp_path / "topics" / "t.rss"
    written = threading.Event()
    reads = 0
    seen: set[bytes] = set()

    def read() -> None:
        nonlocal reads
        while reads < 1000 or not written.is_set():
            seen.add(path.read_bytes())
            reads += 1

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(1, 101):
        publisher.write("topics/t.rss", bodies[n % 4], "x/y")
    written.set()
    reader.join()

    assert reads >= 1000
    assert len(seen) > 1, "it was read while it was rewritten"
    assert seen <= set(bodies)


def test_many_get_their_places_together_on_the_disk_before_what_leads_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte is synced before any name, an archive page's folder before the feed, the feed before its page."""
    done: list[tuple[str, str]] = []
    replace = Path.replace

    def renamed(path: Path, target: Path) -> Path:
        done.append(("name", str(target.relative_to(tmp_path))))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", renamed)
    monkeypatch.setattr(files, "sync", lambda path: done.append(("sync", str(path.relative_to(tmp_path)))))
    publisher, told = Publisher(tmp_path), list[str]()
    for topic in ("t", "u"):
        publisher.begin(topic)
        for name in (f"{topic}/1.rss", f"{topic}.rss", f"{topic}/index.html"):
            publisher.write(f"topics/{name}", b"x", "x/y")
        publisher.afterwards(lambda topic=topic: told.append(topic))  # type: ignore[misc]
    assert (done, told) == ([], [])
    assert not list(tmp_path.rglob("*.rss"))

    assert publisher.end() == {}
    assert told == ["t", "u"]
    assert all(what == "sync" and name.endswith(".tmp") for what, name in done[:18])
    at = {step: n for n, step in enumerate(done)}
    for topic in ("t", "u"):
        page, feed = ("name", f"topics/{topic}/1.rss"), ("name", f"topics/{topic}.rss")
        assert at["name", f"topics/{topic}/1.rss.gz"] < at[page]
        assert at[page] < done.index(("sync", f"topics/{topic}")) < at[feed] < done.index(("sync", "topics"))
        assert done.index(("sync", "topics")) < at["name", f"topics/{topic}/index.html"] < at["sync", f"topics/{topic}"]
    assert len([step for step in done[18:] if step[0] == "sync"]) == 5, "each folder once for what it got"


def test_what_can_not_be_written_keeps_its_own_from_what_leads_to_it(tmp_path: Path) -> None:
    """A topic whose archive page fails keeps its old feed; the others go out, and nothing is left half written."""
    for name in ("t", "u"):
        Publisher(tmp_path).write(f"topics/{name}.rss", b"old", "x/y")
    (tmp_path / "topics" / "t" / "1.rss").mkdir(parents=True)
    publisher, told = Publisher(tmp_path), list[str]()
    for topic in ("t", "u"):
        publisher.begin(topic)
        for name in (f"{topic}/1.rss", f"{topic}.rss"):
            publisher.write(f"topics/{name}", b"new", "x/y")
        publisher.afterwards(lambda topic=topic: told.append(topic))  # type: ignore[misc]
    failed = publisher.end()

    assert {topic: str(error).split(": ")[0] for topic, error in failed.items()} == {
        "t": str(tmp_path / "topics" / "t" / "1.rss")
    }
    assert told == ["u"]
    assert [(tmp_path / "topics" / f"{name}.rss").read_bytes() for name in ("t", "u")] == [b"old", b"new"]
    assert not list(tmp_path.rglob("*.tmp"))


def test_document_written_twice_in_one_go_is_there_as_it_was_last(tmp_path: Path) -> None:
    """An archive page is, when there is another after it."""
    publisher = Publisher(tmp_path)
    publisher.begin("t")
    for body in (b"1", b"2"):
        last = publisher.write("topics/t/1.rss", body, "x/y")
    publisher.end()

    assert publisher.read("topics/t/1.rss", "x/y") == last
    assert last.body == b"2"
    assert not list(tmp_path.rglob("*.tmp"))


def test_folder_in_the_place_of_a_file_is_named_and_left(tmp_path: Path) -> None:
    """Nothing of somebody's is taken away for it, and no temporary file stays."""
    (tmp_path / "topics" / "t.rss").mkdir(parents=True)
    (tmp_path / "topics" / "t.rss" / "mine").write_text("mine")

    with pytest.raises(PublishError, match=r"topics/t\.rss: can't be written: .*directory.*\[wireroom\] publish"):
        Publisher(tmp_path).write("topics/t.rss", b"body", "x/y")
    Publisher(tmp_path).tidy({"t", "mine"})
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "topics",
        "topics/t.rss",
        "topics/t.rss/mine",
    ]


def test_file_cut_short_by_others_is_written_again(tmp_path: Path) -> None:
    """What is on disk counts, not what was written once: also other bytes of the same length."""
    publisher = Publisher(tmp_path)
    path = tmp_path / "topics" / "t.rss"
    for damage in (b"", b"bodx"):
        publisher.write("topics/t.rss", b"body", "x/y")
        path.write_bytes(damage)
        publisher.write("topics/t.rss", b"body", "x/y")
        assert path.read_bytes() == b"body"
    path.unlink()
    publisher.write("topics/t.rss", b"body", "x/y")
    assert path.read_bytes() == b"body"
    assert path.stat().st_mode & 0o777 == 0o644


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
    publisher.write("topics/foreign.rss", b"x", "x/y")
    publisher.tidy({"gone", "link"})

    assert plain(folder) == [
        "dotted.name.atom",
        "foreign.rss",
        "kept.rss",
        "link.rss",
        "notes.txt",
    ]


def test_each_encoding_has_an_etag_of_its_bytes(tmp_path: Path) -> None:
    """Strong ETags: equal bytes equal names, other bytes other names; the compressed form unpacks to the body."""
    publisher = Publisher(tmp_path)
    one, same, other = (
        publisher.write(f"topics/{n}.rss", b, "x/y") for n, b in (("a", b"1"), ("b", b"1"), ("c", b"2"))
    )

    assert gzip.decompress(one.gzip) == one.body == b"1"
    assert (one.etag, one.gzip_etag) == (same.etag, same.gzip_etag)
    assert len({one.etag, one.gzip_etag, other.etag, other.gzip_etag}) == 4
    assert all(etag[0] == etag[-1] == '"' for etag in (one.etag, one.gzip_etag))


def test_what_is_compressed_unpacks_to_the_document_whatever_a_kill_left(tmp_path: Path) -> None:
    """A web server sends the compressed file as it is: one of another state is written anew, and so is a lost one."""
    publisher = Publisher(tmp_path)
    path = tmp_path / "topics" / "t.rss"
    gz, br = path.with_name("t.rss.gz"), path.with_name("t.rss.br")
    for body, spoil in (
        (b"one", gz.unlink),
        (b"two", lambda: br.write_bytes(brotli.compress(b"three"))),
        (b"three", lambda: os.utime(gz, (5, 5))),
        (b"four", lambda: None),
    ):
        publisher.write("topics/t.rss", body, "x/y")
        spoil()
        found = publisher.write("topics/t.rss", body, "x/y")
        assert gzip.decompress(gz.read_bytes()) == brotli.decompress(br.read_bytes()) == path.read_bytes() == body
        assert (found.body, found.gzip, found.br) == (body, gz.read_bytes(), br.read_bytes())
        assert publisher.read("topics/t.rss", "x/y") == found
        assert {file.stat().st_mtime_ns for file in (path, gz, br)} == {found.changed * 10**9}
    gz.unlink()
    assert publisher.read("topics/t.rss", "x/y") is None, "not whole"


def test_two_changes_in_one_second_have_two_times(tmp_path: Path) -> None:
    """HTTP dates are whole seconds, and nginx's ETag is made of the time and the length."""
    publisher = Publisher(tmp_path)
    times = [publisher.write("topics/t.rss", body, "x/y").changed for body in (b"1", b"2", b"3")]

    assert len(set(times)) == 3
    assert times == sorted(times)


def test_known_time_of_a_change_outlives_the_file(tmp_path: Path) -> None:
    """Somebody emptied the folder: the same content has its old Last-Modified again."""
    found = Publisher(tmp_path).write("topics/t.rss", b"1", "x/y", changed=1_000_000_000)

    assert found.last_modified == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert (tmp_path / "topics" / "t.rss").stat().st_mtime == 1_000_000_000


def test_archive_pages_and_the_page_of_a_topic_go_with_it(tmp_path: Path) -> None:
    """Those of others stay, and what somebody put there."""
    publisher = Publisher(tmp_path)
    for topic in ("gone", "kept"):
        for file in ("index.html", "1.rss", "1.atom", "1.json", "12.rss"):
            publisher.write(f"topics/{topic}/{file}", b"x", "x/y")
    assert publisher.pages("gone") == {1}, "12 is not there in all formats"
    publisher.tidy({"gone"})
    assert plain(tmp_path) == ["1.atom", "1.json", "1.rss", "12.rss", "index.html"]
    assert not (tmp_path / "topics" / "gone").exists()
    (tmp_path / "topics" / "kept" / "notes.txt").write_text("mine")
    publisher.tidy({"kept"})
    assert plain(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "../t.rss",
        "topics/../../t.rss",
        "/t.rss",
        "topics/.t.rss",
        "topics/a/b.rss",
        "topics/a/0.rss",
        "topics/../1.rss",
        "static/../t.css",
        "topics/t.exe",
        "t.rss",
        "",
    ],
)
def test_names_that_are_not_ours_are_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written outside the folder, or under a name that nothing would ever tidy."""
    with pytest.raises(PublishError, match="is no name of a published file"):
        Publisher(tmp_path / "public").write(name, b"x", "x/y")

    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("link", ["topics", "topics/t.rss", "index.html"])
def test_links_inside_the_folder_are_not_followed(tmp_path: Path, link: str) -> None:
    """What is behind one stays as it is, and the error names the link."""
    target = tmp_path / "elsewhere"
    if link == "topics":
        target.mkdir()
    else:
        target.write_text("somebody else's")
    path = tmp_path / "public" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(target)

    with pytest.raises(PublishError, match=rf"{link}: is a link"):
        Publisher(tmp_path / "public").write("index.html" if link == "index.html" else "topics/t.rss", b"x", "x/y")
    Publisher(tmp_path / "public").tidy({"t"})
    assert (list(target.iterdir()) == []) if link == "topics" else (target.read_text() == "somebody else's")


def test_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """A web server's folder is often one."""
    (tmp_path / "www").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "www")
    Publisher(tmp_path / "public").write("topics/t.rss", b"x", "x/y")

    assert (tmp_path / "www" / "topics" / "t.rss").read_bytes() == b"x"


def test_what_a_killed_process_left_half_written_is_tidied(tmp_path: Path) -> None:
    """Its temporary files go; others' hidden files stay."""
    Publisher(tmp_path).write("topics/t.rss", b"x", "x/y")
    for folder in (tmp_path, tmp_path / "topics"):
        for name in (".wireroom-ab12_x9z.tmp", ".other.tmp", ".htaccess"):
            (folder / name).write_text("half")
    Publisher(tmp_path).tidy(set())

    assert plain(tmp_path) == [
        ".htaccess",
        ".htaccess",
        ".other.tmp",
        ".other.tmp",
        "t.rss",
    ]


def test_what_can_not_be_tidied_tells_no_topics_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret one's is in the path of its file, and whoever asks how we are reads the message."""
    publisher = Publisher(tmp_path)
    publisher.write("topics/hard-to-guess.rss", b"feed", "text/xml")

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PublishError) as raised:
        publisher.tidy({"hard-to-guess"})
    assert str(raised.value) == f"{tmp_path / 'topics'}: can't be tidied: Permission denied; check its rights"


def test_topic_whose_rows_are_broken_leaves_the_others(house: House) -> None:
    """Another program spoilt a row: that topic keeps its old feed, the others are written, and the trouble is named."""
    feed = """{"version": "https://jsonfeed.org/version/1.1", "title": "S", "items": [
        {"id": "1", "url": "https://s.example/1", "title": "Apples", "content_text": "Apples fell."},
        {"id": "2", "url": "https://s.example/2", "title": "Pears", "content_text": "Pears grew."}]}"""
    (house.folder / "s.json").write_text(feed)
    topics = "".join(
        f'[[topic]]\nid = "{fruit}"\ntitle = "{fruit}"\nmatch = "{fruit}"\n' for fruit in ("apples", "pears")
    )
    house.configure({"s": "s.json"}, topics)
    house.poll()
    old = (house.folder / "public" / "topics" / "apples.rss").read_bytes()
    with closing(sqlite3.connect(house.archive)) as db:
        db.execute("""UPDATE entries SET enclosures = '[{"odd": 1}]' WHERE title = 'Apples'""")
        db.execute("UPDATE entries SET title = 'Riper pears' WHERE title = 'Pears'")
        db.execute("UPDATE stories SET title = 'Riper pears' WHERE title = 'Pears'")
        db.execute("UPDATE topics SET changes = changes + 1")
        db.commit()
    again = house.wireroom("poll")

    assert "topic 'apples': can't be rendered: TypeError: " in again.err
    assert (house.folder / "public" / "topics" / "apples.rss").read_bytes() == old
    assert "Riper pears" in (house.folder / "public" / "topics" / "pears.rss").read_text()
