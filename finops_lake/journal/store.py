"""The SQLite file of the journal: opened for each transaction, made anew when it is missing or damaged.

Everything in it can be lost at the price of a few calls of Azure, so a damaged file is no error.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import filelock

from finops_lake.errors import NewerLakeError, StorageError

_log = logging.getLogger(__name__)

SCHEMA_VERSION = 3
BUSY_SECONDS = 30.0
"""How long a transaction waits for the ones before; each takes about a millisecond."""

_SCHEMA = """
create table spends (booking integer not null, bucket text not null, at real not null, units integer not null);
create index spends_of_bucket on spends (bucket, at);
create index spends_of_booking on spends (booking);
create table limits (bucket text primary key, allowed integer not null, learned_at real not null);
create table holds (bucket text primary key, until real not null);
create table confirmations (
    table_name text not null, scope_id text not null, month text not null, metric text not null,
    finished_at text not null, result text not null, primary key (table_name, scope_id, month, metric));
create table operations (
    table_name text not null, scope_id text not null, month text not null, metric text not null,
    location text not null, started_at text not null, finished_at text, outcome text,
    primary key (table_name, scope_id, month, metric));
create table api_calls (call_id integer primary key autoincrement, call text not null);
create table answers (answer_id integer primary key autoincrement, answer text not null);
create table runs (
    run_id integer primary key autoincrement, name text not null, due_at text not null, started_at text not null,
    finished_at text, outcome text, detail text);
create unique index one_run_when_due on runs (name, due_at);
create table facts (name text primary key, value text not null);
create table alerts (
    alert_id text primary key, rule text not null, decided_at text not null, alert text not null,
    revision integer not null default 1, kept integer not null default 0);
create table deliveries (
    alert_id text not null, channel text not null, status text not null, not_before text,
    attempts integer not null default 0, attempted_at text, reason text, message_id text,
    leased_until real not null default 0, primary key (alert_id, channel));
create table alert_causes (
    rule text not null, cause text not null, step text not null, amount text, told_at text, seen_at text,
    gone_at text, primary key (rule, cause));
"""


class Store:
    """One journal file. Any thread and any process may hold a transaction; they take turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_checked = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Be the only writer, for a moment; what is done inside is kept as a whole or not at all.

        Raises StorageError when the file cannot be written, NewerLakeError when a newer version made it.
        """
        connection = self._begun()
        try:
            yield connection
            connection.execute("commit")
        except sqlite3.Error as error:
            self._is_checked = False
            raise _trouble(error, self.path) from error
        finally:
            connection.close()  # rolls back what is not committed

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection to read with; None where there is no journal, or none that can be read."""
        try:
            connection = _opened(self.path, "ro")
            connection.execute("select 1 from facts limit 1").fetchall()
        except sqlite3.Error as error:
            _log.debug("no journal to read in %s: %s", self.path, error)
            yield None
            return
        try:
            yield connection
        finally:
            connection.close()

    def _begun(self) -> sqlite3.Connection:
        """Return a connection inside a transaction; the first one looks the whole file over."""
        try:
            if self._is_checked:
                return _begin(self.path)
        except sqlite3.Error as error:
            if _is_busy(error):
                raise _trouble(error, self.path) from error
        self._make_anew()
        try:
            return _begin(self.path)
        except sqlite3.Error as error:
            raise _trouble(error, self.path) from error

    def _make_anew(self) -> None:
        """Make the file, unless another process just did; one that cannot be read is thrown away."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with filelock.FileLock(self.path.with_suffix(".lock")):
                if not _is_sound(self.path):
                    if self.path.exists():
                        _log.warning("%s was damaged, and is made anew", self.path)
                    for name in ("", "-wal", "-shm"):
                        Path(f"{self.path}{name}").unlink(missing_ok=True)
                    _make(self.path)
            self._is_checked = True
        except (OSError, sqlite3.Error) as error:
            raise _trouble(error, self.path) from error


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    """Return a connection in autocommit mode; sqlite3.OperationalError when there is no such file."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )


def _begin(path: Path) -> sqlite3.Connection:
    connection = _opened(path, "rw")
    try:
        connection.execute("pragma synchronous = normal")
        connection.execute("begin immediate")
        ((version,),) = connection.execute("pragma user_version").fetchall()
        _check_version(version, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(version: int, path: Path) -> None:
    if version > SCHEMA_VERSION:
        raise NewerLakeError(
            f"{path} was written by a newer finops-lake (layout {version}; this one knows {SCHEMA_VERSION}).",
            next_step="Upgrade finops-lake.",
        )
    if version < SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"layout {version} is not layout {SCHEMA_VERSION}")


def _is_sound(path: Path) -> bool:
    try:
        with contextlib.closing(_begin(path)) as connection:
            return connection.execute("pragma quick_check").fetchall() == [("ok",)]
    except sqlite3.Error:
        return False


def _make(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # what is in it is private; its companions inherit the mode
    with contextlib.closing(_opened(path, "rw")) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {SCHEMA_VERSION}; commit")


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL)


def _trouble(error: Exception, path: Path) -> StorageError:
    return StorageError(
        f"The journal {path} cannot be written: {error}.",
        next_step="Free space, allow this account to write there, or set FINOPS_LAKE_HOME to another folder.",
    )
