"""A feed's address in a real browser: a person gets the page, and can get the document, with nothing that runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from feeds.render import MEDIA_TYPES
from served import running_site

ATOM = b"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>All of it</title>
<x:script xmlns:x="http://www.w3.org/1999/xhtml">document.title = "it ran"</x:script></feed>
"""


async def page(_: Request) -> Response:
    """The topic's page."""
    html = "<!doctype html><html lang=en><title>News</title><h1>The page of the topic</h1>"
    return HTMLResponse(html, headers={"Content-Security-Policy": "default-src 'none'; connect-src 'self'"})


@pytest.mark.needs("chromium")
def test_browser_shows_the_page_and_the_document(tmp_path: Path) -> None:
    """Also where it has just fetched the same feed, as a reader in a browser does: its cache keeps them apart."""
    sync_api = pytest.importorskip("playwright.sync_api")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with running_site(tmp_path, [Route("/topics/news/", page)]) as ask, sync_api.sync_playwright() as playwright:
        from feeds.publish import Publisher

        ask.site.documents["news", "atom"] = Publisher(tmp_path).write("topics/news.atom", ATOM, MEDIA_TYPES["atom"])
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        try:
            tab = chromium.new_page()
            feed = f"http://127.0.0.1:{ask.port}/topics/news.atom"
            for _ in range(2):
                tab.goto(feed)
                assert tab.url.endswith("/topics/news/")
                assert tab.inner_text("h1") == "The page of the topic"
                assert "All of it" in tab.evaluate("address => fetch(address).then(got => got.text())", feed)
            tab.goto(feed + "?raw")
            assert tab.url.endswith("?raw")
            assert "All of it" in tab.content()
            assert tab.title() != "it ran"
        finally:
            chromium.close()
