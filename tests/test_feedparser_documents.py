"""All test documents of feedparser's source package, served over loopback, twice. `make corpus` brings the package."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from house import ROOT, House
from origin import Answer, Origin

FOLDER = ROOT / ".corpus"
TABLES = ("entries", "entry_keys", "revisions", "stories", "story_tags", "tags", "selections")
CODINGS = {".gz": "gzip", ".z": "deflate"}
HEADER = re.compile(rb"^Header:[ \t]+([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)


def documents() -> list[Path]:
    """List the documents of the unpacked package."""
    found = sorted(path for path in FOLDER.glob("feedparser-*/tests/**/*") if path.suffix in (".xml", *CODINGS))
    if not found:
        message = "feedparser's test documents are not there: make corpus"
        if os.environ.get("WIREROOM_TEST_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def answer(path: Path, origin: Origin) -> Answer:
    """Serve a document as its own comment asks for: status, headers, coding."""
    body = path.read_bytes()
    headers = {"Content-Type": "application/xml"}
    if path.suffix in CODINGS:
        headers["Content-Encoding"] = CODINGS[path.suffix]
    asked = {name.decode().title(): value.decode("latin-1") for name, value in HEADER.findall(body[:2000])}
    status = int(asked.pop("Status", "200"))
    if "Location" in asked:
        asked["Location"] = origin.url("/target")
    return Answer(body, status, {**headers, **asked})


def test_every_document_ends_with_entries_a_clear_error_or_as_an_empty_feed(house: House, origin: Origin) -> None:
    """No crash, no hang, no outcome without a reason; the same documents read anew change no entry."""
    paths = documents()
    for number, path in enumerate(paths):
        origin.routes[f"/{number}"] = answer(path, origin)
        if path.name == "target.xml":
            origin.routes["/target"] = answer(path, origin)
    sources = {f"s{number}": origin.url(f"/{number}") for number in range(len(paths))}
    house.configure(sources, allow=origin.port, poll="per_host = 20")

    first = house.poll(timeout_s=400)
    rows = {table: house.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}
    with closing(sqlite3.connect(house.archive)) as db:
        db.execute("UPDATE sources SET body_hash = NULL, etag = NULL, last_modified = NULL")
        db.commit()
    second = house.poll(timeout_s=400)

    assert len(first["polled"]) + len(first["waiting"]) == len(paths) > 2200
    assert len(second["polled"]) + len(second["waiting"]) == len(paths)
    names = {f"s{number}": path for number, path in enumerate(paths)}
    for one in first["polled"]:
        if not one["good"]:
            assert one["error"], names[one["source"]]
            assert one["outcome"] not in ("too-heavy", "timeout", "not-recorded"), (names[one["source"]], one)
    assert sum(one["good"] for one in first["polled"]) > 2000
    assert (second["new_entries"], second["changed"]) == (0, 0)
    assert {table: house.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES} == rows
    assert house.rows("PRAGMA integrity_check") == [("ok",)]
