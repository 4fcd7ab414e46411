"""A story's page: its text, who carries it, what was changed, its tags and why, its event. IO: network."""

from __future__ import annotations

from sqlite_utils import Database
from starlette.responses import Response

from db.gone import gone_at
from db.model import Enclosure
from db.plain_html import html_or_text
from db.reading import EventRead, StoryRead
from db.revisions import histories
from db.story_read import read_event, read_story
from feeds.asked import whole_number
from feeds.pages.answers import Ask, moved
from feeds.pages.body import body
from feeds.pages.charts import coverage
from feeds.pages.compare import Change, changes
from feeds.pages.links import asked

PRUNED = "This story was here until {}. The archive keeps stories for a time only."
NO_STORY = "There is no such story, or it is not shown. Search finds those that are."


async def story(ask: Ask) -> Response:
    """Make the page."""
    number = whole_number(ask.request.path_params["id"])
    if number is None:
        ask.missing(NO_STORY)

    def read(db: Database) -> tuple[StoryRead, list[Change], int] | str | None:
        found = read_story(db, number, ask.viewer)
        if found is None and (at := gone_at(db, number)) is not None:
            return at
        if found is None or found.row.id != number:
            return None if found is None else (found, [], 0)
        return found, *changes(histories(db, found.row.id))  # here, where it holds up nobody else

    found = await ask.site.readers.read(read)
    if found is None:
        ask.missing(NO_STORY)
    if isinstance(found, str):
        ask.gone(PRUNED.format(found[:10]))
    told, shown, more = found
    if told.row.id != number:  # it became one with an older story
        return moved(asked(str(told.row.id), pictures=ask.parameter("pictures")))
    pictures = ask.parameter("pictures") == "1"
    text = body(html_or_text(told.html, told.text), pictures=pictures)
    images = [file for file in told.enclosures if is_image(file) and file.url not in told.html]
    cards = ask.site.topics()
    return ask.page(
        "story.html",
        pictures=pictures,
        story=told,
        row=told.row,
        text=text,
        images=images,
        files=[file for file in told.enclosures if not is_image(file)],
        with_pictures=pictures,
        entries=sorted(told.entries, key=lambda one: (one.first_seen, one.id)),
        spread=coverage([(one.first_seen, one.source_title) for one in told.entries]),
        changes=shown,
        more_changes=more,
        source_titles={one.source: one.source_title for one in told.entries},
        topic_names={card.id: card.name for card in cards},
        cards=cards,  # for the owner
    )


def is_image(file: Enclosure) -> bool:
    """Tell whether a file is a picture, by what its feed says of it."""
    return file.medium == "image" or (file.type or "").startswith("image/")


async def event(ask: Ask) -> Response:
    """Make an event's page: its stories on a line of time."""
    number = whole_number(ask.request.path_params["id"])

    def read(db: Database) -> EventRead | None:
        return None if number is None else read_event(db, number, ask.viewer)

    found = await ask.site.readers.read(read)
    if found is None or not found.stories:
        ask.missing("There is no such event, or nothing of it is shown.")
    sources = {one.source for row in found.stories for one in row.sources}
    return ask.page(
        "event.html",
        event=found,
        sources=len(sources),
        spread=coverage([(row.first_seen, row.title) for row in found.stories]),
    )
