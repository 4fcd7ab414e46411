"""Which version of a topic's feed is published: it rises when the bytes change. IO: sqlite."""

from __future__ import annotations

from collections.abc import Mapping

from sqlite_utils import Database

from db.model import Format


def note_documents(db: Database, topic: str, hashes: Mapping[Format, str], now: str) -> None:
    """Note what a topic (config id) has published, by the hash of each document; one that is as it was stays so."""
    for fmt, hash_ in hashes.items():
        db.execute(
            "INSERT INTO documents (topic_id, format, version, hash, changed_at) SELECT id, ?, 1, ?, ? FROM topics "
            "WHERE config_id = ? ON CONFLICT (topic_id, format) DO UPDATE SET version = version + 1, "
            "hash = excluded.hash, changed_at = excluded.changed_at WHERE hash <> excluded.hash",
            [fmt, hash_, now, topic],
        )


def published_at(db: Database, topic_id: int, fmt: Format, hash_: str) -> str | None:
    """Read when a topic's document in this format changed to what it is; None where it was something else so far."""
    rows = db.execute(
        "SELECT changed_at FROM documents WHERE topic_id = ? AND format = ? AND hash = ?", [topic_id, fmt, hash_]
    )
    return next((str(changed_at) for (changed_at,) in rows), None)


def noted_hashes(db: Database, topic: str) -> dict[Format, str]:
    """Read by format what a topic (config id) has published last."""
    rows = "SELECT format, hash FROM documents WHERE topic_id = (SELECT id FROM topics WHERE config_id = ?)"
    return dict(db.execute(rows, [topic]).fetchall())
