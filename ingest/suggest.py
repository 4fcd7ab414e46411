"""Names that keep coming up in stories and that nothing knows, and categories that nobody has mapped. Pure.

Nothing is ever added by it: a person reads what it says, and takes what is good.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log, prod

from db.text import slug
from ingest.capitals import Kind, Seen, has_capitals, kind_of, names_in
from ingest.category import Categories, steps_of
from ingest.commonness import Table
from ingest.gazetteer import Gazetteer
from ingest.subjects import name_key, subjects_of
from ingest.terms import hashed, spelled

LEAST_STORIES = 3
LEAST_LIFT = 5.0
"""A name must stand in so many times more stories than its rarest word stands in texts of all kinds."""

TOGETHER = 10.0
"""So much more often than by chance common words stand beside each other."""

COMMON = 0.01
"""A word that so many texts have is no name by itself, nor part of one where a sentence begins."""

UNSEEN = 2e-4
"""What a word counts as common that is in none of the texts that were counted."""

NEARLY_ALL = 0.8
"""Where a name stands so often inside one longer name, the longer one is meant."""

EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as it is looked at: its lead's words, its sources, its categories, each with the source that gave it."""

    title: str
    text: str
    language: str | None
    sources: frozenset[int]
    categories: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedName:
    """A name, what it seems to be of, its other spellings, and where it came up."""

    kind: Kind
    name: str
    aliases: tuple[str, ...]
    stories: int
    sources: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedCategory:
    """A category that gives no subject, as it was published, a tag that it might become, and where it came up."""

    category: str
    tag: str | None
    stories: int
    sources: int
    examples: tuple[str, ...]


@dataclass(slots=True)
class Gathered:
    """What is known of a name, over all stories."""

    stories: list[int] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def add(self, story: int, seen: Seen) -> None:
        """Note one story more."""
        if not self.stories or self.stories[-1] != story:
            self.stories.append(story)
        self.seen.times += seen.times
        self.seen.titled += seen.titled
        self.seen.placed += seen.placed
        self.seen.articled += seen.articled
        self.seen.firm += seen.firm
        self.seen.acronym = self.seen.acronym or seen.acronym


def suggest_names(
    stories: Sequence[Told], known: Gazetteer | None, commonness: Table, limit: int
) -> tuple[list[SuggestedName], int]:
    """Find the names that keep coming up → the best first, and of how many stories the script has no capitals.

    ``known`` are the names that give tags already.
    """
    found, skipped = gathered(stories, commonness)
    least_sources = min(2, len(frozenset[int]().union(*(story.sources for story in stories))))
    is_known = knower(known)
    lengthen(found)
    made = []
    for name, one in found.items():
        sources = len(frozenset[int]().union(*(stories[at].sources for at in one.stories)))
        if len(one.stories) < LEAST_STORIES or sources < least_sources:
            continue
        language = stories[one.stories[0]].language
        if is_known(name, language):
            continue
        lift = len(one.stories) / len(stories) / expected(name, commonness)
        if lift < LEAST_LIFT and not (one.seen.titled > 0.5 * one.seen.times and " " in name):
            continue
        short = one.seen.acronym
        suggested = SuggestedName(
            kind=kind_of(name, one.seen),
            name=name,
            aliases=(short,) if short and not is_known(short, language) else (),
            stories=len(one.stories),
            sources=sources,
            examples=examples(stories, one.stories, name.rpartition(" ")[2]),
        )
        made.append((-len(one.stories) * log(1 + sources) * log(max(lift, LEAST_LIFT)), name, suggested))
    best: dict[str, SuggestedName] = {}
    for _, name, suggested in sorted(made, key=lambda each: each[:2]):
        best.setdefault(slug(name).removesuffix("s"), suggested)  # of two spellings the more frequent
    return list(best.values())[:limit], skipped


def gathered(stories: Sequence[Told], commonness: Table) -> tuple[dict[str, Gathered], int]:
    """Gather the names of all stories, a short name that stands beside its long one with that."""

    def is_common(word: str) -> bool:
        term = hashed(word)
        return term is None or commonness.share(term) > COMMON

    found: defaultdict[str, Gathered] = defaultdict(Gathered)
    skipped = 0
    for number, story in enumerate(stories):
        title = story.title if has_capitals(story.title) and not is_title_case(story.title) else ""
        if not has_capitals(story.text or story.title):
            skipped += 1
            continue
        names = names_in(f"{title}\n{story.text}", story.language, is_common)
        long = {name.rpartition(" ")[2]: name for name in names if " " in name}
        for name, seen in names.items():
            found[long.get(name, name)].add(number, seen)
    return found, skipped


def is_title_case(title: str) -> bool:
    """Tell whether a headline has capitals on nearly all its words: then they tell no names."""
    words = [word for word in title.split() if word[0].isalpha() and len(word) > 3]
    return len(words) > 3 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


def lengthen(found: dict[str, Gathered]) -> None:
    """Drop two names that "and" joins, and names that nearly always stand inside a longer one of the same stories."""
    for name in [name for name in found if " and " in name]:
        first, _, second = name.partition(" and ")
        if second in found or (" " in first and " " in second):
            del found[name]
    parts: defaultdict[str, set[int]] = defaultdict(set)
    for name, one in found.items():
        words = name.split()
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                if end - start < len(words):
                    parts[" ".join(words[start:end])].update(one.stories)
    for part, within in parts.items():
        if part in found:
            inside = sum(story in within for story in found[part].stories)
            if inside >= NEARLY_ALL * len(found[part].stories):
                del found[part]


def knower(known: Gazetteer | None) -> Callable[[str, str | None], bool]:
    """Make what tells whether the known names of a language cover a name whole, or all of it that is one."""

    def is_known(name: str, language: str | None) -> bool:
        if known is None:
            return False
        mentions = known.mentions(name, "", language)
        covered = {
            word for mention in mentions for words in mention.words.split(", ") for word in slug(words).split("-")
        }
        return bool(mentions) and len(set(slug(name).split("-")) - covered) < 2

    return is_known


def expected(name: str, commonness: Table) -> float:
    """Give the share of texts that would have the words of a name by chance, those that go together a bit more."""
    terms = {hashed(word) for word in spelled(name)}
    least, *others = sorted(commonness.share(term) or UNSEEN for term in terms if term is not None) or [1.0]
    if not others:
        return least if least < COMMON else 1.0  # Friday, May
    return least * min(1.0, TOGETHER * prod(others))


def examples(stories: Sequence[Told], numbers: Sequence[int], word: str = "") -> tuple[str, ...]:
    """Give the newest headlines of these stories, first those that have the word."""
    titles = dict.fromkeys(stories[number].title for number in reversed(numbers) if stories[number].title)
    return tuple(sorted(titles, key=lambda title: word.casefold() not in title.casefold())[:EXAMPLES])


def suggest_categories(stories: Sequence[Told], categories: Categories, limit: int) -> list[SuggestedCategory]:
    """Find the categories that give no tag but their own → the most frequent first."""
    found: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for number, story in enumerate(stories):
        for source, category in story.categories:
            if is_unmapped(categories, source, category):
                found[name_key(category)].append((number, source, category))
    made = []
    for where in found.values():
        numbers = sorted({number for number, _, _ in where})
        if len(numbers) >= LEAST_STORIES:
            (category, _), *_ = Counter(category for _, _, category in where).most_common(1)
            made.append(
                SuggestedCategory(
                    category=category,
                    tag=likely_tag(category),
                    stories=len(numbers),
                    sources=len({source for _, source, _ in where}),
                    examples=examples(stories, numbers),
                )
            )
    return sorted(made, key=lambda one: (-one.stories, one.category))[:limit]


def is_unmapped(categories: Categories, source: int, category: str) -> bool:
    """Tell whether a category is a name that neither the config nor the vocabulary knows."""
    tags = categories.tags(source, category)
    steps = steps_of(category)
    return bool(tags) and all(tag.origin == "category" for tag in tags) and any(subjects_of(s) is None for s in steps)


def likely_tag(category: str) -> str | None:
    """Guess what a category might become: the subject that its last words name ("EU politics"), or its first."""
    words = category.split()
    for at in range(1, len(words)):
        for part in (" ".join(words[at:]), " ".join(words[:-at])):
            if subjects := subjects_of(part):
                return f"subject:{subjects[0]}"
    return None
