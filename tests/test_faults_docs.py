"""The list of faults names tests that there are, and all of them."""

from __future__ import annotations

import re

from house import ROOT


def test_every_fault_names_its_tests_and_every_test_of_one_is_named() -> None:
    """A fault without a test is a promise without a proof; a test that nobody finds explains nothing."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| Fault", "| ---"))]
    named = [set(re.findall(r"`(test_\w+(?:\.py)?)`", row.split("|")[-2])) for row in rows]
    files = [path.stem.removeprefix("test_faults_") for path in (ROOT / "tests").glob("test_faults_*.py")]
    there = set().union(*map(found_in, files)) | {path.name for path in (ROOT / "tests").glob("test_*.py")}
    every = set().union(*named)

    assert all(named), "a fault without a test"
    assert len(rows) > 20
    assert every <= there
    assert set().union(*map(found_in, ("archive", "disk", "lock", "publish", "limits"))) <= every


def found_in(name: str) -> set[str]:
    """List the tests of one file."""
    text = (ROOT / "tests" / f"test_faults_{name}.py").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))
