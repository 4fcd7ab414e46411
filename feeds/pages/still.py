"""A topic's page as a file, for a web server that has nothing else: no search, nobody signed in. Pure.

Its times are written out: nobody counts "3 minutes ago" on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from db.reading import TopicPage
from feeds.pages.environment import written
from feeds.site import TopicCard

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Templates ask for the present; what is written for later has none."""


def still_topic(card: TopicCard, page: TopicPage, *, base_url: str, last_page: int) -> bytes:
    """Write the page of a topic → UTF-8 bytes, the same for the same stories."""
    return written(
        "topic.html",
        root="../../",
        path=f"/topics/{card.name}/",
        static=True,
        session=None,
        can_sign_in=False,
        now=ANY_TIME,
        topic=card,
        page=page,
        first=True,
        chart=None,
        total=0,
        days=0,
        archive=last_page,
        base_url=base_url,
    )
