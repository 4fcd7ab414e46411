"""What the server asks of the running whole: documents, topics, who may read what, and having things done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from db.model import Format
from db.query_names import Names
from db.readers import Readers
from db.reading import Viewer
from feeds.publish import Published


class RefusedError(Exception):
    """What was asked can't be done; the text says why, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCard:
    """A topic as pages and programs name it. ``name`` is its public name: of a secret one it has the token in it.

    ``told``: anybody may read its query; one that names a secret topic would tell of that.
    """

    id: str
    name: str
    title: str
    match: str
    secret: bool
    told: bool = True

    def match_for(self, viewer: Viewer) -> str:
        """Give its query; empty where that is the owner's alone to know."""
        return self.match if viewer == "owner" or (self.told and not self.secret) else ""


class Site(Protocol):
    """What is served: documents that are ready, looked up in memory; all else is read from the archive."""

    readers: Readers

    @property
    def base_url(self) -> str:
        """What absolute links begin with; it ends in a slash."""

    @property
    def token(self) -> str | None:
        """What the owner signs in with (``[wireroom] token``); None: nobody can, and pages only read."""

    @property
    def hubs(self) -> Sequence[str]:
        """The WebSub hubs that documents name."""

    def published(self, topic: str, fmt: Format) -> Published | None:
        """The document in one format of the topic with this public name."""

    def document(self, path: str) -> Published | None:
        """Any other document that is ready, by its path in the publish folder: ``topics/ID/3.atom``."""

    def last_page(self, name: str) -> int:
        """The number of the newest archive page of the topic with this public name: none is missing from 1 on."""

    def moved(self, topic: str, fmt: Format) -> str | None:
        """The address of a topic that was known under this name before."""

    def gone(self, topic: str) -> bool:
        """Whether this was a secret topic's name, before it got another."""

    def now(self) -> datetime:
        """The time to go by, UTC: the daemon's, which goes on while somebody sets the system's clock."""

    def health(self) -> dict[str, Any]:
        """How we are; ``ok`` decides the status."""

    def topics(self) -> Sequence[TopicCard]:
        """All topics of the config, in its order, secret ones too: who asks for the public leaves them out."""

    def names(self) -> Names:
        """What queries can name. ``@id`` of a secret topic is the owner's only: see ``public_names``."""

    def public_names(self) -> Names:
        """The same without secret topics."""

    async def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have something done, as the command line has (``do``: pin, hide, tag, poll …) → what was done.

        Raises RefusedError.
        """
