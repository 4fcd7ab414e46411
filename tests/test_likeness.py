"""Which entries carry one text, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.recall import KnownText
from ingest.likeness import compare, likeness, nearly_equal
from ingest.prints import packed, read

NOW = "2026-02-03T12:00:00Z"
TITLE = "Cooperative of Selva growers buys its own roasting plant"
TEXT = (
    "The coffee growers of the Selva valley have bought the roasting plant that has processed their harvest for forty "
    "years. The cooperative, which has 1,830 members, paid 12.4 million crowns for the works at Ombra, its chairwoman "
    "Rosa Timeu said on Thursday. A loan from the regional bank covers two thirds of the price. Until now the growers "
    "received 31 percent of what a bag costs in the shops of Port Lume; Timeu expects that to be close to half by "
    "next season. The former owner, Hartwell Trading, is leaving the valley after a quarrel over export licences. "
    "Of the 96 people who work at the plant, all but four have signed new contracts. The first coffee under the "
    "growers' own label is to be on sale in April, when the fair at Ombra opens."
)


def known(
    title: str, text: str, *, entry: int = 1, story: int = 7, published: str = "2026-02-03T08:00:00Z"
) -> KnownText:
    """An entry of the archive."""
    return KnownText(
        id=entry,
        source_id=entry,
        story_id=story,
        sources=frozenset({entry}),
        title=title,
        text=text,
        published=published,
        first_seen=published,
    )


def are_one(title: str, text: str, other_title: str = TITLE, other_text: str = TEXT) -> bool:
    """Tell what is decided, whichever of the two comes first."""
    forth = likeness(read(title, text), NOW, known(other_title, other_text))
    back = likeness(read(other_title, other_text), NOW, known(title, text))

    assert (forth is None) == (back is None)
    return forth is not None


SENTENCES = TEXT.split(". ")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (TITLE, TEXT),
        (f"{TITLE} | Lume Courier", f"OMBRA (Nordwire) - {TEXT}\nSubscribe to our newsletter"),
        ("Selva coffee growers take over roasting plant", ". ".join(SENTENCES[:4]) + "."),
        (TITLE, ". ".join(SENTENCES[:2]) + "…"),
        ("Growers buy plant in Ombra", SENTENCES[0] + "."),
        (
            f"UPDATE 1-{TITLE}",
            TEXT.replace("12.4", "12.9").replace("all but four", "all but two") + " A union objects.",
        ),
        (
            "Ombra plant now belongs to coffee growers",
            ". ".join(SENTENCES[1::-1] + SENTENCES[3:])
            .replace("expects", "hopes for")
            .replace("have bought", "bought"),
        ),
    ],
    ids=["reprint", "furniture", "cut and retitled", "excerpt", "first sentence", "update", "light rewrite"],
)
def test_copies(title: str, text: str) -> None:
    """All that one text becomes at other sites is one text."""
    assert are_one(title, text)


def test_independent_report_is_no_copy() -> None:
    """The same happening in other words is another text, although names and numbers agree."""
    report = (
        "Hartwell Trading has sold its Ombra coffee works to the people who grow the beans. Rosa Timeu, who leads the "
        "1,830 farmers of the Selva cooperative, put the price at 12.4 million crowns. Hartwell had argued with Port "
        "Lume about licences since last summer and no longer wants to export from there. Nearly all of the plant's "
        "staff stay. Drinkers will have to wait for April to taste the first beans with the farmers' name on the bag."
    )

    assert not are_one("Farmers take over Hartwell's coffee works", report)


def dividend(company: str, cents: str, day: str) -> tuple[str, str]:
    """Make a form's report with few facts, and not even a company in its text."""
    return f"{company} sets quarterly dividend", f"Qtly div {cents} cts vs {cents} cts prior Pay {day} Record March 13"


def bond(issuer: str, size: str, coupon: str, manager: str) -> tuple[str, str]:
    """Make a form's report of some length."""
    return (
        f"{issuer} issues {size} mln crown bond",
        f"{issuer} is issuing a {size} mln crown bond due April 2031 with a coupon of {coupon} pct and "
        f"priced at par, lead "
        f"manager {manager} said. The bonds are available in denominations of 5,000 crowns and will be listed in Port "
        f"Lume. Fees comprise one pct for management and underwriting combined and 1-1/4 pct for selling.",
    )


def forecast(town: str, high: str, rain: str, sky: str) -> tuple[str, str]:
    """Make a station network's forecast."""
    return (
        f"{town} weather for tonight and tomorrow",
        f"Tonight it stays {sky} over {town} with a low of {int(high) - 9} degrees. Tomorrow will be "
        f"warmer with a high of "
        f"{high} degrees and winds from the west. The chance of rain is {rain} percent. Keep an eye on our app for "
        f"warnings that may be issued at short notice in your area.",
    )


def score(home: str, away: str, goals: str, scorer: str, crowd: str) -> tuple[str, str]:
    """Make a match's report."""
    return (
        f"{home} {goals} {away}",
        f"{home} beat {away} {goals} before a crowd of {crowd} on Saturday. The winner came from {scorer} "
        f"with a header "
        f"after the break. It was the first win of the season for {home}, who climb out of the last three "
        f"places of the "
        f"table. The visitors stay where they were and play at home next week.",
    )


def quake(place: str) -> tuple[str, str]:
    """Make a report of which nothing but the place is its own."""
    return (
        f"Magnitude 5.6 earthquake strikes {place}",
        f"A magnitude 5.6 earthquake struck {place} on Monday, the survey said. The quake hit at a depth of 10 "
        f"kilometers (6 miles). There were no immediate reports of damage or casualties. No tsunami warning was "
        f"issued. The region lies on the Ring of Fire and is frequently shaken by earthquakes.",
    )


def recall(shop: str, what: str) -> tuple[str, str]:
    """Make a warning whose facts are neither numbers nor, inside a sentence, names."""
    return (
        f"{shop} recalls Chicken Korma because of {what}",
        f"{shop} is recalling Chicken Korma because it contains {what} not mentioned on the label. This means the "
        f"product is a possible health risk for anyone with an allergy or intolerance to {what}. If you have bought "
        f"the above product and have an allergy or intolerance to {what}, do not eat it. Instead return it to the "
        f"store from where it was bought for a full refund. The affected pack size is 400g with a "
        f"use-by date of 28 November.",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (quake("Vanuatu"), quake("Fiji")),
        (recall("Tarn", "milk"), recall("Aldersey", "mustard")),
        (dividend("Alder Paper", "12", "April 2"), dividend("Bexley Foods", "12", "April 2")),
        (dividend("Alder Paper", "12", "April 2"), dividend("Bexley Foods", "11", "April 7")),
        (bond("Ostrava Rail", "80", "4-1/8", "Kestrel Bank"), bond("Lume Harbour", "120", "4-3/8", "Union Paribe")),
        (bond("Ostrava Rail", "80", "4-1/8", "Kestrel Bank"), bond("Lume Harbour", "120", "4-3/8", "Kestrel Bank")),
        (forecast("Kolm", "14", "20", "clear"), forecast("Varde", "11", "70", "cloudy")),
        (forecast("Kolm", "14", "20", "clear"), forecast("Kolm", "19", "85", "foggy")),
        (score("Kolm Rovers", "Varde", "2-1", "Adin", "4,120"), score("Selva", "Ombra City", "1-0", "Pereth", "911")),
    ],
)
def test_reports_of_one_form(one: tuple[str, str], other: tuple[str, str]) -> None:
    """The same form with other facts is another text."""
    assert not are_one(*one, *other)


def test_same_title_every_day() -> None:
    """A column's title proves nothing, with or without a text."""
    today = "Today's featured article is about a lighthouse keeper of Varde who drew the first map of the sandbanks."
    tomorrow = "Today's featured article is about a moth that feeds on lichen and was thought lost for ninety years."

    assert not are_one("Article of the day", today, "Article of the day", tomorrow)
    assert not are_one("Article of the day", "", "Article of the day", "")


def test_an_invitation_to_subscribe_in_the_place_of_the_text() -> None:
    """What no headline tells of is no copy under another headline; what both tell of is one."""
    wall = (
        "This article is reserved for our subscribers. You have reached your limit of free articles for this month. "
        "Subscribe now from one euro a week and read everything on our site and in the app, without advertising, on "
        "all your devices. Already a subscriber? Log in here to continue reading. Our customer service answers all "
        "your questions on weekdays from nine to six, by telephone or by mail."
    )

    assert not are_one("Mayor wants trams to the airport by 2031", wall, "Opera cancels its premiere", wall)
    assert are_one("Growers under their own roof", TEXT, "Timeu's coffee comes from Ombra now", TEXT)


def test_bare_headline() -> None:
    """A headline without text joins its report within some days, and no other."""
    bare = read(f"{TITLE} - Lume Courier", "")

    assert likeness(bare, NOW, known(TITLE, TEXT)) is not None
    assert likeness(bare, NOW, known(TITLE, TEXT, published="2026-01-28T08:00:00Z")) is None
    assert likeness(bare, NOW, known("Cooperative of Selva growers buys its own lorry", TEXT)) is None


def test_window() -> None:
    """The same words some weeks later are another story."""
    assert likeness(read(TITLE, TEXT), NOW, known(TITLE, TEXT, published="2026-01-10T08:00:00Z")) is None


def test_reason_is_told() -> None:
    """The score is the share of the shorter one's runs, the words are in both texts."""
    found = likeness(read("Growers buy plant", ". ".join(SENTENCES[:3])), NOW, known(TITLE, TEXT, entry=5))

    assert found is not None
    assert found.to == 5
    assert found.score == 1.0
    assert " ".join(found.words) in TEXT.lower()
    assert 3 <= len(found.words) <= 8


@pytest.mark.parametrize(
    "text",
    [
        "合作社的咖啡种植者买下了四十年来一直加工他们收成的烘焙厂。该合作社有一千八百名成员,主席周四表示,他们为位于翁布拉的工厂支付了一千二百万克朗。"
        "地区银行的贷款支付了三分之二的价格。前业主在出口许可证争端后离开了山谷。",
        "Кооператив кофейных фермеров долины Сельва купил обжарочный завод, который сорок лет перерабатывал их урожай. "
        "За предприятие в Омбре заплатили 12,4 миллиона крон, сообщила председатель Роза Тимеу в четверг. "
        "Две трети цены "
        "покрывает кредит регионального банка. Прежний владелец уходит из долины после спора о лицензиях.",
        "اشترت تعاونية مزارعي البن في وادي سيلفا مصنع التحميص الذي عالج محصولهم منذ أربعين عاما. ودفعت "
        "التعاونية اثني عشر "
        "مليون كرونة مقابل المصنع، كما قالت رئيستها روزا تيميو يوم الخميس. ويغطي قرض من البنك الإقليمي ثلثي السعر.",
        "Selva vadisinin kahve üreticileri, kırk yıldır ürünlerini işleyen kavurma tesisini satın aldı. Kooperatif, "
        "Ombra'daki tesis için 12,4 milyon kron ödedi, dedi başkan Rosa Timeu perşembe günü. Bölge bankasının kredisi "
        "fiyatın üçte ikisini karşılıyor. Eski sahibi, ihracat lisansı kavgasından sonra vadiyi terk ediyor.",
    ],
    ids=["zh", "ru", "ar", "tr"],
)
def test_other_languages(text: str) -> None:
    """A cut is found in any script, and the second half is no copy of the first."""
    half = len(text) // 2

    assert are_one("", text[: half + half // 3], "", text)
    assert not are_one("", text[:half], "", text[half:])


def test_nearly_equal() -> None:
    """A copy in which one hash of thirty differs adds nothing to the index, a half does."""
    hashes = list(range(0, 180, 6))

    assert nearly_equal(packed(hashes), packed([*hashes[1:], 1]))
    assert not nearly_equal(packed(hashes), packed(hashes[:15]))
    assert not nearly_equal(packed([]), packed(hashes))


WORDS = st.lists(
    st.sampled_from(["the", "ferry", "Kolm", "of", "12", "ran", "buoy", "Varde", "storm", "and", "7", "harbour"]),
    max_size=60,
)


@given(WORDS, WORDS)
@settings(max_examples=60)
def test_comparison_is_symmetric(one: list[str], other: list[str]) -> None:
    """Which of two comes first changes nothing."""
    here, there = read("Kolm", " ".join(one)), read("Varde 12", " ".join(other))

    assert compare(here, there) == compare(there, here)
    assert 0.0 <= compare(here, there).containment <= 1.0


@given(st.lists(st.text("abcdefg", min_size=2, max_size=5), min_size=30, max_size=120), st.integers(20, 30))
def test_cut_is_contained_wholly(tokens: list[str], size: int) -> None:
    """The share of a beginning is 1."""
    whole = read("", "zz " + " ".join(tokens))
    cut = read("", "zz " + " ".join(tokens[:size]))

    assert compare(whole, cut).containment == 1.0
