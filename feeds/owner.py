"""The owner signs in, and has things done: pin, hide, tag, poll, add a source … IO: network, clock.

With no token in the config there is none of this. Whatever changes something is a POST that carries the session's
``csrf`` or comes from a program with the token itself; a GET changes nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from feeds.owner_forms import WORDS, Fields, FormError, read_fields, wish
from feeds.owner_pages import desk, owner_page, preview_page
from feeds.seal import COOKIE, LASTS_S, is_ours, is_secret, own_path, sealed
from feeds.session import Session, session_of
from feeds.site import RefusedError, Site
from feeds.tries import Tries

PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie, Authorization"}
NONE = "There is no such page.\n"
FOREIGN = "This came from another site, or from a page that was open for too long: load the page anew, and try again."

Endpoint = Callable[[Request], Awaitable[Response]]


def owner_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application. Without a token they are not there: 404."""
    tries = Tries()

    def there(endpoint: Callable[[Request, Site], Awaitable[Response]]) -> Endpoint:
        async def guarded(request: Request) -> Response:
            return PlainTextResponse(NONE, 404) if site.token is None else await endpoint(request, site)

        return guarded

    signing = there(partial(sign_in, tries=tries))
    return [
        Route("/owner/", there(show_desk), methods=["GET"]),
        Route("/owner/preview", there(show_preview), methods=["GET"]),
        Route("/owner/sign-in", signing, methods=["GET", "POST"]),
        Route("/owner/sign-out", there(sign_out), methods=["POST"]),
        *(Route(f"/owner/{do}", there(partial(act, do=do, tries=tries)), methods=["POST"]) for do in WORDS),
    ]


async def sign_in(request: Request, site: Site, *, tries: Tries) -> Response:
    """Show the form, or set the cookie where the token is right."""
    if request.method in ("GET", "HEAD"):
        on = own_path(request.query_params.get("next"))
        if (session := session_of(request, site)) is not None and not session.program:
            return back_to(on)
        return page("sign_in.html", {"next": on, "wrong": None})
    who, now = client(request), time.monotonic()
    if not from_us(request, site):
        return page("sign_in.html", {"next": "", "wrong": FOREIGN}, 403)
    if (wait_s := tries.wait_s(who, now)) > 0:
        return page("sign_in.html", {"next": "", "wrong": too_often(wait_s)}, 429, retry_after(wait_s))
    try:
        fields = await read_fields(request, program=False)
    except FormError as error:
        return page("sign_in.html", {"next": "", "wrong": f"{error}."}, error.status)
    on = own_path(fields.get("next"))
    assert site.token is not None
    if not is_secret(fields.get("token", "").strip(), site.token):
        tries.fail(who, now)
        return page("sign_in.html", {"next": on, "wrong": "That is not the token of [wireroom] token."}, 403)
    tries.good(who)
    response = back_to(on, did="sign-in")
    until = int(time.time()) + LASTS_S
    response.set_cookie(COOKIE, sealed(site.token, secrets.token_urlsafe(18), until), LASTS_S, **cookie(request, site))
    return response


async def sign_out(request: Request, site: Site) -> Response:
    """Take the cookie back."""
    session = session_of(request, site)
    if session is not None:
        try:
            fields = await read_fields(request, program=session.program)
        except FormError as error:
            return refused(session, str(error), error.status)
        if not allowed(request, site, session, fields):
            return refused(session, FOREIGN, 403)
    elif not from_us(request, site):
        return refused(None, FOREIGN, 403)
    response = back_to("")
    response.delete_cookie(COOKIE, **cookie(request, site))
    return response


async def act(request: Request, site: Site, *, do: str, tries: Tries) -> Response:
    """Have the daemon do what a form or a program asks, and go back to where the form was."""
    session = session_of(request, site)
    who, now = client(request), time.monotonic()
    if (wait_s := tries.wait_s(who, now)) > 0 and (session is None or session.program):
        return refused(session, too_often(wait_s), 429, retry_after(wait_s))
    if session is None:
        if "Authorization" in request.headers:
            tries.fail(who, now)
            return JSONResponse({"error": "this is not the token"}, 401, PRIVATE | {"WWW-Authenticate": "Bearer"})
        return refused(None, "You are not signed in, or no longer: sign in, and try again.", 403)
    try:
        fields = await read_fields(request, program=session.program)
        if not allowed(request, site, session, fields):
            return refused(session, FOREIGN, 403)
        request_ = wish(do, fields)
        result = await site.act(request_)
    except FormError as error:
        return refused(session, str(error), error.status)
    except RefusedError as error:
        return refused(session, str(error), 409)
    if session.program:
        return JSONResponse(result, headers=PRIVATE)
    on = own_path(fields.get("next"))
    if do == "add" and request_["dry_run"]:
        return page("found.html", {"session": session, "found": result, "asked": fields, "next": on})
    if do == "poll":
        return page("polled.html", {"session": session, "polled": result, "next": on})
    if do == "add":
        on = f"sources/{quote(result['source']['id'])}"
    number = result.get("decision")
    return back_to(on, did=do, **({"decision": str(number)} if isinstance(number, int) and do != "undo" else {}))


async def show_desk(request: Request, site: Site) -> Response:
    """Show what the owner can do that is about no page of its own, and what was decided."""
    session = session_of(request, site)
    if session is None:
        return to_sign_in("owner/")
    return await desk(request, site, session)


async def show_preview(request: Request, site: Site) -> Response:
    """Show what a query would take; it reads only."""
    session = session_of(request, site)
    if session is None:
        query = request.scope["query_string"].decode("latin-1")
        return to_sign_in(f"owner/preview?{query}" if query else "owner/preview")
    return await preview_page(request, site, session)


def from_us(request: Request, site: Site) -> bool:
    """Tell whether a browser says that another site sent this."""
    headers = request.headers
    return is_ours(headers.get("Origin"), headers.get("Sec-Fetch-Site"), headers.get("Host"), site.base_url)


def allowed(request: Request, site: Site, session: Session, fields: Fields) -> bool:
    """Tell whether a form is the owner's own: it has what only our pages have, and no other site sent it."""
    return session.program or (from_us(request, site) and is_secret(fields.get("csrf", ""), session.csrf))


def client(request: Request) -> str:
    """Name who asks, to count failures by."""
    return request.client.host if request.client is not None else ""


def cookie(request: Request, site: Site) -> dict[str, Any]:
    """Give the cookie's bounds: of no use to scripts, other sites, plain HTTP where there is TLS, or other paths."""
    base = urlsplit(site.base_url)
    behind_base = request.headers.get("Host", "").lower() == base.netloc.lower()
    return {
        "path": base.path if behind_base else "/",
        "secure": base.scheme == "https",
        "httponly": True,
        "samesite": "strict",
    }


def back_to(path: str, **said: str) -> RedirectResponse:
    """Go on to a page of ours, by a relative address: whatever path a proxy has put before it stays."""
    at, _, query = path.partition("?")
    queries = "&".join(part for part in (query, urlencode(said)) if part)
    return RedirectResponse(f"../{at}" + (f"?{queries}" if queries else ""), 303, PRIVATE)


def to_sign_in(path: str) -> RedirectResponse:
    """Have the owner sign in, and come back."""
    return RedirectResponse(f"sign-in?{urlencode({'next': path})}", 303, PRIVATE)


def page(name: str, values: dict[str, Any], status: int = 200, more: dict[str, str] | None = None) -> Response:
    """Answer with one of the owner's pages."""
    return owner_page(name, {"session": None, **values}, status, more)


def refused(session: Session | None, why: str, status: int, more: dict[str, str] | None = None) -> Response:
    """Say why something is not done: on a page, or to a program as JSON."""
    if session is not None and session.program:
        return JSONResponse({"error": why}, status, PRIVATE | (more or {}))
    return page("refused.html", {"session": session, "why": why}, status, more)


def too_often(wait_s: float) -> str:
    """Say how long to wait."""
    return f"That went wrong too often: try again in {int(wait_s) + 1} s."


def retry_after(wait_s: float) -> dict[str, str]:
    """Say the same to programs."""
    return {"Retry-After": str(int(wait_s) + 1)}
