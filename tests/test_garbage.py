"""The garbage collector is kept from what stays, and from nothing else."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

from house import House
from wireroom.config import load_config
from wireroom.garbage import keep_what_is_there, uncollected
from wireroom.reload import load_again


class Knot:
    """What only the collector can free."""

    def __init__(self) -> None:
        self.me = self


def test_collector_works_again_whatever_happened() -> None:
    """A config that is bad leaves the process as it was."""
    with pytest.raises(ValueError, match="bad"), uncollected():
        raise ValueError("bad")
    with uncollected():
        with uncollected():
            pass
        inside = gc.isenabled()

    assert (inside, gc.isenabled()) == (False, True)


def test_garbage_that_is_there_is_not_kept() -> None:
    """Each reload would leak what had just been let go."""
    before = weakref.ref(Knot())
    with uncollected():
        keep_what_is_there()
    kept = Knot()
    after = weakref.ref(kept)
    del kept
    gc.collect()
    gc.unfreeze()

    assert (before(), after()) == (None, None)


def test_config_read_anew_shares_what_has_not_changed(house: House) -> None:
    """Of a hundred thousand sources one was changed: the others take no memory again."""
    house.configure({name: f"http://127.0.0.1:1/{name}" for name in "abc"})
    old = load_config(house.config)
    house.configure({name: f"http://127.0.0.1:1/{'new' if name == 'b' else name}" for name in "abcd"})

    new, whole = load_again(old), load_config(house.config)

    assert new == replace(whole, entities=new.entities)  # these are compared by identity: there may be very many
    assert [one in old.sources for one in new.sources] == [True, False, True, False]
    assert (new.sources[0] is old.sources[0], new.sources[2] is old.sources[2]) == (True, True)
