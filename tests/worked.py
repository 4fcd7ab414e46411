"""The archive of docs/questions.md: eleven days of six invented sources, polled and written by the real parts.

Each poll is planned and applied as the daemon does it, from a document that is given here; only the network, the clock
and the minting of ids are the test's. So the archive is the same at each run, and the page's answers are true or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from db.apply import apply_plan
from db.archive import open_writer
from db.curate import Wish
from db.decisions import Decision
from db.desk import DraftDesk
from db.in_force import put_in_force
from db.known import ArchiveKnown
from db.model import Document
from db.plan import Outcome, PollPlan
from db.regroup import stamp
from db.sources import source_now
from db.sync import sync_config
from db.times import iso
from db.troubles import look, note
from db.writer import Job, run_batch
from factory import minting
from ingest.answer import answer_of
from ingest.fetched import Fetched
from ingest.grouping import GROUPING_VERSION
from ingest.normalize import normalize
from ingest.parsed import Item, Markup, Parsed
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from wireroom.config import load_config
from wireroom.curate import carry_out_marks
from wireroom.decide import retell
from wireroom.desks import make_grouping
from wireroom.in_force import said
from wireroom.parts import configured_topics, make_setup

CONFIG = """
[wireroom]
gazetteer = false

[[source]]
id = "coast-wire"
url = "https://coast-wire.example/feed"
[[source]]
id = "harbour-post"
url = "https://harbour-post.example/feed"
tags = ["region:south"]
[[source]]
id = "island-radio"
url = "https://island-radio.example/feed"
[[source]]
id = "northern-daily"
url = "https://northern-daily.example/feed"
[[source]]
id = "quiet-gazette"
url = "https://quiet-gazette.example/feed"
[[source]]
id = "valley-letter"
url = "https://valley-letter.example/feed"

[[rule]]
id = "sea"
tag = "desk:sea"
match = "ferry OR ferries OR harbour OR dockers"
[[rule]]
id = "strikes"
tag = "subject:strike"
match = "strike"
[[rule]]
id = "hold-rumours"
hold = true
match = "title:rumour"

[[topic]]
id = "shipping"
title = "Ports and shipping"
match = "desk:sea"
limit = 5
[[topic]]
id = "labour"
title = "Work and pay"
match = "subject:strike"
"""
MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)

STRIKE = (
    "Dockers at Saltmouth walked off the night shift on Tuesday in a dispute over rosters that has simmered since the "
    "spring.\nThe union counted four hundred and twelve members at the gates, while the harbour board spoke of fewer "
    "than three hundred.\nNo ferry will sail to Orlesund before Thursday, the board said, and freight for the islands "
    "is being sent by road to Pendrake.\nTalks are to be resumed at dawn in the old customs house, with a mediator "
    "from the labour court of Rivenburg."
)
SETTLED = (
    "Dockers at Saltmouth went back to work on Wednesday after the harbour board gave up the new rosters.\nThe union "
    "called the accord, signed at dawn in the old customs house, a victory of patience.\nThe first ferry to Orlesund "
    "sails at noon, and the freight that was sent by road to Pendrake will follow by the weekend.\nA mediator from the "
    "labour court of Rivenburg will look at the rosters once more before the summer."
)
ICE = (
    "The morning ferry from Saltmouth to Orlesund was two hours late on Friday, since drifting ice had closed the "
    "northern channel.\nPilots brought her through behind the tug Kestrel, with one hundred and forty passengers and "
    "the mail on board.\nThe harbour board expects the channel to be free by Sunday, if the wind holds from the west."
)
MUSEUM = (
    "The lighthouse museum of Westerbay opens its doors again on Saturday, after eleven years and a change of roof.\n"
    "Ada Villanova, who keeps the lamp, will show the great lens that sailors paid for with a penny a ton.\nEntry is "
    "free for everybody who can name the three lights of the bay."
)
ROUTE = (
    "A second ferry will serve Orlesund from April, the harbour board of Saltmouth decided on Tuesday evening.\nThe "
    "ship, bought from an owner in Varnhem, carries ninety cars and has seen twenty winters.\nResidents of the island "
    "had asked for a night sailing in a petition with nine hundred names."
)


@dataclass(frozen=True)
class News:
    """An item of a feed: its id there, its headline and text."""

    id: str
    title: str
    text: str


@dataclass
class Wire:
    """The archive as it is being filled: each source's document as it is now, newest item first."""

    path: Path
    documents: dict[str, list[News]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        file = self.path.with_name("config.toml")
        file.write_text(CONFIG, encoding="utf-8")
        self.config = load_config(file)
        self.db = open_writer(self.path)
        self.desk = DraftDesk()
        topics = configured_topics(self.config)
        start = iso(MONDAY)
        self.db.execute("BEGIN IMMEDIATE")
        rules = [rule.id for rule in self.config.rules]
        self.synced = sync_config(self.db, self.config.sources, rules, topics, start, mint=minting("uuid"))
        put_in_force(self.db, said(self.config), start)
        stamp(self.db, GROUPING_VERSION, comparing=make_grouping(self.config, self.synced.sources).comparing)
        self.db.execute("COMMIT")
        self.setup = make_setup(self.config, self.synced)

    def print(self, source: str, *news: News) -> None:
        """Put items into a source's document, or others in the place of those that have their ids."""
        ids = {one.id for one in news}
        self.documents[source] = [*news, *(one for one in self.documents.get(source, ()) if one.id not in ids)]

    def poll(self, source: str, at: datetime, outcome: Outcome = "ok", status: int | None = 200) -> None:
        """Poll a source."""
        address = f"https://{source}.example/"
        document: Document | None = None
        error = None if outcome == "ok" else f"HTTP status {status}"
        if outcome == "ok":
            items = tuple(item_of(one, address) for one in self.documents[source])
            parsed = Parsed(format="rss20", base=None, title=Markup(value=titled(source), is_html=False), items=items)
            document = normalize(parsed, comparing=self.setup.grouping.comparing)
        fetched = Fetched(outcome=outcome, error=error, status=status, url=f"{address}feed", body_hash=iso(at))
        mint = minting(f"uuid:{source}:{iso(at)}")

        def write(db: Database) -> PollPlan:
            known = ArchiveKnown(db, self.desk)
            plan = plan_poll(
                source_now(db, self.synced.sources[source]),
                answer_of(fetched, document, started=at, duration_ms=120),
                known,
                self.setup.desks,
                Rhythm(floor_s=300, ceiling_s=86_400),
                at,
                self.setup.grouping,
            )
            apply_plan(db, plan, mint=mint)
            return plan

        job = Job(write)
        run_batch(self.db, [job], give_up=lambda: True)
        job.future.result()

    def tell(self, source: str, at: datetime, *news: News) -> None:
        """Put items into a source's document and poll it."""
        self.print(source, *news)
        self.poll(source, at)

    def say(self, word: str, story: int, at: datetime, topic: str | None) -> None:
        """Have a person mark a story."""
        self.db.execute("BEGIN IMMEDIATE")
        wish = Wish(word=word, story_id=story, topic=topic, tags=(), entry_id=None)  # type: ignore[arg-type]
        now = iso(at)
        retold = partial(self.retell, now)
        carry_out_marks(self.db, wish, self.setup, now, "ada", retold)
        self.db.execute("COMMIT")

    def retell(self, now: str, done: Decision, stories: list[int]) -> None:
        """Have rules and topics asked of stories again."""
        retell(self.db, done, stories, self.setup, now)

    def note_troubles(self, at: datetime) -> None:
        """Look for what is wrong with sources for long, as the daemon does."""
        self.db.execute("BEGIN IMMEDIATE")
        note(self.db, look(self.db, at), iso(at), mint=minting("uuid:trouble"))
        self.db.execute("COMMIT")


def item_of(news: News, address: str) -> Item:
    """Make an item of a parsed feed."""
    return Item(
        id=news.id,
        link=f"{address}{news.id}",
        title=Markup(value=news.title, is_html=False),
        bodies=(Markup(value="".join(f"<p>{line}</p>" for line in news.text.split("\n")), is_html=True),),
    )


def titled(source: str) -> str:
    """Write a source's title."""
    return source.replace("-", " ").title()


def at(day: int, clock: str) -> datetime:
    """Give a time of the days of November 2026."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


SMALL: Mapping[str, Sequence[tuple[int, str, str, str]]] = {
    "quiet-gazette": [
        (16, "16:00", "Beekeepers of Fenhollow count their hives", "Nineteen hives came through the autumn storms."),
        (17, "16:00", "Choir of Thornbury needs two tenors", "Rehearsals begin on Monday in the parish hall."),
        (18, "16:00", "Mill race at Lowmarsh dredged at last", "Divers brought up a cart, a bell and six bottles."),
    ],
    "valley-letter": [
        (16, "09:00", "Vineyards of Corvane picked early", "Frost was forecast, so the valley picked by lamplight."),
        (17, "09:00", "Bakery of Corvane sold to its bakers", "Five apprentices signed for the ovens on Monday."),
        (18, "09:00", "School bus of Corvane gets a second driver", "Nobody has to walk the pass any more."),
        (19, "09:00", "Glacier path above Corvane closed", "A bridge was carried away by the thaw."),
        (20, "09:00", "Chess club of Corvane beats the capital", "The last game went on until after midnight."),
    ],
    "northern-daily": [
        (16, "08:00", "Reservoir of Dolmere half empty", "Engineers measured the lowest level for sixty years."),
        (19, "08:00", "Council of Brackwater taxes its parking", "A hundred bays will cost two crowns an hour."),
        (23, "08:00", "Observatory of Zellheim finds a comet", "Students saw it first, on a plate from October."),
        (25, "08:00", "Turbine of Ullsgard turned for the first time", "It gives light to four thousand kitchens."),
    ],
}
"""Small news that nobody else has."""


def fill(wire: Wire) -> None:
    """Let the eleven days go by."""
    strike = News("cw-1", "Dockers at Saltmouth begin strike over night shifts", STRIKE)
    small = [(source, *each) for source, many in SMALL.items() for each in many]
    events: list[tuple[datetime, str, tuple[News, ...]]] = [
        (at(day, clock), source, (News(f"{source[:2]}-s{number}", title, text),))
        for number, (source, day, clock, title, text) in enumerate(small, start=1)
    ]
    events += [
        (at(17, "07:00"), "coast-wire", (strike,)),
        (
            at(17, "07:45"),
            "harbour-post",
            (News("hp-1", "Saltmouth: dockers strike, no ferry until Thursday", STRIKE),),
        ),
        (at(17, "09:30"), "island-radio", (News("ir-1", "No ferry: dockers on strike", STRIKE.rpartition("\n")[0]),)),
        (at(17, "12:00"), "coast-wire", (News("cw-1", "Dockers at Saltmouth strike for a second day", STRIKE),)),
        (
            at(18, "06:30"),
            "coast-wire",
            (News("cw-2", "Dockers at Saltmouth end strike", SETTLED),),
        ),
        (at(18, "08:15"), "harbour-post", (News("hp-2", "Ferries sail again from Saltmouth", SETTLED),)),
        (
            at(18, "10:00"),
            "harbour-post",
            (News("hp-3", "Rumour: harbour board to be sold", "Nobody wanted to say so with a name."),),
        ),
        (at(20, "10:00"), "island-radio", (News("ir-2", "Ice delays the Orlesund ferry", ICE),)),
        (at(20, "10:40"), "coast-wire", (News("cw-3", "Drifting ice delays ferry to Orlesund", ICE),)),
        (at(21, "09:00"), "harbour-post", (News("hp-4", "Lighthouse museum opens again", MUSEUM),)),
        (at(21, "11:00"), "northern-daily", (News("nd-m", "Westerbay museum opens after eleven years", MUSEUM),)),
        (at(24, "17:00"), "coast-wire", (News("cw-4", "Second ferry for Orlesund from April", ROUTE),)),
        (at(24, "18:30"), "harbour-post", (News("hp-5", "Orlesund gets a second ferry", ROUTE),)),
        (
            at(24, "19:00"),
            "coast-wire",
            (News("cw-4", "Second ferry for Orlesund from May", ROUTE.replace("from April", "from May")),),
        ),
        (
            at(24, "20:00"),
            "island-radio",
            (News("ir-3", "Pilots of the islands vote to strike", "They ask for a third pilot on winter nights."),),
        ),
        (
            at(26, "12:00"),
            "island-radio",
            (News("ir-4", "Old ferry Petrel to be sunk as a reef", "Divers of the harbour will have a wreck by May."),),
        ),
    ]
    for moment, source, news in sorted(events, key=lambda each: (each[0], each[1])):
        wire.tell(source, moment, *news)
    for day in range(21, 27):
        wire.poll("valley-letter", at(day, "09:00"))
    for day in (25, 26):
        wire.poll("quiet-gazette", at(day, "16:00"), "http-error", 500)
    wire.say("pin", story_of(wire, "Lighthouse museum"), at(22, "08:00"), "shipping")
    wire.say("unpin", story_of(wire, "Lighthouse museum"), at(23, "08:00"), "shipping")
    wire.say("hide", story_of(wire, "Old ferry Petrel"), at(26, "13:00"), "shipping")
    wire.note_troubles(NOW - timedelta(hours=6))


def story_of(wire: Wire, beginning: str) -> int:
    """Find the story whose headline begins so."""
    ((id_,),) = wire.db.execute("SELECT id FROM stories WHERE title LIKE ?", [f"{beginning}%"]).fetchall()
    return int(id_)


def worked_archive(path: Path) -> Database:
    """Make the archive at ``path`` → its writer's connection."""
    wire = Wire(path)
    fill(wire)
    return wire.db
