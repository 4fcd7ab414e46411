"""Queries of the config that name each other, sources and tag kinds: put in, or a fault with line, column and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.query import parse
from db.query_names import read_query
from house import House
from ingest.order import Asked, in_order
from origin import Origin, item, rss
from wireroom.config import Config, load_config
from wireroom.config_faults import ConfigError
from wireroom.config_queries import names_of

SOURCES = '[[source]]\nid = "bbc-world"\nurl = "a.xml"\ntags = ["desk:world"]\n'
RULE = '[[rule]]\nid = "r"\ntag = "subject:r"\nmatch = {}\n'
QUERY = '[[query]]\nid = "{}"\nmatch = {}\n'
TOPIC = '[[topic]]\nid = "{}"\ntitle = "T"\nmatch = {}\n'


def load(folder: Path, *tables: str) -> Config:
    """Load a config of these tables after the source's, which has four lines."""
    path = folder / "config.toml"
    path.write_text(SOURCES + "".join(tables), encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize("key", ['exclude = "moscow"', "min_sources = 2", 'languages = ["en"]'])
def test_topic_that_nests_too_deep_by_its_other_keys_is_a_fault(tmp_path: Path, key: str) -> None:
    """Its match alone is as deep as may be: the daemon would fall over what `check` calls good."""
    deep = "moscow"
    for number in range(10):
        deep = f"(a{number} AND (b{number} OR {deep}))"

    load(tmp_path, TOPIC.format("t", f"'{deep}'"))
    with pytest.raises(ConfigError, match=r'8: topic "t": match: with all that it names, .* nest deeper than 20'):
        load(tmp_path, TOPIC.format("t", f"'{deep}'"), key)


def test_saved_queries_and_topics_stand_for_what_they_say(tmp_path: Path) -> None:
    """In each other too, whichever comes first in the file, and with parentheses around them."""
    config = load(
        tmp_path,
        RULE.format("'@either kremlin'"),
        TOPIC.format("t", "'@either -x'"),
        QUERY.format("either", "'moscow OR @deep'"),
        QUERY.format("deep", "'putin place:russia'"),
        TOPIC.format("u", "'@t OR desk:world'"),
    )
    names = names_of(config)

    assert read_query("@either kremlin", names) == parse("(moscow OR (putin place:russia)) kremlin")
    assert read_query("-@t", names) == parse("-((moscow OR (putin place:russia)) -x)")
    assert read_query("@u", names) == parse("((moscow OR (putin place:russia)) -x) OR desk:world")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            (TOPIC.format("t", "'a @eithr'"), QUERY.format("either", "'b'")),
            '8: topic "t": match: column 3: .*`@either`',
        ),
        ((TOPIC.format("t", "'@zzz'"),), "8: .*column 1: there is no saved query or topic `@zzz`"),
        ((QUERY.format("a", "'x @b'"), QUERY.format("b", "'@a'")), "7: .* in a circle, @a → @b → @a; break it"),
        ((QUERY.format("a", "'x @a'"),), "7: .*circle, @a → @a"),
        ((TOPIC.format("t", "'@q'"), QUERY.format("q", "'@t'")), "11: .*circle, @q → @t → @q"),
        ((RULE.format("'titel:foo'"),), "8: .*column 1: unknown field `titel`; did you mean `title`?"),
        ((RULE.format("'x plase:russia'"),), "8: .*column 3: unknown tag kind `plase`; did you mean `place`?"),
        ((RULE.format("'desks:world'"),), "8: .*column 1: unknown tag kind `desks`; did you mean `desk`?"),
        (
            (RULE.format("'x source:bbc-wrld'"),),
            "8: .*column 10: there is no source `bbc-wrld`; did you mean `bbc-world`?",
        ),
        ((RULE.format("'is:held'"),), "8: .*column 4: is:held is known only after rules and topics were asked"),
        ((TOPIC.format("t", "'@q'"), QUERY.format("q", "'is:pinned'")), "8: .*: is:pinned is known only after"),
        ((QUERY.format("q", "'a'"), TOPIC.format("q", "'a'")), "'q' is used already by topic"),
        ((QUERY.format("q", "'a'"), QUERY.format("q", "'a'")), "9: query .*'q' is used already by query"),
        ((QUERY.format("Q!", "'a'"),), "6: .*can't be an id"),
        (
            (*tuple(QUERY.format(f"q{n}", f"'@q{n + 1}'") for n in range(30)), QUERY.format("q30", "'a'")),
            "more than 20 deep",
        ),
        (
            (*tuple(QUERY.format(f"q{n}", f"'@q{n + 1} @q{n + 1}'") for n in range(15)), QUERY.format("q15", "'a'")),
            "over 1000 terms; name less",
        ),
    ],
)
def test_what_is_not_there_is_a_fault(tmp_path: Path, tables: tuple[str, ...], said: str) -> None:
    """With its line, its column and what was meant."""
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, *tables)


@pytest.mark.parametrize(
    "query", ["desk:world", "team:blue", "tag:titel:foo", "category:x", "org:un", "source:gone", "title:x", "r:x"]
)
def test_what_may_be_meant_is_let_pass(tmp_path: Path, query: str) -> None:
    """Any kind that is like no other, what is said to be a tag, a source that was taken out."""
    load(tmp_path, RULE.format(f"'{query}'"))


@pytest.mark.parametrize(
    ("query", "waits"),
    [
        *(("place:x", True), ("place:*", True), ("NOT place:x*", True), ("tag:x", True), ("a OR (b has:tag)", True)),
        *(("place:y", False), ("org:*", False), ("tag:y", False), ("place:y*", False), ("x", False)),
    ],
)
def test_rule_waits_for_tags_that_it_asks_for_in_part(query: str, *, waits: bool) -> None:
    """Any of a kind, any of a name, any at all: the rule that gives one is asked first."""
    asked = [Asked(parse(query), None), Asked(parse("word"), ("place", "x"))]

    assert in_order(asked) == ((1, 0) if waits else (0, 1))


def test_long_way_round_is_told_in_part(tmp_path: Path) -> None:
    """A thousand rules that wait for each other are one fault of some lines."""
    tables = [f'[[rule]]\nid = "r{n}"\nmatch = "k:n{n - 1 if n else 999}"\ntag = "k:n{n}"\n' for n in range(1000)]

    with pytest.raises(ConfigError) as raised:
        load(tmp_path, *tables)

    (fault,) = map(str, raised.value.faults)
    assert len(fault) < 1000
    assert "; so it goes on through 990 more; that one asks for k:n0, which" in fault


def test_kinds_of_entities_and_categories_are_known(tmp_path: Path) -> None:
    """However like they are to a field or to another kind."""
    tables = '[[entity]]\nkind = "word"\nname = "Logos"\n[categories]\nWorld = "places:world"\nLocal = ""\n'
    config = load(tmp_path, RULE.format("'word:logos OR places:world OR subject:x OR person:y'"), tables)

    assert {"word", "places", "desk"} <= names_of(config).kinds


def test_search_names_what_config_and_archive_know(house: House, origin: Origin) -> None:
    """Saved queries, topics, kinds of the config; kinds and sources that only the archive has."""
    origin.feed("/one", rss(item(1, title="Harbour closed"), item(2, title="Mountain open")))
    rest = (
        '[[query]]\nid = "wet"\nmatch = "harbour OR ferry"\n'
        '[[topic]]\nid = "dry"\ntitle = "Dry"\nmatch = "-@wet"\n'
        '[[rule]]\nid = "r"\ntag = "region:coast"\nmatch = "@wet"\n'
    )
    house.configure({"one": origin.url("/one")}, rest, allow=origin.port)
    house.poll()

    def found(query: str) -> str:
        result = house.wireroom("search", query)
        return f"{result.code} {result.out}{result.err}"

    assert "Harbour" in found("@wet")
    assert "Mountain" in found("@dry seen:>=now-1h")
    assert "Mountain" not in found("@wet")
    assert "Harbour" in found("region:coast")
    assert found("@wett").startswith(
        "2 wireroom: query: column 1: there is no saved query or topic `@wett`: did you mean"
    )
    assert "\nwireroom:   x  titel:foo\nwireroom:      ^\n" in found("x  titel:foo")
    assert "did you mean `region`?" in found("regoin:coast")
    assert "column 8: there is no source `two`" in found("source:two")
    assert "no tag of the kind `team`" in found("team:blue")
    assert "no story has the tag `region:cost`: did you mean `region:coast`?" in found("region:cost")
    assert house.wireroom("tag", "1", "place:france").err == ""
    assert "give place:united-states, not place:america" in house.wireroom("tag", "1", "place:america").err
    assert "no story has the tag `place:usa`: did you mean `place:united-states`?" in found("place:USA")
    assert "no story has the tag `place:uk`" in house.wireroom("preview", "harbour OR place:UK").err
    assert "no story" not in house.wireroom("preview", "harbour OR region:coast").err
    assert "Mountain" in found("-harbour"), "no option, but a query"
    assert "Harbour" in house.wireroom("search", "--limit", "9", "-mountain seen:>=now-1h", "--json").out
    assert "takes 1 story" in house.wireroom("preview", "-harbour -x").out

    house.configure({"other": origin.url("/one")}, "", allow=origin.port)
    assert "Harbour" in found("region:coast source:one"), "the archive knows them still"
