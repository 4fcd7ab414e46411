"""Is a place meant, or somebody or something that is called so? By the words beside it. Pure.

Michael Jordan, Mrs. Holland, Paris Hilton, Moscow Road. The rules are few and general; what they can't know stands in
the list of longer names that are nothing.
"""

from __future__ import annotations

NAMES = """
Aaron Adam Adrian Alan Albert Alex Alexander Alfred Alice Alison Allan Allen Amanda Amy Andrea Andrew Andy
Angela Angus Ann Anna Anne Anthony Arnold Arthur Audrey Barbara Barry Ben Benjamin Bernard Bernie Beth Betty Beverly
Bill Billy Bob Bobby Brad Bradley Brandon Brenda Brian Bruce Bryan Caroline Carl Carlos Carol Catherine Charles
Charlie Cheryl Chris Christian Christina Christine Christopher Cindy Claire Claude Colin Connie Craig Curtis
Cynthia Dale Dan Daniel Danny Darren Dave David Dean Deborah Debra Denis Dennis Denise Derek Diana Diane Dick
Don Donald Donna Doris Dorothy Doug Douglas Duncan Dylan Earl Ed Eddie Edgar Edward Eileen Elaine Eleanor
Elizabeth Ellen Emily Emma Eric Erica Ernest Ethan Eugene Eva Evelyn Frances Francis Frank Fred Frederick Gail
Gary Gavin Gene Geoffrey George Gerald Gerard Gilbert Glen Glenn Gloria Gordon Grace Graham Greg Gregory Guy
Harold Harry Harvey Heather Helen Henry Herbert Howard Hugh Hugo Ian Irene Isaac Ivan Jack Jackie Jacob Jake
James Jamie Jane Janet Janice Jason Jay Jean Jeff Jeffrey Jennifer Jeremy Jerry Jesse Jessica Jim Jimmy Joan
Joanna Joe Joel John Johnny Jon Jonathan Joseph Joshua Joyce Juan Judith Judy Julia Julian Julie June Justin
Karen Karl Kate Katherine Kathleen Kathryn Kathy Keith Kelly Ken Kenneth Kenny Kevin Kim Kurt Kyle Larry Laura
Lauren Lawrence Lee Leo Leon Leonard Leslie Lewis Linda Lisa Lloyd Louis Louise Lucy Luis Luke Lynn Malcolm Marc
Marcus Margaret Maria Marie Marilyn Mario Mark Martha Martin Mary Matt Matthew Maurice Max Megan Mel Melanie
Melissa Melvin Michael Michelle Miguel Mike Milton Mitchell Morgan Nancy Natalie Nathan Neil Nicholas Nick
Nicole Nigel Noah Norman Oliver Oscar Owen Pamela Patricia Patrick Paul Paula Pedro Peggy Peter Phil Philip
Phillip Phyllis Rachel Ralph Randy Ray Raymond Rebecca Reginald Richard Rick Rob Robert Roberta Robin Roger
Roland Ron Ronald Ronnie Rose Ross Roy Russell Ruth Ryan Sally Sam Samantha Samuel Sandra Sara Sarah Scott Sean
Shane Sharon Sheila Shirley Sidney Simon Stanley Stephanie Stephen Steve Steven Stewart Stuart Sue Susan Suzanne
Tara Ted Teresa Terry Theodore Theresa Thomas Tim Timothy Tina Todd Tom Tommy Tony Tracy Trevor Vanessa Vera
Vernon Victor Victoria Vincent Virginia Vivian Walter Wayne Wendy Wesley William Zach Antonio Carlos Denzel
Francisco Giorgio Hans Heinrich Jorge Jose Jürgen Klaus Lorenzo Luigi Marco Pablo Pierre Ricardo Mr Mrs Ms Miss
Dr Sir Lady Judge Professor Prof Sgt Capt Lt Col Sen Rep
"""
GIVEN = frozenset(NAMES.split())
"""First names, and what is said before a surname."""

STREETS = frozenset(("Street", "Road", "Avenue", "Boulevard", "Lane", "Drive", "St", "Ave", "Rd", "Blvd", "County"))

OFFICE_WORDS = """
    Airport Ambassador Army Central Chancellor City Congress Consulate Court Defence Defense Deputy Embassy Federal
    Finance Foreign Government Interior International King Mayor Metro Minister Ministry National Parliament Police
    President Prime Prince Princess Queen Trade
"""
OFFICES = frozenset(OFFICE_WORDS.split())
"""What may follow a place without making a name of a person out of the two."""


DEED_WORDS = """
accepts accepted accuses accused agrees agreed announces announced backs backed blames blamed calls called condemns
condemned confirms confirmed demands demanded denies denied dismisses dismissed expels expelled fears feared hopes hoped
imposes imposed insists insisted maintains opposes opposed pledges pledged promises promised proposes proposed refuses
refused rejects rejected responds responded retaliates retaliated says said signals signalled summons summoned
supports supported threatens threatened tells told urges urged vows vowed wants wanted warns warned
"""
DEEDS = frozenset(DEED_WORDS.split())
"""What a government does, and a town does not."""

PARTIES = frozenset(("between", "with", "by", "against"))

MADE_WORDS = """
made built born listed registered flagged style speaking language designed manufactured incorporated educated trained
"""
MADE = frozenset(MADE_WORDS.split())
"""What is Chinese-made need not be about China."""

FIRMS = frozenset(
    ("Inc", "Corp", "Corporation", "Co", "Ltd", "Limited", "PLC", "Plc", "plc", "LLC", "AG", "SA", "NV", "SpA")
)
MAX_FIRM_WORDS = 4


def namesake(whole: str, start: int, end: int, *, personal: bool, town: bool) -> bool:
    """Tell whether the words beside a place's name make another's of it: a person's, a street's, a firm's.

    ``personal``: people are called so, as their first name (Jordan, Paris): then no unknown name may follow either.
    ``town``: a firm that has its name (Delhi Petroleum Ltd) need not be there.
    """
    before = whole[max(0, start - 20) : start].rpartition(" ")[2]
    bare = before.removesuffix(".")
    if bare.isalpha() and bare[0].isupper() and (bare.capitalize() in GIVEN or (len(bare) == 1 and bare != before)):
        return True
    beside = whole[end]
    after, _, rest = whole[end + 1 : end + 60].partition(" ")
    word = after.strip(".,;:!?\"'”’)")
    if beside == "-":
        return word.lower() in MADE
    if beside != " ":
        return False
    if word in STREETS:
        return True
    if personal and word[:1].isupper() and word.capitalize() not in OFFICES:
        return True
    return town and is_firm(after, rest)


def governs(whole: str, start: int, end: int) -> bool:
    """Tell whether a capital stands for its government there: "Moscow said", "between Washington and Moscow"."""
    before = whole[max(0, start - 20) : start].rpartition(" ")[2]
    after = whole[end + 1 : end + 20].partition(" ")[0].rstrip(".,;:")
    return before.lower() in PARTIES or (whole[end] == " " and after in DEEDS)


def is_firm(after: str, rest: str) -> bool:
    """Tell whether the words that follow end a firm's name: Swiss Bank Corporation, Delhi Petroleum Pty Ltd."""
    for word in (after, *rest.split(" ", MAX_FIRM_WORDS)[:MAX_FIRM_WORDS]):
        if word.rstrip(".,;:>)") in FIRMS:
            return True
        if not (word[:1].isupper() or word == "&") or not word[-1:].isalnum():
            return False
    return False


def shouted(whole: str, start: int, end: int) -> bool:
    """Tell whether all letters thereabouts are capitals: then capitals say nothing."""
    around = whole[max(0, start - 20) : start] + whole[end : end + 20]
    return any(char.isalpha() for char in around) and around.upper() == around
