"""The shipped samples: sound feeds, in which three publishers carry one report."""

from __future__ import annotations

from house import ROOT

SAMPLES = sorted((ROOT / "samples").iterdir())
