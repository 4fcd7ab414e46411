"""The user's own names: from the config or a list to the tags of stories, and what is wrong with them."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from house import House, until
from origin import item, rss
from wireroom.config import load_config
from wireroom.config_faults import ConfigError
from wireroom.entities import gazetteer_of, read_list

ENTITIES = """
[[entity]]
kind = "ship"
name = "Nordic Star"
aliases = ["Polar Dawn"]

[[entity]]
id = "ozisik"
kind = "person"
name = "Çağlar Özışık"
"""


def write_feed(house: House, name: str, *items: str) -> None:
    """Write a source's file."""
    (house.folder / f"{name}.xml").write_text(rss(*items), encoding="utf-8")


def tags(house: House, origin: str = "entity") -> dict[int, list[tuple[str, str]]]:
    """Read the stories' tags of one origin, with the words that caused them."""
    found: dict[int, list[tuple[str, str]]] = {}
    for story, tag, why in house.rows(
        "SELECT story_id, kind || ':' || name, why FROM story_tags JOIN tags ON tags.id = tag_id "
        "WHERE origin = ? ORDER BY 1, 2, 3",
        origin,
    ):
        found.setdefault(story, []).append((tag, why))
    return found


def test_a_name_tags_the_stories_that_have_it(house: House) -> None:
    """By name or alias, once anywhere; accents make no difference; and explain quotes the text."""
    write_feed(
        house,
        "a",
        item(3, title="A quiet day", text="Nothing was said of a northern star."),
        item(2, title="Minister", text="A long day. Then Caglar Ozisik spoke in the harbour."),
        item(1, title="Ferry aground", text="The Nordic Star, once the POLAR DAWN, ran aground."),
    )
    house.configure({"a": "a.xml"}, ENTITIES)
    house.poll()

    assert tags(house) == {
        1: [("ship:nordic-star", "Nordic Star, POLAR DAWN")],
        2: [("person:ozisik", "Caglar Ozisik")],
    }
    assert "ship:nordic-star: entity, because of “Nordic Star”, “POLAR DAWN”" in house.wireroom("explain", "1").out
    assert [row["story_id"] for row in json.loads(house.wireroom("search", "person:ozisik", "--json").out)] == [2]


def test_the_coverage_is_the_evidence(house: House) -> None:
    """A copy that names more tags the story; when its source takes the name out, the tag goes."""
    house.configure({"a": "a.xml", "b": "b.xml"}, ENTITIES)
    write_feed(house, "a", item(1, text="A ship ran aground."))
    write_feed(house, "b", item(1, text="A ship, the Nordic Star, ran aground."))
    house.poll()
    assert tags(house) == {1: [("ship:nordic-star", "Nordic Star")]}

    write_feed(house, "b", item(1, text="A ship, whose name is not known, ran aground."))
    house.poll()
    assert tags(house) == {}


def test_what_is_known_to_the_program(house: House) -> None:
    """Places and organizations that are well known; where `gazetteer` is false, the user's alone."""
    for known in (True, False):
        write_feed(house, "a", item(int(known), title="Russia and the United Nations", text="The Nordic Star sailed."))
        house.names = known
        house.configure({"a": "a.xml"}, ENTITIES)
        house.poll()

    assert [tag for tag, _ in tags(house, "gazetteer")[1]] == ["org:united-nations", "place:russia"]
    assert 2 not in tags(house, "gazetteer")
    assert set(tags(house)) == {1, 2}


def test_a_list_of_names(house: House) -> None:
    """Beside the tables; a thing in both, or twice in the list, has all names."""
    (house.folder / "names.txt").write_text(
        "# ships\nship\tNordic Star\tStella Nordica ; \n\nship\tNordic Star\tOld Nordic\r\norg\tHarbour Union\n",
        encoding="utf-8-sig",
    )
    write_feed(house, "a", item(1, text="Polar Dawn, Stella Nordica, Old Nordic and the Harbour Union."))
    house.configure({"a": "a.xml"}, ENTITIES)
    house.config.write_text(house.config.read_text().replace("[wireroom]", '[wireroom]\nentities = "names.txt"'))
    house.poll()

    assert tags(house)[1] == [
        ("org:harbour-union", "Harbour Union"),
        ("ship:nordic-star", "Polar Dawn, Stella Nordica, Old Nordic"),
    ]
    assert "3 entities" in house.wireroom("check").out


def test_a_wrong_list_is_named_line_by_line(house: House) -> None:
    """By every command that needs it, with exit code 78."""
    (house.folder / "names.txt").write_text("ship Nordic Star\nShip\tx\n\nship\t—\nlang\tEnglish\n", encoding="utf-8")
    house.configure({})
    house.config.write_text(house.config.read_text().replace("[wireroom]", '[wireroom]\nentities = "names.txt"'))

    for words in (["check"], ["poll"]):
        done = house.wireroom(*words)
        assert done.code == 78
        lines = done.err.splitlines()
        assert [line.split("names.txt:")[1].split(":")[0] for line in lines] == ["1", "2", "4", "5"]
        assert "has 1 part between tabs, not 2 or 3; write kind, tab, name" in lines[0]
        assert "'Ship' can't be a kind" in lines[1]
        assert "'—' is no name" in lines[2]
        assert "'lang' is a field of the query language" in lines[3]
    assert house.wireroom("status", "--help").code == 0


def test_a_list_that_is_none(tmp_path: Path) -> None:
    """A missing one, one of another coding, and one that is wrong in every line."""
    (tmp_path / "latin").write_bytes(b"org\tCaf\xe9\n")
    (tmp_path / "prose").write_text("some words\n" * 1000)

    assert "No such file" in str(read_list(tmp_path / "none")[1][0])
    assert "not UTF-8 text" in str(read_list(tmp_path / "latin")[1][0])
    found, faults = read_list(tmp_path / "prose")
    assert (found, len(faults)) == ({}, 21)
    assert "and 980 more lines are wrong" in str(faults[-1])


def test_reload_takes_new_names_over(house: House) -> None:
    """At SIGHUP; a config of the same names builds nothing anew."""
    house.configure({"a": "a.xml"}, ENTITIES)
    write_feed(house, "a", item(1, text="The Nordic Star."))
    with house.daemon() as daemon:
        until(lambda: 1 in tags(house), "the first story is not tagged")
        house.configure({"a": "a.xml"}, ENTITIES.replace('"Polar Dawn"', '"Aurora"'))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: any(line["event"] == "config reloaded" for line in house.log_lines()), "it does not reload")
        write_feed(house, "a", item(1, text="The Nordic Star."), item(2, text="The Aurora."))
        house.poll("a")
        until(lambda: 2 in tags(house), "the second story is not tagged")


def test_retag_finds_new_names_in_the_past(house: House) -> None:
    """Those of the config of today in what is there; a dry run tells, and writes nothing."""
    house.configure({"a": "a.xml"}, "")
    write_feed(house, "a", item(1, text="The Nordic Star."), item(2, title="Minister", text="Caglar Ozisik spoke."))
    house.poll()
    assert tags(house) == {}

    house.configure({"a": "a.xml"}, ENTITIES)
    told = json.loads(house.wireroom("retag", "--dry-run", "--json").out)
    assert told["tags"]["ship:nordic-star"] == {"gained": 1, "lost": 0}
    assert tags(house) == {}
    assert house.wireroom("retag").code == 0
    assert sorted(tags(house).values()) == [
        [("person:ozisik", "Caglar Ozisik")],
        [("ship:nordic-star", "Nordic Star")],
    ]

    house.configure({"a": "a.xml"}, "")
    assert house.wireroom("retag").code == 0
    assert tags(house) == {}
    assert house.rows("SELECT DISTINCT mentions FROM entries") == [("[]",)]


def test_examples_of_the_note_are_good(tmp_path: Path) -> None:
    """Each block of TOML in docs/tagging.md is a config."""
    note = (Path(__file__).parent.parent / "docs" / "tagging.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", note, re.DOTALL)

    assert len(blocks) >= 2
    for block in blocks:
        path = tmp_path / "config.toml"
        path.write_text(block, encoding="utf-8")
        load_config(path)


def test_names_that_did_not_change_are_not_built_again(house: House) -> None:
    """Of very many it takes seconds."""
    from wireroom.reload import load_again

    house.configure({}, ENTITIES)
    first = load_config(house.config)
    built = gazetteer_of(first.entities, known=True)
    house.configure({"a": "a.xml"}, ENTITIES)
    second = load_again(first)
    house.configure({}, ENTITIES.replace("Polar Dawn", "Aurora"))
    third = load_again(second)

    assert built is not None
    assert second.entities is first.entities
    assert gazetteer_of(third.entities, known=True) is not built


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[entity]]\nname = "A"', 1, 'entity "A": kind: is missing; add it'),
        ('[[entity]]\nkind = "org"', 1, "name: is missing"),
        ('[[entity]]\nkind = "org"\nname = ""', 3, "'' is no name; write it as texts do"),
        ('[[entity]]\nkind = "org"\nname = "—"', 3, "'—' is no name"),
        ('[[entity]]\nkind = "Org"\nname = "A"', 2, "'Org' can't be a kind; use up to 32 small letters"),
        ('[[entity]]\nkind = "source"\nname = "A"', 2, "'source' is a field of the query language"),
        ('[[entity]]\nkind = "org"\nname = "A"\naliases = "B"', 4, "should be a list; write it in square brackets"),
        ('[[entity]]\nkind = "org"\nname = "A"\naliases = ["B", ""]', 4, "'' is no name"),
        ('[[entity]]\nkind = "org"\nname = "A"\nid = "—"', 4, "'—' can't name a tag"),
        ('[[entity]]\nkind = "org"\nname = "A"\nalias = ["B"]', 4, "unknown key; did you mean 'aliases'?"),
        (
            '[[entity]]\nkind = "org"\nname = "A"\n[[entity]]\nkind = "org"\nname = "a"',
            6,
            'gives the tag org:a, as entity "A" does; give it another id',
        ),
        (
            '[[entity]]\nkind = "org"\nname = "A"\naliases = ["Ford"]\n[[entity]]\nkind = "person"\nname = "FORD"',
            7,
            "'FORD' is a name of entity \"A\" too; take it out of one of the two",
        ),
        ('[wireroom]\ngazetteer = "yes"', 2, "should be true or false"),
    ],
)
def test_faults_of_the_config(tmp_path: Path, text: str, line: int, said: str) -> None:
    """Each with its line and its mend."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)

    (fault,) = caught.value.faults
    assert (fault.line, said in str(fault)) == (line, True), str(fault)
