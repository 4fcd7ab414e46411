"""Connections: literal addresses, names with one address or several, TLS; the guard sees each; in both event loops."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ingest.connect
from ingest.connect import Connector, NoConnectionError
from ingest.exchange import Exchange
from ingest.guard import AddressRefusedError, Allowed, Guard
from wireroom.loop import run as run_in_our_loop

Run = Callable[..., Any]


class Names:
    """The C library's look-up, with names of our own; it counts."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """Look up."""
        self.asked[host] += 1
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in self.known[host]
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Put it in the C library's place."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    return made


@pytest.fixture(params=[asyncio.run, run_in_our_loop], ids=["asyncio", "ours"])
def run(request: pytest.FixtureRequest) -> Run:
    """Give what runs a loop: asyncio's own, and the one that the program uses."""
    return request.param  # type: ignore[no-any-return]


async def serving(
    use: Callable[[Connector, int], Awaitable[Any]],
    *,
    address: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    allow: str = "127.0.0.0/8",
) -> tuple[Any, int]:
    """Run a server that hangs up on everybody while ``use`` runs → what that gives, how many connections came."""
    came = 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        writer.close()

    server = await asyncio.start_server(serve, address, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    connector = Connector(Guard([Allowed(ipaddress.ip_network(allow), port)]))
    try:
        async with asyncio.timeout(10):
            return await use(connector, port), came
    finally:
        server.close()


async def reach(connector: Connector, host: str, port: int, *, secure: bool = False) -> str:
    """Connect, and wait for the end → the address that was reached."""
    exchange = Exchange(b"GET / HTTP/1.1\r\n\r\n", 100)
    await connector.connect(exchange, host, port, secure=secure)
    assert exchange._transport is not None
    peer: str = exchange._transport.get_extra_info("peername")[0]
    exchange.close()
    return peer


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1.", "127.1", "localhost"])
def test_literal_or_name_is_reached(host: str, run: Run) -> None:
    """In whatever spelling, if it is allowed."""
    peer, _ = run(serving(lambda connector, port: reach(connector, host, port)))

    assert peer == "127.0.0.1"


def test_literal_needs_no_look_up(names: Names, run: Run) -> None:
    """No name server is asked for an address."""
    run(serving(lambda connector, port: reach(connector, "127.0.0.1", port)))

    assert not names.asked


def test_name_is_looked_up_once(names: Names, run: Run) -> None:
    """Twenty sources of one host at once, and again: one look-up; one that failed is asked again."""
    names.known["one.example"] = ["127.0.0.1"]

    async def crowd(connector: Connector, port: int) -> None:
        for _ in range(2):
            await asyncio.gather(*(reach(connector, "one.example", port) for _ in range(20)))
        for _ in range(2):
            with pytest.raises(NoConnectionError, match="not known"):
                await reach(connector, "none.example", port)

    run(serving(crowd))
    assert names.asked == {"one.example": 1, "none.example": 2}


def test_addresses_are_kept_for_a_minute_only(names: Names, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that moves is found again."""
    monkeypatch.setattr(ingest.connect, "KEPT_S", 0)
    names.known["one.example"] = ["127.0.0.1"]

    async def twice(connector: Connector, port: int) -> None:
        await reach(connector, "one.example", port)
        await reach(connector, "one.example", port)

    run(serving(twice))
    assert names.asked["one.example"] == 2


def test_one_who_leaves_does_not_end_the_look_up_of_others(names: Names, run: Run) -> None:
    """The first to ask is broken off: the others get their answer."""
    names.known["one.example"] = ["127.0.0.1"]

    async def crowd(connector: Connector, port: int) -> str:
        first, second = (asyncio.create_task(reach(connector, "one.example", port)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    peer, _ = run(serving(crowd))
    assert (peer, names.asked["one.example"]) == ("127.0.0.1", 1)


def test_of_several_addresses_one_that_answers_is_taken(names: Names, run: Run) -> None:
    """Nobody listens at the first two."""
    names.known["many.example"] = ["127.0.0.3", "127.0.0.4", "127.0.0.1"]

    peer, _ = run(serving(lambda connector, port: reach(connector, "many.example", port)))

    assert peer == "127.0.0.1"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["127.0.0.1", "127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::1", "127.0.0.1"], ["::ffff:127.0.0.1"]],
)
def test_no_name_leads_past_the_guard(addresses: list[str], names: Names, run: Run) -> None:
    """Each address is looked at, whichever would be tried first."""
    names.known["evil.example"] = addresses

    async def refused(connector: Connector, port: int) -> None:
        with pytest.raises(NoConnectionError, match="is not a public address") as caught:
            await reach(connector, "evil.example", port)
        assert len(addresses) > 1 or isinstance(caught.value.os_error, AddressRefusedError)

    _, came = run(serving(refused, allow="192.0.2.0/24"))
    assert came == 0


@pytest.mark.parametrize("host", ["fe80::1%25lo", "::1%25lo", "::1%lo"])
def test_zone_leads_not_past_the_guard(host: str, run: Run) -> None:
    """Link-local addresses with a zone are refused before anything is looked up."""

    async def refused(connector: Connector, port: int) -> None:
        with pytest.raises(NoConnectionError) as caught:
            await reach(connector, host, port)
        assert isinstance(caught.value.os_error, AddressRefusedError)

    run(serving(refused))


def test_refusal_is_told_in_the_systems_words(run: Run) -> None:
    """The same in both loops."""

    async def fails(connector: Connector, _: int) -> str:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            free = taken.getsockname()[1]
            connector._guard = Guard([Allowed(ipaddress.ip_network("127.0.0.0/8"), free)])
            with pytest.raises(NoConnectionError) as caught:
                await reach(connector, "127.0.0.1", free)
        return str(caught.value.os_error).replace(str(free), "PORT")

    told, _ = run(serving(fails))
    assert told == "[Errno 111] 127.0.0.1 port PORT: Connection refused"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a throw-away certificate for one name and one address."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=x", "-addext", "subjectAltName=DNS:good.example,IP:127.0.0.1"]
    subprocess.run([*make, *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


@pytest.fixture
def tls(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """Give a server's context, which we trust while the test runs."""
    key, cert = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    ingest.connect.tls.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    yield context
    ingest.connect.tls.cache_clear()


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("host", "addresses", "good"),
    [
        ("127.0.0.1", [], True),
        ("good.example", ["127.0.0.1"], True),
        ("good.example.", ["127.0.0.1"], True),
        ("good.example", ["127.0.0.3", "127.0.0.1"], True),
        ("bad.example", ["127.0.0.1"], False),
        ("bad.example", ["127.0.0.3", "127.0.0.1"], False),
    ],
)
def test_certificate_must_name_the_host(
    host: str, addresses: list[str], good: bool, names: Names, tls: ssl.SSLContext, run: Run
) -> None:
    """Whether the address is written, looked up, or one of several."""
    names.known[host] = addresses

    async def use(connector: Connector, port: int) -> str:
        try:
            return await reach(connector, host, port, secure=True)
        except NoConnectionError as error:
            return str(error.os_error)

    said, _ = run(serving(use, tls=tls))

    assert said == "127.0.0.1" if good else "CERTIFICATE_VERIFY_FAILED" in said
