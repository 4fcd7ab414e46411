"""The gazetteer: which places, organizations and people a text speaks of."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.text import fold, slug
from ingest.gazetteer import MAX_CHARS, Gazetteer
from ingest.gazetteer_files import shipped
from ingest.named import LANGUAGES, Named, read_entries, read_nothings, read_people


@cache
def gazetteer() -> Gazetteer:
    """Build the shipped one, once."""
    return Gazetteer(shipped())


def tags(title: str, text: str = "", language: str | None = "en") -> dict[str, str]:
    """Find what is shipped → the words by tag."""
    return {f"{one.kind}:{one.name}": one.words for one in gazetteer().mentions(title, text, language)}


def user(name: str, *aliases: str, kind: str = "org") -> Named:
    """Make a thing of the user's, as the config does."""
    return Named(kind=kind, name=slug(name), aliases=(name, *aliases))


FAR = "Nothing to see here. " * 40
"""Longer than any beginning."""


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("US and Russian diplomats meet in Ankara", {"place:united-states", "place:russia", "place:turkiye"}),
        ("Türkiye and the U.S. agree", {"place:turkiye", "place:united-states"}),
        ("TURKEY SEES GROWTH", {"place:turkiye"}),
        ("A US-Russia summit", {"place:united-states", "place:russia"}),
        ("Russia's offer", {"place:russia"}),
        ("Russia’s offer", {"place:russia"}),
        ("South Korea’s rice", {"place:south-korea"}),
        ("North Koreans flee", {"place:north-korea"}),
        ("NATO and the IMF", {"org:nato", "org:imf"}),
        ("St. Kitts and St Kitts and Nevis", {"place:saint-kitts-and-nevis"}),
        ("Côte d’Ivoire votes", {"place:ivory-coast"}),
        ("Cote d'Ivoire votes", {"place:ivory-coast"}),
        ("The Kremlin is silent", {"org:kremlin", "place:russia"}),
        ("Sergey Lavrov and Antony Blinken", {"person:sergei-lavrov", "person:antony-blinken"}),
        ("Erdoğan speaks", {"person:recep-tayyip-erdogan"}),
        ("Bank of England holds", {"org:bank-of-england", "place:united-kingdom"}),
        ("Istanbul ferries", {"place:istanbul", "place:turkiye"}),
        ("Two dear U.S. dollars for a U.S. Treasury note", {"place:united-states", "org:us-treasury"}),
        ("Paid in U.S. dollars", set()),
    ],
)
def test_names_are_found_as_they_are_written(title: str, expected: set[str]) -> None:
    """Demonyms, points, possessives, hyphens, accents, capitals; a body of a country brings it along."""
    assert set(tags(title)) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Tell us who is there",
        "TELL US WHO IS THERE",
        "They roast a turkey, and polish the china",
        "A woman from the Romani quarter",
        "New Jersey's Jersey City",
        "Georgia's peaches are ripe in Atlanta, Georgia",
        "Michael Jordan and Paris Hilton",
        "Turkey Point, the nuclear plant, sells Turkey sandwiches",
        "Mrs Holland and George Washington",
        "Jordan Marsh opens a shop",
        "The China Daily and the Washington Post",
        "On Moscow Road",
        "Chinese-made toys",
        "The ferry to Indiana Jones",
        "A chill in the air, and a mali",
    ],
)
def test_what_only_sounds_so_is_not_found(title: str) -> None:
    """Words in small letters, parts of words, persons, streets, longer names."""
    found = {tag for tag in tags(title) if tag not in {"place:atlanta", "place:united-states"}}

    assert found <= {"org:washington-post"}


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("de", "Russische Diplomaten in der Türkei", {"place:russia", "place:turkiye"}),
        ("de", "Dänemarks Haltung zu den Vereinten Nationen", {"place:denmark", "org:united-nations"}),
        ("fr", "La diplomatie russe à Genève", {"place:russia", "place:geneva", "place:switzerland"}),
        ("es", "El ministro ruso y la ONU", {"place:russia", "org:united-nations"}),
        ("it", "La Cina e gli Stati Uniti", {"place:china", "place:united-states"}),
        ("pt", "A China e a Alemanha", {"place:china", "place:germany"}),
        ("nl", "Duitsland en Rusland", {"place:germany", "place:russia"}),
        ("pl", "Rozmowy o Ukrainie", {"place:ukraine"}),
        ("tr", "Türkiye'nin Rusya ile görüşmesi", {"place:turkiye", "place:russia"}),
        ("ru", "Путин встретился с российскими послами", {"person:vladimir-putin", "place:russia"}),
        ("uk", "Українські посли в НАТО", {"place:ukraine", "org:nato"}),
        ("ar", "وصل الوفد إلى تركيا وروسيا", {"place:turkiye", "place:russia"}),
        ("zh", "俄罗斯外长访问印度尼西亚", {"place:russia", "place:indonesia"}),
        ("zh", "与NATO成员", {"org:nato"}),
        ("ja", "トルコの首相、タイトルを獲得", {"place:turkiye"}),
        (None, "Россия и 中国", {"place:russia", "place:china"}),
        ("xx", "Russia and 中国", {"place:russia", "place:china"}),
        ("en-GB", "Russian trains", {"place:russia"}),
        ("en", "Die russischen Diplomaten und die ONU", set()),
    ],
)
def test_each_language_has_its_names(language: str | None, title: str, expected: set[str]) -> None:
    """A name counts in stories of its language; where that is not known, English names and other scripts count."""
    assert set(tags(title, language=language)) == expected


def test_a_shipped_name_counts_where_the_story_is_about_it() -> None:
    """In the title, in the beginning, or twice; once far down it does not."""
    assert "place:norway" in tags("Norway votes")
    assert "place:norway" in tags("A vote", f"The parliament of Norway sat.\n{FAR}")
    assert "place:norway" in tags("A vote", f"{FAR}\nIn Norway it rained, and Norwegians sang.")
    assert "place:norway" not in tags("A vote", f"{FAR}\nIn Norway it rained.")


def test_one_mention_is_one_in_whatever_lists_the_name_stands() -> None:
    """Gaza is a part of Palestine, and a place within it; the White House is a body, and a part of a country."""
    assert tags("A vote", f"{FAR}\nIn Gaza it rained, and the White House was dark.") == {}


def test_two_mentions_are_few_beside_many_of_another() -> None:
    """In a long text about one country another comes up twice."""
    text = f"{FAR}\n{'Norway sang. ' * 9}In Peru it rained. Peru was wet."

    assert set(tags("A vote", text)) == {"place:norway"}


def test_a_town_is_not_its_country_by_itself() -> None:
    """Geneva is where they met; a capital that says something is a government, and so is one in the title."""
    met = tags("They meet again", "The two sides met in Geneva on Monday, and in Paris on Friday.")
    said = tags("They meet again", "Moscow said no. There were talks between Paris and others.")

    assert set(met) == {"place:geneva"}
    assert set(said) == {"place:russia", "place:france"}
    assert "place:switzerland" in tags("They meet in Geneva")


def test_a_surname_counts_where_the_full_name_stands() -> None:
    """Otherwise it may be anybody's."""
    assert "person:boris-johnson" in tags("A vote", f"{FAR}\nBoris Johnson sang. Johnson danced.")
    assert tags("Johnson sings") == {}


def test_georgia_is_the_country_only_among_its_neighbours() -> None:
    """Otherwise it may be the state."""
    assert "place:georgia" in tags("Georgia and Armenia sign")
    assert "place:georgia" in tags("Georgia votes", "Crowds stood in Tbilisi, as the Georgian president spoke.")
    assert "place:georgia" not in tags("Georgia votes", "Crowds stood in Atlanta.")


@pytest.mark.parametrize(
    "sent_from",
    [
        "LONDON (Reuters) - ",
        "GENEVA, Nov. 21 (Harbour Wire) — ",
        "Geneva - ",
        "LONDON, 21 November 2026 – ",
        "OSLO, Norway -- ",
    ],
)
def test_where_a_text_was_sent_from_is_not_what_it_is_about(sent_from: str) -> None:
    """A dateline counts for nothing; the same place in a sentence does."""
    assert tags("Oil rises", f"{sent_from}Oil rose on Monday.") == {}
    assert "place:london" in tags("Oil rises", f"{sent_from}Oil in London - and elsewhere - rose on Monday.")


def test_who_is_quoted_is_not_what_it_is_about() -> None:
    """An agency in the text is a source; in the title it is the subject."""
    assert "org:reuters" not in tags("A vote", "The minister told Reuters that it was so. Reuters heard it.")
    assert "org:reuters" in tags("Reuters names an editor")


def test_the_words_are_told_as_they_stand() -> None:
    """Each way once, whatever its capitals; a stem with its ending."""
    text = "TURKISH and turkish envoys of Turkey, Turkish ones too."

    assert tags("Turkish talks", text)["place:turkiye"] == "Turkish, Turkey"
    assert tags("Die türkischen Boten", language="de") == {"place:turkiye": "türkischen"}
    assert tags("In the U.S. today") == {"place:united-states": "U.S."}


def test_what_the_user_names_counts_wherever_it_stands() -> None:
    """On any mention, in any language, and what is shipped goes on beside it."""
    mine = Gazetteer((*shipped(), user("Bosphorus Shipping Board", "BSB"), user("Özışık", kind="person")))
    found = mine.mentions("A vote", f"{FAR}\nThe BSB told Ozisik of it.", "ja")

    assert [(one.kind, one.name, one.origin, one.words) for one in found] == [
        ("org", "bosphorus-shipping-board", "entity", "BSB"),
        ("person", "ozisik", "entity", "Ozisik"),
    ]


def test_capitals_of_a_users_name_must_be_capitals() -> None:
    """What is written in small letters is found in any."""
    mine = Gazetteer((user("Apple"), user("fintech", kind="subject")))

    def found(title: str) -> set[str]:
        return {one.name for one in mine.mentions(title, "", None)}

    assert found("Apple eats an apple") == {"apple"}
    assert found("an apple a day") == set()
    assert found("APPLE and FinTech") == {"apple", "fintech"}
    assert found("pineapple, fintechs") == set()


def test_a_users_longer_name_keeps_the_shipped_one_in_it_from_counting() -> None:
    """And a shipped longer name does not keep the user's from counting."""
    mine = Gazetteer((*shipped(), user("Moscow Exchange"), user("Washington", kind="beat")))
    found = {f"{one.kind}:{one.name}" for one in mine.mentions("Moscow Exchange opens", "The Washington Post.", "en")}

    assert found == {"org:moscow-exchange", "beat:washington"}


def test_names_of_two_things_give_both() -> None:
    """Two of the user's things may have one name."""
    mine = Gazetteer((user("Ajax", kind="club"), user("Ajax", kind="ship")))

    assert {one.kind for one in mine.mentions("Ajax wins", "", "nl")} == {"club", "ship"}


@pytest.mark.parametrize(
    "text",
    [
        "US " * 300_000,
        "China, " * 150_000,
        "中国" * 400_000,
        "".join(map(chr, range(0xA0, 0xD000))) * 10,
        "a\u0301" * 400_000,
        "\x1f" * 1_000_000,
        "\ud800" * 500_000,
        "russisch" + "e" * 900_000,
        "U.N. Security Council " * 50_000,
        "İ" * 1_000_000,
    ],
    ids=["us", "china", "cjk", "chars", "marks", "breaks", "surrogates", "stem", "council", "dots"],
)
def test_hostile_texts_are_answered(text: str) -> None:
    """A million characters of anything; what stands past the part that is read is not found."""
    for language in ("zh", None):
        found = gazetteer().mentions(text[:1000], f"{text} {'x ' * MAX_CHARS} Norway Norway", language)

        assert "norway" not in {one.name for one in found}


WORDS = (
    "Russia russia RUSSIA Türkei 中国 New Mexico US U.S. NATO Путин تركيا Jordan - ’s Geneva İstanbul ß Georgia タイ ト"
)
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", ". ", "\u0301", "İ", "Moscow said"])


@given(
    title=st.lists(PIECES, max_size=8).map("".join),
    text=st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=40).map("".join),
    language=st.sampled_from([None, "xx", *sorted(LANGUAGES)]),
)
def test_a_mention_is_what_stands_in_the_text(title: str, text: str, language: str | None) -> None:
    """Never a word that is not there, no tag twice, and the same again."""
    found = gazetteer().mentions(title, text, language)
    said = "".join(fold(f"{title} {text}").split())

    assert len({one[:3] for one in found}) == len(found)
    assert all(one.words and "".join(fold(part).split()) in said for one in found for part in one.words.split(", "))
    assert gazetteer().mentions(title, text, language) == found


@given(
    name=st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=12),
    before=st.sampled_from(["", "So ", "„", "(", "- "]),
    after=st.sampled_from(["", ".", "’s", ", he", "”"]),
)
def test_a_users_name_is_always_found_where_it_stands(name: str, before: str, after: str) -> None:
    """Whatever letters it has, and whatever of a sentence stands around it."""
    mine = Gazetteer((Named(kind="beat", name="mine", aliases=(name,)),))

    assert "mine" in {one.name for one in mine.mentions("", f"{before}{name}{after}", "en")}


def test_the_lists_that_come_with_it_hold_together() -> None:
    """Tags are slugs, each thing is there once, and what it refers to is there."""
    things = [thing for thing in shipped() if thing.kind and len(thing.spellings) > 1]
    names = {(thing.kind, thing.name) for thing in shipped()}
    tagged = [(thing.kind, thing.name) for thing in things]

    assert len(set(tagged)) == len(tagged)
    assert {kind for kind, _ in names} == {"place", "org", "person", ""}
    assert all(slug(name) == name for _, name in names)
    assert {tag for thing in shipped() for tag in (*thing.within, *thing.near)} <= names
    assert not [spelling.text for thing in shipped() for spelling in thing.spellings if len(spelling.text.strip()) < 2]


def test_a_line_of_a_list_that_is_none_is_an_error() -> None:
    """It names the thing and the line."""
    with pytest.raises(ValueError, match="place x: no such line: fr French"):
        list(read_entries("place x\nen: X\nfr French\n"))


def test_lists_are_read() -> None:
    """People with surnames, longer names with what they stand for, marks."""
    (person,) = read_people("# remark\n\nAda Byron | Augusta King = Lovelace\n")
    nothing, something = read_nothings("New Jersey\nNew York Fed > org:fed\n")
    (thing,) = read_entries("org x in place:y, z\nen: X?, Why!\nseat: Z~\nnear: place:q\n= de Xs; fr Ixe\n")

    assert (person.name, [one.text for one in person.spellings]) == (
        "ada-byron",
        ["Ada Byron", "Augusta King", "Lovelace", "Byron"],
    )
    assert (nothing.kind, something.kind, something.name) == ("", "org", "fed")
    assert thing.within == (("place", "y"), ("org", "z"))
    assert thing.near == {("place", "q")}
    assert [(one.text, one.unsure, one.word, one.personal, one.seat) for one in thing.spellings] == [
        ("X", True, False, False, False),
        ("Why", False, True, False, False),
        ("Z", False, False, True, True),
        ("Xs", False, False, False, False),
        ("Ixe", False, False, False, False),
    ]
