"""What is wrong with sources for so long that their owner should know, and what of it is news. Pure.

One hiccup is no trouble, a source that fails now and then is one trouble and not twenty, and what our own network does
is charged to no source. All is judged as of a source's last poll: while nobody polls, nothing begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from db.health import health, is_silent
from db.plan import GOOD
from db.times import parse_iso
from db.told_url import without_secrets

Kind = Literal["failing", "gone", "wall", "held", "silent", "moved", "offline"]

STRANDS: dict[Kind, str] = {
    "failing": "reading",
    "gone": "reading",
    "wall": "reading",
    "held": "reading",
    "silent": "silent",
    "moved": "moved",
    "offline": "network",
}
"""Kinds of one strand are one trouble that changes: a server that says 503, 429 and 403 in turns has one, not three."""

Place = tuple[int | None, str]
"""A source's row, and a strand of its troubles."""

LASTING_FAILURES = 3
"""So many polls in a row must fail …"""
LASTING = timedelta(hours=6)
"""… or two, with so long since the last good one; who asks to wait for less is not told of."""
NETWORK_LASTING = timedelta(minutes=10)
CALM = timedelta(hours=6)
"""Another cause is told no sooner after what was told last: answers that alternate would be news at every poll."""
RELAPSE = timedelta(hours=24)
"""What is back so soon is the same trouble still."""
MAX_SAID_CHARS = 200

_STATUS = re.compile(r"\b[1-5][0-9]{2}\b")

_MENDS = {
    "http-error": "Open its address in a browser; if the feed is elsewhere now, put that into the config.",
    "throttled": "It is polled again when it asks to be; `every` makes that rarer for good.",
    "unreachable": "If it stays so, see whether the site is still there; else take it out of the config.",
    "timeout": "If it stays so, see whether the site is still there; [poll] timeout gives it longer.",
    "refused": "[poll] allow names private addresses that may be polled.",
    "too-large": "[poll] max_body allows for more.",
    "too-heavy": "Its document is made so that reading it takes too long; there may be another feed of it.",
    "wall": "A login, a bot check or a consent page stands there; ask the publisher for a feed without.",
    "not-a-feed": "`wireroom add` with the address of the site finds where its feed is now.",
    "malformed": "Tell the publisher; until then nothing of it can be read.",
    "no-file": "Put the file back, or another path into the config.",
}
_ELSE = "`wireroom status` says more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """What is wrong with a source now; ``source_id`` is its row, None for our own network.

    ``cause`` is compared, ``said`` and ``mend`` are told. ``began_at``: None where only its polls show it.
    """

    source_id: int | None
    kind: Kind
    cause: str
    said: str
    mend: str
    began_at: str | None = None

    @property
    def place(self) -> Place:
        """Of which trouble it is a state."""
        return self.source_id, STRANDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A trouble as the archive has it. ``source`` is the config id, None for our own network.

    ``opened_at``: when it was noted; ``changed_at``: when what is told of it changed last; ``ended_at``: None while it
    lasts.
    """

    id: int
    guid: str
    source_id: int | None
    source: str | None
    source_title: str | None
    site_url: str | None
    kind: Kind
    cause: str
    said: str
    mend: str
    began_at: str
    opened_at: str
    changed_at: str
    ended_at: str | None

    @property
    def place(self) -> Place:
        """Of which source, and of which of its strands."""
        return self.source_id, STRANDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be written: troubles that begin, that go on otherwise or again (by id), and that end."""

    begun: tuple[Ailment, ...] = ()
    told: tuple[tuple[int, Ailment], ...] = ()
    ended: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.begun or self.told or self.ended)


def ailments(rows: Iterable[Mapping[str, Any]], last_good: str | None) -> tuple[list[Ailment], frozenset[Place]]:
    """Judge sources by their rows (see ``db/troubles.py``) → what ails them; of what nothing can be said now.

    ``last_good``: when any source answered last.
    """
    found: list[Ailment] = []
    offline: list[Mapping[str, Any]] = []
    unknown: set[Place] = set()
    for row in rows:
        if row["outcome"] == "offline":
            offline.append(row)
            unknown.add((row["id"], STRANDS["failing"]))
        elif (ailment := _reading(row)) is not None:
            found.append(ailment)
        if row["outcome"] not in GOOD:  # who can't be heard is not silent, nor heard again
            unknown.add((row["id"], STRANDS["silent"]))
        elif is_silent(dict(row), parse_iso(row["last_poll"])):
            found.append(_silent(row))
        if row["moved_url"] is not None:
            found.append(_moved(row))
    if offline and (down := _network(offline, last_good)) is not None:
        found.append(down)
    return found, frozenset(unknown)


def news_of(troubles: Sequence[Trouble], found: Iterable[Ailment], unknown: frozenset[Place], now: datetime) -> News:
    """Compare what ails sources with the troubles that are open or ended lately → what is to be written.

    ``unknown``: of which nothing can be said now; they stay as they are.
    """
    latest = {trouble.place: trouble for trouble in sorted(troubles, key=lambda each: each.id)}
    begun: list[Ailment] = []
    told: list[tuple[int, Ailment]] = []
    ails = {ailment.place: ailment for ailment in found}
    for place, ailment in ails.items():
        trouble = latest.get(place)
        if trouble is None or (trouble.ended_at is not None and now - parse_iso(trouble.ended_at) > RELAPSE):
            begun.append(ailment)
        elif trouble.ended_at is not None or _is_news(trouble, ailment, now):
            told.append((trouble.id, ailment))
    ended = [
        trouble.id
        for place, trouble in latest.items()
        if trouble.ended_at is None and place not in ails and place not in unknown
    ]
    return News(begun=tuple(begun), told=tuple(told), ended=tuple(ended))


def _is_news(trouble: Trouble, ailment: Ailment, now: datetime) -> bool:
    if (trouble.kind, trouble.cause) == (ailment.kind, ailment.cause):
        return False
    return ailment.kind == "gone" or now - parse_iso(trouble.changed_at) >= CALM


def _reading(row: Mapping[str, Any]) -> Ailment | None:
    """Say why a source can't be read, if that has lasted."""
    kind = health(dict(row), parse_iso(row["last_poll"])) if row["last_poll"] else "new"
    if kind == "gone":
        mend = "It is polled no more: take it out of the config, or put its new address there."
        return Ailment(
            source_id=row["id"],
            kind="gone",
            cause="gone",
            said="it answered 410 Gone",
            mend=mend,
            began_at=row["gone_at"],
        )
    if kind not in ("failing", "wall", "held") or not _lasts(row, kind):
        return None
    said = _said(row)
    status = row["status"] or next(iter(_STATUS.findall(row["error"] or "")), "")
    mend = _MENDS.get(row["outcome"], _ELSE)
    return Ailment(
        source_id=row["id"],
        kind=kind,  # type: ignore[arg-type] # it is one of the three
        cause=f"{row['outcome']} {status}".strip(),
        said=said,
        mend=f"{mend} The page there advertises {clean(row['offers'][0])}." if row["offers"] else mend,
    )


def _lasts(row: Mapping[str, Any], kind: str) -> bool:
    polled = parse_iso(row["last_poll"])
    long = row["last_good"] is not None and polled - parse_iso(row["last_good"]) >= LASTING
    if kind == "held":
        waits = row["held_until"] is not None and parse_iso(row["held_until"]) - polled >= LASTING
        return waits or bool(row["failures"] >= LASTING_FAILURES and (long or row["last_good"] is None))
    return bool(row["failures"] >= LASTING_FAILURES or (row["failures"] > 1 and long))


def _said(row: Mapping[str, Any]) -> str:
    """Say what its last poll met; of a file never where it is: its path is nobody's business."""
    if not row["url"].startswith("http") and ("/" in (row["error"] or "/") or "\\" in row["error"]):
        return f"its file can't be read ({row['outcome']})"
    return clean(row["error"] or row["outcome"])


def _silent(row: Mapping[str, Any]) -> Ailment:
    days = row["usual_gap_s"] / 86_400
    return Ailment(
        source_id=row["id"],
        kind="silent",
        cause="silent",
        said=f"it usually pauses for {days:.1f} days at most",
        mend="See on its site whether there is news; if so, its feed may be another one now.",
        began_at=row["last_new"],
    )


def _moved(row: Mapping[str, Any]) -> Ailment:
    return Ailment(
        source_id=row["id"],
        kind="moved",
        cause=f"moved {row['moved_url']}",
        said=f"it is polled at {clean(row['moved_url'])}",
        mend="Put that address into the config; `wireroom status` shows the whole of it.",
    )


def _network(offline: Sequence[Mapping[str, Any]], last_good: str | None) -> Ailment | None:
    """Say that we ourselves are cut off, if that has lasted; one answer since, from whomever, says that we are not."""
    polls = sorted(row["last_poll"] for row in offline)
    since = last_good or polls[0]
    if since > polls[-1] or parse_iso(polls[-1]) - parse_iso(since) < NETWORK_LASTING:
        return None
    return Ailment(
        source_id=None,
        kind="offline",
        cause="offline",
        said="no source could be reached",
        mend="Polling goes on by itself once it is back; no source is charged with it.",
        began_at=since,
    )


def clean(text: str) -> str:
    """Take out of a text what may be secret in addresses; in one line, and not long."""
    plain = " ".join(without_secrets(text).split())
    return plain if len(plain) <= MAX_SAID_CHARS else f"{plain[: MAX_SAID_CHARS - 1]}…"
