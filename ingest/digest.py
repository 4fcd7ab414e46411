"""One fetched body → the document it says, or what is wrong with it. Pure; runs in a worker process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from db.model import Document
from ingest.clean import flat
from ingest.jsonfeed import looks_like_json, parse_json_feed
from ingest.normalize import normalize
from ingest.parse import parse_feed
from ingest.parsed import MalformedError, NotAFeedError

DIGEST_VERSION = 2
"""Raised whenever the same bytes would give another document: stored validators and body hashes then count no more."""

MAX_MESSAGE_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFault:
    """Why a body gave no document. ``kind`` is the poll's outcome; ``message`` says what is wrong, in one line.

    ``offers``: the feeds that an HTML page advertises.
    """

    kind: Literal["not-a-feed", "wall", "malformed", "too-large", "too-heavy"]
    message: str
    offers: tuple[str, ...] = ()


def digest(body: bytes, content_type: str | None, url: str) -> Document | DigestFault:
    """Digest a body: find out what it is, parse it, normalize it. Raises nothing; the result can be pickled.

    ``content_type`` is the HTTP header, ``url`` the address that the body came from (or a file's name).
    """
    try:
        if not body.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
            return DigestFault(kind="not-a-feed", message="the body is empty")
        if looks_like_json(body):
            return normalize(parse_json_feed(body, url=url))
        return normalize(parse_feed(body, content_type=content_type, url=url))
    except NotAFeedError as error:
        return _fault("not-a-feed", str(error))
    except MalformedError as error:
        return _fault("malformed", str(error))
    except MemoryError:
        return _fault("too-heavy", "reading it took more memory than a worker may use")
    except Exception as error:  # noqa: BLE001 - one source's bad document must stay its own trouble
        return _fault("malformed", f"it could not be read: {type(error).__name__}: {error}")


def _fault(kind: Literal["not-a-feed", "malformed", "too-heavy"], message: str) -> DigestFault:
    return DigestFault(kind=kind, message=flat(message)[:MAX_MESSAGE_CHARS])
