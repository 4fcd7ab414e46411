"""How a text is made ready to be searched for names, and which patterns a name is looked for by. Pure.

A text is made comparable letter by letter, so that each stays where it stood: small letters, no accents, and a space
for all that is no letter or digit. So a name can be looked for without regard to case, and then be judged by how it
stands in the text: its capitals must be capitals there ("us" is not US, "turkey" not Turkey, TURKEY is).
"""

from __future__ import annotations

import re
import unicodedata

from db.text import NO_SIGN, UNSPACED, fold

INVISIBLE = "".join(sign for sign in NO_SIGN if sign in "\u00ad\u200e\u200f\u2060\ufeff")
BREAK = "\x1f"
"""Between the title and the text: no name goes over it."""

KATAKANA = re.compile("[\u30a1-\u30ff\u31f0-\u31ff]")
ARABIC = re.compile("[\u0620-\u064a]")
ARABIC_BEFORE = ("", "و", "ب", "ل", "ف", "ك", "ال", "وال", "بال", "فال")
"""And, in, for, then, as, the: they are written together with the name."""

MANY_CHARS = 60
MAX_KNOWN = 30_000
ASCII = bytes(code if chr(code).isalnum() else 0x20 for code in range(0x80)).lower() + bytes(range(0x80, 0x100))
ASCII = ASCII[: ord(BREAK)] + BREAK.encode() + ASCII[ord(BREAK) + 1 :]


class OneForOne(dict[int, str]):
    """A table for ``translate``, filled as it is asked: one comparable character for each that is not ASCII."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)[0]
        if category not in "LNM":
            to = " "
        else:
            folded = fold(char)
            to = folded if len(folded) == 1 else char.lower() if len(char.lower()) == 1 else char
        if len(self) < MAX_KNOWN:
            self[code] = to
        return to


ONE = OneForOne({code: chr(code) for code in range(0x80)})


def said(text: str) -> str:
    """Compose a text, with single spaces and without what no reader sees: as it is quoted."""
    if not text.isascii():
        for sign in INVISIBLE:
            if sign in text:
                text = text.replace(sign, "")
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def comparable(text: str) -> str:
    """Make what ``said`` gives comparable; of the same length."""
    if not text.isascii():
        others = [char for char in set(text) if char > "\x7f"]
        if len(others) > MANY_CHARS:
            text = text.translate(ONE)
        else:
            for char in others:
                to = ONE[ord(char)]
                if to != char:
                    text = text.replace(char, to)
    return text.encode("utf-8", "surrogatepass").translate(ASCII).decode("utf-8", "surrogatepass")


def unspaced(text: str) -> bool:
    """Tell whether a script without spaces is in it."""
    return not text.isascii() and UNSPACED.search(text) is not None


def patterns(name: str) -> list[tuple[str, tuple[int, ...]]]:
    """Give the patterns to look for a name by, each with where in it a capital must stand.

    A pattern begins with a space, where its script has spaces. "St. Kitts" is looked for as it stands, and as
    "St Kitts".
    """
    words = name.split()
    whole = " ".join(words)
    if whole.isascii() and "".join(words).isalnum():  # most are, and a user may have 200,000
        return [(f" {whole.lower()}", tuple(at for at, char in enumerate(whole, 1) if char.isupper()))]
    whole = said(name)
    found = []
    for form in dict.fromkeys((whole, " ".join(re.findall(r"[^\W_]+", whole)), whole.strip(" .,"))):
        low = comparable(form).rstrip()
        if not low.strip():
            continue
        capitals = tuple(at for at, char in enumerate(form[: len(low)]) if char.isupper())
        if unspaced(low):
            found.append((low, capitals))
        elif ARABIC.match(low):
            found += [(f" {before}{low}", ()) for before in ARABIC_BEFORE]
        else:
            found.append((f" {low}", tuple(at + 1 for at in capitals)))
    return list(dict.fromkeys(found))
