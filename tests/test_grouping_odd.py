"""Feeds of the kind that break others, in one archive over many polls: which of their entries are one story.

A story is written as the set of its entries, each as ``source/name``, where the name is the last part of its link.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from odd_texts import cut, featured, headline, market, report, sentences, weather
from origin import rss
from scripted import Script, reply
from stage import Case, Played, play

"""What waits for joining by likeness."""

UPDATES = 40
ROUNDS = UPDATES + 1
DAYS = range(1, 8)
SECTIONS = [f"section-{n}" for n in range(1, 9)]
BEGIN = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=9)


def piece(guid: str, link: str, title: str, text: str, *, day: int = 1, hour: int = 0) -> str:
    """Write an RSS item; ``day`` and ``hour`` count from the beginning, some days ago."""
    date = format_datetime(BEGIN + timedelta(days=day, hours=hour))
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><link>{link}</link><title>{title}</title>"
        f"<pubDate>{date}</pubDate><description>{text}</description></item>"
    )


def told(site: str, seed: str, *, text: str = "", title: str = "", **when: int) -> str:
    """Write a report as a site's item; its name is its seed."""
    return piece(
        f"{site}-{seed}", f"https://{site}.example/{seed}", title or headline(seed), text or report(seed), **when
    )


Items = Callable[[int], Iterable[str]]
"""What a source has in its document at its so-manieth poll, from 1."""


def served(items: Items) -> Script:
    """Serve these items."""
    return lambda asked: reply(rss(*items(asked.number), title=asked.name).encode())


def window(last: int, make: Callable[[int], str], *, after: int = 0, shown: int = 3) -> Items:
    """Have an item a poll, up to the ``last``, the newest few in the document; the first comes ``after`` polls."""

    def items(poll: int) -> list[str]:
        newest = min(poll - after, last)
        return [make(n) for n in range(newest, max(newest - shown, 0), -1)]

    return items


def since(poll: int, *items: str) -> Items:
    """Have these items from a poll on."""
    return lambda number: items if number >= poll else ()


# --- The feeds --------------------------------------------------------------------------------------------------------


def one_guid(name: str) -> str:
    """Write an item of a feed that has one id for all."""
    return piece("feed", f"https://one-guid.example/{name}", headline(name), report(name))


def column(site: str, title: str, text: Callable[[int], str]) -> Callable[[int], str]:
    """Make the items of a column: a title for every day, a link and an id for each."""
    return lambda day: piece(
        f"{site}-{day}",
        f"https://{site}.example/{title.lower().replace(' ', '-')}/day-{day}",
        title,
        text(day),
        day=day,
    )


def section(number: int) -> Items:
    """Make one of a paper's section feeds: it has three articles that all of them have, and one of its own."""
    name = SECTIONS[number]
    long = report("in all sections, cut", 14)
    return since(
        1 + number % 2,
        piece(
            f"{name}-77",
            f"https://paper.example/article/one-link?utm_source=rss&amp;utm_campaign={name}",
            headline("one link"),
            f"Only in {name}: {cut(report(f'teaser {name}', 2), 14)}",
        ),
        piece(
            "article-78",
            f"https://paper.example/{name}/one-guid?section={number}",
            headline("one guid"),
            report("in all sections"),
        ),
        piece(
            "article-79",
            f"https://paper.example/{name}/cut-{number}?section={number}",
            headline("cut"),
            cut(long, 50 + 12 * number) if number else long,
        ),
        told("paper", f"own-{number}"),
    )


def live(site: str) -> Items:
    """Make a live blog: one item, the newest paragraph on top, another headline each time."""

    def items(poll: int) -> list[str]:
        told_so_far = [report(f"live {site} {n}", 3) for n in range(min(poll, UPDATES), 0, -1)]
        title = f"Kotor flood live: {headline(f'live {site} {min(poll, UPDATES)}')}"
        return [piece(f"{site}-live", f"https://{site}.example/kotor-flood", title, " ".join(told_so_far))]

    return items


def copied(n: int) -> str:
    """Write what the copier makes of the wire's report: links rewritten, retitled, cut, an hour later."""
    seed, tail = f"wire-{n}", "Subscribe to our newsletter and never miss a story again."
    text = f"{' '.join(sentences(seed)[:9])} {tail}"
    return told("copier", seed, text=text, title=headline(seed, again=True), day=n, hour=1)


def redated(poll: int) -> list[str]:
    """Make a feed whose ids and dates are all new from the third poll on; links and texts stay."""
    after = poll >= 3
    return [
        piece(
            f"{'new' if after else 'old'}-{n}",
            f"https://redated.example/redated-{n}",
            headline(f"redated-{n}"),
            report(f"redated-{n}"),
            day=8 if after else n,
        )
        for n in range(1, 7)
    ]


def corrected(seed: str) -> str:
    """Write a report with one sentence of it exchanged."""
    own = sentences(seed)
    return " ".join([*own[:5], sentences(f"{seed}, corrected")[0], *own[6:]])


CUTS = {"cut-to-25": 25, "cut-to-40": 40, "cut-to-60": 60, "cut-to-90": 90}

FEEDS: Mapping[str, Items] = {
    "one-guid": window(6, lambda n: one_guid(f"report-{n}")),
    "one-guid-too": since(4, one_guid("report-3"), one_guid("report-4"), one_guid("other-1"), one_guid("other-2")),
    "daily-a": window(7, column("daily-a", "Daily briefing", lambda day: report(f"daily a {day}"))),
    "daily-b": window(7, column("daily-b", "Daily briefing", lambda day: report(f"daily b {day}"))),
    "daily-stub": window(7, column("daily-stub", "Daily briefing", lambda _: "What you must know this morning.")),
    "daily-stub-too": window(
        7, column("daily-stub-too", "Daily briefing", lambda _: "What you must know this morning.")
    ),
    **{name: section(number) for number, name in enumerate(SECTIONS)},
    "live-a": live("live-a"),
    "live-b": live("live-b"),
    "wire": window(6, lambda n: told("wire", f"wire-{n}", day=n), shown=4),
    "copier": lambda poll: [*window(6, copied, after=1, shown=4)(poll), told("copier", "of-the-copier")],
    "redated": redated,
    "redated-copy": since(
        5,
        told("redated-copy", "redated-2", day=8),
        told("redated-copy", "redated-5", day=8),
        told("redated-copy", "of-the-other"),
    ),
    "weather-kotor": window(7, column("weather-kotor", "Weather for Kotor", lambda day: weather("Kotor", day))),
    "weather-rival": window(7, column("weather-rival", "Weather for Kotor", lambda day: weather("Kotor", day + 100))),
    "weather-narvik": window(7, column("weather-narvik", "Weather for Narvik", lambda day: weather("Narvik", day))),
    "market": window(7, column("market", "Northern All-Share closes", lambda day: market("Northern All-Share", day))),
    "market-too": window(
        7, column("market-too", "Northern All-Share closes", lambda day: market("Northern All-Share", day)), after=1
    ),
    "market-other": window(
        7, column("market-other", "Southern Fifty closes", lambda day: market("Southern Fifty", day))
    ),
    "featured": window(7, column("featured", "Article of the day", lambda day: featured(f"one {day}"))),
    "featured-too": window(7, column("featured-too", "Article of the day", lambda day: featured(f"two {day}"))),
    "alike": lambda poll: [
        told("alike", "first"),
        *(
            [told("alike", "again", title="Corrected: " + headline("first"), text=corrected("first"), day=2)]
            * (poll > 1)
        ),
    ],
    "alike-copy": since(3, told("alike-copy", "copy", title=headline("first"), text=cut(report("first"), 120), day=2)),
    "full": since(1, *(told("full", seed, text=report(seed, 14)) for seed in CUTS)),
    "summary": since(2, *(told("summary", seed, text=cut(report(seed, 14), words)) for seed, words in CUTS.items())),
    "summary-first": since(1, told("summary-first", "late", text=cut(report("late", 14), 45))),
    "full-later": since(2, told("full-later", "late", text=report("late", 14))),
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Played]:
    """Poll all of them, all together, until the live blogs are over."""
    cases = [Case(name, "", served(items), lambda _: None) for name, items in FEEDS.items()]
    return play(tmp_path_factory.mktemp("odd"), cases, ROUNDS, each_a_command=False)


# --- What comes of them -----------------------------------------------------------------------------------------------


Stories = set[frozenset[str]]


def stories(played: Mapping[str, Played], *sources: str) -> Stories:
    """List the stories of these sources, with all their entries, those of other sources too."""
    found = defaultdict(set)
    for name, one in played.items():
        assert set(one.outcomes) <= {"ok", "unchanged"}, (name, one.outcomes)
        for entry in one.entries:
            found[entry["story_id"]].add(f"{name}/{entry['url'].partition('?')[0].rpartition('/')[2]}")
    wanted = {entry["story_id"] for name in sources for entry in played[name].entries}
    return {frozenset(found[story]) for story in wanted}


def alone(source: str, names: Iterable[str]) -> Stories:
    """Expect each of a source's entries to be a story of its own."""
    return {frozenset({f"{source}/{name}"}) for name in names}


def days(source: str) -> Stories:
    """Expect a source's column to be a story each day."""
    return alone(source, (f"day-{day}" for day in DAYS))


def counted(played: Mapping[str, Played], source: str) -> int:
    """Count a source's entries: two of one name in one story are not lost from sight."""
    return len(played[source].entries)


def test_one_guid_for_all_items(played: Mapping[str, Played]) -> None:
    """An id that all items share, in two sources, joins nothing; the same words join the two that are copies."""
    assert stories(played, "one-guid", "one-guid-too") == {
        *alone("one-guid", ("report-1", "report-2", "report-5", "report-6")),
        *alone("one-guid-too", ("other-1", "other-2")),
        frozenset({"one-guid/report-3", "one-guid-too/report-3"}),
        frozenset({"one-guid/report-4", "one-guid-too/report-4"}),
    }
    assert (counted(played, "one-guid"), counted(played, "one-guid-too")) == (6, 4)


def test_the_same_title_every_day(played: Mapping[str, Played]) -> None:
    """A column's title joins neither its days nor another source's column, be there a text or a mere stub."""
    names = ("daily-a", "daily-b", "daily-stub", "daily-stub-too")

    assert stories(played, *names) == set().union(*map(days, names))
    assert [counted(played, name) for name in names] == [len(DAYS)] * 4


def test_the_same_link_in_eight_section_feeds(played: Mapping[str, Played]) -> None:
    """One article with a teaser and campaign marks for each section is one story; what each has alone is not in it."""
    assert frozenset(f"{name}/one-link" for name in SECTIONS) in stories(played, *SECTIONS)


def test_a_link_for_each_of_eight_section_feeds(played: Mapping[str, Played]) -> None:
    """Likewise where the link names the section, but the words are the same."""
    assert frozenset(f"{name}/one-guid" for name in SECTIONS) in stories(played, *SECTIONS)


def test_a_link_and_a_length_for_each_of_eight_section_feeds(played: Mapping[str, Played]) -> None:
    """Likewise where each section cuts the text elsewhere."""
    assert frozenset(f"{name}/cut-{number}" for number, name in enumerate(SECTIONS)) in stories(played, *SECTIONS)


def test_what_each_section_feed_has_alone(played: Mapping[str, Played]) -> None:
    """Nothing else is drawn into those stories."""
    assert {frozenset({f"{name}/own-{number}"}) for number, name in enumerate(SECTIONS)} <= stories(played, *SECTIONS)
    assert [counted(played, name) for name in SECTIONS] == [4] * len(SECTIONS)


def test_live_blogs_updated_forty_times(played: Mapping[str, Played]) -> None:
    """Each is one entry and one story through all its updates, and the two of one flood are two stories."""
    assert stories(played, "live-a", "live-b") == {frozenset({"live-a/kotor-flood"}), frozenset({"live-b/kotor-flood"})}
    for name in ("live-a", "live-b"):
        assert counted(played, name) == 1
        assert sum(poll["changed"] for poll in played[name].polls) == UPDATES - 1


def test_everything_copied_an_hour_later(played: Mapping[str, Played]) -> None:
    """Links rewritten, retitled, cut, a line added: each copy is with its original; the copier's own report is not."""
    assert stories(played, "wire", "copier") == {
        *(frozenset({f"wire/wire-{n}", f"copier/wire-{n}"}) for n in range(1, 7)),
        frozenset({"copier/of-the-copier"}),
    }


def test_a_copier_mixes_nothing_up(played: Mapping[str, Played]) -> None:
    """No copy is with another report than its own, and no two of the wire's are one."""
    for story in stories(played, "wire", "copier"):
        assert len({name.partition("/")[2] for name in story}) == 1


def test_a_mass_redate(played: Mapping[str, Played]) -> None:
    """New ids and dates for all that was there before are no news, and copies of the old find them."""
    assert stories(played, "redated", "redated-copy") == {
        *alone("redated", ("redated-1", "redated-3", "redated-4", "redated-6")),
        frozenset({"redated/redated-2", "redated-copy/redated-2"}),
        frozenset({"redated/redated-5", "redated-copy/redated-5"}),
        frozenset({"redated-copy/of-the-other"}),
    }
    assert [poll["new"] for poll in played["redated"].polls[:4]] == [6, 0, 0, 0]
    assert counted(played, "redated") == 6


def test_weather(played: Mapping[str, Played]) -> None:
    """Forecasts by one template differ by day, town and service."""
    names = ("weather-kotor", "weather-rival", "weather-narvik")

    assert stories(played, *names) == set().union(*map(days, names))


def test_market_reports(played: Mapping[str, Played]) -> None:
    """A closing report that two sources print is one story each day; no day is another's, nor is another exchange."""
    assert stories(played, "market", "market-too", "market-other") == {
        *(frozenset({f"market/day-{day}", f"market-too/day-{day}"}) for day in DAYS),
        *days("market-other"),
    }


def test_articles_of_the_day(played: Mapping[str, Played]) -> None:
    """Much that is the same each day around few words of their own: still other articles."""
    assert stories(played, "featured", "featured-too") == days("featured") | days("featured-too")


def test_nearly_alike_in_one_source(played: Mapping[str, Played]) -> None:
    """A publisher who prints nearly the same under another id and title means another story, whoever copies it."""
    story_ids = {entry["story_id"] for entry in played["alike"].entries}

    assert (counted(played, "alike"), len(story_ids)) == (2, 2)


def test_a_copy_of_what_is_nearly_alike_in_one_source(played: Mapping[str, Played]) -> None:
    """Its copy elsewhere is with one of the two."""
    (copy,) = [story for story in stories(played, "alike", "alike-copy") if "alike-copy/copy" in story]

    assert copy in ({"alike-copy/copy", "alike/first"}, {"alike-copy/copy", "alike/again"})


@pytest.mark.parametrize("name", CUTS)
def test_a_summary_joins_the_full_text(played: Mapping[str, Played], name: str) -> None:
    """A source that has summaries only joins the report that they are cut from."""
    assert frozenset({f"full/{name}", f"summary/{name}"}) in stories(played, "full")


def test_a_full_text_joins_its_summary(played: Mapping[str, Played]) -> None:
    """Likewise where the summary came first."""
    assert stories(played, "full-later") == {frozenset({"full-later/late", "summary-first/late"})}
