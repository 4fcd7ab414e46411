"""Build the wheel, install it into an empty environment, run it once in an empty folder. `make wheel-test`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
KINDS = (".html", ".css", ".svg")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command → what it printed; stop the whole with its output where it fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def files_of_pages() -> set[str]:
    """List what pages are made of beside code: templates, style."""
    folders = ROOT / "feeds" / "pages" / "templates", ROOT / "feeds" / "static"
    return {
        path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*") if path.suffix in KINDS
    }


def main() -> None:
    """Do it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            missing = files_of_pages() - set(packed.namelist())
        assert not missing, f"not in the wheel: {missing}"
        environment = folder / "empty"
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements.txt", cwd=folder)
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
        home = folder / "home"
        command = environment / "bin" / "wireroom"
        run(command, "init", "--token", home, cwd=folder)
        run(command, "check", cwd=home)
        samples = sorted(path.stem for path in (ROOT / "samples").iterdir())
        result = json.loads(run(command, "poll", "--json", *samples, cwd=home))
        assert (result["failed"], result["new_entries"]) == (0, 15), result
        found = json.loads(run(command, "search", "turkiye", "--json", cwd=home))
        assert sorted(len(story["sources"]) for story in found) == [1, 5], found
        print(f"{wheel.name}: installed into an empty environment; polled {result['new_stories']} stories; searched")


if __name__ == "__main__":
    main()
