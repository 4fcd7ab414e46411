"""Whatever words an item is made of: whole documents, and the same letters out as went in."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from db.model import FORMATS
from test_render import ATOM, COVERAGE, FEED, ITEM, check_json_feed, json_document, schema, written


def test_markup_in_an_rss_title_is_marked_as_text() -> None:
    """Hexadecimal references, as the RSS Board advises: readers that take titles for HTML show them as meant."""
    item = replace(ITEM, title="Use <b> & &lt; well", author="A <i> B", tags=("category:r&d",))
    body = written(replace(FEED, items=(item,)), "rss").body
    rss = etree.fromstring(body)

    assert b"<title>Use &#x3C;b&gt; &#x26; &#x26;lt; well</title>" in body
    assert b">Source &#x3C;A&gt;</source>" in body
    assert b"<dc:creator>A &#x3C;i&gt; B</dc:creator>" in body
    assert b'<category domain="urn:wireroom:tags:category">category:r&#x26;d</category>' in body
    assert rss.findtext("channel/item/title") == item.title
    assert rss.findtext("channel/title") == FEED.title


hostile = st.one_of(
    st.text(st.characters(codec=None), max_size=30),  # lone surrogates too
    st.sampled_from(
        [
            *("]]>", "<script>alert(1)</script>", "<![CDATA[", "&amp;", "{{7*7}}", "\x00", "\x1b[2J", "\ufffe", "%s"),
            *("\ud800", "\udfff", "<!--", "<?xml?>", "\u202e", "\x85", "\u2028", "a\r\nb"),
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(hostile, hostile, hostile, hostile), min_size=1, max_size=3))
def test_any_text_gives_whole_documents(texts: list[tuple[str, str, str, str]]) -> None:
    """Whatever stands in titles, texts, tags and names: valid, every item there or named, none twice, none both."""
    items = tuple(
        replace(
            ITEM,
            guid=f"urn:uuid:{n}",
            title=title,
            html=html,
            text=html,
            tags=(f"category:{tag}",),
            author=name,
            coverage=(replace(COVERAGE, source_title=name),),
        )
        for n, (title, html, tag, name) in enumerate(texts)
    )
    feed = replace(FEED, items=items)
    for fmt in FORMATS:
        rendered = written(feed, fmt)
        if fmt == "json":
            document = json.loads(rendered.body)
            check_json_feed(document)
            guids = [item["id"] for item in document["items"]]
        else:
            root = etree.fromstring(rendered.body)
            schema(fmt).assertValid(root)
            path = "channel/item/guid" if fmt == "rss" else f"{ATOM}entry/{ATOM}id"
            guids = [str(element.text) for element in root.iterfind(path)]
            assert root.find(".//{*}script") is None
        left_out = {guid for guid, _ in rendered.left_out}
        assert guids == [item.guid for item in items if item.guid not in left_out]
        assert left_out <= {item.guid for item in items}


clean = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clean, clean, clean)
def test_text_that_xml_may_hold_costs_no_item(title: str, tag: str, name: str) -> None:
    """And a reader gets it back letter by letter, the same in all formats."""
    item = replace(ITEM, title=title, tags=(f"category:x{tag}",), author=f"x{name}x")
    feed = replace(FEED, items=(item,))
    rss = etree.fromstring(written(feed, "rss").body)
    atom = etree.fromstring(written(feed, "atom").body)
    (document,) = json_document(feed)["items"]

    shown = title.strip() or item.text
    assert rss.findtext("channel/item/title") == atom.findtext(f"{ATOM}entry/{ATOM}title") == document["title"] == shown
    terms = [element.get("term") for element in atom.iterfind(f"{ATOM}entry/{ATOM}category")]
    assert [e.text for e in rss.iterfind("channel/item/category")] == terms == document["tags"] == list(item.tags)
    creator = rss.findtext("channel/item/{http://purl.org/dc/elements/1.1/}creator")
    assert creator == atom.findtext(f"{ATOM}entry/{ATOM}author/{ATOM}name") == document["authors"][0]["name"]
