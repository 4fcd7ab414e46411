"""docs/rules.md is true: what its rules do with its stories, and what it says of a circle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house import ROOT, House
from origin import item, rss
from wireroom.config import load_config
from wireroom.config_faults import ConfigError

PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
(RULES,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
ROWS = [
    tuple(cell.strip() for cell in row)
    for row in re.findall(r"^\| (.*) \| (.*) \|(.*)\|(.*)\| (.*) \|$", PAGE, re.MULTILINE)
]
TOLD = """
SELECT st.title,
       (SELECT group_concat(name, ', ') FROM (SELECT '`' || s.config_id || '`' AS name
        FROM entries e JOIN sources s ON s.id = e.source_id WHERE e.story_id = st.id ORDER BY e.id)),
       coalesce((SELECT group_concat(name, ', ') FROM (SELECT '`' || t.kind || ':' || t.name || '`' AS name
        FROM story_tags x JOIN tags t ON t.id = x.tag_id
        WHERE x.story_id = st.id AND x.origin = 'rule' ORDER BY t.kind, t.name)), ''),
       CASE withheld WHEN 'drop' THEN 'dropped by `' || withheld_by || '`'
                     WHEN 'hold' THEN 'held by `' || withheld_by || '`' ELSE '' END,
       (SELECT '`' || s.config_id || '`' FROM entries e JOIN sources s ON s.id = e.source_id WHERE e.id = lead_entry_id)
FROM stories st ORDER BY st.id
"""


def test_rules_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    """With its stories, each carried by its sources, one after the other."""
    stories = [row for row in ROWS if row[1].startswith("`")]
    assert len(stories) == 5
    house = House(tmp_path)
    house.configure({"wire": "wire.xml", "desk": "desk.xml"}, RULES)
    for source in ("wire", "desk"):
        items = [
            item(f"{source} {n}", title=title, text=f"Story {n} of {len(stories)}.")
            for n, (title, carriers, *_) in enumerate(stories)
            if f"`{source}`" in carriers
        ]
        text = rss(*(one.replace(f"/{source} ", "/") for one in reversed(items)))
        (tmp_path / f"{source}.xml").write_text(text, encoding="utf-8")
        house.poll(source)

    assert sorted(house.rows(TOLD)) == sorted(stories)


def test_a_circle_is_told_as_the_page_says(tmp_path: Path) -> None:
    """To the letter."""
    config = tmp_path / "config.toml"
    config.write_text(
        "".join(
            f'[[rule]]\nid = "{one}"\nmatch = "k:{other}"\ntag = "k:{one}"\n'
            for one, other in [("one", "two"), ("two", "one")]
        ),
        encoding="utf-8",
    )

    with pytest.raises(ConfigError) as caught:
        load_config(config)

    said = str(caught.value).replace(f"{config}:", "config.toml:")
    assert " ".join(re.findall(r"```\n(config.*?)```", PAGE, re.DOTALL)[0].split()) == said
