"""Which tag was meant by one that nothing gives."""

from __future__ import annotations

import json

from house import House
from wireroom.tag_hints import called_by

RULES = """
[[rule]]
id = "envoys"
tag = "desk:envoys"
match = "place:usa envoy"

[[rule]]
id = "own"
tag = "org:eu"
match = "brussels"

[[topic]]
id = "europe"
title = "Europe"
match = "org:eu OR place:uk* OR place:germany OR person:nobody-known"
exclude = "place:Türkei"
"""


def test_a_well_known_name_is_called_as_its_tag_is() -> None:
    """In whichever language, short or long; a tag that names give is right as it is."""
    assert called_by("place", "usa") == "united-states"
    assert called_by("place", "russland") == "russia"
    assert called_by("org", "un") == "united-nations"
    assert called_by("place", "russia") is None
    assert called_by("place", "nowhere") is None
    assert called_by("place", "moscow") is None, "a seat of government has a tag of its own"


def test_check_tells_of_queries_that_wait_for_a_tag_in_vain(house: House) -> None:
    """It is no fault, since a person may give the tag; what the config gives itself is right."""
    house.names = True
    house.configure({"one": "https://one.example/feed"}, RULES)

    told, as_json = house.wireroom("check"), json.loads(house.wireroom("check", "--json").out)

    assert told.code == 0
    assert [line.removeprefix("wireroom: ") for line in told.err.splitlines()] == as_json["notes"]
    assert as_json["notes"] == [
        'rule "envoys" asks for the tag `place:usa`, which nothing gives; names in texts give `place:united-states`',
        'topic "europe" asks for the tag `place:turkei`, which nothing gives; names in texts give `place:turkiye`',
    ]
    house.configure({"one": "https://one.example/feed"}, RULES.replace("place:usa", "place:united-states"))
    assert "envoys" not in house.wireroom("check").err
