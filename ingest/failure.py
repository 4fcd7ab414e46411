"""What is wrong with an answer, or why none came: the poll's outcome, and one line that says so. Pure."""

from __future__ import annotations

import errno
import re
from http import HTTPStatus

from db.plan import Outcome
from ingest.connect import system_words
from ingest.exchange import CutOffError, NoHttpError
from ingest.guard import AddressRefusedError
from ingest.redirect import REDIRECTS

BODY_STATUS = frozenset({200, 203, 226})
OUR_OWN = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors that say nothing of a server: this machine has no descriptors or memory left."""


def failure_of(status: int, retry_after_s: int | None, *, conditional: bool) -> tuple[Outcome, str] | None:
    """Say what is wrong with a status → (outcome, error), or None where it is good."""
    if status in BODY_STATUS or (status == 304 and conditional):
        return None
    if status == 304:
        return "http-error", "304 Not Modified to a request that asked for the whole"
    if status == 410:
        return "gone", "410 Gone: the publisher has ended this feed; polling stops (a new url starts it again)"
    if status in (429, 503):
        when = "later" if retry_after_s is None else f"in {retry_after_s:,} s"
        return "throttled", f"{status}: the server asks to come back {when}"
    if status in REDIRECTS:
        return "http-error", f"HTTP status {status}, a redirect that does not say where to"
    phrase = f" {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else ""
    blame = ": the trouble is the server's own" if 500 <= status < 600 else ""
    return "http-error", f"HTTP status {status}{HINTS.get(status, phrase + blame)}"


HINTS = {
    401: " Unauthorized: it wants a login; put user and password into the url, or look at its page",
    403: " Forbidden: the server refuses us; it may take us for a bot",
    404: " Not Found: the feed is not there; look for its new address on the publisher's page",
}


def outcome_of(error: Exception) -> Outcome:
    """Sort a failed request: refused by our own guard, unreachable, or our own trouble, which is charged to nobody."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in OUR_OWN:
            return "offline"
        if isinstance(cause, (AddressRefusedError, UnicodeError)) or type(cause) is ValueError:
            return "refused"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return "refused" if "is not a public address" in str(error) else "unreachable"


def reason(error: Exception) -> str:
    """Say in one line why a request failed: the host, and the system's words; no credentials, whatever the words."""
    if isinstance(error, CutOffError):
        return f"the answer was cut off: {error}"[:300]
    if isinstance(error, NoHttpError):
        return " ".join(f"its answer is no HTTP: {error}".split())[:300]
    if isinstance(error, UnicodeError):  # an empty label, or one of over 63 letters, as in https://../feed
        return "it is no address that could be asked (bad host); check the source's url"
    text = system_words(error)
    host = getattr(error, "host", None)
    if host and host not in text:
        text = f"{host}: {text}"
    return re.sub(r"//[^/\s]*@", "//", " ".join(text.split()))[:300]
