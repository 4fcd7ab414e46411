"""A source that has moved: when a permanent redirect is believed, and when it is taken back. Pure.

A redirect is believed (RFC 9110 15.4.2, 15.4.9) only after proof that the new place is this very feed: it has the
entries that we know. A server that lost its mind for an hour answers every address with 301 to its front page, and an
expired domain's new owner would inherit all its subscribers.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from db.plan import GOOD, Outcome, PolledSource

PROVING_POLLS = 3
"""So many polls in a row must lead to the same feed at the same new place; a mere change to https needs one."""

LOST_POLLS = 3
"""After so many failures in a row at the new place, the configured address is tried again."""

_NO_LOSS = frozenset({"throttled", "offline", "gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a source is polled from now on.

    ``moving_polls``: how many polls in a row proved ``moving_to``; 0: it is another feed. ``moved``: the row of
    ``moves`` (from, to, why), where there is one.
    """

    moved_url: str | None
    moving_to: str | None = None
    moving_polls: int = 0
    moved: tuple[str, str, str] | None = None


def whereabouts(
    source: PolledSource, outcome: Outcome, permanent_url: str | None, *, same_feed: bool | None
) -> Whereabouts:
    """Decide after a poll where the source is polled next.

    ``permanent_url``: where the permanent redirects of this poll led; ``same_feed``: whether what came is the feed that
    was there before, None where it can't be told. A place with another feed is refused as long as the redirect leads
    there: from the next poll on its entries would be the known ones.
    """
    here = source.moved_url or source.url
    if outcome not in GOOD:
        lost = source.moved_url is not None and outcome not in _NO_LOSS and source.failures + 1 >= LOST_POLLS
        if lost:
            return Whereabouts(moved_url=None, moved=(here, source.url, "back: the new place failed"))
        return Whereabouts(
            moved_url=source.moved_url, moving_to=source.moving_to, moving_polls=source.moving_polls
        )  # an outage in the middle of a move is no evidence against it
    if permanent_url is None or same_feed is None or is_downgrade(here, permanent_url) or permanent_url == here:
        return Whereabouts(moved_url=source.moved_url)
    going_on = source.moving_to == permanent_url
    if not same_feed or (going_on and source.moving_polls == 0):
        return Whereabouts(moved_url=source.moved_url, moving_to=permanent_url, moving_polls=0)
    polls = source.moving_polls + 1 if going_on else 1
    if polls < PROVING_POLLS and not is_upgrade(here, permanent_url):
        return Whereabouts(moved_url=source.moved_url, moving_to=permanent_url, moving_polls=polls)
    home = None if permanent_url == source.url else permanent_url
    return Whereabouts(moved_url=home, moved=(here, permanent_url, "permanent redirect"))


def is_same_feed(*, shared: int, listed: int, entries: int) -> bool:
    """Tell whether a document of ``entries`` is the feed whose last one had ``listed``: at least half is ``shared``.

    Half of the shorter of the two: the new place may show more or fewer. At a first poll there is nothing to compare.
    """
    return listed == 0 or shared * 2 >= min(listed, entries)


def is_upgrade(old: str, new: str) -> bool:
    """Tell whether ``new`` is ``old`` by https: the same host, path and query."""
    was, now = urlsplit(old), urlsplit(new)
    return (
        (was.scheme, now.scheme) == ("http", "https")
        and was.hostname == now.hostname
        and (was.path or "/", was.query) == (now.path or "/", now.query)
    )


def is_downgrade(old: str, new: str) -> bool:
    """Tell whether a move would give up https: nobody's redirect is worth that for good."""
    return urlsplit(old).scheme == "https" and urlsplit(new).scheme != "https"
