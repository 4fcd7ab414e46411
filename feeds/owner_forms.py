"""What the owner sends, a form or JSON, and what it asks of the daemon. IO: network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

MAX_BYTES = 65_536
BODY_S = 10
MAX_FIELDS = 50
MAX_CHARS = 2000
"""Of one field: an address, or a query."""
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

Fields = dict[str, str]


class FormError(Exception):
    """What was sent can't be read, or is not enough; ``status`` says so to programs."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def read_fields(request: Request, *, program: bool) -> Fields:
    """Read the fields of a form, or of a JSON object where a program sent it. Raises FormError.

    JSON from a browser is refused: what it sends without our form can't be told from another site's.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != FORM and not (program and kind == JSON):
        raise FormError(f"send it as {JSON if program else FORM}", 415)
    body = await read_body(request)
    try:
        fields = from_json(body) if kind == JSON else from_form(body)
    except (ValueError, RecursionError):
        raise FormError("what was sent can't be read") from None
    if any(len(value) > MAX_CHARS for value in fields.values()):
        raise FormError(f"no field may have more than {MAX_CHARS:,} characters", 413)
    return fields


async def read_body(request: Request) -> bytes:
    """Read what was sent. Raises FormError where it is too much, or does not come."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length[:12]) > MAX_BYTES:
        raise FormError("this is too much for a form", 413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise FormError("this is too much for a form", 413)
    except TimeoutError:
        raise FormError("the form did not come in time", 408) from None
    except ClientDisconnect:
        raise FormError("the form broke off") from None
    return bytes(body)


def from_form(body: bytes) -> Fields:
    """Read a form's fields; of one that is there twice, the last. Raises ValueError."""
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MAX_FIELDS,
        errors="strict",
    )  # fmt: skip
    return dict(pairs)


def from_json(body: bytes) -> Fields:
    """Read an object of strings, numbers, truth values and lists of strings, as a form has them. Raises ValueError."""
    said = json.loads(body)
    if not isinstance(said, dict) or len(said) > MAX_FIELDS:
        raise ValueError
    return {name: as_field(value) for name, value in said.items() if value is not None}


def as_field(value: object) -> str:
    """Write a value of JSON as a form has it."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int | str):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    raise ValueError


def wish(do: str, fields: Fields) -> dict[str, Any]:
    """Turn fields into what is asked of the daemon, as its side door takes it. Raises FormError."""
    told = {name: value.strip() for name, value in fields.items()}
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "pin": lambda: {"story": need(told, "story"), "topic": need(told, "topic")},
        "unpin": lambda: {"story": need(told, "story"), "topic": need(told, "topic")},
        "hide": lambda: {"story": need(told, "story"), "topic": told.get("topic") or None},
        "unhide": lambda: {"story": need(told, "story"), "topic": told.get("topic") or None},
        "tag": lambda: {"story": need(told, "story"), "tags": listed(need(told, "tags"))},
        "untag": lambda: {"story": need(told, "story"), "tags": listed(need(told, "tags"))},
        "lead": lambda: {"story": need(told, "story"), "entry": number(told, "entry")},
        "merge": lambda: {"stories": [need(told, "story"), need(told, "other")]},
        "split": lambda: {"story": need(told, "story"), "entry": number(told, "entry", needed=True)},
        "undo": lambda: {"decision": number(told, "decision")},
        "poll": lambda: {"sources": [need(told, "source")], "due": False},
        "add": lambda: {
            "url": need(told, "url"),
            "id": told.get("id") or None,
            "tags": listed(told.get("tags", "")),
            "every": told.get("every") or None,
            "dry_run": bool(told.get("look")),
        },
    }
    return {"do": do, "by": "owner (web)", **makers[do]()}


WORDS = ("pin", "unpin", "hide", "unhide", "tag", "untag", "lead", "merge", "split", "undo", "poll", "add")


def need(told: Fields, name: str) -> str:
    """Give a field that must be there. Raises FormError."""
    value = told.get(name)
    if not value:
        raise FormError(f"{name} is missing")
    return value


def number(told: Fields, name: str, *, needed: bool = False) -> int | None:
    """Give a field that is a number. Raises FormError."""
    value = need(told, name) if needed else told.get(name)
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) < 19 and int(value) > 0):
        raise FormError(f"{name} must be a number, not {value[:40]!r}")
    return int(value)


def listed(text: str) -> list[str]:
    """Part what is written with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
