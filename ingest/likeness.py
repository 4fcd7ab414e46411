"""Do two entries carry one text? What they share is weighed against what speaks against it. Pure.

A cut, a retitled or lightly rewritten copy and an update share runs of words with the report: the share of the shorter
one's runs that the longer has too (containment) is the proof, and the more runs there are, the better it is. Reports
made from one form (dividends, tenders, box scores, forecasts) share as many, but tell of other things: in the same
surroundings stands another number or name, names and numbers of each are nowhere in the other, and each headline has
words that the other entry has not. So these are counted too, and all of it together must come up to ``ENOUGH``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from math import log

from db.model import hashes_of
from db.plan import Likeness
from db.recall import KnownText
from ingest.dedupe import WINDOW
from ingest.facts import MAX_REMEMBERED, facts, from_one_form
from ingest.headline import is_headed, same_headline, strangers, subjects
from ingest.prints import Reading, read
from ingest.trim import READ_CHARS

HEADLINE_WINDOW = timedelta(days=3)
"""A headline alone is proof for this long: "Stocks close higher on Monday" comes again."""

MIN_CONTAINMENT, MIN_CONTAINMENT_LONG, MIN_CONTAINMENT_SHORT = 0.40, 0.30, 0.60
SHORT_RUNS, LONG_RUNS, LONG_NAMES = 15, 120, 0.85
"""No copy without so much containment, by the runs of the shorter text. A long text that an editor went over twice, or
a scanner misread, has less, but its names are all there; two reports that quote the same people have not."""

CONTAINMENT, RUNS, AGREEING, BELOW, NAMES, NUMBER, STRANGE, ENOUGH = 13.0, 3.0, 11.0, 9.0, 5.0, -1.7, -4.0, 31.0
SUBJECT = -2.5
NO_SLOTS = 0.7
"""What each finding weighs (see ``Comparison.weight``): a logistic regression over pairs of Reuters and BBC texts with
their copies and look-alikes, a look-alike that joins costing five times a copy that does not, rounded; ``ENOUGH`` is
where no look-alike of four seeds joined (bench/group.py). ``NO_SLOTS`` stands for agreement where there is no number
or name to tell it by, as in scripts without capitals. ``SUBJECT`` was set by hand: of 4,900 copies five have such a
word and none such a name, and all five have 33 without it."""

MAX_RUNS, MAX_MISSING, MAX_STRANGE, MAX_SUBJECTS = 200, 8, 3, 4

SURE, NEARLY_EQUAL = 0.8, 0.9
TOP_RUNS, MAIN_PART = 30, 0.6
"""A copy that is cut keeps the beginning: above it there may be a picture's words, or what an update puts there, which
is less than the text. Not measured."""
VERBATIM_RUNS = 40
MAX_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two readings have in common, and what not. The same whichever comes first.

    ``containment``: the share of the shorter one's runs that both have, and ``runs`` how many it has. ``agreeing`` and
    ``clashing``: surroundings that both have, with the same number or name in them, or another; ``slots``: how many
    with a number or name the text has that has fewer. ``names`` are those of
    both, ``no_names`` and ``no_numbers`` those that one lacks of the other, whichever lacks fewer: an update has new
    ones and a cut lacks some, but only other facts are missing on both sides. ``strange``: words of a headline that
    the other entry has nowhere, of the headline that has fewer. ``subjects``: of these, what each text tells of too:
    "Quake strikes Fiji" is not "Quake strikes Vanuatu"; a name is two. ``headed``: of each headline some word is in the
    other entry.
    """

    containment: float
    runs: int
    agreeing: int
    clashing: int
    slots: int
    names: int
    no_names: int
    no_numbers: int
    strange: int
    subjects: int
    headed: bool

    @property
    def weight(self) -> float:
        """All findings together: what is proof, less what speaks against it."""
        around = (self.agreeing + 0.5) / (self.slots + 0.5) - self.containment
        return (
            CONTAINMENT * self.containment
            + RUNS * log(max(1, min(self.runs, MAX_RUNS)))
            + AGREEING * (self.agreeing + NO_SLOTS) / (self.agreeing + self.clashing + 1)
            + BELOW * min(0.0, around)  # what is shared is the form, not the facts
            + NAMES * self.names_share
            + NUMBER * min(self.no_numbers, MAX_MISSING)
            + STRANGE * min(self.strange, MAX_STRANGE)
            + SUBJECT * min(self.subjects, MAX_SUBJECTS)
        )

    @property
    def names_share(self) -> float:
        """The share of names that both have; 1 where there are none."""
        return (self.names + 0.5) / (self.names + self.no_names + 0.5)

    @property
    def is_copy(self) -> bool:
        """Tell whether it is enough for one text."""
        least = MIN_CONTAINMENT
        if self.runs < SHORT_RUNS:
            least = MIN_CONTAINMENT_SHORT
        elif self.runs >= LONG_RUNS and self.names_share >= LONG_NAMES:
            least = MIN_CONTAINMENT_LONG
        return self.is_verbatim or (self.containment >= least and self.weight >= ENOUGH)

    @property
    def is_verbatim(self) -> bool:
        """Tell whether one says what the other says, word for word, with every fact: under whatever headline.

        But an invitation to subscribe, in the text's place, is what no headline tells of.
        """
        differing = self.clashing + self.no_names + self.no_numbers + self.subjects
        return self.containment >= SURE and self.runs >= VERBATIM_RUNS and not differing and self.headed


NOTHING = Comparison(
    containment=0.0,
    runs=0,
    agreeing=0,
    clashing=0,
    slots=0,
    names=0,
    no_names=0,
    no_numbers=0,
    strange=0,
    subjects=0,
    headed=True,
)
MANY = 1000


def likeness(new: Reading, at: str, known: KnownText) -> Likeness | None:
    """Tell whether a known entry carries the same text → the score and the words that decided; None: it does not.

    ``at``: when the new one was published, or first seen.
    """
    apart = abs(datetime.fromisoformat(at) - datetime.fromisoformat(known.published or known.first_seen))
    if apart > WINDOW:
        return None
    other = reading_of(known.title, known.text)
    if (new.is_bare or other.is_bare) and apart <= HEADLINE_WINDOW and same_headline(new, other):
        return Likeness(to=known.id, score=1.0, words=new.title[:MAX_WORDS])
    comparison = compare(new, other)
    if comparison.is_copy and not from_one_form(new, other):
        return Likeness(to=known.id, score=round(comparison.containment, 3), words=deciding(new, other))
    return None


def reading_of(title: str, text: str) -> Reading:
    """Read an entry, new or known: those of the last hours are compared again and again."""
    return cached_reading(title, text[: READ_CHARS + 1])  # one more, to tell that it goes on


@lru_cache(maxsize=MAX_REMEMBERED)
def cached_reading(title: str, text: str) -> Reading:
    """Read an entry, or give what was read of it: what comes through many sources is compared again and again."""
    return read(title, text)


def compare(one: Reading, other: Reading) -> Comparison:
    """Compare two readings. Raises nothing."""
    mine, theirs = one.shingles, other.shingles
    runs = min(len(mine), len(theirs))
    shared = mine & theirs
    containment = len(shared) / runs if runs else 0.0
    if containment < MIN_CONTAINMENT_LONG:  # no more is needed to know, and it is by far the most frequent
        return replace(NOTHING, containment=containment, runs=runs)
    if is_part(one, other, shared, containment):
        return replace(NOTHING, runs=runs)
    odd = strangers(one, other)
    headed = not odd or is_headed(one, other)
    if containment == 1.0 and runs >= SHORT_RUNS:  # all that the shorter says stands in the longer just so
        return replace(
            NOTHING, containment=1.0, runs=runs, agreeing=runs, slots=runs, names=runs, strange=odd, headed=headed
        )
    most = replace(NOTHING, containment=containment, runs=runs, agreeing=MANY, slots=MANY, strange=odd, headed=headed)
    if not most.is_copy:  # whatever its facts are
        return most
    here, there = facts(one), facts(other)
    slots = here.slots.keys() & there.slots.keys()
    agreeing = sum(1 for slot in slots if not here.slots[slot].isdisjoint(there.slots[slot]))
    return Comparison(
        containment=containment,
        runs=runs,
        agreeing=agreeing,
        clashing=len(slots) - agreeing,
        slots=min(len(here.slots), len(there.slots)),
        names=len(here.names & there.names),
        no_names=min(len(here.names - there.names), len(there.names - here.names)),
        no_numbers=min(len(here.numbers - there.numbers), len(there.numbers - here.numbers)),
        strange=odd,
        subjects=subjects(one, other) if odd else 0,
        headed=headed,
    )


def is_part(one: Reading, other: Reading, shared: frozenset[int], containment: float) -> bool:
    """Tell whether one text is a part of the other that begins far below its top: of a briefing of the day's news.

    Under the same headline it is no briefing.
    """
    longer = max(one, other, key=lambda reading: len(reading.shingles))
    if containment < SURE or len(shared) >= MAIN_PART * len(longer.shingles) or same_headline(one, other):
        return False
    return shared.isdisjoint(longer.order[:TOP_RUNS])


def deciding(new: Reading, other: Reading) -> tuple[str, ...]:
    """Give the longest run of words that both have, for a person to see → its first words."""
    shared = new.shingles & other.shingles
    best: tuple[int, int] = (0, 0)
    start = 0
    for at, each in enumerate((*new.order, None)):
        if each in shared:
            continue
        if at - start > best[0]:
            best = (at - start, start)
        start = at + 1
    return new.body[best[1] : best[1] + min(MAX_WORDS, best[0] + new.run - 1)] if best[0] else ()


def nearly_equal(one: bytes, other: bytes) -> bool:
    """Tell whether two entries' kept shingles are nearly the same: to index both would find no more than one does."""
    mine, theirs = frozenset(hashes_of(one)), frozenset(hashes_of(other))
    return len(mine & theirs) >= NEARLY_EQUAL * max(1, len(mine | theirs))
