"""What a feed asks of who polls it, where the fixtures do not say it all."""

from __future__ import annotations

import pytest

from db.model import Document
from ingest.asks import MAX_HEAD_CHARS, skips, spacing_s
from ingest.digest import digest

URL = "https://feeds.example.org/dir/feed.xml"


@pytest.mark.parametrize(
    ("ttl", "period", "frequency", "seconds"),
    [
        (None, None, None, None),
        ("60", None, None, 3600),
        (" 5 ", None, None, 300),
        ("0", None, None, None),
        ("-5", None, None, None),
        ("1.5", None, None, None),
        ("٣", None, None, None),
        ("99999999999", None, None, None),
        ("99999999", None, None, 31 * 86_400),
        (None, "hourly", None, 3600),
        (None, "daily", "2", 43_200),
        (None, None, "2", 43_200),
        (None, " ", "24", 3600),
        (None, None, "0", None),
        (None, None, "often", None),
        (None, "fortnightly", "2", None),
        (None, "Yearly", "1", 31 * 86_400),
        (None, "hourly", "999999999", None),
        ("10", "daily", "1", 86_400),
        ("2880", "daily", "1", 172_800),
    ],
)
def test_spacing(ttl: str | None, period: str | None, frequency: str | None, seconds: int | None) -> None:
    """The longer of ttl and sy: counts, sy: is daily by default, and what is no sensible number says nothing."""
    assert spacing_s(ttl=ttl, period=period, frequency=frequency) == seconds


def hours(*numbers: int) -> str:
    return "<skipHours>" + "".join(f"<hour>{n}</hour>" for n in numbers) + "</skipHours>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<rss><channel/></rss>", ((), ())),
        (f"<rss><channel>{hours(*range(24))}</channel></rss>", (tuple(range(24)), ())),
        (f"<channel>{hours(24, 1)}{hours(2)}<item/></channel>", ((0, 1, 2), ())),
        ("<r:skipHours><r:hour>3</r:hour></r:skipHours>", ((3,), ())),
        ("<skipDays><day>Monday</day><day> SUNDAY </day></skipDays>", ((), (0, 6))),
        ("<skipHours><hour>3</hour>", ((), ())),
        ("<skipHours><hour>003</hour><hour>3.5</hour><hour/></skipHours>", ((), ())),
        (f"<item>{hours(5)}</item>", ((), ())),
        (f"<item>{hours(5)}</item><item>x</item>{hours(6)}", ((6,), ())),
        (f"<item>one, unclosed {hours(5)}", ((), ())),
        (f"<entry >{hours(5)}</entry>", ((), ())),
        (f"<items/>{hours(5)}", ((5,), ())),
        (f"<!-- {hours(5)} -->", ((), ())),
        (f"{' ' * MAX_HEAD_CHARS}{hours(5)}", ((), ())),
        ("<skipHours>" * 100_000 + hours(5), ((), ())),
    ],
)
def test_skips(text: str, found: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Hours and days are the channel's own, wherever they stand in it; nonsense is passed over."""
    assert skips(text) == found


def test_a_hub_without_its_namespace_is_found() -> None:
    """Feeds forget to declare atom:, and mean it all the same."""
    body = b"<rss version='2.0'><channel><atom:link rel='hub' href='https://hub.example/'/><item/></channel></rss>"
    made = digest(body, None, URL)

    assert isinstance(made, Document)
    assert made.hub == "https://hub.example/"


def test_a_file_has_no_address_to_resolve_against() -> None:
    """A relative self of a feed that came from a file says nothing."""
    body = b"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='feed.atom'/><id>1</id></feed>"
    made = digest(body, None, "samples/feed.atom")

    assert isinstance(made, Document)
    assert made.self_url is None
