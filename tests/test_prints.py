"""What a title and a text are compared by: what is taken off, what is hashed, what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from db.model import hashes_of
from ingest.prints import KEPT_OF, MIN_KEPT, packed, read, sampled, shingles
from ingest.trim import clean_text, clean_title

FERRY = (
    "The night ferry between Kolm and Varde ran aground on a sandbank shortly after two on Tuesday morning. "
    "All 214 passengers were taken off by lifeboats before dawn, the coastguard in Kolm told reporters. "
    "Captain Ines Aldana said that a buoy which marks the channel had drifted away in last week's storm. "
    "The operator, Sundlinjen, will run buses around the bay until the ship has been towed into harbour. "
    "It is the second grounding on this bank within three years, and the port authority had asked for lights."
)


@pytest.mark.parametrize(
    "title",
    [
        "Night ferry runs aground off Kolm | Varde Gazette",
        "Night ferry runs aground off Kolm - The Varde Gazette",
        "Night ferry runs aground off Kolm – Varde Gazette – News",
        "Night ferry runs aground off Kolm « Varde Gazette",
        "UPDATE 2-Night ferry runs aground off Kolm",
        "Breaking: Night ferry runs aground off Kolm",
        "Video: Night ferry runs aground off Kolm | Varde Gazette",
        "[UPDATE] Night ferry runs aground off Kolm",
        "Night ferry runs aground off Kolm (updated)",
        "Shipping: Night ferry runs aground off Kolm",
    ],
)
def test_title_without_marks_and_site(title: str) -> None:
    """Marks, kickers and the site's name go, the headline stays."""
    assert clean_title(title) == "Night ferry runs aground off Kolm"


@pytest.mark.parametrize(
    "title",
    [
        "Ferry aground - again",  # too little would be left
        "Update",
        "Watch out for the tide tables",
        "Kolm-Varde line closed until May",
        "",
        "|",
        "All that the harbour master said about the buoys | and why nobody in the town council ever listened",
    ],
)
def test_title_that_is_all_headline(title: str) -> None:
    """What only looks like a mark or a suffix stays."""
    assert clean_title(title) == title


def test_title_in_chinese_loses_its_site() -> None:
    """Sites there are parted by an underscore or a hyphen without blanks."""
    assert clean_title("夜间渡轮在科尔姆附近海域搁浅乘客全部获救_新闻") == "夜间渡轮在科尔姆附近海域搁浅乘客全部获救"


@pytest.mark.parametrize(
    "text",
    [
        f"KOLM (Nordwire) - {FERRY}",
        f"KOLM, Feb 3 (Nordwire) -- {FERRY}",
        f"Kolm — {FERRY}",
        f"By Edda Lund\n{FERRY}",
        f"Edda Lund, harbour reporter\nPublished 3 February 2026\n{FERRY}",
        f"{FERRY}\nThe post Night ferry runs aground off Kolm appeared first on Varde Gazette.",
        f"{FERRY}\nReporting by Edda Lund; editing by Ivo Hansen",
        f"{FERRY}\nSign up for our newsletter\n© 2026 Varde Gazette. All rights reserved.",
        f"{FERRY} Read more…",
        f"{FERRY} [...]",
    ],
)
def test_text_without_furniture(text: str) -> None:
    """Dateline, byline, footers and the offer to read on are no part of the text."""
    assert clean_text(text) == FERRY


def test_tables_and_plain_last_words_stay() -> None:
    """Short lines with numbers are no byline, and a last sentence with "more" in it is no offer."""
    table = "Shr 12 cts vs 15 cts\nNet 402,100 vs 511,800\n" + FERRY
    ending = FERRY + " The report will be updated as more becomes known."

    assert clean_text(table) == table
    assert clean_text(ending) == ending


def test_furniture_alone_does_not_empty_a_text() -> None:
    """A text of one line keeps it, whatever it says."""
    assert clean_text("Read the full article in our newsletter.") != ""
    assert clean_text("") == ""


def test_furniture_changes_little() -> None:
    """Two sites' prints of one text share nearly all shingles."""
    one = shingles("Night ferry runs aground", f"By Edda Lund\nKOLM (Nordwire) - {FERRY}")
    other = shingles("Ferry aground", f"{FERRY}\nShare this on WhatsApp")

    assert len(one & other) >= 0.97 * max(len(one), len(other))


def test_prints_are_the_same_on_every_machine() -> None:
    """They stand in archives, where another hash would find nothing."""
    (only,) = read("", "alpha beta gamma delta epsilon zeta eta theta").order[:1]

    assert only % 2**64 == xxh3_64_intdigest(b"alpha beta gamma")


def test_what_is_kept_is_in_order_and_signed() -> None:
    """Eight bytes each, rising, of both signs; about a sixth of all, more where the text begins."""
    blob = sampled("Night ferry runs aground off Kolm", FERRY)
    hashes = hashes_of(blob)

    assert len(blob) == 8 * len(hashes)
    assert list(hashes) == sorted(set(hashes))
    assert min(hashes) < 0 < max(hashes)
    assert MIN_KEPT <= len(hashes) <= len(shingles("", FERRY)) / 2


def test_short_text_keeps_enough() -> None:
    """A summary of twenty words has so few shingles that a sixth would be none."""
    summary = " ".join(FERRY.split()[:20])

    assert len(read("Ferry", summary).kept) >= MIN_KEPT


def test_bare_headline_is_kept_as_a_whole() -> None:
    """A headline without a text is found by its hash, which the full report has too; a column's title is not."""
    bare = read("Night ferry runs aground off Kolm - Varde Gazette", "")
    full = read("Night ferry runs aground off Kolm", FERRY)
    teaser = read("Night ferry runs aground off Kolm", "Night ferry runs aground off Kolm  Varde Gazette")

    assert bare.is_bare
    assert teaser.is_bare
    assert not full.is_bare
    assert set(bare.kept) <= set(full.kept)
    assert set(bare.kept) <= set(teaser.kept)
    assert read("Daily briefing", "").kept == ()


def test_japanese_is_compared_by_runs_of_characters() -> None:
    """Without spaces each character is a word: their runs are longer, and a cut is still contained in the whole."""
    text = (
        "コルム沖で夜行フェリーが砂州に乗り上げ、乗客二百十四人は夜明け前に全員救助された。"
        "船長は先週の嵐で航路標識が流されたと話している。"
    )
    whole, cut = shingles("", text), shingles("", text[:36])

    assert read("", text).apart
    assert cut <= whole
    assert len(cut) > 20


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=12, max_size=300), st.data())
def test_cut_is_contained(tokens: list[str], data: st.DataObject) -> None:
    """All runs of a beginning are runs of the whole, and so are those that are kept of it by their hash."""
    text = "x " + " ".join(tokens)
    cut = " ".join(text.split()[: data.draw(st.integers(9, len(tokens)))])

    whole, part = read("", text), read("", cut)

    assert part.shingles <= whole.shingles
    assert {each for each in part.kept if not each % KEPT_OF and each in part.shingles} <= set(whole.kept)


@given(st.text(max_size=300), st.text(max_size=900))
def test_anything_can_be_read(title: str, text: str) -> None:
    """No title and text fail, and the same give the same."""
    blob = sampled(title, text)

    assert blob == sampled(title, text)
    assert len(blob) % 8 == 0


@given(st.sets(st.integers(-(2**63), 2**63 - 1)))
def test_packing_round_trip(hashes: set[int]) -> None:
    """What is packed is unpacked, rising."""
    assert list(hashes_of(packed(hashes))) == sorted(hashes)
