"""A meagre place to run in: few descriptors, no home, no temporary folder, no locale; what a killed one leaves."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from house import ROOT, House, until
from origin import Answer, Asked, Origin, item, rss, running_origin

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
HOSTS = 80
UNDER_FEW = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"]


def test_few_descriptors_are_enough(house: House) -> None:
    """More hosts answer slowly than there are descriptors: all are polled, none is charged for it, and it serves."""
    together = threading.Barrier(HOSTS)

    def answer(asked: Asked) -> Answer:
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.3)  # all at once, if they come
        name = asked.headers["Host"].partition(":")[0].replace(".", "-")
        return Answer(rss(item(name, title=f"Story of {name}", text=f"What happened at {name}.")).encode())

    with running_origin("0.0.0.0") as origin:
        origin.routes["/f"] = answer
        sources = {f"s{n}": f"http://127.0.0.{n}:{origin.port}/f" for n in range(1, HOSTS + 1)}
        house.configure(sources, TOPIC)
        text = house.config.read_text().replace("[poll]", f'[poll]\nallow = ["127.0.0.0/8:{origin.port}"]', 1)
        house.config.write_text(text)
        with house.daemon(under=UNDER_FEW) as daemon:
            until(lambda: house.rows("SELECT count(*) FROM entries") == [(HOSTS,)], "not all are polled")
            assert house.rows("SELECT DISTINCT outcome FROM polls") == [("ok",)]
            assert daemon.get("/topics/all.rss")[0] == 200
            assert daemon.get("/healthz")[0] == 200
            daemon.stop()
            assert daemon.process.returncode == 0


@pytest.mark.parametrize("is_there", [False, True])
def test_nothing_of_the_environment_is_needed(house: House, origin: Origin, *, is_there: bool) -> None:
    """No HOME, a TMPDIR that is not there or too long for sockets, LANG=C: all comes through, the log is whole."""
    origin.feed("/f", rss(item(1, title="Łódź Ελλάδα 東京 🗞")))
    house.configure({"f": origin.url("/f")}, TOPIC.replace("story", "łódź"), allow=origin.port)
    temporary = house.folder / "nowhere" / ("at" * 50)
    if is_there:
        temporary.mkdir(parents=True)
    env = {"LANG": "C", "LC_ALL": "C", "TMPDIR": str(temporary), "PATH": "/usr/bin:/bin"}
    with house.daemon(env=env) as daemon:
        until(lambda: "東京 🗞".encode() in daemon.get("/topics/all.rss")[2], "the story is not served")
        daemon.stop()
        assert daemon.process.returncode == 0
    assert [line["event"] for line in house.log_lines()][-1] == "stopped"


def test_killed_daemon_leaves_no_process_and_the_next_one_removes_its_folder(house: House, origin: Origin) -> None:
    """Workers, and what they come from, end with it; of the temporary folder a clean stop leaves nothing either."""
    with tempfile.TemporaryDirectory() as folder:  # a short name: those of sockets are bounded
        kill_and_look(house, origin, Path(folder))


def kill_and_look(house: House, origin: Origin, temporary: Path) -> None:
    """Kill a daemon with this temporary folder, and look what is left."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    env = {**os.environ, "TMPDIR": str(temporary)}
    with house.daemon(env=env, wait=False) as daemon:
        until(lambda: len(of_session(daemon.process.pid)) > 3, "it has no workers")
        daemon.process.kill()
        daemon.process.wait()
        until(lambda: not of_session(daemon.process.pid), "some of it goes on")
    assert [path.name.partition("-")[0] for path in temporary.iterdir()] == ["wire"]
    command = [sys.executable, "-m", "wireroom", "poll"]
    subprocess.run(command, cwd=house.folder, env={**env, "PYTHONPATH": str(ROOT)}, check=True, timeout=60)
    assert list(temporary.iterdir()) == []


def of_session(number: int) -> list[int]:
    """List the processes of a session: a daemon, and all that came from it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
            if int(session) == number and state != "Z":
                found.append(int(path.parent.name))
    return found
