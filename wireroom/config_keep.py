"""The keys of ``[keep]``, and of a source's own ``keep``: what each may be, what is wrong between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from db.keeping import FOREVER, LEAST, Except, Keep
from wireroom.config_tags import KIND
from wireroom.units import QUANTITY, parse_duration

DAY_S = 86_400
YEAR_S = 365 * DAY_S
LEAST_LOG_S = 7 * DAY_S
POLLS_S = 90 * DAY_S
"""So long the log of polls is kept, if nothing else is said: of a thousand sources it grows by some 2 GB a year."""


def parse_age(value: object) -> float:
    """Read an age → seconds. ``"forever"``, and ``y`` for 365 days, are known here too. Raises ValueError."""
    if value == "forever":
        return FOREVER
    years = QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if years is not None and years[2] == "y":
        return float(years[1]) * YEAR_S
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError(
            f'{value!r} is no age|write a number and d or y in quotes, such as "90d", or "forever"'
        ) from None


def check_age(value: object) -> float:
    """Check for how long stories are kept."""
    age = parse_age(value)
    if age < LEAST.total_seconds():
        raise ValueError(
            f"{value!r} is too short: copies of a story are looked for in {LEAST.days} days, and would be told of as "
            f'news|write "{LEAST.days}d" or more'
        )
    return age


def check_log_age(value: object) -> float:
    """Check for how long a log is kept."""
    age = parse_age(value)
    if age < LEAST_LOG_S:
        raise ValueError(f'{value!r} is too short: what is wrong with a source is told from it|write "7d" or more')
    return age


def check_except(value: object) -> str:
    """Check what is kept for ever."""
    text = value if isinstance(value, str) else ""
    kind, colon, name = text.removeprefix("tagged:").partition(":")
    if text in ("published", "pinned") or (
        text.startswith("tagged:") and colon and name and KIND.fullmatch(kind) and not set(name) & set("[?")
    ):
        return text
    raise ValueError(f'{value!r} can\'t be excepted|write "published", "pinned", "tagged:kind:name" or "tagged:kind:*"')


def check_own(value: object) -> object:
    """Check that what a source says of keeping is a table."""
    if not isinstance(value, dict):
        raise ValueError(f'{value!r} is no table|write keep = {{ stories = "90d" }}, also with bodies and newest')
    return value


Age = Annotated[float, BeforeValidator(check_age)]
LogAge = Annotated[float, BeforeValidator(check_log_age)]
Count = Annotated[int, Field(ge=1, le=10**9)]


class OwnKeep(BaseModel):
    """``keep`` of a ``[[source]]``: what is given takes the place of what ``[keep]`` says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    stories: Age | None = None
    bodies: Age | None = None
    newest: Count | None = None


class KeepTable(BaseModel):
    """``[keep]``: ages in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    stories: Age = FOREVER
    bodies: Age = FOREVER
    newest: Count | None = None
    revisions: Age = FOREVER
    polls: LogAge = POLLS_S
    excepted: list[Annotated[str, BeforeValidator(check_except)]] = Field(
        default_factory=lambda: ["published", "pinned"], alias="except"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """What is kept for how long, seconds: of all sources that say nothing else, of all revisions, of the log."""

    of_all: Keep = Keep()  # noqa: RUF009 - it is frozen
    revisions_s: float = FOREVER
    polls_s: float = POLLS_S
    excepted: Except = Except()  # noqa: RUF009


def keep_settings(table: KeepTable) -> KeepSettings:
    """Make what ``[keep]`` says."""
    return KeepSettings(
        of_all=Keep(stories_s=table.stories, bodies_s=table.bodies, per_source=table.newest),
        revisions_s=table.revisions,
        polls_s=table.polls,
        excepted=Except(
            published="published" in table.excepted,
            pinned="pinned" in table.excepted,
            tagged=tuple(one.removeprefix("tagged:") for one in table.excepted if one.startswith("tagged:")),
        ),
    )


def own_keep(own: OwnKeep | None, of_all: Keep) -> Keep | None:
    """Make what is kept of a source that says so itself; None: it says nothing."""
    if own is None:
        return None
    return Keep(
        stories_s=of_all.stories_s if own.stories is None else own.stories,
        bodies_s=of_all.bodies_s if own.bodies is None else own.bodies,
        per_source=of_all.per_source if own.newest is None else own.newest,
    )


def keep_faults(raw: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Find HTML that is kept longer than its story."""
    above = raw.get("keep")
    given: dict[str, Any] = above if isinstance(above, dict) else {}
    sources = raw.get("source")
    tables: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [(("keep", "bodies"), given)]
    for n, row in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(row, dict) and isinstance(row.get("keep"), dict):
            tables.append((("source", n, "keep", "bodies"), row["keep"]))
    for where, table in tables:
        if "bodies" not in table:
            continue
        try:
            bodies, stories = (parse_age(table.get(key, given.get(key, "forever"))) for key in ("bodies", "stories"))
        except ValueError:
            continue
        if stories < bodies < FOREVER:
            yield where, "is longer than stories are kept", "write a shorter one, or take it out"
