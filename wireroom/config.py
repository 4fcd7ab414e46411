"""The config file: read, checked whole, every fault named at once with its line and its mend. IO: files."""

from __future__ import annotations

import difflib
import errno
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingest.domain import domain_of
from wireroom.config_tables import (
    SCHEME,
    Allow,
    File,
    Poll,
    Rule,
    SourceTable,
    Table,
    TopicTable,
    Wireroom,
    default_base_url,
    engine_faults,
    same_place,
    without_credentials,
)
from wireroom.toml_lines import key_lines, line_of

MAX_SHOWN_CHARS, USER_INFO = 100, re.compile(r"//[^/\s]*@")
SEE_EXAMPLE = "see the shipped config.toml for an example"
TYPES = {
    "model_type": ("a table", "write its keys under [{0}]"),
    "list_type": ("a list", "write it in square brackets"),
    "string_type": ("text", "write it in quotes"),
    "int_type": ("a whole number", "write it without quotes and point"),
    "bool_type": ("true or false", "write it without quotes"),
}
"""What pydantic says of a wrong type → what it should be, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in the config."""

    file: Path
    line: int | None
    key: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.problem}; {self.mend}"


class ConfigError(Exception):
    """The config can't be used; ``faults`` has all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How polling behaves."""

    floor_s: float
    ceiling_s: float
    timeout_s: float
    max_body_bytes: int
    workers: int
    per_host: int
    pause_s: float
    allow: tuple[Allow, ...]
    websub: bool
    scheduler: str | None  # of the cluster that polls; None: we do


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source; ``path`` is set where it is a file. ``shown_url`` has no credentials."""

    id: str
    url: str
    shown_url: str
    path: Path | None
    was: tuple[str, ...]
    tags: tuple[str, ...]
    every_s: float | None

    @property
    def domain(self) -> str | None:
        """The budget that it falls under."""
        return domain_of(self.shown_url) if self.path is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic."""

    id: str
    title: str
    was: tuple[str, ...]
    match: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The checked config; its paths are absolute."""

    path: Path
    archive: Path
    publish: Path
    listen_host: str
    listen_port: int
    base_url: str
    contact: str | None
    poll: PollSettings
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]


def load_config(path: Path) -> Config:
    """Read the config at ``path``. Raises ConfigError with all faults."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "no regular file")
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except OSError as error:
        mend = "name the file with -c, or write one (the README shows how)"
        raise unreadable(path, f"can't be read: {error.strerror}", mend) from None
    except UnicodeDecodeError:
        raise unreadable(path, "is not UTF-8 text", "save it as UTF-8") from None
    except RecursionError:
        raise unreadable(path, "nests too deep", "take brackets out") from None
    except ValueError as error:  # also of a number that is longer than Python reads
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        problem = re.sub(r" \(at .*|; use sys\..*", "", str(error))
        line = int(at[1]) if at else text.count("\n", 0, len(text.rstrip())) + 1
        raise unreadable(path, f"no valid TOML: {problem}", "mend this line", line) from None
    lines = key_lines(text)
    faults: list[Fault] = []

    def add(where: tuple[str | int, ...], problem: str, mend: str) -> None:
        problem = USER_INFO.sub("//…@", problem)  # a reload logs its faults, and no password goes there
        key = shown_key(where, raw)
        faults.append(Fault(file=path, line=line_of(where, lines), key=key, problem=problem, mend=mend))

    try:
        file: File | None = File.model_validate(raw)
    except ValidationError as error:
        file = None
        for one in error.errors(include_url=False):
            add(one["loc"], *explain(one))
    for where, problem, mend in (*cross_faults(raw), *engine_faults(raw.get("poll"))):
        add(where, problem, mend)
    if faults or file is None:
        raise ConfigError(sorted(faults, key=lambda fault: fault.line or 0))
    return make_config(path, file)


def unreadable(path: Path, problem: str, mend: str, line: int | None = None) -> ConfigError:
    """Make the error of a file of which nothing can be read."""
    return ConfigError([Fault(file=path, line=line, key="", problem=problem, mend=mend)])


def explain(error: Any) -> tuple[str, str]:
    """Say what pydantic found, and the mend, in our words."""
    kind, where, shown = error["type"], error["loc"], repr(error["input"])[:MAX_SHOWN_CHARS]
    if kind == "extra_forbidden":
        known = list(model_at(where).model_fields)
        close = difflib.get_close_matches(str(where[-1]), known, n=1)
        return "unknown key", f"did you mean {close[0]!r}?" if close else f"the keys here are {', '.join(known)}"
    if kind == "missing":
        return "is missing", "add it"
    if kind == "value_error":
        problem, _, mend = str(error["ctx"]["error"]).partition("|")
        return problem, mend or SEE_EXAMPLE
    if kind in TYPES:
        each = (len(where), kind) in ((1, "list_type"), (2, "model_type"))
        mend = "write each {0} under [[{0}]]" if each else TYPES[kind][1]
        return f"{shown} does not fit: it should be {TYPES[kind][0]}", mend.format(where[0])
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{shown} does not fit: {message}", SEE_EXAMPLE


def model_at(where: tuple[str | int, ...]) -> type[Table]:
    """Find the table that a key path of the config stands in."""
    tables: dict[str, type[Table]] = {
        "wireroom": Wireroom,
        "poll": Poll,
        "source": SourceTable,
        "rule": Rule,
        "topic": TopicTable,
    }
    return tables.get(str(where[0]), File) if len(where) > 1 else File


def shown_key(where: tuple[str | int, ...], raw: dict[str, Any]) -> str:
    """Name a key for people: ``source "bbc": every``."""
    if len(where) >= 2 and isinstance(where[1], int):
        try:
            name = raw[str(where[0])][where[1]]["id"]
        except (KeyError, IndexError, TypeError):
            name = f"number {where[1] + 1}"
        rest = ".".join(str(part) for part in where[2:])
        return f'{where[0]} "{name}"' + (f": {rest}" if rest else "")
    return ".".join(str(part) for part in where)


def cross_faults(raw: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Find what is wrong between keys: ids used twice, one url in two sources, a floor above the ceiling."""
    for table in ("source", "rule", "topic"):
        seen: dict[str, int] = {}
        for n, row in rows(raw, table):
            was = row.get("was")
            for key, id_ in [("id", row.get("id")), *(("was", old) for old in (was if isinstance(was, list) else []))]:
                if isinstance(id_, str) and seen.get(id_) == n:
                    yield (table, n, key), f"{id_!r} is named twice", "an earlier id is another one, named once"
                elif isinstance(id_, str) and id_ in seen:
                    problem = f"{id_!r} is used already by {shown_key((table, seen[id_]), raw)}"
                    yield (table, n, key), problem, "give each its own id"
                elif isinstance(id_, str):
                    seen[id_] = n
    urls: dict[str, int] = {}
    for n, row in rows(raw, "source"):
        if isinstance(row.get("url"), str):
            first = urls.setdefault(same_place(row["url"]), n)
            if first != n:
                problem = f"is polled already by {shown_key(('source', first), raw)}"
                yield ("source", n, "url"), problem, "take one of the two out"
    poll = raw.get("poll")
    given = {k: v for k, v in poll.items() if k in ("floor", "ceiling")} if isinstance(poll, dict) else {}
    try:
        settings = Poll.model_validate(given)
    except ValidationError:
        return
    if settings.floor > settings.ceiling and "floor" in given:
        yield ("poll", "floor"), "is longer than the ceiling", "make floor the shorter of the two"
    elif settings.floor > settings.ceiling:
        yield ("poll", "ceiling"), "is shorter than the floor, which is 10m unless it is set", "set a shorter floor too"


def rows(raw: dict[str, Any], table: str) -> list[tuple[int, dict[str, Any]]]:
    """List the tables of an array with their numbers; what is no table there is another's fault."""
    found = raw.get(table)
    return [(n, row) for n, row in enumerate(found) if isinstance(row, dict)] if isinstance(found, list) else []


def make_config(path: Path, file: File) -> Config:
    """Make the config of a checked file."""
    folder = path.absolute().parent
    host, port = file.wireroom.listen
    poll = file.poll
    return Config(
        path=path.absolute(),
        archive=folder / file.wireroom.archive,
        publish=folder / file.wireroom.publish,
        listen_host=host,
        listen_port=port,
        base_url=file.wireroom.base_url or default_base_url(host, port),
        contact=file.wireroom.contact,
        poll=PollSettings(
            floor_s=poll.floor,
            ceiling_s=poll.ceiling,
            timeout_s=poll.timeout,
            max_body_bytes=poll.max_body,
            workers=poll.workers,
            per_host=poll.per_host,
            pause_s=poll.pause,
            allow=tuple(poll.allow),
            websub=poll.websub,
            scheduler=poll.scheduler if poll.engine == "dask" else None,
        ),
        sources=tuple(
            Source(
                id=s.id,
                url=s.url,
                shown_url=without_credentials(s.url),
                path=None if SCHEME.match(s.url) else folder / s.url,
                was=tuple(s.was),
                tags=tuple(s.tags),
                every_s=s.every,
            )
            for s in file.source
        ),
        rules=tuple(file.rule),
        topics=tuple(Topic(id=t.id, title=t.title, was=tuple(t.was), match=t.match, limit=t.limit) for t in file.topic),
    )
