"""The owner's part behind nginx, under a path, as docs/pages.md has it; and a cookie's bounds."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from starlette.requests import Request

from feeds.owner import cookie
from house import ROOT, House, free_port, until
from office import TOKEN, Office, running_office
from origin import Origin, item, rss
from served import Stub

TOPIC = """
[[topic]]
id = "none"
title = "None"
match = "zzz"
"""


@contextlib.contextmanager
def running_nginx(folder: Path, port: int, daemon: int) -> Iterator[None]:
    """Run nginx before the daemon, with the lines of the note, the path taken off."""
    note = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```nginx\n(.*?)```", note, re.DOTALL)
    assert "proxy_pass http://127.0.0.1:8000/;" in note
    lines = lines.replace("location /", "location /wire/").replace("127.0.0.1:8000;", f"127.0.0.1:{daemon}/;")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error; events {{}} http {{ access_log off; {temporary} "
        f"server {{ listen 127.0.0.1:{port}; {lines} }} }}"
    )
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error")])
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.needs("nginx")
def test_behind_a_web_server_under_a_path(house: House, origin: Origin) -> None:
    """The owner signs in, pins, follows where he is led, and signs out, all below that path."""
    port = free_port()
    origin.feed("/feed", rss(item(1)))
    house.configure({"news": origin.url("/feed")}, TOPIC, allow=origin.port)
    text = house.config.read_text()
    text = re.sub(r"base_url = .*", f'base_url = "http://127.0.0.1:{port}/wire/"', text)
    house.config.write_text(
        text.replace("[wireroom]\n", f'[wireroom]\ntoken = "{TOKEN}"\nproxies = ["127.0.0.1"]\n', 1)
    )
    with running_office(house) as office, running_nginx(house.folder, port, house.port):
        office.do(do="poll", sources=["news"], due=False)
        outside = Office(house, port, office.loop, office.door, office.engine)
        until(lambda: outside.ask("/wire/healthz").status == 200, "nginx does not answer")

        def go(path: str, to: str) -> str:
            return re.sub(r"^http://[^/]+", "", urljoin(f"http://x{path}", to))

        got = outside.post("/wire/owner/sign-in", {"token": TOKEN, "next": "owner/"}, Origin=f"http://127.0.0.1:{port}")
        assert got.status == 303, got.text
        assert "Path=/wire/;" in got.cookies[0]
        outside.cookie = got.cookies[0].partition(";")[0]
        desk = go("/wire/owner/sign-in", got.headers["location"])
        assert desk == "/wire/owner/?did=sign-in"
        page = outside.ask(desk)
        found = re.search(r'name="csrf" value="(\w+)"', page.text)
        assert (page.status, found is not None) == (200, True)
        (style,) = set(re.findall(r'href="([^"]*owner\.css[^"]*)"', page.text))
        assert outside.ask(go(desk, style)).status == 200

        assert found is not None
        fields = {"csrf": found[1], "story": "1", "topic": "none", "next": "stories/1"}
        got = outside.post("/wire/owner/pin", fields, Origin=f"http://127.0.0.1:{port}")
        assert go("/wire/owner/pin", got.headers["location"]).startswith("/wire/stories/1?did=pin&decision=")
        assert outside.post("/wire/owner/pin", fields, Origin="http://evil.example").status == 403
        got = outside.post("/wire/owner/sign-out", fields)
        assert go("/wire/owner/sign-out", got.headers["location"]) == "/wire/"
        assert "Path=/wire/;" in got.cookies[0]


@pytest.mark.parametrize(
    ("base_url", "host", "path", "secure"),
    [
        ("http://127.0.0.1:8000/", "127.0.0.1:8000", "/", False),
        ("https://wire.example/", "wire.example", "/", True),
        ("https://wire.example/news/", "WIRE.example", "/news/", True),
        ("https://wire.example/news/", "127.0.0.1:8000", "/", True),  # at home, without the web server
    ],
)
def test_a_cookie_is_bound_to_our_place(tmp_path: Path, base_url: str, host: str, path: str, *, secure: bool) -> None:
    """Where readers reach us under a path, it is for that path; under TLS, for TLS."""
    site = Stub(tmp_path)
    site.base_url = base_url
    request = Request({"type": "http", "headers": [(b"host", host.encode())], "method": "POST", "path": "/"})

    bounds = cookie(request, site)
    assert bounds == {"path": path, "secure": secure, "httponly": True, "samesite": "strict"}
