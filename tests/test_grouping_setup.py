"""What the config says of copies and events reaches the poller under the archive's row ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.sync import Synced
from ingest.grouping import Grouping
from wireroom.config import load_config
from wireroom.parts import make_setup

SOURCES = """
[[source]]
id = "wire"
url = "wire.xml"
priority = 5

[[source]]
id = "lists"
url = "lists.xml"
dedupe = "off"

[[source]]
id = "plain"
url = "plain.xml"
"""


def grouping_of(folder: Path, text: str) -> Grouping:
    """Make the setup of a config with these three sources, under the row ids 11 to 13."""
    path = folder / "config.toml"
    path.write_text(text + SOURCES, encoding="utf-8")
    rows = {"wire": 11, "lists": 12, "plain": 13}
    return make_setup(load_config(path), Synced(sources=rows, topics={}, remarks=(), hosts=0)).grouping


def test_each_source_has_its_own_folding_and_priority(tmp_path: Path) -> None:
    """A source says it for itself; the others have what holds for all."""
    made = grouping_of(tmp_path, '[wireroom]\ndedupe = "exact"\ngrouping = "strict"\n')

    assert [made.dedupe_of(id_) for id_ in (11, 12, 13)] == ["exact", "off", "exact"]
    assert [made.priority_of(id_) for id_ in (11, 12, 13)] == [5, 0, 0]
    assert made.level == "strict"


@pytest.mark.parametrize(
    ("grouping", "compares"),
    [
        (Grouping(), True),
        (Grouping(dedupe="exact"), True),
        (Grouping(level="off"), True),
        (Grouping(dedupe="exact", level="off"), False),
        (Grouping(dedupe="off", dedupe_by_source={7: "copies"}, level="off"), True),
    ],
)
def test_texts_are_compared_where_copies_or_events_are_wanted(grouping: Grouping, compares: bool) -> None:
    """Workers are spared the work only where nobody asks for it."""
    assert grouping.comparing is compares
