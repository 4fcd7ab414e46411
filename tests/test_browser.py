"""The pages in a real browser: what a reader does, what the owner does, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from browser import PHONE, Browser, Tab, axe_core, running_browser
from house import House
from office import TOKEN, Office, running_office
from origin import Origin, item, rss, running_origin

pytestmark = pytest.mark.needs("chromium")

TOPICS = """
[[topic]]
id = "all"
title = "All of it"
match = "NOT zzz"

[[topic]]
id = "other"
title = "The other"
match = "zzz"
"""
STORIES = 75
TEXT = "What the ministers said in round {0}: {1}."


@dataclass
class Rig:
    """A daemon, and a browser before it."""

    office: Office
    browser: Browser
    origin: Origin


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One daemon and one browser for the module; two sources, one of which carries some of the other's stories."""
    with running_origin() as origin:
        house = House(tmp_path_factory.mktemp("house"))
        items = [
            item(
                n,
                title=f"Round {n} of the talks",
                text=TEXT.format(n, " ".join(f"word{n}x{k}" for k in range(30))),
                more=f"<category>talks</category><author>ann@news.example (Ann {n})</author>",
            )
            for n in range(STORIES, 0, -1)
        ]
        origin.feed("/one", rss(*items, title="The one"))
        origin.feed("/two", rss(*items[:5], title="The other one"))
        house.configure({"one": origin.url("/one"), "two": origin.url("/two")}, TOPICS, allow=origin.port)
        text = house.config.read_text().replace("[wireroom]\n", f'[wireroom]\ntoken = "{TOKEN}"\n', 1)
        house.config.write_text(text)
        with running_office(house) as office:
            office.do(do="poll", sources=[], due=False)
            with running_browser(office.url) as browser:
                yield Rig(office, browser, origin)


@pytest.fixture
def tab(rig: Rig) -> Iterator[Tab]:
    """Give a tab; whatever is done in it, nothing is complained of, and no other server is asked."""
    with rig.browser.tab() as tab:
        yield tab
        assert tab.seen.all == []
        assert tab.audit() == []


def sign_in(tab: Tab, *, on: str = "") -> None:
    """Sign in as a person does."""
    tab.open(f"owner/sign-in?next={on}")
    tab.page.get_by_label("Token").fill(TOKEN)
    tab.press("Sign in")


def carried(rig: Rig) -> int:
    """Find the story that two sources carry."""
    ((found,),) = rig.office.house.rows("SELECT id FROM stories WHERE title = 'Round 75 of the talks'")
    return int(found)


def test_a_reader_finds_a_story(tab: Tab) -> None:
    """From the front page by search to the story, with all its sources."""
    tab.open("")
    tab.page.get_by_role("searchbox").fill("title:round")
    tab.press("Search")
    assert re.search(r"/search\?q=title(:|%3A)round", tab.page.url)
    tab.page.get_by_role("searchbox").fill('title:"round 75"')
    tab.page.get_by_role("searchbox").press("Enter")
    tab.page.wait_for_url("**75**")
    tab.page.get_by_role("link", name="Round 75 of the talks").first.click()
    tab.page.wait_for_url("**/stories/*")
    assert tab.page.get_by_role("heading", level=1).inner_text() == "Round 75 of the talks"
    for source in ("The one", "The other one"):
        assert tab.page.get_by_role("link", name=source, exact=True).count() >= 1


def test_a_topic_is_read_to_its_end(tab: Tab) -> None:
    """Page by page, each story once."""
    tab.open("topics/all/")
    seen: list[str] = []
    while True:
        seen += tab.page.locator("main ol.stories .head").all_inner_texts()
        older = tab.page.get_by_role("link", name="Older stories")
        if older.count() == 0:
            break
        with tab.page.expect_navigation():
            older.click()
    assert sorted(seen) == sorted(f"Round {n} of the talks" for n in range(1, STORIES + 1))


def test_pages_need_no_script(rig: Rig) -> None:
    """All of it is there where none runs; forms too."""
    with rig.browser.tab(script=False) as tab:
        sign_in(tab, on="topics/all/")
        assert tab.page.get_by_text("You are signed in.").count() == 1
        tab.press("Sign out")
        assert tab.page.get_by_role("link", name="Sign in").count() == 1


def test_the_owner_pins_and_hides_and_takes_it_back(rig: Rig, tab: Tab) -> None:
    """On a story's page; then signs out, and nothing of it is there any more."""
    story = carried(rig)
    sign_in(tab, on=f"stories/{story}")
    assert tab.page.url.endswith(f"/stories/{story}?did=sign-in")

    tab.press("Hide in All of it")
    assert "Hidden." in tab.page.get_by_role("status").inner_text()
    tab.open("topics/all/")
    assert tab.page.get_by_role("heading", name="Round 75 of the talks").count() == 0
    tab.open(f"stories/{story}")
    tab.press("Show in All of it")
    tab.press("Undo")
    tab.open(f"stories/{story}")
    assert tab.page.get_by_role("button", name="Show in All of it").count() == 1
    tab.press("Show in All of it")

    tab.page.get_by_label("Pin in another topic").select_option("other")
    tab.press("Pin there")
    assert "Pinned." in tab.page.get_by_role("status").inner_text()
    tab.open("topics/other/")
    assert tab.page.get_by_role("heading", name="Round 75 of the talks").count() == 1
    tab.press("Unpin: Round 75 of the talks")
    assert tab.page.url.partition("?")[0].endswith("/topics/other/")
    assert tab.page.get_by_role("heading", name="Round 75 of the talks").count() == 0

    tab.press("Sign out")
    tab.open(f"stories/{story}")
    assert tab.page.get_by_role("button", name="Hide in All of it").count() == 0
    assert tab.page.get_by_role("link", name="Sign in").count() == 1


def test_the_owner_gives_and_takes_a_tag(rig: Rig, tab: Tab) -> None:
    """What is no tag is told, and how it is written."""
    story = carried(rig)
    sign_in(tab, on=f"stories/{story}")
    tab.page.get_by_label("Add tags").fill("desk:morning")
    tab.press("Add")
    tab.page.get_by_text("Take tags away").click()
    tab.press("Take away desk:morning")
    tab.page.get_by_text("Take tags away").click()
    assert tab.page.get_by_role("button", name="Take away desk:morning").count() == 0
    tab.page.get_by_label("Add tags").fill("morning")
    tab.press("Add")
    assert "write kind:name" in tab.page.get_by_role("alert").inner_text()
    tab.seen.complaints.clear()  # chromium says of every answer that is no success that it is none


def test_the_owner_tries_a_query_polls_and_looks_at_a_feed(rig: Rig, tab: Tab) -> None:
    """On the desk, on a source's page, on the list of sources."""
    sign_in(tab, on="owner/")
    tab.page.get_by_label("Query").fill('"round 7*" OR title:75')
    tab.page.get_by_label("Compare with").select_option("other")
    tab.press("Try it")
    assert tab.page.get_by_role("heading", name=re.compile(r"Takes \d+ stor")).count() == 1

    tab.open("sources/one")
    tab.press("Poll now: The one")
    assert "0 new entries" in tab.page.get_by_role("status").inner_text()
    tab.page.get_by_role("link", name="Back").click()
    tab.page.wait_for_url("**/sources/one")

    tab.open("sources")
    tab.page.get_by_label("Add a source").fill("ftp://example.org")
    tab.press("Look")
    assert "is no web address" in tab.page.get_by_role("alert").inner_text()
    tab.seen.complaints.clear()


def test_a_wrong_token_is_told(tab: Tab) -> None:
    """On the form, in words, to who hears it too."""
    tab.open("owner/sign-in")
    tab.page.get_by_label("Token").fill("wrong")
    tab.press("Sign in")
    assert "not the token" in tab.page.get_by_role("alert").inner_text()
    assert tab.page.get_by_label("Token").get_attribute("aria-describedby") == "wrong"
    tab.seen.complaints.clear()


def test_a_page_of_another_site_has_nothing_done_by_the_owner_s_browser(rig: Rig) -> None:
    """Not even one on another port of this machine, for which a browser sends the owner's cookie along."""
    ((before,),) = rig.office.house.rows("SELECT count(*) FROM decisions")
    fields = f"<input name=story value={carried(rig)}><input name=topic value=other>"
    form = f"<form method=post action={rig.office.url}owner/pin>{fields}</form>"
    rig.origin.feed("/evil", f"<title>x</title>{form}<p><button>Win</button>", "text/html")
    with rig.browser.tab() as tab:
        sign_in(tab)
        tab.page.context.unroute_all()
        answers: list[int] = []
        tab.page.on("response", lambda response: answers.append(response.status))
        tab.page.goto(rig.origin.url("/evil"))
        with tab.page.expect_navigation():
            tab.page.evaluate("() => document.forms[0].submit()")
        assert tab.page.get_by_role("alert").inner_text().startswith("This came from another site")
        assert 403 in answers
    assert rig.office.house.rows("SELECT count(*) FROM decisions") == [(before,)]


def focused(tab: Tab) -> str:
    """Name what has the focus, as a screen reader speaks it."""
    said: str = tab.page.evaluate(
        "() => { const it = document.activeElement; "
        "return it.getAttribute('aria-label') || (it.labels && it.labels[0] ? it.labels[0].innerText : it.innerText) }"
    )
    return " ".join(said.split())


def tab_to(tab: Tab, name: str) -> None:
    """Press Tab until this has the focus, and see that it shows."""
    for _ in range(80):
        tab.page.keyboard.press("Tab")
        if focused(tab).startswith(name):
            outline = tab.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name!r} has the focus, and nobody sees it"
            return
    pytest.fail(f"no way leads to {name!r} by the keyboard")


def test_by_keyboard_alone_the_owner_signs_in_and_hides_a_story(rig: Rig, tab: Tab) -> None:
    """By Tab and Enter, as who can't use a mouse does."""
    story = carried(rig)
    tab.open(f"stories/{story}")
    tab_to(tab, "Skip to the content")
    tab_to(tab, "Sign in")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/owner/sign-in*")
    tab_to(tab, "Token")
    tab.page.keyboard.type(TOKEN)
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    assert tab.page.url.partition("?")[0].endswith(f"/stories/{story}")
    tab_to(tab, "Hide in All of it")
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    assert "Hidden." in tab.page.get_by_role("status").inner_text()
    tab_to(tab, "Undo")
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    assert "Taken back." in tab.page.get_by_role("status").inner_text()


def paths(rig: Rig) -> list[str]:
    """List a page of each kind."""
    story = carried(rig)
    return [
        "",
        "topics/all/",
        "topics/other/",
        f"stories/{story}",
        "search",
        "search?q=title:round",
        "search?q=(a",
        "search?q=nothinghasit",
        "sources",
        "sources/one",
        "stories/999999999",
        "owner/sign-in",
    ]


OWN = ["owner/", "owner/preview", "owner/preview?q=title:round&topic=other", "owner/preview?q=(a"]


def faults(tab: Tab, paths: list[str]) -> dict[str, list[str]]:
    """Ask axe-core about pages; one that is wider than the screen is a fault, too."""
    axe, found = axe_core(), {}
    for path in paths:
        tab.open(path)
        found[path] = tab.violations(axe)
        wide = tab.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        found[path] += [f"it is {wide} pixels wider than the screen"] if wide > 0 else []
    return {path: faults for path, faults in found.items() if faults}


def test_axe_finds_no_serious_fault_for_readers_in_the_light(rig: Rig) -> None:
    """On a page of each kind."""
    with rig.browser.tab() as tab:
        assert faults(tab, paths(rig)) == {}


def test_axe_finds_no_serious_fault_for_the_owner_on_a_phone_in_the_dark(rig: Rig) -> None:
    """The same pages with the owner's forms on them, his own, and the page where he signs in."""
    rig.office.do(do="tag", story=str(carried(rig)), tags=[["desk", "dark"]], by="ann")
    with rig.browser.tab(scheme="dark", size=PHONE) as tab:
        assert faults(tab, ["owner/sign-in"]) == {}
        sign_in(tab)
        assert faults(tab, [*paths(rig)[:-1], *OWN]) == {}


def test_axe_finds_no_serious_fault_on_the_owner_s_pages_in_the_light(rig: Rig) -> None:
    """Those that readers do not see."""
    with rig.browser.tab() as tab:
        sign_in(tab)
        assert faults(tab, [f"stories/{carried(rig)}", "topics/all/", "sources", *OWN]) == {}
