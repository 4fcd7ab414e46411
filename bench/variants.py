"""A stream of news with its copies, made from real texts by a seed: what level 1 of the grouping is benched with.

``stream`` gives items in order of time. Items of one ``story`` are one text: as first published, reprinted by other
sites with their furniture, cut and retitled, excerpted, lightly rewritten, updated, scanned badly. Beside them stand
look-alikes, each a story of its own: families of real reports of one form, and reports made from forms.
"""

# ruff: noqa: ARG001, ARG005, SIM905 (all makers have one form; the synonyms are a text)
from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpus import Corpus, Text
from furniture import FORMS, SITES, Site, furnished

KINDS = ("reprint", "cut", "retitle", "excerpt", "rewrite", "update", "noisy", "headline")
LOOK_ALIKES = ("real form", "made form")

SYNONYMS = {
    word: other
    for pair in (
        "said:stated told:informed big:large large:major many:numerous began:started "
        "start:begin end:finish ended:finished "
        "buy:purchase bought:purchased help:aid show:indicate showed:indicated need:require needs:requires help:assist "
        "also:additionally but:however about:around near:close because:since "
        "rise:increase rose:climbed fall:drop fell:dropped "
        "high:elevated small:minor firm:company company:firm plan:scheme plans:intends chief:head head:chief man:male "
        "children:kids police:officers people:persons after:following before:ahead during:throughout made:produced "
        "new:fresh old:former first:initial last:final believe:think believes:thinks believed:thought "
        "government:administration official:representative officials:representatives "
        "meeting:gathering talks:negotiations "
        "agreement:deal deal:agreement will:shall likely:probably may:might might:could now:currently today:Tuesday "
        "year:twelvemonth won:secured lost:missed keep:retain kept:retained give:provide gave:provided get:obtain "
        "got:obtained use:employ used:employed expected:anticipated expects:anticipates "
        "report:account reported:announced "
        "announced:declared added:continued called:termed according:pursuant "
        "strong:robust weak:feeble growth:expansion "
        "problem:difficulty problems:difficulties important:significant money:funds country:nation countries:nations "
        "world:globe market:marketplace price:cost prices:costs increase:rise decision:ruling move:step very:extremely "
        "only:merely while:whereas some:certain several:various another:further "
        "where:in-which work:labour works:functions"
    ).split()
    for word, _, other in (pair.partition(":"),)
}
SENTENCE = re.compile(r"(?<=[.!?])[\"']?\s+(?=[\"']?[A-Z])")
NUMBER = re.compile(r"\b\d[\d,.]*\d|\b\d\b")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One publication. ``story``: the gold. ``kind``: "first", one of KINDS or of LOOK_ALIKES. ``days``: when."""

    story: int
    kind: str
    source: str
    title: str
    text: str
    days: float


def stream(corpus: Corpus, seed: int, *, stories: int = 2500, look_alikes: int = 2500) -> list[Item]:
    """Make the items of a seed → in order of time, 30 days of them."""
    dice = random.Random(seed)
    items: list[Item] = []
    spare = [part for text in corpus.spare for part in text.paragraphs if 15 <= len(part.split()) <= 90]
    dice.shuffle(spare)
    for number, text in enumerate(dice.sample(corpus.bases, min(stories, len(corpus.bases)))):
        items += coverage(text, number, spare, dice)
    number = stories
    families = list(corpus.families)
    dice.shuffle(families)
    for family in families:
        if number >= stories + look_alikes * 3 // 5:
            break
        around = dice.uniform(0, 25)
        for text in dice.sample(family, min(len(family), 60)):
            items.append(look_alike(number, "real form", text.title, text.body, text.place, around, dice))
            number += 1
    made: set[str] = set()
    while len(made) < look_alikes * 2 // 5:
        title, body = dice.choice(FORMS)(dice)
        if body not in made:
            made.add(body)
            items.append(look_alike(number, "made form", title, body, "", dice.uniform(0, 25), dice))
            number += 1
    dice.shuffle(items)
    return sorted(items, key=lambda item: item.days)


def look_alike(story: int, kind: str, title: str, body: str, place: str, around: float, dice: random.Random) -> Item:
    """Print a look-alike at a site of its own, so that only what it says keeps it apart."""
    site = dice.choice(SITES)
    shown, text = furnished(site, as_headline(title, body), body, place, dice)
    source = f"{site.name} {story}"
    return Item(story=story, kind=kind, source=source, title=shown, text=text, days=around + dice.uniform(0, 5))


def coverage(text: Text, story: int, spare: list[str], dice: random.Random) -> Iterator[Item]:
    """Make a text's first publication and up to six copies, each at another site."""
    sites = dice.sample(SITES, len(SITES))
    days, title = dice.uniform(0, 27), as_headline(text.title, text.body)
    kinds = ["first", *dice.sample(KINDS, dice.choice([0, 1, 1, 2, 2, 3, 4, 6]))]
    lags = [0.0, *(dice.expovariate(2.0) for _ in kinds[1:])]
    for kind, site, lag in zip(kinds, sites, lags, strict=False):
        made = MAKERS[kind](title, text, spare, dice) if kind in MAKERS else (title, text.body)
        shown, body = furnished(site, *made, text.place, dice) if made[1] else (bare(site, made[0]), "")
        yield Item(story=story, kind=kind, source=site.name, title=shown, text=body, days=days + min(lag, 3.0))


def bare(site: Site, title: str) -> str:
    """Print a title alone."""
    return site.title.format(title=title)


def as_headline(title: str, body: str) -> str:
    """Write a title in capitals as it is written today: names as the text has them."""
    title = re.sub(r"\s*<[^>]*>", "", title)
    if title != title.upper():
        return title
    forms = {word.lower(): word for word in re.findall(r"(?<=[a-z,] )[A-Za-z][\w.'-]*", body)}
    words = [forms.get(word.lower(), word.lower()) for word in title.split()]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]]) if words else title


Maker = Callable[[str, Text, list[str], random.Random], tuple[str, str]]


def sentences(text: Text) -> list[list[str]]:
    """Split the paragraphs into sentences."""
    return [[each for each in SENTENCE.split(part) if each] for part in text.paragraphs]


def joined(parts: list[list[str]]) -> str:
    """Put sentences together again, a line each paragraph."""
    return "\n".join(" ".join(part) for part in parts if part)


def retitled(title: str, text: Text, dice: random.Random) -> str:
    """Write another title: what the first sentence says, the old one's words in part, or with a kicker."""
    words = title.split()
    first = (sentences(text)[0] or [title])[0].split()
    way = dice.randrange(4)
    if way == 0:
        return " ".join(first[: dice.randint(6, 11)]).rstrip(",.;")
    if way == 1:
        return " ".join([*first[:4], *words[len(words) // 2 :]])
    if way == 2:
        return dice.choice(["Breaking: ", "Watch: ", "In brief: ", "Analysis - "]) + title
    return substituted(" ".join(words[: max(4, len(words) - 2)]), 0.5, dice)


def substituted(text: str, share: float, dice: random.Random) -> str:
    """Replace a share of the words that have a synonym."""
    return " ".join(
        SYNONYMS.get(word, word) if word in SYNONYMS and dice.random() < share else word for word in text.split(" ")
    )


def cut(title: str, text: Text, spare: list[str], dice: random.Random) -> tuple[str, str]:
    """Keep the first half or so, under another title."""
    flat = [[each] for part in sentences(text) for each in part]
    kept = flat[: max(2, round(len(flat) * dice.uniform(0.35, 0.75)))]
    return retitled(title, text, dice), joined(kept)


def excerpt(title: str, text: Text, spare: list[str], dice: random.Random) -> tuple[str, str]:
    """Keep a sentence to three, whole or broken off."""
    flat = [each for part in sentences(text) for each in part]
    body = " ".join(flat[: dice.randint(1, 3)])
    if len(body.split()) < 14:
        body = " ".join(flat[:3])
    if dice.random() < 0.4:
        words = body.split()
        body = " ".join(words[: max(14, min(len(words), dice.randint(20, 55)))])
        body += dice.choice(["…", " [...]", "... Read more", "... Continue reading"])
    return (title if dice.random() < 0.6 else retitled(title, text, dice)), body


def rewrite(title: str, text: Text, spare: list[str], dice: random.Random) -> tuple[str, str]:
    """Replace words, drop sentences, swap neighbours, change how people are quoted."""
    parts = sentences(text)
    kept = [[each for each in part if dice.random() > 0.15] for part in parts]
    kept[0] = kept[0] or parts[0]
    for part in kept:
        for at in range(len(part) - 1):
            if dice.random() < 0.2:
                part[at], part[at + 1] = part[at + 1], part[at]
    body = substituted(joined(kept), 0.6, dice).replace(" he said", " he added").replace(", said ", ", according to ")
    return (title if dice.random() < 0.4 else retitled(title, text, dice)), body


def update(title: str, text: Text, spare: list[str], dice: random.Random) -> tuple[str, str]:
    """Change up to three numbers, add up to three paragraphs, some before the rest."""
    body = text.body
    for found in dice.sample(list(NUMBER.finditer(body)), min(dice.randint(1, 3), len(NUMBER.findall(body)))):
        changed = "".join(dice.choice("123456789") if char.isdigit() else char for char in found[0])
        body = body[: found.start()] + changed + body[found.end() :]
    parts = body.split("\n")
    for _ in range(dice.randint(1, 3)):
        parts.insert(dice.randint(1, len(parts)), spare.pop() if spare else "More was not known.")
    mark = dice.choice(["UPDATE 1-{}", "UPDATE 2-{}", "{} (update)", "Updated: {}", "LEAD 1-{}", "{}"])
    return mark.format(title), "\n".join(parts)


def noisy(title: str, text: Text, spare: list[str], dice: random.Random) -> tuple[str, str]:
    """Read badly from paper: a word in twelve has a wrong letter, some words run together."""
    words = text.body.split(" ")
    for at, word in enumerate(words):
        if len(word) > 3 and dice.random() < 0.08:
            place = dice.randrange(len(word))
            words[at] = word[:place] + dice.choice("rnmltiec1") + word[place + 1 :]
    body = " ".join(words)
    return title, re.sub(r"(\w) (\w)", lambda m: m[1] + m[2] if dice.random() < 0.01 else m[0], body)


MAKERS: dict[str, Maker] = {
    "cut": cut,
    "retitle": lambda title, text, spare, dice: (retitled(title, text, dice), text.body),
    "excerpt": excerpt,
    "rewrite": rewrite,
    "update": update,
    "noisy": noisy,
    "headline": lambda title, text, spare, dice: (title, ""),
}
