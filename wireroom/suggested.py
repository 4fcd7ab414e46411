"""Suggestions told as TOML that can be put into the config as it stands. Pure."""

from __future__ import annotations

from typing import Any

from wireroom.escape import escaped
from wireroom.explained import counted
from wireroom.source_tables import quoted

NO_TABLE = "# The config has [categories] already: put these lines under it."


def toml_lines(told: dict[str, Any], *, has_categories: bool) -> list[str]:
    """Write what ``suggestions`` found; all that is no TOML is a comment.

    ``has_categories``: the config has the table.
    """
    lines = [
        f"# {stories(told['stories'])} looked at, since {told['since']}"
        + (f", of the topic {told['topic']}" if told["topic"] else "")
        + ". Take what is good; nothing is added by itself."
    ]
    if told["without_capitals"]:
        lines += [
            f"# In {told['without_capitals']} of them there are no capitals to tell a name by (Arabic, Chinese, Hindi, "
            "Japanese, …): names in those are not found."
        ]
    if told["names"]:
        lines += ["", "# Names that keep coming up and that give no tag yet. The kind is a guess."]
    for one in told["names"]:
        lines += ["", f"# {where(one)}", *example_lines(one), "[[entity]]"]
        lines += [f"kind    = {quoted(one['kind'])}", f"name    = {quoted(one['name'])}"]
        if one["aliases"]:
            lines += [f"aliases = [{', '.join(map(quoted, one['aliases']))}]"]
    if told["categories"]:
        lines += ["", '# Categories that give no subject. "" in place of the tag: no tag at all.']
        lines += [NO_TABLE if has_categories else "[categories]"]
    for one in told["categories"]:
        pair = f"{quoted(one['category'])} = {quoted(one['tag'] or 'subject:')}"
        lines += ["", f"# {where(one)}", *example_lines(one), pair if one["tag"] else f"# {pair}"]
    if not told["names"] and not told["categories"]:
        lines += ["# There is nothing to suggest."]
    return lines


def where(one: dict[str, Any]) -> str:
    """Tell in how many stories something came up."""
    return f"{stories(one['stories'])}, {counted(one['sources'], 'source')}"


def stories(count: int) -> str:
    """Write how many stories."""
    return "1 story" if count == 1 else f"{count:,} stories"


def example_lines(one: dict[str, Any]) -> list[str]:
    """Write the headlines in which it came up, as comments."""
    return [f"#   {escaped(title)}" for title in one["examples"]]
