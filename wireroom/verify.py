"""`wireroom verify`: the archive's file, the promise, and whether the published files are what it gives.

IO: sqlite, files.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from db.archive import open_reader
from db.drift import drift
from db.in_force import in_force
from db.invariants import MENDS, NEVER, REGROUP, SHOWN, broken
from db.reshape import is_shaped
from db.topics import one_moment
from db.verify import MOST_LOG_BYTES, bound, lost_references, page_faults, search_faults, was_broken_off
from feeds.pages.words import counted
from ingest.prints import sampled
from wireroom.config import Config
from wireroom.in_force import said
from wireroom.rerender import compare_published

DAMAGE = "restore a backup (wireroom restore FILE); docs/backup.md says what else can be tried"
REBUILD = MENDS["a living story that is not in the search index"]
PUBLISH = "wireroom publish writes them anew"
QUIET = "verify when less is polled, or with the daemon stopped"
BATCH = 1000

Progress = Callable[[str, int, int], None]
"""Told which check is under way, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be, with some cases of it. ``damage``: only a backup mends it."""

    problem: str
    cases: tuple[str, ...]
    mend: str
    damage: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check, what it found, and how long it took; ``note``: what it could not look at."""

    name: str
    findings: tuple[Finding, ...]
    ms: int
    note: str = ""


@dataclass(slots=True)
class Found:
    """What a check brings."""

    findings: list[Finding] = field(default_factory=list)
    note: str = ""

    def add(self, problem: str, cases: Iterable[Any], mend: str, *, damage: bool) -> None:
        """Add a finding, if there are any cases of it."""
        some = tuple(str(case) for case in cases)[:SHOWN]
        if some:
            self.findings.append(Finding(problem=problem, cases=some, mend=mend, damage=damage))


def verify(config: Config, *, quick: bool, progress: Progress = lambda *_: None) -> list[Check]:
    """Check it all, beside a running daemon too → the checks. Raises ArchiveError where it can't even be opened.

    ``quick``: without what takes long on a large archive: indexes against tables, the search index word by word, the
    index of copies, archive pages.
    """
    db = open_reader(config.archive)
    bound(db.conn, config.archive)
    checks: list[tuple[str, Callable[[Database, Config, Progress], Found]]] = [
        ("pages", lambda db, *_: pages(db, quick=quick)),
        ("schema", schema),
        ("references", references),
        ("promise", promise),
        *([] if quick else [("search index", search_index), ("copies", copies)]),
        ("published", lambda db, config, progress: files(db, config, progress, quick=quick)),
    ]
    made = []
    for name, check in checks:
        progress(name, 0, 0)
        began = time.monotonic()
        try:
            found = check(db, config, progress)
        except sqlite3.DatabaseError as error:
            found = Found()
            if was_broken_off(error):
                grown = f"the archive's log grew by {MOST_LOG_BYTES // 1_000_000} MB meanwhile"
                found.add("broken off, since too much is written", [grown], QUIET, damage=False)
            else:
                found.add("can't be read to its end", [str(error)], DAMAGE, damage=True)
        ms = round((time.monotonic() - began) * 1000)
        made.append(Check(name=name, findings=tuple(found.findings), ms=ms, note=found.note))
        if name in ("pages", "schema") and any(each.mend != QUIET for each in found.findings):
            break  # whatever else is found comes of it; and without an index it may take for ever
    db.close()
    return made


def pages(db: Database, *, quick: bool) -> Found:
    """Check the file's pages."""
    found = Found()
    found.add("the file is damaged", page_faults(db, quick=quick), DAMAGE, damage=True)
    return found


def schema(db: Database, *_: object) -> Found:
    """Check that the schema is what the migrations make; what somebody put beside it harms nothing, and is named."""
    found = Found()
    drifts, others = drift(db)
    for one in drifts:
        mend = DAMAGE if one.sql is None else f"stop the daemon, then: sqlite3 ARCHIVE {shlex.quote(one.sql)}"
        found.add("not as Wireroom makes it", [one.what], mend, damage=one.sql is None)
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        found.note = f"not Wireroom's, and no harm: {', '.join(others[:SHOWN])}{more}"
    elif not is_shaped(db.conn):
        found.note = "laid out as an older one, so larger: the next start mends that, if it has room"
    return found


def references(db: Database, *_: object) -> Found:
    """Check that no row points to one that is not there."""
    found = Found()
    found.add("rows that point nowhere", lost_references(db), DAMAGE, damage=True)
    return found


def promise(db: Database, _: Config, progress: Progress) -> Found:
    """Check what must hold of an archive at any moment: each is one question, so of one moment."""
    found = Found()
    for n, name in enumerate(NEVER):
        progress("promise", n, len(NEVER))
        for problem, rows in broken(db, [name]).items():
            found.add(problem, rows, MENDS.get(problem, DAMAGE), damage=problem not in MENDS)
    return found


def search_index(_: Database, config: Config, __: Progress) -> Found:
    """Check the search index word by word."""
    found = Found()
    try:
        found.add("search would miss stories, or find others", search_faults(config.archive), REBUILD, damage=False)
    except sqlite3.OperationalError as error:
        if was_broken_off(error):
            raise
        found.note = f"not looked at: {error}; a copy of it must have room in SQLite's temporary folder (SQLITE_TMPDIR)"
    return found


def copies(db: Database, _: Config, progress: Progress) -> Found:
    """Check that the index of copies says of each entry what its text gives."""
    found, wrong = Found(), miscopied(db, progress)
    if wrong:  # or written while it was looked: of one moment it is certain
        with one_moment(db):
            wrong = miscopied(db, lambda *_: None, wrong)
    found.add("copies of these would not be found, or others", [f"entry {id_}" for id_ in wrong], REGROUP, damage=False)
    return found


def miscopied(db: Database, progress: Progress, only: Sequence[int] | None = None) -> list[int]:
    """Find entries of which the index of copies does not have what their text gives; ``only``: of some."""
    asked: dict[str, Any] = {"only": None if only is None else json.dumps(only), "after": -1, "most": BATCH}
    wanted = "(:only IS NULL OR entry_id IN (SELECT value FROM json_each(:only)))"
    many = dict(
        db.execute(f"SELECT entry_id, count(*) FROM shingles WHERE {wanted} GROUP BY entry_id", asked).fetchall()
    )
    wrong, done = [], 0
    while rows := db.execute(
        "SELECT p.entry_id, p.shingles, e.title, w.text FROM prints p JOIN entries e ON e.id = p.entry_id "
        f"JOIN entry_texts w USING (entry_id) WHERE entry_id > :after AND {wanted} ORDER BY p.entry_id LIMIT :most",
        asked,
    ).fetchall():
        asked["after"], done = rows[-1][0], done + len(rows)
        wrong += [
            id_
            for id_, packed, title, text in rows
            if packed != sampled(title, text) or many.get(id_, 0) != len(packed) // 8
        ]
        progress("copies", done, len(many))
    return wrong


def files(db: Database, config: Config, progress: Progress, *, quick: bool) -> Found:
    """Check that what is published is what the archive gives."""
    found = Found()
    if not config.publish.is_dir():
        found.note = f"{config.publish}: nothing is published yet"
        return found
    if edited(db, config):
        found.note = "the config was edited and not taken over yet, so files are as the old one has them; not compared"
        return found
    done = compare_published(db, config, quick=quick, progress=lambda n, of: progress("published", n, of))
    found.add("files that are not what the archive gives", done.differ, PUBLISH, damage=False)
    found.note = f"{counted(done.documents, 'document')} compared"
    if done.waiting:
        found.note += f"; still to be written, and not compared: {counted(done.waiting, 'topic')}"
    return found


def edited(db: Database, config: Config) -> bool:
    """Tell whether the config says other things of topics, or for all, than when the archive was brought in line."""
    taken = {(row.kind, row.id): row.says for row in in_force(db) if row.kind in ("settings", "topic", "query")}
    now = {(one.kind, one.id): one.says for one in said(config) if one.kind in ("settings", "topic", "query")}
    return taken != now


def worst(checks: Sequence[Check]) -> int:
    """Give the exit code: 0 all is well, 1 something is amiss, 65 the archive is damaged."""
    findings = [finding for check in checks for finding in check.findings]
    return 65 if any(finding.damage for finding in findings) else min(1, len(findings))


def lines(checks: Sequence[Check]) -> list[str]:
    """Tell what was found in lines, each finding with its mend."""
    told = []
    for check in checks:
        damaged = any(finding.damage for finding in check.findings)
        word = "damaged" if damaged else "amiss" if check.findings else "good"
        note = f"  {check.note}" if check.note else ""
        told.append(f"{word:8} {check.name:13} {check.ms / 1000:7.2f} s{note}")
        for finding in check.findings:
            told.append(f"         {finding.problem}: {'; '.join(finding.cases)}")
            told.append(f"         mend: {finding.mend}")
    return told
