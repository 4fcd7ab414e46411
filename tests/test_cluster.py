"""A cluster that polls: a real scheduler and real workers on loopback make the archive that this machine would."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from dask_cluster import BY_ITS_OWN_WAY, Dask, running_dask, worker_of
from house import House, until
from origin import Origin, item, rss
from scripted import Act, Answer, Asked, Script, Wire, reply, running_scripted
from stage import Case, Stage, news

HOSTS = [f"127.0.{n}.1" for n in range(40)]


@pytest.fixture(scope="module")
def dask() -> Iterator[Dask]:
    """Run a scheduler and two workers for the tests that leave them as they are."""
    with running_dask() as cluster:
        yield cluster


def nothing(_: Any) -> None:
    """Check nothing: the test looks at the whole."""


def cases(script: Script, count: int, each: int = 1, hosts: Sequence[str] = HOSTS) -> list[Case]:
    """Make ``each`` sources on each of ``count`` hosts, all of the script ``s``."""
    return [
        Case(f"s{n}-{m}", "", script, nothing, f"http://{host}:{{port}}/s/{n}-{m}")
        for n, host in enumerate(hosts[:count])
        for m in range(each)
    ]


def over(dask: Dask, **more: object) -> dict[str, object]:
    """Give the ``[poll]`` keys of a config that polls over ``dask``."""
    return {"engine": "dask", "scheduler": dask.address, "per_host": 2, **more}


def dump(house: House) -> dict[str, list[Any]]:
    """Read all that the polls brought, without times, and without ids, which go by who came first."""
    story = (
        "(SELECT group_concat(k, '|') FROM (SELECT o.config_id || ' ' || x.guid AS k FROM entries x "
        "JOIN sources o ON o.id = x.source_id WHERE x.story_id = {} ORDER BY 1))"
    )
    return {
        "sources": house.rows(
            "SELECT config_id, url, title, site_url, language, ttl_s, last_outcome, last_error, failures, etag, "
            "last_modified, validators_url, body_hash, digest_version FROM sources ORDER BY 1"
        ),
        "entries": house.rows(
            f"SELECT s.config_id, e.guid, e.url, e.title, e.author, w.html, w.summary, w.text, e.language, "
            "e.language_from, "
            "e.published, e.updated, e.categories, e.enclosures, e.version, e.last_seen IS NULL, "
            f"{story.format('e.story_id')} "
            "FROM entries e JOIN entry_texts w ON w.entry_id = e.id JOIN sources s ON s.id = e.source_id ORDER BY 1, 2"
        ),
        "keys": house.rows(
            "SELECT s.config_id, e.guid, k.kind, k.key FROM entry_keys k JOIN entries e ON e.id = k.entry_id "
            "JOIN sources s ON s.id = e.source_id ORDER BY 1, 2, 3, 4"
        ),
        "revisions": house.rows(
            "SELECT s.config_id, e.guid, r.number, r.title, r.text, r.version FROM revisions r "
            "JOIN entries e ON e.id = r.entry_id JOIN sources s ON s.id = e.source_id ORDER BY 1, 2, 3"
        ),
        "tags": house.rows(
            f"SELECT {story.format('x.story_id')} AS story, t.kind, t.name, x.origin FROM story_tags x "
            "JOIN tags t ON t.id = x.tag_id ORDER BY 1, 2, 3, 4"
        ),
        "selections": house.rows(
            f"SELECT {story.format('x.story_id')} AS story FROM selections x ORDER BY 1",
        ),
        "polls": house.rows(
            "SELECT s.config_id, p.outcome, p.status, p.bytes, p.entries, p.new, p.changed, p.error FROM polls p "
            "JOIN sources s ON s.id = p.source_id ORDER BY p.source_id, p.id"
        ),
    }


TOPIC = (
    '[[rule]]\nid = "r"\ntag = "subject:seven"\nmatch = "seven"\n[[topic]]\nid = "t"\ntitle = "T"\nmatch = "story"\n'
)


def feeds_of_two_rounds(asked: Asked) -> Answer:
    """Serve a feed that changes now and then, shares stories with others, is broken, gone, or says 304."""
    number, twice = int(asked.rest.partition("-")[0]), asked.number > 1
    tag = f'"{number}-{twice and number % 3 == 0}"'
    if number % 10 == 9:
        return reply(b"<html>no feed</html>", Content_Type="text/html") if number == 19 else reply(b"busy", 500)
    if asked["If-None-Match"] == tag:
        return reply(b"", 304, ETag=tag)
    shared = item(f"all-{number % 4}", text=f"A long report that several carry, number {number % 4} of seven in all.")
    changed = item(f"{asked.rest}-1", text="What it says now is another thing." if twice else "What it said at first.")
    fresh = item(f"{asked.rest}-new") if twice else ""
    body = rss(shared, changed, item(f"{asked.rest}-2"), fresh, title=f"Feed {asked.rest}").encode()
    if number % 5 == 0:
        return reply(
            gzip.compress(body, mtime=0), ETag=tag, Content_Type="application/rss+xml", Content_Encoding="gzip"
        )
    return reply(body, ETag=tag, Content_Type="application/rss+xml")


def test_archive_is_the_one_that_this_machine_alone_would_have(dask: Dask, tmp_path: Path) -> None:
    """Two rounds of 200 sources on 40 hosts, by this machine and by the cluster: the archives say the same."""
    found: list[tuple[dict[str, list[Any]], int]] = []
    for name, poll in (("local", {"engine": "local", "per_host": 2}), ("dask", over(dask))):
        folder = tmp_path / name
        folder.mkdir()
        with running_scripted({"s": feeds_of_two_rounds}, hosts=HOSTS, port=found[0][1] if found else 0) as server:
            stage = Stage(folder, server)
            stage.set_up(cases(feeds_of_two_rounds, 40, 5), poll, TOPIC)
            for _ in range(2):
                stage.poll(timeout_s=120)
            assert Counter(asked.target for asked in server.log).most_common(1)[0][1] == 2, "asked twice in a round"
            found.append((dump(stage), server.port))

    (local, _), (far, _) = found
    assert {outcome for _, outcome, *_ in local["polls"]} == {"ok", "not-modified", "not-a-feed", "http-error"}
    assert len(local["revisions"]) > 50
    for table, rows in local.items():
        assert rows
        assert far[table] == rows, table


def slow_feed(asked: Asked) -> Act:
    """Serve three items after a while."""

    async def act(wire: Wire) -> None:
        await asyncio.sleep(0.7)
        await wire.send(reply(rss(*(item(f"{asked.rest}-{n}") for n in range(3))).encode()).raw)

    return act


def asking(worker: psutil.Process, port: int) -> int:
    """Count a worker's connections to a port."""
    return sum(bool(one.raddr) and one.raddr.port == port for one in worker.net_connections("tcp"))


def test_worker_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """SIGKILL in the middle of a round: each source is polled, once in the archive, with each of its entries once."""
    with running_dask() as cluster, running_scripted({"s": slow_feed}, hosts=HOSTS) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases(slow_feed, 40, 3), over(cluster), TOPIC)
        with ThreadPoolExecutor(1) as thread:
            polling = thread.submit(stage.poll)
            workers = [worker_of(nanny) for nanny in cluster.workers]

            def busy() -> bool:
                """Tell whether workers have connections, and their requests have come in."""
                return server.under_way["s"] > max(20, sum(asking(worker, server.port) for worker in workers) - 5)

            until(busy, "the round does not begin")
            max(workers, key=lambda worker: asking(worker, server.port)).send_signal(signal.SIGKILL)
            result = polling.result()
        assert (len(result["polled"]), result["failed"], result["new_entries"]) == (120, 0, 360)
        assert len(server.log) > 120, "it was not in the middle of anything"
        again = stage.poll()

    assert (len(again["polled"]), again["failed"], again["new_entries"]) == (120, 0, 0)
    assert stage.rows("SELECT count(*), count(DISTINCT source || ' ' || guid) FROM coverage") == [(360, 360)]
    assert stage.rows("SELECT count(*) FROM stories") == [(360,)]
    assert stage.rows("SELECT count(*), min(n), max(n) FROM (SELECT count(*) AS n FROM polls GROUP BY source_id)") == [
        (120, 2, 2)
    ]


def test_pauses_and_budgets_hold_across_the_workers(dask: Dask, tmp_path: Path) -> None:
    """Each host's requests come one at a time and a pause apart, whichever worker asks it, in two rounds."""

    def script(asked: Asked) -> Act:
        async def act(wire: Wire) -> None:
            under_way[asked.place] += 1
            most[asked.place] = max(most[asked.place], under_way[asked.place])
            await asyncio.sleep(0.05)
            under_way[asked.place] -= 1
            await wire.send(reply(news(asked, asked.rest)).raw)

        return act

    under_way: Counter[tuple[str, int]] = Counter()
    most: Counter[tuple[str, int]] = Counter()
    with running_scripted({"s": script}, hosts=HOSTS) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases(script, 12, 4), over(dask, per_host=1, pause="400ms"))
        outcomes = [one["outcome"] for _ in range(2) for one in stage.poll()["polled"]]

    assert outcomes == ["ok"] * 48 + ["unchanged"] * 48
    assert set(most.values()) == {1}
    for host in HOSTS[:12]:
        times = [asked.at for asked in server.log if asked.place[0] == host]
        assert len(times) == 8
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.25


def test_guard_and_limits_hold_on_a_worker(dask: Dask, tmp_path: Path) -> None:
    """A private address is refused there, also behind a redirect; what is too large, too slow or a bomb is stopped."""
    scripts: dict[str, Script] = {
        "inward": lambda asked: reply(b"", 302, Location=f"http://127.0.0.1:{asked.canary}/"),
        "large": lambda _: reply(b"<rss>" + b" " * 300_000),
        "bomb": lambda _: reply(gzip.compress(b"<rss>" + b" " * 50_000_000), Content_Encoding="gzip"),
        "slow": lambda _: lambda wire: wire.silence(),
        "good": lambda asked: reply(news(asked, 1)),
    }
    with running_scripted(scripts) as server:
        stage = Stage(tmp_path, server)
        those = [Case(name, "", script, nothing) for name, script in scripts.items()]
        those.append(Case("private", "", scripts["good"], nothing, "http://127.0.0.1:{canary}/private"))
        stage.set_up(those, over(dask, max_body="100KB", timeout="4s"))
        outcomes = {one["source"]: one["outcome"] for one in stage.poll()["polled"]}

    assert outcomes == {
        "inward": "refused",
        "large": "too-large",
        "bomb": "too-large",
        "slow": "timeout",
        "good": "ok",
        "private": "refused",
    }
    assert server.touched == []


def test_slow_source_holds_up_its_batch_once(dask: Dask, tmp_path: Path) -> None:
    """Known to be slow, it is in a batch of its own: a daemon's other sources come in while it still hangs."""
    hang: list[bool] = [True]

    def script(asked: Asked) -> Answer | Act:
        return (lambda wire: wire.silence()) if asked.rest == "0-0" else reply(news(asked, asked.rest))

    with running_scripted({"s": script}, hosts=HOSTS) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases(script, 10), over(dask, timeout="3s"))
        stage.poll()
        with ThreadPoolExecutor(1) as thread:
            polling = thread.submit(stage.poll)
            polls = "SELECT count(*) FROM polls"
            until(lambda: stage.rows(polls) == [(19,)], "the others wait for it")
            hang[0] = polling.done()
            polling.result()

    assert hang == [False]
    assert stage.rows("SELECT last_outcome, count(*) FROM sources GROUP BY 1 ORDER BY 1") == [
        ("timeout", 1),
        ("unchanged", 9),
    ]


def test_one_round_without_a_scheduler_is_one_clear_error(house: House, origin: Origin, tmp_path: Path) -> None:
    """Exit code 69, the address and the system's word; nothing is charged. Files need no cluster."""
    origin.feed("/f", rss(item(1)))
    (tmp_path / "feed.xml").write_text(rss(item(2)))
    poll = 'engine = "dask"\nscheduler = "tcp://127.0.0.1:9"'
    house.configure({"f": origin.url("/f"), "file": "feed.xml"}, allow=origin.port, poll=poll)
    done = house.wireroom("poll")
    house.configure({"file": "feed.xml"}, allow=origin.port, poll=poll)
    alone = house.wireroom("poll")

    assert (done.code, done.out) == (69, "")
    assert done.err == (
        "wireroom: no scheduler at tcp://127.0.0.1:9: Connection refused; "
        "start it (docs/cluster.md), or mend [poll] scheduler\n"
    )
    assert (alone.code, alone.err) == (0, "")
    assert house.rows("SELECT s.config_id, p.outcome FROM polls p JOIN sources s ON s.id = p.source_id") == [
        ("file", "ok")
    ]
    assert origin.asked == []


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """Give a cluster of which nothing runs yet."""
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    try:
        yield cluster
    finally:
        cluster.close()


def health(daemon: Any) -> tuple[int, str | None]:
    """Ask how the daemon is → status, trouble."""
    status, _, body = daemon.get("/healthz")
    return status, json.loads(body)["trouble"]


def test_scheduler_that_is_away_is_said_once_and_charges_no_source(house: House, origin: Origin, own: Dask) -> None:
    """Away at the start, there, lost in the middle, back: red health meanwhile, and polling goes on by itself."""
    origin.feed("/f", rss(item(1)))
    poll = f'floor = "0s"\nceiling = "1s"\nengine = "dask"\nscheduler = "{own.address}"'
    house.configure({"f": origin.url("/f")}, allow=origin.port, poll=poll)
    polls = "SELECT count(*) FROM polls"

    with house.daemon() as daemon:
        until(lambda: health(daemon)[0] == 503, "its health is good without a scheduler")
        assert str(health(daemon)[1]).startswith(f"no scheduler at {own.address}: Connection refused; start it")
        own.start_scheduler()
        until(lambda: str(health(daemon)[1]).startswith(f"no worker at {own.address}"), "no word of workers")
        own.start_worker()
        until(lambda: health(daemon) == (200, None), "its health stays bad")
        until(lambda: house.rows(polls)[0][0] > 1, "nothing is polled")
        own.stop_scheduler()
        until(lambda: health(daemon)[0] == 503, "its health is good without its scheduler")
        before = house.rows(polls)
        own.close()
        own.start_scheduler()
        own.start_worker()
        until(lambda: house.rows(polls)[0][0] > before[0][0] + 1, "it does not go on")
        assert health(daemon) == (200, None)
        assert daemon.stop() < 4
        assert daemon.process.returncode == 0

    assert house.rows("SELECT DISTINCT outcome FROM polls ORDER BY 1") == [("ok",), ("unchanged",)]
    assert [line["now"] for line in house.log_lines() if line["event"] == "workers"] == [1, 1], (
        "a worker is not told of"
    )
    told = [line.get("trouble") for line in house.log_lines() if line["event"] == "cluster"]
    assert len([trouble for trouble in told if trouble is None]) == 2
    assert all(one != other for one, other in itertools.pairwise(told)), "the same is said twice"
    assert {line["event"] for line in house.log_lines() if line["level"] == "error"} == {"cluster"}


def test_daemon_stops_at_once_while_a_worker_waits_for_a_source(dask: Dask, tmp_path: Path) -> None:
    """What hangs on a worker keeps no stop, and its poll is not recorded; nothing but the stop is in the log."""
    with running_scripted({"s": lambda _: lambda wire: wire.silence()}, hosts=HOSTS) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases(lambda _: reply(), 5), over(dask, timeout="30s"))
        with stage.daemon() as daemon:
            until(lambda: len(server.log) == 5, "nothing is polled")
            seconds = daemon.stop()

    assert seconds < 4
    assert daemon.process.returncode == 0
    assert [line["event"] for line in stage.log_lines()] == ["serving", "workers", "stopping", "stopped"]
    assert stage.rows("SELECT count(*) FROM polls") == [(0,)]


def test_reload_changes_who_polls(dask: Dask, house: House, origin: Origin) -> None:
    """From this machine to the cluster, to the cluster with other limits, and back, while the daemon runs."""
    origin.feed("/f", rss(item(1)))
    configs = (
        "",
        f'engine = "dask"\nscheduler = "{dask.address}"',
        f'engine = "dask"\nscheduler = "{dask.address}"\nmax_body = "10B"',
        f'engine = "local"\nscheduler = "{dask.address}"',
    )
    outcomes: list[str] = []

    def configure(poll: str) -> None:
        floor = 'floor = "0s"\nceiling = "1s"\n'
        house.configure({"f": origin.url("/f")}, allow=origin.port, poll=floor + poll)

    def reloads() -> int:
        return sum(line["event"] == "config reloaded" for line in house.log_lines())

    def polls() -> int:
        return int(house.rows("SELECT count(*) FROM polls")[0][0])

    configure(configs[0])
    with house.daemon() as daemon:
        for number, poll in enumerate(configs):
            if number:
                configure(poll)
                daemon.process.send_signal(signal.SIGHUP)
                until(lambda number=number: reloads() == number, "it does not reload")  # type: ignore[misc]
            count = polls()
            until(lambda count=count: polls() >= count + 2, "it does not poll")  # type: ignore[misc]
            outcomes += house.rows("SELECT outcome FROM polls ORDER BY id DESC LIMIT 1")[0]
        daemon.stop()

    assert outcomes == ["unchanged", "unchanged", "too-large", "unchanged"]


def test_worker_that_can_not_do_the_work_refuses_it_and_says_why(
    house: House, origin: Origin, own: Dask, tmp_path: Path
) -> None:
    """A daemonic one, one without ours, one of another version: a clear error each; beside a good one, all goes on."""
    from house import ROOT
    from wireroom import __version__

    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, allow=origin.port, poll=f'engine = "dask"\nscheduler = "{own.address}"')
    other = tmp_path / "other"
    for floor in ("wireroom", "ingest", "db", "feeds"):
        (other / floor).mkdir(parents=True)
        for file in (ROOT / floor).glob("*.py"):
            (other / floor / file.name).write_bytes(file.read_bytes())
    (other / "wireroom" / "__init__.py").write_text('__version__ = "0.0.9"\n')
    (tmp_path / "none" / "wireroom").mkdir(parents=True)
    (tmp_path / "none" / "wireroom" / "__init__.py").touch()
    own.start_scheduler()
    said: list[str] = []
    for path, more in ((ROOT, {}), (tmp_path / "none", BY_ITS_OWN_WAY), (other, BY_ITS_OWN_WAY)):
        environment = {**more, "PYTHONPATH": str(path)}
        worker = own.start_worker(environment=environment)
        count = len(said) + 1
        until(lambda count=count: own.log().count("Registered to") >= count, "the worker does not come")  # type: ignore[misc]
        done = house.wireroom("poll")
        said.append(done.out + done.err)
        assert done.code == 69
        if path != other:
            worker.terminate()
            worker.wait()
    own.start_worker()
    until(lambda: own.log().count("Registered to") >= 4, "the worker does not come")
    good = [house.wireroom("poll") for _ in range(2)]

    assert "start it with DASK_DISTRIBUTED__WORKER__DAEMON=False" in said[0]
    assert "No module named 'wireroom.worker'; it needs the same Wireroom as here" in said[1]
    assert "it has Wireroom 0.0.9" in said[2]
    assert f"the daemon {__version__}" in said[2]
    assert "install the same on both" in said[2]
    assert [done.code for done in good] == [0, 0]
    assert house.rows("SELECT outcome FROM polls") == [("ok",), ("unchanged",)]


def test_cluster_listens_at_the_addresses_that_it_was_given(dask: Dask) -> None:
    """Whoever reaches one of its ports can run code: started as documented, it has none elsewhere."""
    started = [psutil.Process(one.pid) for one in (dask.scheduler, *dask.workers) if one is not None]
    family = [*started, *(child for one in started for child in one.children(recursive=True))]
    listening = {str(at.laddr.ip) for one in family for at in one.net_connections("tcp") if at.status == "LISTEN"}

    assert listening == {"127.0.0.1"}


def test_sources_of_one_host_share_its_worker(dask: Dask, tmp_path: Path) -> None:
    """120 sources of one host are polled, though only a few of them may be out at once."""

    def script(asked: Asked) -> Answer:
        return reply(news(asked, asked.rest))

    with running_scripted({"s": script}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases(script, 1, 120), over(dask))
        result = stage.poll()

    assert (len(result["polled"]), result["failed"]) == (120, 0)
    assert server.most_at_once["s"] <= 2
