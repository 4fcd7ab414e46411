"""An entry's title and text → what copies are found and proved by: runs of three words, hashed. Pure.

A copy is cut, retitled, lightly rewritten, and set in another site's furniture, so what can be furniture is taken off
first: the site's name in the title, marks such as "UPDATE 1-", the dateline, bylines, the lines at the foot. What is
left is compared by its first words, since cuts keep the beginning.

Not all runs are kept in the archive: one in six by its hash, the same in every copy, one in three where the text
begins, as an excerpt has no more than that. The title as a whole is one more, by which a bare headline is found.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest

from db.text import UNSPACED, words

COMPARED_WORDS = 200
"""So many words of the text are compared: enough for a proof, and cuts keep the beginning."""

RUN = 3
"""Words in a shingle. Copies that an editor went over share hardly any longer runs."""

UNSPACED_COMPARED, UNSPACED_RUN = 400, 5
"""The same for scripts without spaces, where each character counts as a word: some three words are five of them."""

KEPT_OF, KEPT_OF_LEAD, LEAD_RUNS = 6, 3, 40
MIN_KEPT = 6
"""One hash in so many is kept, of the first ``LEAD_RUNS`` one in fewer; ``MIN_KEPT`` wherever there are as many."""

MIN_TEXT_WORDS = 8
"""A text of fewer words is none ("Read more", a picture's caption): the headline is all there is."""

MIN_TITLE_WORDS = 4
"""A title of fewer words is that of a column, and finds nothing."""

TITLE_SEED = 1
READ_CHARS, MAX_FRONT_CHARS = 4000, 60
MAX_FOOT_CHARS, MAX_SHORT_FOOT_CHARS, MAX_FOOT_START = 300, 120, 40

MARK = re.compile(
    r"^\W*(?:(?:update|wrapup|lead|rpt|repeat|corrected|refile|exclusive|breaking|urgent|alert|watch|video|photos?|live|"
    r"listen|opinion|analysis|explainer|factbox|in brief|just in|developing|updated|new|eilmeldung|liveblog|exklusiv|"
    r"aktualisiert|en direct|vidéo|exclusif|en vivo|última hora|actualización|vídeo|in diretta|esclusiva|ao vivo|"
    r"срочно|обновлено|видео|son dakika)\b(?: ?(?:news|nieuws))?(?:\s*\d{1,2})?\s*(?:[-–—:|]|\)|\])\s*)+",
    re.IGNORECASE,
)
AFTERMARK = re.compile(
    r"\s*[(\[](?:update[ds]?(?: ?\d+)?|video|photos?|live|corrected|aktualisiert|vidéo|vídeo|видео)[)\]]\s*$",
    re.IGNORECASE,
)
SUFFIX = re.compile(r"(?:\s+(?:[|•·«»‹›:/~–—-]|::|--)\s+|\s*[|丨｜_]\s*)(?P<site>[^|•·«»‹›丨｜]{2,40})$")
"""What may part a headline from the site's name. A hyphen or colon does where it has blanks on both sides."""

MAX_SITE_WORDS = 5

DATELINE = re.compile(
    r"^\W{0,3}(?:[^\W\d_][^.!?:;\n–—-]{0,40}?(?:[-'][^\W\d_]+)?"  # a city, maybe with a country and a day …
    r"(?:[.,][^.!?:;\n–—]{0,25})?\s*(?:\([^()\n]{2,30}\))?)\s*"  # … and the agency
    r"(?:\s[-–—]{1,2}\s|\s?—\s?|\s--\s)"
)
AGENCY = re.compile(r"^\W{0,3}[^\W\d_][^.!?\n]{0,40}\((?:[^\W\d_][^()\n]{1,24})\)\s*[-–—:.]{0,2}\s+")
FRONT = re.compile(
    r"^(?:by|von|par|por|di|da|door|av|af|tekst|text|от|автор|reporter|words by|story by|photo|image|foto|published|"
    r"posted|updated|last updated|first published|modified)\b",
    re.IGNORECASE,
)
FOOT = re.compile(
    r"appeared first on|all rights reserved|may not be (?:published|reproduced|republished)|copyright|©|\(c\) ?\d{4}|"
    r"newsletter|unsubscribe|subscri(?:be|ption)|sign up|log in|follow us|like us on|join us on|share (?:this|on|via)|"
    r"whatsapp|facebook|telegram channel|read (?:more|the full|the original|original|full|also|next)|continue reading|"
    r"keep reading|click here|view (?:comments|original|source)|comments?\s*$|source:|via:|reporting by|edit(?:ing|ed) by|"
    r"writing by|compiled by|additional reporting|related (?:articles|stories|news|posts)|advertisement|sponsored|"
    r"syndicated feed|has not been edited|first published|originally (?:appeared|published)|terms of (?:use|service)|"
    r"weiterlesen|mehr (?:dazu|lesen|zum thema)|alle rechte vorbehalten|lire (?:la suite|aussi|l.article)|"
    r"tous droits réservés|seguir leyendo|leer más|todos los derechos|leggi (?:anche|tutto)|riproduzione riservata|"
    r"leia (?:mais|também)|lees (?:meer|ook|verder)|läs (?:mer|också)|les mer|læs (?:mere|også)|czytaj (?:więcej|także|też)|"
    r"читать (?:далее|также)|читайте также|подписывайтесь|все права защищены|devamını oku|haberin devamı|版权|责任编辑|原文",
    re.IGNORECASE,
)
TAIL = re.compile(
    r"(?:\s*(?:…|\.\.\.|\[\s*(?:…|\.\.\.|&hellip;)\s*\])|(?<=[.!?]))\s*[(\[]?\s*(?:(?:read (?:more|on|full)|continue reading|"
    r"keep reading|more|weiterlesen|mehr|lire la suite|leer más|seguir leyendo|leggi tutto|leia mais|lees meer|läs mer|les mer|"
    r"czytaj|читать далее|devamı|続きを読む|阅读全文|더보기)(?!\w)[^\n]{0,50})?[\s»→\])]*$",
    re.IGNORECASE,
)
TAIL_CHARS = 100
ENDS = ".!?…\"'”’»。！？"


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A title and text as they are compared. ``is_bare``: there is no text worth the name, so the title is all.

    ``title`` and ``body`` are their words, ``plain`` is the body with its capitals and marks, ``shingles`` the hashes
    of the runs in the body's first ``COMPARED_WORDS``, 64 bits, signed, as the archive has them (``order``: as they
    stand there, each of ``run`` words). ``kept`` of them, and of the title, are what the archive keeps. ``apart``: it is of a script without spaces.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]
    headline: str
    plain: str
    order: tuple[int, ...]
    run: int
    shingles: frozenset[int]
    kept: tuple[int, ...]
    is_bare: bool
    apart: bool


def read(title: str, text: str) -> Reading:
    """Read a title and a text as published → what is compared. Raises nothing."""
    headline = clean_title(title)
    plain = clean_text(text)
    title_words = tuple(words(headline))
    body = words(plain)
    if body[: len(title_words)] == list(title_words):  # the title once more, as aggregators do
        body = body[len(title_words) :]
    is_bare = len(body) < (MIN_TEXT_WORDS if not is_unspaced(body) else 2 * MIN_TEXT_WORDS)
    if is_bare:
        body, plain = list(title_words), headline
    apart = is_unspaced(body)
    compared = body[: UNSPACED_COMPARED if apart else COMPARED_WORDS]
    size = UNSPACED_RUN if apart else RUN
    hashes = run_hashes(compared, size)
    marks = (title_hash(title_words),) if len(title_words) >= (2 if apart else 1) * MIN_TITLE_WORDS else ()
    return Reading(
        title=title_words,
        body=tuple(body),
        headline=headline,
        plain=plain,
        order=tuple(hashes),
        run=size,
        shingles=frozenset(hashes),
        kept=(*(() if is_bare else kept(hashes)), *marks),
        is_bare=is_bare,
        apart=apart,
    )


def shingles(title: str, text: str) -> frozenset[int]:
    """Hash all runs of the words that are compared → signed 64-bit numbers."""
    return read(title, text).shingles


def sampled(title: str, text: str) -> bytes:
    """Give what the archive keeps of a text → ``Prints.shingles``."""
    return packed(read(title, text).kept)


def packed(hashes: Collection[int]) -> bytes:
    """Write signed 64-bit numbers: 8 bytes each, little-endian, rising, each once."""
    rising = sorted(set(hashes))
    return struct.pack(f"<{len(rising)}q", *rising)


def unpacked(shingles: bytes) -> tuple[int, ...]:
    """Read what ``packed`` wrote. Raises struct.error where the length is no multiple of 8."""
    return struct.unpack(f"<{len(shingles) // 8}q", shingles)


def run_hashes(tokens: list[str], size: int) -> list[int]:
    """Hash each run of so many words, in order; a text that is shorter is one run."""
    if not tokens:
        return []
    coded = " ".join(tokens).encode("utf-8", "surrogatepass").split(b" ")
    runs = zip(*(coded[at:] for at in range(size)), strict=False) if len(coded) >= size else [coded]
    unsigned = [*map(xxh3_64_intdigest, map(b" ".join, runs))]
    return list(struct.unpack(f"<{len(unsigned)}q", struct.pack(f"<{len(unsigned)}Q", *unsigned)))


def kept(hashes: list[int]) -> set[int]:
    """Choose the hashes that are kept: the same in every copy of a text, wherever it is cut."""
    chosen = {each for each in hashes if not each % KEPT_OF}
    chosen.update(each for each in hashes[:LEAD_RUNS] if not each % KEPT_OF_LEAD)
    if len(chosen) < MIN_KEPT:
        chosen.update(sorted(set(hashes) - chosen)[: MIN_KEPT - len(chosen)])
    return chosen


def title_hash(title: Collection[str]) -> int:
    """Hash a whole title; no run of a text has the same."""
    unsigned = xxh3_64_intdigest(" ".join(title).encode("utf-8", "surrogatepass"), seed=TITLE_SEED)
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned


def is_unspaced(tokens: Collection[str]) -> bool:
    """Tell whether most words are single characters of a script without spaces."""
    if not tokens or "".join(tokens).isascii():
        return False
    return 2 * sum(1 for each in tokens if len(each) == 1 and UNSPACED.match(each)) > len(tokens)


def clean_title(title: str) -> str:
    """Take marks ("UPDATE 1-", "Video:") and the site's name off a title."""
    title = AFTERMARK.sub("", MARK.sub("", title.strip())) or title
    for _ in range(2):
        found = SUFFIX.search(title)
        if found is None:
            break
        left, site = title[: found.start()].rstrip(), found["site"]
        if len(site.split()) > MAX_SITE_WORDS or len(left) < max(16, len(site)):
            break
        title = left
    return title


def clean_text(text: str) -> str:
    """Take bylines, dateline and footers off a text's beginning → as much of it as is compared."""
    is_whole = len(text) <= READ_CHARS
    lines = [line for line in text[:READ_CHARS].split("\n") if line.strip()]
    while len(lines) > 1 and is_whole and is_foot(lines[-1]):
        lines.pop()
    while len(lines) > 1 and is_front(lines[0]) and any(len(line) > MAX_FRONT_CHARS for line in lines[1:]):
        del lines[0]
    if not lines:
        return ""
    if is_whole:
        end = max(0, len(lines[-1]) - TAIL_CHARS)
        lines[-1] = lines[-1][:end] + TAIL.sub("", lines[-1][end:])
    first = lines[0]
    found = AGENCY.match(first) or DATELINE.match(first)
    if found and len(first) - found.end() >= 20 and len(found[0].split()) <= 9:
        lines[0] = first[found.end() :]
    return "\n".join(lines)


def is_foot(line: str) -> bool:
    """Tell whether a line stands below the text: an offer, a notice of rights, a list of where to share."""
    found = FOOT.search(line) if len(line) <= MAX_FOOT_CHARS else None
    return found is not None and (len(line) <= MAX_SHORT_FOOT_CHARS or found.start() <= MAX_FOOT_START)


def is_front(line: str) -> bool:
    """Tell whether a line stands before the text: a byline, a date, a heading."""
    return len(line) <= MAX_FRONT_CHARS and (bool(FRONT.match(line)) or line.rstrip()[-1:] not in ENDS)
