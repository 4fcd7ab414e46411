"""STUB"""

import struct
from hashlib import blake2b

from db.text import words


def hashes(packed):
    return struct.unpack(f"<{len(packed) // 8}q", packed)


def shingles(title, text):
    w = words(text)[:200]
    return frozenset(
        int.from_bytes(blake2b(" ".join(w[i : i + 3]).encode(), digest_size=8).digest(), "little", signed=True)
        for i in range(len(w) - 2)
    )


def sampled(full):
    s = sorted(x for x in full if x % 6 == 0)
    if len(s) < 6:
        s = sorted(sorted(full)[:6])
    return struct.pack(f"<{len(s)}q", *s)
