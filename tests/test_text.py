"""Folding, words and tag names."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

import db.text
from db.text import NO_SIGN, SPACES, UNSPACED, fold, fold_whole, folded, slug, words

BLOCKS = [
    (0x41, 0x250),  # Latin
    (0x370, 0x400),  # Greek
    (0x400, 0x530),  # Cyrillic
    (0x531, 0x588),  # Armenian
    (0x5D0, 0x5F0),  # Hebrew
    (0x620, 0x6D4),  # Arabic
    (0x904, 0x93A),  # Devanagari
    (0xE01, 0xE31),  # Thai
    (0x10D0, 0x10FB),  # Georgian
    (0x1E00, 0x2000),  # Latin and Greek, extended
    (0x3041, 0x3097),  # Hiragana
    (0x30A1, 0x30FB),  # Katakana
    (0x4E00, 0x4F00),  # Han
    (0xAC00, 0xAD00),  # Hangul
    (0xFF21, 0xFF9E),  # full and half width
    (0x10A0, 0x10C6),  # Georgian capitals
    (0x13A0, 0x13FE),  # Cherokee
    (0x1C80, 0x1CC0),  # later Cyrillic and Georgian
    (0x2C00, 0x2D00),  # Glagolitic, Latin C, Coptic
    (0xA640, 0xA800),  # Cyrillic B, Latin D
    (0x10400, 0x10500),  # Deseret, Osage
    (0x1E900, 0x1E944),  # Adlam
]
TATWEEL = 0x640  # it only stretches words, and is dropped
LETTERS = [
    chr(n)
    for begin, end in BLOCKS
    for n in range(begin, end)
    if unicodedata.category(chr(n))[0] == "L" and n != TATWEEL
]


def test_every_letter_is_found_by_its_fold() -> None:
    """Whatever FTS5 does of itself, and whether or not the folded column is there: a word is found by its fold."""
    lost = []
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (shown, folded, tokenize='unicode61 remove_diacritics 2')")
        texts = [f"x{letter}y {letter}{letter}{letter} a{letter} end" for letter in LETTERS]
        db.executemany("INSERT INTO t VALUES (?, ?)", [(text, folded(text)) for text in texts])
        for row, letter in enumerate(LETTERS, start=1):
            for word in (f"x{letter}y", letter * 3, f"a{letter}"):
                phrase = f'"{fold(word)}"'
                if not db.execute("SELECT 1 FROM t WHERE t MATCH ? AND rowid = ?", [phrase, row]).fetchone():
                    lost.append((hex(ord(letter)), word, fold(word), folded(word)))

    assert lost == []


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("turkiye", "Türkiye"),
        ("TÜRKİYE", "türkiye"),
        ("lodz", "ŁÓDŹ"),
        ("isparta", "ısparta"),
        ("ISPARTA", "ısparta"),
        ("istanbul", "İstanbul"),
        ("strasse", "Straße"),
        ("ελλαδα", "Ελλάδα"),
        ("елка", "Ёлка"),
        ("oersted ørsted", "oersted orsted"),
        ("don't", "don’t"),
        ("ｆｕｌｌ", "full"),
        ("ｶﾅ", "カナ"),
        ("محمد", "مُحَمَّد"),
        ("diplomacy", "dip\u00adlo\u00admacy"),
        ("αθηνα", "Αθή\u2060να"),
    ],
)
def test_what_is_typed_folds_to_what_is_written(typed: str, written: str) -> None:
    """Case, accents, width and letters without decomposition make no difference."""
    assert fold(typed) == fold(written)


MARKS = [
    chr(n) for begin, end in [(0x300, 0x370), (0x591, 0x5C8), (0x64B, 0x660), (0x900, 0x904)] for n in range(begin, end)
]
EXCLUDED = "क़ख़ग़ज़ड़ढ़फ़य़ড়ঢ়য়ਲ਼ਸ਼ਖ਼ਗ਼ਜ਼ਫ਼"
"""Letters that no normal form keeps: Unicode excludes them from composition."""


@pytest.mark.parametrize("form", ["x{}y", "e{}t{}e end", "Ł{}y", "п{}р", "α{}σ"])
def test_every_mark_is_found_by_its_fold(form: str) -> None:
    """Combining marks are found too, whichever of them FTS5 knows, and the letters that normal forms take apart."""
    lost = []
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (shown, folded, tokenize='unicode61 remove_diacritics 2')")
        texts = [form.format(mark, mark) for mark in [*MARKS, *EXCLUDED]]
        db.executemany("INSERT INTO t VALUES (?, ?)", [(text, folded(text)) for text in texts])
        for row, text in enumerate(texts, start=1):
            if not db.execute("SELECT 1 FROM t WHERE t MATCH ? AND rowid = ?", [f'"{fold(text)}"', row]).fetchone():
                lost.append(ascii(text))

    assert lost == []


@pytest.mark.parametrize(("written", "other"), [("мой", "мои"), ("їжак", "іжак"), ("外交", "外处"), ("ปก", "ปข")])
def test_another_letter_is_not_found(written: str, other: str) -> None:
    """й is no и, in the index as in the fold."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (shown, folded, tokenize='unicode61 remove_diacritics 2')")
        db.execute("INSERT INTO t VALUES (?, ?)", (written, folded(written)))
        found = [db.execute("SELECT 1 FROM t WHERE t MATCH ?", [f'"{fold(q)}"']).fetchone() for q in (written, other)]

    assert found == [(1,), None]


def test_other_letters_stay_other() -> None:
    """й is no и, ñ is folded but n-words of other letters stay apart."""
    assert fold("й") != fold("и")
    assert fold("外") != fold("处")


@given(st.text() | st.text(alphabet=["e", "ё", "外", "ก", "λ", "ᾳ", "か", "ﾞ", "İ", "\u0ec9", *MARKS, *EXCLUDED]))
def test_fold_is_idempotent(text: str) -> None:
    """What is folded stays as it is."""
    assert fold(fold(text)) == fold(text)


EVERYTHING = st.characters(exclude_categories=["Cs"])


@given(
    st.text(EVERYTHING)
    | st.text(st.sampled_from(LETTERS) | EVERYTHING | st.sampled_from("aeİß ’\xa0\xad\u0301\u3099\u1100\u1161ﾊﾞ外㈱"))
)
def test_short_way_to_fold_is_the_long_way(text: str) -> None:
    """To look at each different character once is to look at all of them, one beside the other."""
    assert fold(text) == fold_whole(text)
    assert folded(text) in (None, fold_whole(text))


def test_characters_without_number_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed with every character there is neither fills the memory nor is folded otherwise."""
    monkeypatch.setattr("db.text.FOLDS", {})
    monkeypatch.setattr("db.text.MAX_KNOWN", 100)
    text = "".join(LETTERS) + " Ärger"

    assert (fold(text), folded(text)) == (fold_whole(text), fold_whole(text))
    assert (fold("Ärger"), folded("Ärger")) == ("arger", None)
    assert len(db.text.FOLDS) == 100


def test_second_column_is_left_out_only_where_the_index_has_the_same_words() -> None:
    """Each character, between two words and in a word, is to FTS5 what its fold is, or there is the second column."""
    chars = [chr(n) for n in range(0x80, 0x30000) if unicodedata.category(chr(n)) not in ("Cs", "Co", "Cn")]
    texts = [text for char in chars for text in (f"ab{char}cd", f"x {char} y") if folded(text) is None]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (shown, folded, tokenize='unicode61 remove_diacritics 2')")
        db.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
        db.executemany("INSERT INTO t VALUES (?, ?)", [(text, fold(text)) for text in texts])
        said: dict[tuple[int, str], list[str]] = {}
        for doc, column, _, term in db.execute("SELECT doc, col, offset, term FROM v ORDER BY doc, col, offset"):
            said.setdefault((doc, column), []).append(term)

    assert len(texts) > 10_000
    assert [text for n, text in enumerate(texts, 1) if said.get((n, "shown")) != said.get((n, "folded"))] == []


def test_plain_text_needs_no_second_column() -> None:
    """FTS5 does ASCII, case and common accents by itself: nothing is stored twice for them."""
    assert folded("Plain words, Türkiye, café, élan") is None
    assert folded("Łódź") == "lodz"
    assert folded("外交部") == "外 交 部"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("World News", "world-news"),
        ("  Türkiye ", "turkiye"),
        ("U.S.", "u-s"),
        ("R&D", "r-d"),
        ("外交部", "外交部"),
        ("Côte d’Ivoire", "cote-divoire"),
        ("l´Équipe", "lequipe"),
        ("a ¨b", "a-b"),
        ("snake_case", "snake-case"),
        ("!!!", ""),
        ("x" * 200, "x" * 100),
        ("İstanbul", "istanbul"),
        ("Łódź", "lodz"),
        ("हिन्दी समाचार", "हिन्दी-समाचार"),
        ("dip\u00adlomacy", "diplomacy"),
        ("\u093f", ""),
    ],
)
def test_slug(name: str, expected: str) -> None:
    """A tag's name in its one spelling."""
    assert slug(name) == expected


@given(st.text())
def test_slug_is_idempotent(name: str) -> None:
    """A canonical name is its own canonical name."""
    assert slug(slug(name)) == slug(name)


def test_words_do_not_see_quotes_case_or_punctuation() -> None:
    """Curly or straight, upper or lower: the same words."""
    assert words("“It’s” — Türkiye’s day, 外交") == words("\"it's\" - türkiye's DAY; 外 交")
    assert words("İSTANBUL ❤\ufe0f dip\u00adlomacy") == ["istanbul", "diplomacy"]


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("’'“”«–\u0301\u00ad ﬁİิ的न.,")), max_size=60))
def test_words_are_those_that_each_character_makes(text: str) -> None:
    """The short cuts for what is frequent find the words that going through it character by character finds."""
    drop = str.maketrans("", "", NO_SIGN)
    composed = unicodedata.normalize("NFKC", text.translate(drop)).casefold().translate(drop)
    plain = re.sub("(?<!\\S)[\u0300-\u036f]+", "", composed)

    assert words(text) == re.sub(UNSPACED, r" \g<0> ", plain).translate(SPACES).split()


def test_words_that_differ_by_a_vowel_sign_differ() -> None:
    """दिन (day) is no दीन (poor), as a word or as a tag."""
    assert words("दिन") != words("दीन")
    assert slug("दिन") != slug("दीन")
    assert words("हिन्दी में") == ["हिन्दी", "में"]
