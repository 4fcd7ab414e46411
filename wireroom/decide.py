"""What a person decides of stories is carried out, and published: merge, split, marks, undo. IO: sqlite, files."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db.apply import mint_urn
from db.curate import WORDS
from db.decisions import JOINING, Decision, decide_merge, decide_split, note_selections, undo
from db.desk import DraftDesk
from db.explain import find_story
from db.known import ArchiveKnown
from db.marks import marked
from db.merge import MergeError, ids, living
from db.placing import unselected_pins
from db.plan import Chosen
from db.selections import select
from db.times import iso
from db.topics import mark_changed_topics
from ingest.normalize import key
from ingest.retold import asked_again
from ingest.select import Occasion
from ingest.urls import canonical_link
from wireroom.again import write_again
from wireroom.clock import utc_now
from wireroom.control import ControlError
from wireroom.curate import carry_out_marks, put_back, wish_of

if TYPE_CHECKING:
    from ingest.poll import Setup
    from wireroom.engine import Engine

DECISIONS = ("merge", "split", "undo", *WORDS)


async def decide(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a person's decision and publish what it changes → it, with all that it touched.

    Raises ControlError (exit code 2) where it can't be done; ArchiveError.
    """
    try:
        result = await engine.writer.write(partial(carry_out, setup=engine.poller.setup, request=request), own=True)
    except MergeError as error:
        raise ControlError(str(error), 2) from error
    engine.log.info("decision", **{name: value for name, value in result.items() if value is not None})
    if not engine.closing:
        await engine.press.publish()
    return result


def link_key(named: str) -> int | None:
    """Make the identity key by which entries with this address are found; None where it is no address."""
    link = canonical_link(named)
    return key("link", link) if link else None


def carry_out(db: Database, *, setup: Setup, request: dict[str, Any]) -> dict[str, Any]:
    """Do what ``request`` asks, inside the writer's transaction → what was done. Raises MergeError."""
    now, by = iso(utc_now()), request.get("by")
    followed = []

    def found(named: str) -> int:
        asked = find_story(db, named, link_key(named))
        if (now_is := living(db, asked)) != asked:
            followed.append({"story": asked, "merged_into": now_is})
        return asked

    if request["do"] == "merge":
        one, other = (found(named) for named in request["stories"])
        done = decide_merge(db, one, other, now, by)
    elif request["do"] == "split":
        done = decide_split(db, found(request["story"]), request["entry"], now, by)
    elif request["do"] == "undo":
        done = undo(db, request["decision"], now, by)
    else:
        wish = wish_of(request, found(request["story"]))
        done = carry_out_marks(db, wish, setup, now, by, lambda done, one: retell(db, done, one, setup, now))
    if done.kind in JOINING:
        touched = sorted({living(db, done.story_id), living(db, done.other_id)})
        decides = request["do"] != "undo"
        retell(db, done, touched, setup, now, selects=decides, notes=decides)
    elif request["do"] == "undo":
        put_back(db, done, setup, now, lambda done, some: retell(db, done, some, setup, now, notes=False))
    return {
        "did": request["do"],
        "decision": done.id,
        "kind": done.kind,
        "story": living(db, done.story_id),
        "other": done.other_id if done.kind in JOINING else None,
        "entry": done.entry_id,
        **marked(db, done.id),
        "followed": followed,
    }


def retell(
    db: Database,
    done: Decision,
    stories: list[int],
    setup: Setup,
    now: str,
    *,
    selects: bool = True,
    notes: bool = True,
) -> None:
    """Choose the leads of the stories that a decision touched, and ask rules and topics of them.

    What topics take is noted with the decision, if it ``notes``. Without ``selects`` none takes anything but what is
    pinned there: the undo of a merge or a split only restores.
    """
    again = asked_again(stories, ArchiveKnown(db, DraftDesk()), setup.desks, setup.grouping, Occasion(now=now))
    chosen = replace(again.chosen, back=()) if selects else Chosen()  # what comes back is noted by who decides
    ((before,),) = db.execute("SELECT coalesce(max(id), 0) FROM selections").fetchall()
    write_again(db, replace(again, chosen=chosen), now, mint_urn)
    for topic, story in unselected_pins(db, stories):
        select(db, topic, [(story, None)], now, mint_urn)
    if notes:
        sql = "SELECT id FROM selections WHERE id > ?1 AND story_id IN (SELECT value FROM json_each(?2))"
        note_selections(db, done.id, ids(db, sql, before, json.dumps(stories)))
    mark_changed_topics(db, stories)
