"""How a page is asked for and answered: who asks, from where links lead, validators, faults as pages. IO: network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.query_faults import QueryError, SlowError
from db.query_names import Names
from db.readers import BusyError
from db.reading import Viewer
from db.times import iso
from feeds.conditional import answer, made
from feeds.pages.environment import written
from feeds.pages.faults import TITLES
from feeds.pages.kept import Kept
from feeds.pages.links import root_of
from feeds.policy import page_policy
from feeds.session import Session, session_of, viewer_of
from feeds.site import Site

MAX_AGE_S = 60
RETRY_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A page that is asked for, by whom, and when."""

    request: Request
    site: Site
    session: Session | None
    now: datetime
    kept: Kept = field(default_factory=Kept)

    @property
    def viewer(self) -> Viewer:
        """Who reads."""
        return viewer_of(self.session)

    @property
    def at(self) -> str:
        """The time, as the archive has times."""
        return iso(self.now)

    @property
    def names(self) -> Names:
        """What this one's queries can name."""
        return self.site.public_names() if self.session is None else self.site.names()

    def parameter(self, name: str) -> str:
        """Give a parameter of the address, the last of that name; empty where there is none."""
        return str(self.request.query_params.get(name, ""))

    def page(self, template: str, status: int = 200, *, pictures: bool = False, **context: Any) -> Response:
        """Answer with a page."""
        path = self.request.url.path
        body = written(template, **self.context(path), **context)
        return html_answer(self, body, status, pictures=pictures)

    def context(self, path: str) -> dict[str, Any]:
        """Give what every page needs."""
        return {
            "root": root_of(path),
            "path": path,
            "now": self.now,
            "session": self.session,
            "csrf": self.session.csrf if self.session is not None else None,
            "can_sign_in": self.site.token is not None,
            "static": False,
        }

    def gone(self, what: str) -> NoReturn:
        """Answer that there is no such page any more."""
        raise Gone(what)

    def missing(self, what: str) -> NoReturn:
        """Answer that there is no such page."""
        raise Missing(what)


class Missing(Exception):  # noqa: N818 - it is an answer
    """There is no such thing; the text says so, and what to do."""


class Gone(Missing):
    """There was such a thing, and it will not come back."""


def html_answer(ask: Ask, body: bytes, status: int, *, pictures: bool = False) -> Response:
    """Answer with these bytes, or that the client has them.

    No script at all. Pictures of others are loaded only where they were asked for. The owner's pages are kept nowhere.
    """
    headers = {"Content-Security-Policy": page_policy(pictures=pictures), "Vary": "Cookie, Authorization"}
    if status != 200:
        return Response(body, status, headers | {"Cache-Control": "no-store"}, "text/html")
    headers["Cache-Control"] = "private, no-store" if ask.session is not None else f"public, max-age={MAX_AGE_S}"
    return answer(ask.request, made(body, "text/html; charset=utf-8"), headers)


def moved(to: str) -> Response:
    """Lead to where something is now, for a while: what was joined may be parted again, and names come back.

    A 301 that does not say for how long is kept for ever by browsers (RFC 9110 15.4.2).
    """
    headers = {"Cache-Control": f"public, max-age={MAX_AGE_S}", "Vary": "Cookie, Authorization"}
    return RedirectResponse(to, 301, headers)


Make = Callable[[Ask], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def answered(make: Make, site: Site, kept: Kept | None = None) -> Endpoint:
    """Make an endpoint of what makes a page: what goes wrong is a page too."""
    kept = kept or Kept()

    @wraps(make)
    async def endpoint(request: Request) -> Response:
        now = site.now()
        ask = Ask(request=request, site=site, session=session_of(request, site), now=now, kept=kept)
        try:
            return await make(ask)
        except Gone as gone:
            return fault(ask, 410, TITLES[410], str(gone))
        except Missing as missing:
            return fault(ask, 404, "There is no such page", str(missing))
        except SlowError as error:
            return fault(ask, 503, "That takes too long", str(error), {"Retry-After": str(RETRY_S)})
        except QueryError as error:
            return fault(ask, 400, "That can’t be asked", str(error))
        except BusyError:
            busy = "Too many are asking at this moment. Try again in a few seconds."
            return fault(ask, 503, "Busy", busy, {"Retry-After": str(RETRY_S)})

    return endpoint


def fault(ask: Ask, status: int, title: str, why: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with a page that says what is wrong, and what to do."""
    made_page = ask.page("fault.html", status, code=status, title=title, why=why)
    made_page.headers.update(headers or {})
    return made_page
