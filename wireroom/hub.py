"""Our own WebSub hub: who asks to be told of a topic's news is told. IO: network, sqlite."""

from __future__ import annotations

import asyncio
import sqlite3

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.archive import ArchiveError
from feeds.websub_hub import MAX_FORM_BYTES, RefusedAskingError, read_form
from wireroom.engine import Engine
from wireroom.hub_delivery import Deliveries
from wireroom.hub_requests import Requests
from wireroom.pings import Pings

FORM = "application/x-www-form-urlencoded"
READ_S = 10
RETRY_S = 60


class Hub:
    """Takes subscriptions, verifies them, delivers, and tells outside hubs; ``tick`` is run every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.requests = Requests(engine)
        self.deliveries = Deliveries(engine)
        self.pings = Pings(engine)

    def routes(self) -> list[Route]:
        """Make the hub's route, for the daemon's application."""
        return [Route("/hub", self._endpoint, methods=["GET", "POST"])]

    async def _endpoint(self, request: Request) -> Response:
        """Answer a request: 202 where it was taken, before it is verified (5.1.2)."""
        if not self._engine.config.hub:
            return answer(404, "There is no such page.")
        if request.method != "POST":
            return answer(
                405, "This is a WebSub hub: POST hub.mode, hub.topic and hub.callback as a form.", Allow="POST"
            )
        try:
            self.requests.take(read_form(await form_of(request)), asyncio.get_running_loop().time())
        except RefusedAskingError as refused:
            later = {"Retry-After": str(RETRY_S)} if refused.status in (429, 503) else {}
            return answer(refused.status, str(refused), **later)
        except ClientDisconnect:
            return answer(400, "The body broke off.")
        except (ArchiveError, sqlite3.Error):
            return answer(503, "Not now; try again.", **{"Retry-After": str(RETRY_S)})
        return answer(202, "Taken: the callback is asked whether this was meant.")

    async def tick(self) -> None:
        """Begin what is due. Raises what the archive raises, rarely."""
        self.requests.begin()
        now_s = asyncio.get_running_loop().time()
        await self.deliveries.tick(now_s)
        await self.pings.tick(now_s)

    async def close(self) -> None:
        """Break off what is under way: it is in the archive, and sent again."""
        for courier in (self.requests.courier, self.deliveries.courier, self.pings.courier):
            await courier.close()


async def form_of(request: Request) -> bytes:
    """Read a form's bytes. Raises RefusedAskingError, ClientDisconnect."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise RefusedAskingError(415, f"Send a form: Content-Type {FORM}.")
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_FORM_BYTES:
                    raise RefusedAskingError(413, f"The form is longer than {MAX_FORM_BYTES} bytes.")
    except TimeoutError:
        raise RefusedAskingError(408, "The form did not come in time.") from None
    return bytes(body)


def answer(status: int, text: str, **headers: str) -> Response:
    """Make an answer; after a body that was not read to its end the connection is closed."""
    close = {"Connection": "close"} if status in (408, 413, 415) else {}
    return PlainTextResponse(f"{text}\n", status, {"Cache-Control": "no-store", **headers, **close})
