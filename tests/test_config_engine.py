"""Who polls, as the config says it: ``[poll] engine`` and ``scheduler``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from wireroom.config import load_config
from wireroom.config_faults import ConfigError


def scheduler(folder: Path, keys: str) -> str | None:
    """Load a config with these keys of ``[poll]`` → the scheduler that is worked with."""
    path = folder / "config.toml"
    path.write_text(f"[poll]\n{keys}\n", encoding="utf-8")
    return load_config(path).poll.scheduler


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        ("", None),
        ('engine = "local"', None),
        ('engine = "local"\nscheduler = "tcp://10.0.0.5:8786"', None),
        ('engine = "dask"\nscheduler = "tcp://10.0.0.5:8786"', "tcp://10.0.0.5:8786"),
        ('engine = "dask"\nscheduler = "tls://polls.example:8786"', "tls://polls.example:8786"),
        ('engine = "dask"\nscheduler = "tcp://[fd00::5]:8786"', "tcp://[fd00::5]:8786"),
    ],
)
def test_engine(tmp_path: Path, keys: str, meant: str | None) -> None:
    """This machine, unless it is said otherwise; a scheduler may stay there while it is out of use."""
    assert scheduler(tmp_path, keys) == meant


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ('scheduler = "tcp://h:1"', ':2: poll.scheduler: is used with a cluster only; write engine = "dask" too'),
        ('engine = "dask"', ":2: poll.engine: needs a scheduler; write scheduler = "),
        ('engine = "spark"', ":2: poll.engine: 'spark' does not fit: "),
        ('engine = "dask"\nscheduler = "10.0.0.5:8786"', ":3: poll.scheduler: '10.0.0.5:8786' is no address of a"),
        ('engine = "dask"\nscheduler = "tcp://h"', ":3: poll.scheduler: 'tcp://h' is no address of a"),
        ('engine = "dask"\nscheduler = 8786', ":3: poll.scheduler: 8786 is no address of a"),
    ],
)
def test_fault_names_the_line_and_the_mend(tmp_path: Path, keys: str, fault: str) -> None:
    """Half of the two keys, or no address."""
    with pytest.raises(ConfigError) as caught:
        scheduler(tmp_path, keys)

    (said,) = (str(one).removeprefix(str(tmp_path / "config.toml")) for one in caught.value.faults)
    assert said.startswith(fault)


def test_package_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra that brings it."""
    find = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> Any:
        return None if name == "distributed" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(ConfigError, match=r"needs a package that is not installed; install wireroom\[dask\]"):
        scheduler(tmp_path, 'engine = "dask"\nscheduler = "tcp://h:1"')
    assert scheduler(tmp_path, 'engine = "local"') is None


def test_dask_is_not_imported_unless_it_polls() -> None:
    """Neither by the engine nor by what a batch needs: it costs a second, and memory."""
    import subprocess
    import sys

    from house import ROOT

    code = (
        "import sys, wireroom.daemon, wireroom.worker, ingest.batch; print({'distributed', 'dask'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
