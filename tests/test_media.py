"""Files, pictures and podcasts of feeds, in each format: read whole, checked, absolute, bounded."""

from __future__ import annotations

import json

import pytest

from db.model import Document, Enclosure, Entry
from db.podcast import Podcast, PodcastFile, PodcastPerson, podcast_json, read_podcast
from ingest.digest import digest
from ingest.media import MAX_FILES, MAX_PERSONS, duration_s
from ingest.normalize import key

URL = "https://feeds.example.org/dir/feed.xml"
NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
)


def document(body: str | bytes) -> Document:
    made = digest(body.encode() if isinstance(body, str) else body, None, URL)
    assert isinstance(made, Document), made
    return made


def rss_entry(item: str, channel: str = "") -> Entry:
    """Read an item; what feedparser reads (``<z>`` is for it) is the same as what the short cut does."""
    both = [
        document(f'<rss version="2.0" {NAMESPACES}><channel>{channel}<item>{item}{odd}</item></channel></rss>').entries[
            0
        ]
        for odd in ("", "<dc:z xmlns:dc='http://purl.org/dc/elements/1.1/'><b/></dc:z>")
    ]
    assert both[0] == both[1]
    return both[0]


def atom(inside: str, head: str = "") -> Document:
    return document(f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}>{head}<entry>{inside}</entry></feed>')


def json_entry(**members: object) -> Entry:
    return document(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", **members}]})
    ).entries[0]


# Files


def test_what_is_said_of_a_file_is_kept_also_where_two_elements_say_it() -> None:
    """An enclosure that Media RSS names too has the type and length of the one, the duration and size of the other."""
    made = rss_entry(
        '<enclosure url="/e/1.mp4" type="video/mp4" length="1000"/>'
        '<media:content url="https://feeds.example.org/e/1.mp4" duration="61" width="640" height="360" medium="video"/>'
        '<media:content url="2.jpg" type="image/jpeg" fileSize="77"/>'
    )

    assert made.enclosures == (
        Enclosure(
            url="https://feeds.example.org/e/1.mp4",
            type="video/mp4",
            length=1000,
            duration_s=61,
            medium="video",
            width=640,
            height=360,
        ),
        Enclosure(url="https://feeds.example.org/dir/2.jpg", type="image/jpeg", length=77),
    )


def test_atom_and_json_files_have_their_titles() -> None:
    """Atom's link and JSON Feed's attachment can name a file; the latter says how long it is."""
    (linked,) = atom('<link rel="enclosure" href="/a.mp3" type="audio/mpeg" length="9" title="Part &lt;1>"/>').entries
    attached = json_entry(
        attachments=[
            {
                "url": "/b.mp3",
                "mime_type": "audio/mpeg",
                "title": "Two",
                "size_in_bytes": 8,
                "duration_in_seconds": 61.5,
            }
        ]
    )

    assert linked.enclosures == (
        Enclosure(url="https://feeds.example.org/a.mp3", type="audio/mpeg", length=9, title="Part <1>"),
    )
    assert attached.enclosures == (
        Enclosure(url="https://feeds.example.org/b.mp3", type="audio/mpeg", length=8, title="Two", duration_s=61),
    )


def test_files_at_addresses_that_are_none_are_left_out() -> None:
    """Only http(s), and no password goes along."""
    made = rss_entry(
        "".join(
            f'<enclosure url="{url}" type="audio/mpeg"/>'
            for url in ("javascript:alert(1)", "data:audio/mpeg,x", "file:///etc/passwd", "ftp://a.example/1.mp3", "")
        )
        + '<enclosure url="https://u:geheim@a.example/1.mp3" type="audio/mpeg"/>'
        + '<media:thumbnail url="javascript:alert(2)"/><podcast:transcript url="data:text/vtt,x" type="text/vtt"/>'
    )

    assert [file.url for file in made.enclosures] == ["https://a.example/1.mp3"]
    assert (made.image, made.podcast) == (None, None)


def test_numbers_that_are_none_are_nothing() -> None:
    """Widths, lengths and seasons may hold anything."""
    made = rss_entry(
        '<media:content url="/1.jpg" medium="image" width="wide" height="-3" fileSize="1e9" duration="x"/>'
        "<itunes:season>two</itunes:season><itunes:episode>99999999999999999999</itunes:episode>"
        "<itunes:episodeType>special</itunes:episodeType><itunes:explicit>maybe</itunes:explicit>"
    )

    assert made.enclosures == (Enclosure(url="https://feeds.example.org/1.jpg", medium="image"),)
    assert made.podcast is None


# Pictures


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<media:thumbnail url="/t.jpg"/>', "/t.jpg"),
        ('<media:thumbnail url="/s.jpg" width="90"/><media:thumbnail url="/l.jpg" width="800"/>', "/l.jpg"),
        ('<media:thumbnail url="/t.jpg"/><media:content url="/c.jpg" medium="image"/>', "/c.jpg"),
        ('<media:content url="/140" type="image/jpeg" width="140"/>'
         '<media:content url="/700" type="image/jpeg" width="700"/>', "/700"),
        ('<media:content url="/1.jpg?width=140" width="140"/><media:content url="/2.jpg?width=460" width="460"/>',
         "/2.jpg?width=460"),
        ('<media:content url="/v.mp4" medium="video"/>', None),
        ('<itunes:image href="/cover.png"/>', "/cover.png"),
        ('<enclosure url="/e.jpg" type="image/jpeg" length="1"/>', "/e.jpg"),
        ('<enclosure url="/e.mp3" type="audio/mpeg" length="1"/>', None),
        ('<media:thumbnail url="javascript:x"/><media:thumbnail url="/ok.jpg"/>', "/ok.jpg"),
        ("<title>None</title>", None),
    ],
)  # fmt: skip
def test_picture_of_an_item(inside: str, expected: str | None) -> None:
    """The widest one of Media RSS, else a cover, an enclosure, a thumbnail."""
    made = rss_entry(inside, '<image><url>https://a.example/logo.png</url></image><itunes:image href="/show.png"/>')

    assert made.image == (f"https://feeds.example.org{expected}" if expected else None)


def test_picture_in_a_media_group_is_found() -> None:
    """As video sites have it, in Atom."""
    (made,) = atom(
        '<media:group><media:title>T</media:title><media:content url="/v?x" type="application/x-shockwave-flash"/>'
        '<media:thumbnail url="https://i.example/hq.jpg" width="480" height="360"/></media:group>'
    ).entries

    assert made.image == "https://i.example/hq.jpg"


def test_picture_of_a_json_item() -> None:
    """``image``, else ``banner_image``."""
    assert json_entry(image="/i.png", banner_image="/b.png").image == "https://feeds.example.org/i.png"
    assert json_entry(banner_image="/b.png").image == "https://feeds.example.org/b.png"
    assert json_entry(image=["/i.png"]).image is None


# Podcasts


def test_podcast_of_an_episode() -> None:
    """All that is said of it, also several transcripts and persons; the recording has its duration."""
    made = rss_entry(
        '<enclosure url="/e.mp3" type="audio/mpeg" length="5"/><itunes:duration>1:02:03</itunes:duration>'
        "<itunes:season>2</itunes:season><itunes:episode>7</itunes:episode><itunes:episodeType>Bonus</itunes:episodeType>"
        "<itunes:explicit>true</itunes:explicit>"
        '<podcast:transcript url="/e.vtt" type="text/vtt" language="en-GB" rel="captions"/>'
        '<podcast:transcript url="/e.html" type="text/html"/>'
        '<podcast:chapters url="/e.json" type="application/json+chapters"/>'
        '<podcast:person href="/jane" img="/jane.jpg" role="guest" group="cast">Jane &amp; Doe</podcast:person>'
        "<podcast:person>Host</podcast:person><podcast:person role='ghost'></podcast:person>"
    )
    site = "https://feeds.example.org"

    assert made.podcast == Podcast(
        duration_s=3723,
        season=2,
        episode=7,
        episode_type="bonus",
        explicit=True,
        transcripts=(
            PodcastFile(url=f"{site}/e.vtt", type="text/vtt", language="en-GB", rel="captions"),
            PodcastFile(url=f"{site}/e.html", type="text/html"),
        ),
        chapters=PodcastFile(url=f"{site}/e.json", type="application/json+chapters"),
        persons=(
            PodcastPerson(name="Jane & Doe", role="guest", group="cast", url=f"{site}/jane", image=f"{site}/jane.jpg"),
            PodcastPerson(name="Host"),
        ),
    )
    assert [file.duration_s for file in made.enclosures] == [3723]
    assert read_podcast(podcast_json(made.podcast)) == made.podcast


@pytest.mark.parametrize(
    ("said", "expected"), [("yes", True), ("true", True), ("no", False), ("false", False), ("clean", False)]
)
def test_explicit(said: str, *, expected: bool) -> None:
    """Apple's words of today and of before."""
    made = rss_entry(f"<itunes:explicit>{said}</itunes:explicit>").podcast

    assert made == Podcast(explicit=expected)


def test_podcast_elements_of_the_channel_and_of_other_prefixes() -> None:
    """What the channel says is no episode's; a namespace counts, not how it is abbreviated."""
    made = rss_entry(
        '<pc:person xmlns:pc="https://podcastindex.org/namespace/1.0">Inside</pc:person>',
        "<podcast:person>Outside</podcast:person><podcast:locked>no</podcast:locked>",
    )

    assert made.podcast == Podcast(persons=(PodcastPerson(name="Inside"),))


def test_so_many_transcripts_and_persons() -> None:
    """Of thousands a few are kept."""
    made = rss_entry(
        "".join(f'<podcast:transcript url="/{n}"/><podcast:person>P{n}</podcast:person>' for n in range(3000))
    ).podcast

    assert made is not None
    assert (len(made.transcripts), len(made.persons)) == (MAX_FILES, MAX_PERSONS)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *(("3723", 3723), ("62:03", 3723), ("1:02:03", 3723), ("01:02:03.5", 3723), (" 90 ", 90), ("90.9", 90)),
        *((text, None) for text in ("0", "", "-5", "1h", "1:2:3:4", "::", "99999999999", "١٢", "1:00:99999")),
    ],
)
def test_durations(said: str, seconds: int | None) -> None:
    """Apple's three forms; nothing else is guessed."""
    assert duration_s(said) == seconds


# What it changes


def test_version_of_an_entry_without_media_is_what_it_was() -> None:
    """Else every entry of every archive would be written anew; with a picture it is another, and another's another."""
    plain, pictured, other = (
        rss_entry(f"<guid>https://a.example/1</guid><title>T</title>{more}").version
        for more in ("", '<media:thumbnail url="/1.jpg"/>', '<media:thumbnail url="/2.jpg"/>')
    )
    tracked = rss_entry(
        '<guid>https://a.example/1</guid><title>T</title><media:thumbnail url="/1.jpg?utm_source=x"/>'
    ).version

    assert plain == key("version", "T\0\0\0//a.example/1\0")
    assert len({plain, pictured, other}) == 3
    assert tracked == pictured


# Whose feed it is


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("tag:a.example,2026:feed", "tag:a.example,2026:feed"),
        ("https://a.example/feed", "https://a.example/feed"),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"),
        ("https://u:geheim@a.example/feed", None),
        ("not an IRI", None),
        ("/relative", "https://feeds.example.org/relative"),
        (f"tag:{'x' * 2000}", None),
        ("", None),
    ],
)
def test_id_of_an_atom_feed(said: str, kept: str | None) -> None:
    """An absolute IRI, as it is, or the address that it is relative to ours; nothing with a password in it."""
    assert atom("<id>tag:a.example,2026:1</id>", f"<id>{said}</id><title>T</title>").feed_id == kept


def test_other_feeds_have_no_id() -> None:
    """An RSS channel has none, whatever its items have."""
    made = document('<rss version="2.0"><channel><item><guid>https://a.example/1</guid></item></channel></rss>')

    assert made.feed_id is None
