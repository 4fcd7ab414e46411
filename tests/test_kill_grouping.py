"""`kill -9` in the middle of grouping: stories, events and the index are those of a run that nobody killed.

`make torture` runs WIREROOM_KILLS=500.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from house import ROOT

KILLS, REGROUP_KILLS = int(os.environ.get("WIREROOM_KILLS", "50")), 12
GROUPS = ("stories", "entries", "merges", "events", "event_terms", "prints", "shingles", "term_counts", "selections")


def test_groups_are_those_of_a_run_that_nobody_killed(tmp_path: Path) -> None:
    """Polled by children of which 50 are killed, then regrouped by children of which 12 are: not a row differs."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "killed_grouping.py"), str(tmp_path), str(KILLS), str(REGROUP_KILLS)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
        timeout=60 + 2 * KILLS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    for what, kills in (("polls", KILLS), ("regroup", REGROUP_KILLS)):
        found = told[what]
        assert found["kills"] == kills, done.stderr
        assert found["differ"] == []
        assert (found["integrity"], found["foreign"]) == ("ok", [])
        assert all(found["rows"][table] for table in GROUPS), "all kinds of groups came about"
        assert found["learned"] > 0
