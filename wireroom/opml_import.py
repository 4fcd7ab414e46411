"""What an import makes of a list's feeds: new sources, and a word on every outline that gives none. Pure.

Nothing is fetched, and no name is looked up.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from wireroom.config import Source
from wireroom.config_addresses import is_web_address
from wireroom.config_tables import check_id
from wireroom.config_tags import check_tag
from wireroom.opml import CATEGORY, FOLDER, Outline, Passed
from wireroom.source_names import Ids, Places, shown
from wireroom.source_tables import NewSource
from wireroom.units import parse_duration

MAX_URL_CHARS = 4000

Permits = Callable[[str, int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A word on one outline. Only ``remark`` leaves it among the new sources."""

    kind: Literal["known", "refused", "passed", "remark"]
    line: int
    name: str
    why: str

    def told(self) -> dict[str, Any]:
        """Tell it as ``--json`` prints it."""
        return {"kind": self.kind, "line": self.line, "name": self.name, "why": self.why}


def plan_import(
    outlines: Iterable[Outline],
    passed: Iterable[Passed],
    sources: Sequence[Source],
    places: Iterable[tuple[str, str]],
    permits: Permits,
) -> tuple[list[NewSource], list[Remark]]:
    """Decide which outlines become sources → those, and a remark on each that does not, or not just as it says.

    ``places`` are the addresses that ``sources`` have or had, with their ids. ``permits`` tells of an IP address and
    port whether it may be polled. A feed that is listed twice (readers write one line for each of its folders) gets
    the tags of both.
    """
    ids, known, here = Ids(sources), Places(places), Places()
    new: dict[str, NewSource] = {}
    remarks = [Remark(kind="passed", line=one.line, name=one.name, why=one.why) for one in passed]
    for outline in outlines:

        def say(kind: Literal["known", "refused", "remark"], why: str, outline: Outline = outline) -> None:
            remarks.append(Remark(kind=kind, line=outline.line, name=outline.name, why=why))

        trouble = trouble_with(outline.url)
        if trouble is not None:
            say("refused", trouble)
            continue
        source_id = known.find(outline.url)
        if source_id is not None:
            say("known", f"is source {source_id!r} of the config already")
            continue
        tags, odd = tags_of(outline)
        for one in odd:
            say("remark", one)
        first = here.find(outline.url)
        if first is not None:
            say("known", f"is in the list already, as {first!r}; its folders and categories are added there")
            new[first] = replace(new[first], tags=tuple(dict.fromkeys((*new[first].tags, *tags))))
            continue
        source_id, taken = id_of(outline, ids)
        if taken is not None:
            say("remark", f"its id {outline.id!r} can't be had: {taken}; it is {source_id!r} here")
        every, bad = every_of(outline)
        if bad is not None:
            say("remark", bad)
        private = private_address(outline.url, permits)
        if private is not None:
            say("remark", f"{private} is not a public address: it is polled only once [poll] allow names it")
        here.add(outline.url, source_id)
        new[source_id] = NewSource(id=source_id, url=outline.url, tags=tags, every=every)
    return list(new.values()), sorted(remarks, key=lambda remark: remark.line)


def trouble_with(url: str) -> str | None:
    """Say why an address can't be a source, None where it can."""
    if len(url) > MAX_URL_CHARS:
        return f"its address is longer than {MAX_URL_CHARS:,} characters"
    if not is_web_address(url):
        return f"{shown(url)!r} is no http or https address"
    return None


def private_address(url: str, permits: Permits) -> str | None:
    """Name the private IP address and port that a web address says outright, if it does; names are not looked up."""
    parts = urlsplit(url)
    ip = literal(parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return None if ip is None or permits(ip, port) else f"{ip} port {port}"


def literal(host: str) -> str | None:
    """Read an IP address in any spelling that the system takes for one (127.1, 0x7f000001); None for a name."""
    plain = unicodedata.normalize("NFKC", host).partition("%")[0]
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        try:
            return socket.inet_ntoa(socket.inet_aton(plain))
        except (OSError, ValueError):
            return None


def tags_of(outline: Outline) -> tuple[tuple[str, ...], list[str]]:
    """Make tags of folders and categories → those, and a word on each that gives none.

    A category that is a tag (``desk:world``) is taken as one; else each step of its path (``/Boston/Weather``) is a
    ``category:`` tag.
    """
    tags: list[str] = []
    odd: list[str] = []
    wanted = [(FOLDER, "folder", name) for name in outline.folders]
    for category in outline.categories:
        tag = None if "/" in category else tag_or_none(category)
        if tag is not None:
            tags.append(tag)
        else:
            wanted += [(CATEGORY, "category", step) for step in category.split("/") if step.strip()]
    made = []
    for kind, what, name in wanted:
        tag = tag_or_none(f"{kind}:{name}")
        if tag is None:
            odd.append(f"the {what} {name!r} has no letter or digit, and gives no tag")
        else:
            made.append(tag)
    return tuple(dict.fromkeys((*made, *tags))), odd


def tag_or_none(text: str) -> str | None:
    """Read a tag; None where it is none."""
    try:
        return check_tag(text)
    except ValueError:
        return None


def id_of(outline: Outline, ids: Ids) -> tuple[str, str | None]:
    """Give an outline its id → it, and why it is not the one that the list says."""
    if outline.id is None:
        return ids.make(outline.name, outline.url), None
    try:
        wanted = check_id(outline.id)
    except ValueError:
        return ids.make(outline.name, outline.url), "it is no id"
    holder = ids.holder(wanted)
    if holder is None:
        return ids.take(wanted), None
    return ids.make(wanted, outline.url), f"{holder!r} has it"


def every_of(outline: Outline) -> tuple[str | None, str | None]:
    """Read a source's own rhythm → it, and what is wrong with it."""
    if outline.every is None:
        return None, None
    try:
        parse_duration(outline.every)
    except ValueError:
        return None, "its wireroom:every is no duration; it gets the usual rhythm"
    return outline.every, None
