"""Whether the owner is signed in, and what his pages know of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from db.reading import Viewer
from feeds.seal import COOKIE, csrf_of, is_secret, opened
from feeds.site import Site

DID = {
    "pin": "Pinned.",
    "unpin": "Pinned no more.",
    "hide": "Hidden.",
    "unhide": "Hidden no more.",
    "tag": "Tagged.",
    "untag": "The tag is taken away.",
    "lead": "The entry that is shown was chosen.",
    "merge": "They are one story now.",
    "split": "The entry is a story of its own now.",
    "undo": "Taken back.",
    "poll": "Polled.",
    "add": "The source is in the config, and at work.",
    "sign-in": "You are signed in.",
}
"""What a page says once something was done: by the word in its address. Only these can be said by an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The owner, signed in. ``csrf`` goes with every form (``<input type=hidden name=csrf>``).

    ``here`` is the page's own path, without what was done, to come back to. ``said``: what was just done;
    ``decision``: its number, by which it can be undone. ``program``: it came with the token itself and not with a
    cookie, so no other site can have sent it.
    """

    csrf: str
    here: str = ""
    said: str | None = None
    decision: int | None = None
    program: bool = False


def session_of(request: Request, site: Site) -> Session | None:
    """Tell who asks: the owner's session, or None for anybody else.

    By ``Authorization: Bearer TOKEN``, or by the cookie that signing in has set. A Bearer that is wrong is nobody.
    """
    token = site.token
    if token is None:
        return None
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Session(csrf="", program=True) if is_secret(given.strip(), token) else None
    seal = opened(token, request.cookies.get(COOKIE, ""), site.now().timestamp())
    if seal is None:
        return None
    path: str = request.scope["path"]
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    asked = dict(query)
    kept = urlencode([(name, value) for name, value in query if name not in ("did", "decision")])
    number = asked.get("decision", "")
    return Session(
        csrf=csrf_of(token, seal.nonce),
        here=request.scope.get("raw_path", path.encode()).decode("latin-1").partition("?")[0].lstrip("/")
        + (f"?{kept}" if kept else ""),
        said=DID.get(asked.get("did", "")),
        decision=int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None,
    )


def viewer_of(session: Session | None) -> Viewer:
    """Name who reads."""
    return "owner" if session is not None else "public"
