"""What a podcast says of an episode, beside what any entry has; and how the archive keeps it. Pure.

From Apple's tags (itunes:duration, season, episode, episodeType, explicit) and Podcasting 2.0 (podcast:transcript,
podcast:chapters, podcast:person; github.com/Podcastindex-org/podcast-namespace).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

EpisodeType = Literal["full", "trailer", "bonus"]
EPISODE_TYPES: tuple[EpisodeType, ...] = ("full", "trailer", "bonus")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodcastFile:
    """A transcript, or a file of chapters; ``rel``: ``captions`` where a transcript has times."""

    url: str
    type: str | None = None
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodcastPerson:
    """Who takes part in an episode; ``role`` is ``host`` where the feed does not say."""

    name: str
    role: str | None = None
    group: str | None = None
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Podcast:
    """What a podcast says of an episode; ``episode`` and ``season`` are numbers from 1."""

    duration_s: int | None = None
    season: int | None = None
    episode: int | None = None
    episode_type: EpisodeType | None = None
    explicit: bool | None = None
    transcripts: tuple[PodcastFile, ...] = ()
    chapters: PodcastFile | None = None
    persons: tuple[PodcastPerson, ...] = ()


NOTHING = Podcast()


def podcast_json(podcast: Podcast | None) -> str | None:
    """Write the archive's JSON; what is not said is left out."""
    return json.dumps(given(asdict(podcast)), ensure_ascii=False) if podcast is not None else None


def read_podcast(text: str | None) -> Podcast | None:
    """Read the archive's JSON. Raises ValueError, TypeError, KeyError for what is none of ours."""
    if text is None:
        return None
    members = json.loads(text)
    chapters = members.pop("chapters", None)
    return Podcast(
        transcripts=tuple(PodcastFile(**each) for each in members.pop("transcripts", ())),
        chapters=PodcastFile(**chapters) if chapters is not None else None,
        persons=tuple(PodcastPerson(**each) for each in members.pop("persons", ())),
        **members,
    )


def given(value: Any) -> Any:
    """Leave out the members that have no value, also of what is inside."""
    if isinstance(value, dict):
        return {name: given(member) for name, member in value.items() if member not in (None, ())}
    return [given(each) for each in value] if isinstance(value, tuple) else value
