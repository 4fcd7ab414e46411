"""Debian's chromium, without a window, through Playwright; it remembers all that a page should not have done.

Whoever has no chromium has these tests skipped (``tests/conftest.py``), and so has whoever has no Playwright.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

Scheme = Literal["light", "dark"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

AUDIT = r"""
() => {
  const found = [];
  const schemes = new Set(["http:", "https:"]);
  for (const one of document.querySelectorAll("*")) {
    const name = one.localName;
    if (["script", "iframe", "frame", "object", "embed", "applet", "base", "portal", "style", "math"].includes(name))
      found.push("<" + name + ">");
    if (name === "meta" && one.httpEquiv) found.push("meta http-equiv");
    const leads = name === "form" ? new URL(one.action, location).origin : location.origin;
    if (leads !== location.origin) found.push("form to " + leads);
    for (const attribute of one.attributes) {
      const key = attribute.name.toLowerCase();
      if (key.startsWith("on") || key === "srcdoc" || key === "style" || key === "ping" || key === "formaction")
        found.push(name + "[" + key + "]");
      if (["href", "src", "action", "poster", "data", "cite", "background", "xlink:href"].includes(key)) {
        let scheme = "none";
        try { scheme = new URL(attribute.value, location).protocol; } catch (error) { }
        if (!schemes.has(scheme)) found.push(name + "[" + key + "=" + attribute.value + "]");
      }
    }
  }
  return found;
}
"""
"""Looks in a page for what could run, load or lead where it should not → a list of such things."""


@dataclass
class Seen:
    """What a tab did that it should not: what it complained of, windows that popped up, servers it went to."""

    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """All of it, in words."""
        return [
            *self.complaints,
            *(f"dialog: {one}" for one in self.dialogs),
            *(f"went to {one}" for one in self.foreign),
        ]


@dataclass
class Tab:
    """A tab of a browser of its own: no cookies of others. ``page`` is Playwright's."""

    page: Any
    seen: Seen
    url: str

    def open(self, path: str) -> Any:
        """Open one of our pages → Playwright's response."""
        return self.page.goto(self.url + path.lstrip("/"), wait_until="load")

    def press(self, name: str) -> None:
        """Press a button by the name that a screen reader speaks, and wait for the page that it leads to."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role("button", name=name, exact=True).first.click()

    def audit(self) -> list[str]:
        """List what on the page could run, load or lead where it should not."""
        found: list[str] = self.page.evaluate(AUDIT)
        return found

    def violations(self, axe: Path, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
        """Ask axe-core what is wrong with the page for who sees or hears it otherwise → a line each."""
        self.page.evaluate(axe.read_text(encoding="utf-8"))
        result = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['impact']}: {one['id']}: {one['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for one in result["violations"]
            if one["impact"] in impacts
            for node in one["nodes"]
        ]


class Browser:
    """A running chromium."""

    def __init__(self, chromium: Any, url: str) -> None:
        self._chromium = chromium
        self.url = url

    @contextlib.contextmanager
    def tab(
        self, *, scheme: Scheme = "light", size: dict[str, int] = DESK, lawless: bool = False, script: bool = True
    ) -> Iterator[Tab]:
        """Open a tab. ``lawless``: it does not heed our Content-Security-Policy; without ``script`` it runs none."""
        context = self._chromium.new_context(
            color_scheme=scheme, viewport=size, bypass_csp=lawless, java_script_enabled=script
        )
        seen = Seen()
        own = urlsplit(self.url).netloc

        def on_request(route: Any) -> None:
            """Let through what is for us; note all else, which never leaves."""
            if urlsplit(route.request.url).netloc == own:
                route.continue_()
            else:
                seen.foreign.append(route.request.url)
                route.abort()

        def on_dialog(dialog: Any) -> None:
            seen.dialogs.append(dialog.message)
            dialog.dismiss()

        def on_console(message: Any) -> None:
            if message.type in ("error", "warning"):
                seen.complaints.append(message.text)

        context.route("**/*", on_request)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("dialog", on_dialog)
        page.on("console", on_console)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("popup", lambda popup: seen.dialogs.append(f"window {popup.url}"))
        try:
            yield Tab(page, seen, self.url)
        finally:
            context.close()


@contextlib.contextmanager
def running_browser(url: str) -> Iterator[Browser]:
    """Run chromium while the body runs; ``url`` is the site that its tabs look at."""
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield Browser(chromium, url)
        finally:
            chromium.close()


def axe_core() -> Path:
    """Find axe-core, which is installed with the other parsers of npm; skips the test where it is not."""
    path = Path(__file__).parent / "parsers" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        message = "axe-core is not installed: (cd tests/parsers && npm ci)"
        if os.environ.get("WIREROOM_TEST_ALL"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return path
