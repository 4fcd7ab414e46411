"""Where the daemon may listen, and whom it believes: the config says no before anybody is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from test_config import faults, load

TOKEN = "token = 'a-long-secret-of-the-owner'\n"


@pytest.mark.parametrize("listen", ["127.0.0.1:8000", "127.9.9.9:8000", "[::1]:8000", "localhost:8000"])
def test_alone_on_this_machine_no_token_is_needed(tmp_path: Path, listen: str) -> None:
    """Nobody else reaches it."""
    assert load(tmp_path, f"[wireroom]\nlisten = '{listen}'").token is None


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8000", "[::]:8000", "192.168.1.5:80", "wire.example:80", "[fd00::1]:80", "127.1:80"]
)
def test_others_are_let_in_only_with_a_token(tmp_path: Path, listen: str) -> None:
    """The owner's part would be anybody's; a name counts as others', whatever it means today."""
    (fault,) = faults(tmp_path, f"[wireroom]\nlisten = '{listen}'")

    assert fault.startswith(f"2: wireroom.listen: '{listen}' can be reached by others")
    assert "; write token" in fault
    assert load(tmp_path, f"[wireroom]\n{TOKEN}listen = '{listen}'").token is not None


@pytest.mark.parametrize(
    "token",
    ["''", "'short'", "'nineteen-characters'", "'twenty characters with blanks'", "'zwanzig-und-ein-paar-Bücher'"],
)
def test_token_is_hard_to_guess(tmp_path: Path, token: str) -> None:
    """And what is wrong with it does not tell it."""
    (fault,) = faults(tmp_path, f"[wireroom]\ntoken = {token}")

    assert "2: wireroom.token: is no secret that is hard to guess" in fault
    assert token.strip("'") not in fault or token == "''"
    assert "a-long-secret" not in repr(load(tmp_path, f"[wireroom]\n{TOKEN}"))


def test_proxies_are_addresses_or_networks(tmp_path: Path) -> None:
    """A name could be anybody's tomorrow."""
    text = "[wireroom]\nproxies = ['127.0.0.1', '10.0.0.0/8', '::1']"

    assert load(tmp_path, text).proxies == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
    for wrong in ("proxy.example", "10.0.0.1/8", "*", ""):
        (fault,) = faults(tmp_path, f"[wireroom]\nproxies = [\n'{wrong}']")
        assert "wireroom.proxies.0" in fault
        assert "is no address or network" in fault
