"""Somebody's SQL asked of the archive, in a process of its own that is killed when it takes too long. IO: processes.

``with asked(archive, Question(sql=…)) as answer: for row in answer: …``. Rows come as they are found and are not kept:
any number takes little memory. What a statement may do is said in ``db/sql_rules.py``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db.archive import BUSY_TIMEOUT_MS, CORRUPT, IO_ERROR, ArchiveError
from db.sql_fault import SqlError, TooSlowError, fault_of

Value = None | int | float | str | bytes
FOUND_AT = Path(__file__).parent.parent
PROGRAM = f"import sys; sys.path.insert(0, {str(FOUND_AT)!r}); from db.sql_child import main; main()"
READ_BYTES = 1 << 17
MAX_LINE_BYTES = 200_000_000
PASSED_ON = ("LD_LIBRARY_PATH", "TMPDIR", "SQLITE_TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and what it may take: ``rows`` at most (0: all), ``bytes`` of them likewise, ``timeout_s``.

    ``memory_bytes`` is SQLite's; ``temp_bytes``: so long may a file be that it sorts with (gone when it ends), 0: none.
    """

    sql: str
    params: Mapping[str, Value] = field(default_factory=dict)
    rows: int = 1_000
    bytes: int = 0
    timeout_s: float = 20.0
    memory_bytes: int = 256_000_000
    temp_bytes: int = 0


class SqlAnswer:
    """The rows of an answer, once; ``columns`` from the beginning, ``cut`` (rows, bytes, None) when all have come."""

    def __init__(self, lines: Iterator[dict[str, Any]]) -> None:
        self._lines = lines
        self.columns: tuple[str, ...] = tuple(next(lines)["columns"])
        self.cut: str | None = None

    def __iter__(self) -> Iterator[list[Value]]:
        """Give the rows. Raises SqlError, TooSlowError, ArchiveError."""
        for line in self._lines:
            if "end" in line:
                self.cut = line["end"]
                return
            for row in line["rows"]:
                yield [bytes.fromhex(one["x"]) if isinstance(one, dict) else one for one in row]


@contextmanager
def asked(archive: Path, question: Question) -> Iterator[SqlAnswer]:
    """Ask → the answer, good within the body; the process is gone after it, whatever happens.

    Raises SqlError for what is wrong in the statement, TooSlowError when it takes longer than it may (what the caller
    does with rows does not count), ArchiveError for what is wrong with the file.
    """
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        cwd="/",
        start_new_session=True,  # Ctrl-C is for us: we end it
    )
    try:
        yield SqlAnswer(told(process, archive, question))
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # it ended before it heard all
                    pipe.close()
        process.wait()


def told(process: subprocess.Popen[bytes], archive: Path, question: Question) -> Iterator[dict[str, Any]]:
    """Say what is asked, and give what the process tells, line by line. Raises as ``asked``."""
    assert process.stdin is not None
    request = {
        "uri": f"{archive.absolute().as_uri()}?mode=ro",
        "sql": question.sql,
        "params": dict(question.params),
        "rows": question.rows,
        "bytes": question.bytes,
        "timeout_s": question.timeout_s,
        "memory_bytes": question.memory_bytes,
        "temp_bytes": question.temp_bytes,
        "busy_ms": BUSY_TIMEOUT_MS,
    }
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()  # and left open: where we are killed, its end is what the process hears of it
    except BrokenPipeError:
        raise ended(process, question) from None
    for raw in lines(process, question):
        line: dict[str, Any] = json.loads(raw)
        if "error" in line:
            raise error_of(archive, question, line)
        yield line
        if "end" in line:
            return
    raise ended(process, question)


def lines(process: subprocess.Popen[bytes], question: Question) -> Iterator[bytes]:
    """Read lines until there are no more. Raises TooSlowError after having waited for too long in all."""
    assert process.stdout is not None
    handle = process.stdout.fileno()
    waiting = select.poll()
    waiting.register(handle, select.POLLIN | select.POLLHUP)
    left_s = question.timeout_s
    buffer = bytearray()
    while True:
        began = time.monotonic()
        ready = waiting.poll(min(max(0, left_s * 1000), 1e9))
        left_s -= time.monotonic() - began
        if not ready:
            raise TooSlowError(question.timeout_s)
        read = os.read(handle, READ_BYTES)
        if not read:
            return
        searched = len(buffer)
        buffer += read
        if len(buffer) > MAX_LINE_BYTES:
            raise SqlError("a row is too long", "take fewer columns of it")
        while (at := buffer.find(b"\n", searched)) >= 0:
            yield bytes(buffer[:at])
            del buffer[: at + 1]
            searched = 0


def ended(process: subprocess.Popen[bytes], question: Question) -> Exception:
    """Say why a process is gone that did not say so itself."""
    code = process.wait()
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return TooSlowError(question.timeout_s)
    return fault_of({"error": f"the process ended with {code}", "name": "SQLITE_NOMEM", "denied": None}, question)


def error_of(archive: Path, question: Question, line: Mapping[str, Any]) -> Exception:
    """Make the error of what SQLite said: the file's fault, or the statement's."""
    name = line["name"]
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return ArchiveError(CORRUPT, f"{archive}: damaged, or no SQLite file ({line['error']}); restore a backup")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_READONLY")):
        return ArchiveError(IO_ERROR, f"{archive}: can't be read: {line['error']}; check the file and its rights")
    return fault_of(line, question)
