"""The tables of the config file: their keys, what each may be, and the mend where it is not. Pure.

A check raises ValueError("problem|mend"); ``config.py`` turns that into a fault with its line.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db.model import Dedupe, Level
from db.packing import Packing
from db.query import parse
from db.query_faults import QueryError
from db.query_values import LANGUAGE
from feeds.webhook_message import key_of
from ingest.guard import Allowed
from wireroom.config_addresses import (
    check_base_url,
    check_network,
    check_scheduler,
    check_url,
    check_web_address,
    parse_allow,
    parse_listen,
)
from wireroom.config_keep import KeepTable, OwnKeep, check_own
from wireroom.config_policies import TopicOutput
from wireroom.config_tags import check_category_tag, check_kind, check_name, check_tag, check_tag_name, exactly
from wireroom.units import parse_duration, parse_size

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def check_contact(value: object) -> str:
    """Check what stands in the User-Agent: plain ASCII, since it is a header."""
    if not isinstance(value, str) or not all(" " <= char <= "~" for char in value):
        raise ValueError(f"{value!r} can't stand in a header|write an address in plain ASCII, in quotes")
    return value


def check_token(value: object) -> str:
    """Check a secret of the owner's: long enough that nobody finds it by trying. It is never shown."""
    if not isinstance(value, str) or not all("!" <= char <= "~" for char in value) or not 20 <= len(value) <= 200:
        raise ValueError(
            "is no secret that is hard to guess|write 20 to 200 letters, digits and signs without blanks, such as "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe())'` makes"
        )
    return value


def check_webhook_secret(value: object) -> str:
    """Check the key of a webhook's signatures: a secret, also in the form ``whsec_`` and base64."""
    secret = check_token(value)
    try:
        key_of(secret)
    except ValueError:
        raise ValueError(
            "begins with whsec_, but what follows is no key of 16 bytes or more in base64|write whsec_ and what "
            "`openssl rand -base64 32` gives, or another secret"
        ) from None
    return secret


def check_path(value: object) -> str:
    """Check a file's or folder's path."""
    if not isinstance(value, str) or not value.strip() or "\x00" in value or value.startswith("~"):
        raise ValueError(f"{value!r} is no path|write one in quotes, absolute or relative to this file; ~ is not read")
    return value


def check_id(value: object) -> str:
    """Check an id: it names files and addresses."""
    if not isinstance(value, str) or not ID.fullmatch(value) or ".." in value:
        raise ValueError(
            f"{value!r} can't be an id|use up to 64 small letters, digits, hyphens, dots and underscores, "
            "a letter or digit first"
        )
    return value


def check_query(value: object) -> str:
    """Check a query."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no query|write it as text in quotes")
    try:
        parse(value)
    except QueryError as error:
        raise ValueError("|".join(problem_and_mend(error))) from None
    return value


def check_language(value: object) -> str:
    """Check a language's code → in small letters, a hyphen before the region."""
    code = str(value).lower().replace("_", "-")
    if not LANGUAGE.match(code):
        raise ValueError(f'{value!r} is no language code|write one such as "en", "de" or "pt-br"')
    return code


def problem_and_mend(error: QueryError) -> tuple[str, str]:
    """Part what is wrong in a query from the mend."""
    problem, _, mend = str(error).replace(": did you mean", "; did you mean").partition("; ")
    return problem, mend or "docs/query.md has the query language"


Id = Annotated[str, exactly(check_id)]
Tag = Annotated[str, exactly(check_tag)]
Name = Annotated[str, exactly(check_name)]
CategoryTags = dict[str, Annotated[str, exactly(check_category_tag)]]
Match = Annotated[str, exactly(check_query)]
Language = Annotated[str, exactly(check_language)]
FilePath = Annotated[str, exactly(check_path)]
Priority = Annotated[int, Field(ge=-1000, le=1000)]
Seconds = Annotated[float, exactly(parse_duration)]


class Table(BaseModel):
    """A table of the config: no unknown keys, no types but the right ones, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class Wireroom(Table):
    """``[wireroom]``."""

    archive: FilePath = "wireroom.db"
    publish: FilePath = "public"
    listen: Annotated[tuple[str, int], exactly(parse_listen)] = ("127.0.0.1", 8000)
    base_url: Annotated[str | None, exactly(check_base_url)] = None  # the daemon's own address
    contact: Annotated[str | None, exactly(check_contact)] = None
    dedupe: Dedupe = "copies"
    grouping: Level = "normal"
    vocabulary: Literal["iptc", "off"] = "iptc"
    gazetteer: bool = True
    entities: FilePath | None = None
    token: Annotated[str | None, exactly(check_token)] = None  # nobody signs in: pages only read
    hub: bool = True
    ping: list[Annotated[str, exactly(check_web_address)]] = Field(default_factory=list)
    proxies: list[Annotated[str, exactly(check_network)]] = Field(default_factory=list)


class Poll(Table):
    """``[poll]``: seconds and bytes."""

    floor: Seconds = 600
    ceiling: Seconds = 86400
    timeout: Annotated[Seconds, Field(gt=0)] = 30
    max_body: Annotated[int, exactly(parse_size), Field(gt=0)] = 10_000_000
    workers: int = Field(default=2, ge=1, le=64)
    per_host: int = Field(default=2, ge=1, le=100)
    pause: Seconds = 1
    allow: list[Annotated[Allowed, exactly(parse_allow)]] = Field(default_factory=list)
    websub: bool = True
    engine: Literal["local", "dask"] = "local"
    scheduler: Annotated[str | None, exactly(check_scheduler)] = None


class Backup(Table):
    """``[backup]``."""

    folder: FilePath | None = None  # none are made by themselves
    every: Annotated[Seconds, Field(ge=60)] = 86400
    daily: int = Field(default=7, ge=0, le=1000)
    weekly: int = Field(default=4, ge=0, le=1000)
    monthly: int = Field(default=6, ge=0, le=1000)
    packing: Packing = "zstd"
    before_upgrade: bool = True
    litestream: bool = False


class SourceTable(Table):
    """``[[source]]``."""

    id: Id
    url: Annotated[str, exactly(check_url)]
    was: list[Id] = Field(default_factory=list)
    tags: list[Tag] = Field(default_factory=list)
    every: Seconds | None = None
    dedupe: Dedupe | None = None  # that of [wireroom]
    priority: Priority = 0
    categories: CategoryTags = Field(default_factory=dict)
    keep: Annotated[OwnKeep | None, exactly(check_own)] = None  # what [keep] says


class EntityTable(Table):
    """``[[entity]]``."""

    id: Annotated[str | None, exactly(check_tag_name)] = None
    kind: Annotated[str, exactly(check_kind)]
    name: Name
    aliases: list[Name] = Field(default_factory=list)


class Trial(Table):
    """``[[rule.test]]``, ``[[topic.test]]``: a story that the rule or topic must take, or must not."""

    text: str
    title: str = ""
    lang: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
    source: Id | None = None
    tags: list[Tag] = Field(default_factory=list)
    expect: bool


class Rule(Table):
    """``[[rule]]``: it does one thing or several."""

    id: Id
    match: Match
    tag: Tag | None = None
    drop: bool = False
    hold: bool = False
    priority: dict[Id, Priority] = Field(default_factory=dict)
    test: list[Trial] = Field(default_factory=list)

    @model_validator(mode="after")
    def does_something(self) -> Rule:
        """Refuse a rule that does nothing, or two things that exclude each other."""
        if not (self.tag or self.drop or self.hold or self.priority):
            raise ValueError('does nothing|write what it does: tag = "kind:name", drop, hold or priority')
        if self.drop and self.hold:
            raise ValueError("says drop and hold|write one of the two")
        return self


class SavedQuery(Table):
    """``[[query]]``."""

    id: Id
    match: Match


class TopicTable(TopicOutput, Table):
    """``[[topic]]``."""

    id: Id
    title: str = Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")
    was: list[Id] = Field(default_factory=list)
    match: Match
    limit: int = Field(default=50, ge=1, le=1000)
    dedupe: Dedupe | None = None  # what was folded into one story is one item
    grouping: Level | None = None  # that of [wireroom]
    exclude: Match | None = None
    min_sources: int = Field(default=1, ge=1, le=1000)
    languages: list[Language] = Field(default_factory=list)
    per_story: Literal["copies", "event"] = "copies"
    delay: Annotated[Seconds, Field(le=30 * 86_400)] = 0
    flood: int | None = Field(default=None, ge=1, le=5000)  # half of limit, but 20 at least
    test: list[Trial] = Field(default_factory=list)


class WebhookTable(Table):
    """``[[webhook]]``: an address that gets the new stories of topics."""

    id: Id
    url: Annotated[str, exactly(check_web_address)]
    topics: list[Id] = Field(min_length=1)
    secret: Annotated[str, exactly(check_webhook_secret)]


class File(Table):
    """The whole file."""

    wireroom: Wireroom = Wireroom()
    poll: Poll = Poll()
    keep: KeepTable = KeepTable()
    backup: Backup = Backup()
    categories: CategoryTags = Field(default_factory=dict)
    source: list[SourceTable] = Field(default_factory=list)
    entity: list[EntityTable] = Field(default_factory=list)
    rule: list[Rule] = Field(default_factory=list)
    topic: list[TopicTable] = Field(default_factory=list)
    query: list[SavedQuery] = Field(default_factory=list)
    webhook: list[WebhookTable] = Field(default_factory=list)
