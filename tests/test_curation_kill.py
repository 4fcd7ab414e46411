"""`kill -9` while a curator is at work: what was acknowledged is there, and nothing is there in part."""

from __future__ import annotations

import contextlib
import signal
import threading

from db.archive import open_writer
from house import House, until
from invariants import broken
from origin import Origin, item, rss
from wireroom.control import ControlError, NoDaemonError, ask

KILLS = 3
REST = """
[[topic]]
id = "mine"
title = "By hand"
match = "desk:mine"
"""


def test_marks_that_were_acknowledged_are_there_after_a_kill(house: House, origin: Origin) -> None:
    """A daemon is killed in the midst of marks, several times; the next one goes on, and polls change none of it."""
    origin.feed("/a", rss(*(item(n) for n in range(1, 9))))
    house.configure({"a": origin.url("/a")}, REST, allow=origin.port)
    house.poll()
    told: list[int] = []

    def curate() -> None:
        """Tag and untag until nobody answers; a kill may have come between the two, so that one is refused."""
        with contextlib.suppress(NoDaemonError):
            while True:
                for n in range(1, 9):
                    for do in ("tag", "untag"):
                        request = {"do": do, "story": str(n), "by": "Anna", "tags": [["desk", "mine"]]}
                        with contextlib.suppress(ControlError):
                            told.append(ask(house.archive, request, lambda _: None)["decision"])

    for kill in range(1, KILLS + 1):
        with house.daemon() as daemon:
            at_work = threading.Thread(target=curate)
            at_work.start()
            until(lambda least=6 * kill: len(told) >= least, "nothing is marked")  # type: ignore[misc]
            daemon.stop(signal.SIGKILL)
            at_work.join()
    house.poll()

    decided = {id_ for (id_,) in house.rows("SELECT id FROM decisions")}
    assert set(told) <= decided
    assert house.rows("SELECT DISTINCT decision_id FROM mark_log ORDER BY 1") == [(id_,) for id_ in sorted(decided)]
    with contextlib.closing(open_writer(house.archive)) as db:
        assert broken(db) == {}
