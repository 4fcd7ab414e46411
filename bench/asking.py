"""Rules and topics of the shapes that people write, made of the words of real texts, for `bench/rules.py`. Pure.

Words and phrases are drawn from texts that are not measured, each as rare as what people ask for is: names, and words
that one text in a thousand has, or one in thirty. Some rules ask for tags that others give.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus import Text

from db.query import parse
from ingest.order import Asked, in_order
from ingest.tag import Rule, Topic

WORD = re.compile(r"[A-Za-z]+")
NAME = re.compile(r"\b[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}\b")
COMMON, RARE = 0.03, 0.001
"""The shares of texts that have the most common and the rarest word that anybody asks for."""
MIN_CHARS = 4

DROPS, HOLDS, RANKS = 0.02, 0.01, 0.01
"""Of the rules, so many do this too."""


@dataclass(frozen=True)
class Words:
    """What queries are made of: words, pairs of neighbours, names; each drawn as often as it stands in texts."""

    single: Sequence[str]
    pairs: Sequence[str]
    names: Sequence[str]

    def term(self, dice: random.Random) -> str:
        """Draw a word, a phrase or a name."""
        kind = dice.random()
        if kind < 0.4:
            return dice.choice(self.single)
        return f'"{dice.choice(self.pairs if kind < 0.6 else self.names)}"'

    def any_of(self, dice: random.Random, least: int, most: int) -> str:
        """Draw terms of which one is enough."""
        return " OR ".join(self.term(dice) for _ in range(dice.randint(least, most)))


def words_of(texts: Sequence[Text]) -> Words:
    """Count what stands in texts."""
    single: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for text in texts:
        found = WORD.findall(text.body.lower())
        single.update({word for word in found if len(word) >= MIN_CHARS})
        pairs.update({f"{a} {b}" for a, b in pairwise(found) if min(len(a), len(b)) >= MIN_CHARS})
        names.update({name.lower() for name in NAME.findall(text.body)})

    def kept(counts: Counter[str]) -> Sequence[str]:
        least, most = RARE * len(texts), COMMON * len(texts)
        return [one for one in sorted(counts) if max(2, least) <= counts[one] <= most]

    return Words(single=kept(single), pairs=kept(pairs), names=kept(names))


def rules(
    words: Words, count: int, kinds: Sequence[str], sources: Sequence[int], dice: random.Random
) -> tuple[Rule, ...]:
    """Make so many rules; ``kinds``: tags that stories have before any rule, ``sources``: row ids."""
    made = []
    for number in range(count):
        query = shape(words, dice, [*kinds, *(f"desk:r{n}" for n in range(max(0, number - 50), number))])
        lot = dice.random()
        made.append(
            Rule(
                id=f"r{number}",
                query=parse(query),
                kind="desk",
                name=f"r{number}",
                withholds="drop" if lot < DROPS else "hold" if lot < DROPS + HOLDS else None,
                priority={dice.choice(sources): 5} if lot > 1 - RANKS else {},
            )
        )
    order = in_order([Asked(rule.query, (rule.kind, rule.name)) for rule in made])
    return tuple(made[number] for number in order)


def topics(
    words: Words, count: int, kinds: Sequence[str], number_of_rules: int, dice: random.Random
) -> tuple[Topic, ...]:
    """Make so many topics, most of which ask for tags."""
    made = []
    for number in range(1, count + 1):
        tags = [f"desk:r{dice.randrange(number_of_rules)}" for _ in range(dice.randint(1, 6))]
        lot = dice.random()
        if lot < 0.5:
            query = " OR ".join(tags)
        elif lot < 0.8:
            query = f"({' OR '.join([*tags, dice.choice(kinds)])}) AND ({words.any_of(dice, 2, 8)})"
        else:
            query = shape(words, dice, tags)
        made.append(Topic(id=number, query=parse(query)))
    return tuple(made)


def shape(words: Words, dice: random.Random, tags: Sequence[str]) -> str:
    """Write a query of one of the shapes; ``tags``: those that it may ask for."""
    word, tag = dice.choice(words.single), dice.choice(tags)
    shapes: list[tuple[int, Callable[[], str]]] = [
        (30, lambda: words.any_of(dice, 2, 6)),
        (18, lambda: f"{words.term(dice)} AND ({words.any_of(dice, 2, 4)})"),
        (10, lambda: f"{word[: max(MIN_CHARS, len(word) - 2)]}* OR {words.any_of(dice, 1, 2)}"),
        (8, lambda: f"title:({words.any_of(dice, 2, 4)})"),
        (14, lambda: f"{tag} ({words.any_of(dice, 1, 3)})"),
        (8, lambda: f"({words.any_of(dice, 2, 4)}) NOT {word}"),
        (3, lambda: f"source:s{dice.randint(1, 40)} ({words.any_of(dice, 2, 4)})"),
        (4, lambda: f'"{" ".join(dice.sample(words.single, 2))}"~8'),
        (2, lambda: f"lang:en sources:>={dice.randint(2, 4)} words:>300 NOT {word}"),
        (2, lambda: f"{word} has:enclosure OR seen:>=now-2d author:{dice.choice(words.single)}"),
        (1, lambda: f"NOT ({words.any_of(dice, 1, 2)}) sources:>=4"),
    ]
    (drawn,) = dice.choices([make for _, make in shapes], [weight for weight, _ in shapes])
    return drawn()
