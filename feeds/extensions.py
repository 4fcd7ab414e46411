"""What feedgen 1.0 can't write of a feed and of an item. Pure.

feedgen drops rel, type and length of Atom entry links (its issue 135), so an enclosure would become the story's link;
its Atom ``source`` has no id; a category's label replaces its term in RSS; RSS takes one enclosure and no creator, and
of the channel's links only ``self``.

The Atom elements are named without a namespace, as feedgen names its own: it writes ``xmlns`` on the root as if it were
an attribute, and elements in the namespace would each declare a prefix of their own.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import quote

from feedgen.ext.base import BaseExtension
from lxml import etree

from db.model import Coverage, Enclosure
from db.output import FeedItem
from db.podcast import Podcast
from feeds.channel import MEDIA_TYPES, Channel
from feeds.item import byline, language, source_name, tag_scheme
from feeds.media import facts, is_played, media_type, podcast_elements, says_more
from feeds.strict import address, is_file_address, is_lasting
from feeds.told import Told

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
}
"""All that a document may use, beside Atom's own in Atom; it declares those that it does use."""

ATOM, CONTENT, DC, MEDIA, ITUNES, PODCAST, FH = (f"{{{space}}}" for space in NAMESPACES.values())
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Extension(BaseExtension):  # type: ignore[misc]
    """What both formats need: which namespaces the items use, and what the document says of itself."""

    channel: Channel
    used: AbstractSet[str] = frozenset()
    explicit: bool = False

    def extend_ns(self) -> dict[str, str]:
        """Name the namespaces."""
        used = {*self.used, "fh"} if self.channel.archive else self.used
        return {name: space for name, space in NAMESPACES.items() if name in used}

    def links(self, media_type: str) -> list[dict[str, str]]:
        """List the feed's links beside ``self`` and ``alternate``: hubs (WebSub 4), parts of an archive (RFC 5005)."""
        channel = self.channel
        parts = {
            "current": channel.current,
            "prev-archive": channel.prev_archive,
            "next-archive": channel.next_archive,
            "next": channel.next_url,
        }
        return [
            *({"rel": "hub", "href": hub} for hub in channel.hubs),
            *({"rel": rel, "href": href, "type": media_type} for rel, href in parts.items() if href is not None),
        ]


class FeedExtension(Extension):
    """The rest of an RSS channel."""

    def extend_rss(self, feed: Any) -> Any:
        """Add the links as Atom's, that it is an archive page, and where items are of several languages, that."""
        (channel,) = feed
        if channel.find("language") is None:
            channel.set(XML_LANG, "und")  # items tell their own
        for link in self.links(MEDIA_TYPES["rss"].partition(";")[0]):
            add(channel, ATOM + "link", **link)
        if self.channel.archive:
            add(channel, FH + "archive")
        if "itunes" in self.used:
            self.add_show(channel)
        return feed

    def add_show(self, channel: Any) -> None:
        """Add what Apple's tags ask of a feed as soon as an item has any: its kind, who answers for it.

        Nobody of ours does, for what others publish: the address is one that RFC 2606 keeps from ever being one.
        """
        add(channel, ITUNES + "category", text="News")
        add(channel, ITUNES + "explicit").text = str(self.explicit).lower()
        owner = add(channel, ITUNES + "owner")
        add(owner, ITUNES + "name").text = self.channel.generator
        add(owner, ITUNES + "email").text = "nobody@wireroom.invalid"


class AtomFeedExtension(Extension):
    """The rest of an Atom feed."""

    def extend_atom(self, feed: Any) -> Any:
        """Add the links, that it is an archive page, and what language the feed's own words are in.

        Our subtitle is English; the topic's title is in a language that only its author knows (``und``, ISO 639).
        """
        for link in self.links(MEDIA_TYPES["atom"].partition(";")[0]):
            add(feed, "link", **link)
        if self.channel.archive:
            add(feed, FH + "archive")
        for name, tongue in (("title", "und"), ("subtitle", "en")):
            feed.find(name).set(XML_LANG, tongue)
        return feed


def extend_atom(entry: Any, told: Told, item: FeedItem) -> None:
    """Add language, tags, files, the coverage as related links, the lead's source (RFC 4287 4.2.7, 4.2.11)."""
    if (tongue := language(item)) is not None:
        entry.set(XML_LANG, tongue)
    for tag in told.tags:
        add(entry, "category", term=tag, scheme=tag_scheme(tag), label=tag.partition(":")[2] or tag)
    for file in told.files:
        link = add(entry, "link", rel="enclosure", href=file.url, type=media_type(file))
        if file.length is not None:
            link.set("length", str(file.length))
        if file.title:
            link.set("title", file.title)
        if says_more(file):
            add_content(entry, file)
    add_picture(entry, item)
    if item.podcast is not None:
        add_podcast(entry, item.podcast)
    for name, url in told.related:
        add(entry, "link", rel="related", href=url, title=name)
    lead = item.coverage[item.lead]
    site, feed = address(lead.site_url), address(lead.source_url)
    source = add(entry, "source")
    add(source, "id").text = source_id(lead)
    add(source, "title").text = source_name(lead)
    add(source, "updated").text = told.updated.isoformat()  # the source says no more of itself
    if site:
        add(source, "link", rel="alternate", href=site)
    if feed:
        add(source, "link", rel="self", href=feed)


def extend_rss(entry: Any, told: Told, item: FeedItem) -> None:
    """Add tags, author, language, the coverage as Atom links, the origin feed, the files, the episode.

    RSS takes one enclosure; what it has no place for is Media RSS.
    """
    for tag in told.tags:
        add(entry, "category", domain=tag_scheme(tag)).text = tag
    if (name := byline(item)) is not None:
        add(entry, DC + "creator").text = name
    if (tongue := language(item)) is not None:
        add(entry, DC + "language").text = tongue
    for name, url in told.related:
        add(entry, ATOM + "link", rel="related", href=url, title=name)
    lead = item.coverage[item.lead]
    if feed := address(lead.source_url):
        add(entry, "source", url=feed).text = source_name(lead)
    for number, file in enumerate(told.files):
        enclosed = number == 0 and is_file_address(file.url)
        if enclosed:
            length = str(file.length or 0)  # required; 0 stands for unknown
            add(entry, "enclosure", url=file.url, length=length, type=media_type(file))
        if not enclosed or says_more(file):
            add_content(entry, file)
    add_picture(entry, item)
    if item.podcast is not None:
        if is_played(item):
            add_episode(entry, item.podcast)
        add_podcast(entry, item.podcast)


def source_id(lead: Coverage) -> str:
    """Name the feed that an item is from: by its own id or its address, if that has one spelling; else by our id."""
    for own in (lead.feed_id, address(lead.source_url)):
        if own is not None and is_lasting(own):
            return own
    return f"urn:wireroom:source:{quote(lead.source, safe='')}"


def add_content(entry: Any, file: Enclosure) -> None:
    """Add a file as Media RSS has it (rssboard.org/media-rss)."""
    content = add(entry, MEDIA + "content", url=file.url, type=media_type(file), **facts(file))
    if file.title:
        add(content, MEDIA + "title", type="plain").text = file.title


def add_picture(entry: Any, item: FeedItem) -> None:
    """Add an item's picture."""
    if url := address(item.image):
        add(entry, MEDIA + "thumbnail", url=url)


def add_episode(entry: Any, podcast: Podcast) -> None:
    """Add what Apple's tags say of an episode (podcasters.apple.com/support/823)."""
    numbers = {"duration": podcast.duration_s, "season": podcast.season, "episode": podcast.episode}
    for name, number in numbers.items():
        if number is not None and number > 0:
            add(entry, ITUNES + name).text = str(number)
    if podcast.episode_type is not None:
        add(entry, ITUNES + "episodeType").text = podcast.episode_type
    if podcast.explicit is not None:
        add(entry, ITUNES + "explicit").text = str(podcast.explicit).lower()


def add_podcast(entry: Any, podcast: Podcast) -> None:
    """Add what Podcasting 2.0 says of an episode (github.com/Podcastindex-org/podcast-namespace)."""
    for name, text, attributes in podcast_elements(podcast):
        add(entry, PODCAST + name, **attributes).text = text


def add(parent: Any, name: str, **attributes: str) -> Any:
    """Add a child element. Attributes are set one by one: given as a mapping they take lxml half as long again."""
    made = etree.SubElement(parent, name)
    for attribute, value in attributes.items():
        made.set(attribute, value)
    return made
