"""The HTML of a text whose own HTML was pruned. Pure."""

from __future__ import annotations

from html import escape


def html_or_text(html: str, text: str) -> str:
    """Give an entry's safe HTML, or where it has none any more its plain text, line by line in paragraphs."""
    if html or not text:
        return html
    return "\n".join(f"<p>{escape(line.strip(), quote=False)}</p>" for line in text.splitlines() if line.strip())
