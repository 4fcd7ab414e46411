"""What a fetch that failed says: the thing, the place, the mend, in plain words."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from ingest.failure import failure_of, outcome_of, reason
from ingest.fetch import read_file


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.1', 80)"), "10.0.0.1 port 80: Connection refused"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed ('fd00::1', 80, 0, 0)"), "fd00::1 port 80: No route to host"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 9, 0, 0), [Errno 101] Connect call "
                    "failed ('10.0.0.1', 9)"),
            "::1 port 9: Connection refused, 10.0.0.1 port 9: Network is unreachable",
        ),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "Name or service not known; is the name spelled right?",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "Temporary failure in name resolution",
        ),
    ],
)  # fmt: skip
def test_failed_connection_is_told_in_the_systems_words(error: OSError, said: str) -> None:
    """Not in the interpreter's: which address, and why."""
    assert (reason(error), outcome_of(error)) == (said, "unreachable")


@pytest.mark.parametrize("host", ["..", "a..example", "x" * 64 + ".example"])
def test_host_that_can_be_none_is_refused(host: str) -> None:
    """The codec's complaint, as the name look-up raises it, is no word for a person."""
    with pytest.raises(UnicodeError) as raised:
        socket.getaddrinfo(host, 80)

    assert outcome_of(raised.value) == "refused"
    assert reason(raised.value) == "it is no address that could be asked (bad host); check the source's url"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "HTTP status 400 Bad Request"),
        (404, "HTTP status 404 Not Found: the feed is not there; look for its new address on the publisher's page"),
        (500, "HTTP status 500 Internal Server Error: the trouble is the server's own"),
        (522, "HTTP status 522: the trouble is the server's own"),
        (999, "HTTP status 999"),
    ],
)
def test_status_is_told_by_name(status: int, said: str) -> None:
    """A number alone tells nothing; some servers make up numbers."""
    assert failure_of(status, None, conditional=False) == ("http-error", said)


def test_forgotten_scheme_is_guessed(tmp_path: Path) -> None:
    """``example.org/feed`` in the config is the path of a file that is not there."""
    assert "a web address begins with https://" in (read_file(tmp_path / "example.org/feed", 100).error or "")


def test_throttled_says_when_the_server_wants_us_back() -> None:
    """Its Retry-After in seconds, where it gives one."""
    assert failure_of(429, 7200, conditional=False) == ("throttled", "429: the server asks to come back in 7,200 s")
    assert failure_of(503, None, conditional=False) == ("throttled", "503: the server asks to come back later")
