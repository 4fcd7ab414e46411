"""Texts for feeds of the odd kind, invented and seeded: reports that share no sentence, columns made by a template."""

from __future__ import annotations

import random
import re


def listed(text: str) -> tuple[str, ...]:
    """Take a list apart that is written in one line."""
    return tuple(text.split(";" if ";" in text else " "))


PEOPLE = listed(
    "Adaeze Holm;Bertil Anwar;Carmen Ostrow;Dimitri Vale;Elif Marsh;Fergus Tan;Greta Okoye;Hamid Lund;Ingrid Sousa;"
    "Joao Pell;Katya Brandt;Levon Duarte;Maren Iqbal;Nikos Farrow;Olga Quint;Piotr Ames;Ragnhild Cho;Samir Weiss"
)
TOWNS = listed(
    "Alvestad Borrowdale Calderon Dravik Estermoor Falkirk Gdowice Hallein Ivrea Jelling Kotor Lomza Matera Narvik "
    "Olbia Poprad Quimper Rethymno Sligo Tavira Umea Viborg Wismar Xanthi Ystad Zadar"
)
BODIES = listed(
    "the water company;the town council;a court of appeal;the teachers' union;the coast guard;a private foundation;"
    "the ministry of transport;two insurance firms;the regional hospital;local fishermen;the students' assembly;"
    "an independent auditor;the grain cooperative;a team of geologists;the public broadcaster;the tenants' league"
)
VERBS = listed(
    "questioned welcomed rejected praised investigated postponed defended abandoned financed underestimated mapped "
    "photographed supported ridiculed measured announced regretted suspended revived audited"
)
QUALITIES = listed(
    "modern costly swift fragile stubborn modest disputed promising dangerous secretive patient generous clumsy "
    "brilliant temporary battered hasty reluctant thorough doubtful"
)
OBJECTS = listed(
    "ledger turbine orchard embankment contract choir warehouse microscope greenhouse antenna barge chapel generator "
    "archive vineyard reservoir playground lighthouse tunnel stable clinic windmill ferry-boat sawmill canal"
)
ACTS = listed(
    "closing sale repair theft return delay loss census painting cleaning history cost naming collapse rescue"
)
EVENTS = listed("inspection vote storm session season warning snowfall auction parade shift flood wedding lawsuit")
WHEN = listed("before after during despite since until amid without beyond")
FEELINGS = listed("anger relief doubt pride laughter silence envy curiosity boredom regret horror hope")
SHAPES = (
    "{Person} {verb} {matter} {time}.",
    "{Body} {verb} {matter}, and {person} {verb} {time}.",
    "{Time}, {town} {verb} {number} {quality} {object}s.",
    "{Number} people left {town} {time}, mostly out of {feeling}.",
    "“{Quality}, almost {quality},” {person} answered when {body} {verb} {matter}.",
    "With {feeling}, {body} {verb} {person}'s {object} {time}.",
    "Each {object} in {town} costs {number} crowns, {body} {verb} {time}.",
    "{Person} drove {number} miles to {town}; {time} {body} {verb} {matter}.",
    "Neither {person} nor {body} {verb} {quality} {object}s {time}.",
    "{Town} greeted {matter} with {feeling}.",
    "Whoever {verb} {matter} {verb} {town} too, wrote {person}.",
    "{Feeling} spread through {town}: {number} {object}s, {quality} ones, {verb} {time}.",
    "Asked about {matter}, {body} showed {feeling}, {person} only {feeling}.",
    "{Matter} {verb} {person}, {time} at least.",
    "{Body} counts {number} {object}s, {person} merely {number}.",
    "{Time} came {feeling}, and {quality} {object}s {verb} {town}.",
)
WEATHER = """
The national weather service issued its forecast for {town} and the surrounding districts at six o'clock this morning.
Temperatures will lie between {low} and {high} degrees, with moderate wind from the {wind} and gusts of up to {gusts}
kilometres an hour on exposed ridges. The chance of rain is {rain} per cent in the morning and {later} per cent in the
afternoon. Drivers are asked to allow for more time on the mountain roads and to keep to the posted speed limits. The
next forecast will be issued this evening. Sunrise is at 7.{rise}, sunset at 16.{set}.
"""
MARKET = """
Shares on the {index} {verb} {move} per cent to close at {points} points on {turnover} million crowns of turnover, as
investors weighed the outlook for interest rates. {first} led the gainers with a rise of {gain} per cent, followed by
{second}, which added {more} per cent. {third} was the largest decliner and lost {loss} per cent. Advancing issues
outnumbered declining ones by {up} to {down}. The currency was little changed against the dollar, and government bonds
were mixed in thin trading. The exchange opens again at nine o'clock tomorrow.
"""
FEATURED = """
Welcome to the article of the day, chosen by our volunteer editors from more than six million articles. {person}
({born}–{died}) was a {quality} collector from {town}, known above all for a {other} {thing} that {body} {verb} in
{year}. You can read the full article on our site, suggest another one for tomorrow, or subscribe to receive each
article of the day by electronic mail. Our articles are written by volunteers and are free to read, to copy and to
change for everyone, under the terms of the licence that is named at the foot of each page. To learn how you can help,
visit the community portal or make a donation today.
"""


def sentences(seed: str, count: int = 12) -> list[str]:
    """Write the sentences of one report; with another seed they are about other things. About 13 words each."""
    chance = random.Random(seed)

    def fresh() -> dict[str, str]:
        quality, event, thing = (chance.choice(values) for values in (QUALITIES, EVENTS, OBJECTS))
        words = {
            "person": chance.choice(PEOPLE),
            "town": chance.choice(TOWNS),
            "body": chance.choice(BODIES),
            "matter": f"the {chance.choice(ACTS)} of {chance.choice(('its', 'the', 'one', 'that'))} {quality} {thing}",
            "time": f"{chance.choice(WHEN)} {chance.choice(('the', 'that', 'one'))} {quality} {event}",
            "verb": chance.choice(VERBS),
            "quality": quality,
            "object": thing,
            "feeling": chance.choice(FEELINGS),
            "number": str(chance.randint(12, 980)),
        }
        return words | {name.capitalize(): value[0].upper() + value[1:] for name, value in words.items()}

    made = []
    for shape in chance.choices(SHAPES, k=count):
        pieces = re.split(r"[{}]", shape)  # every second is the name of a slot, and each gets a word of its own
        made.append("".join(fresh()[piece] if n % 2 else piece for n, piece in enumerate(pieces)))
    return made


def report(seed: str, count: int = 12) -> str:
    """Write a report of so many sentences."""
    return " ".join(sentences(seed, count))


def headline(seed: str, *, again: bool = False) -> str:
    """Write the headline of a report; ``again``: another one for it, as a copier does, with its names and things."""
    chance = random.Random(f"headline of {seed}")
    town, body, verb = chance.choice(TOWNS), chance.choice(BODIES), chance.choice(VERBS)
    thing, person = f"{chance.choice(QUALITIES)} {chance.choice(OBJECTS)}", chance.choice(PEOPLE)
    if again:
        return f"What {person} says of the {thing} in {town}"
    return f"{town}: {body} {verb} {thing}, {person} says"


def cut(text: str, words: int) -> str:
    """Cut a text as a feed of summaries does."""
    return f"{' '.join(text.split()[:words])} …"


def weather(town: str, day: int) -> str:
    """Write the forecast for a town and a day: the same sentences each time, with other figures."""
    chance = random.Random(f"weather {town} {day}")
    low = chance.randint(-8, 9)
    return WEATHER.strip().format(
        town=town,
        low=low,
        high=low + chance.randint(4, 9),
        wind=chance.choice(("north", "south", "west", "east")),
        gusts=chance.randint(30, 95),
        rain=chance.randint(1, 9) * 10,
        later=chance.randint(1, 9) * 10,
        rise=chance.randint(10, 59),
        set=chance.randint(10, 59),
    )


def market(index: str, day: int) -> str:
    """Write how a stock exchange closed on a day: the same sentences each time, with other figures and firms."""
    chance = random.Random(f"market {index} {day}")
    first, second, third = chance.sample([f"{town} {what}" for town in TOWNS for what in ("Steel", "Foods", "Bank")], 3)
    return MARKET.strip().format(
        index=index,
        verb=chance.choice(("rose", "fell")),
        move=chance.randint(11, 280) / 100,
        points=chance.randint(4000, 9000),
        turnover=chance.randint(200, 900),
        first=first,
        second=second,
        third=third,
        gain=chance.randint(11, 99) / 10,
        more=chance.randint(11, 99) / 10,
        loss=chance.randint(11, 99) / 10,
        up=chance.randint(101, 400),
        down=chance.randint(20, 100),
    )


def featured(seed: str) -> str:
    """Write an "Article of the day": few words of its own amid much that is the same each day."""
    chance = random.Random(f"featured {seed}")
    quality, other = chance.sample(QUALITIES, 2)
    return FEATURED.strip().format(
        person=chance.choice(PEOPLE),
        born=chance.randint(1790, 1850),
        died=chance.randint(1860, 1930),
        quality=quality,
        other=other,
        town=chance.choice(TOWNS),
        thing=chance.choice(OBJECTS),
        body=chance.choice(BODIES),
        verb=chance.choice(VERBS),
        year=chance.randint(1851, 1930),
    )
