"""The config file: read, checked whole, every fault named at once with its line and its mend. IO: files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from db.due import Due
from db.keeping import Keep as SourceKeep
from db.model import LEAST_SCORES, Dedupe, Level
from db.output import DAY_S, MAX_BYTES, Edits, Order, Policy
from ingest.domain import domain_of
from ingest.guard import Allowed
from wireroom.config_addresses import SCHEME, default_base_url, without_credentials
from wireroom.config_backup import BackupSettings, backup_settings
from wireroom.config_file import checked, read_toml
from wireroom.config_keep import KeepSettings, keep_settings, own_keep
from wireroom.config_tables import File, Rule, SavedQuery, Trial
from wireroom.entities import Entities
from wireroom.garbage import uncollected

LEAST_FLOOD = 20
"""Where a topic does not say how much is a flood: half of what its feed shows, but so much at least."""


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
    allow: tuple[Allowed, ...]
    websub: bool
    scheduler: str | None  # of the cluster that polls; None: we do


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source; ``path`` is set where it is a file. ``shown_url`` has no credentials.

    ``dedupe`` is how far its entries may be folded into stories of others; of copies, that of the highest ``priority``
    is shown. ``categories``: what becomes of its own categories, as (name, tag or ""). ``keep``: None: as of all.
    """

    id: str
    url: str
    shown_url: str
    path: Path | None
    was: tuple[str, ...]
    tags: tuple[str, ...]
    every_s: float | None
    dedupe: Dedupe = "copies"
    priority: int = 0
    categories: tuple[tuple[str, str], ...] = ()
    keep: SourceKeep | None = None

    @property
    def domain(self) -> str | None:
        """The budget that it falls under."""
        return domain_of(self.shown_url) if self.path is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic; ``dedupe`` says which entries of a story share an item, ``grouping`` which events its items name.

    ``per_event``: of an event one story is taken. ``delay_s``: so old must a story be. ``flood``: so many of one poll
    are announced at most.
    ``per_source``, ``order`` and ``window_s``: see ``Policy``. ``digest`` is when it publishes all of a period as one
    item, None: story by story. ``full_text``: with the whole texts. ``secret``: at an address that only its subscribers
    know.
    """

    id: str
    title: str
    was: tuple[str, ...]
    match: str
    limit: int
    dedupe: Dedupe
    grouping: Level
    exclude: str | None = None
    min_sources: int = 1
    languages: tuple[str, ...] = ()
    per_event: bool = False
    delay_s: float = 0
    flood: int | None = None
    per_source: int | None = None
    order: Order = "new"
    window_s: float = DAY_S
    full_text: bool = True
    digest: Due | None = None
    secret: bool = False
    edits: Edits = "announce"
    max_bytes: int = MAX_BYTES

    @property
    def same_event(self) -> float | None:
        """How alike to its event a story must be to share an item with the others of it; None: it never does."""
        return LEAST_SCORES[self.grouping] if self.per_event else None

    @property
    def policy(self) -> Policy:
        """What it shows."""
        return Policy(
            limit=self.limit,
            dedupe=self.dedupe,
            grouping=self.grouping,
            per_source=self.per_source,
            order=self.order,
            window_s=self.window_s,
            edits=self.edits,
            max_bytes=self.max_bytes,
        )

    @property
    def fronted_by(self) -> str:
        """What decides which of its stories have a place in its feed, as text."""
        return json.dumps([self.limit, self.dedupe, self.per_source, self.order, self.window_s])

    @property
    def styled_by(self) -> str:
        """What else decides how it is written, as text."""
        return json.dumps([self.grouping, self.full_text, self.digest, self.secret, self.edits, self.max_bytes])

    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that gets the new stories of ``topics`` (their ids), signed with ``secret``."""

    id: str
    url: str
    topics: tuple[str, ...]
    secret: str = field(repr=False)


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
    dedupe: Dedupe
    grouping: Level
    vocabulary: bool
    categories: tuple[tuple[str, str], ...]
    gazetteer: bool
    entities: Entities
    poll: PollSettings
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]
    queries: tuple[SavedQuery, ...] = ()
    token: str | None = field(default=None, repr=False)
    hub: bool = True
    ping: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    keep: KeepSettings = KeepSettings()  # noqa: RUF009 - it is frozen
    backup: BackupSettings = BackupSettings()  # noqa: RUF009 - likewise

    @property
    def hubs(self) -> tuple[str, ...]:
        """The WebSub hubs that documents name: our own, and those that are told."""
        return (*([self.base_url + "hub"] if self.hub else []), *self.ping)


def load_config(path: Path) -> Config:
    """Read the config at ``path``. Raises ConfigError with all faults."""
    with uncollected():
        # what was read is gone then: of many sources it is as large again
        return make_config(path, checked(path, *read_toml(path)))


def make_config(path: Path, file: File) -> Config:
    """Make the config of a checked file."""
    folder = path.absolute().parent
    host, port = file.wireroom.listen
    poll, dedupe, grouping = file.poll, file.wireroom.dedupe, file.wireroom.grouping
    keep = keep_settings(file.keep)
    return Config(
        path=path.absolute(),
        archive=folder / file.wireroom.archive,
        publish=folder / file.wireroom.publish,
        listen_host=host,
        listen_port=port,
        base_url=file.wireroom.base_url or default_base_url(host, port),
        contact=file.wireroom.contact,
        dedupe=dedupe,
        grouping=grouping,
        vocabulary=file.wireroom.vocabulary == "iptc",
        categories=tuple(file.categories.items()),
        gazetteer=file.wireroom.gazetteer,
        entities=Entities(file.entity, folder / file.wireroom.entities if file.wireroom.entities else None),
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
        backup=backup_settings(file.backup, folder),
        sources=tuple(
            Source(
                id=s.id,
                url=s.url,
                shown_url=without_credentials(s.url),
                path=None if SCHEME.match(s.url) else folder / s.url,
                was=tuple(s.was),
                tags=tuple(s.tags),
                every_s=s.every,
                dedupe=s.dedupe or dedupe,
                priority=s.priority,
                categories=tuple(s.categories.items()),
                keep=own_keep(s.keep, keep.of_all),
            )
            for s in file.source
        ),
        rules=tuple(file.rule),
        queries=tuple(file.query),
        token=file.wireroom.token,
        hub=file.wireroom.hub,
        ping=tuple(file.wireroom.ping),
        proxies=tuple(file.wireroom.proxies),
        keep=keep,
        webhooks=tuple(Webhook(id=w.id, url=w.url, topics=tuple(w.topics), secret=w.secret) for w in file.webhook),
        topics=tuple(
            Topic(
                id=t.id,
                title=t.title,
                was=tuple(t.was),
                match=t.match,
                limit=t.limit,
                dedupe=t.dedupe or "copies",
                grouping=t.grouping or grouping,
                exclude=t.exclude,
                min_sources=t.min_sources,
                languages=tuple(t.languages),
                per_event=t.per_story == "event",
                delay_s=t.delay,
                flood=t.flood or max(LEAST_FLOOD, t.limit // 2),
                per_source=t.per_source,
                order=t.order,
                window_s=t.window or DAY_S,
                full_text=t.full_text,
                digest=Due(*t.digest, zone=t.timezone or "UTC") if t.digest is not None else None,
                secret=t.secret,
                edits=t.edits,
                max_bytes=t.max_bytes,
                trials=tuple(t.test),
            )
            for t in file.topic
        ),
    )
