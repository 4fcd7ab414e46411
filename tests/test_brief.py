"""Topics that publish summaries: no full text, and a link to where it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from db.model import FORMATS
from feeds.brief import OWN_CHARS, SUMMARY_CHARS, beginning, briefed
from test_render import FEED, ITEM, check_json_feed, schema, written

LONG = " ".join(f"Sentence number {n} of a long text ends here." for n in range(30))
READ_ON = '<p><a href="https://a.example/1">Read on at Source &lt;A&gt;</a></p>'


@pytest.mark.parametrize(
    ("text", "chars", "said"),
    [
        ("Short.", 300, "Short."),
        ("One sentence. Another one. A third.", 28, "One sentence. Another one."),
        ("First paragraph\nSecond one, which is long.", 20, "First paragraph"),
        ("He said “Never.” Then he went away for good.", 20, "He said “Never.”"),
        (
            "Mr. Smith of the U.S. Navy went to sea at 5 p.m. and did not come back.",
            40,
            "Mr. Smith of the U.S. Navy went to sea …",
        ),
        ("It rose by 3.25 percent in a year. Then it fell.", 40, "It rose by 3.25 percent in a year."),
        ("No end of a sentence is to be found in all of this", 30, "No end of a sentence is to be …"),
        ("Yes. But after that short word no end comes for long", 40, "Yes. But after that short word no end …"),
        (
            "外交部发言人星期五表示。各方应通过对话解决问题。发言人说会谈将继续。",
            26,
            "外交部发言人星期五表示。各方应通过对话解决问题。",
        ),
    ],
)
def test_summary_ends_with_a_sentence_where_one_ends_in_time(text: str, chars: int, said: str) -> None:
    """Or a paragraph; else between words. Abbreviations end none."""
    assert beginning(text, chars) == said


@given(st.text(alphabet="ab .\n!?。”’\u4e00", max_size=400), st.integers(20, 100))
def test_beginning_is_a_beginning_and_no_longer_than_asked(text: str, chars: int) -> None:
    """Whatever the text."""
    said = beginning(text, chars)

    assert len(said) <= chars + 2, "the ellipsis"
    assert " ".join(text.split()).startswith(" ".join(said.removesuffix(" …").split()))


def test_item_has_its_own_summary_or_the_beginning_of_its_text_and_a_link_to_the_rest() -> None:
    """A source's own summary as it is, unless it is a text itself; as text: no markup that it writes about is any."""
    whole = replace(ITEM, html=f"<p>{LONG}</p>", text=LONG, summary="What <b> is & does.")

    assert briefed(whole).html == f"<p>What &lt;b&gt; is &amp; does.</p>\n{READ_ON}"
    assert briefed(replace(whole, summary=None)).text == LONG[: LONG.index(" Sentence number 6 ")]
    assert len(briefed(replace(whole, summary="x " * OWN_CHARS)).text) <= SUMMARY_CHARS + 2
    assert briefed(replace(whole, summary=None, text="One.\nTwo.", url=None)).html == "<p>One.</p>\n<p>Two.</p>"
    assert briefed(replace(whole, summary=None, text="")).html == READ_ON


@pytest.mark.parametrize("summary", [None, "Its own summary."])
def test_no_format_has_more_of_the_text_and_all_are_valid(summary: str | None) -> None:
    """Coverage, tags and ids stay."""
    whole = replace(ITEM, html=f"<p>{LONG}</p>", text=LONG, summary=summary)
    feed = replace(FEED, items=(briefed(whole),))
    for fmt in FORMATS:
        body = written(feed, fmt).body
        if fmt == "json":
            check_json_feed(json.loads(body))
        else:
            schema(fmt).assertValid(etree.fromstring(body))
        assert b"Read on at" in body
        assert b"https://b.example/x" in body
        assert b"number 9" not in body
        assert (summary or "number 2").encode() in body
