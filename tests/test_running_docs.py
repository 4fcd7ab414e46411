"""What is said of running it is so: the tables of docs/running.md, the dashboard, the rules, the container's steps."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from house import ROOT
from wireroom.cli import cli
from wireroom.metrics_told import METRICS
from wireroom.signs import REASONS

RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
NAMES = {told.name for told in METRICS}
OF_HISTOGRAMS = {f"{told.name}_bucket" for told in METRICS if told.type == "histogram"}


def rows(text: str) -> list[list[str]]:
    """Read the rows of tables → their cells."""
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")
    ]


def named(text: str) -> set[str]:
    """Find which of our metrics a text names; of histograms, by their buckets or whole."""
    found = set(re.findall(r"\bwireroom_[a-z0-9_]+", text))
    unknown = found - NAMES - OF_HISTOGRAMS
    assert not unknown, f"there are no such metrics: {unknown}"
    return {name.removesuffix("_bucket") if name in OF_HISTOGRAMS else name for name in found}


def test_metrics_table_is_what_there_is() -> None:
    """Name, type, labels, meaning: in the order in which they are told."""
    section = RUNNING.split("## Metrics")[1].split("\n## ")[0]
    told = [row for row in rows(section) if row[0].startswith("`")]

    assert told == [
        [f"`{one.name}`", one.type, ", ".join(f"`{label}`" for label in one.labels), one.means] for one in METRICS
    ]


def test_reasons_table_is_what_there_is() -> None:
    """Each reason with when it is so."""
    section = RUNNING.split("## Is it well?")[1].split("\n## ")[0]

    assert [row for row in rows(section) if row[0].startswith("`")] == [
        [f"`{code}`", means] for code, means in REASONS.items()
    ]


def test_dashboard_shows_every_metric_and_no_other() -> None:
    """Each expression names what there is; nothing that there is has no place."""
    dashboard = json.loads((ROOT / "contrib" / "grafana.json").read_text(encoding="utf-8"))
    exprs = "\n".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])

    assert named(exprs) == NAMES
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


def test_counters_are_asked_for_their_rate_and_histograms_by_their_buckets() -> None:
    """A counter's value alone says nothing after a restart."""
    text = "".join((ROOT / "contrib" / name).read_text() for name in ("grafana.json", "alerts.yml"))
    text = "\n".join(line for line in text.splitlines() if "expr" in line)
    for told in METRICS:
        for match in re.finditer(rf"(\S*){told.name}(?:_bucket)?(?=[\s)\[{{\"])", text):
            if told.type == "counter":
                assert match[1].endswith("rate("), match[0]
            if told.type == "histogram":
                assert match[0].endswith("_bucket"), match[0]


def test_rules_name_what_there_is_and_the_mend() -> None:
    """Each rule: an expression, how bad it is, what is wrong, what to do."""
    text = (ROOT / "contrib" / "alerts.yml").read_text(encoding="utf-8")
    rules = text.split("- alert: ")[1:]

    assert {"wireroom_healthy", "wireroom_last_success_time_seconds", "wireroom_wal_bytes"} <= named(
        "\n".join(re.findall(r"expr: (.*)", text))
    )
    for rule in rules:
        for key in ("expr: ", "for: ", "severity: ", "summary: ", "mend: "):
            assert key in rule, rule


def test_docs_name_commands_that_there_are() -> None:
    """Every `wireroom …` of the note is a command, with options that it has."""
    for words in re.findall(
        r"(?:^|[`;] ?|wireroom )wireroom((?: -c \S+)?(?: --?[\w-]+| [a-z]\w*)*)", RUNNING, re.MULTILINE
    ):
        parts = [part for part in words.split() if part != "-c" and "/" not in part]
        name = next((part for part in parts if not part.startswith("-")), None)
        if name is None or name not in cli.commands:
            continue
        known = {option for parameter in cli.commands[name].params for option in parameter.opts}
        assert {part for part in parts if part.startswith("--")} <= known, words


# --- The container ----------------------------------------------------------------------------------------------------

CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")


def test_what_the_container_copies_is_there_and_sent() -> None:
    """The build context has it: all else is left out of it."""
    wanted = (ROOT / ".dockerignore").read_text().splitlines()
    assert wanted[0] == "*", "what is not named is not sent: archives, secrets, history"
    for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert f"!{name}" in wanted, name
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for name in (*packages["packages"], *packages["force-include"]):
        assert re.search(rf"^COPY .*\b{re.escape(name)}\b", CONTAINER, re.MULTILINE), name


def test_container_runs_as_nobody_in_particular() -> None:
    """Not as root, from locked files, with a health check of our own that there is."""
    run = CONTAINER.split("\nFROM ")[-1]
    assert re.search(r"^USER wireroom$", run, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", run, re.MULTILINE)
    assert re.search(r'^HEALTHCHECK .*CMD \["wireroom", "status", "--health"\]$', run, re.MULTILINE)
    for install in re.findall(r"pip install (.*?)(?: \\)?$", CONTAINER, re.MULTILINE):
        assert "--require-hashes" in install or "--no-deps --no-index" in install, install
    assert (ROOT / "contrib" / "container-start").stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["build", "hatchling"])
def test_what_builds_the_wheel_is_locked_with_all_that_it_needs(name: str) -> None:
    """The Containerfile names the pins that it takes out of requirements-dev.txt."""
    (names,) = re.findall(r"\^\\\(([\w\\|-]+)\\\)==", CONTAINER)
    taken = set(names.split("\\|"))
    locked = dict(re.findall(r"^([a-z][\w-]*)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))

    assert name in taken
    assert taken <= locked.keys()
    from importlib.metadata import requires

    for wanted in requires(name) or ():
        if "extra ==" not in wanted and "python_" not in wanted and "os_name" not in wanted:
            assert re.split(r"[^\w-]", wanted.replace("_", "-"))[0] in taken, wanted


def test_start_of_a_container_makes_a_config_once(tmp_path: Path) -> None:
    """Its own words: the options are real, and a config that is there is left alone."""
    script = (ROOT / "contrib" / "container-start").read_text()
    (words,) = re.findall(r"wireroom init (.*) >&2", script)

    assert set(re.findall(r"--[\w-]+", words)) <= {option for one in cli.commands["init"].params for option in one.opts}
    assert "! -e config.toml" in script
