"""What a fetch is asked for and how it ended: the values on either side of ``fetch``. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from db.plan import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to fetch: an address or a file, and the validators of what is in the archive.

    ``doubtful``: its last poll took all the time there was, so it may not take the places of others.
    """

    url: str
    path: Path | None = None
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """How a fetch ended. ``body`` is there only with outcome ``ok``; ``error`` only with a bad one.

    ``url`` is where the answer came from, ``permanent_url`` how far the way there is permanent (None: not at all).
    ``body`` is as it was sent, in ``encoding``. ``page`` is the beginning of an error's HTML page. ``conditional``:
    validators were sent; ``garbled``: what came to them is no HTTP. ``links`` are the values of its Link headers.
    ``date``: what time it is where the answer comes from, as its header has it.
    ``size``: of the body, bytes as sent. ``took_s``: its requests and its reading, without the waiting for turns.
    """

    outcome: Outcome
    error: str | None = None
    status: int | None = None
    body: bytes | None = field(default=None, repr=False)
    body_hash: str | None = None
    url: str | None = None
    permanent_url: str | None = None
    content_type: str | None = None
    encoding: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    conditional: bool = False
    garbled: bool = False
    fresh_s: int | None = None
    retry_after_s: int | None = None
    links: tuple[str, ...] = ()
    page: bytes | None = field(default=None, repr=False)
    date: str | None = None
    size: int = 0
    took_s: float = 0.0
