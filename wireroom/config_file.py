"""The config file read: TOML, checked whole, all faults at once. IO: files."""

from __future__ import annotations

import errno
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wireroom.config_faults import config_error, cross_faults, explain, unreadable
from wireroom.config_queries import Found
from wireroom.config_tables import File
from wireroom.name_faults import name_faults
from wireroom.rule_faults import rule_faults


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """Read the file → what it says, and its text. Raises ConfigError."""
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "no regular file")
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text), text
    except OSError as error:
        mend = "name the file with -c, or have `wireroom init` make a folder with one"
        raise unreadable(path, f"can't be read: {error.strerror}", mend) from None
    except UnicodeDecodeError:
        raise unreadable(path, "is not UTF-8 text", "save it as UTF-8") from None
    except RecursionError:
        raise unreadable(path, "nests too deep", "take brackets out") from None
    except ValueError as error:  # also of a number that is longer than Python reads
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        problem = re.sub(r" \(at .*|; use sys\..*", "", str(error))
        line = int(at[1]) if at else text.count("\n", 0, len(text.rstrip())) + 1
        raise unreadable(path, f"no valid TOML: {problem}", "mend this line", line) from None


def checked(path: Path, raw: dict[str, Any], text: str) -> File:
    """Check what the file says. Raises ConfigError with all faults."""
    found: list[Found] = []
    try:
        file: File | None = File.model_validate(raw)
    except ValidationError as error:
        file = None
        found = [(one["loc"], *explain(one)) for one in error.errors(include_url=False)]
    found += [*cross_faults(raw), *rule_faults(raw), *name_faults(raw)]
    if found or file is None:
        raise config_error(path, raw, text, found)
    return file
