"""All kinds of pages: what every page has, where its links lead, who may see what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urljoin

import pytest

from db.query_faults import SlowError
from db.readers import BusyError
from feeds.clients import Rate
from feeds.limits import RATES
from feeds.site import TopicCard
from newsroom import at
from page_room import Asker, Page, PageSite
from reading_room import DROPPED, HIDDEN, SECRET, reading_room

SECRET_NAME = f"{SECRET}-0123456789abcdef"
CARDS = (
    TopicCard(id="all", name="all", title="All <things> & more", match='sources:>=1 -"<b>"', secret=False),
    TopicCard(id=SECRET, name=SECRET_NAME, title="Whispers", match="zebra", secret=True),
)
ELSEWHERE = re.compile(r"/(api/|owner/|topics\.opml|health\.|hub)|.*\.(rss|atom|json)(\?|$)")
"""What others answer."""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Ask the pages of an archive that has one of everything."""
    room = reading_room(tmp_path_factory.mktemp("pages") / "wireroom.db")
    room.db.close()
    asker = Asker(PageSite(room.path, CARDS), at(36))
    yield asker
    asker.close()


@pytest.fixture(scope="module")
def pages(ask: Asker) -> dict[str, Page]:
    """Follow every link from the front page, as far as pages go, and from some addresses that no page names."""
    found: dict[str, Page] = {}
    waiting = ["/", "/search?q=titel%3Ax", "/search?q=nothinglikethis", "/events/9", "/stories/1?pictures=1"]
    while waiting:
        path = waiting.pop(0)
        if path in found or ELSEWHERE.match(path) or len(found) > 120:
            continue
        ask.site.archive_pages = 12
        found[path] = ask(path)
        if found[path].status == 200:
            waiting += found[path].links()
    return found


def test_every_link_leads_somewhere(pages: dict[str, Page]) -> None:
    """No page names a page that is not there; every kind was reached."""
    wrong = {path: page.status for path, page in pages.items() if page.status != 200}

    assert wrong == {"/search?q=titel%3Ax": 400}
    kinds = {re.sub(r"(?<=/)[^/?]+", "*", path.partition("?")[0]) for path in pages}
    assert kinds == {"/", "/*", "/*/*", "/*/*/"}
    for beginning in ("/search?q=", "/sources/", "/stories/", "/topics/all/", "/tags/", "/events/"):
        assert any(path.startswith(beginning) for path in pages), beginning


def test_every_page_can_be_used_without_eyes_hands_or_scripts(pages: dict[str, Page]) -> None:
    """Language, title, one first heading, landmarks, a way past the head; labels; no id twice; nothing inline."""
    for path, page in pages.items():
        assert page.all("/html/@lang") == ["en"], path
        assert page.texts("//title")[0], path
        assert len(page.all("//h1")) == 1, path
        assert page.texts("//h1")[0], path
        assert len(page.all("//main[@id='content']")) == 1, path
        assert page.all("//body/a[1]/@href") == ["#content"], path
        assert len(page.all("//header[@class='mast']")) == len(page.all("//footer")) == 1, path
        ids = page.all("//@id")
        assert sorted(ids) == sorted(set(ids)), path
        for field in page.all("//input[not(@type='hidden')]"):
            label = page.all(f"//label[@for='{field.get('id')}']") or field.get("aria-label")
            assert label, path
        for name in page.all("//@aria-labelledby | //@aria-describedby"):
            assert name in ids, path
        assert all(picture.get("aria-label") for picture in page.all("//svg")), path
        assert not page.all("//script | //style | //@style | //*[@*[starts-with(name(), 'on')]]"), path


def test_headings_go_down_one_step_at_a_time(pages: dict[str, Page]) -> None:
    """Whoever goes from heading to heading misses no level."""
    for path, page in pages.items():
        levels = [int(heading.tag[1]) for heading in page.all("//h1|//h2|//h3|//h4|//h5|//h6")]
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_links_are_relative_and_those_that_leave_say_nothing(pages: dict[str, Page]) -> None:
    """The pages work under any path; another site learns nothing of where one came from."""
    for path, page in pages.items():
        for link in page.all("//a[@href] | //link[@href] | //form[@action]"):
            address = link.get("href") or link.get("action")
            if re.match(r"https?:", address):
                assert set(link.get("rel").split()) >= {"noopener", "noreferrer", "nofollow"}, path
            else:
                assert re.match(r"\.{1,2}/|\?|#", address), (path, address)
                assert not address.startswith("//"), path


def test_nobody_else_sees_what_is_kept_out(pages: dict[str, Page]) -> None:
    """No title of a story that a rule or a person keeps out, nothing of a secret topic."""
    for path, page in pages.items():
        text = page.body.decode()
        for kept in (DROPPED.title, HIDDEN.title, "Whispers", SECRET_NAME):
            assert kept not in text, (path, kept)
        assert page.status != 200 or "private" not in page.headers["cache-control"], path


def test_who_knows_a_secret_topics_address_may_read_it(ask: Asker) -> None:
    """It is not to be listed, its query is not told, and no shared cache keeps it."""
    page = ask(f"/topics/{SECRET_NAME}/")

    assert page.status == 200
    assert page.texts("//h1") == ["Whispers"]
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["cache-control"].startswith("private")
    assert not page.all("//code")


def test_every_page_has_a_policy_that_lets_nothing_run(pages: dict[str, Page]) -> None:
    """Our style and our pictures; those of others only on the page that was asked for with them."""
    for path, page in pages.items():
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "script-src" not in policy, path
        assert "unsafe" not in policy, path
        assert ("https:" in policy) is ("pictures=1" in path), path


def test_a_page_that_has_not_changed_is_not_sent_again(ask: Asker) -> None:
    """By its ETag; a HEAD has the same one, and no body."""
    first = ask("/topics/all/")
    again = ask("/topics/all/", if_none_match=first.headers["etag"])
    head = ask("/topics/all/", "HEAD")

    assert (again.status, again.body) == (304, b"")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", first.headers["etag"])
    assert first.headers["cache-control"] == "public, max-age=60"
    assert "Cookie" in first.headers["vary"]


def test_old_names_lead_on(ask: Asker) -> None:
    """A renamed topic, an address without its slash, a story that went into another; a secret one's old address."""
    assert ask("/topics/everything/").headers["location"] == "../all/"
    assert ask("/topics/all").headers["location"] == "all/"
    assert (ask("/stories/5").status, ask("/stories/5").headers["location"]) == (301, "1")
    for path in ("/stories/5", "/topics/all", "/topics/everything/"):
        assert ask(path).status == 301
        assert ask(path).headers["cache-control"] == "public, max-age=60", "not for ever: it may be undone"
    assert ask("/topics/whisper-old/").status == 410


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/topics", "/"), ("/topics/", "/"), ("/stories", "/search"), ("/stories/", "/search"), ("/search/", "/search"),
     ("/sources/", "/sources"), ("/stories/1/", "/stories/1"), ("/sources/wire/", "/sources/wire"),
     ("/sources/w%3Fx/", "/sources/w%3Fx")]
)  # fmt: skip
def test_what_people_type_leads_to_what_they_mean(ask: Asker, typed: str, meant: str) -> None:
    """An address that was cut, or has a slash too many."""
    answer = ask(typed)

    assert answer.status == 301
    assert urljoin(typed, answer.headers["location"]) == meant


@pytest.mark.parametrize(
    "path", ["/stories/2", "/stories/3", "/stories/999", "/stories/x", "/stories/9999999999999999999999", "/events/77",
             "/topics/nothing/", "/topics/nothing", "/sources/nobody", "/no/such/page"]
)  # fmt: skip
def test_what_is_not_there_is_a_page_for_a_person_and_a_line_for_a_program(ask: Asker, path: str) -> None:
    """Each says what to do; neither is kept."""
    page = ask(path)

    assert page.status == 404
    assert page.headers["content-type"].startswith("text/html")
    said = [text.rstrip(".") for text in (*page.texts("//main//h1"), *page.texts("//main//p"))]
    assert len(said) == len(set(said))
    assert len(page.all("//main//a[@href]")) >= 1
    for address in set(page.links()) - {path}:
        assert ask(address).status == 200 or ELSEWHERE.match(address)


def test_a_program_is_told_in_plain_text(ask: Asker) -> None:
    """Where no page of ours was asked for."""
    answer = ask("/no/such/page", accept="application/json")

    assert (answer.status, answer.body) == (404, b"There is no such page.\n")


def test_an_address_that_is_no_feed_is_told_as_a_page(ask: Asker) -> None:
    """Whoever of us says so."""
    page = ask("/topics/nothing.rss")

    assert page.status == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert int(page.headers["content-length"]) == len(page.body)
    assert page.texts("//h1") == ["There is no such page"]


def test_a_tag_that_narrows_a_search_down_has_its_kind(ask: Asker) -> None:
    """A category and a subject may be called the same."""
    named = ask("/search?q=sources%3A%3E0").texts("//section[@aria-labelledby='by-tag']//a")

    assert "animal zebra" in named


def test_who_asks_too_much_is_told_so_on_a_page(ask: Asker) -> None:
    """With the time after which to try again."""
    rates = dict.fromkeys(RATES, Rate(per_s=0.001, burst=1))
    strict = Asker(ask.site, at(36), rates)
    answers = [strict("/search?q=zebra") for _ in range(3)]
    strict.loop.close()

    assert [page.status for page in answers] == [200, 429, 429]
    assert answers[1].texts("//h1") == ["Too many requests"]
    assert int(answers[1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("trouble", "title"), [(BusyError(), "Busy"), (SlowError("it takes too long"), "That takes too long")]
)
@pytest.mark.parametrize("path", ["/", "/topics/all/", "/sources", "/stories/1"])
def test_what_can_not_be_read_now_is_asked_for_later(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, path: str, trouble: Exception, title: str
) -> None:
    """Too many ask, or it takes too long: a page that says so, and when to come again."""

    async def read(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(ask.site.readers, "read", read)
    page = ask(path)

    assert (page.status, page.texts("//h1")) == (503, [title])
    assert int(page.headers["retry-after"]) > 0
    assert page.headers["cache-control"] == "no-store"


def test_files_of_pages_are_kept_for_ever_under_their_version(ask: Asker) -> None:
    """The address in a page has it; another one, or none, is asked for again."""
    address = ask("/sources").all("//link[@rel='stylesheet']/@href")[0].removeprefix(".")

    kept = ask(address)
    assert (kept.status, kept.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in kept.headers["cache-control"]
    assert "immutable" not in ask("/static/style.css?v=0").headers["cache-control"]
    assert ask(address, if_none_match=kept.headers["etag"]).status == 304
    assert ask("/static/nothing.css").status == 404
