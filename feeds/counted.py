"""How many requests were answered, by kind and class of status: for the metrics. Pure.

The quick way counts nothing but the status; the kinds are few, and no address makes a new one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from starlette.types import Message, Scope, Send

KINDS = (
    ("feed", re.compile(r"/topics/[^/]+\.\w+$|/topics/[^/]+/\d+\.\w+$|/topics\.opml$")),
    ("live", re.compile(r"/(?:tags|sources)/.+\.(?:rss|atom|json)$|/(?:search|health)\.(?:rss|atom|json)$")),
    ("api", re.compile(r"/api(?:/|$)")),
    ("owner", re.compile(r"/owner(?:/|$)")),
    ("hub", re.compile(r"/hub$|/websub/")),
    ("watch", re.compile(r"/healthz$|/metrics$")),
    ("static", re.compile(r"/static/")),
)
"""What a path is, the first that fits; ``page`` is all else."""


def kind_of(path: str) -> str:
    """Name what a path is."""
    return next((kind for kind, shape in KINDS if shape.match(path)), "page")


class Served:
    """The counts since the start."""

    def __init__(self) -> None:
        self.feeds = {200: 0, 304: 0}
        """Feeds that were ready, by status: there are no others."""
        self.others: Counter[tuple[str, int]] = Counter()
        """All that was answered the long way, by kind and status."""

    def counting(self, scope: Scope, send: Send) -> Send:
        """Count an answer when it begins."""
        if scope["type"] != "http":
            return send

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.others[kind_of(scope["path"]), message["status"]] += 1
            await send(message)

        return sending

    def totals(self) -> dict[tuple[str, ...], float]:
        """Sum up by kind and class of status (``2xx``)."""
        found: dict[tuple[str, ...], float] = defaultdict(int)
        for status, count in list(self.feeds.items()):
            found["feed", f"{status // 100}xx"] = count
        for (kind, status), count in list(self.others.items()):
            found[kind, f"{status // 100}xx"] += count
        return found
