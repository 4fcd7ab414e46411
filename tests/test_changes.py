"""What an edited config would change, before it is loaded: things edited, stories that would be treated otherwise."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from typing import Any

import pytest

from db.in_force import Said
from house import House, until
from origin import item, rss
from wireroom.changes_told import edit_lines
from wireroom.edits import Edit, edits, renames

RULES = """\
[[rule]]
id = "boats"
tag = "subject:boats"
match = "ferry OR ship"
[[rule]]
id = "news"
tag = "subject:news"
match = "subject:boats AND NOT harbour"
[[topic]]
id = "sea"
title = "Sea"
match = "subject:boats"
[[topic]]
id = "fresh"
title = "Fresh"
match = "subject:news OR desk:one"
"""


def test_edits_are_told_by_kind_and_key() -> None:
    """What is new, gone, edited or has another id; what is the same is not told."""
    before = [
        Said("rule", "same", {"match": "x"}),
        Said("rule", "edited", {"match": "x", "drop": True}),
        Said("rule", "gone", {"match": "y"}),
        Said("topic", "old", {"limit": 1}),
    ]
    now = [
        Said("rule", "edited", {"match": "z"}),
        Said("rule", "same", {"match": "x"}),
        Said("rule", "new", {"match": "y"}),
        Said("topic", "young", {"limit": 1}),
    ]

    assert edits(before, now, {("topic", "young"): "old"}) == [
        Edit(kind="rule", id="edited", how="edited", keys={"match": ("x", "z"), "drop": (True, None)}),
        Edit(kind="rule", id="new", how="added", keys={"match": (None, "y")}),
        Edit(kind="topic", id="young", how="edited", was="old"),
        Edit(kind="rule", id="gone", how="gone", keys={"match": ("y", None)}),
    ]
    assert edits(now, now, {}) == []


def test_renames_are_those_that_the_archive_follows() -> None:
    """Not where both have a history; the first that is known."""

    class Thing:
        def __init__(self, id_: str, *was: str) -> None:
            self.id, self.was = id_, was

    assert renames("topic", [Thing("new", "older", "old"), Thing("a", "b")], ["old", "a", "b"]) == {
        ("topic", "new"): "old"
    }


@pytest.fixture
def sea(house: House) -> House:
    """Give a house with a poll of five stories done."""
    titles = ["A ferry sails", "A ship leaves the harbour", "A train stops", "Ferry tickets", "A lighthouse"]
    (house.folder / "feed.xml").write_text(rss(*(item(n, title=title) for n, title in enumerate(titles[::-1]))))
    write(house, RULES)
    house.poll()
    return house


def write(house: House, rest: str, poll: str = "") -> None:
    """Write the config."""
    house.configure({"one": str(house.folder / "feed.xml")}, rest, poll=poll)


def changes(house: House, *words: str) -> dict[str, Any]:
    """Ask what is edited."""
    done = house.wireroom("changes", "--json", *words)
    assert done.out, done.err
    told: dict[str, Any] = json.loads(done.out)
    assert done.code == (1 if told["edits"] else 0)
    return told


def effects(house: House, *words: str) -> dict[str, list[str]]:
    """Ask what an edit would do → titles by effect, newest first."""
    found = changes(house, *words)["effects"]["changes"]
    assert all(one["stories"] == len(one["newest"]) for one in found)
    return {f"{one['how']} {one['name']}": [row["title"] for row in one["newest"]] for one in found}


def test_nothing_edited_is_nothing(sea: House) -> None:
    """Exit code 0; a comment or another order of keys is no edit, nor are tests."""
    sea.config.write_text(sea.config.read_text() + "\n# a comment\n[[topic.test]]\ntext = 'x'\nexpect = false\n")

    assert changes(sea)["edits"] == []
    assert "nothing is edited" in sea.wireroom("changes").out


def test_rule_edited_changes_tags_topics_and_the_rules_behind_it(sea: House) -> None:
    """Also those that look at its tag; what it did not touch is not told."""
    write(sea, RULES.replace("ferry OR ship", "ship OR lighthouse"))

    assert effects(sea) == {
        "gains subject:boats": ["A lighthouse"],
        "gains subject:news": ["A lighthouse"],
        "loses subject:boats": ["Ferry tickets", "A ferry sails"],
        "loses subject:news": ["Ferry tickets", "A ferry sails"],
        "enters sea": ["A lighthouse"],
        "enters fresh": ["A lighthouse"],
        "leaves sea": ["Ferry tickets", "A ferry sails"],
        "leaves fresh": ["Ferry tickets", "A ferry sails"],
    }
    (edit,) = changes(sea)["edits"]
    assert (edit["kind"], edit["id"], edit["how"]) == ("rule", "boats", "edited")
    assert edit["keys"] == {"match": {"before": "ferry OR ship", "now": "ship OR lighthouse"}}


def test_rules_that_drop_and_topics_that_are_new_or_gone(sea: House) -> None:
    """What is dropped leaves its topics; a new topic is entered, one that is gone is told as that alone."""
    drop = '[[rule]]\nid = "no"\nmatch = "tickets"\ndrop = true\n'
    new = '[[topic]]\nid = "rail"\ntitle = "Rail"\nmatch = "train"\n'
    write(sea, drop + RULES.partition('[[topic]]\nid = "fresh"')[0] + new)

    assert effects(sea) == {
        "begins drop": ["Ferry tickets"],
        "leaves sea": ["Ferry tickets"],
        "enters rail": ["A train stops"],
    }
    assert "  + rail: title = 'Rail', match = 'train'" in sea.wireroom("changes").out.splitlines()
    assert {(one["id"], one["how"]) for one in changes(sea)["edits"]} == {
        ("no", "added"),
        ("rail", "added"),
        ("fresh", "gone"),
    }
    sea.poll()
    write(sea, RULES)
    assert effects(sea)["ends drop"] == ["Ferry tickets"]


def test_source_edited(sea: House) -> None:
    """Its tags; another id under which its history goes on changes nothing by itself; another address is told."""
    text = RULES.replace("subject:news OR desk:one", "source:one")
    write(sea, text)
    sea.poll()
    path = str(sea.folder / "feed.xml")
    table = f'[[source]]\nid = "{{}}"\n{{}}categories = {{{{ "A" = "{{}}" }}}}\nurl = "{path}"\n'
    sea.configure({}, table.format("one", "", "desk:y") + text)
    sea.poll()
    new = table.format("two", 'was = ["one"]\ntags = ["desk:x"]\n', "desk:z")
    sea.configure({}, new + text.replace("source:one", "source:two"))

    found = changes(sea)

    assert {(one["kind"], one["id"], one["was"]) for one in found["edits"]} == {
        ("source", "two", "one"),
        ("topic", "fresh", None),
    }
    assert {(one["how"], one["name"], one["stories"]) for one in found["effects"]["changes"]} == {
        ("gains", "desk:x", 5)
    }
    sea.configure({"one": "http://other.example/"}, text)
    (edit,) = changes(sea)["edits"]
    assert edit["keys"]["categories"] == {"before": {"A": "desk:y"}, "now": None}
    assert edit["keys"]["url"] == {"before": path, "now": "http://other.example/"}


def test_saved_query_edited_changes_what_names_it(sea: House) -> None:
    """The rule itself says what it said."""
    saved = '[[query]]\nid = "craft"\nmatch = "{}"\n'
    text = RULES.replace("ferry OR ship", "@craft")
    write(sea, saved.format("ferry") + text)
    sea.poll()
    write(sea, saved.format("lighthouse") + text)

    assert [(one["kind"], one["id"]) for one in changes(sea)["edits"]] == [("query", "craft")]
    assert effects(sea)["gains subject:boats"] == ["A lighthouse"]


def test_entities_categories_and_lists_of_names_are_told(sea: House) -> None:
    """That they are edited; what that does to stories is asked of a retag."""
    (sea.folder / "names.txt").write_text("person\tAda Vell\n")
    text = sea.config.read_text().replace("[wireroom]", '[wireroom]\nentities = "names.txt"')
    entity = '[[entity]]\nkind = "person"\nname = "Bo Tern"\naliases = ["Mr Tern"]\n'
    sea.config.write_text(text + entity + '[categories]\n"Ausland" = "desk:abroad"\n')

    def told() -> dict[tuple[str, str], tuple[str, list[str]]]:
        return {(one["kind"], one["id"]): (one["how"], [*one["keys"]]) for one in changes(sea)["edits"]}

    assert told() == {
        ("category", "Ausland"): ("added", ["tag"]),
        ("entity", "person:bo-tern “Bo Tern”"): ("added", ["aliases"]),
        ("entity", "the list of names"): ("added", ["hash"]),
    }
    assert "`wireroom retag --dry-run`" in sea.wireroom("changes").out
    sea.poll()
    assert told() == {}
    (sea.folder / "names.txt").write_text("person\tAda Bell\n")
    assert told() == {("entity", "the list of names"): ("edited", ["hash"])}


def test_kinds_of_entities_are_no_slips(sea: House) -> None:
    """Also those that look like one of the program's: neither `changes` nor `explain` asks back."""
    rule = '[[rule]]\nid = "acme"\ntag = "subject:acme"\nmatch = "orgs:acme OR ferry"\n'
    write(sea, RULES + '[[entity]]\nkind = "orgs"\nname = "Acme"\n' + rule)

    assert effects(sea)["gains subject:acme"] == ["Ferry tickets", "A ferry sails"]
    assert sea.wireroom("explain", "1").code == 0


def test_settings_and_limits_are_told_without_effects(sea: House) -> None:
    """What holds for all, by its key; a topic's policy."""
    write(sea, RULES.replace('title = "Sea"', 'title = "Sea"\nlimit = 9'), poll="floor = '20m'")

    told = changes(sea)

    keys = {one["kind"]: one["keys"] for one in told["edits"]}
    assert keys["settings"] == {"poll.floor_s": {"before": 600, "now": 1200}}
    assert keys["topic"]["limit"] == {"before": 50, "now": 9}
    assert told["effects"]["changes"] == []
    assert "  none would change" in sea.wireroom("changes").out.splitlines()

    write(sea, RULES.replace('title = "Sea"', 'title = "Sea"\ndigest = "mon 07:05"\ntimezone = "Europe/Berlin"'))
    assert "      digest: nothing → 'mon 07:05 Europe/Berlin'" in sea.wireroom("changes").out.splitlines()


def test_since_and_how_many_are_looked_at(sea: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older stories do not count; of many only the newest are looked at, and it is said."""
    from wireroom import before, effects
    from wireroom.config import load_config

    write(sea, RULES.replace("ferry OR ship", "nothing"))
    assert changes(sea, "--since", "2099-01-01")["effects"]["stories"] == 0
    monkeypatch.setattr(effects, "MAX_LOOKED_AT", 2)
    monkeypatch.setattr(effects, "AT_ONCE", 1)
    from db.archive import open_reader

    config, db = load_config(sea.config), open_reader(sea.archive)
    old = before.before(db, config)
    assert old is not None
    found = effects.effects(db, old, config, "2020-01-01T00:00:00Z", "2026-11-26T00:00:00Z", 5)

    assert (found["stories"], found["looked_at"]) == (3, 2)
    by = {(one["name"], one["how"]): [row["title"] for row in one["newest"]] for one in found["changes"]}
    assert by["subject:boats", "loses"] == ["Ferry tickets", "A ship leaves the harbour"]


def test_nothing_is_written_and_a_daemon_takes_it_over(sea: House) -> None:
    """An edit that is not loaded is told from what runs; once it is loaded, nothing is edited any more."""
    write(sea, RULES)
    with sea.daemon() as daemon:
        write(sea, RULES.replace("ferry OR ship", "lighthouse"))
        before = sea.archive.read_bytes()
        assert effects(sea)["gains subject:boats"] == ["A lighthouse"]
        assert sea.archive.read_bytes() == before
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: changes(sea)["edits"] == [], "it was not taken over")


def test_what_is_in_force_may_be_unknown_or_unreadable(sea: House) -> None:
    """An archive of an older version has noted nothing; one of another may have a query that is none here."""
    write(sea, RULES.replace("ferry OR ship", "lighthouse"))
    with contextlib.closing(sqlite3.connect(sea.archive)) as db:
        db.execute("""UPDATE config_in_force SET said = '{"match": "((", "tag": "a:b"}' WHERE config_id = 'boats'""")
        db.commit()
    told = changes(sea)
    assert told["effects"] is None
    assert "does not understand rule boats" in told["trouble"]

    with contextlib.closing(sqlite3.connect(sea.archive)) as db:
        db.execute("DELETE FROM config_in_force")
        db.commit()
    assert (changes(sea)["since"], changes(sea)["edits"]) == (None, [])
    assert "has not noted yet" in sea.wireroom("changes").out


@pytest.mark.parametrize(
    ("key", "before", "now", "line"),
    [
        ("delay_s", 0, 1800.0, "delay: '0s' → '1800s'"),
        ("every_s", None, 600.0, "every: nothing → '600s'"),
        ("per_event", False, True, "per_story: 'copies' → 'event'"),
        ("limit", 50, 9, "limit: 50 → 9"),
    ],
)
def test_keys_are_told_as_the_config_writes_them(key: str, before: object, now: object, line: str) -> None:
    """Not by the names that they have inside."""
    edit = {"kind": "topic", "id": "t", "how": "edited", "was": None, "keys": {key: {"before": before, "now": now}}}

    assert list(edit_lines(edit)) == ["  ~ t", f"      {line}"]
