"""Shared fixtures, and what happens to tests that need a Debian program which is not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from house import House
from origin import Origin, running_origin

DEBIAN = {
    "newsboat": "newsboat",
    "sfeed": "sfeed",
    "r2e": "rss2email",
    "nginx": "nginx-light",
    "chromium": "chromium",
    "openssl": "openssl",
    "strace": "strace",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mkfs.ext4": "e2fsprogs",
    "faketime": "faketime",
}
"""Programs that some tests need → the Debian package that has them."""


FIRST = """
curation cluster power_cuts decisions faults_clock faults_disk behaviours_long websub_daemon browser_xss browser
topics_apart pipeline retag faults_signals behaviours_run changes regroup websub_push upgrade daemon add kill
faults_network decide faults_limits backup faults_archive verify service defuse secret topics_published
faults_flood diff readers workers faults_publish samples archive_pages topic_policy trials entities verdicts
datasette behaviours_moves outage sieve search config_queries front import export feedparser_documents beat twins
faults_lock sql preview compare keep query_property waiting in_force kill_grouping batch behaviours_hostile
behaviours_errors
"""
"""Files that take longest: begun first, they are not what all others wait for at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all else stays as it was."""
    rank = {f"test_{name}": n for n, name in enumerate(FIRST.split())}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the one marker."""
    config.addinivalue_line("markers", "needs(program): skipped where the program is not installed")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under `make test-all` fail, a test whose program is missing; name what to install."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program) is None:
                message = f"{item.name}: {program} is not installed: apt-get install {DEBIAN[program]}"
                if os.environ.get("WIREROOM_TEST_ALL"):
                    pytest.fail(message, pytrace=False)
                pytest.skip(message)


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[None]:
    """Run one cluster for all tests where WIREROOM_ENGINE=dask says so; each config that is written then names it."""
    if os.environ.get("WIREROOM_ENGINE") != "dask":
        yield
        return
    from dask_cluster import running_dask

    with running_dask() as dask:
        os.environ["WIREROOM_TEST_SCHEDULER"] = dask.address
        yield
        del os.environ["WIREROOM_TEST_SCHEDULER"]


@pytest.fixture
def origin() -> Iterator[Origin]:
    """Run an origin server."""
    with running_origin() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a Wireroom of its own."""
    return House(tmp_path)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Give a folder where fsync costs nothing: a kill, unlike a power cut, takes nothing that was written."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)
