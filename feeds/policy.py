"""The headers that keep a browser from running, guessing or telling anything that we did not mean. Pure."""

from __future__ import annotations

SAFE: tuple[tuple[str, str], ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
"""On every answer: no guessing of types, and nobody learns where a reader came from."""

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of whatever is no page: nothing is loaded, nothing runs, nobody frames it."""

PAGE: tuple[tuple[str, str], ...] = (
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""On pages beside: no window of another site has a hold on them, and no site puts them into its own."""


def page_policy(*, pictures: bool = False) -> str:
    """Write the Content-Security-Policy of a page of ours: our own style, forms to ourselves, no script at all.

    ``pictures``: those of stories, from wherever they are; a browser then tells those servers that somebody looks,
    though not where.
    """
    policy = ["default-src 'none'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    policy.append("img-src 'self' https: http: data:" if pictures else "img-src 'self' data:")
    policy.append("form-action 'self'")
    return "; ".join(policy)
