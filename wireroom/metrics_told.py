"""Which metrics there are, what each means, and numbers written as Prometheus reads them. Pure.

Labels have few values, whatever the config has: no source, host or address is one; of topics the first MOST_TOPICS are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from db.pulse import Spread

MOST_TOPICS = 50
OTHERS = "(others)"
"""The topics that have no label of their own: those beyond MOST_TOPICS, and secret ones."""
Values = Mapping[tuple[str, ...], float]


class Told(NamedTuple):
    """A metric: its name, its type, its labels, what it means."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    means: str


METRICS = (
    Told("wireroom_healthy", "gauge", (), "1: /healthz says so; 0: it does not"),
    Told("wireroom_trouble", "gauge", ("reason",), "1: that is why (the reasons of /healthz)"),
    Told("wireroom_warnings", "gauge", (), "things that should be looked at; /healthz names them"),
    Told("wireroom_info", "gauge", ("version", "schema", "sqlite"), "always 1"),
    Told("wireroom_start_time_seconds", "gauge", (), "when the daemon was started, seconds since 1970"),
    Told(
        "wireroom_last_success_time_seconds",
        "gauge",
        (),
        "when a poll (of the web, if any is) was last good; 0: none yet",
    ),
    Told("wireroom_beat_late_seconds", "gauge", (), "how much later than it should the last beat was, of one a second"),
    Told("wireroom_polls_total", "counter", ("outcome",), "polls by outcome"),
    Told("wireroom_poll_seconds", "histogram", (), "how long their fetches took"),
    Told("wireroom_polls_under_way", "gauge", (), "polls that have begun and not ended"),
    Told("wireroom_entries_total", "counter", ("change",), "entries that were new, or had changed"),
    Told("wireroom_stories_total", "counter", (), "stories that were new"),
    Told("wireroom_copies_total", "counter", (), "new entries that joined a story which was there"),
    Told("wireroom_sources", "gauge", ("health",), "sources of the config by health, as `wireroom status` has it"),
    Told("wireroom_sources_due", "gauge", (), "sources whose time has come"),
    Told("wireroom_due_seconds", "gauge", (), "for how long the one that waits longest has been due"),
    Told("wireroom_ever_made", "gauge", ("what",), "entries, stories and selections that the archive has ever had"),
    Told("wireroom_archive_bytes", "gauge", (), "the archive's file"),
    Told("wireroom_wal_bytes", "gauge", (), "its log beside it: large while somebody reads for long"),
    Told("wireroom_disk_free_bytes", "gauge", ("of",), "what is free where the archive, the publish folder is"),
    Told("wireroom_writer_waiting", "gauge", (), "jobs that wait for the archive's writer"),
    Told("wireroom_writer_busy_seconds", "gauge", (), "for how long it has been at what it writes now"),
    Told("wireroom_writer_jobs_total", "counter", ("result",), "jobs that were committed; those of them that failed"),
    Told("wireroom_writer_wait_seconds", "histogram", (), "jobs, from when they were given to when they were on disk"),
    Told("wireroom_commit_seconds", "histogram", (), "commits: mostly what the disk's fsync takes"),
    Told("wireroom_topics_behind", "gauge", (), "topics of which something is not yet published"),
    Told("wireroom_topic_stories_total", "counter", ("topic",), "stories that a topic has taken"),
    Told("wireroom_publish_lag_seconds", "histogram", (), "from when a story was on disk to when it was published"),
    Told("wireroom_untold", "gauge", ("who",), "subscribers, outside hubs, webhooks that were not told of the newest"),
    Told("wireroom_requests_total", "counter", ("kind", "code"), "answers, by what was asked for and class of status"),
    Told("wireroom_workers_killed_total", "counter", ("cause",), "workers that ended over a document: deadline, died"),
    Told("wireroom_unread", "gauge", (), "parts of this page that could not be read from the archive in time"),
)

BY_NAME = {told.name: told for told in METRICS}


class Page:
    """What one scrape tells, as a collector of Prometheus's own."""

    def __init__(self, values: Mapping[str, Values], spreads: Mapping[str, Spread]) -> None:
        assert not (values.keys() | spreads.keys()) - BY_NAME.keys()
        self._values = values
        self._spreads = spreads

    def collect(self) -> Iterator[Metric]:
        """Give the metrics that have values, in the order of METRICS."""
        for told in METRICS:
            if told.name in self._spreads:
                yield histogram(told, self._spreads[told.name])
            elif told.name in self._values:
                family = (CounterMetricFamily if told.type == "counter" else GaugeMetricFamily)(
                    told.name, told.means, labels=told.labels
                )
                for labels, value in self._values[told.name].items():
                    family.add_metric(labels, value)
                yield family


def histogram(told: Told, spread: Spread) -> HistogramMetricFamily:
    """Write a spread: Prometheus sums up what is under each bound."""
    below, buckets = 0, []
    for bound, count in zip((*(f"{bound:g}" for bound in spread.bounds), "+Inf"), list(spread.counts), strict=True):
        below += count
        buckets.append((bound, float(below)))
    family = HistogramMetricFamily(told.name, told.means)
    family.add_metric([], buckets, spread.total_s)
    return family


def written(page: Page, *more: CollectorRegistry) -> bytes:
    """Write a page in Prometheus's text format, and what other registries have after it."""
    registry = CollectorRegistry()
    registry.register(page)
    return b"".join(generate_latest(one) for one in (registry, *more))


def one(value: float) -> Values:
    """Give a metric without labels its value."""
    return {(): value}


def by_topic(taken: Mapping[str, int], others: int) -> Values:
    """Give each topic its value, up to MOST_TOPICS of them; the rest is one."""
    named = dict(list(taken.items())[:MOST_TOPICS])
    rest = others + sum(taken.values()) - sum(named.values())
    return {**{(topic,): count for topic, count in named.items()}, (OTHERS,): rest}
