"""Bring `ingest/subjects.txt` up to date: `python bench/subjects.py cptall-en-US.json`.

The file is IPTC's Media Topics as JSON, which IPTC gives away under CC BY 4.0 at cv.iptc.org/newscodes/mediatopic
(github.com/survos-sites/tree-demo has the release of 2023-03-31). From it come ids, labels and which topic is above
which. The names that sources use instead, and the names that say nothing, are written by hand in `ingest/subjects.txt`
and stay as they are; of a topic that IPTC has retired they are printed, to be moved.

All topics of the first three levels are taken, and of the fourth those in FOURTH and those that have other names in the
file; none whose label would mean something else as a category of a feed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from ingest.subjects import FILE, Subject, parse, written

TARGET = Path(__file__).parent.parent / "ingest" / FILE

MEANS_ANOTHER_THING = frozenset(
    """adults; animal; bar; cartoon; casting (fishing); children; employee; employer; festival; final game; fire; game;
    geography; high society; history; infants; language; mankind; men; metal; nature; newspaper; parents group; party;
    periodical; philosophy; plastic; podcast; polo; pool; record and achievement; series; skeleton; squash; teenagers;
    trend; values; water; women; bandy; meteorology; economics""".replace("\n    ", " ").split("; ")
)
"""As a feed's category: another trade's word, a kind of item, or too vague."""

FOURTH = frozenset(
    """abortion; advertising; aerospace; architecture; armed forces; artificial intelligence; automotive; ballet;
    banking; bankruptcy; beach volleyball; biathlon; bribery; central bank; Catholicism; civil war; coal; consumer
    electronics; consumers; data protection policy; democracy; dentistry; dictatorship; drought; drug trafficking;
    earthquake; economic growth; electricity; epidemic and pandemic; euthanasia; exports; film festival; film industry;
    flood; gardening; genetics; imports; inflation; influencers; infrastructure projects; insurance; interest rate;
    international trade; judo; karate; labor strike; landslide; logistics; luxury good; mixed martial arts; monetary
    policy; mortgage; music industry; nuclear power; obesity; oil and gas; opera; painting; paleontology; peacekeeping
    force; personal finance and investment; pharmaceutical; photography; poetry; Protestantism; public transport;
    railway transport; recession; renewable energy; retail; sculpture; semiconductor and electronic component; ski
    jumping; social security; space exploration; stand-up comedy; stocks and securities; suicide; tariff; tsunami;
    veterinary medicine; video game; waste management; wildfire; zoology; public finance; upper house (legislature);
    lower house (legislature); summit meetings; treaty""".replace("\n    ", " ").split("; ")
)


def main() -> None:
    """Do it."""
    topics: list[dict[str, Any]] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["conceptSet"]
    above = {topic["uri"]: topic["broader"][0] for topic in topics if topic.get("broader")}
    labels = {topic["uri"]: topic["prefLabel"].get("en-US") for topic in topics}
    old = parse(TARGET.read_text(encoding="utf-8"))
    names = {subject.label: subject.names for subject in old.subjects}
    found = []
    for topic in topics:
        label, level, top = labels[topic["uri"]], 0, topic["uri"]
        while top in above:
            level, top = level + 1, above[top]
        wanted = level < 3 or label in FOURTH or names.get(label)
        if label and "retired" not in topic and wanted and label not in MEANS_ANOTHER_THING:
            made = Subject(
                topic["qcode"].partition(":")[2], label, labels[top] if level else None, names.get(label, ())
            )
            found.append((labels[top], level > 0, label, made))
    for label in sorted(set(names) - {made.label for *_, made in found}):
        print(f"no topic any more: {label} = {'; '.join(names[label])}")
    order = sorted(found, key=lambda one: (one[0], one[1], one[2].casefold()))
    TARGET.write_text(written([made for *_, made in order], old.silent), encoding="utf-8")
    print(f"{TARGET.name}: {len(order):,} topics, {sum(len(made.names) for *_, made in order):,} other names")


if __name__ == "__main__":
    main()
