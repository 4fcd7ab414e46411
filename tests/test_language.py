"""What language an entry is in: what it reads as, what its feed says, and which of the two counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.text import words
from house import House
from ingest.digest import digest
from ingest.language import fits, language_of, script_of

ENGLISH = "The harbour was closed on Tuesday after a ferry had run aground, the port authority said."
TEXTS = {
    "ar": "أعلنت وزارة الخارجية أن السفير عاد إلى العاصمة بعد انتهاء المحادثات بين البلدين",
    "de": "Der Hafen wurde am Dienstag gesperrt, nachdem eine Fähre auf Grund gelaufen war",
    "en": ENGLISH,
    "es": "El puerto fue cerrado el martes después de que un transbordador encallara, según las autoridades",
    "fr": "Le port a été fermé mardi après qu'un ferry s'est échoué, ont annoncé les autorités",
    "it": "Il porto è stato chiuso martedì dopo che un traghetto si era arenato, hanno detto le autorità",
    "ja": "フェリーが座礁したため、港は火曜日に閉鎖されたと当局が発表した",
    "nl": "De haven werd dinsdag gesloten nadat een veerboot was vastgelopen, zei het havenbedrijf",
    "pl": "Port został zamknięty we wtorek po tym, jak prom osiadł na mieliźnie, podały władze",
    "ru": "Порт был закрыт во вторник после того, как паром сел на мель, сообщили власти",
    "tr": "Feribotun karaya oturmasının ardından liman salı günü kapatıldı, dedi yetkililer",
    "uk": "Порт закрили у вівторок після того, як пором сів на мілину, повідомила влада",
    "zh": "一艘渡轮搁浅后,港口于周二关闭,港务局表示",
}
CLOSE = {"ru": {"uk"}, "uk": {"ru"}}
"""So like that in a short text the feed's word may count."""


def told(text: str, declared: str | None = None) -> tuple[str | None, str | None]:
    """Ask of a text without a title."""
    return language_of("", text, len(words(text)), declared)


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_tells_its_language_whatever_its_feed_says(language: str) -> None:
    """With nothing declared, with the right language, and with each of the others."""
    for declared in set(TEXTS) - CLOSE.get(language, set()) | {None}:
        assert told(TEXTS[language], declared) == (language, "detected")


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        ("O porto foi fechado na terça-feira depois que uma balsa encalhou, disseram as autoridades", "pt-BR", "pt-BR"),
        (ENGLISH, "en-GB", "en-GB"),
        (TEXTS["zh"], "zh-Hant-TW", "zh-Hant-TW"),
        ("Havnen ble stengt tirsdag etter at en ferge hadde gått på grunn, opplyste myndighetene", "nb-NO", "nb-NO"),
        ("Pelabuhan ditutup pada hari Selasa setelah sebuah kapal feri kandas, kata pihak berwenang", "id", "id"),
    ],
)
def test_a_region_survives_where_the_language_is_the_declared_one(text: str, declared: str, expected: str) -> None:
    """The detector knows languages, not regions, and calls Bokmål Norwegian and Indonesian Malay."""
    assert told(text, declared)[0] == expected


@pytest.mark.parametrize("text", ["Ferry aground", "Sport", "Brexit", "1:0", "", "—"])
def test_of_very_short_texts_the_feeds_word_counts(text: str) -> None:
    """A word or two may be of any language."""
    assert told(text, "de") == ("de", "declared")


def test_a_short_text_in_a_script_that_the_declared_language_has_not_is_no_text_of_it() -> None:
    """An English feed's template around Russian headlines: is it Russian? It is not English."""
    assert told("Саммит в Анкаре", "en")[0] != "en"
    assert told(TEXTS["ru"], "en") == ("ru", "detected")


def test_nothing_is_told_where_nothing_is_known() -> None:
    """No language is better than a guess: of a word, of none, of a language that the detector does not know."""
    assert told("Sport") == (None, None)
    assert told("") == (None, None)
    assert told("Izuze amanqaku apheleleyo iqela lebhola emdlalweni", None) == (None, None)


def test_a_language_that_the_detector_does_not_know_is_taken_from_the_feed() -> None:
    """Xhosa, which it never calls anything for sure."""
    assert told("Izuze amanqaku apheleleyo iqela lebhola emdlalweni obuse", "xh") == ("xh", "declared")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pemerintah mengatakan bahwa pelabuhan ditutup karena sebuah kapal feri kandas pada hari Selasa", "id"),
        ("Kerajaan berkata pelabuhan ditutup kerana sebuah feri terkandas pada hari Selasa, kata polis", "ms"),
    ],
)
def test_malay_and_indonesian_are_told_by_their_words(text: str, language: str) -> None:
    """The detector has one name for the two."""
    assert told(text) == (language, "detected")


def test_every_language_fits_the_script_of_its_text() -> None:
    """Otherwise its own texts would be taken from it."""
    for language, text in TEXTS.items():
        assert fits(script_of(text), language)


@given(st.text(), st.text(max_size=3000), st.sampled_from([None, "en", "ru", "zh-Hans", "xx", "sr-Latn"]))
def test_any_text_gets_an_answer(title: str, text: str, declared: str | None) -> None:
    """None and None, or a tag and how it is known; what is declared is the only tag with a region."""
    count = len(words(title)) + len(words(text))
    try:
        language, known = language_of(title, text, count, declared)
    except UnicodeEncodeError:
        assert any("\ud800" <= char <= "\udfff" for char in title + text)
        return

    assert (language is None) == (known is None)
    assert known != "declared" or language == declared


def document(language: str, *texts: str) -> bytes:
    """Make a feed that declares a language."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><description>{text}</description></item>"
        for n, text in enumerate(texts)
    )
    return f"<rss version='2.0'><channel><language>{language}</language>{items}</channel></rss>".encode()


def test_entries_of_a_document_have_their_languages() -> None:
    """The feed's own word stays what it says; each entry's is its own. A surrogate harms nothing."""
    found = digest(document("en-US", ENGLISH, TEXTS["ru"], "Sport", "\\ud800 &#xD800; ok"), None, "https://a.example/f")

    assert [(e.language, e.language_from) for e in found.entries] == [  # type: ignore[union-attr]
        ("en-US", "detected"),
        ("ru", "detected"),
        ("en-US", "declared"),
        ("en-US", "declared"),
    ]
    assert found.language == "en-US"  # type: ignore[union-attr]


def test_an_entry_in_the_wrong_feed_is_found_by_its_language(house: House) -> None:
    """A Russian item of a feed that says English: `lang:`, the tag and its reason agree."""
    (house.folder / "a.xml").write_bytes(document("en", TEXTS["ru"], ENGLISH))
    (house.folder / "b.xml").write_bytes(document("ru", TEXTS["ru"]))
    (house.folder / "c.xml").write_bytes(document("pt-br", "Porto fechado"))
    house.configure({name: f"{name}.xml" for name in "abc"})
    house.poll()

    (russian,) = json.loads(house.wireroom("search", "--json", "lang:ru").out)
    assert (sorted(russian["sources"]), russian["tags"]) == (["a", "b"], ["lang:ru"])
    (english,) = json.loads(house.wireroom("search", "--json", "lang:en").out)
    (short,) = json.loads(house.wireroom("search", "--json", "lang:pt").out)
    assert (english["tags"], short["tags"]) == (["lang:en"], ["lang:pt-br"])
    said = [house.wireroom("explain", str(story["story_id"])).out for story in (russian, english, short)]
    assert "lang:ru: its language, detected" in said[0]
    assert "lang:en: its language, detected" in said[1]
    assert "lang:pt-br: its language, declared by the feed" in said[2]


def test_the_tag_follows_the_lead(house: House) -> None:
    """A text that its source rewrites in another language."""
    feed = house.folder / "a.xml"
    house.configure({"a": "a.xml"})
    for text in (ENGLISH, TEXTS["de"]):
        feed.write_bytes(document("en", text))
        house.poll()

    (story,) = json.loads(house.wireroom("search", "--json", "lang:de").out)
    assert story["tags"] == ["lang:de"]
    assert house.wireroom("search", "--json", "lang:en").out.strip() == "[]"
