"""The gazetteer that comes with the program, read once in a process. IO: files."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ingest.named import Named, read_entries, read_nothings, read_people

FOLDER = "names"


@cache
def shipped() -> tuple[Named, ...]:
    """Read the lists of places, organizations, people and longer names that are nothing.

    Raises ValueError where a list has a line that can't be read.
    """
    folder = files("ingest") / FOLDER
    text = {name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in ("places", "organizations")}
    return (
        *read_entries(text["places"]),
        *read_entries(text["organizations"]),
        *read_people((folder / "people.txt").read_text(encoding="utf-8")),
        *read_nothings((folder / "nothing.txt").read_text(encoding="utf-8")),
    )
