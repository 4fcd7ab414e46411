"""Under which names topics are published, and what becomes of the names that they had before. Pure.

A secret topic's name has its token in it. Its plain name is answered like one that never was; only who knows a token
learns that the topic has moved or that the token was exchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from db.tokens import Tokens
from feeds.render import public_name
from wireroom.config import Topic

NO_TOKENS = Tokens(None, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Names are public names. ``names``: by topic. ``moved``: old name → new one. ``gone``: with exchanged tokens.

    ``old``: all names that feeds of ours may still be found under and that no topic has now.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    old: frozenset[str] = frozenset()


def addresses(topics: Sequence[Topic], tokens: Mapping[str, Tokens], removed: Collection[str]) -> Addresses:
    """Name the topics of the config, by the archive's tokens; ``removed`` were taken out of it.

    A secret topic that has no token has no name.
    """
    names: dict[str, str] = {}
    moved: dict[str, str] = {}
    gone: set[str] = set()
    old: set[str] = set()
    for topic in topics:
        good, retired = tokens.get(topic.id, NO_TOKENS)
        if topic.secret and good is None:
            continue  # never under its plain name, whatever is amiss
        name = names[topic.id] = public_name(topic.id, good if topic.secret else None)
        for id_ in (topic.id, *topic.was):
            plain, with_token = id_, public_name(id_, good)
            moved |= dict.fromkeys({with_token, *(() if topic.secret else (plain,))} - {name}, name)
            gone |= {public_name(id_, token) for token in retired}
            old |= {plain, with_token}
    for id_ in removed:
        good, retired = tokens.get(id_, NO_TOKENS)
        old |= {id_, public_name(id_, good), *(public_name(id_, token) for token in retired)}
    return Addresses(names=names, moved=moved, gone=frozenset(gone), old=frozenset((old | gone) - set(names.values())))
