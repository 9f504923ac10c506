"""One locked-down connection per generation, shared by all calls, closed when its last call ends."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from finops_lake.errors import EmptyLakeError, FinopsLakeError, LockedError
from finops_lake.lake.files import Choice, LakeFiles, copy_published, drop_copy, is_copy

if TYPE_CHECKING:
    import duckdb

_log = logging.getLogger(__name__)
_ATTEMPTS = 5
IDLE_SECONDS = 30.0 if os.name == "nt" else None
"""How long a file is held after its last call: a held file cannot be deleted on Windows; elsewhere it can."""


@dataclass
class _Base:
    """A connection to one file, how many calls use it, and whether a newer one has taken its place."""

    choice: Choice
    path: Path
    connection: duckdb.DuckDBPyConnection
    users: int = 0
    is_retired: bool = False
    idle: threading.Timer | None = field(default=None, repr=False)


class Pool:
    """Gives each call a cursor on the newest generation. Thread-safe; the first call opens it."""

    def __init__(self, files: LakeFiles, idle_seconds: float | None) -> None:
        self._files = files
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._base: _Base | None = None

    @contextlib.contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor of its own, closed afterwards: variables and temporary views end with the call."""
        base = self._borrow()
        try:
            cursor = base.connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        finally:
            self._give_back(base)

    def close(self) -> None:
        """Let go of the file; calls under way still finish."""
        with self._lock:
            self._retire()

    def _borrow(self) -> _Base:
        with self._lock:
            choice = self._choose()
            base = self._base
            if base is None or base.choice != choice:
                base = self._open(choice)
                self._retire()
                self._base = base
            if base.idle is not None:
                base.idle.cancel()
                base.idle = None
            base.users += 1
            return base

    def _give_back(self, base: _Base) -> None:
        with self._lock:
            base.users -= 1
            if base.is_retired:
                self._close_if_unused(base)
            elif not base.users and self._idle_seconds is not None:
                base.idle = threading.Timer(self._idle_seconds, self._let_go, [base])
                base.idle.daemon = True
                base.idle.start()

    def _choose(self) -> Choice:
        choice = self._files.current()
        if choice is None:
            raise EmptyLakeError(
                f"There is no lake in {self._files.home} yet.",
                next_step="Run finops-lake refresh (or finops-lake demo to look around).",
            )
        return choice

    def _open(self, choice: Choice) -> _Base:
        """Open what is newest; a file that vanishes meanwhile has been replaced by a newer one."""
        for _ in range(_ATTEMPTS):
            try:
                return self._open_copy(choice) if choice.changed else _connected(choice, choice.path)
            except (FinopsLakeError, OSError):
                if choice.path.exists():
                    raise
            choice = self._choose()
        raise LockedError(f"The lake in {self._files.home} changes too fast to be opened.", next_step="Try again.")

    def _open_copy(self, choice: Choice) -> _Base:
        """Open a copy of a published file that somebody changed; if that fails, what we published last."""
        try:
            with _translated(choice.path):
                path = copy_published(self._files)
            return _connected(choice, path)
        except FinopsLakeError as error:
            numbers = self._files.numbers()
            if not numbers:
                raise
            _log.warning(
                "%s was changed and cannot be read (%s); answering from generation %d",
                choice.path,
                error,
                numbers[-1],
            )
            return _connected(choice, self._files.generation(numbers[-1]))

    def _let_go(self, base: _Base) -> None:
        with self._lock:
            if self._base is base and not base.users:
                self._retire()

    def _retire(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            base.is_retired = True
            self._close_if_unused(base)

    def _close_if_unused(self, base: _Base) -> None:
        if base.users:
            return
        if base.idle is not None:
            base.idle.cancel()
        base.connection.close()
        if is_copy(base.path) and (self._base is None or self._base.path != base.path):
            drop_copy(base.path)


def _connected(choice: Choice, path: Path) -> _Base:
    from finops_lake.lake.connection import (
        connect_reader,
    )  # here, so that a server starts without loading DuckDB

    return _Base(choice, path, connect_reader(path))


def _translated(path: Path) -> contextlib.AbstractContextManager[None]:
    from finops_lake.lake.trouble import translated

    return translated("Copying the lake", path)
