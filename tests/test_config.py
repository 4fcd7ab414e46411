"""The config file: the contract is accepted, and everything that is wrong is named at once, with line and mend."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house import ROOT
from wireroom.config import Config, load_config
from wireroom.config_faults import ConfigError, Fault
from wireroom.config_tables import Backup, Poll
from wireroom.toml_lines import key_lines
from wireroom.units import BYTES, SECONDS, parse_duration, parse_size

CONTRACT = """\
[wireroom]
archive  = "wireroom.db"            # paths are relative to this file
publish  = "public"
listen   = "127.0.0.1:8000"
base_url = "http://127.0.0.1:8000/"
contact  = "https://example.org/about-our-poller"
dedupe   = "exact"
grouping = "strict"

[poll]
floor   = "10m"
ceiling = "24h"
timeout = "30s"
max_body = "10MB"
workers = 2
per_host = 2
pause   = "1s"
allow   = ["127.0.0.1:8080", "127.0.0.0/8:8081", "[::1]:90", "[fd00::/8]:91"]
websub  = false

[[source]]
id   = "example-world"
url  = "https://user:secret@example.org/world.xml"
was  = ["example-news"]
tags = ["category:World News"]
every = "30m"
dedupe = "copies"
priority = -2

[[source]]
id  = "file"
url = "feeds/local.xml"

[[rule]]
id    = "diplomacy"
tag   = "subject:diplomacy"
match = 'embassy OR ambassador OR "diplomatic mission"'

[[rule]]
id    = "watched"
match = "subject:diplomacy source:file"
hold  = true
priority = { example-world = 5, file = -5 }

[[topic]]
id    = "us-russia"
title = "US–Russia relations"
was   = []
match = 'subject:diplomacy AND (moscow OR kremlin) AND (washington OR "united states")'
limit = 50
dedupe = "off"
grouping = "off"
exclude = "sport OR weather"
min_sources = 3
languages = ["EN_gb", "de"]
per_story = "copies"
delay = "30m"
flood = 7
"""


A_TOPIC = "[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'a'\n"


def load(folder: Path, text: str) -> Config:
    """Load a config of this text."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def faults(folder: Path, text: str) -> list[str]:
    """Load a bad config → its faults, without the path."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(fault).removeprefix(str(folder / "config.toml")).lstrip(":") for fault in caught.value.faults]


def test_contract_is_accepted_and_means_what_it_says(tmp_path: Path) -> None:
    """Every key of the contract, in seconds, bytes and absolute paths."""
    config = load(tmp_path, CONTRACT)

    assert (config.archive, config.publish) == (tmp_path / "wireroom.db", tmp_path / "public")
    assert (config.listen_host, config.listen_port) == ("127.0.0.1", 8000)
    poll = config.poll
    assert (poll.floor_s, poll.ceiling_s, poll.timeout_s, poll.pause_s) == (600, 86400, 30, 1)
    assert (poll.max_body_bytes, poll.workers, poll.per_host, poll.websub) == (10_000_000, 2, 2, False)
    assert [(str(a.network), a.port) for a in poll.allow] == [
        ("127.0.0.1/32", 8080),
        ("127.0.0.0/8", 8081),
        ("::1/128", 90),
        ("fd00::/8", 91),
    ]
    web, file = config.sources
    assert (web.every_s, web.tags, web.was, web.path) == (1800, ("category:world-news",), ("example-news",), None)
    assert web.shown_url == "https://example.org/world.xml", "credentials stay in the config"
    assert file.path == tmp_path / "feeds" / "local.xml"
    assert (config.topics[0].title, config.topics[0].limit) == ("US–Russia relations", 50)
    assert (config.dedupe, web.dedupe, file.dedupe, config.topics[0].dedupe) == ("exact", "copies", "exact", "off")
    assert (config.grouping, config.topics[0].grouping) == ("strict", "off")
    assert (web.priority, file.priority) == (-2, 0)
    topic = config.topics[0]
    assert (topic.exclude, topic.min_sources, topic.languages) == ("sport OR weather", 3, ("en-gb", "de"))
    assert (topic.same_event, topic.delay_s, topic.flood) == (None, 1800, 7)
    diplomacy, watched = config.rules
    assert (diplomacy.tag, diplomacy.hold, diplomacy.drop) == ("subject:diplomacy", False, False)
    assert (watched.tag, watched.hold, watched.priority) == (None, True, {"example-world": 5, "file": -5})


def test_every_key_that_the_shipped_config_offers_can_be_taken(tmp_path: Path) -> None:
    """What stands there as a comment is good once the comment's mark is gone."""
    lines = (ROOT / "config.toml").read_text(encoding="utf-8").splitlines()
    webhook = lines.index("# [[webhook]]")  # a table of its own: offered whole
    offered = {n: found[1] for n, line in enumerate(lines[:webhook]) if (found := re.match(r"# (\w+) += ", line))}
    needed = {"window": "order", "engine": "scheduler", "scheduler": "engine", "timezone": "digest"}
    needed |= dict.fromkeys(("every", "daily", "weekly", "monthly"), "folder")
    (tmp_path / "names.txt").touch()
    shutil.copytree(ROOT / "samples", tmp_path / "samples")

    assert len(offered) == len(set(offered.values())) > 20
    for key in set(offered.values()) - {"token"}:  # it is everybody's own
        taken = [n for n, one in offered.items() if one in (key, needed.get(key))]
        load(tmp_path, "\n".join(line.removeprefix("# ") if n in taken else line for n, line in enumerate(lines)))
    hooked = [line.removeprefix("# ").replace("whsec_…", "whsec_" + "MDEy" * 8) for line in lines[webhook:]]
    load(tmp_path, "\n".join([*lines[:webhook], *hooked]))


def test_shipped_config_and_an_empty_one_are_good(tmp_path: Path) -> None:
    """The example works as it is; every key has a default."""
    shipped = load_config(ROOT / "config.toml")
    assert len(shipped.sources) >= 12
    assert len(shipped.topics) >= 3
    assert {source.path.name for source in shipped.sources if source.path} == {
        path.name for path in (ROOT / "samples").iterdir()
    }
    empty = load(tmp_path, "")
    assert (empty.base_url, empty.sources, empty.poll.websub) == ("http://127.0.0.1:8000/", (), True)
    assert (empty.dedupe, empty.grouping) == (shipped.dedupe, shipped.grouping) == ("copies", "normal")
    topic = '[[topic]]\nid = "t"\ntitle = "T"\nmatch = "a"\n'
    assert [load(tmp_path, f"{topic}limit = {n}").topics[0].flood for n in (1, 50, 1000)] == [20, 25, 500]
    levels = ("strict", "normal")
    asked = [load(tmp_path, f'{topic}per_story = "event"\ngrouping = "{level}"').topics[0] for level in levels]
    assert [one.same_event for one in asked] == [1.4, 1.0]
    (strict,) = load(tmp_path, f'[wireroom]\ndedupe = "off"\ngrouping = "strict"\n{topic}').topics
    assert (strict.dedupe, strict.grouping) == ("copies", "strict"), "what was folded at all is one item"
    assert load(tmp_path, '[wireroom]\nlisten = "[::1]:81"').base_url == "http://[::1]:81/"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[poll]\nflor = '10m'", "2: poll.flor: unknown key; did you mean 'floor'?"),
        ("[pol]\nfloor = '10m'", "1: pol: unknown key; did you mean 'poll'?"),
        ("[poll]\nfloor = '10 minutes'", "2: poll.floor: '10 minutes' is no duration; write a number and s, m, h or d"),
        ("[poll]\nfloor = 10", "2: poll.floor: 10 is no duration"),
        ("[poll]\nfloor = '2d'", "2: poll.floor: is longer than the ceiling"),
        ("[poll]\ntimeout = '0s'", "2: poll.timeout: '0s' does not fit: input should be greater than 0"),
        ("[poll]\nwebsub = 'no'", "2: poll.websub: 'no' does not fit: it should be true or false"),
        ("[poll]\nmax_body = '10 megs'", "2: poll.max_body: '10 megs' is no size"),
        ("[poll]\nworkers = 0", "2: poll.workers: 0 does not fit"),
        ("[poll]\nallow = [\n  '127.0.0.1',\n]", "2: poll.allow.0: '127.0.0.1' is no address and port"),
        ("[poll]\nallow = ['10.0.0.1/8:80']", "2: poll.allow.0: '10.0.0.1/8:80' is no address and port"),
        ("poll = 3", "1: poll: 3 does not fit"),
        ("[wireroom]\nlisten = '8000'", "2: wireroom.listen: '8000' is no address and port"),
        ("[wireroom]\nlisten = 'a b:80'", "is no address and port"),
        ("[wireroom]\nlisten = '::1:80'", "is no address and port"),
        ("[wireroom]\nbase_url = 'http://x:99999/'", "is no web address"),
        ("[wireroom]\nbase_url = 'http://[::1'", "is no web address"),
        ("[wireroom]\nbase_url = 'http://u:p@x/'", "is no web address"),
        ("[wireroom]\narchive = '~/w.db'", "is no path"),
        ("[wireroom]\ncontact = 'café'", "can't stand in a header"),
        ("[wireroom]\nbase_url = 'example.org'", "2: wireroom.base_url: 'example.org' is no web address"),
        ("[[source]]\nurl = 'x'", '1: source "number 1": id: is missing; add it'),
        ("[[source]]\nid = 'a'", '1: source "a": url: is missing'),
        ("[[source]]\nid = 'A b'\nurl = 'x'", "2: source \"A b\": id: 'A b' can't be an id"),
        ("[[source]]\nid = '../x'\nurl = 'x'", "can't be an id"),
        ("[[source]]\nid = 'a'\nurl = 'ftp://x/'", "3: source \"a\": url: 'ftp://x/' can't be polled"),
        ("[[source]]\nid = 'a'\nurl = 'http://'", "can't be polled"),
        ("[[source]]\nid = 'a'\nurl = 'http:x.org'", "can't be polled"),
        ("[[source]]\nid = 'a'\nurl = 'http://exa mple/'", "can't be polled"),
        ("[[source]]\nid = 'a'\nurl = 'http://x:99999/'", "can't be polled"),
        ("[[source]]\nid = 'a'\nurl = 'x'\nevery = 'often'", "4: source \"a\": every: 'often' is no duration"),
        ("[[source]]\nid = 'a'\nurl = 'x'\ntags = ['x']", "4: source \"a\": tags.0: 'x' is no tag; write kind:name"),
        ("[[source]]\nid = 'a'\nurl = 'x'\ntags = ['lang:en']", "'lang' is a field of the query language"),
        (
            "[[source]]\nid = 'a'\nurl = 'x'\n[[source]]\nid = 'a'\nurl = 'y'",
            "5: source \"a\": id: 'a' is used already",
        ),
        (
            "[[source]]\nid = 'a'\nurl = 'x'\n[[source]]\nid = 'b'\nwas = ['a']\nurl = 'y'",
            "6: source \"b\": was: 'a' is used",
        ),
        ("[[source]]\nid = 'a'\nurl = 'x'\n[[source]]\nid = 'b'\nurl = 'x'", 'is polled already by source "a"'),
        ("[[rule]]\nid = 'r'\ntag = 'title:x'\nmatch = 'a'", "'title' is a field of the query language"),
        ("[[rule]]\nid = 'r'\ntag = 'a:x'\nmatch = 'a AND'", '4: rule "r": match: column 6: the query ends too early'),
        ("[[rule]]\nid = 'r'\nmatch = 'a'", '1: rule "r": does nothing; write what it does'),
        ("[[rule]]\nid = 'r'\nmatch = 'a'\ndrop = false", '1: rule "r": does nothing; write what it does'),
        ("[[rule]]\nid = 'r'\nmatch = 'a'\ndrop = true\nhold = true", 'rule "r": says drop and hold; write one'),
        ("[[rule]]\nid = 'r'\nmatch = 'a'\npriority = { b = 5 }", "4: rule \"r\": priority.b: no source is called 'b'"),
        (
            "[[source]]\nid = 'b'\nwas = ['a']\nurl = 'x'\n[[rule]]\nid = 'r'\nmatch = 'a'\npriority.a = 5",
            "8: rule \"r\": priority.a: no source is called 'a'; it is 'b' now",
        ),
        (
            "[[rule]]\nid = 'r'\ntag = 'k:x'\nmatch = 'a OR NOT k:x'",
            '4: rule "r": match: asks for k:x, which this rule itself gives; ask for what',
        ),
        (
            "".join(
                f"[[rule]]\nid = '{id_}'\ntag = 'k:{id_}'\nmatch = '{match}'\n"
                for id_, match in [("one", "k:three"), ("two", "word"), ("three", "k:two k:four"), ("four", "k:one")]
            ),
            '4: rule "one": match: rules wait for each other: it asks for k:three, which rule "three" gives; '
            'that one asks for k:four, which rule "four" gives; that one asks for k:one, which rule "one" gives; take',
        ),
        ("[[topic]]\nid = 't'\nmatch = 'a'", '1: topic "t": title: is missing'),
        (
            "[[query]]\nid = 'q'\nmatch = 'seen:x'",
            "3: query \"q\": match: column 6: 'x' is no date; write it like seen:",
        ),
        ("[[query]]\nid = 'q'\nmatch = 'a'\ntitel = 'x'", '4: query "q": titel: unknown key'),
        ("[[query]]\nid = 'q'", '1: query "q": match: is missing'),
        ("[[topic]]\nid = 't'\ntitle = 'T'\nmatch = '(a'", '4: topic "t": match: column 1: this ( is not closed'),
        ("[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'a'\nlimit = 0", '5: topic "t": limit: 0 does not fit'),
        (f"{A_TOPIC}exclude = '(a'", '5: topic "t": exclude: column 1: this ( is not closed'),
        (f"{A_TOPIC}exclude = '@b'", '5: topic "t": exclude: column 1: '),
        (f"{A_TOPIC}exclude = 'is:held'", '5: topic "t": exclude: column 4: is:held is known only after'),
        (f"{A_TOPIC}exclude = '@t'", '5: topic "t": exclude: the saved queries name each other in a circle'),
        (
            f"{A_TOPIC}languages = ['english!']",
            "5: topic \"t\": languages.0: 'english!' is no language code; write one",
        ),
        (f"{A_TOPIC}languages = 'en'", "5: topic \"t\": languages: 'en' does not fit: it should be a list"),
        (f"{A_TOPIC}min_sources = 0", '5: topic "t": min_sources: 0 does not fit'),
        (f"{A_TOPIC}flood = 0", '5: topic "t": flood: 0 does not fit'),
        (f"{A_TOPIC}delay = '31d'", "5: topic \"t\": delay: '31d' does not fit"),
        (f"{A_TOPIC}delay = 30", '5: topic "t": delay: 30 is no duration'),
        (f"{A_TOPIC}per_story = 'once'", "5: topic \"t\": per_story: 'once' does not fit"),
        (
            f"{A_TOPIC}per_story = 'event'\ndedupe = 'off'",
            '5: topic "t": per_story: one item for each event, but dedupe = "off" shows copies apart; take one',
        ),
        (
            f"{A_TOPIC}per_story = 'event'\ngrouping = 'off'",
            '5: topic "t": per_story: has no events to go by: grouping is "off"; take it out, or set grouping',
        ),
        (
            f"[wireroom]\ngrouping = 'off'\n{A_TOPIC}per_story = 'event'",
            '7: topic "t": per_story: has no events to go by',
        ),
        ("[[topic]]\nid = 't'\ntitle = \"T\\u0007\"\nmatch = 'a'", '3: topic "t": title: '),
        ("[[rule]]\nid = 'r'\ntag = 'a:b'\nmatch = 'x'\n[[rule.test]]\ntext = 'x'", "test 1: expect: is missing"),
        (
            "[[rule]]\nid = 'r'\ntag = 'a:b'\nmatch = 'x'\n[[rule.test]]\ntext = 'x'\nexpect = 1",
            '7: rule "r": test 1: expect: 1 does not fit: it should be true or false',
        ),
        (
            "[[topic]]\nid = 'r'\ntitle = 'T'\nmatch = 'x'\n[[topic.test]]\ntext = 'x'\nexpect = true\nlanguage = 'en'",
            "8: topic \"r\": test 1: language: unknown key; did you mean 'lang'?",
        ),
        ("[poll]\nfloor = '10m", "2: no valid TOML"),
        (
            "[wireroom]\ndedupe = 'none'",
            "2: wireroom.dedupe: 'none' does not fit: input should be 'copies', 'exact' or",
        ),
        (
            "[wireroom]\ngrouping = false",
            "2: wireroom.grouping: False does not fit: input should be 'loose', 'normal',",
        ),
        ("[[source]]\nid = 'a'\nurl = 'x'\npriority = '1'", "4: source \"a\": priority: '1' does not fit"),
        ("[[source]]\nid = 'a'\nurl = 'x'\npriority = 1001", '4: source "a": priority: 1001 does not fit'),
        (
            "[wireroom]\ndedupe = 'exact'\n[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'a'\ndedupe = 'copies'",
            "7: topic \"t\": dedupe: 'copies' is more than 'exact', what [wireroom] dedupe says; "
            "write 'exact' or 'off'",
        ),
        (
            "[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'a'\ngrouping = 'loose'",
            "5: topic \"t\": grouping: 'loose' is more than 'normal', what [wireroom] grouping says; "
            "write 'normal' or 'strict' or 'off'",
        ),
    ],
)
def test_fault_names_line_key_problem_and_mend(tmp_path: Path, text: str, said: str) -> None:
    """One wrong thing, one fault."""
    (fault,) = faults(tmp_path, text)
    assert said in fault
    assert "; " in fault


def test_all_faults_are_named_at_once_in_the_files_order(tmp_path: Path) -> None:
    """Nobody mends one line to learn of the next."""
    text = "[poll]\nflor = '1m'\npause = 'x'\n[[source]]\nid = 'a'\n[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'a)'\n"

    found = faults(tmp_path, text)

    assert [fault.partition(":")[0] for fault in found] == ["2", "3", "4", "9"]


@pytest.mark.parametrize("make", ["missing", "folder", "latin-1"])
def test_file_that_cannot_be_read_is_one_clear_fault(tmp_path: Path, make: str) -> None:
    """Not there, a folder, or no UTF-8."""
    path = tmp_path / "config.toml"
    if make == "folder":
        path.mkdir()
    elif make == "latin-1":
        path.write_bytes("# café".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)

    assert str(caught.value).startswith(f"{path}: ")


values: st.SearchStrategy[Any] = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.floats(0, 9, allow_nan=False),
    st.sampled_from(
        ["", "a", "10m", "-1s", "10MB", "127.0.0.1:1", "http://x/", "x:y", "../a", "\\u0000", "🙂", "off", "loose"]
    ),
    st.lists(st.sampled_from(["a", "x:y", ""]), max_size=2),
    st.just({}),
)
KEYS = {
    "wireroom": ["archive", "publish", "listen", "base_url", "contact", "dedupe", "grouping", "more"],
    "poll": [*Poll.model_fields],
    "backup": [*Backup.model_fields],
    "source": ["id", "url", "was", "tags", "every", "dedupe", "priority"],
    "query": ["id", "match"],
    "rule": ["id", "tag", "match", "drop", "hold", "priority", "test"],
    "topic": [
        *("id", "title", "was", "match", "limit", "dedupe", "grouping", "exclude", "min_sources", "languages", "test"),
        *("per_story", "delay", "flood", "per_source", "order", "window", "full_text", "digest", "timezone", "secret"),
    ],
}


def toml(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return "{}" if value == {} else repr(value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(sorted(KEYS)).flatmap(
            lambda table: st.tuples(
                st.just(table), st.booleans(), st.dictionaries(st.sampled_from(KEYS[table]), values, max_size=4)
            )
        ),
        max_size=4,
        unique_by=lambda one: one[0],
    )
)
def test_any_values_load_or_are_faults(tmp_path: Path, tables: list[tuple[str, bool, dict[str, Any]]]) -> None:
    """Whatever stands at the keys, of whatever type: a config or faults, never another error."""
    text = "".join(
        f"{'[[' if many else '['}{table}{']]' if many else ']'}\n"
        + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())
        for table, many, keys in tables
    )
    found: tuple[Fault, ...] = ()
    try:
        load(tmp_path, text)
    except ConfigError as error:
        found = error.faults
    assert all(fault.problem and fault.mend for fault in found)


def test_lines_of_keys_in_every_form_of_toml() -> None:
    """Values of several lines, strings with brackets, comments, dotted and quoted keys, nested arrays of tables."""
    text = (
        'a = "x] # no"   # [[no]]\n'
        "b = [\n"
        '  "[c]",   # ]\n'
        "  2,\n"
        "]\n"
        'c.d = """\n'
        "[not.a.table]\n"
        'e = 1\n"""\n'
        "[[t]]\n"
        "'quoted key' = { x = 1 }\n"
        "[[t]]\n"
        "k = '''one line ]'''\n"
        "[t.sub]\n"
        "z = 1\n"
    )

    assert key_lines(text) == {
        ("a",): 1,
        ("b",): 2,
        ("c", "d"): 6,
        ("t", 0): 10,
        ("t", 0, "quoted key"): 11,
        ("t", 1): 12,
        ("t", 1, "k"): 13,
        ("t", 1, "sub"): 14,
        ("t", 1, "sub", "z"): 15,
    }


@given(st.integers(0, 10**6), st.sampled_from(sorted(SECONDS)))
def test_durations(number: int, unit: str) -> None:
    """A number and a unit."""
    assert parse_duration(f"{number}{unit}") == number * SECONDS[unit]


@given(st.integers(0, 10**6), st.sampled_from(sorted(BYTES)))
def test_sizes(number: int, unit: str) -> None:
    """A number and a unit, decimal and binary."""
    assert parse_size(f"{number} {unit}") == number * BYTES[unit]
