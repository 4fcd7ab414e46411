"""Which changes readers are told of: pairs as feeds bring them, each with why."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from db.model import Enclosure, Entry
from db.word_diff import Part, diff, hunks
from factory import entry
from ingest.change import change, letters_off

BODY = (
    "The ferry left the harbour of Valletta at dawn with too many people on board.\n"
    "Rescuers found it an hour later. The coast guard said that twelve boats took part in the search."
)

MEANINGFUL = [
    ("12 dead", "14 dead", "numbers matter"),
    ("Shares fell 2.5%.", "Shares fell 5.2%.", "the same digits in another order"),
    ("Growth of 1,204 units", "Growth of 1,377 units", "a number with no counter's word beside it"),
    ("Inflation at 3%", "Inflation at -3%", "a sign goes with its number"),
    ("It cost $500 in all.", "It cost €500 in all.", "so does a currency"),
    ("Some million people fled.", "Some billion people fled.", "a number in words"),
    ("Le groupe a perdu un milliard.", "Le groupe a perdu un million.", "likewise, in French"),
    ("Tenía sesenta años.", "Tenía setenta años.", "one letter apart, and ten years"),
    ("Ему было девять лет.", "Ему было десять лет.", "likewise, in Russian"),
    ("The suspect, John Smith, fled.", "The suspect, Peter Brown, fled.", "a corrected name"),
    ("Talks with Iran go on.", "Talks with Iraq go on.", "a short name one letter off is another"),
    ("Elections in Austria are near.", "Elections in Australia are near.", "a name, two letters off"),
    ("The minister was found guilty.", "The minister was found not guilty.", "one word turns it round"),
    ("The strike was legal.", "The strike was illegal.", "a prefix turns it round"),
    ("A return is likely.", "A return is unlikely.", "two letters at the front are no typo"),
    ("They can do it.", "They can't do it.", "an apostrophe and a letter turn it round"),
    ("The dog bites the man again.", "The man bites the dog again.", "the same words in another order"),
    (BODY, f"{BODY}\nThe ministry has opened an inquiry.", "a paragraph more"),
    (BODY, BODY.split("\n", maxsplit=1)[0], "a paragraph less, and nothing says that it was cut"),
    (BODY, "", "all is gone"),
    ("The vote is on 24 November.", "The vote is on 25 November.", "a date that is told, not printed"),
    ("Open: Saturday to Monday\nThe fair\nDate: 24 November\nCome all\nIt is free", "Open: Saturday to Monday\nThe fair"
     "\nDate: 25 November\nCome all\nIt is free", "the fair was put off"),
    ("He sold 500 shares on Monday.", "He sold 700 shares on Monday.", "shares of a company"),
    ("Quarter\nPoints: 23\nRebounds: 10\nAssists: 4\nSteals: 2", "Quarter\nPoints: 27\nRebounds: 10\nAssists: 4\n"
     "Steals: 2", "points of a game"),
    ("They updated 12 schools.", "They updated 14 schools.", 'after "updated" a mere number is none of a date'),
    ("The town was founded 30 years ago.", "The town was founded 40 years ago.", "years ago are told, not printed"),
    ("I saw him 12 days ago.", "I saw him 14 days ago.", "neither are days ago, within a sentence"),
    ("By early 2005 the net could have two new names", "By early 2006 the net could have two new names", "no byline"),
    ("On Monday 12 people died - police said.", "On Monday 14 people died - police said.", "no dateline"),
    ("地震造成三人死亡。", "地震造成四人死亡。", "a Chinese numeral"),
    ("地震造成12人死亡。", "地震造成14人死亡。", "a number in a text without spaces"),
    ("Das Schiff sank mit 12 Menschen.", "Das Schiff sank mit 14 Menschen.", "numbers, in German"),
    ("Погибли 12 человек.", "Погибли 14 человек.", "numbers, in Russian"),
    ("قتل 12 شخصا في الانفجار", "قتل 14 شخصا في الانفجار", "numbers, in Arabic"),
    ("The video was seen.", "The video, which shows the attack, was seen.", "words put in"),
]  # fmt: skip

MINOR = [
    (f"{BODY}\n1,204 views", f"{BODY}\n1,377 views", "a view counter"),
    (f"{BODY}\n999 views", f"{BODY}\n1.2K views", "a view counter that rounds"),
    (f"{BODY} 1,204 views", f"{BODY} 1,377 views", "a view counter that has no line of its own"),
    (f"{BODY}\nComments (12)", f"{BODY}\nComments (13)", "a comment counter"),
    (f"{BODY}\nNo comments", f"{BODY}\n1 comment", "the first comment"),
    (f"{BODY}\nLeave a comment", f"{BODY}\n2 Comments", "likewise, as WordPress prints it"),
    (f"{BODY}\nPoints: 12\n# Comments: 3", f"{BODY}\nPoints: 15\n# Comments: 7", "hnrss.org prints both"),
    (f"{BODY}\n231 shares", f"{BODY}\n240 shares", "a share counter in a line of its own"),
    (f"{BODY}\nUpdated at 10:32 GMT", f"{BODY}\nUpdated at 11:05 GMT", "an update time"),
    (f"Last updated: 24 November 2026, 10:32\n{BODY}", f"Last updated: 24 November 2026, 11:05\n{BODY}", "above"),
    (f"{BODY}\nThis page was last updated on 24/11/2026 by the desk.", f"{BODY}\nThis page was last updated on "
     "25/11/2026 by the desk.", "within a sentence"),
    (f"3 min read\n{BODY}", f"4 min read\n{BODY}", "a reading time"),
    (f"Reading time: 3 minutes\n{BODY}", f"Reading time: 4 minutes\n{BODY}", "a reading time, in full"),
    (f"2 hours ago\n{BODY}", f"3 hours ago\n{BODY}", "a relative time"),
    (f"59 minutes ago\n{BODY}", f"an hour ago\n{BODY}", "a relative time in another unit"),
    (f"2 weeks ago\n{BODY}", f"1 month ago\n{BODY}", "one that has grown old"),
    (f"Posted yesterday\n{BODY}", f"Posted 2 days ago\n{BODY}", "a relative time in a word"),
    (f"By Jane Doe, 24 Nov 2026\n{BODY}", f"By Jane Doe, 25 Nov 2026\n{BODY}", "a byline that was re-dated"),
    (f"Jane Doe | November 24, 2026 | 3 min read\n{BODY}", f"Jane Doe | November 25, 2026 | 4 min read\n{BODY}",
     "a byline in columns"),
    (f"24.11.2026\n{BODY}", f"25.11.2026\n{BODY}", "a date above the text"),
    (f"LONDON, Nov 24 (Reuters) - {BODY}", f"LONDON, Nov 25 (Reuters) - {BODY}", "a dateline"),
    (f"МОСКВА, 24 ноября — {BODY}", f"МОСКВА, 25 ноября — {BODY}", "a dateline, in Russian"),
    (f"{BODY}\nRead more: Storm ahead", f"{BODY}\nRead more: Rail strike ends", "a line that leads elsewhere"),
    (f"{BODY}\nhttps://a.example/x?utm_source=rss", f"{BODY}\nhttps://a.example/x?utm_source=feed", "a tracker"),
    ("Python\n1.2k\nUpdated Jul 24", "Python\n1.2k\nUpdated Jul 25", "a repository in a feed of GitHub's"),
    ("Wheel for the press. Python 120 Updated Jul 24", "Wheel for the press. Python 120 Updated Jul 25", "in a line"),
    (f"2 days ago\n{BODY}", f"3 days ago\n{BODY}", "days, in a line of their own"),
    (f"{BODY}\n1.204 Aufrufe", f"{BODY}\n1.377 Aufrufe", "a view counter, in German"),
    (f"vor 2 Stunden\n{BODY}", f"vor 3 Stunden\n{BODY}", "a relative time, in German"),
    (f"Stand: 24.11.2026 10:32 Uhr\n{BODY}", f"Stand: 24.11.2026 11:05 Uhr\n{BODY}", "an update time, in German"),
    (f"il y a 2 heures\n{BODY}", f"il y a 3 heures\n{BODY}", "a relative time, in French"),
    (f"Mis à jour le 24 novembre 2026 à 10h32\n{BODY}", f"Mis à jour le 24 novembre 2026 à 11h05\n{BODY}", "French"),
    (f"Hace 2 horas\n{BODY}\n12 comentarios", f"Hace 3 horas\n{BODY}\n15 comentarios", "Spanish"),
    (f"2 ore fa\n{BODY}\nTempo di lettura: 3 minuti", f"3 ore fa\n{BODY}\nTempo di lettura: 4 minuti", "Italian"),
    (f"{BODY}\n1 204 просмотра", f"{BODY}\n1 377 просмотров", "a view counter, in Russian"),
    (f"Обновлено: 24 ноября в 10:32\n{BODY}", f"Обновлено: 24 ноября в 11:05\n{BODY}", "an update time, in Russian"),
    (f"2 часа назад\n{BODY}", f"5 часов назад\n{BODY}", "a relative time, in Russian"),
    ("地震造成三人死亡。\n阅读 (1204)", "地震造成三人死亡。\n阅读 (1377)", "a view counter, in Chinese"),
    ("2小时前\n地震造成三人死亡。", "3小时前\n地震造成三人死亡。", "a relative time, in Chinese"),
    ("地震です。\n更新 2026年11月24日 10時32分", "地震です。\n更新 2026年11月24日 11時05分", "an update time"),
    ("지진이 났다.\n입력 2026.11.24 10:32", "지진이 났다.\n입력 2026.11.24 11:05", "an entry time, in Korean"),
    ("The goverment fell.", "The government fell.", "a letter was missing"),
    ("They recieved it form home.", "They received it from home.", "letters changed places"),
    ("The parlament's comittee met.", "The parliament's committee met.", "two words in a row"),
    ("An unneccesary accomodation.", "An unnecessary accommodation.", "two letters of a long word"),
    ("The president Zelensky spoke.", "The president Zelenskyy spoke.", "a name corrected by one letter"),
    ("It was the the end.", "It was the end.", "a word said twice"),
    ("They went some where else.", "They went somewhere else.", "two words that are one"),
    ("He is member of a union.", "He is a member of the union.", "articles"),
    ("A co-operation", "A cooperation", "a hyphen"),
    ("“It's over,” he said.", '"It’s over", he said', "quotes and punctuation"),
    ("War in sight?  Talks\n\nfail", "War in sight? Talks fail.", "white space"),
    ("Visit to Lodz, the mayor said.", "Visit to Łódź, the mayor said.", "accents"),
    ("Nato meets", "NATO meets", "letter case"),
    ("12,000 people came.", "12000 people came.", "a number written another way"),
    (BODY, f"{BODY[:90]}…", "cut short, with a mark that says so"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "why"), MEANINGFUL, ids=[why for _, _, why in MEANINGFUL])
def test_meaningful(before: str, after: str, why: str) -> None:
    """Readers are told, whichever way round."""
    assert change(entry(text=before), entry(text=after)).meaningful, why
    assert change(entry(text=after), entry(text=before)).meaningful, why


@pytest.mark.parametrize(("before", "after", "why"), MINOR, ids=[why for _, _, why in MINOR])
def test_minor(before: str, after: str, why: str) -> None:
    """Nobody is told."""
    assert change(entry(text=before), entry(text=after)) == change_of("text"), why


@pytest.mark.parametrize(
    ("before", "after", "meaningful"),
    [
        ("Ferry sinks, 12 dead", "Ferry sinks, 14 dead", True),
        ("Daily briefing, 24 November", "Daily briefing, 25 November", True),
        ("Ferry sinks off Malta", "Ferry sinks off Malta, captain arrested", True),
        ("Oil rises on supply fears", "UPDATE 1-Oil rises on supply fears", False),
        ("UPDATE 1-Oil rises on supply fears", "UPDATE 2-Oil rises on supply fears", False),
        ("Storm reaches the coast", "LIVE: Storm reaches the coast", False),
        ("Storm: 12 dead", "Flood: 12 dead", True),
        ("Ferry sinks off Malta", "Ferry sinks off Malta | Example News", False),
        ("Ferry sinks off Malta (1,204 views)", "Ferry sinks off Malta (1,377 views)", False),
    ],
)
def test_titles(before: str, after: str, *, meaningful: bool) -> None:
    """A headline is judged like a text, but a date in it counts, and a desk's label does not."""
    assert change(entry(title=before), entry(title=after)).meaningful is meaningful


def change_of(*parts: str) -> object:
    """What a minor change of these parts is."""
    return replace(change(entry(), entry()), parts=parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("html", replace(entry(), html="<p><b>Some</b> text.</p>")),
        ("html", replace(entry(), html='<p>Some text.<img src="https://a.example/i.jpg?w=640"></p>')),
        ("author", replace(entry(), author="Jane Doe")),
        ("link", replace(entry(), url="https://a.example/other")),
        ("categories", entry(categories=("Sport",))),
        ("files", replace(entry(), enclosures=(Enclosure(url="https://a.example/e.mp3"),))),
        ("summary", replace(entry(), summary="Another summary.")),
    ],
)
def test_what_is_beside_title_and_text_is_minor(part: str, other: Entry) -> None:
    """It is named, and tells readers nothing."""
    assert change(entry(), other) == change_of(part)


def test_text_made_to_be_hard_is_judged_in_bounded_work() -> None:
    """Long texts of few words, long words, long lines: each is judged, and in doubt meaningful."""
    dice = random.Random(5)
    for words in (["a", "b"], ["views", "1", "ago", "hours"], ["x" * 3000, "x" * 2999], ["(", "|", "a"]):
        before, after = (" ".join(dice.choice(words) for _ in range(90_000 // len(words[0]))) for _ in range(2))
        change(entry(text=before), entry(text=after))

    for char in ("1", "ﷺ", "1 "):
        change(entry(text=char * 40_000), entry(text=f"{char * 40_000}0"))

    assert change(entry(text="x" * 90_000), entry(text="x" * 89_999)).meaningful


def test_letters_off() -> None:
    """A letter put in, left out, replaced, or swapped with its neighbour is one off."""
    assert [letters_off("harbour", other, 2) for other in ("harbour", "harbor", "habrour", "harbours", "hrbuor")] == [
        0, 1, 1, 1, 2,
    ]  # fmt: skip
    assert letters_off("harbour", "port", 2) is None


def test_hunks_are_the_fewest_edits() -> None:
    """On random sequences: the new one comes out, with as many edits as the longest common one leaves."""
    for seed in range(500):
        dice = random.Random(seed)
        old, new = ([dice.choice("abcd") for _ in range(dice.randrange(14))] for _ in range(2))
        found = hunks(old, new, 28)
        assert found is not None
        made, at = [], 0
        for hunk in found:
            made += old[at : hunk.from_] + new[hunk.new_from : hunk.new_to]
            at = hunk.to
        assert made + old[at:] == new
        edits = sum(hunk.to - hunk.from_ + hunk.new_to - hunk.new_from for hunk in found)
        assert edits == len(old) + len(new) - 2 * longest_common(old, new)


def longest_common(a: list[str], b: list[str]) -> int:
    """Measure the longest common subsequence, by the book."""
    row = [0] * (len(b) + 1)
    for x in a:
        former, row = row, [0]
        for j, y in enumerate(b):
            row.append(former[j] + 1 if x == y else max(former[j + 1], row[j]))
    return row[-1]


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("12 dead off Malta", "14 dead off Malta", "[-12 -]{+14 +}dead off Malta"),
        ("The end.", "The very end.", "The {+very +}end."),
        ("One.\nTwo.", "One.\nTwo.\nThree.", "One.\nTwo.\n{+Three.+}"),
        ("死者は三人です", "死者は四人です", "死者は[-三-]{+四+}人です"),
        ("red a green b", "blue a black b", "[-red -]{+blue +}a [-green -]{+black +}b"),
        ("one two three and four five six", "uno dos tres and quatro cinco seis",
         "[-one two three and four five six-]{+uno dos tres and quatro cinco seis+}"),
        ("", "New.", "{+New.+}"),
    ],
)  # fmt: skip
def test_diff_is_word_by_word(old: str, new: str, shown: str) -> None:
    """What is alike stays, and single words that happen to agree do not tear a passage apart."""
    assert "".join(marked(part) for part in diff(old, new)) == shown


def marked(part: Part) -> str:
    """Write a part as the command does."""
    return {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}[part.kind].format(part.text)
