"""What was changed in an entry, word by word, as its story's page tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.revisions import History, Revised
from db.word_diff import Part, diff, pieces

CONTEXT_WORDS = 12
"""So many words are shown on either side of a change."""
MAX_CHANGES = 10
"""Of a story so many changes are told word by word, the newest: others are counted."""
MAX_EDITS = 250
"""So many words may differ; the time that it takes grows with the square of it (some 20 ms)."""
MAX_CHARS = 40_000
"""So much of a text is compared …"""
MAX_PARTS = 200
MAX_RUN = 2_000
"""… and so much of each run that was added or removed is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an entry: of title and text the runs of words, empty where they are as they were."""

    source: str
    entry: int
    at: str
    meaningful: bool
    title: tuple[Part, ...]
    text: tuple[Part, ...]
    cut: bool


def changes(histories: Sequence[History]) -> tuple[list[Change], int]:
    """Compare versions → the changes to be shown, newest first, and how many more there are."""
    every = sorted(
        ((one, history) for history in histories for one in history.changes),
        key=lambda pair: (pair[0].at, pair[0].number),
        reverse=True,
    )
    told = [change(one, history) for one, history in every[:MAX_CHANGES]]
    return told, len(every) - len(told)


def change(revised: Revised, history: History) -> Change:
    """Compare two versions of an entry."""
    old, new = revised.old.text[:MAX_CHARS], revised.new.text[:MAX_CHARS]
    title = (
        tuple(diff(revised.old.title, revised.new.title, MAX_EDITS)) if revised.old.title != revised.new.title else ()
    )
    text = tuple(shortened(diff(old, new, MAX_EDITS))) if old != new else ()
    if all(part.kind == "same" for part in text):
        text = ()
    return Change(
        source=history.source,
        entry=history.entry_id,
        at=revised.at,
        meaningful=revised.meaningful,
        title=title,
        text=text[:MAX_PARTS],
        cut=len(text) > MAX_PARTS or max(len(revised.old.text), len(revised.new.text)) > MAX_CHARS,
    )


def shortened(parts: Sequence[Part]) -> Iterator[Part]:
    """Leave out what is alike but for some words beside a change, and the ends of very long runs; "…" stands there."""
    for n, part in enumerate(parts):
        if part.kind != "same":
            text = part.text if len(part.text) <= MAX_RUN else f"{part.text[:MAX_RUN]} …"
            yield Part(kind=part.kind, text=text)
            continue
        words = pieces(part.text)
        head, tail = (0 if n == 0 else CONTEXT_WORDS), (0 if n == len(parts) - 1 else CONTEXT_WORDS)
        if len(words) <= head + tail + 1:
            yield part
        else:
            last = words[len(words) - tail :]
            yield Part(kind="same", text="".join([*words[:head], "… ", *last]))
