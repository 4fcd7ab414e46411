"""What the service manager is told: ready, reloading, stopping, still alive (systemd's sd_notify). IO: sockets.

A datagram of lines to the socket that ``NOTIFY_SOCKET`` names (sd_notify(3)); where it names none, nobody is told. One
that can't be told is no reason to stop.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping

EXTEND_S = 60
"""A start that takes long asks for so much more, again and again."""


class Notifier:
    """Tells the service manager at ``address``, ``@`` before an abstract one; None: there is none.

    ``watchdog_s``: after so long without a sign of life it ends us; None: it does not watch.
    """

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s if address is not None else None
        self._address = "\0" + address[1:] if address is not None and address.startswith("@") else address

    def tell(self, *lines: str) -> bool:
        """Send lines like ``READY=1`` → whether they went out."""
        if self._address is None:
            return False
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.settimeout(1)  # a manager that does not read holds up nobody
            s.sendto("\n".join(lines).encode(), self._address)
            return True
        return False

    def starting(self, what: str) -> None:
        """Say what a start is at, and ask for more time: an archive of years takes minutes to be migrated."""
        self.tell(f"EXTEND_TIMEOUT_USEC={EXTEND_S * 1_000_000}", f"STATUS={one_line(what)}")

    def ready(self, status: str) -> None:
        """Say that we serve, or do so again after a reload."""
        self.tell("READY=1", f"STATUS={one_line(status)}")

    def reloading(self) -> None:
        """Say that the config is read anew; ``ready`` ends it."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reading the config anew")

    def stopping(self) -> None:
        """Say that we stop."""
        self.tell("STOPPING=1", "STATUS=finishing what has begun")

    def alive(self, status: str | None = None) -> None:
        """Give a sign of life; ``status``: what a person is told."""
        signs = ["WATCHDOG=1"] if self.watchdog_s is not None else []
        said = [f"STATUS={one_line(status)}"] if status is not None else []
        if signs or said:
            self.tell(*signs, *said)


def one_line(text: str) -> str:
    """Make a text one line, so that it can say nothing else."""
    return " ".join(text.split())[:200]


def notifier_of(environ: MutableMapping[str, str], pid: int) -> Notifier:
    """Read who is to be told, and take it out of ``environ``: processes that we start are not us."""
    address = environ.pop("NOTIFY_SOCKET", None)
    usec, whose = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    if not address or address[0] not in "/@":
        return Notifier()
    watched = usec.isdecimal() and int(usec) > 0 and whose in ("", str(pid))
    return Notifier(address, int(usec) / 1_000_000 if watched else None)


def notifier_here() -> Notifier:
    """Do so for this process."""
    return notifier_of(os.environ, os.getpid())
