"""Addresses in the config: what may be one, and when two are one place. Pure.

A check raises ValueError("problem|mend"); ``config.py`` turns that into a fault with its line.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from urllib.parse import urlsplit

from ingest.guard import Allowed
from wireroom.config_tags import CONTROL

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//)|(?:https?|mailto|data|javascript|feed):", re.IGNORECASE)


def parse_allow(value: object) -> Allowed:
    """Read ``address:port`` or ``network:port``; IPv6 stands in brackets."""
    try:
        host, _, port = str(value).rpartition(":")
        network = ipaddress.ip_network(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError
    except ValueError:
        raise ValueError(
            f'{value!r} is no address and port|write "127.0.0.1:8080", "10.0.0.0/8:80" or "[::1]:8080"'
        ) from None
    return Allowed(network, int(port))


def parse_listen(value: object) -> tuple[str, int]:
    """Read ``host:port``; IPv6 stands in brackets."""
    host, _, port = str(value).rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    good = bool(HOST.fullmatch(host)) or (bracketed and is_ipv6(host[1:-1]))
    if not good or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f'{value!r} is no address and port|write it like "127.0.0.1:8000" or "[::1]:8000"')
    return host.strip("[]"), int(port)


def is_loopback(listen: str) -> bool:
    """Tell whether only this machine reaches what listens at ``host:port``; what can't be read is another fault."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or not HOST.fullmatch(host)


def is_ipv6(text: str) -> bool:
    """Tell whether ``text`` is an IPv6 address."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_web_address(text: str) -> bool:
    """Tell whether ``text`` is an http or https address with a host, a possible port and no blanks or backslashes."""
    try:
        parts = urlsplit(text)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port_is_good
        and text.isprintable()  # of all blanks that is the plain one only
        and " " not in text
        and "\\" not in text
    )


def check_web_address(value: object) -> str:
    """Check an http or https address that is asked as it stands. Without user and password, which would be shown."""
    text = str(value)
    if not isinstance(value, str) or not is_web_address(text) or "@" in urlsplit(text).netloc or "#" in text:
        raise ValueError(f'{value!r} is no web address|write it like "https://example.org/", without a password')
    return text


def check_network(value: object) -> str:
    """Check an address or a network of them."""
    try:
        return str(ipaddress.ip_network(str(value)))
    except ValueError:
        raise ValueError(f'{value!r} is no address or network|write it like "127.0.0.1" or "10.0.0.0/8"') from None


def check_base_url(value: object) -> str:
    """Check the address that absolute links begin with → with a slash at its end."""
    text = str(value)
    if not is_web_address(text) or "@" in urlsplit(text).netloc or "?" in text or "#" in text:
        raise ValueError(
            f'{value!r} is no web address that links could begin with|write it like "https://example.org/"'
        )
    return text.rstrip("/") + "/"


def check_url(value: object) -> str:
    """Check a source's url: an http or https address, or a file's path."""
    text = str(value)
    if not text.strip() or text != text.strip() or CONTROL.search(text):
        raise ValueError(f"{value!r} is no address|write an http or https address, or a file's path")
    if SCHEME.match(text) and not is_web_address(text):
        raise ValueError(f"{value!r} can't be polled|write an http or https address with a host, or a file's path")
    return text


def check_scheduler(value: object) -> str:
    """Check the address of a Dask scheduler."""
    scheme, _, place = str(value).partition("://")
    try:
        if scheme not in ("tcp", "tls"):
            raise ValueError
        parse_listen(place)
    except ValueError:
        raise ValueError(f'{value!r} is no address of a Dask scheduler|write it like "tcp://10.0.0.5:8786"') from None
    return str(value)


def default_base_url(host: str, port: int) -> str:
    """Give the address that the daemon itself answers at."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def same_place(url: str) -> str:
    """Write an address or path so that two spellings of one place are equal."""
    if not SCHEME.match(url):
        return posixpath.normpath(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/", fragment="").geturl()


def without_credentials(url: str) -> str:
    """Take user and password out of an address: they never reach the archive, a log or a page."""
    if not SCHEME.match(url):
        return url
    parts = urlsplit(url)
    if "@" in parts.netloc:
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return parts.geturl()
