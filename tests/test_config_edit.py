"""The config file edited: whole or not at all, and no edit lost."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from house import ROOT
from wireroom.config import load_config
from wireroom.config_edit import add_sources
from wireroom.config_faults import ConfigError
from wireroom.source_tables import NewSource

TEXT = '# mine\n[poll]\npause = "0s"   # quick\n\n[[source]]\nid = "a"\nurl = "feeds/a.xml"\n\n# the end\n'


def source(number: int) -> NewSource:
    """Make a source."""
    return NewSource(id=f"s{number}", url=f"https://s{number}.example/feed", tags=("folder:many",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a config file."""
    found = tmp_path / "config.toml"
    found.write_text(TEXT, encoding="utf-8")
    return found


def test_shipped_config_keeps_every_line(tmp_path: Path) -> None:
    """The commented example: one block more, before the comment of the next section."""
    path = tmp_path / "config.toml"
    old = (ROOT / "config.toml").read_bytes()
    path.write_bytes(old)

    written = add_sources(path, lambda config: [source(len(config.sources))])

    new = path.read_bytes()
    head, _, rest = new.partition(f'[[source]]\nid   = "s{len(load_config(path).sources) - 1}"'.encode())
    assert head + rest.split(b"\n\n", 1)[1] == old
    assert rest.split(b"\n\n", 1)[1].startswith(b"# --- Entities")
    assert new.split(b"\n")[(written.line or 0) - 1] == b"[[source]]"


def test_mode_and_link_stay(path: Path) -> None:
    """A file that others may not read stays so; a link is followed, not replaced."""
    path.chmod(0o640)
    link = path.parent / "link.toml"
    link.symlink_to("config.toml")

    add_sources(link, lambda _: [source(1)])

    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert load_config(path).sources[-1].id == "s1"
    assert sorted(one.name for one in path.parent.iterdir()) == ["config.toml", "link.toml"]


def test_byte_order_mark_stays(path: Path) -> None:
    """As an editor on Windows wrote it."""
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())

    add_sources(path, lambda _: [source(1)])

    new = path.read_bytes()
    assert new.startswith(b"\xef\xbb\xbf# mine\r\n")
    assert new.count(b"\n") == new.count(b"\r\n")
    assert load_config(path).sources[-1].id == "s1"


def test_nothing_is_written_that_is_no_good_config(path: Path) -> None:
    """An id that is used, a dry run, or nothing to add: the file stays as it is, and nothing beside it."""
    with pytest.raises(ConfigError) as caught:
        add_sources(path, lambda _: [NewSource(id="a", url="https://a.example/")])
    dry = add_sources(path, lambda _: [source(1)], dry_run=True)
    none = add_sources(path, lambda _: [])

    assert str(caught.value).startswith(f"{path}:10: ")
    assert (dry.line, none.line) == (9, None)
    assert path.read_text(encoding="utf-8") == TEXT
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_bad_config_is_not_edited(path: Path) -> None:
    """Its faults are named instead."""
    path.write_text(TEXT + "oops\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.toml:10: no valid TOML"):
        add_sources(path, lambda _: [source(1)])


def test_edit_by_another_program_is_not_undone(path: Path) -> None:
    """An editor saves between our reading and our writing: its text stays, ours is refused."""

    def saved_meanwhile(_: object) -> list[NewSource]:
        path.write_text(TEXT + "# saved\n", encoding="utf-8")
        return [source(1)]

    with pytest.raises(OSError, match="changed by another program") as caught:
        add_sources(path, saved_meanwhile)

    assert caught.value.filename == str(path)
    assert path.read_text(encoding="utf-8") == TEXT + "# saved\n"


def add_many(path: Path, first: int) -> None:
    """Add five sources, one by one, in a process of its own."""
    for number in range(first, first + 5):
        add_sources(path, lambda _, number=number: [source(number)])  # type: ignore[misc]


def test_edits_at_once_are_all_kept(path: Path) -> None:
    """Four processes add five sources each; all twenty are there."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=add_many, args=(path, 10 * n)) for n in range(1, 5)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * 4
    assert len(load_config(path).sources) == 21


def test_2000_sources_at_once(path: Path) -> None:
    """A reader's whole list stands between the last source and what follows it."""
    add_sources(path, lambda _: [source(number) for number in range(2000)])

    assert len(load_config(path).sources) == 2001
    assert path.read_text(encoding="utf-8").endswith('tags = ["folder:many"]\n\n# the end\n')
