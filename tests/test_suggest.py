"""What is suggested: names that keep coming up and that nothing knows, and categories that nobody has mapped."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import House
from ingest.capitals import has_capitals, names_in
from ingest.category import Categories
from ingest.commonness import shipped as commonness
from ingest.gazetteer import Gazetteer
from ingest.named import Named
from ingest.subjects import name_key
from ingest.suggest import SuggestedName, Told, suggest_categories, suggest_names
from origin import item, rss
from wireroom.config import load_config

COMMON = {"the", "a", "in", "on", "but", "he", "police", "it", "when", "two"}


def names(text: str, language: str | None = "en") -> list[str]:
    """Find the names of a text."""
    return list(names_in(text, language, lambda word: word.lower() in COMMON))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Then the ferry Nordic Star sank.", ["Nordic Star"]),
        ("Police said that Marta Velasquez had left.", ["Marta Velasquez"]),
        ("Ferries sank. The Nordic Star was one.", ["Nordic Star"]),
        ("Ferries sank.", []),
        ("It was said by French Foreign Minister Jean Dupont.", ["Jean Dupont"]),
        ("He met President Velasquez and Mr. Dupont.", ["Velasquez", "Dupont"]),
        ("a report by General Motors", ["General Motors"]),
        ("a suit by the Justice Department", ["Justice Department"]),
        ("a deal with Dolmen Ltd. on Monday", ["Dolmen", "Monday"]),
        ("the Bank of the Northern Isles said", ["Bank of the Northern Isles"]),
        ("he met Ursula von der Leyen there", ["Ursula von der Leyen"]),
        ("he met Valéry Giscard d’Estaing there", ["Valéry Giscard d’Estaing"]),
        ("in John F. Kennedy's house", ["John F Kennedy"]),
        ("what I'm told, and I've seen", []),
        ("he said: “We saw it”, and “The Nordic Star, too”", ["Nordic Star"]),
        ("сообщил Аркадий Семёнов", ["Аркадий Семёнов"]),
        ("وقال المتحدث", []),
        ("外交部发言人说", []),
    ],
)
def test_names_of_a_text(text: str, expected: list[str]) -> None:
    """By capitals inside a sentence; titles and legal forms are no part of them."""
    assert names(text) == expected


def test_german_nouns_are_no_names() -> None:
    """Every noun has a capital there: only two beside each other, or one after a title, may be a name."""
    text = "Gestern sprach der Minister Kollwitz im Hafen mit Bundeskanzlerin Almut Reinsberg über das Wetter."

    assert names(text, "de") == ["Kollwitz", "Almut Reinsberg"]


def test_what_a_name_is_of_shows_in_how_it_stands() -> None:
    """After a title, in brackets after it, after a word as places have it."""
    found = names_in("The Northern Ports Authority (NPA) met Mr. Dupont in Velsk.", "en", lambda word: word == "The")

    assert found["Northern Ports Authority"].acronym == "NPA"
    assert found["Dupont"].titled == 1
    assert found["Velsk"].placed == 1


@given(st.text(max_size=400))
def test_any_text_can_be_looked_at(text: str) -> None:
    """No error; and a name has no title's or sentence's remains."""
    has_capitals(text)
    for name in names_in(text, None, lambda _: False):
        assert name.strip() == name != ""


WORDS = "harbour ferry crane cargo storm pilot berth tide signal night winter route".split()  # noqa: SIM905


def stories(*parts: str, sources: int = 3, of: int = 60) -> Iterator[Told]:
    """Make stories of which some have these words, the others others."""
    for number in range(of):
        word = WORDS[number % len(WORDS)]
        text = f"the {word} was closed that day; {parts[number]}" if number < len(parts) else f"the {word} was open."
        yield Told(title=f"Story {number}", text=text, language="en", sources=frozenset({number % sources}))


def suggested(told: list[Told], *known: Named) -> list[SuggestedName]:
    """Ask for suggestions."""
    return suggest_names(told, Gazetteer(known) if known else None, commonness(), 20)[0]


def test_a_name_that_keeps_coming_up_is_suggested() -> None:
    """With its kind, its short form, and headlines; a name of two stories, or of one source, is not."""
    parts = [
        *["it was said by Mr. Ansgar Wellenbrink."] * 4,
        *["the Northern Ports Authority (NPA) said so."] * 3,
        *["that was in Velsk."] * 2,
    ]
    found = suggested(list(stories(*parts)))

    assert [(one.kind, one.name, one.aliases, one.stories, one.sources) for one in found] == [
        ("person", "Ansgar Wellenbrink", (), 4, 3),
        ("org", "Northern Ports Authority", ("NPA",), 3, 3),
    ]
    assert found[0].examples == ("Story 3", "Story 2", "Story 1")
    one_source = [
        Told(title="t", text=f"a crane of Velsk {n}", language="en", sources=frozenset({1})) for n in range(5)
    ]
    others = list(stories())
    assert suggested(others + one_source) == []


def test_known_names_are_not_suggested() -> None:
    """Neither the user's own, nor a longer way to write one."""
    told = list(stories(*["it was said by Ansgar Wellenbrink, head of the Northern Ports Authority."] * 4))
    known = Named(kind="person", name="ansgar-wellenbrink", aliases=("Ansgar Wellenbrink",))

    assert [one.name for one in suggested(told, known)] == ["Northern Ports Authority"]


def test_common_words_with_capitals_are_not_suggested() -> None:
    """Days and months stand in as many stories as anywhere."""
    assert suggested(list(stories(*["that was on Friday, and in March."] * 10))) == []


def test_a_short_name_beside_its_long_one_is_that() -> None:
    """Surnames; and parts of a longer name are not suggested beside it."""
    told = list(stories(*["it was Ansgar Wellenbrink. Then Wellenbrink left the Grand Northern Line."] * 4))

    assert {one.name for one in suggested(told)} == {"Ansgar Wellenbrink", "Grand Northern Line"}


def test_scripts_without_capitals_are_counted() -> None:
    """So that nobody thinks they have been looked at."""
    told = [
        Told(title="外交部", text="外交部发言人说", language="zh", sources=frozenset({1})),
        Told(title="A story", text="The harbour was open.", language="en", sources=frozenset({1})),
    ]

    assert suggest_names(told, None, commonness(), 20) == ([], 1)


def test_categories_that_give_no_subject() -> None:
    """Those that the vocabulary, the config or a program knows are left out; the tag is a guess, or nobody's."""
    given_ = ["Ferry Watch", "ferry watch", "FERRY WATCH", *["EU Politics"] * 3, *["Politics"] * 5, *["World"] * 5]
    given_ += [*["nid-48213"] * 5, *["Ressort 7"] * 5, *["Rare One"] * 2]
    told = [
        Told(title=f"Story {n}", text="", language="en", sources=frozenset({n}), categories=((n, category),))
        for n, category in enumerate(given_)
    ]
    found = suggest_categories(told, Categories(shared={name_key("Ressort 7"): None}), 20)

    assert [(one.category, one.tag, one.stories, one.sources) for one in found] == [
        ("EU Politics", "subject:politics", 3, 3),
        ("Ferry Watch", None, 3, 3),
    ]


def test_what_is_printed_can_be_put_into_the_config(house: House) -> None:
    """Names and categories, as TOML; taken over, nothing is suggested a second time, and stories get the tags."""
    numbers = count(1)
    for name in ("a", "b"):
        items = [
            item(n, title=f"Report {n}", text=text, more="<category>EU \\ Politics &quot;x&quot;</category>")
            for n in (next(numbers) for _ in range(4))
            for text in [
                f'Ferry {WORDS[n]} sank, said Mr. Ansgar "Wellenbrink; the {WORDS[n + 3]} of Ansgar Wellenbrink.'
            ]
        ]
        (house.folder / f"{name}.xml").write_text(rss(*items), encoding="utf-8")
    house.configure({"a": "a.xml", "b": "b.xml"}, '[[topic]]\nid = "none"\ntitle = "None"\nmatch = "zzzz"\n')
    house.poll()
    before = house.config.read_text(), house.rows("SELECT * FROM story_tags")

    done = house.wireroom("suggest")
    assert done.code == 0, done.err
    made = tomllib.loads(done.out)
    assert [(one["kind"], one["name"]) for one in made["entity"]] == [("person", "Ansgar Wellenbrink")]
    assert '# "EU \\\\ Politics \\"x\\"" = "subject:"' in done.out
    assert (house.config.read_text(), house.rows("SELECT * FROM story_tags")) == before
    told = json.loads(house.wireroom("suggest", "--json", "--since", "1h", "--limit", "1").out)
    assert (told["stories"], told["names"][0]["stories"], told["names"][0]["sources"]) == (8, 8, 2)
    assert json.loads(house.wireroom("suggest", "--json", "--topic", "none").out)["stories"] == 0
    assert "There is nothing to suggest" in house.wireroom("suggest", "--topic", "none").out

    house.config.write_text(f"{before[0]}\n{done.out}")
    assert len(load_config(house.config).entities.named) == 1
    assert "entity" not in tomllib.loads(house.wireroom("suggest").out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--topic", "x"], "the config has no topic 'x'"),
        (["--since", "soon"], "'soon' is no time"),
    ],
)
def test_wrong_usage(house: House, words: list[str], said: str) -> None:
    """Exit code 2, and a line."""
    house.configure({})
    done = house.wireroom("suggest", *words)

    assert (done.code, said in done.err) == (2, True)
