"""Names that hang hold up nobody: neither quick names nor anything else that is done in threads."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from typing import Any

import pytest

import ingest.lookup
from ingest.lookup import QUICK, SLOW, Lookups

ADDRESS = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))


class NameServer:
    """The C library's look-up: names in ``dead`` hang until the end, other names are there at once."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.hanging: Counter[str] = Counter()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        """Look up, or hang."""
        if host.endswith(".dead"):
            self.hanging[host] += 1
            self.end.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if not host.isascii():
            raise UnicodeError("label empty or too long")
        return [ADDRESS]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put it in the C library's place."""
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    monkeypatch.setattr(ingest.lookup, "PATIENCE_S", 0.2)
    yield server
    server.end.set()


async def test_hanging_names_hold_up_nobody(names: NameServer) -> None:
    """Twice as many dead names as there are places: a quick name waits for the patience of one turn, no more."""
    lookups = Lookups()
    dead = [asyncio.create_task(lookups.resolve(f"h{n}.dead")) for n in range(2 * QUICK)]
    await asyncio.sleep(0)

    began = time.monotonic()
    found = await lookups.resolve("news.example", 80)
    assert time.monotonic() - began < 1.5
    assert [(one["host"], one["port"]) for one in found] == [("192.0.2.1", 80)]
    assert await asyncio.to_thread(int, "1") == 1

    names.end.set()
    ended = await asyncio.gather(*dead, return_exceptions=True)
    assert {type(one) for one in ended} == {socket.gaierror}


async def test_names_that_hung_have_a_lane_of_their_own(names: NameServer) -> None:
    """Asked again they take few places, and none of a quick name; once they answer quickly, they are as others."""
    lookups = Lookups()
    dead = [f"h{n}.dead" for n in range(2 * SLOW)]
    first = [asyncio.create_task(lookups.resolve(name)) for name in dead]
    await asyncio.sleep(0.5)
    again = [asyncio.create_task(lookups.resolve(name)) for name in dead]
    await asyncio.sleep(0.1)

    assert sum(names.hanging.values()) == len(dead) + SLOW
    began = time.monotonic()
    await lookups.resolve("news.example")
    assert time.monotonic() - began < 0.15

    names.end.set()
    await asyncio.gather(*first, *again, return_exceptions=True)
    before = sum(names.hanging.values())
    await asyncio.gather(*(lookups.resolve(name) for name in dead), return_exceptions=True)
    assert sum(names.hanging.values()) == before + len(dead)


async def test_what_is_no_name_is_an_error(names: NameServer) -> None:
    """The error comes as it is."""
    with pytest.raises(UnicodeError):
        await Lookups().resolve("x…")
    assert not names.hanging
