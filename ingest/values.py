"""What stands in one of feedparser's dictionaries, past its fall-backs from one key to another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def text_at(context: Mapping[str, Any], key: str) -> str | None:
    """Read a text; past feedparser's fall-backs from one key to another, and past what is no text, or is empty."""
    value = dict.get(context, key) if isinstance(context, dict) else None
    return value if isinstance(value, str) and value else None


def dict_at(context: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Read a dictionary; an empty one where there is none."""
    value = dict.get(context, key) if isinstance(context, dict) else None
    return value if isinstance(value, dict) else {}


def dicts_at(context: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Read a list of dictionaries."""
    value = dict.get(context, key) if isinstance(context, dict) else None
    found: Iterable[Any] = value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, dict)]
