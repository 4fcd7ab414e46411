"""A fresh folder: what is in it works at once, and nothing that was there is touched."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from house import ROOT, House
from wireroom.config import load_config
from wireroom.starter import TOKEN_LINE, begin


def test_fresh_folder_works_with_no_network(house: House) -> None:
    """`check` finds nothing wrong, `poll` takes the samples in; the next commands are named."""
    made = house.wireroom("init", "news")
    assert (made.code, made.err) == (0, "")
    assert re.findall(r"^  (\S.*?)(?: {3,}|$)", made.out, re.MULTILINE) == [
        "cd news",
        "wireroom check",
        "wireroom poll",
        "wireroom run",
    ]
    house.folder /= "news"
    samples = sorted(path.stem for path in (house.folder / "samples").iterdir())

    assert house.wireroom("check").code == 0
    result = house.poll(*samples)
    assert (result["failed"], result["new_entries"], len(result["polled"])) == (0, 15, 6)
    assert (house.folder / "public" / "index.html").exists()


def test_who_has_no_config_is_led_here(house: House) -> None:
    """Whatever command is tried first in an empty folder."""
    (house.folder / "empty").mkdir()
    house.folder /= "empty"
    done = house.wireroom("check")

    assert (done.code, "wireroom init" in done.err) == (78, True)


def test_config_is_the_shipped_one(tmp_path: Path) -> None:
    """Byte for byte: its comments are the manual."""
    begun = begin(tmp_path / "a" / "config.toml", token=False)

    assert begun.config.read_bytes() == (ROOT / "config.toml").read_bytes()
    assert stat.S_IMODE(begun.config.stat().st_mode) == 0o644
    assert "public/" in begun.others


def test_token_is_new_each_time_and_the_owners_alone(tmp_path: Path) -> None:
    """It is in the config, which only its owner may read."""
    begun = [begin(tmp_path / name / "config.toml", token=True) for name in "ab"]

    assert len({one.token for one in begun}) == 2
    for one in begun:
        assert load_config(one.config).token == one.token
        assert stat.S_IMODE(one.config.stat().st_mode) == 0o600
    assert len(TOKEN_LINE.findall((ROOT / "config.toml").read_text())) == 1


def test_address_is_written_where_one_is_given(house: House) -> None:
    """As a container has it; one that is none is refused before anything is written."""
    refused = house.wireroom("init", "a", "--listen", "everywhere")
    assert (refused.code, "127.0.0.1:8000" in refused.err) == (2, True)
    assert not (house.folder / "a").exists()

    assert house.wireroom("init", "a", "--listen", "0.0.0.0:8123").code == 0
    config = load_config(house.folder / "a" / "config.toml")
    assert (config.listen_host, config.listen_port) == ("0.0.0.0", 8123)
    assert config.token, "whom others reach has one"


def test_what_is_there_is_not_touched(house: House) -> None:
    """A config of somebody's own: exit code 73, not a byte is written. Other files of ours are added to it."""
    house.config.write_text("[wireroom]\n")
    refused = house.wireroom("init")
    assert (refused.code, refused.err.count("\n"), refused.out) == (73, 1, "")
    assert [path.name for path in house.folder.iterdir()] == ["config.toml"]

    (house.folder / "samples").mkdir()
    (house.folder / "samples" / "harbour-wire.xml").write_text("mine")
    (house.folder / ".gitignore").write_text("mine")
    other = house.wireroom("init", "-c", "wire.toml")
    assert other.code == 0
    assert "wireroom run -c wire.toml" in other.out
    assert (house.folder / "samples" / "harbour-wire.xml").read_text() == "mine"
    assert (house.folder / ".gitignore").read_text() == "mine"
    assert (house.folder / "samples" / "paper-lantern.json").exists()
    assert json.loads(house.wireroom("check", "-c", "wire.toml", "--json").out)["good"] is True


def test_link_that_leads_nowhere_is_in_the_way(tmp_path: Path) -> None:
    """Nobody's file is made through it."""
    (tmp_path / "config.toml").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Exception, match=r"config\.toml"):
        begin(tmp_path / "config.toml", token=False)
    assert not (tmp_path / "elsewhere").exists()


def test_folder_that_cannot_be_made_is_one_clear_line(house: House) -> None:
    """Exit code 73, no traceback."""
    (house.folder / "file").write_text("")
    refused = house.wireroom("init", "file/news")

    assert (refused.code, refused.err.count("\n")) == (73, 1)
    assert "can't be created" in refused.err


def test_begun_again_after_a_kill(tmp_path: Path) -> None:
    """The config comes last: until it is there, the same command goes on."""
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / ".harbour-wire.xml.x1y2").write_text("half")

    assert begin(tmp_path / "config.toml", token=False).config.exists()
