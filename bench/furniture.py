"""What sites put around a text: suffixes of titles, datelines, bylines, footers; and texts that are made from forms.

None of it is taken from the code under test, and half of it is of kinds that the code does not know by name.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

PEOPLE = ["Ana Moreau", "T. K. Okafor", "Jonas Weidmann", "Priya Raman", "Lucy Hartnell", "Sam O'Dea", "Mika Salonen"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """A publisher: how it writes a title, what it puts before and after a text (``{place}`` is filled in)."""

    name: str
    title: str = "{title}"
    head: str = ""
    foot: str = ""
    curly: bool = False
    headline_case: bool = False


SITES = [
    Site(name="wire", title="{title}", head="{place} - "),
    Site(name="Harbour Post", title="{title} | Harbour Post", head="{PLACE} (Nordwire) — ", curly=True),
    Site(name="The Daily Ledger", title="{title} - The Daily Ledger", head="By {person}\n", headline_case=True),
    Site(
        name="Valley Today",
        title="{title} – Valley Today",
        foot="\nThe post {title} appeared first on Valley Today.",
        curly=True,
    ),
    Site(
        name="newsbox.example",
        title="{title} | newsbox.example",
        head="{person}, staff writer\nPublished {month} {day}, 2026\n",
        foot="\nShare this article: Facebook Twitter WhatsApp Email\nRead more on our site",
    ),
    Site(
        name="City Echo",
        head="{PLACE}, {month} {day} (Union Press) -- ",
        foot="\nCopyright 2026 Union Press. All rights reserved. This material may not be published, broadcast, "
        "rewritten or redistributed.",
    ),
    Site(
        name="Metro 24",
        title="{title} : Metro 24",
        foot="\nSign up for our newsletter and never miss a story. You can unsubscribe at any time."
        "\n© Metro 24 Media Ltd",
        headline_case=True,
    ),
    Site(name="Radio Sund", head="{place}: ", foot="\nReporting by {person}; editing by {person2}", curly=True),
    Site(
        name="Overland Times",
        title="{title} « Overland Times",
        head="Overland Times Staff | {month} {day}\n",
        foot="\n(This story has not been edited by Overland Times staff and is published from a syndicated feed.)",
    ),
    Site(name="Business Desk", title="Business Desk: {title}", foot="\nFollow us on social media for live coverage."),
]
"""The first prints as it came."""


def furnished(site: Site, title: str, body: str, place: str, dice: random.Random) -> tuple[str, str]:
    """Print a text as a site does → its title and text."""
    city = place.partition(",")[0].strip() or dice.choice(["London", "Geneva", "Nairobi", "Oslo"])
    person, second = dice.sample(PEOPLE, 2)
    values = {
        "title": title,
        "place": city.title(),
        "PLACE": city.upper(),
        "person": person,
        "person2": second,
        "month": dice.choice(MONTHS),
        "day": str(dice.randint(1, 28)),
    }
    shown = cased(title) if site.headline_case else title
    made = (
        site.title.format(**{**values, "title": shown}),
        (site.head + "{text}" + site.foot).format(**values, text=body),
    )
    return (curled(made[0]), curled(made[1])) if site.curly else made


def cased(title: str) -> str:
    """Write each word with a capital."""
    return " ".join(word[:1].upper() + word[1:] if len(word) > 3 else word for word in title.split())


def curled(text: str) -> str:
    """Set typographic quotes and apostrophes."""
    parts = text.replace("'", "’").split('"')
    return "".join(part + ("“" if n % 2 == 0 else "”") for n, part in enumerate(parts[:-1])) + parts[-1]


TOWNS = ["Alder Bay", "Brimfield", "Cold Spring", "Dunmore", "Eastwick", "Farrow", "Glenloch", "Hadley", "Ironbridge"]
TEAMS = ["Rovers", "Athletic", "Kestrels", "Mariners", "Union", "Harriers", "Foxes", "Pilots"]
CREATURES = ["otter", "kestrel", "axolotl", "pangolin", "sea hare", "tapir", "lyrebird", "quokka", "olm", "saiga"]
FIELDS = [
    "a lighthouse",
    "a mathematician",
    "a steam engine",
    "a treaty",
    "a novel",
    "a comet",
    "a cathedral",
    "a canal",
]
NAMES = ["Abara", "Belmonte", "Castellane", "Dragov", "Eriksen", "Ferrow", "Grimaldi", "Holm", "Ivanek", "Jurado"]


def weather(dice: random.Random) -> tuple[str, str]:
    """Make the forecast of a town."""
    town, low = dice.choice(TOWNS), dice.randint(-8, 18)
    sky, later = dice.sample(["cloudy", "sunny", "foggy", "overcast", "clear", "unsettled"], 2)
    wind, gust = dice.choice(["north", "west", "south-east"]), dice.randint(10, 70)
    return (
        f"Weather forecast for {town}",
        f"It will be {sky} in {town} this morning, becoming {later} in the afternoon. "
        f"Highs of {low + dice.randint(3, 9)} "
        f"degrees are expected, with a low of {low} degrees overnight. Winds from the {wind} will reach {gust} km/h. "
        f"The chance of rain is {dice.randint(0, 20) * 5} percent. Sunrise is at "
        f"7:{dice.randint(10, 59)} and sunset at "
        f"5:{dice.randint(10, 59)}. For the latest warnings check our weather page.",
    )


def box_score(dice: random.Random) -> tuple[str, str]:
    """Make the report of a match."""
    (home, away), scorer, keeper = dice.sample(TEAMS, 2), *dice.sample(NAMES, 2)
    town, goals = dice.choice(TOWNS), dice.randint(2, 6)
    return (
        f"{town} {home} {goals}-{goals - 1} {away}",
        f"{town} {home} beat {away} {goals}-{goals - 1} in front of "
        f"{dice.randint(900, 9000)} spectators. {scorer} scored the "
        f"winner in minute {dice.randint(46, 90)}. The visitors had taken the lead in "
        f"minute {dice.randint(2, 45)} when "
        f"{keeper} was beaten from close range. It was the {dice.randint(2, 9)}th win of "
        f"the season for {home}, who move up "
        f"to place {dice.randint(1, 12)} in the table with {dice.randint(12, 60)} points.",
    )


def market(dice: random.Random) -> tuple[str, str]:
    """Make a market's close."""
    day, up = dice.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]), dice.choice(["higher", "lower"])
    best, worst = dice.sample(NAMES, 2)
    return (
        f"Stocks close {up} on {day}",
        f"Shares closed {up} on {day}. The main index ended the day at "
        f"{dice.randint(4000, 9000)}.{dice.randint(10, 99)} "
        f"points, a change of {dice.randint(1, 200)} points or {dice.randint(1, 29) / 10} "
        f"percent. {best} Group was the best "
        f"performer of the day with a gain of {dice.randint(3, 12)} percent, while {worst} Holdings fell by "
        f"{dice.randint(3, 12)} percent. Turnover was {dice.randint(100, 900)} million "
        f"shares. The currency was traded at "
        f"{dice.randint(80, 140) / 100} to the dollar.",
    )


def of_the_day(dice: random.Random) -> tuple[str, str]:
    """Make an article of the day: one title for all."""
    subject, creature, name = dice.choice(FIELDS), dice.choice(CREATURES), dice.choice(NAMES)
    return (
        "Article of the day",
        f"Today's featured article is about {subject} known for its {creature}. {name} described it first in "
        f"{dice.randint(1600, 1990)}. Read the full article. Did you know that the {dice.choice(CREATURES)} sleeps for "
        f"{dice.randint(3, 22)} hours a day? On this day in {dice.randint(1500, 1990)}, {dice.choice(NAMES)} was born.",
    )


def quake(dice: random.Random) -> tuple[str, str]:
    """Make an earthquake's notice."""
    size, town = dice.randint(30, 69) / 10, dice.choice(TOWNS)
    far, side = dice.randint(3, 120), dice.choice(["north", "south", "east", "west"])
    return (
        f"Magnitude {size} earthquake {far} km {side} of {town}",
        f"An earthquake of magnitude {size} was recorded {far} km {side} of {town} at {dice.randint(0, 23)}:"
        f"{dice.randint(10, 59)} local time. The depth was {dice.randint(2, 300)} km. "
        f"There were no immediate reports of "
        f"damage or casualties. This report was made automatically from data of the seismic network and will be "
        f"updated as more information becomes available.",
    )


def lottery(dice: random.Random) -> tuple[str, str]:
    """Make a draw's numbers."""
    drawn = ", ".join(str(n) for n in sorted(dice.sample(range(1, 50), 6)))
    return (
        f"Winning numbers: {dice.choice(['Saturday', 'Wednesday'])} draw",
        f"These are the winning numbers of the draw: {drawn}; bonus ball {dice.randint(1, 49)}. The jackpot was "
        f"{dice.randint(1, 90)} million. Check your ticket with an authorised retailer. "
        f"The next draw takes place in three "
        f"days at 20:00. Winners have 180 days to claim their prize.",
    )


FORMS: list[Callable[[random.Random], tuple[str, str]]] = [weather, box_score, market, of_the_day, quake, lottery]
