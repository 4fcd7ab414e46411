"""OPML read and written: what other readers write, what is hostile, and the way out and back in."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.query import FIELDS
from db.text import slug
from wireroom.config import Source
from wireroom.config_addresses import without_credentials
from wireroom.opml import Listed, OpmlError, read_opml, write_opml
from wireroom.opml_export import listed
from wireroom.opml_import import Remark, plan_import
from wireroom.source_tables import NewSource
from wireroom.units import parse_duration

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
A = "https://a.example/feed"


def opml(*outlines: str, head: str = "", version: str = "2.0") -> bytes:
    """Write a list, each outline on a line of its own, from line 2."""
    lines = "\n".join(outlines)
    return f'<opml version="{version}"><head>{head}</head><body>\n{lines}\n</body></opml>'.encode()


def public(address: str, port: int) -> bool:
    """Take what begins with a 9 for public."""
    return address.startswith("9")


def taken(data: bytes, *config: Source) -> tuple[list[NewSource], list[Remark]]:
    """Import a list into a config."""
    return plan_import(*read_opml(data), config, [(source.url, source.id) for source in config], public)


def configured(id_: str, url: str, *, tags: tuple[str, ...] = (), every_s: float | None = None) -> Source:
    """Make a source as the config has it."""
    shown = without_credentials(url)
    return Source(id=id_, url=url, shown_url=shown, path=None, was=("old-" + id_,), tags=tags, every_s=every_s)


def told(remarks: list[Remark]) -> list[tuple[str, int, str]]:
    """Tell remarks shortly."""
    return [(remark.kind, remark.line, remark.why) for remark in remarks]


def test_folders_and_categories_become_tags() -> None:
    """Each folder on the path; categories as tags, as paths, as plain words; what no tag can be is told."""
    new, remarks = taken(
        opml(
            '<outline text="World News"><outline title="Ünder / Över">',
            f'<outline text="A" xmlUrl="{A}" category="desk:Foreign, /Boston/Weather,science,lang:en"/>',
            "</outline></outline>",
            '<outline text="★"><outline text="B" xmlUrl="https://b.example/"/></outline>',
        )
    )

    folders = ("folder:world-news", "folder:under-over")
    categories = ("category:boston", "category:weather", "category:science", "category:lang-en")
    assert new == [
        NewSource(id="a", url=A, tags=(*folders, *categories, "desk:foreign")),
        NewSource(id="b", url="https://b.example/"),
    ]
    assert told(remarks) == [("remark", 5, "the folder '★' has no letter or digit, and gives no tag")]


@pytest.mark.parametrize(
    "outline",
    [
        f'<outline text="A" type="rss" xmlUrl="{A}"/>',
        f'<outline TITLE="A" xmlURL=" {A} "/>',
        f'<OUTLINE title="A" text="" XMLURL="{A}"></OUTLINE>',
        f'<outline text="A" xmlurl="{A}" description="&#x1F600; &lt;b&gt;"><outline text="B" xmlUrl="{A}2"/></outline>',
        f'<outline text="A" type="rss" url="{A}"/>',
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
def test_attribute_names_in_any_case_and_age(outline: str, version: str) -> None:
    """As readers of twenty years have written them."""
    new, _ = taken(opml(outline, version=version))

    assert (new[0].id, new[0].url, new[0].tags) == ("a", A, ())


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "utf-16"),
        ("iso-8859-2", "ISO-8859-2"),
        ("windows-1250", "windows-1250"),
    ],
)
def test_any_encoding_that_expat_knows(encoding: str, declared: str) -> None:
    """By mark or declaration; blank lines before it too."""
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f'{head}<opml><body><outline text="Łódź">\n<outline text="ž" xmlUrl="{A}"/></outline></body></opml>'

    assert taken(text.encode(encoding))[0] == [NewSource(id="z", url=A, tags=("folder:lodz",))]
    if encoding != "utf-16":
        data = text.replace("Łódź", "★" if not declared else "?").encode(encoding)
        blank = b"\n\n" + data.removeprefix(b"\xef\xbb\xbf")
        assert told(taken(blank)[1])[0][:2] == ("remark", 4)


def test_what_gives_no_source_is_told_with_its_line() -> None:
    """Twice in the list, in the config already, no web address, no feed: nothing is lost in silence."""
    new, remarks = taken(
        opml(
            f'<outline text="F"><outline text="A" xmlUrl="{A}"/></outline>',
            '<outline text="G"><outline text="A again" xmlUrl="https://A.example/feed#x" category="c"/></outline>',
            '<outline text="K" xmlUrl="https://k.example/"/>',
            '<outline text="J" xmlUrl="javascript:alert(1)"/>',
            '<outline text="L" xmlUrl="file:///etc/passwd"/>',
            '<outline text="M" xmlUrl="/etc/passwd"/>',
            f'<outline text="N" xmlUrl="https://n.example/{"x" * 5000}"/>',
            '<outline text="P" xmlUrl="http://0x7f.1:8080/feed"/>',
            '<outline text="Q" xmlUrl="http://[::1]/feed"/>',
            '<outline text="R" xmlUrl="http://9.9.9.9/feed"/>',
            '<outline text="an empty folder"/>',
            '<outline text="page" type="link" url="https://user:SENTINEL@page.example/"/>',
            '<outline type="include" text="more" url="https://more.example/l.opml"/>',
            '<outline isComment="true" text="off"><outline text="O" xmlUrl="https://o.example/"/></outline>',
            '<outline text="S" xmlUrl="ftp://user:SENTINEL@s.example/"/>',
        ),
        configured("known", "https://u:SENTINEL@k.example"),
    )

    assert [(one.id, one.url, one.tags) for one in new] == [
        ("a", A, ("folder:f", "folder:g", "category:c")),
        ("p", "http://0x7f.1:8080/feed", ()),
        ("q", "http://[::1]/feed", ()),
        ("r", "http://9.9.9.9/feed", ()),
    ]
    kinds = [(remark.kind, remark.line) for remark in remarks]
    assert kinds == [
        *(("known", 3), ("known", 4), ("refused", 5), ("refused", 6), ("refused", 7), ("refused", 8)),
        *(
            ("remark", 9),
            ("remark", 10),
            ("passed", 12),
            ("passed", 13),
            ("passed", 14),
            ("passed", 15),
            ("refused", 16),
        ),
    ]
    why = {remark.line: remark.why for remark in remarks}
    assert "'a'" in why[3]
    assert "'known'" in why[4]
    assert "127.0.0.1 port 8080" in why[9]
    assert "::1 port 80" in why[10]
    assert "SENTINEL" not in repr(remarks)


def test_ids_do_not_collide() -> None:
    """Same titles, ids that the config has or had, ids that are none; an address for a title gives the host."""
    new, remarks = taken(
        opml(
            *(f'<outline text="News" xmlUrl="https://n{n}.example/"/>' for n in range(3)),
            '<outline text="x" xmlUrl="https://x.example/" wireroom:id="have"/>',
            '<outline text="y" xmlUrl="https://y.example/" wireroom:id="old-have"/>',
            '<outline text="z" xmlUrl="https://z.example/" wireroom:id="no id" wireroom:every="often"/>',
            '<outline text="https://u:SENTINEL@t.example/feed" xmlUrl="https://u:SENTINEL@t.example/feed"/>',
        ),
        configured("have", "https://h.example/"),
    )

    assert [one.id for one in new] == ["news", "news-2", "news-3", "have-2", "old-have-2", "z", "t-example"]
    assert [remark.line for remark in remarks] == [5, 6, 7, 7]
    assert "SENTINEL" not in repr(remarks)


DEEP = b"<opml><body>" + b'<outline text="x">' * 100_000
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(10))
HOSTILE = {
    "billion laughs": (b"<!DOCTYPE opml [" + LAUGHS + b']><opml><outline text="&l9;"/></opml>', "DOCTYPE"),
    "external entity": (b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>', "DOCTYPE"),
    "external DTD": (
        b'<?xml version="1.0"?>\n<!DOCTYPE opml SYSTEM "http://127.0.0.1/x.dtd"><opml/>',
        "line 2: it has a",
    ),
    "nested outlines": (DEEP, "line 1: outlines nest more than 100 deep"),
    "nested elements": (b"<opml>" + b"<a>" * 100_000, "nest more than 100 deep"),
    "undeclared entity": (b'<opml><outline text="&nbsp;"/></opml>', "line 1: no valid XML: undefined entity"),
    "too large": (b" " * 20_000_001, "over 20,000,000 bytes"),
    "too many": (opml(*['<outline xmlUrl="http://a/"/>'] * 20_001), "line 20002: more than 20,000 feeds"),
    "too many that are none": (b"<opml>" + b"<outline/>" * 100_001, "more than 100,000 outlines"),
    "empty": (b" \n", "it is empty"),
    "a feed": (b'<?xml version="1.0"?>\n<rss><channel/></rss>', "line 2: no OPML: it begins with <rss>"),
    "a page": (b"<!DOCTYPE html><html>", "DOCTYPE"),
    "cut off": (opml(f'<outline text="A" xmlUrl="{A}"/>')[:-3], "line 3: no valid XML"),
    "no XML": (b"\n\nhello", "line 3: no valid XML: syntax error"),
    "unknown encoding": (b'<?xml version="1.0" encoding="x-klingon"?><opml/>', "unknown encoding"),
    "shift_jis": ('<?xml version="1.0" encoding="shift_jis"?><opml text="日"/>'.encode("shift_jis"), "encoding"),
    "bad utf-8": (b'<opml><outline text="\xff"/></opml>', "line 1: no valid XML"),
    "NUL": (b"<opml>\x00</opml>", "no valid XML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_can_not_be_read_says_where_and_why(name: str) -> None:
    """Refused as a whole, in one line."""
    data, error = HOSTILE[name]

    with pytest.raises(OpmlError) as caught:
        read_opml(data)

    assert error in str(caught.value)
    assert "\n" not in str(caught.value)


def test_huge_attributes_and_many_are_read_in_one_go() -> None:
    """Nine megabytes of a name, a hundred thousand attributes: names are cut, and reading is not quadratic."""
    many = " ".join(f'a{n}="{n}"' for n in range(100_000))
    new, _ = taken(opml(f'<outline text="{"x " * 4_500_000}" xmlUrl="{A}"/>', f'<outline xmlUrl="{A}2" {many}/>'))

    assert [one.url for one in new] == [A, f"{A}2"]
    assert len(new[0].id) < 64


def test_written_list_is_opml_2() -> None:
    """The required attributes, legal XML, folders nested in their order, other tags as categories, no credentials."""
    feeds = [
        Listed(id="a", url=A, title='A & "B"\x07\ufffe\n<c>', site_url="https://a.example/?x=1&y=2",
               tags=("desk:world", "folder:one", "category:science", "folder:two"), every="2h"),
        Listed(id="b", url="https://b.example/", tags=("folder:one",)),
        Listed(id="c", url="https://c.example/"),
    ]  # fmt: skip

    written = write_opml(feeds, title="Wireroom's <sources>", now=NOW)

    root = ET.fromstring(written)
    assert (root.tag, root.attrib) == ("opml", {"version": "2.0"})
    assert [child.tag for child in root] == ["head", "body"]
    assert root.findtext("head/title") == "Wireroom's <sources>"
    assert root.findtext("head/dateCreated") == "Tue, 24 Nov 2026 09:30:00 GMT"
    one, c = root.findall("body/outline")
    two, b = one.findall("outline")
    (a,) = two.findall("outline")
    assert (one.attrib, two.attrib) == ({"text": "one"}, {"text": "two"})
    assert a.attrib == {
        "text": 'A & "B"\n<c>',
        "title": 'A & "B"\n<c>',
        "type": "rss",
        "xmlUrl": A,
        "htmlUrl": "https://a.example/?x=1&y=2",
        "category": "desk:world,science",
        "{urn:wireroom:opml}id": "a",
        "{urn:wireroom:opml}every": "2h",
    }
    for feed in (a, b, c):
        assert all(feed.get(name) for name in ("text", "type", "xmlUrl"))


NAMES = st.text(min_size=1, max_size=30).map(slug).filter(bool)
KINDS = st.one_of(st.sampled_from(["folder", "category"]), st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True))
TAGS = st.lists(st.tuples(KINDS.filter(lambda kind: kind not in FIELDS), NAMES).map(":".join), max_size=30, unique=True)
IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
URLS = st.builds(
    "{}://{}{}.example/{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", "user:pass@", "user@"]),
    IDS.map(lambda id_: id_[:30].replace("_", "").strip("-") or "a"),
    st.text(st.sampled_from("abc/?&=%20~'+,;:@!$()*é\"<>日"), max_size=20),
)


@given(
    st.lists(
        st.tuples(IDS, URLS, TAGS, st.one_of(st.none(), st.integers(0, 9_000_000).map(lambda ms: ms / 1000))),
        max_size=8,
        unique_by=(lambda row: row[0], lambda row: without_credentials(row[1]).partition("#")[0].lower()),
    ),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_export_and_import_into_an_empty_config_give_the_same(
    rows: list[tuple[str, str, list[str], float | None]], title: str
) -> None:
    """Same sources, ids, tags and rhythms; but without the credentials. Whatever titles polling has found."""
    sources = [configured(id_, url, tags=tuple(tags), every_s=every_s) for id_, url, tags, every_s in rows]
    names: dict[str, tuple[str | None, str | None]] = {source.id: (title, title) for source in sources}

    data = write_opml([listed(source, names) for source in sources], title=title, now=NOW)
    new, remarks = taken(data)

    assert remarks == []
    assert {one.id: (one.url, set(one.tags), one.every and parse_duration(one.every)) for one in new} == {
        source.id: (source.shown_url, set(source.tags), source.every_s) for source in sources
    }
    ET.fromstring(data)
