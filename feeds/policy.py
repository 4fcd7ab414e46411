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


def page_policy(*, style: str = "'self'", pictures: bool = False, script: bool = False, forms: bool = True) -> str:
    """Write the Content-Security-Policy of a page of ours, with what it needs and nothing else.

    ``style``: where its style sheet is from, or its hash. ``pictures``: those of stories, from wherever they are; a
    browser then tells those servers that somebody looks, though not where. ``script``: from our own ``/static`` alone;
    never from within the page. ``forms``: to ourselves alone, for searching and for the owner.
    """
    policy = ["default-src 'none'", f"style-src {style}", "base-uri 'none'", "frame-ancestors 'none'"]
    policy.append("img-src 'self' https: http: data:" if pictures else "img-src 'self' data:")
    policy.append("form-action 'self'" if forms else "form-action 'none'")
    if script:
        policy.append("script-src 'self'; connect-src 'self'")
    return "; ".join(policy)
