"""The owner signs in, and has things done: pin, hide, tag, poll, add a source … IO: network, clock.

With no token in the config there is none of this. Whatever changes something is a POST that carries the session's
``csrf`` or comes from a program with the token itself; a GET changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from feeds.owner_forms import WORDS, Fields, FormError, read_fields, wish
from feeds.owner_pages import PRIVATE, desk, owner_page, preview_page
from feeds.pages.answers import Make, answered
from feeds.seal import COOKIE, LASTS_S, is_ours, is_secret, own_path, sealed
from feeds.session import Session, session_of
from feeds.site import RefusedError, Site

NONE = "There is no such page.\n"
FOREIGN = "This came from another site, or from a page that was open for too long: load the page anew, and try again."
SIGNED_OUT = "You are not signed in, or no longer: sign in, and try again."

Endpoint = Callable[[Request], Awaitable[Response]]


def owner_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application. Without a token they are not there: 404."""

    def there(endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            return PlainTextResponse(NONE, 404) if site.token is None else await endpoint(request)

        return guarded

    def page(make: Make) -> Endpoint:
        made = answered(make, site)

        async def signed_in(request: Request) -> Response:
            if session_of(request, site) is None:
                path, query = request.scope["path"].lstrip("/"), request.scope["query_string"].decode("latin-1")
                return to_sign_in(f"{path}?{query}" if query else path)
            return await made(request)

        return there(signed_in)

    async def beside(_: Request) -> Response:
        return RedirectResponse("owner/", 303, PRIVATE)

    return [
        Route("/owner", there(beside), methods=["GET"]),
        Route("/owner/", page(desk), methods=["GET"]),
        Route("/owner/preview", page(preview_page), methods=["GET"]),
        Route("/owner/sign-in", there(partial(sign_in, site=site)), methods=["GET", "POST"]),
        Route("/owner/sign-out", there(partial(sign_out, site=site)), methods=["POST"]),
        *(Route(f"/owner/{do}", there(partial(act, site=site, do=do)), methods=["POST"]) for do in WORDS),
    ]


async def sign_in(request: Request, *, site: Site) -> Response:
    """Show the form, or set the cookie where the token is right. How often it may be tried: ``feeds/limits.py``."""

    def form(on: str, wrong: str | None = None, status: int = 200) -> Response:
        return owner_page(request, site, None, "sign_in.html", {"next": on, "wrong": wrong}, status)

    if request.method in ("GET", "HEAD"):
        on = own_path(request.query_params.get("next"))
        session = session_of(request, site)
        return form(on) if session is None or session.program else back_to(on)
    if not from_us(request, site):
        return form("", FOREIGN, 403)
    try:
        fields = await read_fields(request, program=False)
    except FormError as error:
        return form("", f"{error}.", error.status)
    on = own_path(fields.get("next"))
    if site.token is None or not is_secret(fields.get("token", "").strip(), site.token):
        return form(on, "That is not the token that the config has.", 403)
    response = back_to(on, did="sign-in")
    until = int(site.now().timestamp()) + LASTS_S
    response.set_cookie(COOKIE, sealed(site.token, secrets.token_urlsafe(18), until), LASTS_S, **cookie(request, site))
    return response


async def sign_out(request: Request, *, site: Site) -> Response:
    """Take the cookie back."""
    session = session_of(request, site)
    try:
        fields = await read_fields(request, program=False)
    except FormError as error:
        return refused(request, site, session, str(error), error.status)
    if not from_us(request, site) or (session is not None and not allowed(request, site, session, fields)):
        return refused(request, site, session, FOREIGN, 403)
    response = back_to("")
    response.delete_cookie(COOKIE, **cookie(request, site))
    return response


async def act(request: Request, *, site: Site, do: str) -> Response:
    """Have the daemon do what a form or a program asks, and go back to where the form was."""
    session = session_of(request, site)
    if session is None and "Authorization" in request.headers:
        return JSONResponse({"error": "this is not the token"}, 401, PRIVATE | {"WWW-Authenticate": "Bearer"})
    if session is None:
        return refused(request, site, None, SIGNED_OUT, 403)
    try:
        fields = await read_fields(request, program=session.program)
        if not allowed(request, site, session, fields):
            return refused(request, site, session, FOREIGN, 403)
        wanted = wish(do, fields)
        result = await site.act(wanted)
    except FormError as error:
        return refused(request, site, session, str(error), error.status)
    except RefusedError as error:
        return refused(request, site, session, str(error), 409)
    if session.program:
        return JSONResponse(result, headers=PRIVATE)
    on = own_path(fields.get("next"))
    if do == "add" and wanted["dry_run"]:
        return owner_page(request, site, session, "found.html", {"found": result, "asked": fields, "next": on})
    if do == "poll":
        return owner_page(request, site, session, "polled.html", {"polled": result, "next": on})
    if do == "add":
        on = f"sources/{quote(result['source']['id'])}"
    number = result.get("decision")
    return back_to(on, did=do, **({"decision": str(number)} if isinstance(number, int) and do != "undo" else {}))


def from_us(request: Request, site: Site) -> bool:
    """Tell whether a browser says that another site sent this."""
    headers = request.headers
    return is_ours(headers.get("Origin"), headers.get("Sec-Fetch-Site"), headers.get("Host"), site.base_url)


def allowed(request: Request, site: Site, session: Session, fields: Fields) -> bool:
    """Tell whether a form is the owner's own: it has what only our pages have, and no other site sent it."""
    return session.program or (from_us(request, site) and is_secret(fields.get("csrf", ""), session.csrf))


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


def refused(request: Request, site: Site, session: Session | None, why: str, status: int) -> Response:
    """Say why something is not done: on a page, or to a program as JSON."""
    if session is not None and session.program:
        return JSONResponse({"error": why}, status, PRIVATE)
    return owner_page(request, site, session, "refused.html", {"why": why}, status)
