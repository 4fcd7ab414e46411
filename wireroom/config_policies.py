"""The keys of ``[[topic]]`` that say what is shown of it and how, and what is wrong between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from db.output import DAY_S, MAX_BYTES, Edits, Order
from wireroom.units import check_zone, parse_digest, parse_duration, parse_size


class TopicOutput(BaseModel):
    """Keys of ``[[topic]]``."""

    per_source: int | None = Field(default=None, ge=1, le=1000)
    order: Order = "new"
    window: Annotated[float | None, BeforeValidator(parse_duration), Field(gt=0, le=366 * DAY_S)] = (
        None  # a day, where it counts
    )
    full_text: bool = True
    digest: Annotated[tuple[int | None, int, int] | None, BeforeValidator(parse_digest)] = None
    timezone: Annotated[str | None, BeforeValidator(check_zone)] = None  # UTC
    secret: bool = False
    edits: Edits = "announce"
    max_bytes: Annotated[int, BeforeValidator(parse_size), Field(ge=10_000, le=20_000_000)] = MAX_BYTES


def policy_faults(topics: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Find the keys that say nothing without another one, or beside another one, in numbered topics."""
    for n, row in topics:
        has_digest = "digest" in row
        if "window" in row and row.get("order") != "coverage":
            yield ("topic", n, "window"), "is used with an order by coverage only", 'write order = "coverage" too'
        elif "window" in row and has_digest:
            yield ("topic", n, "window"), "says nothing: a digest has its whole period", "take it out"
        if "timezone" in row and not has_digest:
            yield ("topic", n, "timezone"), "is used with a digest only", 'write digest = "07:00" too, or take it out'
        if "full_text" in row and has_digest:
            yield ("topic", n, "full_text"), "says nothing: a digest has summaries", "take it out"
