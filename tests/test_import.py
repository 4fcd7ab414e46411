"""`wireroom import` and `export` as a person uses them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from house import ROOT, House, until
from origin import Answer, Origin, item, rss

A = "https://a.example/feed"


def list_of(*outlines: str) -> str:
    """Write a list."""
    return "<opml version='2.0'><body>\n" + "\n".join(outlines) + "\n</body></opml>"


def rows(house: House) -> list[dict[str, Any]]:
    """Read the sources of the config file."""
    found: list[dict[str, Any]] = tomllib.loads(house.config.read_text(encoding="utf-8")).get("source", [])
    return found


def test_2000_feeds_in_nested_folders(house: House) -> None:
    """All are there with their folders as tags; a second import adds nothing, and says so."""
    folders = [
        f'<outline text="Region {n}"><outline text="Town">'
        + "".join(f'<outline text="Paper {n} {m}" xmlUrl="https://p{n}-{m}.example/feed"/>' for m in range(40))
        + "</outline></outline>"
        for n in range(50)
    ]
    (house.folder / "all.opml").write_text(list_of(*folders), encoding="utf-8")
    house.configure({"mine": "https://p0-0.example/feed"}, "\n# the end")

    first = house.wireroom("import", "all.opml", "--json")
    second = house.wireroom("import", "all.opml")

    told = json.loads(first.out)
    assert (told["feeds"], told["added"], told["known"], told["written"]) == (2000, 1999, 1, True)
    assert told["remarks"] == [
        {"kind": "known", "line": 2, "name": "Paper 0 0", "why": "is source 'mine' of the config already"}
    ]
    found = rows(house)
    assert len(found) == 2000
    assert found[-1] == {
        "id": "paper-49-39",
        "url": "https://p49-39.example/feed",
        "tags": ["folder:region-49", "folder:town"],
    }
    assert house.config.read_text().endswith("# the end\n")
    assert (second.code, rows(house)) == (0, found)
    assert second.out.splitlines()[-1].startswith("2,000 feeds: 0 added, 2,000 known already, 0 refused")
    assert "1,900 more" in second.out
    assert house.wireroom("check").code == 0


def test_dry_run_and_standard_input(house: House) -> None:
    """A list from a pipe is shown, and nothing is written."""
    house.configure({})
    before = house.config.read_bytes()
    words = [sys.executable, "-m", "wireroom", "import", "-", "--dry-run"]
    text = list_of(f'<outline text="F"><outline text="A" xmlUrl="{A}"/></outline>', '<outline text="J" xmlUrl="x:y"/>')

    done = subprocess.run(
        words, input=text, cwd=house.folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )

    shown, refused, summary = done.stdout.splitlines()
    assert shown == f"a  {A}  folder:f"
    assert refused.startswith("-:3: J: 'x:y' is no http or https address")
    assert summary.startswith("2 feeds: 1 would be added (config.toml, from line 10), 0 known already, 1 refused")
    assert house.config.read_bytes() == before


def test_list_at_an_address_goes_through_the_guard(house: House, origin: Origin) -> None:
    """Fetched like a feed, packed too; no feed of it is asked for, and a private place is refused."""
    import gzip

    text = list_of(f'<outline text="A" xmlUrl="{origin.url("/canary")}"/>')
    origin.routes["/l"] = Answer(gzip.compress(text.encode()), headers={"Content-Encoding": "gzip"})
    house.configure({})
    refused = house.wireroom("import", origin.url("/l"))
    assert (refused.code, "[poll] allow" in refused.err, origin.asked) == (1, True, [])

    house.configure({}, allow=origin.port)
    assert house.wireroom("import", origin.url("/l")).code == 0
    gone = house.wireroom("import", origin.url("/gone").replace("//", "//user:SENTINEL@"))

    assert (gone.code, "HTTP status 404" in gone.err, "SENTINEL" in gone.err) == (1, True, False)
    assert [row["url"] for row in rows(house)] == [origin.url("/canary")]
    assert [asked.path for asked in origin.asked] == ["/l", "/gone"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>',
            "list.opml: line 1: it has a DOCTYPE",
        ),
        (b"<opml>" + b"<outline>" * 100_000, "nest more than 100 deep"),
        (b"<opml><body>", "line 1: no valid XML: no element found"),
    ],
)
def test_hostile_list_is_one_clear_line(house: House, body: bytes, error: str) -> None:
    """Exit code 1, no traceback, the config as it was."""
    house.configure({})
    before = house.config.read_bytes()
    (house.folder / "list.opml").write_bytes(body)

    done = house.wireroom("import", "list.opml")

    assert (done.code, done.out, done.err.count("\n"), error in done.err) == (1, "", 1, True), done.err
    assert house.config.read_bytes() == before


def test_hostile_addresses_are_told_and_never_reached(house: House, origin: Origin) -> None:
    """Scripts and files are no sources; private addresses are refused at the poll; credentials stay in the config."""
    text = list_of(
        '<outline text="J\x9b31m" xmlUrl="javascript:alert(1)"/>',
        '<outline text="F" xmlUrl="file:///etc/passwd"/>',
        f'<outline text="P" xmlUrl="{origin.url("/canary")}"/>',
        f'<outline text="C" xmlUrl="http://user:SENTINEL@127.0.0.1:{origin.port}/secret"/>',
    )
    (house.folder / "list.opml").write_text(text, encoding="utf-8")
    house.configure({})

    done = house.wireroom("import", "list.opml")
    polled = house.poll()
    exported = house.wireroom("export")
    status = house.wireroom("status", "--json")

    assert done.code == 0
    assert "2 added" in done.out
    assert "\\x9b31m" in done.out
    assert done.out.count("is not a public address") == 2
    assert [one["outcome"] for one in polled["polled"]] == ["refused"] * 2
    assert origin.asked == []
    assert "SENTINEL" in house.config.read_text()
    assert "SENTINEL" not in "".join((done.out, done.err, exported.out, status.out, json.dumps(polled)))


def test_list_that_is_missing_or_useless(house: House) -> None:
    """Exit codes 74 and 1."""
    house.configure({})
    (house.folder / "empty.opml").write_text(list_of('<outline text="only a folder"/>'), encoding="utf-8")

    missing = house.wireroom("import", "none.opml")
    empty = house.wireroom("import", "empty.opml")

    assert (missing.code, missing.err) == (74, "wireroom: none.opml: No such file or directory\n")
    assert (empty.code, "0 feeds: 0 added" in empty.out) == (1, True)


def test_running_daemon_polls_what_was_imported(house: House, origin: Origin) -> None:
    """Without a restart."""
    origin.feed("/f", rss(item(1)))
    house.configure({}, allow=origin.port)
    (house.folder / "list.opml").write_text(list_of(f'<outline text="A" xmlUrl="{origin.url("/f")}"/>'))
    with house.daemon():
        done = house.wireroom("import", "list.opml")

        assert "the running daemon has taken it over: it has 1 source now" in done.out
        until(lambda: house.rows("SELECT count(*) FROM entries") == [(1,)], "the new source is not polled")


def test_export_has_titles_sites_and_folders_and_comes_back(house: House, origin: Origin) -> None:
    """To a file or standard output; file sources are left out with a word; an empty config takes all of it back."""
    origin.feed("/f", rss(item(1), title="Ÿ &amp; Züri"))
    house.configure(
        {"f": origin.url("/f")}, 'tags = ["folder:a", "desk:b", "folder:c"]\nevery = "2h"', allow=origin.port
    )
    with house.config.open("a", encoding="utf-8") as config:
        config.write(
            '[[source]]\nid = "here"\nurl = "here.xml"\n[[source]]\nid = "s"\nurl = "https://u:p@s.example/"\n'
        )
    before = house.wireroom("export")
    house.poll("f")

    done = house.wireroom("export", "out.opml")
    printed = house.wireroom("export")

    written = (house.folder / "out.opml").read_text(encoding="utf-8")
    assert [one.code for one in (before, done, printed)] == [0, 0, 0]
    assert [one.err for one in (before, done)] == ["wireroom: left out, since they are files: here\n"] * 2
    assert 'text="f"' in before.out
    assert 'title="Ÿ &amp; Züri"' in written
    assert 'htmlUrl="http://news.example/"' in written
    assert "u:p" not in written
    assert printed.out.count("<outline") == written.count("<outline") == 4
    (house.folder / "new").mkdir()
    empty = House(house.folder / "new")
    empty.config.write_text("", encoding="utf-8")
    assert empty.wireroom("import", "../out.opml").code == 0
    nowhere = house.wireroom("export", "none/out.opml")
    assert (nowhere.code, nowhere.err.splitlines()[0]) == (
        74,
        "wireroom: none/out.opml: can't be written: No such file or directory",
    )
    assert [(row["id"], row["url"], set(row.get("tags", [])), row.get("every")) for row in rows(empty)] == [
        ("f", origin.url("/f"), {"folder:a", "folder:c", "desk:b"}, "2h"),
        ("s", "https://s.example/", set(), None),
    ]
