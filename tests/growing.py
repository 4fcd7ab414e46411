"""An origin whose feeds grow with every request, and that knows what it gave: kills and power cuts are held to it."""

from __future__ import annotations

import threading

from origin import Answer, Asked, Origin, item, rss

SOURCES = ("a", "b", "c", "d")
CONFIG = """
[[rule]]
id = "odd"
tag = "subject:odd"
match = "one OR three OR five OR seven OR nine"

[[topic]]
id = "all"
title = "Everything"
match = "story"
limit = 1000
"""
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class GrowingOrigin:
    """Every request finds two items more, the same in all sources; a document always has all items."""

    def __init__(self, origin: Origin) -> None:
        self.items = 0
        self._one = threading.Lock()  # requests come on threads of their own: a document and its ETag are of one moment
        for name in SOURCES:
            origin.routes[f"/{name}"] = self.answer

    def answer(self, asked: Asked) -> Answer:
        """Serve all items; every third request is one too soon and gets a 304."""
        tag = asked.headers.get("If-None-Match")
        with self._one:
            if tag is not None and self.items % 6 == 0 and tag == f'"{self.items}"':
                self.items += 1
                return Answer(status=304)
            self.items += 2
            count = self.items
        source = asked.path.strip("/")
        documents = (
            item(f"{source}-{n}", title=f"Story number {n}", text=words(n)).replace("news.example", f"{source}.example")
            for n in range(count, 0, -1)
        )
        return Answer(rss(*documents).encode(), headers={"ETag": f'"{count}"', "Content-Type": "text/xml"})


def words(number: int) -> str:
    """Tell a number in words, long enough to be a text of its own."""
    spelled = " ".join(WORDS[int(digit)] for digit in str(number))
    return f"This is the story of the number {spelled}, told at some length so that its copies are known as one text."
