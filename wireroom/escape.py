"""Control characters made visible, for the log and the terminal. Pure."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Write each character that does not print (C0, DEL, C1, line separators, lone surrogates) as its escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == " " else char.encode("unicode_escape").decode() for char in text
    )
