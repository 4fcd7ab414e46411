"""Where a source's polling stands after a poll: its health, its next time, its validators, its record. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from db.model import Document
from db.plan import GOOD, STATE_COLUMNS, Outcome, PolledSource, PollRecord, SourceState, state_values
from db.times import iso, iso_after, parse_iso
from ingest.answer import Answer
from ingest.asks import DAYS
from ingest.domain import domain_of
from ingest.fetched import Fetched
from ingest.move import Whereabouts
from ingest.probe import LIES, trust_after
from ingest.schedule import (
    News,
    Rhythm,
    after_failure,
    after_success,
    first_spacing_s,
    held_until,
    next_pace,
    next_spacing_s,
    outside_skips,
    spread,
)

BACKUP_S = 86_400
"""While a hub tells of a source's news, it is polled so often all the same."""

TOLD_S = 900
"""So long after a push what a poll finds counts as told: a publisher's own caches may be slower than its hub."""

FEWEST_GAPS = 3
"""A first document with fewer gaps between its dates shows no rhythm."""

GAP_WEIGHT = 0.2
"""How much one shorter gap between news moves the usual one."""

HEAVY: frozenset[Outcome] = frozenset(
    {"http-error", "wall", "not-a-feed", "malformed", "refused", "too-large", "too-heavy", "no-file"}
)
"""Failures that waiting alone does not mend; they weigh double. The others (no answer, 5xx) may be gone in a minute."""


Columns = dict[str, Any]
"""Columns of ``sources`` that change, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of a document's entries are new to the source, and how many are changed.

    ``kept_dates``: when those that were not read again were published.
    """

    new: int = 0
    changed: int = 0
    kept_dates: Sequence[str] = ()


def source_state(
    source: PolledSource, answer: Answer, rhythm: Rhythm, now: datetime, counts: Counts, where: Whereabouts
) -> SourceState:
    """Say where the source's polling stands after this poll."""
    fetched = answer.fetched
    stays = answer.document is None and where.moved_url == source.moved_url and source.domain is not None
    columns: Columns = {
        "domain": source.domain if stays else domain_of(where.moved_url or source.url),
        "moved_url": where.moved_url,
        "moving_to": where.moving_to,
        "moving_polls": where.moving_polls,
        "held_until": None,
        "spacing_s": source.spacing_s or first_spacing_s(rhythm),
        "last_outcome": fetched.outcome,
        "last_error": fetched.error,
    }
    if fetched.outcome not in GOOD:
        return after_bad(changed(source, **columns), answer, rhythm, now, source.config_id)
    columns |= validators(source, answer)
    if answer.document is not None:
        columns |= described(source, answer.document)
    return after_good(columns_of(source) | columns, source, answer, rhythm, now, counts)


def columns_of(state: SourceState) -> Columns:
    """List a state's columns."""
    return dict(zip(STATE_COLUMNS, state_values(state), strict=True))


def changed(state: SourceState, **columns: Any) -> SourceState:
    """Make a state with these columns changed: what ``replace`` does, in a quarter of its time."""
    return SourceState(**(columns_of(state) | columns))


def described(source: PolledSource, document: Document) -> Columns:
    """Say which columns the document changes by what it says of its feed."""
    return {
        "title": document.title or source.title,
        "site_url": document.site_url or source.site_url,
        "language": document.language or source.language,
        "feed_id": document.feed_id or source.feed_id,
        "ttl_s": document.ttl_s,
        "skip_hours": " ".join(map(str, document.skip_hours)) or None,
        "skip_days": " ".join(DAYS[day] for day in document.skip_days) or None,
        "shown": document.size,
        "last_error": document.remark,
    }


def after_good(
    state: Columns, source: PolledSource, answer: Answer, rhythm: Rhythm, now: datetime, counts: Counts
) -> SourceState:
    """Add what a good poll changes to the columns of its state: trust in its 304s, its pace, and its next time."""
    fetched, document, new = answer.fetched, answer.document, counts.new
    now_text = iso(now)
    trust = trust_after(source, fetched, now_text, new=new)
    entries = state["shown"] or 0
    dates = [parse_iso(entry.published) for entry in document.entries if entry.published] if document else []
    dates += map(parse_iso, counts.kept_dates)
    elapsed_s = max(0.0, (now - parse_iso(source.last_good_at)).total_seconds()) if source.last_good_at else None
    news = News(entries=entries, new=new, elapsed_s=elapsed_s, published=dates)
    pace = next_pace(source.pace, news, now, rhythm.floor_s)
    spacing_s = next_spacing_s(state["spacing_s"] or 0, pace, entries, rhythm)
    hub, topic = (answer.hub, answer.hub_topic) if document is not None else (source.hub_url, source.hub_topic)
    fresh_s = fetched.fresh_s
    if fresh_s is None and fetched.outcome == "not-modified":
        fresh_s = source.fresh_s  # a 304 renews what it does not mention (RFC 9111 4.3.4)
    told_s = max(
        TOLD_S, 2 * rhythm.floor_s
    )  # a push that nothing was found of is looked after once more, a floor later
    pushed_until = trusted_hub(source, hub, now, told_s=told_s, new=new)
    wait_s = max(spacing_s, min(BACKUP_S, rhythm.ceiling_s)) if pushed_until is not None else spacing_s
    following = after_success(now, wait_s, max(fresh_s or 0, state["ttl_s"] or 0), rhythm, source.config_id)
    last_new_at, usual_gap_s = quiet(source, dates, now, new=new)
    state |= {
        "next_poll_at": iso_after(outside(state["skip_hours"], state["skip_days"], following, now, rhythm)),
        "spacing_s": spacing_s,
        "fresh_s": fresh_s,
        "gone_at": None,
        "last_good_at": now_text,
        "failures": 0,
        "setback": 0,
        "pace": pace,
        "crowded": source.crowded + 1 if elapsed_s is not None and 0 < entries <= new else 0 if new else source.crowded,
        "last_new_at": last_new_at,
        "usual_gap_s": usual_gap_s,
        "unmodified": trust.unmodified,
        "whole_at": trust.whole_at,
        "probe_after": trust.probe_after,
        "doubts": trust.doubts,
        "offers": None,
        "hub_url": hub,
        "hub_topic": topic,
        "pushed_until": pushed_until,
    }
    return SourceState(**state)


def after_bad(state: SourceState, answer: Answer, rhythm: Rhythm, now: datetime, source: str) -> SourceState:
    """Add what a failed poll changes; nothing but 410 ends polling."""
    fetched = answer.fetched
    offers = json.dumps(list(answer.offers), ensure_ascii=False) if answer.offers else state.offers
    if fetched.outcome == "offline":
        following = spread(now, max(rhythm.floor_s, 1), source)
        return changed(state, next_poll_at=iso_after(following))
    if fetched.garbled:  # a 304 with a body, most likely: by the next answer's validators it would come again
        state = changed(state, etag=None, last_modified=None, validators_url=None, doubts=min(state.doubts + 1, LIES))
    state = changed(state, failures=state.failures + 1, setback=state.setback + weight(fetched), offers=offers)
    if fetched.outcome == "gone":
        return changed(state, next_poll_at=None, gone_at=iso(now))
    if fetched.outcome == "throttled" and fetched.retry_after_s is not None:
        hold = held_until(now, fetched.retry_after_s, rhythm.ceiling_s)
        following = max(hold, now + timedelta(seconds=max(rhythm.floor_s, 1)))
        return changed(state, next_poll_at=iso_after(following), held_until=iso_after(hold))
    following = after_failure(now, state.setback, rhythm, source)
    following = outside(state.skip_hours, state.skip_days, following, now, rhythm)
    return changed(state, next_poll_at=iso_after(following))


def weight(fetched: Fetched) -> int:
    """Weigh a failure: 2 for what waiting alone does not mend, 1 for what may be gone in a minute."""
    server_error = fetched.outcome == "http-error" and (fetched.status or 0) >= 500
    return 2 if fetched.outcome in HEAVY and not server_error else 1


def outside(
    skip_hours: str | None, skip_days: str | None, following: datetime, now: datetime, rhythm: Rhythm
) -> datetime:
    """Move the next poll out of the hours and days that the feed asks to skip, up to the ceiling."""
    if not skip_hours and not skip_days:
        return following
    hours = {int(hour) for hour in (skip_hours or "").split()}
    days = {DAYS.index(day) for day in (skip_days or "").split()}
    return outside_skips(following, hours, days, now + timedelta(seconds=rhythm.ceiling_s))


def trusted_hub(source: PolledSource, hub: str | None, now: datetime, *, told_s: float, new: int) -> str | None:
    """Say until when the hub is trusted to tell of news; None once a poll found some not told of ``told_s`` ago."""
    until = source.pushed_until
    if until is None or until <= iso(now) or hub is None:
        return None
    recently = iso(now - timedelta(seconds=told_s))
    told = source.last_push_at is not None and source.last_push_at >= min(source.last_poll_at or "", recently)
    return until if told or not new else None


def quiet(source: PolledSource, dates: Sequence[datetime], now: datetime, *, new: int) -> tuple[str | None, int | None]:
    """Keep when a source last had something new, and for how long it usually has nothing → both, seconds the second.

    At a first poll both come from the dates of its entries: a feed that ended a year ago is silent from the start.
    """
    if not new:
        return source.last_new_at, source.usual_gap_s
    past = sorted(date for date in dates if date <= now)
    if source.last_new_at is None:
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(past)]
        return iso(past[-1] if past else now), int(max(gaps)) if len(gaps) >= FEWEST_GAPS else None
    gap = (now - parse_iso(source.last_new_at)).total_seconds()
    usual = source.usual_gap_s
    return iso(now), int(gap if usual is None else max(gap, usual + (gap - usual) * GAP_WEIGHT))


def validators(source: PolledSource, answer: Answer) -> Columns:
    """Say which columns change by the validators of what is in the archive now.

    They are stored only beside the entries that they cover: never of a document that was cut, broken or empty, since
    a 304 would then hide for ever what was missed. A 304 renews those that it names (RFC 9111 4.3.4).
    """
    fetched, document = answer.fetched, answer.document
    if fetched.outcome == "not-modified":
        return {
            "etag": fetched.etag or source.etag,
            "last_modified": fetched.last_modified or source.last_modified,
        }
    if document is not None and (document.truncated or document.salvaged or not document.size):
        return dict.fromkeys(("etag", "last_modified", "validators_url", "body_hash", "digest_version"))
    return {
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "validators_url": fetched.url,
        "body_hash": fetched.body_hash,
        "digest_version": answer.digest_version,
    }


def poll_record(answer: Answer, counts: Counts) -> PollRecord:
    """Make the poll's record."""
    fetched, document = answer.fetched, answer.document
    return PollRecord(
        started_at=iso(answer.started),
        duration_ms=answer.duration_ms,
        outcome=fetched.outcome,
        status=fetched.status,
        bytes=fetched.size,
        entries=document.size if document is not None else 0,
        new=counts.new,
        changed=counts.changed,
        error=fetched.error or (document.remark if document is not None else None),
    )
