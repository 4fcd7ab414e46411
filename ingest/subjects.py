"""The subjects that a category may name: IPTC's Media Topics, and what sources call them. IO: files.

They come with the program (`subjects.txt`), as a text to be read and corrected; `bench/subjects.py` brings ids and
labels up to date. IPTC's labels are under CC BY 4.0; the other names are ours. A name that is in doubt is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from db.text import slug

FILE = "subjects.txt"

HEAD = """\
# The subjects that a feed's category may name: `subject:` and IPTC's label, with the subject at the top of its branch.
#
# Labels, ids and branches: IPTC Media Topics (https://iptc.org/standards/media-topics/), the International Press
# Telecommunications Council, CC BY 4.0, American English, release of 2023-03-31; only a selection. What follows "=" are
# names that sources use, in many languages, by Wireroom. Case, accents, "and", "&" and a plural s make no difference.
# A name may stand at several subjects. `python bench/subjects.py FILE` brings what is IPTC's up to date.
"""
SILENT = (
    "# Categories that say nothing about a subject: they give no subject, and `wireroom suggest` leaves them out.\n"
)

JOINERS = frozenset(("and", "und", "et", "y", "e", "i", "en", "og", "och", "ja", "ve", "и", "та"))
"""Small words that make no difference between two names of a subject."""


class Subject(NamedTuple):
    """A subject: its id at IPTC, its label, the label at the top of its branch (None: it is there), other names."""

    id: str
    label: str
    top: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the file says: the subjects, and the names that are none, line by line."""

    subjects: tuple[Subject, ...]
    silent: tuple[tuple[str, ...], ...]

    def by_name(self) -> Mapping[str, tuple[str, ...]]:
        """Give the tag names by ``name_key``: the subject's own, then that of its branch; () for a silent name."""
        found: dict[str, dict[str, None]] = {name_key(name): {} for line in self.silent for name in line}
        for subject in self.subjects:
            tags = dict.fromkeys(slug(label) for label in (subject.label, subject.top) if label)
            for name in (subject.label, *subject.names):
                found.setdefault(name_key(name), {}).update(tags)
        return {key: tuple(tags) for key, tags in found.items()}


def parse(text: str) -> Subjects:
    """Read the file's text."""
    subjects, silent = [], []
    for line in text.splitlines():
        if line.startswith("- "):
            silent.append(tuple(line[2:].split("; ")))
        elif line and not line.startswith("#"):
            head, _, names = line.partition(" = ")
            id_, _, path = head.partition(" ")
            top, above, label = path.rpartition(" > ")
            subjects.append(Subject(id_, label, top if above else None, tuple(names.split("; ")) if names else ()))
    return Subjects(tuple(subjects), tuple(silent))


def written(subjects: Sequence[Subject], silent: Iterable[Sequence[str]]) -> str:
    """Write the file's text."""
    lines = [HEAD]
    for id_, label, top, names in subjects:
        if top is None:
            lines.append("")
        path = f"{top} > {label}" if top else label
        lines.append(f"{id_} {path}" + (f" = {'; '.join(names)}" if names else ""))
    return "\n".join([*lines, "", SILENT, *(f"- {'; '.join(line)}" for line in silent), ""])


def name_key(name: str) -> str:
    """Make what two spellings of one name share: a slug without joiners, its last word in the singular."""
    first, *rest = slug(name).split("-")
    return "-".join([first, *(word for word in rest if word not in JOINERS)]).removesuffix("s")


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """Read the subjects that come with the program, once in a process → tag names by ``name_key``."""
    return parse((files("ingest") / FILE).read_text(encoding="utf-8")).by_name()


def subjects_of(name: str) -> tuple[str, ...] | None:
    """Find the subjects that a category names → their tag names; () if it says nothing, None if it is not known."""
    return shipped().get(name_key(name))
