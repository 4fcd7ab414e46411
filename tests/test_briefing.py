"""A text that is a part of another: a report cut short, or one of many in a briefing."""

from __future__ import annotations

from ingest.likeness import compare
from ingest.prints import read
from test_likeness import SENTENCES, TEXT, TITLE

STRIKE = (
    "Ferry strike strands thousands on the islands",
    "Thousands of holidaymakers were stranded on the outer islands on Tuesday after ferry crews walked out over "
    "rosters. The company Nordlinie said that no ship would sail before Thursday morning, and asked travellers not to "
    "come to the harbours.",
)
BAN = (
    "Parliament bans sale of flavoured vapes",
    "Parliament voted by 88 to 61 on Tuesday to ban the sale of flavoured vapes from July. Health minister Karla Wendt "
    "called it a good day for children; the tobacco shops' union announced that it would go to court.",
)
MOON = (
    "Astronomers find water on a distant moon",
    "Astronomers in Chile have found traces of water vapour above a moon that circles a planet 63 light years away. "
    "The discovery, made with the new camera of Paranal, was published on Tuesday in the journal Orbis.",
)


def are_one(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether two entries are compared to be copies, whichever of the two comes first."""
    assert compare(read(*one), read(*other)) == compare(read(*other), read(*one))
    return compare(read(*one), read(*other)).is_copy


def test_a_briefing_does_not_make_one_story_of_all_that_it_tells() -> None:
    """What stands below its first report is no copy of it, whatever its headline names."""
    briefing = "Ferry strike, vapes, water: the news of Tuesday", "\n".join(text for _, text in (STRIKE, BAN, MOON))

    assert not are_one(BAN, briefing)
    assert not are_one(MOON, briefing)


def test_what_stands_above_a_copy_may_be_short_or_less_than_it() -> None:
    """A picture's words above the report of which another has the beginning; a new top above the whole of it."""
    picture = "The roasting plant at Ombra seen from the river on a morning in winter. Photo: Lume Courier"
    news = "A union has called for a strike at the plant from Monday, as the talks about pay came to nothing on Friday."

    assert are_one((TITLE, ". ".join(SENTENCES[:2]) + "."), (TITLE, f"{picture}\n{TEXT}"))
    assert are_one((TITLE, TEXT), (f"UPDATE 1-{TITLE}", f"{news} It wants four percent.\n{TEXT}"))


def test_a_part_from_the_middle_under_the_same_headline_is_a_copy() -> None:
    """Some sites take their summaries from there."""
    middle = ". ".join(SENTENCES[2:5]) + "."

    assert are_one((TITLE, middle), (TITLE, TEXT))
    assert not are_one((BAN[0], middle), (TITLE, TEXT))
