"""Lines of meanings, read; and what must not be shown. ``db/document.py`` puts them with the schema. Pure."""

from __future__ import annotations

from typing import NamedTuple

from db.inner_meanings import INNER
from db.meanings import TABLES

SECRET = {
    "subscriptions": "`token` and `secret` let somebody speak as a source's hub",
    "subscribers": "`secret` lets somebody speak as our hub, `callback` is somebody's address",
    "tokens": "whoever has a token can read that secret topic",
    "webhooks": "`gone_url` may have a key in it",
    "pings": "`hub` may have a key in it",
    "sources": "`url` and other addresses may have a key in their query, of a paid feed for example",
    "polls": "`error` may quote such an address",
    "moves": "both addresses may have a key in their query",
    "troubles": "what is said may quote such an address",
    "config_in_force": "`said` tells the queries of secret topics too",
}
"""What must not be shown to others, and why."""


class Meaning(NamedTuple):
    """What a column is, "" where the migration's comment says it, and an example."""

    said: str
    example: str


def read(text: str) -> dict[str, dict[str, Meaning]]:
    """Read lines as `db/meanings.py` has them → table → column → meaning; the table's own stands under ""."""
    found: dict[str, dict[str, Meaning]] = {}
    for line in filter(None, text.splitlines()):
        if line.startswith("# "):
            name, _, said = line[2:].partition(" | ")
            here = found[name] = {"": Meaning(said, "")}
        else:
            column, example, said = (part.strip() for part in f"{line} | ".split(" | ", 3)[:3])
            here[column] = Meaning(said.removesuffix(" |"), example)
    return found


MEANINGS = read(TABLES) | read(INNER)
"""Table or view → column → what it is; "" is the table's own."""
