"""Bad config files: each says in its first lines which faults are expected, and on which line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wireroom.config import load_config
from wireroom.config_faults import ConfigError

DATA = Path(__file__).parent / "data" / "config"
GOOD = '[poll]\nallow = [\n  "[::1]:80",\n]\npause = "0s"\n\n[[source]]\nid = "a"\nurl = "feeds/a.xml"\n'


def complaints(path: Path) -> list[str]:
    """Load a bad config → its faults, without the path."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return [str(fault).removeprefix(f"{path}:").strip() for fault in caught.value.faults]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.bad.toml")), ids=lambda path: path.name.partition(".")[0])
def test_file_has_the_faults_that_it_expects(path: Path) -> None:
    """All of them, at their lines, in their order, and no other."""
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]

    found = complaints(path)

    assert len(found) == len(expected) > 0, found
    assert [said for said, wanted in zip(found, expected, strict=True) if not said.startswith(wanted)] == []
    assert all("; " in said and "secret" not in said for said in found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_editors_of_all_systems_may_write_it(tmp_path: Path, encoding: str, end: str) -> None:
    """A byte order mark and Windows' line ends change nothing, the lines of faults neither."""
    path = tmp_path / "config.toml"
    path.write_bytes(GOOD.replace("\n", end).encode(encoding))
    assert load_config(path).poll.pause_s == 0

    path.write_bytes((GOOD + "# \u2028 \u0085\nevery = 5\n").replace("\n", end).encode(encoding))
    (fault,) = complaints(path)
    assert fault.startswith('11: source "a": every: 5 is no duration')


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the command was typed, and where the daemon may go afterwards."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "wire.toml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    config = load_config(Path("etc/wire.toml"))
    os.chdir("/")

    assert config.path == tmp_path / "etc" / "wire.toml"
    assert config.archive == tmp_path / "etc" / "wireroom.db"
    assert config.sources[0].path == tmp_path / "etc" / "feeds" / "a.xml"


def test_number_longer_than_python_reads_is_a_fault(tmp_path: Path) -> None:
    """The interpreter's own limit on digits is no traceback."""
    path = tmp_path / "config.toml"
    path.write_text("[poll]\nworkers = " + "1" * 5000, encoding="utf-8")

    (fault,) = complaints(path)

    assert fault.startswith("2: no valid TOML: Exceeds the limit")
