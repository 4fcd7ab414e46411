"""The user's own names: `[[entity]]` tables, and a list of them in a file of its own. IO: files.

A list is for many names. It has a line for each thing, its parts parted by tabs: the kind, the name, and where there
are any the other names, parted by semicolons. "#" begins a remark.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path

from db.text import slug
from ingest.gazetteer import Gazetteer
from ingest.gazetteer_files import shipped
from ingest.named import Named
from wireroom.config_faults import ConfigError, Fault
from wireroom.config_tables import EntityTable
from wireroom.config_tags import check_kind, check_name
from wireroom.explained import counted

MEND = "write kind, tab, name and, where there are any, tab, other names with ; between them"
MAX_FAULTS = 20
"""Of a list so many are named: a wrong file has one in every line."""


Listed = dict[tuple[str, str], list[str]]
"""The names of a list, by the tag that they give."""


class Entities:
    """The things that the config names. Compared by identity: there may be very many.

    The list is read when they are first asked for, since of a long one that takes seconds, and few commands need it.
    """

    def __init__(self, tables: Sequence[EntityTable] = (), path: Path | None = None) -> None:
        self._tables = tables
        self._path = path

    @property
    def tables(self) -> tuple[EntityTable, ...]:
        """What stands in the config itself."""
        return tuple(self._tables)

    def list_hash(self) -> str | None:
        """Hash the list, to tell whether it is another one; None where there is none, or it can't be read."""
        try:
            return blake2b(self._path.read_bytes(), digest_size=8).hexdigest() if self._path is not None else None
        except OSError:
            return None

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that the tables name; the list is not read for it."""
        return frozenset(table.kind for table in self._tables)

    def unread(self) -> Entities:
        """Give the same things, of which none is looked for: queries may name their kinds all the same."""
        made = Entities(self._tables)
        made.named = ()
        return made

    @cached_property
    def named(self) -> tuple[Named, ...]:
        """The things, by tag; what stands in tables and list has the names of both. Raises ConfigError."""
        listed, faults = read_list(self._path) if self._path is not None else ({}, [])
        if faults:
            raise ConfigError(faults)
        found = {tag: dict.fromkeys(names) for tag, names in listed.items()}
        for table in self._tables:
            names = found.setdefault((table.kind, table.id or slug(table.name)), {})
            names.update(dict.fromkeys((table.name, *table.aliases)))
        return tuple(Named(kind=k, name=n, aliases=tuple(names)) for (k, n), names in found.items())


@lru_cache(maxsize=1)
def gazetteer_of(entities: Entities, *, known: bool) -> Gazetteer | None:
    """Build what finds names in texts → None where there are none to find. Takes seconds for very many.

    Raises ConfigError where the list is wrong. ``known``: those that come with the program are looked for too.
    """
    named = (*(shipped() if known else ()), *entities.named)
    return Gazetteer(named) if named else None


def read_list(path: Path) -> tuple[Listed, list[Fault]]:
    """Read a list → the names by tag, and its faults, each with its line. Raises nothing.

    A thing that stands there twice has the names of both lines.
    """
    found: Listed = {}
    faults: list[Fault] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else "not UTF-8 text"
        return {}, [
            Fault(file=path, line=None, key="", problem=f"can't be read: {why}", mend="see [wireroom] entities")
        ]
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, *parts = (part.strip() for part in line.split("\t"))
        try:
            if len(parts) not in (1, 2):
                raise ValueError(f"has {counted(len(parts) + 1, 'part')} between tabs, not 2 or 3|{MEND}")
            others = [name for name in (parts[1].split(";") if len(parts) == 2 else ()) if name.strip()]
            names = [check_name(name.strip()) for name in (parts[0], *others)]
            found.setdefault((check_kind(kind), slug(names[0])), []).extend(names)
        except ValueError as error:
            problem, _, mend = str(error).partition("|")
            faults.append(Fault(file=path, line=number, key="", problem=problem, mend=mend or MEND))
    if len(faults) > MAX_FAULTS:
        more = f"and {len(faults) - MAX_FAULTS:,} more lines are wrong"
        faults[MAX_FAULTS:] = [Fault(file=path, line=faults[MAX_FAULTS].line, key="", problem=more, mend=MEND)]
    return found, faults
