"""What README and docs say is true: commands, keys, map, exit codes, queries, views, links."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from db.query import parse
from house import ROOT
from ingest.batches import BatchCollector
from ingest.collect import Collector
from wireroom import config_tables as config
from wireroom.cli import cli
from wireroom.config_keep import KeepTable

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
FLOORS = ("wireroom", "ingest", "db", "feeds", "feeds/pages")


def readme_map() -> dict[str, list[str]]:
    """Read the map: the files of each floor, each with what it does; a line has up to two."""
    found = {}
    for floor, block in re.findall(r"^### `([\w/]+)/`[^\n]*\n```text\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        found[floor] = sorted(re.findall(r"(?:^| ) (\w+\.py) +(?!\w+\.py)\S", block, re.MULTILINE))
    return found


def test_map_is_the_file_list() -> None:
    """Every module has its one line, every line its module."""
    there = {
        floor: sorted(path.name for path in (ROOT / floor).glob("*.py") if not path.name.startswith("__"))
        for floor in FLOORS
    }

    assert readme_map() == there


def test_every_module_says_what_it_does() -> None:
    """A docstring each; its first paragraph ends with what it touches: Pure, or IO."""
    for floor in FLOORS:
        for path in (ROOT / floor).glob("*.py"):
            if not path.name.startswith("__"):
                # not by ast: CPython 3.11 may fail in it where another thread's garbage is collected (gh-106905)
                said = str(compile(path.read_text(encoding="utf-8"), str(path), "exec").co_consts[0])
                assert re.search(r"Pure[.;]|IO: ", said), path


def test_commands_table_is_the_command_line() -> None:
    """Every command is in the table, with the options that it names, and has help."""
    rows = dict(re.findall(r"^\| `wireroom (\w+)[^`]*` \| (.*) \|$", DOCS["commands"], re.MULTILINE))

    assert set(rows) == set(cli.commands)
    for name, command in cli.commands.items():
        every = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
        options = {
            option
            for one in every
            for parameter in one.params
            if isinstance(parameter, click.Option)
            for option in parameter.opts
        }
        assert set(re.findall(r"`(--[\w-]+)`", rows[name])) == options - {"-c", "--config", "--debug"}
        assert command.help


def test_keys_table_is_the_config() -> None:
    """Every key of every table is in docs/config.md, and no other."""
    cells = re.findall(r"^\| (.*?) \| ", DOCS["config"], re.MULTILINE)
    named: dict[str, set[str]] = {}
    table = ""
    for cell in cells[2:]:
        if header := re.match(r"`\[+([\w.]+)\]+` ", cell):
            table = header[1]
        named.setdefault(table, set()).update(re.findall(r"`(\w+)`", cell))
    tables: dict[str, type[config.Table]] = {
        "wireroom": config.Wireroom,
        "poll": config.Poll,
        "backup": config.Backup,
        "source": config.SourceTable,
        "entity": config.EntityTable,
        "rule": config.Rule,
        "rule.test": config.Trial,
        "query": config.SavedQuery,
        "webhook": config.WebhookTable,
    }

    tables["topic"] = config.TopicTable
    keys = {name: set(model.model_fields) for name, model in tables.items()}
    keys["keep"] = {field.alias or name for name, field in KeepTable.model_fields.items()}
    assert named == keys


def test_table_of_the_spacing_note_is_what_its_command_prints() -> None:
    """The simulation is the same at every run, so the note can't drift from the rule."""
    command = [sys.executable, "bench/spacing.py", "--markdown"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.count("| Wireroom |") == 8
    assert done.stdout in (ROOT / "docs" / "spacing.md").read_text(encoding="utf-8")


def test_cluster_note_opens_no_port_to_everybody() -> None:
    """Whoever reaches a port of Dask's can run code: each of its commands says on which address it listens."""
    note = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8").replace("\\\n", "")
    commands = re.findall(r"^(?:DASK\S+ )?dask (?:scheduler|worker) .*$", note, re.MULTILINE)

    assert len(commands) == 2
    for command in commands:
        assert " --host 10.0.0." in command
        assert " --dashboard-address 127.0.0.1:0" in command


def test_bench_of_the_cluster_stands_in_for_all_that_collects() -> None:
    """What it feeds the writer with has every method that the poller may call."""
    command = [
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, 'bench'); from cluster import Player; print(*dir(Player))",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = {name for name in set(dir(Collector)) & set(dir(BatchCollector)) if not name.startswith("_")}

    assert wanted - set(done.stdout.split()) == set()


def test_query_examples_parse() -> None:
    """Each query of the table is one."""
    section = README.split("## The words")[1].split("\n## ")[0]
    queries = [
        query
        for cell in re.findall(r"^\| (`.*?`) \| ", section, re.MULTILINE)
        for query in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(queries) > 8
    for query in queries:
        parse(query)


def test_exit_codes_are_named() -> None:
    """The codes that the code uses are in docs/commands.md."""
    from db.archive import CANNOT_CREATE, CORRUPT, IO_ERROR, NO_INPUT_OR_NEWER
    from wireroom.command import ALREADY_RUNNING, BUG, CONFIG_BAD, NO_CLUSTER, NOT_INSTALLED, TOO_SLOW

    codes = {int(code) for code in re.findall(r"^\| (\d+) \| \S", DOCS["commands"], re.MULTILINE)}

    ours = {0, 1, 2, BUG, ALREADY_RUNNING, CONFIG_BAD, NO_CLUSTER, NOT_INSTALLED, TOO_SLOW}
    assert codes == ours | {CORRUPT, NO_INPUT_OR_NEWER, CANNOT_CREATE, IO_ERROR}


def test_cluster_is_bound_to_its_own_addresses() -> None:
    """Whoever reaches a port of it can run code: no command leaves to Dask where it listens."""
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8").replace("\\\n", "")
    commands = re.findall(r"^(?:\w+=\S+ )?dask (?:scheduler|worker) .*$", text, re.MULTILINE)

    assert len(commands) == 2
    assert all(word in command for command in commands for word in (" --host 10.", " --dashboard-address 127.0.0.1:"))


def test_views_are_as_documented() -> None:
    """The columns of the views are an interface."""
    from sqlite_utils import Database

    from db.schema import migrations

    db = Database(memory=True)
    migrations.apply(db)
    for view in sorted(set(db.view_names()) - {"marks"}):
        (row,) = re.findall(rf"^\| \[`{view}`\]\(\S+\) \| .*? \| (.*) \|$", DOCS["asking"], re.MULTILINE)
        assert re.findall(r"`(\w+)`", row) == [name for _, name, *_ in db.execute(f"PRAGMA table_info({view})")]


def test_links_lead_somewhere_and_every_page_is_found() -> None:
    """Each link between the pages is to a file and a heading that there are; the README leads to each page."""
    pages = {"README.md": README} | {f"docs/{name}.md": text for name, text in DOCS.items()}
    for page, text in pages.items():
        for name, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
            there = (ROOT / page).parent / name if name else ROOT / page
            assert there.is_file(), f"{page}: {name}"
            if heading:
                titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
                found = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
                assert heading in found, f"{page}: {name}#{heading}"
        for name in re.findall(r"\bdocs/(\w[\w-]*)\.md", text):
            assert name in DOCS, f"{page}: {name}"

    assert set(re.findall(r"\]\(docs/([\w-]+)\.md", README)) == set(DOCS)


def test_make_targets_of_the_docs_exist() -> None:
    """What README and CONTRIBUTING tell to `make` can be made."""
    makefile = (ROOT / "Makefile").read_text()
    text = README + (ROOT / "CONTRIBUTING.md").read_text()

    for target in set(re.findall(r"make ((?:run|test|lint|lock|torture|wheel)[\w-]*)", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_hold_no_url(name: str) -> None:
    """Any registry will do, and gives just these files."""
    text = (ROOT / name).read_text()
    pins = re.findall(r"^([a-z0-9][\w.-]*)==\S+", text, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)

    assert "://" not in text
    assert pins
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.match(r"[\w-]+", line)[0] for line in wanted} <= set(pins)  # type: ignore[index]


def test_help_answers_without_the_heavy_parts() -> None:
    """`wireroom --help` imports no HTTP client, parser or server."""
    code = (
        "import sys; from wireroom.cli import cli; "
        "cli(['--help'], standalone_mode=False); "
        "print(sorted({'aiohttp', 'feedparser', 'uvicorn', 'pydantic', 'sqlite_utils'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", ["trials", "effects", "verdicts", "suggest", "preview_told", "diff_told"])
def test_what_only_asks_needs_no_parts_of_the_daemon(module: str) -> None:
    """`check`, `changes`, `explain`, `suggest`, `preview` and `diff` import no HTTP client, parser, server or pages."""
    code = (
        f"import sys, wireroom.{module}; "
        "print(sorted({'aiohttp', 'feedparser', 'uvicorn', 'jinja2', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_import_contracts_hold() -> None:
    """The floors see only what they may, and the pure middle touches nothing."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
