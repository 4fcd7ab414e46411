"""What changed in an entry, and whether readers should be told. Pure.

Meaningful is what somebody wrote into title or text: other words, other numbers, another order. Minor is all else:

- what a page's machinery prints (see ``ingest/template.py``), letter case, accents, quotes, punctuation, white space,
  markup, links, pictures, files, categories, the author's name;
- a typo: a word that kept its first letter and is one letter off (two letters in a long word that is written small), a
  word said twice, two words written as one, an article. So a name that is corrected by one letter is minor as well;
  one that is corrected by more is not. A word with a digit never is a typo.
- a text that was cut short with a mark that says so: nothing new is in it.

Chinese, Japanese and other scripts without spaces have one word for each character, and short words can't be judged:
there each other word is meaningful. In doubt a change is.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from db.model import Entry
from db.recall import Known
from db.text import fold, words
from db.word_diff import Hunk, hunks
from ingest.template import is_number, written_text, written_title

MAX_EDITS = 60
"""With so many words added and removed nobody corrected mere typos; it bounds the search too."""

MAX_CHARS = 100_000
"""Where more than that differs, line by line, it is no typo; it bounds the work, which the writer's thread does."""

MAX_JUDGED_CHARS = 4_000_000
"""Of the texts of one poll, before and after. A feed that changes more at once is not corrected by hand."""

BESIDE = 3
"""Lines around those that differ are looked at too: one counter explains the other."""

TYPO_CHARS = 5
"""One letter off in a shorter word is too often another word: Iran and Iraq, not and now."""

LONG_TYPO_CHARS = 8
"""In a word that long two letters may be off."""

MAX_WORD_CHARS = 60
"""What is longer is no word, and to compare it would take long."""

ARTICLES = frozenset(("a", "an", "the"))
CUT_MARKS = ("…", "...", "[…]", "[...]", "]", "»", ">")

Part = Literal["title", "text", "summary", "html", "author", "link", "categories", "files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Which parts of an entry differ, and whether that is meaningful. ``html``: only the markup of the text did."""

    parts: tuple[Part, ...]
    meaningful: bool


def change(old: Entry, new: Entry) -> Change:
    """Compare what an entry said with what it says. Dates are not looked at."""
    differs: dict[Part, bool] = {
        "title": old.title != new.title,
        "text": old.text != new.text,
        "summary": old.summary != new.summary,
        "html": old.text == new.text and old.html != new.html,
        "author": old.author != new.author,
        "link": old.url != new.url,
        "categories": old.categories != new.categories,
        "files": old.enclosures != new.enclosures,
    }
    meaningful = (differs["title"] and _is_other_title(old.title, new.title)) or (
        differs["text"] and _is_other_text(old.text, new.text)
    )
    return Change(parts=tuple(part for part, is_so in differs.items() if is_so), meaningful=meaningful)


def minor_changes(changed: Mapping[int, Entry], known: Known) -> frozenset[int]:
    """Find those of the changed entries, by id, of whose change no reader need be told.

    So is a change to what the entry has said twice before: some sites answer from two servers that disagree, in turns.
    Past ``MAX_JUDGED_CHARS`` the rest counts as meaningful, unseen.
    """
    ids = sorted(changed)
    former = known.former(ids)
    minor: set[int] = set()
    judged = 0
    for id_, old in zip(ids, known.entries(ids), strict=True):
        new = changed[id_]
        if (old.title, old.text) == (new.title, new.text):
            minor.add(id_)
            continue
        judged += len(old.text) + len(new.text)
        flaps = former.get(id_, ()).count(new.version) > 1
        if flaps or (judged <= MAX_JUDGED_CHARS and not change(old, new).meaningful):
            minor.add(id_)
    return frozenset(minor)


def _is_other_title(old: str, new: str) -> bool:
    return _differ(old, new, written_title(old), written_title(new))


def _is_other_text(old: str, new: str) -> bool:
    """Tell so of the texts, looking only at the lines between the first and the last that differ, and a few around."""
    a, b = _lines(old), _lines(new)
    head = _same_head(a, b)
    tail = _same_head(a[head:][::-1], b[head:][::-1])
    before, behind = max(0, head - BESIDE), max(0, tail - BESIDE)
    a, b = a[before : len(a) - behind], b[before : len(b) - behind]
    if sum(len(line) for line in (*a, *b)) > MAX_CHARS:
        return True
    said, says = (written_text(lines, before=before, behind=behind) for lines in (a, b))
    cut = new.rstrip().endswith(CUT_MARKS) and len(says) < len(said)
    if cut and says[:-1] == said[: max(0, len(says) - 1)]:  # the last word may be cut too
        return False
    return _differ("\n".join(a), "\n".join(b), said, says)


def _lines(text: str) -> list[str]:
    """Split a text, NFKC, into lines; white space says nothing."""
    return [" ".join(line.split()) for line in unicodedata.normalize("NFKC", text).split("\n") if line.strip()]


def _same_head(a: Sequence[str], b: Sequence[str]) -> int:
    """Count the lines that both begin with."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _differ(old: str, new: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether two texts, as somebody wrote them (``before``, ``after``), differ by more than typos."""
    if before == after:
        return False
    if not before or not after:
        return True
    had, has = Counter(before), Counter(after)
    gone, come = had - has, has - had
    if gone.total() + come.total() > MAX_EDITS or any(map(is_number, (*gone, *come))):
        return True
    found = hunks(before, after, MAX_EDITS)
    if found is None:
        return True
    large = {word for text in (old, new) for part in text.split() if part[:1].isupper() for word in words(fold(part))}
    return not all(_is_typo(hunk, before, after, large) for hunk in found)


def _is_typo(hunk: Hunk, before: Sequence[str], after: Sequence[str], large: set[str]) -> bool:
    """Tell whether one place where texts differ is no more than a slip of the pen, mended or made."""
    neighbours = before[max(0, hunk.from_ - 1) : hunk.from_], before[hunk.to : hunk.to + 1]
    removed = _without_slips(before[hunk.from_ : hunk.to], *neighbours)
    added = _without_slips(after[hunk.new_from : hunk.new_to], *neighbours)
    if removed == added:
        return True
    if any(map(is_number, (*removed, *added))):
        return False
    if "".join(removed) == "".join(added):  # "some thing" → "something"
        return True
    return len(removed) == len(added) and all(
        a == b or _is_misspelt(a, b, is_name=a in large or b in large) for a, b in zip(removed, added, strict=True)
    )


def _without_slips(those: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Drop articles, and words that only repeat the one beside them."""
    kept = [word for word, _ in groupby(those) if word not in ARTICLES]
    if len(kept) == 1 and not is_number(kept[0]) and kept[0] in (*before, *after):
        return []
    return kept


def _is_misspelt(a: str, b: str, *, is_name: bool) -> bool:
    """Tell whether one of two words may be the other with a slip: the same first letter, one or two letters off."""
    longest = max(len(a), len(b))
    if a[0] != b[0] or not TYPO_CHARS - 1 <= longest <= MAX_WORD_CHARS:
        return False
    if longest < TYPO_CHARS:
        return _is_swap(a, b)
    return letters_off(a, b, 2 if longest >= LONG_TYPO_CHARS and not is_name else 1) is not None


def _is_swap(a: str, b: str) -> bool:
    """Tell whether two neighbours among the letters changed places: "form", "from"."""
    return len(a) == len(b) and sorted(a) == sorted(b) and letters_off(a, b, 1) == 1


def letters_off(a: str, b: str, most: int) -> int | None:
    """Count the letters that must be put in, left out, replaced or swapped with a neighbour; None: over ``most``.

    Optimal string alignment (Boytsov, Indexing methods for approximate dictionary searching, 2011, 2.2).
    """
    if abs(len(a) - len(b)) > most:
        return None
    former: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, former, row = former, row, [i]
        for j, y in enumerate(b, start=1):
            best = min(former[j] + 1, row[j - 1] + 1, former[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1] if row[-1] <= most else None
