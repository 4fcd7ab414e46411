"""What ``wireroom add`` and ``import`` found and did, as JSON and in lines. Pure; nothing in it has credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wireroom.add import Found
from wireroom.escape import escaped
from wireroom.opml_import import Remark
from wireroom.source_names import shown
from wireroom.source_tables import NewSource, source_table

NEWEST = 5
MAX_TITLE_CHARS = 90
MAX_LINES = 100
"""Of remarks on a list; --json has them all."""


def described(found: Found) -> dict[str, Any]:
    """Tell what a feed would bring, as ``--json`` prints it."""
    document = found.document
    newest = sorted(document.entries, key=lambda entry: entry.published or entry.updated or "", reverse=True)
    return {
        "title": document.title,
        "format": document.format,
        "url": shown(found.url),
        "site_url": document.site_url,
        "language": document.language,
        "hub": document.hub,
        "entries": len(document.entries),
        "newest": [{"title": entry.title, "published": entry.published or entry.updated} for entry in newest[:NEWEST]],
        "remark": document.remark,
        "others": list(found.others),
        "tried": list(found.tried),
    }


def described_lines(told: dict[str, Any]) -> list[str]:
    """Lay out for the terminal what ``described`` tells."""
    language = f", language {told['language']}" if told["language"] else ""
    entries = f"{told['entries']} {'entry' if told['entries'] == 1 else 'entries'}"
    lines = [f"{told['title'] or 'a feed without a title'}: {told['format']}, {entries}{language}"]
    newest = [f"{(one['published'] or 'no date')[:10]:10}  {one['title'][:MAX_TITLE_CHARS]}" for one in told["newest"]]
    for name, values in {
        "address": [told["url"]],
        "site": [told["site_url"]],
        "hub": [told["hub"]],
        "remark": [told["remark"]],
        "newest": newest,
        "tried": told["tried"],
        "also": told["others"],
    }.items():
        lines += [f"  {name if n == 0 else '':8} {value}" for n, value in enumerate(values) if value]
    return [escaped(line) for line in lines]


def source_told(source: NewSource) -> dict[str, Any]:
    """Tell a new source as ``--json`` prints it."""
    return {"id": source.id, "url": shown(source.url), "tags": list(source.tags), "every": source.every}


def table_told(source: NewSource) -> str:
    """Write a new source as the config has it, but for credentials."""
    return source_table(replace(source, url=shown(source.url)))


def import_lines(name: str, new: Sequence[NewSource], remarks: Sequence[Remark]) -> list[str]:
    """Tell the new sources of a list, a line each, then what there is to say of its other outlines."""
    lines = [f"{source.id}  {shown(source.url)}  {' '.join(source.tags)}".rstrip() for source in new]
    lines += [f"{name}:{remark.line}: {remark.name}: {remark.why}" for remark in remarks[:MAX_LINES]]
    if len(remarks) > MAX_LINES:
        lines.append(f"… and {len(remarks) - MAX_LINES:,} more of these; --json has them all")
    return [escaped(line) for line in lines]


def daemon_line(daemon: dict[str, Any]) -> str:
    """Say what the daemon makes of the edit (``reload.tell_daemon``)."""
    if daemon["state"] == "reloaded":
        return f"the running daemon has taken it over: it has {daemon['said']} now"
    if daemon["state"] == "refused":
        return escaped(f"the running daemon has not taken it over: {daemon['said']}")
    return "no daemon runs here; `wireroom run` or `wireroom poll` will poll it"
