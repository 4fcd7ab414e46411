"""Stories that waited in topics (`delay`) are looked at once more when their time has come. IO: sqlite, clock.

What waits is in the archive, so a stop or a kill loses nothing: whoever comes next does what is due by then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db.apply import mint_urn
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.merge import living
from db.selections import due, waits_no_more
from db.times import iso
from db.topics import mark_changed_topics
from ingest.retold import asked_again
from ingest.select import Occasion
from wireroom.again import write_again
from wireroom.clock import utc_now

if TYPE_CHECKING:
    from ingest.poll import Setup
    from wireroom.engine import Engine

AT_ONCE = 100
"""So many stories are looked at in one step, which holds up the writer for some 100 ms."""


def look_again(
    db: Database, setup: Setup, now: datetime, mint: Callable[[], str] = mint_urn, most: int = AT_ONCE
) -> bool:
    """Ask of the stories that are due, as they are now, what a poll that touched them would → whether more are due.

    Runs inside the writer's transaction. A story that went into another meanwhile is asked as that one.
    """
    at = iso(now)
    waited = due(db, at, most)
    if not waited:
        return False
    waits_no_more(db, waited)
    overdue = {(topic, living(db, story)) for topic, story in waited}
    stories = sorted({story for _, story in overdue})
    occasion = Occasion(now=at, overdue=overdue)
    again = asked_again(stories, ArchiveKnown(db, DraftDesk()), setup.desks, setup.grouping, occasion)
    write_again(db, again, at, mint)
    mark_changed_topics(db, stories)
    return len(waited) == most


async def do_due(engine: Engine) -> None:
    """Do all that is due: the daemon's job, every second, and a round's last act."""
    now = utc_now()
    more = bool(due(engine.reader, iso(now), 1))
    while more and not engine.closing:
        more = await engine.writer.write(partial(look_again, setup=engine.poller.setup, now=now), own=True)
