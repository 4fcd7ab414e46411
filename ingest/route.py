"""Which worker asks which hosts: rendezvous hashing, so that a worker that comes or goes moves few of them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection


def home_of(key: str, workers: Collection[str]) -> str:
    """Choose the worker of a budget (a registered domain) among ``workers``, of which there must be one.

    Everybody's choice is the same, and only the keys of a worker that goes are chosen anew.
    """
    return max(workers, key=lambda worker: weight(key, worker))


def weight(key: str, worker: str) -> bytes:
    """Say how much a worker is drawn to a key."""
    return hashlib.blake2b(f"{worker}\n{key}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
