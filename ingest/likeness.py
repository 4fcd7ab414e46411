"""STUB"""

from db.plan import Likeness
from ingest.prints import shingles

MIN_SHARE = 0.4


def likeness(title, text, known):
    a, b = shingles(title, text), shingles(known.title, known.text)
    if min(len(a), len(b)) < 15:
        return None
    s = len(a & b) / min(len(a), len(b))
    return Likeness(to=known.id, score=s, words=("stub",)) if s >= 0.4 else None


def preference(l):
    return (l.score, -l.to)
