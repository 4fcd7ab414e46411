"""Invented reports, seeded: each about a happening of its own, in words that no other has in this order."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

NAMES_TEXT = """
Aldersen Brikova Castelho Dunmarrow Eskeland Farrokhi Grimaldson Hovsepian Ilvarez Jankowitz
Kestrelmann Lindqvarn Moravek Nakashiro Okonjewa Petrakis Quillfeather Rasmovic Sandringe Tavaszi
Underhay Villanova Wexcombe Yıldızlar Zaborski
"""
NAMES = NAMES_TEXT.split()
PLACES_TEXT = """
Amberfield Brackwater Corvane Dolmere Elmsgate Fenhollow Grandvale Harrowick Islemouth Jorvanger
Kilbrae Lowmarsh Marrowdale Northolt Orlesund Pendrake Quarrytown Rivenburg Saltmouth Thornbury
Ullsgard Varnhem Westerbay Yarrowby Zellheim
"""
PLACES = PLACES_TEXT.split()
THINGS_TEXT = """
ferry bridge budget tunnel harvest museum railway reservoir hospital lighthouse orchard quarry
library stadium vaccine satellite pipeline glacier vineyard archive festival observatory tramway
shipyard greenhouse turbine aquifer theatre bakery cathedral dam election famine garrison highway
inquiry junction kiln lagoon mill nursery outpost pier quay
"""
THINGS = THINGS_TEXT.split()
DEEDS_TEXT = """
opened closed delayed repaired sold flooded inspected doubled abandoned rebuilt auctioned surveyed
blocked funded postponed cancelled enlarged emptied renamed insured mapped painted reopened searched
shelved taxed tested unveiled
"""
DEEDS = DEEDS_TEXT.split()
LIKE_TEXT = """
rusting costly narrow wooden crowded silent ancient modern leaking royal borrowed frozen coastal
northern public private quiet famous disputed half-built empty hidden painted green southern
temporary unlikely wealthy young
"""
LIKE = LIKE_TEXT.split()
WHEN = (
    "before dawn",
    "after midnight",
    "on market day",
    "in late autumn",
    "within a fortnight",
    "for nine weeks",
    "since the spring",
    "at noon",
    "during the storm",
    "until further notice",
    "over the weekend",
    "twice this month",
)
WHO = (
    "engineers",
    "residents",
    "the harbour board",
    "two ministers",
    "a parish council",
    "insurers",
    "the coroner",
    "volunteers",
    "its owners",
    "divers",
    "the night shift",
    "auditors",
    "pilots",
    "the mayor's office",
    "farmers",
    "students",
    "a tribunal",
    "brokers",
)
HOW = (
    "although {who} had warned of the {thing}",
    "because the {thing} near {place} was {deed}",
    "while {name} counted {number} {like} crates",
    "and {who} {deed} the {thing} anyway",
    "which {name} of {place} called a {like} {thing}",
    "so that {who} could reach the {thing}",
    "despite {number} letters from {who}",
    "as {name} {deed} a {like} {thing}",
)
SHAPES = (
    "{Who} {deed} the {like} {thing} of {place} {when}, {how}.",
    "{name}, who once {deed} a {thing} in {place}, told {who} about {number} {like} days.",
    "In {place} the {thing} cost {number} crowns more than {who} expected, {how}.",
    "“A {like} {thing} is worth {number} promises,” {name} wrote to {who} {when}.",
    "{When} a {like} {thing} was {deed} at {place}; {who} blamed {name}.",
    "Nobody from {place} {deed} more than {number} {thing} permits {when}, {name} found.",
    "{Who} asked whether {name} had {deed} the {thing}, {how}.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """A headline and its sentences."""

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All sentences, three to a paragraph."""
        return "\n".join(" ".join(self.sentences[at : at + 3]) for at in range(0, len(self.sentences), 3))

    def cut(self, count: int, title: str = "") -> Report:
        """Its first sentences, under another headline where one is given."""
        return Report(title or self.title, self.sentences[:count])

    def with_more(self, *sentences: str) -> Report:
        """The same and more."""
        return replace(self, sentences=(*self.sentences, *sentences))


def report(seed: int, sentences: int = 14) -> Report:
    """Write a report; another seed is another happening."""
    chance = random.Random(seed)
    # a happening has its own few names and things, told again and again
    own = {
        "name": chance.sample(NAMES, 3),
        "place": chance.sample(PLACES, 2),
        "thing": chance.sample(THINGS, 5),
        "like": chance.sample(LIKE, 9),
        "deed": chance.sample(DEEDS, 9),
        "who": chance.sample(WHO, 7),
        "when": chance.sample(WHEN, 7),
        "how": HOW,
    }

    def filled(shape: str) -> str:
        while "{" in shape:
            start, _, rest = shape.partition("{")
            slot, _, end = rest.partition("}")
            word = str(chance.randint(3, 9000)) if slot == "number" else chance.choice(own[slot.lower()])
            shape = start + (word[0].upper() + word[1:] if slot[0].isupper() else word) + end
        return shape

    title = filled("{Who} of {place}: {name} and the {like} {thing} {when}")
    return Report(title, tuple(filled(chance.choice(SHAPES)) for _ in range(sentences)))
