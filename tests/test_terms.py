"""A text's terms: which words, what they weigh, in any script."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import ROOT
from ingest.terms import MAX_CHARS, MAX_WORDS, hashed, packed, spelled, term_hashes, terms, unpacked, words_of


def weights(title: str, text: str = "") -> dict[int, float]:
    """Read a text's terms."""
    return dict(zip(*unpacked(terms(title, text)[0]), strict=True))


def term(word: str) -> int:
    """Give the term of a word that has one."""
    found = hashed(word)
    assert found is not None
    return found


def test_a_word_is_the_same_in_any_case_and_with_or_without_accents() -> None:
    """A headline in capitals, and a source that drops accents, share their words with all others."""
    assert term("Élysée") == term("ELYSEE") == term("élysée")
    assert term("ISPARTA") == term("Isparta") == term("ısparta") == term("İsparta")
    assert term("łódź") == term("Lodz")
    assert term("Łódź") != term("Loda")


def test_words_are_parted_at_apostrophes_and_dashes() -> None:
    """The president's and l'État are found as president and État."""
    assert spelled("The president's 20-year l'État, l’été") == [
        "The",
        "president",
        "s",
        "20",
        "year",
        "l",
        "État",
        "l",
        "été",
    ]


def test_lone_letters_are_no_terms() -> None:
    """What apostrophes and initials leave says nothing."""
    assert weights("s l J 7") == {}


def test_title_counts_more_than_text_and_names_more_than_words() -> None:
    """The weights of one word, in the title or the text, spelled as a name or not."""
    plain = weights("", "harbour")[term("harbour")]
    name = weights("", "Harbour")[term("harbour")]
    in_title = weights("harbour", "")[term("harbour")]

    assert plain == 1.0
    assert plain < name
    assert plain < in_title
    assert plain < weights("", "1204")[term("1204")]


def test_a_word_said_often_weighs_more_but_not_as_often() -> None:
    """A hundred times is not a hundred times as much."""
    once, often = (weights("", "harbour " * times)[term("harbour")] for times in (1, 100))

    assert once < often < 10 * once


def test_only_the_beginning_of_a_text_counts() -> None:
    """What stands after 300 words is no term, nor is the time spent on it."""
    filler = "quay " * MAX_WORDS

    blob, words = terms("Title words", filler + "Lighthouse")

    assert term("Lighthouse") not in dict(zip(*unpacked(blob), strict=True))
    assert words == MAX_WORDS + 2
    assert terms("", "x" * MAX_CHARS) == terms("", "x" * 10 * MAX_CHARS)


def test_scripts_without_spaces_give_their_pairs() -> None:
    """Chinese and Japanese headlines of one thing share the pairs of its name, and none across a mark."""
    shared = term_hashes("外交部发言人", "") & term_hashes("据外交部称", "")

    assert shared == {term("外交"), term("交部")}
    assert spelled("东京，大阪2026年") == ["东京", "大阪", "2026", "年"]
    assert term("京，") not in term_hashes("东京，大阪", "")
    assert words_of("外交部发言人", "", [term("交部")]) == ("交部",)


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("Взрыв в порту Одессы", "порту"),
        ("Başbakan İstanbul'da konuştu", "konuştu"),
        ("מזכיר האו״ם הגיע", "הגיע"),
        ("दिल्ली में बारिश", "बारिश"),
        ("وزير الخارجية يصل إلى أنقرة", "الخارجية"),
        ("서울에서 회담 열려", "회담"),
        ("กรุงเทพ", "กร"),
    ],
)
def test_every_script_has_terms(title: str, word: str) -> None:
    """Nothing is written for one language."""
    assert term(word) in term_hashes(title, "")


def test_words_are_shown_as_they_are_spelled() -> None:
    """A reader sees the words that decided as the text has them, in the order of their weight."""
    wanted = [term("kilimlik"), term("ankara"), term("missing")]

    assert words_of("Ankara'da Kilimlik kararı", "", wanted) == ("Kilimlik", "Ankara")


def test_terms_are_the_same_in_every_process() -> None:
    """They are kept in the archive: a hash that changes from run to run would lose all of them."""
    text = "Ministers met at the Élysée over 12 northern ports; 外交部"
    code = f"from ingest.terms import terms; print(terms('Ports', {text!r})[0].hex())"

    runs = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert runs == {terms("Ports", text)[0].hex()}


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.floats(0.125, 1000, width=32)))
def test_packing_loses_nothing(pairs: dict[int, float]) -> None:
    """Bytes and back, in order."""
    hashes, numbers = unpacked(packed(pairs.items()))

    assert list(zip(hashes, numbers, strict=True)) == list(pairs.items())


def test_bytes_are_little_endian_pairs() -> None:
    """The form is the archive's, and a reader's of the archive."""
    assert packed([(1, 1.0)]) == b"\x01\x00\x00\x00\x00\x00\x80\x3f"


def test_torn_bytes_are_an_error() -> None:
    """Not a wrong answer."""
    with pytest.raises(ValueError, match="4"):
        unpacked(b"\x01\x00\x00\x00")


@given(st.text(max_size=300), st.text(max_size=3000))
def test_any_text_has_terms(title: str, text: str) -> None:
    """No text raises; terms rise by hash, weigh at least 1, and are what ``term_hashes`` tells."""
    blob, words = terms(title, text)
    hashes, numbers = unpacked(blob)

    assert list(hashes) == sorted(set(hashes))
    assert set(hashes) == term_hashes(title, text)
    assert all(number >= 1.0 for number in numbers)
    assert words == len(spelled(title)) + min(MAX_WORDS, len(spelled(text)))
    assert len(words_of(title, text, hashes)) == len(hashes)
