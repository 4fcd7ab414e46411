"""The publish folder behind nginx, configured as docs/serving.md says: the daemon's bytes, types, dates and answers."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import brotli
import pytest
from lxml import etree, html

from feeds.publish import Published
from house import ROOT, House, free_port, until
from printshop import FORMATS, PrintShop

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
FRAME = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{server}
}}
"""


class Answer(NamedTuple):
    """What a server says."""

    status: int
    headers: dict[str, str]
    body: bytes


def documented_server(root: Path, port: int) -> str:
    """Take the server of files out of the documentation, for this folder and port."""
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    (block,) = (one for one in re.findall(r"```nginx\n(.*?)```", text, re.DOTALL) if "gzip_static" in one)
    block = re.sub(r"listen 80;", f"listen 127.0.0.1:{port};", block)
    return re.sub(r"root [^;]*;", f"root {root};", block)


class Nginx:
    """A client of it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())

    def answers(self) -> bool:
        """Tell whether it is up."""
        with contextlib.suppress(OSError):
            return self("/").status > 0
        return False


@contextlib.contextmanager
def running_nginx(folder: Path, root: Path) -> Iterator[Nginx]:
    """Serve ``root`` while the body runs."""
    assert NGINX is not None
    port = free_port()
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, server=documented_server(root, port)))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        asking = Nginx(port)
        until(asking.answers, "nginx does not answer")
        yield asking
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[PrintShop]:
    """A topic with a feed and archive pages, published."""
    made = PrintShop(tmp_path, "limit = 3")
    made.take(8, chars=3000)
    await made.press.publish(everything=True)
    yield made
    await made.close()


def documents(shop: PrintShop) -> dict[str, Published]:
    """List what the daemon serves of it, by path."""
    found = {f"/topics/t.{fmt}": shop.press.published("t", fmt) for fmt in ("rss", "atom", "json")}
    paths = ["topics.opml", "static/style.css", *(f"topics/t/{page}.{fmt}" for page in (1, 2) for fmt in FORMATS)]
    found |= {f"/{path}": shop.press.document(path) for path in paths}
    return {path: document for path, document in found.items() if document is not None}


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_nginx_gives_what_the_daemon_gives(shop: PrintShop, tmp_path: Path) -> None:
    """The same bytes, plain and compressed, type and date; a client that has them is told so; HEAD has no body."""
    (tmp_path / "nginx").mkdir()
    there = documents(shop)
    assert len(there) == 11
    with running_nginx(tmp_path / "nginx", shop.config.publish) as ask:
        for path, document in there.items():
            plain = ask(path)
            assert (plain.status, plain.body) == (200, document.body), path
            assert plain.headers["content-type"] == document.media_type
            assert plain.headers["last-modified"] == document.last_modified
            assert plain.headers["x-content-type-options"] == "nosniff"
            zipped = ask(path, Accept_Encoding="gzip")
            assert (zipped.headers["content-encoding"], zipped.body) == ("gzip", document.gzip)
            assert zipped.headers["vary"] == "Accept-Encoding"
            assert zipped.headers["last-modified"] == document.last_modified
            assert ask(path, If_Modified_Since=document.last_modified).status == 304
            assert ask(path, If_None_Match=plain.headers["etag"]).status == 304
            assert ask(path, If_None_Match='"other"', If_Modified_Since=document.last_modified).status == 200
            head = ask(path, "HEAD")
            assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(document.body)))
        assert ask("/topics/t.json").headers["access-control-allow-origin"] == "*"
        assert ask("/topics/").status == 403, "no list of the topics, for the sake of secret ones"
        assert ask("/topics/none.rss").status == 404
        assert html.document_fromstring(ask("/topics/t/").body).findtext("head/title") == "T · Wireroom"

        before = ask("/topics/t.rss")
        shop.take(1)
        await shop.press.publish()
        after = ask("/topics/t.rss", If_None_Match=before.headers["etag"])
        assert after.status == 200
        assert after.headers["last-modified"] != before.headers["last-modified"]


async def test_every_link_between_files_leads_to_one(shop: PrintShop) -> None:
    """So that the folder works wherever it is put; nothing leads to what only the daemon has."""
    root = shop.config.publish
    seen: set[Path] = set()
    wanted = [root / "index.html"]
    while wanted:
        page = wanted.pop()
        seen.add(page)
        document = html.document_fromstring(page.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
        links = [link.get("href") for link in (*document.iter("a"), *document.iter("link"))]
        for address in (*(link or "" for link in links), *(image.get("src") or "" for image in document.iter("img"))):
            if address.startswith("#") or re.match(r"https?://", address):
                continue
            target = (page.parent / address.partition("?")[0]).resolve()
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{page}: {address}"
            if target.suffix == ".html" and target not in seen:
                wanted.append(target)
        assert "<script" not in page.read_text(encoding="utf-8")
        assert document.find(".//meta[@http-equiv='Content-Security-Policy']") is not None
    assert seen == {root / "index.html", root / "topics" / "t" / "index.html"}


async def test_compressed_files_are_the_documents(shop: PrintShop) -> None:
    """Of every file, as static hosts send them."""
    plain = [path for path in shop.config.publish.rglob("*") if path.is_file() and path.suffix not in (".gz", ".br")]
    assert len(plain) > 12
    for path in plain:
        body = path.read_bytes()
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == body
        assert brotli.decompress(path.with_name(f"{path.name}.br").read_bytes()) == body


async def test_opml_lists_what_anybody_may_know_of(tmp_path: Path) -> None:
    """Not the secret ones, whose page asks not to be kept; whatever a title has in it, the file is good XML."""
    title = 'Us & <them> "quoted"'
    other = f"[[topic]]\nid = 'o'\ntitle = '{title}'\nmatch = 'tea'"
    shop = PrintShop(tmp_path, f"secret = true\n{other}")
    shop.take(1)
    shop.write(
        lambda db: db.execute(
            "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (2, 'o', ?, 'urn:uuid:o', '2026-01-01')",
            [title],
        )
    )
    await shop.press.publish(everything=True)
    opml = etree.fromstring(shop.file("topics.opml"))
    name = shop.press.names["t"]

    assert opml.get("version") == "2.0"
    assert [dict(outline.attrib) for outline in opml.iter("outline")] == [
        {
            "type": "rss",
            "text": title,
            "title": title,
            "xmlUrl": "https://wire.example/topics/o.atom",
            "htmlUrl": "https://wire.example/topics/o/",
        }
    ]
    assert b'content="noindex"' in shop.file(f"topics/{name}/index.html")
    found = [path.read_bytes() for path in shop.config.publish.glob("*.*") if path.suffix in (".html", ".opml")]
    assert len(found) == 2
    assert not any(name.encode() in body for body in found)
    await shop.close()


def test_publish_writes_without_polling_beside_a_daemon_too(house: House) -> None:
    """The daemon does it then; what can't be written is an error with a code of its own."""
    (house.folder / "s.json").write_text(
        '{"version": "https://jsonfeed.org/version/1.1", "title": "S", "items": '
        '[{"id": "1", "url": "https://s.example/1", "title": "Apples", "content_text": "Apples fell."}]}'
    )
    house.configure({"s": "s.json"}, '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "apples"\n')
    house.poll()
    polls = house.rows("SELECT count(*) FROM polls")
    public = house.folder / "public"
    before = {path: path.read_bytes() for path in public.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in before if path.parent.name == "topics"}
    shutil.rmtree(public)
    done = house.wireroom("publish", "--once", "--json")
    assert json.loads(done.out) == {
        "folder": str(public),
        "topics": [{"topic": "all", "name": "all", "archive_pages": 0}],
    }
    assert {path: path.read_bytes() for path in public.rglob("*") if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in times} == times, "the content changed no later than before"
    assert house.rows("SELECT count(*) FROM polls") == polls

    (public / "topics" / "all.rss").unlink()
    (public / "topics" / "all.rss").mkdir()
    failed = house.wireroom("publish")
    assert failed.code == 74
    assert "all.rss: can't be written" in failed.err
    (public / "topics" / "all.rss").rmdir()
    with house.daemon():
        shutil.rmtree(public)
        done = house.wireroom("publish")
        assert done.code == 0, done.err
        assert "1 topic with 0 archive pages" in done.out
        assert {path: path.read_bytes() for path in public.rglob("*") if path.is_file()} == before
