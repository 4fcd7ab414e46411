"""A title and text as published → without what a site puts around them: its name, bylines, dateline, footers. Pure.

Only for comparing: what is shown and searched keeps all of it. What is taken off is a guess by form; of two copies it
must be the same, or too little to matter.
"""

from __future__ import annotations

import re

READ_CHARS = 4000
"""So much of a text is read: the words that are compared, and as many more."""

MAX_FRONT_CHARS, MAX_FRONTS = 60, 3
MAX_FOOT_CHARS, MAX_SHORT_FOOT_CHARS, MAX_FOOT_START = 300, 120, 40
MIN_HEADLINE_CHARS, MIN_HEADLINE_WORDS = 16, 4
"""A title that would be shorter without the site's name or its kicker keeps them."""

MARK = re.compile(
    r"^\W*(?:(?:update|wrapup|lead|rpt|repeat|corrected|refile|exclusive|breaking|urgent|alert|watch|video|photos?|live|"
    r"listen|opinion|analysis|explainer|factbox|in brief|just in|developing|updated|new|eilmeldung|liveblog|"
    r"exklusiv|aktualisiert|en direct|vidéo|exclusif|en vivo|última hora|actualización|vídeo|in diretta|esclusiva|"
    r"ao vivo|срочно|обновлено|видео|son dakika)\b(?: ?(?:news|nieuws))?(?:\s*\d{1,2})?\s*(?:[-–—:|]|\)|\])\s*)+",
    re.IGNORECASE,
)
AFTERMARK = re.compile(
    r"\s*[(\[](?:update[ds]?(?: ?\d+)?|video|photos?|live|corrected|aktualisiert|vidéo|vídeo|видео)[)\]]\s*$",
    re.IGNORECASE,
)
SUFFIX = re.compile(
    r"(?:\s(?:[|•·«»‹›:/~–—-]|::|--)\s|\s?[|丨｜]\s?|(?<=[\u3040-\u9fff])[_-](?=[\u3040-\u9fff]))"
    r"(?P<site>[^|•·«»‹›丨｜]{2,40})$"
)
"""What may part a headline from the site's name. A hyphen or colon does where it has blanks on both sides, or where
there are no blanks at all."""

MAX_SITE_WORDS, MAX_KICKER_WORDS = 5, 3

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
FOOT = tuple(
    part.strip()
    for part in """
    appeared first on | all rights reserved | may not be published | may not be reproduced | copyright | © | (c) 20
    newsletter | unsubscribe | subscribe | sign up | log in | follow us | like us on | join us on | share this
    share on | share via | whatsapp | facebook | telegram channel | read more | read the full | read the original
    read original | read full | read also | read next | continue reading | keep reading | click here | view comments
    view original | view source | source: | via: | reporting by | editing by | edited by | writing by | compiled by
    additional reporting | related articles | related stories | related news | related posts | advertisement
    sponsored | syndicated feed | has not been edited | first published | originally appeared | originally published
    terms of use | terms of service | weiterlesen | mehr dazu | mehr lesen | mehr zum thema
    alle rechte vorbehalten | lire la suite | lire aussi | tous droits réservés | seguir leyendo | leer más
    todos los derechos | leggi anche | leggi tutto | riproduzione riservata | leia mais | leia também | lees meer
    lees ook | lees verder | läs mer | läs också | les mer | læs mere | læs også | czytaj więcej | czytaj także
    czytaj też | читать далее | читайте также | подписывайтесь | все права защищены | devamını oku | haberin devamı
    版权 | 责任编辑 | 原文
    """.replace("\n", "|").split("|")
    if part.strip()
)
"""What lines say that stand below a text, in small letters."""

TAIL = re.compile(
    r"(?:\s*(?:…|\.\.\.|\[\s*(?:…|\.\.\.|&hellip;)\s*\])|(?<=[.!?]))\s*[(\[]?\s*(?:(?:read (?:more|on|full)|"
    r"continue reading|keep reading|more|weiterlesen|mehr|lire la suite|leer más|seguir leyendo|leggi tutto|leia mais|"
    r"lees meer|läs mer|les mer|czytaj|читать далее|devamı|続きを読む|阅读全文|더보기)(?!\w)[^\n]{0,50})?[\s»→\])]*$",
    re.IGNORECASE,
)
"""What a summary breaks off with."""

TAIL_CHARS = 100
ENDS = ".!?…\"'”’»。！？"


def clean_title(title: str) -> str:
    """Take marks ("UPDATE 1-", "Video:") and the site's name off a title."""
    title = AFTERMARK.sub("", MARK.sub("", title.strip())) or title
    for _ in range(2):
        found = SUFFIX.search(title)
        if found is None:
            break
        left, site = title[: found.start()].rstrip(), found["site"]
        if len(site.split()) > MAX_SITE_WORDS or len(left) < max(MIN_HEADLINE_CHARS, len(site)):
            break
        title = left
    kicker, _, rest = title.partition(": ")
    if len(kicker.split()) <= MAX_KICKER_WORDS and len(rest.split()) > MIN_HEADLINE_WORDS:
        title = rest
    return title


def clean_text(text: str) -> str:
    """Take bylines, dateline and footers off a text's beginning → as much of it as is compared."""
    is_whole = len(text) <= READ_CHARS
    lines = [line for line in text[:READ_CHARS].split("\n") if line.strip()]
    while len(lines) > 1 and is_whole and is_foot(lines[-1]):
        lines.pop()
    for _ in range(MAX_FRONTS):
        if len(lines) > 1 and is_front(lines[0]) and any(len(line) > MAX_FRONT_CHARS for line in lines[1:]):
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
    if len(line) > MAX_FOOT_CHARS:
        return False
    low = line.lower()
    if len(low) > MAX_SHORT_FOOT_CHARS:
        low = low[: MAX_FOOT_START + 20]
    return any(part in low for part in FOOT)


def is_front(line: str) -> bool:
    """Tell whether a line stands before the text: a byline, a date, a heading; not the first line of a table."""
    if len(line) > MAX_FRONT_CHARS:
        return False
    is_open = line.rstrip()[-1:] not in ENDS
    return bool(FRONT.match(line)) or (is_open and (not any(map(str.isdigit, line)) or "|" in line))
