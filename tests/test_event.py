"""Which event a story tells of."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingest.event
from db.model import LEAST_SCORES, Level
from db.recall import Event
from ingest.commonness import rarity, shipped
from ingest.event import (
    KEPT,
    MAX_TERMS,
    RARE,
    Told,
    ageing,
    asked,
    begun,
    choose,
    enough,
    joined,
    kept,
    likeness,
    told,
)
from ingest.terms import hashed, packed, terms, unpacked, words_of

LEVELS: tuple[Level, ...] = ("strict", "normal", "loose")
NOON = "2026-11-20T12:00:00Z"
RARITY = rarity(shipped(), {}, 0)

FIRE = (
    "Warehouse fire closes Brennholm harbour",
    "A fire in a warehouse for fertiliser closed the harbour of Brennholm on Tuesday night. Some 40 firefighters of "
    "three towns fought the flames until dawn, the mayor, Ingrid Halvorsen, told reporters. Nobody was hurt, but two "
    "ferries to Sandvik stayed in port and 300 passengers slept in a school. The cause is not known; the warehouse "
    "belongs to Norrland Kemi, which had been fined in spring for blocked exits. Residents were asked to keep their "
    "windows shut, as the smoke drifted over the old town.",
)
FIRE_TOLD_APART = (
    "Brennholm: 300 stranded after blaze at fertiliser store",
    "Three hundred travellers spent the night in a school gym in Brennholm after a blaze broke out at Norrland Kemi's "
    "fertiliser store next to the ferry quay. Mayor Ingrid Halvorsen praised the firefighters, who came from as far as "
    "Sandvik. The company said that it was working with the police. Smoke lay over the harbour this morning and people "
    "were told to stay indoors.",
)
OTHER_FIRE = (
    "Tyre warehouse burns at Port Calder",
    "Flames from a tyre warehouse lit up Port Calder early on Monday and kept lorries from the docks for six hours. "
    "One worker at Orrin Tyres was taken to hospital with burns. Fire chief Tom Adeyemi said 60 men had fought to save "
    "the customs house next door. Two schools on the estate stayed shut because of the smoke, and the coast road was "
    "closed as far as Lynton.",
)
VOTE = (
    "Parliament rejects pension bill by two votes",
    "Deputies voted down the government's pension bill by 151 votes to 149 on Wednesday, a defeat for the finance "
    "minister, Paul Derrida, who had staked his office on it. Unions had called for strikes from next week. The prime "
    "minister said that she would bring a new bill in spring.",
)


def tell(story: tuple[str, str], time: str = NOON) -> Told:
    """Give a story as events see it."""
    return told(*terms(*story), time, RARITY)


def event_of(*stories: tuple[str, str], ref: int = 1, time: str = NOON) -> Event:
    """Make an event of stories."""
    event = begun(ref, tell(stories[0], time))
    for story in stories[1:]:
        event = joined(event, tell(story, time))
    return event


def test_an_independent_report_of_one_happening_joins() -> None:
    """Other words, the same names; and the words that decided are those names."""
    found = choose(tell(FIRE_TOLD_APART), [event_of(VOTE, ref=2), event_of(FIRE, ref=1)], "normal")

    assert found is not None
    event, score, deciding = found
    assert event.id == 1
    assert score >= 1
    assert set(words_of(*FIRE_TOLD_APART, deciding)) >= {"Brennholm", "Norrland"}


@pytest.mark.parametrize("level", ["strict", "normal"])
def test_another_happening_of_the_same_kind_does_not(level: Level) -> None:
    """Two warehouse fires in two towns."""
    assert choose(tell(OTHER_FIRE), [event_of(FIRE)], level) is None
    assert choose(tell(OTHER_FIRE), [event_of(FIRE, FIRE_TOLD_APART)], level) is None


def test_bare_headlines_join_by_their_names() -> None:
    """Feeds that give no text."""
    event = event_of(("Halvorsen: Brennholm harbour to stay closed until Friday", ""))

    assert choose(tell(("Brennholm harbour closed until Friday, says Halvorsen", "")), [event], "normal")
    assert not choose(tell(("Parliament rejects pension bill", "")), [event], "normal")


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (
            "Пожар на складе в порту Бреннхольма: 300 пассажиров эвакуированы",
            "В Бреннхольме горит склад в порту, эвакуированы 300 пассажиров",
            "Парламент отклонил пенсионную реформу двумя голосами",
        ),
        (
            "Kilimlik limanında depo yangını: 300 yolcu tahliye edildi",
            "Kilimlik limanında yangın, 300 yolcu okulda geceledi",
            "Meclis emeklilik yasasını iki oyla reddetti",
        ),
        (
            "布伦霍尔姆港口仓库起火，三百名乘客滞留",
            "布伦霍尔姆仓库火灾：三百名乘客在学校过夜",
            "议会以两票之差否决养老金法案",
        ),
        (
            "ブレンホルム港の倉庫で火災、乗客300人が足止め",
            "倉庫火災でブレンホルム港が閉鎖、300人足止め",
            "年金法案が二票差で否決",
        ),
        (
            "Incendie dans un entrepôt du port de Brennholm : 300 passagers bloqués",
            "Brennholm : l'incendie d'un entrepôt bloque 300 passagers au port",
            "Le Parlement rejette la réforme des retraites à deux voix près",
        ),
        (
            "حريق في مستودع بميناء برنهولم ونقل 300 راكب",
            "حريق ميناء برنهولم: 300 راكب يقضون ليلتهم في مدرسة",
            "البرلمان يرفض قانون التقاعد بفارق صوتين",
        ),
    ],
)
def test_other_languages(one: str, same: str, other: str) -> None:
    """Nothing is written for English."""
    event = event_of((one, ""))

    assert choose(tell((same, "")), [event], "normal")
    assert choose(tell((other, "")), [event], "loose") is None


def test_nothing_joins_an_event_that_is_over() -> None:
    """Seven days of silence end it; the same words a year later are of another one."""
    event = event_of(FIRE)

    assert choose(tell(FIRE, "2026-11-27T12:00:00Z"), [event], "normal")
    assert choose(tell(FIRE, "2026-11-27T12:00:01Z"), [event], "normal") is None
    assert choose(tell(FIRE, "2026-11-13T11:59:59Z"), [event], "normal") is None


def test_the_longer_the_silence_the_more_is_asked() -> None:
    """Within a day nothing, then steadily more; a story from before the event counts by the same distance."""
    event = replace(event_of(FIRE), last_seen="2026-11-22T12:00:00Z")
    times = ["2026-11-20T12:00:00Z", "2026-11-23T12:00:00Z", "2026-11-25T12:00:00Z", "2026-11-29T12:00:00Z"]

    asked_more = [ageing(event, time) for time in times]

    assert asked_more[:2] == [1.0, 1.0]
    assert asked_more[1] < asked_more[2] < asked_more[3]  # type: ignore[operator]
    assert ageing(event, "2026-11-17T12:00:00Z") == asked_more[2]


def test_an_event_that_lives_on_keeps_its_window_open() -> None:
    """Its end is counted from the newest story, whatever came in late."""
    event = joined(event_of(FIRE), tell(FIRE_TOLD_APART, "2026-11-25T12:00:00Z"))
    event = joined(event, tell(FIRE_TOLD_APART, "2026-11-21T12:00:00Z"))

    assert (event.first_seen, event.last_seen, event.stories) == (NOON, "2026-11-25T12:00:00Z", 3)


def test_the_order_of_candidates_and_equal_ones() -> None:
    """The older of equals is taken, in any order."""
    twins = [event_of(FIRE, ref=ref) for ref in (7, 4, 9)]

    for candidates in (twins, twins[::-1]):
        found = choose(tell(FIRE), candidates, "normal")
        assert found is not None
        assert found[0].id == 4


def test_no_words_no_event() -> None:
    """An entry that is but a picture is like nothing, not even the next."""
    nothing = tell(("", ""))

    assert (nothing.vector, nothing.words) == ({}, 0)
    assert choose(nothing, [begun(1, nothing), event_of(FIRE)], "loose") is None
    assert choose(tell(FIRE), [begun(1, nothing)], "loose") is None


def test_every_story_of_an_event_counts_alike() -> None:
    """The mean does not depend on the order in which its stories came, but for rounding."""
    forth, back = (event_of(*stories) for stories in ((FIRE, FIRE_TOLD_APART), (FIRE_TOLD_APART, FIRE)))

    for one, other in zip(*(sorted(zip(*unpacked(event.terms), strict=True)) for event in (forth, back)), strict=True):
        assert one == pytest.approx(other)


def test_an_event_is_found_by_what_its_stories_look_for() -> None:
    """The terms that a report asks for are among those by which the event of another report is kept."""
    event = event_of(FIRE)

    assert len(kept(event)) == KEPT
    assert set(asked(tell(FIRE_TOLD_APART))) & set(kept(event))
    assert not set(asked(tell(VOTE))) & set(kept(event))


def test_levels_and_lengths_are_in_order() -> None:
    """Strict asks more than normal, normal more than loose; a longer text never less than a shorter one."""
    assert LEAST_SCORES["strict"] > LEAST_SCORES["normal"] > LEAST_SCORES["loose"] > 0
    for words in range(400):
        normal = enough(words)
        assert normal > 0
        assert enough(words + 1) >= normal
        assert enough(words + 1) - normal < 0.01  # no steps


made_terms = st.dictionaries(st.integers(8, 48), st.floats(1.0, 8.0, width=32), min_size=1, max_size=30)


def of_terms(weights: dict[int, float], words: int = 10) -> Told:
    """Make a story of made-up terms, each the rarer the higher its number, most of them rare."""
    return told(packed(weights.items()), words, NOON, lambda term: 4.0 + term / 4)


@given(made_terms, st.lists(made_terms, min_size=1, max_size=6), st.integers(0, 400), st.integers(0, 400))
def test_strict_joins_are_joins_of_normal_and_loose(
    story: dict[int, float], events: list[dict[int, float]], words: int, their_words: int
) -> None:
    """A setting that asks less takes all that one that asks more takes, and to the same event."""
    candidates = [begun(ref, of_terms(one, their_words)) for ref, one in enumerate(events, 1)]
    strict, normal, loose = (choose(of_terms(story, words), candidates, level) for level in LEVELS)

    assert strict is None or strict == normal
    assert normal is None or normal == loose


@given(made_terms, st.lists(made_terms, min_size=1, max_size=8))
def test_likeness_is_a_share(story: dict[int, float], stories: list[dict[int, float]]) -> None:
    """0 to 1 whatever the event is made of; 1 with oneself; a vector has length 1."""
    own = of_terms(story)
    event = begun(1, of_terms(stories[0]))
    for one in stories[1:]:
        event = joined(event, of_terms(one))

    assert math.hypot(*own.vector.values()) == pytest.approx(1)
    assert 0 <= likeness(own, event) <= 1
    assert likeness(own, begun(1, own)) == pytest.approx(1, abs=0.00001)
    assert event == joined_again(stories)


def joined_again(stories: list[dict[int, float]]) -> Event:
    """Make the same event once more: equal bytes are the proof that a rebuilt archive has the same events."""
    event = begun(1, of_terms(stories[0]))
    for one in stories[1:]:
        event = joined(event, of_terms(one))
    return event


def test_an_event_stays_small() -> None:
    """However many stories it is made of, and the heaviest terms stand first."""
    event = begun(1, of_terms({1: 1.0}))
    for story in range(60):
        event = joined(event, of_terms({story * 7 + n: 1.0 for n in range(1, 30)}))

    weights = unpacked(event.terms)[1]
    assert len(weights) == MAX_TERMS
    assert list(weights) == sorted(weights, reverse=True)


def test_a_large_event_asks_more_of_a_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is alike to each of its stories by the same measure gains less by their number than by the cosine.

    The mean of many stories has lost what only one of them says, so all of a kind come nearer to it.
    """
    shared = dict.fromkeys(range(11, 15), 4.0)
    one = begun(1, of_terms(shared | {20: 8.0, 21: 8.0}, 200))
    many = one
    for n in range(11, 21):
        many = joined(many, of_terms(shared | {2 * n: 8.0, 2 * n + 1: 8.0}, 200))
    story = of_terms(shared | {50: 8.0, 52: 8.0})

    gain = likeness(story, many) / likeness(story, one)
    monkeypatch.setattr(ingest.event, "POWER", 1.0)
    gain_by_cosine = likeness(story, many) / likeness(story, one)

    assert gain < gain_by_cosine * 0.85


def test_reports_written_by_a_form_stay_apart() -> None:
    """Nine words of ten are those of the form, and none of them is rare in news."""
    form = "{} sets quarterly dividend", "{} said its board set a quarterly dividend of {} cts a share, payable {}."
    reports = [
        (form[0].format(firm), form[1].format(firm, cents, day))
        for firm, cents, day in (
            ("Orrin Tyres", 12, "April 1"),
            ("Norrland Kemi", 15, "May 6"),
            ("Calder", 9, "June 3"),
        )
    ]
    event = event_of(reports[0], reports[1])

    assert choose(tell(reports[2]), [event], "loose") is None
    assert choose(tell(reports[0]), [event_of(reports[0])], "strict")


def test_a_bare_headline_may_have_nothing_rare() -> None:
    """It has no room for a form: the same common words are proof enough there, and in a report are none."""
    made = packed([(term, 2.0) for term in range(1, 9)])
    headline, report = (told(made, words, NOON, lambda _: RARE - 1) for words in (8, 60))

    assert choose(headline, [begun(1, headline)], "strict")
    assert choose(report, [begun(1, report)], "loose") is None


def test_hashes_of_words_that_decided_are_in_the_story() -> None:
    """They are named by the words of the story that joined."""
    found = choose(tell(FIRE_TOLD_APART), [event_of(FIRE)], "normal")

    assert found is not None
    assert len(words_of(*FIRE_TOLD_APART, found[2])) == len(found[2]) == 5
    assert hashed("Brennholm") in found[2]
