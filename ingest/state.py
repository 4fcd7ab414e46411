"""Where a source's polling stands after a poll: its health, its next time, its validators, its record. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db.model import Document
from db.plan import GOOD, PolledSource, PollRecord, SourceState
from db.times import iso, iso_after
from ingest.fetched import Fetched
from ingest.schedule import Rhythm, after_failure, after_success, first_spacing_s, held_until, next_spacing_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a poll brought: how the fetch (and digest) ended, and the document where there is one."""

    fetched: Fetched
    document: Document | None
    started: datetime
    duration_ms: int
    digest_version: int


def source_state(source: PolledSource, answer: Answer, rhythm: Rhythm, now: datetime, *, new: int) -> SourceState:
    """Say where the source's polling stands after this poll."""
    fetched, document = answer.fetched, answer.document
    good = fetched.outcome in GOOD
    spacing_s = source.spacing_s or first_spacing_s(rhythm)
    ttl_s = document.ttl_s if document is not None else source.ttl_s
    hold = None
    if good:
        spacing_s = next_spacing_s(spacing_s, something_new=new > 0, rhythm=rhythm)
        asked_s = max(fetched.fresh_s or 0, ttl_s or 0)
        following = after_success(now, spacing_s, asked_s, rhythm, source.config_id)
    else:
        following = after_failure(now, source.failures + 1, rhythm, source.config_id)
    if fetched.outcome == "throttled" and fetched.retry_after_s is not None:
        hold = held_until(now, fetched.retry_after_s, rhythm.ceiling_s)
        following = max(hold, now + timedelta(seconds=max(rhythm.floor_s, 1)))
    gone = fetched.outcome == "gone"
    state = SourceState(
        title=(document.title if document is not None else None) or source.title,
        site_url=(document.site_url if document is not None else None) or source.site_url,
        language=(document.language if document is not None else None) or source.language,
        next_poll_at=None if gone else iso_after(following),
        spacing_s=spacing_s,
        ttl_s=ttl_s,
        held_until=iso_after(hold) if hold is not None else None,
        gone_at=iso(now) if gone else None,
        last_good_at=iso(now) if good else source.last_good_at,
        last_outcome=fetched.outcome,
        last_error=fetched.error or (document.remark if document is not None else None),
        failures=0 if good else source.failures + 1,
        etag=source.etag,
        last_modified=source.last_modified,
        validators_url=source.validators_url,
        body_hash=source.body_hash,
        digest_version=source.digest_version,
    )
    return with_validators(state, answer) if good else state


def with_validators(state: SourceState, answer: Answer) -> SourceState:
    """Add the validators of what is in the archive now.

    They are stored only beside the entries that they cover: never of a document that was cut, broken or empty, since
    a 304 would then hide for ever what was missed.
    """
    fetched, document = answer.fetched, answer.document
    if fetched.outcome == "not-modified":
        return replace(
            state, etag=fetched.etag or state.etag, last_modified=fetched.last_modified or state.last_modified
        )
    if document is not None and (document.truncated or document.salvaged or not document.entries):
        return replace(state, etag=None, last_modified=None, validators_url=None, body_hash=None, digest_version=None)
    return replace(
        state,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        validators_url=fetched.url,
        body_hash=fetched.body_hash,
        digest_version=answer.digest_version,
    )


def poll_record(answer: Answer, *, new: int, changed: int) -> PollRecord:
    """Make the poll's record."""
    fetched, document = answer.fetched, answer.document
    return PollRecord(
        started_at=iso(answer.started),
        duration_ms=answer.duration_ms,
        outcome=fetched.outcome,
        status=fetched.status,
        bytes=len(fetched.body) if fetched.body is not None else 0,
        entries=len(document.entries) if document is not None else 0,
        new=new,
        changed=changed,
        error=fetched.error or (document.remark if document is not None else None),
    )
