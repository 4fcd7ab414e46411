"""The Host header: which names are ours. A site whose name was pointed at us (DNS rebinding) is none. Pure."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
DEFAULT_PORTS = {"http": "80", "https": "443"}


class Hosts:
    """The names that we answer to: that of ``base_url``, loopback names at any port, and the address we listen at.

    Where we listen at all addresses (``0.0.0.0``), any address will do: an address is no name that could be pointed
    elsewhere. ``localhost`` at another port is a tunnel of our owner's; no other site has that name in its pages.
    """

    def __init__(self, base_url: str, listen: str) -> None:
        parts = urlsplit(base_url)
        self._named = {with_port(parts.netloc, parts.scheme)}
        self._listen = listen.lower()
        self._everywhere = False
        with contextlib.suppress(ValueError):
            self._everywhere = ipaddress.ip_address(listen).is_unspecified

    def has(self, host: str) -> bool:
        """Tell whether a Host header's value names us."""
        host = host.strip().lower()
        name, port = split(host)
        if port and not (port.isascii() and port.isdigit()):
            return False
        if name in LOOPBACK or name.strip("[]") == self._listen:
            return True
        if any(with_port(host, scheme) in self._named for scheme in DEFAULT_PORTS):
            return True
        if not self._everywhere:
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def split(host: str) -> tuple[str, str]:
    """Part a host from its port, "" if there is none; IPv6 stays in its brackets."""
    if host.endswith("]"):
        return host, ""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon else (host, "")


def with_port(netloc: str, scheme: str) -> str:
    """Write host and port in one way: lower-case, ASCII, without a dot at the end, always with the port."""
    name, port = split(netloc.lower())
    with contextlib.suppress(UnicodeError):
        name = name.rstrip(".").encode("idna").decode() if not name.isascii() else name.rstrip(".")
    return f"{name}:{port or DEFAULT_PORTS.get(scheme, '')}"


def fault_of(hosts: Sequence[str], http_version: str, names: Hosts) -> tuple[int, str] | None:
    """Say what is wrong with a request's Host lines → (status, why), or None (RFC 9112 3.2, RFC 9110 7.4).

    An old program (HTTP/1.0) may leave it out; a browser never does.
    """
    if len(hosts) > 1 or (not hosts and http_version != "1.0"):
        return 400, "A request has one Host.\n"
    if hosts and not names.has(hosts[0]):
        return 421, "There is nothing here by that name. Is [wireroom] base_url, or the proxy's Host header, right?\n"
    return None
