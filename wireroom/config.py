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
from urllib.parse import urlsplit

from pydantic import ValidationError

from wireroom.config_tables import SCHEME, Allow, File, Poll, Rule, SourceTable, Table, TopicTable, Wireroom
from wireroom.toml_lines import key_lines, line_of


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
        raise ConfigError(
            [Fault(file=path, line=None, key="", problem=f"can't be read: {error.strerror}", mend=mend)]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            [Fault(file=path, line=None, key="", problem="is not UTF-8 text", mend="save it as UTF-8")]
        ) from None
    except RecursionError:
        raise ConfigError(
            [Fault(file=path, line=None, key="", problem="nests too deep", mend="take brackets out")]
        ) from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        problem = re.sub(r" \(at .*", "", str(error))
        line = int(at[1]) if at else text.count("\n", 0, len(text.rstrip())) + 1
        raise ConfigError(
            [Fault(file=path, line=line, key="", problem=f"no valid TOML: {problem}", mend="mend this line")]
        ) from None
    lines = key_lines(text)
    faults: list[Fault] = []

    def add(where: tuple[str | int, ...], problem: str, mend: str) -> None:
        faults.append(
            Fault(file=path, line=line_of(where, lines), key=shown_key(where, raw), problem=problem, mend=mend)
        )

    try:
        file: File | None = File.model_validate(raw)
    except ValidationError as error:
        file = None
        for one in error.errors(include_url=False):
            add(one["loc"], *explain(one))
    for where, problem, mend in cross_faults(raw):
        add(where, problem, mend)
    if faults or file is None:
        raise ConfigError(sorted(faults, key=lambda fault: fault.line or 0))
    return make_config(path, file)


def explain(error: Any) -> tuple[str, str]:
    """Say what pydantic found, and the mend, in our words."""
    kind, where, value = error["type"], error["loc"], error["input"]
    if kind == "extra_forbidden":
        known = list(model_at(where).model_fields)
        close = difflib.get_close_matches(str(where[-1]), known, n=1)
        return "unknown key", f"did you mean {close[0]!r}?" if close else f"the keys here are {', '.join(known)}"
    if kind == "missing":
        return "is missing", "add it"
    if kind == "value_error":
        problem, _, mend = str(error["ctx"]["error"]).partition("|")
        return problem, mend
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{value!r} does not fit: {message}", "see the shipped config.toml for an example"


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
        seen: dict[str, str] = {}
        rows = raw.get(table)
        named = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        for n, row in enumerate(named):
            earlier = row.get("was")
            for key, id_ in [
                ("id", row.get("id")),
                *(("was", old) for old in (earlier if isinstance(earlier, list) else [])),
            ]:
                if isinstance(id_, str) and id_ in seen:
                    yield (table, n, key), f"{id_!r} is used already by {table} {seen[id_]!r}", "give each its own id"
                elif isinstance(id_, str):
                    seen[id_] = str(row.get("id"))
    urls: dict[str, str] = {}
    sources = raw.get("source")
    for n, row in enumerate(sources if isinstance(sources, list) else []):
        if isinstance(row, dict) and isinstance(row.get("url"), str):
            if row["url"] in urls:
                yield (
                    ("source", n, "url"),
                    f"is polled already by source {urls[row['url']]!r}",
                    "take one of the two out",
                )
            urls.setdefault(row["url"], str(row.get("id")))
    poll = raw.get("poll")
    try:
        settings = Poll.model_validate(
            {k: v for k, v in poll.items() if k in ("floor", "ceiling")} if isinstance(poll, dict) else {}
        )
    except ValidationError:
        return
    if settings.floor > settings.ceiling:
        yield ("poll", "floor"), "is longer than the ceiling", "make floor the shorter of the two"


def make_config(path: Path, file: File) -> Config:
    """Make the config of a checked file."""
    folder = path.absolute().parent
    host, port = file.wireroom.listen
    poll = file.poll
    return Config(
        path=path,
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


def default_base_url(host: str, port: int) -> str:
    """Give the address that the daemon itself answers at."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def without_credentials(url: str) -> str:
    """Take user and password out of an address: they never reach the archive, a log or a page."""
    if not SCHEME.match(url):
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
