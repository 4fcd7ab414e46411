"""The tests in a config: a rule or topic that does not do what its test says is a fault, with its line."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from house import ROOT, House, until
from wireroom.config import load_config
from wireroom.config_faults import ConfigError
from wireroom.entities import gazetteer_of
from wireroom.reload import load_again
from wireroom.trials import run_trials

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)

RULE = """\
[[source]]
id = "courier"
url = "http://courier.example/"
tags = ["desk:world"]
[[entity]]
kind = "person"
name = "Ada Vell"
[[rule]]
id = "diplomacy"
tag = "subject:diplomacy"
match = 'embassy OR ambassador'
[[rule]]
id = "late"
tag = "subject:late"
match = "ferry"
[[rule]]
id = "second"
tag = "subject:second"
match = '{match}'
[[rule.test]]
{test}
"""


def faults(folder: Path, text: str) -> list[str]:
    """Run a config's tests → what is wrong, without the path."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    try:
        run_trials(load_config(path), NOW)
    except ConfigError as error:
        return [str(fault).removeprefix(f"{path}:") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("match", "test"),
    [
        ("embassy", "text = 'The Embassy'\nexpect = true"),
        ("title:embassy", "title = 'The Embassy'\ntext = 'said so'\nexpect = true"),
        ("title:embassy", "text = 'The Embassy'\nexpect = false"),
        ("subject:diplomacy", "text = 'The ambassador'\nexpect = true"),
        ("subject:third", "text = 'The ambassador'\nexpect = false"),
        ("subject:late", "text = 'The ferry'\nexpect = true"),
        ("source:courier desk:world", "text = 'x'\nsource = 'courier'\nexpect = true"),
        ("source:courier OR desk:world", "text = 'x'\nexpect = false"),
        ("lang:pt", "text = 'x'\nlang = 'pt-BR'\nexpect = true"),
        ("place:turkiye", "text = 'x'\ntags = ['place:Türkiye']\nexpect = true"),
        ("sources:>1", "text = 'x'\nexpect = false"),
        ("place:turkiye", "text = 'Türkiye said no'\nexpect = true"),
        ("person:ada-vell", "text = 'Ada Vell said so'\nexpect = true"),
        ("lang:de", "text = 'Die Minister kamen gestern in der Hauptstadt zusammen, um zu reden.'\nexpect = true"),
        ("外交部", "text = '中国外交部发言人'\nexpect = true"),
        ("place:russia", "text = 'Moscow said so to Russian papers'\nexpect = true"),
    ],
)
def test_a_tests_story_is_asked_as_a_polled_one_is(tmp_path: Path, match: str, test: str) -> None:
    """Words, fields, tags of earlier rules and of its source, its language; and the other way round it fails."""
    text = RULE.format(match=match, test=test)
    turned = text.replace("= true", "= no").replace("= false", "= true").replace("= no", "= false")

    assert faults(tmp_path, text) == []
    (fault,) = faults(tmp_path, turned)
    assert fault.startswith('20: rule "second": test 1: ')


def test_a_fault_says_what_matched_and_what_failed(tmp_path: Path) -> None:
    """So that nobody has to guess."""
    match = "subject:diplomacy AND (moscow OR kremlin) AND NOT football"

    (fault,) = faults(tmp_path, RULE.format(match=match, test="text = 'Embassy football in Moscow'\nexpect = true"))

    assert fault == (
        '20: rule "second": test 1: does not take this story (matched: subject:diplomacy, moscow; failed: NOT '
        "football (it has football)); mend the rule's match, or what the test expects"
    )


def test_all_failing_tests_are_named_topics_too(tmp_path: Path) -> None:
    """Each at its own line; a source that is not there is a fault of its own."""
    more = (
        "[[rule.test]]\ntext = 'a'\nsource = 'nobody'\nexpect = false\n[[topic]]\nid = 't'\ntitle = 'T'\n"
        "match = 'subject:second'\n[[topic.test]]\ntext = 'a'\nexpect = false\n"
        "[[topic.test]]\ntext = 'b'\nexpect = true\n"
    )

    found = faults(tmp_path, RULE.format(match="a", test="text = 'b'\nexpect = true") + more)

    assert [fault.partition(" (")[0] for fault in found] == [
        '20: rule "second": test 1: does not take this story',
        '23: rule "second": test 2: takes this story',
        "25: rule \"second\": test 2: source: there is no source 'nobody'; name one of the config, or leave it out",
        '31: topic "t": test 1: takes this story',
        '34: topic "t": test 2: does not take this story',
    ]


def test_a_topics_story_that_a_rule_drops_or_holds_is_not_taken(tmp_path: Path) -> None:
    """As a poll has it: no topic is asked of such a story."""
    topic = "[[topic]]\nid = 't'\ntitle = 'T'\nmatch = 'ferry'\n[[topic.test]]\ntext = 'a ferry'\nexpect = {}\n"
    rule = "[[rule]]\nid = 'no'\nmatch = 'ferry'\n{} = true\n"

    assert faults(tmp_path, rule.format("drop") + topic.format("false")) == []
    (fault,) = faults(tmp_path, rule.format("hold") + topic.format("true"))
    assert "does not take this story (rule no holds it)" in fault


def test_check_names_it_and_other_commands_go_on(house: House) -> None:
    """A failing test is 78 for `check`; a poll is not kept from its news by it."""
    rest = '[[rule]]\nid = "r"\ntag = "a:b"\nmatch = "ferry"\n[[rule.test]]\ntext = "boat"\nexpect = true\n'
    feed = house.folder / "feed.xml"
    feed.write_text("<rss version='2.0'><channel><title>F</title></channel></rss>")
    house.configure({"one": str(feed)}, rest)

    checked, as_json = house.wireroom("check"), house.wireroom("check", "--json")
    polled = house.wireroom("poll")
    house.configure({"one": str(feed)}, rest.replace("boat", "a ferry"))

    assert checked.code == as_json.code == 78
    assert 'rule "r": test 1: does not take this story (failed: ferry)' in checked.err
    (fault,) = json.loads(as_json.out)["faults"]
    assert fault["key"] == 'rule "r": test 1'
    assert polled.code == 0, polled.err
    mended = house.wireroom("check")
    assert (mended.code, mended.out) == (0, "config.toml: good: 1 source, 1 rule, 0 topics\n")


def test_reload_builds_what_finds_names_only_where_they_are_others(tmp_path: Path) -> None:
    """Of very many it takes seconds; the tests go by what is there."""
    path = tmp_path / "config.toml"
    rule = RULE.format(match="a", test="text = 'a'\nexpect = true")
    path.write_text(f'[[entity]]\nkind = "ship"\nname = "Galatea"\n{rule}')
    config = load_config(path)
    gazetteer_of(config.entities, known=config.gazetteer)
    before = gazetteer_of.cache_info().misses

    again = load_again(config)
    path.write_text(path.read_text().replace("Galatea", "Arethusa"))
    other = load_again(config)

    assert again.entities is config.entities
    assert other.entities is not config.entities
    assert gazetteer_of.cache_info().misses == before + 1


def test_a_daemon_does_not_take_over_an_edit_that_breaks_a_test(house: House) -> None:
    """The old config stays; but a daemon that starts says so and runs: no news may be missed."""
    feed = house.folder / "feed.xml"
    feed.write_text("<rss version='2.0'><channel><title>F</title></channel></rss>")
    rest = '[[rule]]\nid = "r"\ntag = "a:b"\nmatch = "{}"\n[[rule.test]]\ntext = "a ferry"\nexpect = true\n'
    house.configure({"one": str(feed)}, rest.format("ferry"))

    def said(event: str) -> list[str]:
        return [line["fault"] for line in house.log_lines() if line["event"] == event]

    with house.daemon() as daemon:
        house.configure({"one": str(feed)}, rest.format("boat"))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: bool(said("config not reloaded; the old one stays")), "nothing was said")
        assert house.rows("SELECT said FROM config_in_force WHERE kind = 'rule'") == [
            ('{"match": "ferry", "tag": "a:b"}',)
        ]
        daemon.stop()
    with house.daemon():
        until(lambda: bool(said("a test in the config fails")), "nothing was said")
    assert 'rule "r": test 1: does not take this story' in said("a test in the config fails")[0]


def test_example_of_the_docs_holds(tmp_path: Path) -> None:
    """And each of its tests can fail."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs" / "trust.md").read_text(), re.MULTILINE | re.DOTALL)
    turned = text.replace("= true", "= no").replace("= false", "= true").replace("= no", "= false")

    assert faults(tmp_path, text) == []
    assert len(faults(tmp_path, turned)) == text.count("expect") == 3
