"""What commands beside a daemon ask of it, carried out. IO: whatever is asked."""

from __future__ import annotations

from typing import Any

from wireroom.add_here import add_here
from wireroom.control import ControlError, Progress
from wireroom.decide import DECISIONS, decide
from wireroom.engine import Engine
from wireroom.keep import prune_now
from wireroom.publish_all import publish_all
from wireroom.regroup import regroup
from wireroom.reload import Reloader
from wireroom.retag import retag
from wireroom.rotate import rotate


async def carry_out(engine: Engine, reloader: Reloader, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Carry out what a command asks of the daemon. Raises ControlError for what it does not know."""
    if request.get("do") == "reload":
        return await reloader.answer()
    if request.get("do") in DECISIONS:
        return await decide(engine, request)
    if request.get("do") == "add":
        return await add_here(engine, reloader, request)
    if request.get("do") == "rotate":
        return await rotate(engine, request)
    if request.get("do") == "health":
        return engine.pulse()
    if request.get("do") == "publish":
        return await publish_all(engine)
    if request.get("do") == "prune":
        return await prune_now(engine, progress)
    if request.get("do") == "regroup":
        return await regroup(engine, request, progress)
    if request.get("do") == "retag":
        return await retag(engine, request, progress)
    if request.get("do") != "poll":
        raise ControlError(f"this daemon knows no {request.get('do')!r}; is it of another version?")
    return await engine.round(request["sources"], due=request["due"], progress=progress)
