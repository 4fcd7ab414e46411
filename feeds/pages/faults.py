"""What goes wrong is told to a person as a page, and to programs in plain text, whoever of us says it. IO: network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feeds.pages.environment import written
from feeds.pages.links import root_of
from feeds.policy import PAGE, page_policy

TITLES = {
    400: "That can’t be asked",
    403: "That is not allowed",
    404: "There is no such page",
    405: "That can’t be done here",
    410: "It is not here any more",
    413: "That is too much",
    414: "That address is too long",
    429: "Too many requests",
    431: "That is too much",
    500: "Something is wrong here",
    503: "Not now",
}
MAX_WHY = 2000
REPLACED = frozenset({b"content-type", b"content-length", b"content-security-policy", b"content-encoding", b"vary"})
OURS = frozenset(name.lower().encode() for name, _ in PAGE)


class FaultPages:
    """Turns an answer that says in plain text what is wrong into a page, where a browser asked to show it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is asked; of the answer, what is a fault in plain text becomes a page."""
        if scope["type"] != "http" or not for_a_person(scope["headers"]):
            await self._app(scope, receive, send)
            return
        held: dict[str, Any] = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and is_fault(message):
                held.update(message, body=b"")
            elif message["type"] == "http.response.body" and held:
                held["body"] += message.get("body", b"")[: MAX_WHY - len(held["body"])]
                if not message.get("more_body"):
                    await told(scope, held, send)
            else:
                await send(message)

        await self._app(scope, receive, sending)


def for_a_person(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether a browser asks, to show the answer."""
    return any(name == b"accept" and b"text/html" in value for name, value in headers)


def is_fault(message: Message) -> bool:
    """Tell whether an answer says in plain text what is wrong."""
    plain = any(
        name.lower() == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"]
    )
    return plain and message["status"] in TITLES


async def told(scope: Scope, held: dict[str, Any], send: Send) -> None:
    """Send the page instead."""
    body = fault_bytes(held["status"], held["body"].decode("utf-8", "replace").strip(), root_of(scope["path"]))
    headers = [pair for pair in held["headers"] if pair[0].lower() not in REPLACED | OURS]
    headers += [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", page_policy().encode()),
        (b"vary", b"Accept"),
        *((name.lower().encode(), value.encode()) for name, value in PAGE),
    ]
    await send({"type": "http.response.start", "status": held["status"], "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


@lru_cache(maxsize=64)
def fault_bytes(status: int, why: str, root: str) -> bytes:
    """Write the page; kept, for those who ask much too often."""
    return written(
        "fault.html",
        root=root,
        path="",
        now=None,
        session=None,
        csrf=None,
        can_sign_in=False,
        static=False,
        code=status,
        title=TITLES[status],
        why=why,
    )
