"""What a fetch is asked for and how it ended: the values on either side of ``fetch``. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from db.plan import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to fetch: an address or a file, and the validators of what is in the archive."""

    url: str
    path: Path | None = None
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """How a fetch ended. ``body`` is there only with outcome ``ok``; ``error`` only with a bad one."""

    outcome: Outcome
    error: str | None = None
    status: int | None = None
    body: bytes | None = field(default=None, repr=False)
    body_hash: str | None = None
    url: str | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    fresh_s: int | None = None
    retry_after_s: int | None = None
