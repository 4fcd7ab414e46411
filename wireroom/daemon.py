"""The daemon: poll, publish, serve, until it is told to stop. IO: network, sqlite, files, signals."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from feeds.api import api_routes
from feeds.counted import Served
from feeds.health import health_routes
from feeds.live import live_routes
from feeds.metrics import metrics_routes
from feeds.owner import owner_routes
from feeds.pages.routes import page_routes
from feeds.serve import make_app
from ingest.memory import give_back_large_blocks
from wireroom.archive_watch import ArchiveWatch
from wireroom.backup_job import BackupJob
from wireroom.beat import beating
from wireroom.callback import callback_routes
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.control import control_server
from wireroom.due import do_due
from wireroom.engine import Engine
from wireroom.garbage import keep_what_is_there, uncollected
from wireroom.health_feed import HealthFeed
from wireroom.hub import Hub
from wireroom.keep import Keeper
from wireroom.log import Log
from wireroom.metrics import Metrics
from wireroom.notify import EXTEND_S, notifier_here
from wireroom.orders import carry_out
from wireroom.regroup import go_on
from wireroom.reload import Reloader
from wireroom.site import DaemonSite, Do
from wireroom.subscriber import Subscriber
from wireroom.trials import log_failing
from wireroom.upkeep import Upkeep
from wireroom.visitors import Visitor, raise_descriptors
from wireroom.vitals import Vitals
from wireroom.webhooks import Webhooks

THREADS = 16
STOP_S = 8
"""A stop takes no longer than this: what is still under way is then broken off."""


class ListenError(Exception):
    """The address to serve at can't be had."""


async def run_daemon(config: Config, log: Log) -> None:
    """Poll, publish and serve until SIGTERM or SIGINT. Raises ArchiveError, ListenError.

    The caller holds the archive's lock. SIGHUP reloads the config file; a bad one changes nothing.
    """
    give_back_large_blocks()
    raise_descriptors()
    listener = bind(config)
    stop, hup = asyncio.Event(), asyncio.Event()
    engine = Engine(config, log)
    engine.notifier = notifier_here()
    failed = engine.writer.guard.failed  # done when nothing can be written any more
    with (
        contextlib.closing(listener),
        signals(stop, hup),
        own_threads(lambda: failed.result().code if failed.done() else 0),
    ):
        reloader = Reloader(engine)
        door = functools.partial(carry_out, engine, reloader)
        try:
            if await started(engine, stop):
                async with control_server(config.archive, door):
                    reloading = asyncio.create_task(reloader.on(hup))
                    try:
                        await serve(engine, listener, stop, functools.partial(door, progress=lambda *_: None))
                    finally:
                        reloading.cancel()
                log.info("stopping")
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await engine.close()
        if not failed.done():
            log.info("stopped")
    if failed.done():
        log.error("stopped", error=str(failed.result()))
        raise failed.result()


async def started(engine: Engine, stop: asyncio.Event) -> bool:
    """Open the archive and publish what is not yet → False where a stop came first. Raises ArchiveError."""

    async def begin() -> None:
        with uncollected():
            await engine.start()
            keep_what_is_there()
        await engine.press.begin()
        await asyncio.to_thread(log_failing, engine.config, engine.log, utc_now())

    beginning, stopping = asyncio.create_task(begin()), asyncio.create_task(stop.wait())
    ended: Collection[asyncio.Task[Any]] = ()
    while not ended:
        engine.notifier.starting("opening the archive, publishing what is not yet")
        ended, _ = await asyncio.wait({beginning, stopping}, timeout=EXTEND_S / 2, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not beginning.done():
        beginning.cancel()
        return False
    await beginning
    return True


def bind(config: Config) -> socket.socket:
    """Take the address that the config names, before anything else is begun."""
    try:
        family = socket.getaddrinfo(config.listen_host, config.listen_port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.listen_host, config.listen_port))
    except OSError as error:
        raise ListenError(
            f"{config.listen_host}:{config.listen_port}: can't listen there: {error.strerror}; "
            "stop what does, or choose another [wireroom] listen"
        ) from error
    listener.listen(256)
    listener.setblocking(False)
    return listener


@contextlib.contextmanager
def signals(stop: asyncio.Event, hup: asyncio.Event) -> Iterator[None]:
    """Turn signals into events while the body runs; a second SIGTERM or SIGINT ends the process at once."""
    loop = asyncio.get_running_loop()

    def stopped(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped, number)
    loop.add_signal_handler(signal.SIGHUP, hup.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # there is nothing left that could reload


@contextlib.contextmanager
def own_threads(code: Callable[[], int]) -> Iterator[None]:
    """Give what is done in threads (files, the start of workers) some that a stop does not wait for; the exit code.

    A file on a server that is gone may hang for longer than a stop may take. By then all else is done and on disk, so
    the process ends without waiting for it.
    """
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="own")
    asyncio.get_running_loop().set_default_executor(threads)
    yield
    threads.shutdown(wait=False, cancel_futures=True)
    for _ in range(10):
        if not any(thread.name.startswith("own") for thread in threading.enumerate()):
            return
        time.sleep(0.05)
    logging.shutdown()
    os._exit(code())


class Server(uvicorn.Server):
    """uvicorn inside our loop: the signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def over(engine: Engine) -> None:
    """Wait until nothing can be written any more."""
    await asyncio.shield(asyncio.wrap_future(engine.writer.guard.failed))


async def serve(engine: Engine, listener: socket.socket, stop: asyncio.Event, do: Do) -> None:
    """Run the scheduler's few jobs and the HTTP server until ``stop`` is set; ``do``: what the owner asks."""
    log = engine.log
    subscriber, hub, webhooks = Subscriber(engine), Hub(engine), Webhooks(engine)
    vitals, served = Vitals(engine), Served()
    site = DaemonSite(engine, do, vitals.health)
    metrics = Metrics(engine, vitals, served, site.readers)
    engine.pulse = vitals.pulse
    routes = [
        *callback_routes(subscriber),
        *hub.routes(),
        *page_routes(site),
        *live_routes(site),
        *health_routes(site),
        *metrics_routes(site, metrics.page),
        *api_routes(site),
        *owner_routes(site),
    ]
    server = Server(
        uvicorn.Config(
            make_app(
                site, routes, listen=engine.config.listen_host, proxies=lambda: engine.config.proxies, served=served
            ),
            http=Visitor,
            ws="none",
            proxy_headers=False,  # it would believe whoever is on this machine; feeds/clients.py knows whom to believe
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=15,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await engine.tick()
    log.info(
        "serving", address=engine.config.base_url, sources=len(engine.config.sources), topics=len(engine.config.topics)
    )
    engine.notifier.ready(vitals.status())
    stopping = asyncio.create_task(stop.wait())
    failing = asyncio.create_task(over(engine))
    jobs: dict[str, Callable[[], Awaitable[object]]] = {
        "tick": functools.partial(vitals.look, engine.tick),
        "digests": engine.digester.tick,
        "publish": vitals.publish,
        "websub": subscriber.tick,
        "hub": hub.tick,
        "webhooks": webhooks.tick,
        "health": HealthFeed(engine).tick,
        "upkeep": Upkeep(engine).tick,
        "keep": Keeper(engine).tick,
        "archive": ArchiveWatch(engine).tick,
        "backup": BackupJob(engine).tick,
        "due": functools.partial(do_due, engine),
        "regroup": functools.partial(go_on, engine),
        "watchdog": vitals.tick,
    }
    try:
        async with beating(jobs, log):
            await asyncio.wait({stopping, serving, failing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        engine.notifier.stopping()
        stopping.cancel()
        failing.cancel()
        server.should_exit = True
        await serving
        await subscriber.close()
        await hub.close()
        await webhooks.close()
        await site.close()
