"""New sources in a config's text: at the right place, and not a byte of what was there is touched."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireroom.source_tables import NewSource, with_sources

NEW = NewSource(id="new", url="https://new.example/feed")
TABLE = '[[source]]\nid  = "new"\nurl = "https://new.example/feed"\n'
ONE = '[[source]]\nid = "a"\nurl = "https://a.example/"\n'

TEXTS = {
    "nothing": ("", TABLE),
    "no source": ("[poll]\nworkers = 1\n", f"[poll]\nworkers = 1\n\n{TABLE}"),
    "no line end": ("[poll]\nworkers = 1", f"[poll]\nworkers = 1\n\n{TABLE}"),
    "comment at the end": ("# only this", f"# only this\n\n{TABLE}"),
    "last": (ONE, f"{ONE}\n{TABLE}"),
    "blank lines at the end": (f"{ONE}\n\n", f"{ONE}\n{TABLE}\n\n"),
    "the next section keeps its heading": (
        f'{ONE}\n# --- Rules ---\n\n[[rule]]\nid = "r"\n',
        f'{ONE}\n{TABLE}\n# --- Rules ---\n\n[[rule]]\nid = "r"\n',
    ),
    "a heading without a blank line": (f"{ONE}# Rules\n[[rule]]\n", f"{ONE}\n{TABLE}\n# Rules\n[[rule]]\n"),
    "a key that is commented out stays with its source": (
        f'{ONE}# every = "1h"\n\n[poll]\n',
        f'{ONE}# every = "1h"\n\n{TABLE}\n[poll]\n',
    ),
    "sources apart": (
        f"{ONE}[[rule]]\nx = 1\n{ONE.replace('a', 'b')}[poll]\n",
        f"{ONE}[[rule]]\nx = 1\n{ONE.replace('a', 'b')}\n{TABLE}\n[poll]\n",
    ),
    "a value of many lines": (
        f'{ONE}tags = [ # [[source]]\n  "a:b", # ]\n]\n[poll]\n',
        f'{ONE}tags = [ # [[source]]\n  "a:b", # ]\n]\n\n{TABLE}\n[poll]\n',
    ),
    "text that looks like one": (f'x = """\n{ONE}"""\n', f'x = """\n{ONE}"""\n\n{TABLE}'),
    "a quoted header": ('[["source"]]\nid = "a"\n[poll]\n', f'[["source"]]\nid = "a"\n\n{TABLE}\n[poll]\n'),
}
INLINE = '{ id = "new", url = "https://new.example/feed" }'
ARRAYS = {
    "empty": ("source = []\n[poll]\n", f"source = [{INLINE}]\n[poll]\n"),
    "one line": ("source = [{ id = 'a' }] # c\n", f"source = [{{ id = 'a' }}, {INLINE}] # c\n"),
    "one line, comma": ("source = [{ id = 'a' }, ]\n", f"source = [{{ id = 'a' }}, {INLINE}]\n"),
    "many lines": (
        "source = [\n    { id = 'a', tags = ['x:y]'] } # }, last\n]\n",
        f"source = [\n    {{ id = 'a', tags = ['x:y]'] }}, # }}, last\n    {INLINE},\n]\n",
    ),
    "many lines, comma": (
        "source = [\n\t{ id = 'a' }, # one,\n]",
        f"source = [\n\t{{ id = 'a' }}, # one,\n\t{INLINE},\n]",
    ),
    "empty, many lines": ("'source' = [\n]\n", f"'source' = [\n  {INLINE},\n]\n"),
}


@pytest.mark.parametrize("name", [*TEXTS, *ARRAYS])
def test_new_source_stands_after_the_last(name: str) -> None:
    """Tables and inline arrays, wherever they stand and whatever comments are around."""
    old, expected = {**TEXTS, **ARRAYS}[name]

    new, line = with_sources(old, [NEW])

    assert new == expected
    assert '"new"' in "".join(new.split("\n")[line - 1 : line + 1])


@pytest.mark.parametrize("name", [*TEXTS, *ARRAYS])
def test_line_ends_are_those_of_the_file(name: str) -> None:
    """A file from Windows stays one."""
    old, expected = {**TEXTS, **ARRAYS}[name]
    if "\n" in old:
        assert with_sources(old.replace("\n", "\r\n"), [NEW])[0] == expected.replace("\n", "\r\n")


def test_all_keys_and_two_at_once() -> None:
    """Each in its own table, in their order."""
    sources = [
        NewSource(id="one", url="https://a.example/", tags=("desk:world", "a:b"), every="2h"),
        NewSource(id="two", url="https://b.example/"),
    ]

    new, line = with_sources(ONE, sources)

    assert line == 5
    assert new.removeprefix(ONE) == (
        '\n[[source]]\nid    = "one"\nurl   = "https://a.example/"\ntags  = ["desk:world", "a:b"]\nevery = "2h"\n'
        '\n[[source]]\nid  = "two"\nurl = "https://b.example/"\n'
    )


PIECES = st.sampled_from(
    [
        *("\n", "# comment\n", "  # [[source]]\n", "[poll]\nworkers = 1\n", '[[rule]]\nid = "r" # "\n'),
        *(ONE, ONE + "tags = [\n'a:b',\n]\n", "[[ source ]]\n\"id\" = '''\n[[source]]\n'''\nurl = \"u\"\n"),
    ]
)


@given(st.lists(PIECES, max_size=6), st.booleans(), st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_any_config_keeps_what_it_says(pieces: list[str], cut: bool, url: str) -> None:
    """The new text is the old one with something put in between; parsed, it has one source more, quoted as it must."""
    seen_poll = False
    kept = []
    for piece in pieces:
        if piece.startswith("[poll]") and seen_poll:
            continue
        seen_poll = seen_poll or piece.startswith("[poll]")
        kept.append(piece)
    old = "".join(kept).removesuffix("\n" if cut else "")

    new, _ = with_sources(old, [NewSource(id="new", url=url)])

    before = tomllib.loads(old)
    assert tomllib.loads(new) == {**before, "source": [*before.get("source", []), {"id": "new", "url": url}]}
    assert any(new.startswith(old[:n]) and new.endswith(old[n:]) for n in range(len(old) + 1))
