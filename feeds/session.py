"""Whether the owner is signed in. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from db.reading import Viewer
from feeds.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The owner, signed in. ``csrf`` goes with every form (``<input type=hidden name=csrf>``)."""

    csrf: str


def session_of(request: Request, site: Site) -> Session | None:
    """Tell who asks: the owner's session, or None for anybody else."""
    _ = request, site
    return None


def viewer_of(session: Session | None) -> Viewer:
    """Name who reads."""
    return "owner" if session is not None else "public"
