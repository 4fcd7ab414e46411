"""What changed in a story's entries, told for people and for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from db.revisions import History, Revised
from db.word_diff import Part, diff, pieces
from ingest.change import change
from wireroom.escape import escaped

CONTEXT_WORDS = 8
"""So many words are shown on either side of a change."""

RED, GREEN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"


def told(histories: Sequence[History], *, minor: bool) -> list[dict[str, Any]]:
    """Tell of each entry and its changes, for programs; ``minor``: of those too of which no reader was told."""
    return [
        {
            "entry_id": one.entry_id,
            "source": one.source,
            "url": one.url,
            "first_seen": one.first_seen,
            "minor": sum(not each.meaningful for each in one.changes),
            "changes": [change_told(each) for each in one.changes if each.meaningful or minor],
        }
        for one in histories
    ]


def change_told(revised: Revised) -> dict[str, Any]:
    """Tell of one change. ``title`` and ``text``: the runs of words, of those parts that differ."""
    old, new = revised.old, revised.new
    parts = change(old, new).parts
    found: dict[str, Any] = {
        "number": revised.number,
        "at": revised.at,
        "meaningful": revised.meaningful,
        "parts": list(parts),
    }
    for part in ("title", "text"):
        if part in parts:
            found[part] = [{"kind": one.kind, "text": one.text} for one in diff(getattr(old, part), getattr(new, part))]
    for part, name in (("author", "author"), ("link", "url"), ("summary", "summary")):
        if part in parts:
            found[part] = {"old": getattr(old, name), "new": getattr(new, name)}
    return found


def lines(histories: Sequence[History], *, minor: bool, colour: bool) -> Iterator[str]:
    """Tell of it in lines, escaped: removed words stand in [-…-], added ones in {+…+}."""
    for one in histories:
        yield f"{escaped(one.source)}, entry {one.entry_id}, first seen {one.first_seen}"
        if one.url:
            yield f"  {escaped(one.url)}"
        wanted = [each for each in one.changes if each.meaningful or minor]
        for each in wanted:
            yield from change_lines(each, colour=colour)
        passed = len(one.changes) - len(wanted)
        if passed:
            yield f"  {passed} minor {'change' if passed == 1 else 'changes'} not shown; --all shows them"
        elif not wanted:
            yield "  has not changed"


def change_lines(revised: Revised, *, colour: bool) -> Iterator[str]:
    """Tell of one change in lines."""
    parts = change(revised.old, revised.new).parts
    kind = "" if revised.meaningful else "minor: "
    yield f"  {revised.at}  {kind}{', '.join(parts) or 'nothing that is kept'}"
    if "title" in parts:
        yield f"    title: {passage(diff(revised.old.title, revised.new.title), colour=colour)}"
    if "text" in parts:
        for line in passage(diff(revised.old.text, revised.new.text), colour=colour).split("\n"):
            yield f"    {line}"
    for part, old, new in (
        ("author", revised.old.author, revised.new.author),
        ("link", revised.old.url, revised.new.url),
    ):
        if part in parts:
            both = marked("removed", old or "", colour=colour), marked("added", new or "", colour=colour)
            yield f"    {part}: {''.join(both)}"


def passage(parts: Sequence[Part], *, colour: bool) -> str:
    """Write runs of words; of what is alike only what stands beside a change, line breaks kept."""
    found = []
    for n, part in enumerate(parts):
        if part.kind == "same":
            found.append(beside(part.text, opens=n == 0, closes=n == len(parts) - 1))
        else:
            bare = part.text.rstrip()
            found.append(marked(part.kind, bare, colour=colour))
            if n + 1 < len(parts) and parts[n + 1].kind == "same":
                found.append("\n" if "\n" in part.text[len(bare) :] else part.text[len(bare) :])
    return "".join(found).strip()


def beside(text: str, *, opens: bool, closes: bool) -> str:
    """Shorten what is alike to some words at the ends that a change is at; "…" stands for the others."""
    words = pieces(text)
    head, tail = (0 if opens else CONTEXT_WORDS), (0 if closes else CONTEXT_WORDS)
    if len(words) <= head + tail + 1:
        return "".join(map(shown, words))
    return "".join([*map(shown, words[:head]), "… " if tail else "…", *map(shown, words[len(words) - tail :])])


def shown(word: str) -> str:
    """Write a word and the white space behind it: a line break, or what there is."""
    bare = word.rstrip()
    space = word[len(bare) :]
    return escaped(bare) + ("\n" if "\n" in space else space)


def marked(kind: str, text: str, *, colour: bool) -> str:
    """Write a run as removed or added; "¶" stands for its line breaks."""
    if not text:
        return ""
    said = " ¶ ".join(map(escaped, text.split("\n")))
    whole = f"[-{said}-]" if kind == "removed" else f"{{+{said}+}}"
    return f"{RED if kind == 'removed' else GREEN}{whole}{PLAIN}" if colour else whole
