"""The owner's part, over HTTP, of a real daemon: who may sign in, what a form must carry, what is done by it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from feeds.limits import RATES
from feeds.owner_forms import WORDS, wish
from house import ROOT, House
from office import TOKEN, Office, running_office
from origin import Origin, item, rss, running_origin

TOPICS = """
[[topic]]
id = "all"
title = "All"
match = "NOT zzz"

[[topic]]
id = "none"
title = "None"
match = "zzz"
"""


def settle(house: House, origin: Origin, *, token: str | None = TOKEN) -> None:
    """Write the config of a house with one source of four stories."""
    origin.feed("/feed", rss(*(item(n) for n in range(1, 5)), title="The feed"))
    house.configure({"news": origin.url("/feed")}, TOPICS, allow=origin.port)
    if token is not None:
        text = house.config.read_text().replace("[wireroom]\n", f'[wireroom]\ntoken = "{token}"\n', 1)
        house.config.write_text(text)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Origin]]:
    """One daemon for the module, with the stories polled."""
    with running_origin() as origin:
        house = House(tmp_path_factory.mktemp("house"))
        settle(house, origin)
        with running_office(house) as office:
            office.do(do="poll", sources=["news"], due=False)
            yield office, origin


@pytest.fixture
def office(running: tuple[Office, Origin]) -> Iterator[Office]:
    """Give the daemon with nobody signed in; what was decided meanwhile is taken back."""
    office = running[0]
    office.cookie = None
    office.seat += 1
    yield office
    for (number,) in office.house.rows("SELECT id FROM decisions WHERE undone_at IS NULL ORDER BY id DESC"):
        office.do(do="undo", decision=number)


def story(office: Office, number: int) -> int:
    """Find the story of a feed's item."""
    ((found,),) = office.house.rows("SELECT story_id FROM entries WHERE guid = ?", f"id-{number}")
    return int(found)


def shown(office: Office, topic: str) -> list[str]:
    """Read a published feed → the titles of its items."""
    return [one["title"] for one in office.ask(f"/topics/{topic}.json").json["items"]]


# --- Signing in -------------------------------------------------------------------------------------------------------


def test_the_token_signs_in_and_out(office: Office) -> None:
    """The cookie is of no use to scripts or other sites; who signs out has none."""
    assert office.ask("/owner/").headers["location"] == "sign-in?next=owner%2F"

    got = office.sign_in(next="owner/preview?q=a")
    assert (got.status, got.headers["location"]) == (303, "../owner/preview?q=a&did=sign-in")
    assert re.fullmatch(
        r"wireroom=v1\.\d+\.[\w-]{24}\.[0-9a-f]{64}; HttpOnly; Max-Age=2592000; Path=/; SameSite=strict", got.cookies[0]
    )
    desk = office.ask("/owner/")
    assert desk.status == 200
    assert "no-store" in desk.headers["cache-control"]
    assert "Cookie" in desk.headers["vary"]
    assert "form-action 'self'" in desk.headers["content-security-policy"]
    assert office.ask("/owner/sign-in?next=owner/").headers["location"] == "../owner/"

    got = office.form("sign-out")
    assert got.status == 303
    assert "Max-Age=0" in got.cookies[0]
    office.cookie = None
    assert office.ask("/owner/").status == 303


@pytest.mark.parametrize(
    "wrong", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ä" * 20, "\ud800", "token\0", "x" * 1999]
)
def test_no_other_token_signs_in(office: Office, wrong: str) -> None:
    """Whatever characters it has."""
    given = wrong.encode("utf-8", "surrogatepass")
    got = office.post("/owner/sign-in", {"token": given})

    assert got.status in (400, 403, 429)
    assert not got.cookies


def test_who_tries_too_often_has_to_wait_with_the_right_token_too(office: Office) -> None:
    """Others need not; a program's wrong tokens count as well."""
    burst = int(RATES["sign-in"].burst)
    assert {office.post("/owner/sign-in", {"token": "wrong"}).status for _ in range(burst)} == {403}
    got = office.sign_in()
    assert (got.status, got.cookies) == (429, ())
    assert int(got.headers["retry-after"]) >= 1

    tries = int(RATES["act"].burst) + 60
    assert {office.program("/owner/pin", {"story": 1}, "wrong").status for _ in range(tries)} == {401, 429}
    office.seat += 1
    assert office.sign_in().status == 303


@pytest.mark.parametrize("cookie", ["", "v1.9999999999.aaaaaaaaaaaaaaaaaaaaaaaa." + "0" * 64, "v1", "\xff", "a" * 5000])
def test_no_made_up_cookie_is_a_session(office: Office, cookie: str) -> None:
    """Only what we have signed."""
    assert office.ask("/owner/", Cookie=f"wireroom={cookie}").status == 303


def test_without_a_token_there_is_no_such_part(house: House, origin: Origin) -> None:
    """Not even a form; and no cookie or header is anybody's."""
    settle(house, origin, token=None)
    with running_office(house) as office:
        for path in ("/owner", "/owner/", "/owner/sign-in", "/owner/preview?q=a"):
            assert office.ask(path).status == 404
        for path in ("sign-in", "sign-out", *WORDS):
            assert office.post(f"/owner/{path}", {"token": ""}).status == 404
            assert office.program(f"/owner/{path}", {"story": 1}, "None").status == 404


# --- Who may send what ------------------------------------------------------------------------------------------------


def test_a_get_changes_nothing(office: Office) -> None:
    """Not even with a session and all that a form would carry."""
    office.sign_in()
    for word in (*WORDS, "sign-out"):
        got = office.ask(f"/owner/{word}?csrf={office.csrf()}&story={story(office, 1)}&topic=all&source=news&url=x")
        assert got.status == 405, word
        assert office.ask(f"/owner/{word}", "GET", X_HTTP_Method_Override="POST").status == 405
    assert office.house.rows("SELECT count(*) FROM decisions WHERE undone_at IS NULL") == [(0,)]
    assert office.ask("/owner/").status == 200


@pytest.mark.parametrize("word", WORDS)
def test_nobody_else_has_anything_done(office: Office, word: str) -> None:
    """Without a session, with a wrong token, with a form of another session or none of ours."""
    fields = {"story": story(office, 1), "topic": "none", "tags": "a:b", "source": "news", "url": "example.org"}
    assert office.post(f"/owner/{word}", fields).status == 403
    assert office.program(f"/owner/{word}", fields, "wrong").status == 401

    office.sign_in()
    other = office.csrf()
    office.sign_in()
    assert office.post(f"/owner/{word}", fields).status == 403
    for csrf in ("", "0" * 64, other, "ä"):
        assert office.post(f"/owner/{word}", {**fields, "csrf": csrf}).status == 403
    assert office.house.rows("SELECT count(*) FROM decisions WHERE undone_at IS NULL") == [(0,)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/json"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "OURS"}, 303),
    ],
    ids=str,
)
def test_a_form_comes_from_our_own_pages(office: Office, headers: dict[str, str], status: int) -> None:
    """What the browser says of where it comes from counts, besides what the form carries."""
    office.sign_in()
    sent = {name: value.replace("OURS", office.url[:-1]) for name, value in headers.items()}
    fields = {"csrf": office.csrf(), "story": story(office, 1), "topic": "none"}

    assert office.post("/owner/pin", fields, **sent).status == status
    if status == 403:
        assert office.post("/owner/sign-in", {"token": TOKEN}, **sent).status == 403
        assert office.post("/owner/sign-out", fields, **sent).status == 403


def test_no_form_leads_elsewhere(office: Office) -> None:
    """The way back is one of our own paths, or the front page (all ways to write another: test_seal.py)."""
    for where in ("https://evil.example/", "//evil.example", "/\\evil", "a\r\nX: y"):
        got = office.sign_in(next=where)
        assert (got.status, got.headers["location"]) == (303, "../?did=sign-in")
        assert "x" not in got.headers
    got = office.form("pin", story=story(office, 1), topic="none", next="//evil.example")
    assert re.fullmatch(r"\.\./\?did=pin&decision=\d+", got.headers["location"])
    assert 'name="next" value=""' in office.ask("/owner/sign-in?next=//evil.example", Cookie="").text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"csrf=x" + b"&a=1" * 100, 400),
        (b"\xff\xfe=1", 400),
        (b"csrf=%ff%fe", 400),
        (b"x" * 70_000, 413),
        (b"tags=" + b"a" * 3000, 413),
        (b"justwords", 400),
    ],
)
def test_what_is_no_form_is_refused(office: Office, body: bytes, status: int) -> None:
    """With the status that says why, and on a page."""
    office.sign_in()
    got = office.ask("/owner/pin", "POST", body, Content_Type="application/x-www-form-urlencoded")

    assert got.status == status
    assert len(body) > 65_536 or "Not done" in got.text


def test_a_page_of_the_owner_shows_what_is_asked_as_text(office: Office) -> None:
    """Markup in an address or a field is text on the page."""
    office.sign_in()
    evil = "%3Cscript%3Ealert(1)%3C/script%3E%22%27"
    for path in (f"/owner/preview?q={evil}&topic={evil}&days={evil}", f"/owner/?did={evil}&decision={evil}"):
        got = office.ask(path)
        assert got.status == 200
        assert "<script" not in got.text
    got = office.form("pin", story="<script>alert(1)</script>", topic='"><script>')
    assert got.status == 409
    assert "&lt;script&gt;" in got.text
    assert "<script" not in got.text


# --- What is done -----------------------------------------------------------------------------------------------------


def test_pin_hide_and_undo(office: Office) -> None:
    """As the command line does it, by the owner, and each leads back with the number by which it is undone."""
    office.sign_in()
    first, second = story(office, 1), story(office, 2)
    got = office.form("pin", story=first, topic="none", next=f"stories/{first}?x=1")
    number = int(got.headers["location"].rpartition("=")[2])
    assert got.headers["location"] == f"../stories/{first}?x=1&did=pin&decision={number}"
    assert shown(office, "none") == ["Story number 1"]
    assert office.house.rows("SELECT by, kind FROM decisions WHERE id = ?", number) == [("owner (web)", "pin")]

    assert office.form("hide", story=second, topic="all").status == 303
    assert "Story number 2" not in shown(office, "all")
    listed = office.ask("/topics/all/").text
    assert "Hidden here" in listed
    assert 'aria-label="Show in this topic: Story number 2"' in listed
    assert 'aria-label="Hide in this topic: Story number 2"' not in listed
    assert f"stories/{second}" not in office.ask("/").text.partition('id="topic-1"')[2]
    assert office.form("hide", story=first).status == 303
    assert shown(office, "none") == []
    assert office.form("unhide", story=first).status == 303
    assert "Story number 1" in shown(office, "all")
    got = office.form("unpin", story=first, topic="all")
    assert got.status == 409
    assert f"story {first} is not pinned in topic &#39;all&#39;" in got.text

    assert office.ask("/owner").headers["location"] == "owner/"
    desk = office.ask("/owner/?did=hide&decision=7").text
    assert "Hidden." in desk
    assert desk.count(">Undo</button>") > 3
    assert office.form("undo", decision=number).status == 303
    assert shown(office, "none") == []


def test_tags_leads_merges_and_splits(office: Office) -> None:
    """Tags are written as the config has them; a fault is told with its mend."""
    office.sign_in()
    one, other = story(office, 3), story(office, 4)
    assert office.form("tag", story=one, tags="subject:Oil Prices, place:x").status == 303
    sql = "SELECT t.name FROM story_tags x JOIN tags t ON t.id = x.tag_id WHERE x.story_id = ? AND x.origin = 'person'"
    assert {name for (name,) in office.house.rows(sql, one)} == {"oil-prices", "x"}
    assert office.form("untag", story=one, tags="place:x").status == 303
    for tags in ("nonsense", "", "Subject:a", "place:"):
        assert office.form("tag", story=one, tags=tags).status in (400, 409)
    assert "write kind:name" in office.form("tag", story=one, tags="nonsense").text

    got = office.form("merge", story=one, other=other)
    assert got.status == 303
    assert office.house.rows("SELECT merged_into FROM stories WHERE id = ?", max(one, other)) == [(min(one, other),)]
    ((entry,),) = office.house.rows("SELECT id FROM entries WHERE guid = 'id-4'")
    assert office.form("lead", story=one, entry=entry).status == 303
    assert office.form("lead", story=one).status == 303
    assert office.form("split", story=one, entry=entry).status == 303
    assert office.form("split", story=one, entry="x").status == 400


def test_a_program_has_it_as_json(office: Office) -> None:
    """By its token alone: no cookie, no form; faults are JSON, too."""
    one = story(office, 1)
    got = office.program("/owner/pin", {"story": one, "topic": "none"})
    assert (got.status, got.json["did"], got.json["story"]) == (200, "pin", one)
    assert "set-cookie" not in got.headers
    got = office.program("/owner/tag", {"story": str(one), "tags": ["a:b", "a:c"]})
    assert got.json["tags"] == ["a:b", "a:c"]
    got = office.program("/owner/pin", {"story": one, "topic": "nnone"})
    assert (got.status, got.json) == (409, {"error": "there is no topic 'nnone'; did you mean 'none'?"})
    assert office.program("/owner/pin", {"topic": "none"}).json == {"error": "story is missing"}
    for body in ("[]", "{", '{"story": {}}', "[" * 30_000, '{"story": 1e999}'):
        kind = {"Authorization": f"bearer {TOKEN}", "Content_Type": "application/json"}
        assert office.ask("/owner/pin", "POST", body, **kind).status == 400, body[:20]


def test_a_query_is_tried_on_the_archive(office: Office) -> None:
    """What it takes, what is new and gone against a topic; a fault is told, and nothing is written."""
    office.sign_in()
    page = office.ask("/owner/preview?q=title:number&topic=none&days=7").text
    assert "Takes 4 stories" in page
    assert "4 would be new, none would no longer be taken" in page
    page = office.ask("/owner/preview?q=(a").text
    assert 'role="alert"' in page
    assert office.ask("/owner/preview?q=zzz").text.count("Takes 0 stories") == 1


def test_a_source_is_polled_now(running: tuple[Office, Origin], office: Office) -> None:
    """And the page says what came of it."""
    origin = running[1]
    office.sign_in()
    asked = len(origin.asked)
    got = office.form("poll", source="news", next="sources/news")
    assert got.status == 200
    assert "0 new entries" in got.text
    assert '<a href="../sources/news">' in got.text
    assert len(origin.asked) == asked + 1
    got = office.form("poll", source="nwes")
    assert (got.status, "did you mean &#39;news&#39;?" in got.text) == (409, True)


def test_a_source_is_found_looked_at_and_added(running: tuple[Office, Origin], office: Office) -> None:
    """First what it is; then it is in the config, with its comments, and polled."""
    origin = running[1]
    config = office.house.config
    before = config.read_text()
    origin.feed("/more", rss(item(9, title="<b>Nine</b>"), title="More &lt;news&gt;"))
    link = '<link rel="alternate" type="application/rss+xml" href="/more">'
    origin.feed("/site", f"<html><head>{link}</head><body>A site.</body></html>", "text/html")
    office.sign_in()
    got = office.form("add", url=origin.url("/site"), look="yes", next="sources")
    assert got.status == 200, got.text
    assert "More &lt;news&gt;" in got.text
    assert 'value="more-news"' in got.text
    assert config.read_text() == before

    got = office.form("add", url=origin.url("/more"), id="more", tags="desk:a, desk:b", every="2h", next="sources")
    assert got.headers["location"] == "../sources/more?did=add"
    added = config.read_text()
    assert added != before
    assert "more" in {source.id for source in office.engine.config.sources}
    office.do(do="poll", sources=["more"], due=False)
    assert office.house.rows("SELECT count(*) FROM entries WHERE guid = 'id-9'") == [(1,)]

    for fields, why in {
        ("url", origin.url("/more")): "is in the config already: source &#39;more&#39;",
        ("url", origin.url("/none")): "404",
        ("url", "http://127.0.0.1:1/"): "127.0.0.1",
        ("url", "file:///etc/passwd"): "is no web address",
        ("id", "No Good"): "id",
        ("id", "news"): "used already",
        ("every", "soon"): "soon",
        ("tags", "x"): "write kind:name",
    }.items():
        origin.feed("/third", rss(item(11), title="Third"))
        got = office.form("add", **{"url": origin.url("/third"), fields[0]: fields[1]})
        assert got.status in (400, 409), fields
        assert why in got.text, fields
        assert config.read_text() == added


def test_another_token_ends_the_session_and_none_ends_the_part(office: Office) -> None:
    """As soon as the daemon has read its config anew."""
    config, text = office.house.config, office.house.config.read_text()
    office.sign_in()
    try:
        config.write_text(text.replace(TOKEN, TOKEN[::-1]))
        office.do(do="reload")
        assert office.ask("/owner/").status == 303
        assert office.program("/owner/pin", {"story": 1}).status == 401
        config.write_text(text.replace(f'token = "{TOKEN}"\n', ""))
        office.do(do="reload")
        assert office.ask("/owner/").status == 404
    finally:
        config.write_text(text)
        office.do(do="reload")
    assert office.ask("/owner/").status == 200


def test_the_token_is_kept_nowhere(office: Office) -> None:
    """Not in the archive, in what is published, on a page or in what the daemon says of itself."""
    office.sign_in()
    office.form("pin", story=story(office, 1), topic="none")
    office.do(do="reload")
    kept = [path for path in office.house.folder.rglob("*") if path.is_file() and path != office.house.config]
    assert office.house.archive in kept
    for path in kept:
        assert TOKEN.encode() not in path.read_bytes(), path
    for page in ("/owner/", "/owner/sign-in", "/", "/sources", "/healthz", "/api/topics"):
        assert TOKEN not in office.ask(page).text


def test_the_note_names_every_form_with_its_fields() -> None:
    """`docs/pages.md` has all that can be asked, and no field that is not read."""
    note = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z`, ]+`) \| (`[a-z`, ]+`) \|", note, re.MULTILINE)
    named = {word: set(re.findall(r"\w+", fields)) for words, fields in rows for word in re.findall(r"\w+", words)}

    assert tuple(named) == WORDS
    for word, fields in named.items():
        some = dict.fromkeys(fields, "7")
        whole = wish(word, some)
        assert all(wish(word, {**some, name: "8"}) != whole for name in fields - {"look"}), word
        assert wish("add", {"url": "a", "look": "yes"})["dry_run"]
