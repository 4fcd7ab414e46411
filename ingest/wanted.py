"""What a poll asks for: the address, and the validators of what is in the archive. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.plan import DOUBTFUL, PolledSource
from ingest.digest import DIGEST_VERSION
from ingest.fetched import Wanted
from ingest.probe import asks_whole
from ingest.redirect import as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSetting:
    """What the config says of one source's fetching; ``url`` may carry credentials, which the archive never has."""

    url: str
    path: Path | None
    every_s: float | None


def wanted(source: PolledSource, setting: SourceSetting, now: datetime) -> Wanted:
    """Say what to fetch.

    Validators that another digest version stored are not sent: it must read everything anew; nor in a probe of a
    server's 304s.
    """
    known = source.digest_version == DIGEST_VERSION and not asks_whole(source, now)
    return Wanted(
        url=address(source.moved_url, setting.url),
        path=setting.path,
        doubtful=source.last_outcome in DOUBTFUL,
        etag=source.etag if known else None,
        last_modified=source.last_modified if known else None,
        validators_url=source.validators_url if known else None,
    )


def address(moved_url: str | None, configured: str) -> str:
    """Give where to poll: the configured address, or where it moved; credentials go along on their own origin only."""
    if moved_url is None:
        return configured
    home, away = as_written(configured), as_written(moved_url)
    if home.user is not None and home.with_user(None).origin() == away.origin():
        return str(away.with_user(home.user).with_password(home.password))
    return moved_url
