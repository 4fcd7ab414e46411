"""What headlines say for and against one text."""

from __future__ import annotations

from ingest.likeness import compare
from ingest.prints import read
from test_likeness import TEXT


def are_one(title: str, text: str, other_title: str, other_text: str) -> bool:
    """Tell whether two entries are compared to be copies, whichever of the two comes first."""
    one, other = read(title, text), read(other_title, other_text)

    assert compare(one, other) == compare(other, one)
    return compare(one, other).is_copy


def quake(place: str) -> tuple[str, str]:
    """Make a report of which nothing but the place is its own."""
    return (
        f"Magnitude 5.6 earthquake strikes {place}",
        f"A magnitude 5.6 earthquake struck {place} on Monday, the survey said. The quake hit at a depth of 10 "
        f"kilometers (6 miles). There were no immediate reports of damage or casualties. No tsunami warning was "
        f"issued. The region lies on the Ring of Fire and is frequently shaken by earthquakes.",
    )


def recall(shop: str, what: str) -> tuple[str, str]:
    """Make a warning whose facts are neither numbers nor, inside a sentence, names."""
    return (
        f"{shop} recalls Chicken Korma because of {what}",
        f"{shop} is recalling Chicken Korma because it contains {what} not mentioned on the label. This means the "
        f"product is a possible health risk for anyone with an allergy or intolerance to {what}. If you have bought "
        f"the above product and have an allergy or intolerance to {what}, do not eat it. Instead return it to the "
        f"store from where it was bought for a full refund. The affected pack size is 400g with a "
        f"use-by date of 28 November.",
    )


def test_another_subject_is_another_text() -> None:
    """What each headline and text names, and the other nowhere, is what they are about."""
    assert not are_one(*quake("Vanuatu"), *quake("Fiji"))
    assert not are_one(*recall("Tarn", "milk"), *recall("Aldersey", "mustard"))


def test_a_name_may_begin_with_a_small_letter() -> None:
    """A name is told by any capital: the update of one device is not that of another."""

    def update(system: str) -> tuple[str, str]:
        return (
            f"Lumen releases {system} 26.1.1 with bug fixes",
            f"Lumen today released {system} 26.1.1, a minor update to the operating system that came out in September. "
            f"The update comes two weeks after the last one and contains bug fixes and security improvements. It can "
            f"be downloaded on eligible devices over the air by going to Settings > General > Software Update.",
        )

    assert not are_one(*update("iPorts"), *update("iWatches"))


def test_an_invitation_to_subscribe_in_the_place_of_the_text() -> None:
    """What no headline tells of is no copy under another headline; what both tell of is one."""
    wall = (
        "This article is reserved for our subscribers. You have reached your limit of free articles for this month. "
        "Subscribe now from one euro a week and read everything on our site and in the app, without advertising, on "
        "all your devices. Already a subscriber? Log in here to continue reading. Our customer service answers all "
        "your questions on weekdays from nine to six, by telephone or by mail."
    )

    assert not are_one("Mayor wants trams to the airport by 2031", wall, "Opera cancels its premiere", wall)
    assert are_one("Growers under their own roof", TEXT, "Timeu's coffee comes from Ombra now", TEXT)
