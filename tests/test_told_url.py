"""Keys in the addresses of feeds are for their owner: a feed of a paid podcast or of a mailbox has one in its query."""

from __future__ import annotations

import json

import pytest

from db.told_url import told_url
from house import House
from origin import Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "sources:>=1"\n'
FOUND = "https://example.org/f"


@pytest.mark.parametrize(
    "same",
    [
        FOUND,
        f"{FOUND}?feed=rss2&cat=7",
        f"{FOUND}?q=key",
        f"{FOUND}?keyword=x&monkey=1&author=2&tokens",
        "https://[bad",
    ],
)
def test_address_without_a_key_stays_as_it_is(same: str) -> None:
    """To the letter."""
    assert told_url(same) == same


KEYS = (
    "auth key token apikey API_KEY api-key access_token feed_token user_token private_token password sig "
    "x-amz-signature sid jwt rss_token"
)


@pytest.mark.parametrize("key", KEYS.split())
def test_key_is_taken_out_and_all_else_stays(key: str) -> None:
    """Whatever stands before and after it."""
    assert told_url(f"{FOUND}?a=1&{key}=S3CRET&b=%2F#c") == f"{FOUND}?a=1&b=%2F#c"
    assert told_url(f"{FOUND}?{key}=S3CRET") == FOUND


def test_nothing_that_is_published_or_served_has_a_source_s_key(house: House, origin: Origin) -> None:
    """Feeds name the origin's, programs are told how sources are: both without it; the owner reads all."""
    origin.feed("/f", rss(item(1)))
    query = "?cat=7&auth=OURSECRET"
    sources = {"f": origin.url(f"/f{query}"), "gone": origin.url(f"/gone{query}"), "file": "files/OURSECRET.xml"}
    house.configure(sources, TOPIC, allow=origin.port)
    token = "a-token-of-the-owner-0123456789"
    text = house.config.read_text(encoding="utf-8").replace("[wireroom]", f'[wireroom]\ntoken = "{token}"', 1)
    house.config.write_text(text, encoding="utf-8")
    house.poll()
    for fmt in ("rss", "atom", "json"):
        body = (house.folder / "public" / "topics" / f"all.{fmt}").read_text(encoding="utf-8")
        assert "OURSECRET" not in body
        assert "/f?cat=7" in body or fmt == "json"
    with house.daemon() as daemon:
        for path in (
            *(f"{where}sources{one}" for where in ("", "api/") for one in ("", "/gone", "/file")),
            "search.atom",
        ):
            assert b"OURSECRET" not in daemon.get(f"/{path}")[2], path
        told = daemon.get("/api/sources/f", Authorization=f"Bearer {token}")[2]
        assert json.loads(told)["url"].endswith(query)
