"""The entries of stories, and why each is in it. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from db.apart import Member


def members_of(db: Database, stories: Iterable[int]) -> Mapping[int, Sequence[Member]]:
    """Read each story's entries, in order of first sight."""
    found: defaultdict[int, list[Member]] = defaultdict(list)
    for story, *member in db.execute(
        "SELECT story_id, id, joined_by, joined_to FROM entries "
        "WHERE story_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [json.dumps(list(stories))],
    ):
        found[story].append(Member(*member))
    return found
