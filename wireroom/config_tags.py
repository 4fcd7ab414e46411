"""What may stand in the config as a tag, a part of one, or a name that texts are searched for. Pure.

A check raises ValueError("problem|mend"), as those of ``config_tables.py`` do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydantic import BeforeValidator

from db.query import FIELDS
from db.text import slug

KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f]")


def check_tag(value: object) -> str:
    """Check ``kind:name`` → in its canonical form."""
    kind, colon, name = str(value).partition(":")
    plain = tag_name(name)
    if not colon or not KIND.fullmatch(kind) or not plain:
        raise ValueError(f'{value!r} is no tag|write kind:name, such as "subject:diplomacy"')
    return f"{check_kind(kind)}:{plain}"


def check_kind(value: object) -> str:
    """Check the kind of a tag."""
    if not isinstance(value, str) or not KIND.fullmatch(value):
        raise ValueError(f'{value!r} can\'t be a kind|use up to 32 small letters, such as "person", "org" or "place"')
    if value in FIELDS:
        raise ValueError(f"{value!r} is a field of the query language, so it can't be a tag kind|use another kind")
    return value


def check_name(value: object) -> str:
    """Check a name that is looked for in texts."""
    if not isinstance(value, str) or len(value) > 200 or CONTROL.search(value) or not any(map(str.isalnum, value)):
        raise ValueError(f"{value!r} is no name|write it as texts do, in quotes, up to 200 characters on a line")
    return value


def check_tag_name(value: object) -> str:
    """Check the name of a tag → in its canonical form."""
    if not isinstance(value, str) or not tag_name(value):
        raise ValueError(f"{value!r} can't name a tag|write it in quotes, with a letter or digit")
    return tag_name(value)


def check_category_tag(value: object) -> str:
    """Check what a category becomes: a tag, or "" for none at all."""
    return check_tag(value) if value != "" else ""


@lru_cache(maxsize=1000)
def tag_name(name: str) -> str:
    """Write a tag's name in its canonical form; the same few stand at many sources."""
    return slug(name)


def exactly(check: Callable[[object], Any]) -> Any:
    """Make pydantic run ``check`` on the raw value."""
    return BeforeValidator(check)
