"""The unit of systemd: well written, as strict as it is said to be, and the daemon works under it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hardened import UNIT, lines_of, missing, program, wrapped
from house import ROOT, Daemon, House, until
from origin import Origin, item, rss

NEEDS_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: apt-get install systemd"
)
MOST_EXPOSED = 1.5


@NEEDS_SYSTEMD
def test_unit_is_well_written(tmp_path: Path) -> None:
    """Systemd itself finds nothing to remark; the program that it starts stands in for ours."""
    unit = tmp_path / "wireroom.service"
    unit.write_text(UNIT.read_text().replace("/opt/wireroom/bin/wireroom run", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)

    ours = [line for line in (done.stdout + done.stderr).splitlines() if "wireroom" in line]
    assert (done.returncode, ours) == (0, [])


@NEEDS_SYSTEMD
def test_unit_is_as_strict_as_is_said() -> None:
    """The figure of the docs is systemd's own, or better where a later one counts otherwise."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", UNIT], capture_output=True, text=True, check=False
    )
    if "Overall exposure" not in done.stdout:
        pytest.skip(f"this systemd-analyze looks at no file: {done.stderr.strip()}")
    (exposed,) = re.findall(r"Overall exposure level for wireroom\.service: ([\d.]+)", done.stdout)

    assert float(exposed) <= MOST_EXPOSED
    assert "gives the unit **1.4**" in (ROOT / "docs" / "running.md").read_text()


def test_exit_codes_that_no_restart_mends_are_left_alone() -> None:
    """And a failed disk, a bug, a kill are tried again."""
    from db.archive import CANNOT_CREATE, CORRUPT, IO_ERROR, NO_INPUT_OR_NEWER
    from wireroom.command import ALREADY_RUNNING, BUG, CONFIG_BAD

    (codes,) = lines_of("RestartPreventExitStatus")
    hopeless = {2, CORRUPT, NO_INPUT_OR_NEWER, CANNOT_CREATE, ALREADY_RUNNING, CONFIG_BAD}
    assert {int(code) for code in codes.split()} == hopeless
    assert not hopeless & {IO_ERROR, BUG}
    assert lines_of("Restart") == ["on-failure"]
    assert lines_of("Type") == ["notify"]


@pytest.mark.skipif(
    not os.environ.get("WIREROOM_TEST_ALL"), reason="`make test-all` runs the daemon under the unit's rules"
)
def test_daemon_and_its_workers_work_under_the_units_rules(house: House, origin: Origin) -> None:
    """It polls, writes, serves, publishes and stops; what the unit forbids is forbidden."""
    lacks = missing()
    if lacks is not None:
        pytest.skip(lacks)
    origin.feed("/f", rss(item(1), item(2)))
    house.configure(
        {"f": origin.url("/f")}, '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "story"\n', allow=origin.port
    )
    tries = "import mmap, os, socket\n"
    for what in ("mmap.mmap(-1, 4096, prot=7)", "os.chroot('/')", "socket.socket(16, 3)", "open('/forbidden', 'w')"):
        tries += f"try: {what}\nexcept OSError as error: print(error.errno)\n"
    with tempfile.TemporaryFile() as filter_, (house.folder / "daemon.log").open("ab") as log:
        filter_.write(program())
        filter_.seek(0)
        os.set_inheritable(filter_.fileno(), True)
        python = [sys.executable, "-c", tries]
        refused = subprocess.run(
            wrapped(house.folder, python, seccomp=filter_.fileno()),
            pass_fds=[filter_.fileno()],
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.stdout.split() == ["1", "1", "1", "30"], refused.stderr
        filter_.seek(0)
        command = wrapped(house.folder, [sys.executable, "-m", "wireroom", "run"], seccomp=filter_.fileno())
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            pass_fds=[filter_.fileno()],
            start_new_session=True,
        )
        try:
            daemon = Daemon(house, process)
            daemon.wait_until_serving()
            until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 2, "the stories are not served")
            assert daemon.get("/healthz")[0] == 200
            (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(child), 15)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert house.rows("SELECT outcome, new FROM polls") == [("ok", 2)]
