"""A batch, run by any executor; which worker asks which hosts."""

from __future__ import annotations

import ipaddress
import multiprocessing
import pickle
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest

from ingest.batch import Limits, Undone, poll_batch
from ingest.collect import Collected, Task
from ingest.digest import DIGEST_VERSION
from ingest.fetched import Wanted
from ingest.guard import Allowed
from ingest.route import home_of
from origin import Answer, Asked, Origin, item, rss
from wireroom import __version__
from wireroom.worker import do_batch

LIMITS = Limits(user_agent="Test/1", allow=(), per_host=2, pause_s=0, timeout_s=5, max_body_bytes=100_000, workers=1)


def limits(origin: Origin, pause_s: float = 0, user_agent: str = "Test/1") -> Limits:
    """Give limits that let the origin be asked."""
    place = Allowed(ipaddress.ip_network("127.0.0.1"), origin.port)
    return Limits(
        user_agent=user_agent,
        allow=(place,),
        per_host=2,
        pause_s=pause_s,
        timeout_s=5,
        max_body_bytes=100_000,
        workers=1,
    )


def task(url: str) -> Task:
    """Make the task of a new source."""
    return Task(source="s", domain=None, url=url, wanted=Wanted(url=url))


def collected(found: list[Collected | Undone]) -> list[Collected]:
    """Expect that all were done."""
    assert all(isinstance(one, Collected) for one in found), found
    return [one for one in found if isinstance(one, Collected)]


@pytest.mark.parametrize(
    "make",
    [
        partial(ThreadPoolExecutor, 1),
        partial(ProcessPoolExecutor, 1, multiprocessing.get_context("spawn")),
    ],
    ids=["thread", "process"],
)
def test_any_executor_does_a_batch(origin: Origin, make: partial[Executor]) -> None:
    """What each task brought comes back in order, from a thread here or from another process; a bad one harms none."""
    origin.feed("/a", rss(item(1), item(2)))
    tasks = [task(origin.url(path)) for path in ("/a", "/none")] + [task("http://127.0.0.1:9/")]

    with make() as executor:
        good, missing, refused = collected(executor.submit(poll_batch, tasks, limits(origin)).result())

    assert good.document is not None
    assert [entry.raw_id for entry in good.document.entries] == ["id-1", "id-2"]
    assert (good.fetched.body, good.fetched.outcome) == (None, "ok")
    assert (missing.fetched.outcome, missing.document) == ("http-error", None)
    assert refused.fetched.outcome == "refused"


def test_batch_says_how_long_each_result_has_lain(origin: Origin) -> None:
    """A quick one waits for the slow one of its batch, and its fetch is dated by that."""
    import threading

    release = threading.Event()

    def slow(_: Asked) -> Answer:
        release.wait(0.5)
        return Answer(status=500)

    origin.feed("/quick", rss(item(1)))
    origin.routes["/slow"] = slow
    quick, late = collected(poll_batch([task(origin.url("/quick")), task(origin.url("/slow"))], limits(origin)))

    assert quick.waited_s > late.waited_s
    assert quick.waited_s + quick.fetched.took_s > 0.4


def test_other_limits_keep_the_pauses_of_hosts(origin: Origin) -> None:
    """A config that is read anew is no reason to ask a host again at once."""
    import time

    times = []

    def note(_: Asked) -> Answer:
        times.append(time.monotonic())
        return Answer(status=500)

    origin.routes["/f"] = note
    for agent in ("Test/1", "Test/2"):
        poll_batch([task(origin.url("/f"))], limits(origin, pause_s=0.5, user_agent=agent))

    assert [asked.headers["User-Agent"] for asked in origin.asked] == ["Test/1", "Test/2"]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.4


def test_date_to_come_back_counts_by_the_clock_of_who_asks(origin: Origin) -> None:
    """A date in Retry-After gives the same seconds on a machine whose clock is a year wrong."""
    now = datetime.now(UTC) + timedelta(days=365)
    date = f"{now + timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT"
    origin.routes["/later"] = Answer(status=503, headers={"Retry-After": date})

    (later,) = collected(poll_batch([task(origin.url("/later"))], limits(origin), now))

    assert later.fetched.retry_after_s == pytest.approx(3600, abs=60)


def test_worker_of_another_version_does_not_even_look_at_a_batch() -> None:
    """Either version counts; both are named, and the mend."""
    for version, digest_version in ((__version__, DIGEST_VERSION + 1), ("0.0.9", DIGEST_VERSION)):
        refused = do_batch(version, digest_version, b"no pickle")["refused"]
        assert f"it has Wireroom {__version__} (digest {DIGEST_VERSION})" in refused
        assert f"the daemon {version} (digest {digest_version}); install the same" in refused


def test_what_a_task_and_its_result_hold_can_be_sent(origin: Origin) -> None:
    """A task and what it brought are the same after the way."""
    origin.feed("/a", rss(item(1)))
    (found,) = collected(poll_batch([task(origin.url("/a"))], limits(origin)))

    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps((task("http://x.example/"), LIMITS))) == (task("http://x.example/"), LIMITS)


def test_worker_that_goes_moves_only_its_own_domains() -> None:
    """Domains are spread evenly; of three workers one that goes moves a third, one that comes takes a quarter."""
    workers = [f"tcp://10.0.0.{n}:4000" for n in range(4)]
    keys = [f"site{n}.example" for n in range(3000)]
    of_three = {key: home_of(key, workers[:3]) for key in keys}
    of_two = {key: home_of(key, workers[:2]) for key in keys}
    of_four = {key: home_of(key, workers) for key in keys}

    assert all(850 < count < 1150 for count in Counter(of_three.values()).values())
    assert {of_three[key] for key in keys if of_two[key] != of_three[key]} == {workers[2]}
    assert {of_four[key] for key in keys if of_four[key] != of_three[key]} == {workers[3]}
