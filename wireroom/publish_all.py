"""`wireroom publish`: all that the archive has is written into the publish folder. IO: sqlite, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.archive import IO_ERROR
from db.archive_pages import look_at_all_pages
from wireroom.control import ControlError

if TYPE_CHECKING:
    from wireroom.engine import Engine


async def publish_all(engine: Engine) -> dict[str, Any]:
    """Write every topic, its whole past too → the folder, and of each topic its name and how many archive pages it has.

    Digests that are due are made first. Raises ControlError (exit code 74) where something can't be written.
    """
    await engine.digester.tick()
    await engine.writer.write(look_at_all_pages, own=True)  # somebody may have spoiled a file of the past
    await engine.press.publish(everything=True, past=True)
    health = engine.press.trouble
    if health is not None:
        raise ControlError(health, IO_ERROR)
    names = engine.press.names
    return {
        "folder": str(engine.config.publish),
        "topics": [
            {"topic": topic.id, "name": names[topic.id], "archive_pages": engine.press.last_page(names[topic.id])}
            for topic in engine.config.topics
            if topic.id in names
        ],
    }
