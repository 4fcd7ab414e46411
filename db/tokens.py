"""Secret topics' addresses: each has a token in it, minted once and exchanged when a person wants it. IO: sqlite."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sqlite_utils import Database

TOKEN_BYTES = 16
"""128 random bits: as many as a UUID has room for, and nobody finds one by trying."""


class Tokens(NamedTuple):
    """A topic's tokens: the good one, which only a topic that is or was secret has, and those before it."""

    good: str | None
    retired: tuple[str, ...]


def mint_token() -> str:
    """Make a new token: small letters and digits, so that it can stand in the name of a file."""
    return secrets.token_hex(TOKEN_BYTES)


def tokens_of(db: Database) -> Mapping[str, Tokens]:
    """Read the tokens of all topics that have any, also of those that were taken out of the config, by config id."""
    good: dict[str, str] = {}
    retired: defaultdict[str, list[str]] = defaultdict(list)
    for topic, token, retired_at in db.execute(
        "SELECT t.config_id, k.token, k.retired_at FROM tokens k JOIN topics t ON t.id = k.topic_id ORDER BY k.rowid"
    ):
        if retired_at is None:
            good[topic] = token
        else:
            retired[topic].append(token)
    return {topic: Tokens(good.get(topic), tuple(retired[topic])) for topic in [*good, *(retired.keys() - good.keys())]}


def set_secret(db: Database, topic_id: int, now: str, *, secret: bool) -> None:
    """Make a topic secret or not. One that was secret before has its old address again."""
    db.execute("UPDATE topics SET secret = ? WHERE id = ?", [int(secret), topic_id])
    if secret:
        db.execute(
            "INSERT INTO tokens (topic_id, token, minted_at) SELECT ?1, ?2, ?3 "
            "WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE topic_id = ?1 AND retired_at IS NULL)",
            [topic_id, mint_token(), now],
        )


def rotate_token(db: Database, topic_id: int, now: str) -> None:
    """Give a secret topic another token; the address with the old one is gone for good."""
    db.execute("UPDATE tokens SET retired_at = ? WHERE topic_id = ? AND retired_at IS NULL", [now, topic_id])
    db.execute("INSERT INTO tokens (topic_id, token, minted_at) VALUES (?, ?, ?)", [topic_id, mint_token(), now])
    db.execute("UPDATE topics SET changes = changes + 1 WHERE id = ?", [topic_id])
