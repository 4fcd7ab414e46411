"""The running whole as its server sees it: documents, topics, names, and having things done. IO: network, sqlite."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from db.archive import ArchiveError
from db.model import Format
from db.query_names import Names, hiding
from db.readers import Readers
from feeds.publish import Published
from feeds.site import RefusedError, TopicCard
from wireroom.clock import utc_now
from wireroom.config_queries import names_of, untold
from wireroom.config_tags import check_tag
from wireroom.control import ControlError
from wireroom.engine import Engine

Do = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class DaemonSite:
    """The ``Site`` of a daemon; ``do`` is what its side door does, ``health`` tells how it is (``vitals.py``)."""

    def __init__(self, engine: Engine, do: Do, health: Callable[[], dict[str, Any]]) -> None:
        self._engine = engine
        self._do = do
        self.health = health
        self._named: tuple[object, Names, Names, frozenset[str]] | None = None
        self.readers = Readers(engine.config.archive, met=engine.writer.guard.met)

    async def close(self) -> None:
        """Close what it has opened."""
        await self.readers.close()

    @property
    def base_url(self) -> str:
        """What absolute links begin with."""
        return self._engine.config.base_url

    @property
    def token(self) -> str | None:
        """What the owner signs in with."""
        return self._engine.config.token

    @property
    def hubs(self) -> Sequence[str]:
        """The WebSub hubs that documents name."""
        return self._engine.config.hubs

    def now(self) -> datetime:
        """Tell the time that the daemon goes by."""
        return utc_now()

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look up a topic's document."""
        return self._engine.press.published(topic, fmt)

    def document(self, path: str) -> Published | None:
        """Look up any other document."""
        return self._engine.press.document(path)

    def last_page(self, name: str) -> int:
        """Count a topic's archive pages."""
        return self._engine.press.last_page(name)

    def moved(self, topic: str, fmt: Format) -> str | None:
        """Look up where a renamed topic is now."""
        return self._engine.press.moved(topic, fmt)

    def gone(self, topic: str) -> bool:
        """Tell whether this was a secret topic's name."""
        return self._engine.press.gone(topic)

    def topics(self) -> Sequence[TopicCard]:
        """List the topics that have an address."""
        names, untold = self._engine.press.names, self._names()[2]
        return [
            TopicCard(id=t.id, name=names[t.id], title=t.title, match=t.match, secret=t.secret, told=t.id not in untold)
            for t in self._engine.config.topics
            if t.id in names
        ]

    def names(self) -> Names:
        """List what queries can name."""
        return self._names()[0]

    def public_names(self) -> Names:
        """List what anybody's queries can name."""
        return self._names()[1]

    def _names(self) -> tuple[Names, Names, frozenset[str]]:
        config = self._engine.config
        if self._named is None or self._named[0] is not config:
            every = names_of(config)
            hidden = frozenset(topic.id for topic in config.topics if topic.secret)
            self._named = config, every, hiding(every, hidden), untold(config)
        return self._named[1:]

    async def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have something done by the daemon itself. Raises RefusedError."""
        try:
            return await self._do(with_tags(request))
        except ControlError as error:
            raise RefusedError(str(error)) from error
        except (ArchiveError, sqlite3.Error) as error:
            self._engine.log.error("not done", do=request.get("do"), error=str(error))
            raise RefusedError(f"the archive can't be written: {error}") from error


def with_tags(request: dict[str, Any]) -> dict[str, Any]:
    """Write the tags that a person typed as the side door takes them. Raises RefusedError for what is none.

    Those that are taken away need not be well written: a story may have them from an earlier version.
    """
    if request["do"] not in ("tag", "untag"):
        return request
    try:
        plain = [check_tag(tag) if request["do"] == "tag" else tag for tag in request["tags"]]
    except ValueError as error:
        raise RefusedError(str(error).replace("|", "; ")) from None
    if not plain or not all(":" in tag for tag in plain):
        raise RefusedError("a tag is written kind:name")
    return {**request, "tags": [tag.split(":", 1) for tag in plain]}
