"""The JSON Feed reader: tolerant of odd fields, clear about what is no feed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.model import Document
from ingest.digest import DigestFault, digest
from ingest.jsonfeed import looks_like_json, parse_json_feed, rfc3339
from ingest.parsed import MAX_ENTRIES, Item, MalformedError, NotAFeedError, Parsed

URL = "https://example.org/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: object, **fields: object) -> Parsed:
    return parse_json_feed(json.dumps({"version": VERSION, "items": items, **fields}).encode(), url=URL)


def item(**fields: object) -> Item:
    return feed(fields).items[0]


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("null", NotAFeedError, "JSON, but not a JSON Feed: null where an object should be"),
        ("[]", NotAFeedError, "JSON, but not a JSON Feed: an array where an object should be"),
        ('"x"', NotAFeedError, "JSON, but not a JSON Feed: a string where an object should be"),
        ("17", NotAFeedError, "JSON, but not a JSON Feed: a number where an object should be"),
        ("{}", NotAFeedError, "JSON, but not a JSON Feed: no 'version' of jsonfeed.org"),
        ('{"version": 1, "items": []}', NotAFeedError, "JSON, but not a JSON Feed: no 'version' of jsonfeed.org"),
        ('{"version": "2.0", "items": []}', NotAFeedError, "JSON, but not a JSON Feed: no 'version' of jsonfeed.org"),
        (f'{{"version": "{VERSION}"}}', MalformedError, "a JSON Feed without a list of 'items'"),
        (f'{{"version": "{VERSION}", "items": {{}}}}', MalformedError, "a JSON Feed without a list of 'items'"),
        (f'{{"version": "{VERSION}",\n"items": [', MalformedError, "its JSON is broken: Expecting value (line 2)"),
        ("[" * 100_000, MalformedError, "its JSON is nested too deeply"),
        ('{"a":' * 100_000, MalformedError, "its JSON is nested too deeply"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_what_is_no_json_feed(body: str, error: type[Exception], message: str) -> None:
    """Each thing that is not a JSON Feed gets an error that says what it is."""
    with pytest.raises(error) as caught:
        parse_json_feed(body.encode(), url=URL)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"abc"', "abc"),
        ("7", "7"),
        ("-7", "-7"),
        ("1.50", "1.50"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("NaN", None),
        ("-Infinity", None),
        ("null", None),
        ("true", None),
        ('""', None),
        ("[]", None),
        ("{}", None),
    ],
    ids=lambda value: str(value)[:12],
)
def test_ids(written: str, read: str | None) -> None:
    """A number for an id becomes the text of its own digits; what is neither text nor number is no id."""
    parsed = parse_json_feed(f'{{"version": "{VERSION}", "items": [{{"id": {written}}}]}}'.encode(), url=URL)

    assert parsed.items[0].id == read


def test_of_duplicate_keys_the_last_counts() -> None:
    """A key that is given twice is no error."""
    body = f'{{"version": "{VERSION}", "items": [], "items": [{{"id": "1", "id": "2"}}]}}'

    assert [each.id for each in parse_json_feed(body.encode(), url=URL).items] == ["2"]


@pytest.mark.parametrize("wrong", [None, 1, 1.5, True, [], {}, [[]], [{}], ["x"], {"x": {}}])
def test_wrong_types_count_as_absent(wrong: object) -> None:
    """A field of a type that it may not have is as good as missing."""
    names = (
        "url external_url title content_html content_text summary date_published date_modified author authors "
        "language attachments"
    )
    parsed = feed(dict.fromkeys(names.split(), wrong), title=wrong, home_page_url=wrong, language=wrong, authors=wrong)

    assert parsed.items == (Item(),)
    assert (parsed.title, parsed.site_url, parsed.language) == (None, None, None)


def test_items_that_are_no_objects_are_passed_over() -> None:
    """Rubbish among the items costs nothing but itself."""
    assert [each.id for each in feed(1, None, "x", [], {"id": "a"}).items] == ["a"]


def test_the_version_gives_the_format() -> None:
    """1.0 and 1.1 are told apart."""
    assert feed().format == "json11"
    assert feed(version="https://jsonfeed.org/version/1").format == "json10"
    assert feed(version="http://www.jsonfeed.org/version/1").format == "json10"


def test_authors_of_the_feed_stand_in() -> None:
    """An item without authors has those of its feed (both spellings of the field)."""
    both = feed({"id": "1"}, {"id": "2", "author": {"name": "B"}}, authors=[{"name": "A"}, {"url": "x"}])

    assert [each.authors for each in both.items] == [("A",), ("B",)]
    assert feed({"id": "1"}, author={"name": "Old"}).items[0].authors == ("Old",)


def test_the_summary_is_marked() -> None:
    """The summary is told from the texts, wherever it stands."""
    full = item(summary="S", content_text="T", content_html="<p>H</p>")

    assert [body.value for body in full.bodies] == ["<p>H</p>", "T", "S"]
    assert full.summary == 2
    assert item(content_text="T").summary is None


def test_attachments() -> None:
    """Attachments without an address are passed over; a size is a whole number or nothing."""
    found = item(attachments=[{"url": "a", "mime_type": "audio/mpeg", "size_in_bytes": 7}, {"mime_type": "x/y"}, 3])
    sizes = item(attachments=[{"url": "a", "size_in_bytes": size} for size in (1.5, -1, "7", None, 10**30)])

    assert [(each.url, each.type, each.length) for each in found.attachments] == [("a", "audio/mpeg", "7")]
    assert [each.length for each in sizes.attachments] == [None] * 5


def test_too_many_items_are_cut() -> None:
    """Of a feed with more items than the cap the first are kept, and it says so."""
    parsed = feed(*({"id": str(n)} for n in range(MAX_ENTRIES + 1)))

    assert parsed.truncated
    assert [each.id for each in parsed.items] == [str(n) for n in range(MAX_ENTRIES)]


def test_bad_bytes_are_replaced_and_said() -> None:
    """A byte that is not UTF-8 costs a character, not the feed, and no validator may be stored."""
    body = json.dumps({"version": VERSION, "items": [{"id": "1", "title": "a@b"}]}).encode().replace(b"@", b"\xff")
    parsed = parse_json_feed(body, url=URL)

    assert parsed.items[0].title is not None
    assert parsed.items[0].title.value == "a\ufffdb"
    assert parsed.salvaged
    assert parsed.remark == "some bytes were not valid UTF-8 and are lost"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(encoding: str) -> None:
    """JSON in any form of Unicode is read."""
    body = json.dumps({"version": VERSION, "items": [{"id": "外"}]}, ensure_ascii=False).encode(encoding)

    assert looks_like_json(body)
    assert parse_json_feed(body, url=URL).items[0].id == "外"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-03T10:00:00Z", "2026-02-03T10:00:00Z"),
        ("2026-02-03t10:00:00z", "2026-02-03T10:00:00Z"),
        ("2026-02-03 10:00:00.123456789+05:30", "2026-02-03T04:30:00Z"),
        ("2026-02-03T10:00:00-00:00", "2026-02-03T10:00:00Z"),
        ("2026-02-03T23:30:00-0130", "2026-02-04T01:00:00Z"),
        ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59Z"),
        (" 2026-02-03T10:00:00 ", "2026-02-03T10:00:00Z"),
        ("2026-02-30T10:00:00Z", None),
        ("2026-02-03T24:00:00Z", None),
        ("1899-12-31T23:00:00Z", None),
        ("2101-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("9999-12-31T23:00:00-23:00", None),
        ("99999-01-01T00:00:00Z", None),
        ("٢٠٢٦-02-03T10:00:00Z", None),
        ("2026-02-03", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: str | None, expected: str | None) -> None:
    """RFC 3339 times become UTC; what is none, or lies centuries off, is None."""
    assert rfc3339(text) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    "id url title content_html content_text summary tags authors author attachments date_published".split()  # noqa: SIM905
)


@given(items=st.lists(st.dictionaries(FIELDS, JSON, max_size=8), max_size=4), extra=JSON)
def test_any_json_is_digested(items: list[dict[str, Any]], extra: Any) -> None:
    """Any JSON in any field gives a document; any other JSON a fault."""
    document = digest(json.dumps({"version": VERSION, "items": items, "title": extra}).encode(), None, URL)

    assert isinstance(document, Document)
    assert len(document.entries) == len(items)
    assert isinstance(digest(json.dumps([extra]).encode(), None, URL), DigestFault)
