"""What makes a piece of a feed too odd for the short cut past feedparser. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IN_ADDRESS = r"[\w/.~%+,=@:!$*()'-]"
_ADDRESS = re.compile(
    rf"https?://[a-zA-Z0-9.-]+(?::[0-9]+)?(?:/{_IN_ADDRESS}*)?(?:\?(?:{_IN_ADDRESS}|[&?])+)?(?:#{_IN_ADDRESS}+)?"
)
_CONTROLS = re.compile("[\x80-\x9f]")
_BLANKS, _SOME_BLANKS, _STEP = re.compile(r"(?<!\s)\s{400}"), re.compile(r"\s{3}"), 130


class DeclinedError(Exception):
    """This is for feedparser to read."""


def plain(text: str) -> str:
    """Strip a text of the white space around it. Raises DeclinedError for one that feedparser would repair."""
    text = text.strip()
    if _SOME_BLANKS.search(text[::_STEP]) and _BLANKS.search(text):  # it is shortened before feedparser sees it
        raise DeclinedError
    if not text.isascii():
        if _CONTROLS.search(text):
            raise DeclinedError
        try:
            text.encode("latin-1").decode()
        except UnicodeError:
            pass
        else:
            raise DeclinedError  # UTF-8 that was taken for Latin-1 and encoded again
    return text


def only(attributes: Mapping[str, str], *names: str) -> Mapping[str, str]:
    """Check that an element has no other attributes than these. Raises DeclinedError."""
    if not attributes.keys() <= set(names):
        raise DeclinedError
    return attributes


def absolute(address: str) -> str:
    """Check that an address is one that resolving does not change. Raises DeclinedError."""
    if not _ADDRESS.fullmatch(address):
        raise DeclinedError
    return address
