"""What is printed arrives whole."""

from __future__ import annotations

import io
import sys
from typing import Any

import click
import pytest

from wireroom.streams import buffered


class Reluctant(io.RawIOBase):
    """Takes no more than 1,000 bytes at a time, as a pipe does that a signal interrupts."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: object) -> int:
        """Take some."""
        some = bytes(memoryview(data)[:1000])  # type: ignore[arg-type]
        self.taken += some
        return len(some)


def test_what_is_printed_arrives_whole_where_nothing_is_buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text, through a stream as Python makes it with PYTHONUNBUFFERED."""
    raw: Any = Reluctant()
    unbuffered = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)  # as Python makes it then
    monkeypatch.setattr(sys, "stdout", buffered(unbuffered))
    text = "äöü" * 100_000

    click.echo(text)

    assert raw.taken.decode() == text + "\n"


def test_what_is_buffered_stays_what_it_is() -> None:
    """As is what has no buffer of its own."""
    stream, text = io.TextIOWrapper(io.BytesIO()), io.StringIO()

    assert buffered(stream) is stream
    assert buffered(text) is text
