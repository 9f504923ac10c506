"""How the lake's files are opened: read-write by the writer, locked down by readers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb

from finops_lake.errors import LakeError, NewerLakeError
from finops_lake.lake.trouble import translated

SCHEMA_VERSION = 1
"""Layout of the raw and meta tables; raised when an older version of this package could not read them."""

_STORAGE_VERSION = "v1.5.0"  # what the shells of the 1.5 line can open
_WRITER_MEMORY = "192MB"  # beyond it, sorting and grouping spill to a folder beside the file
_CHECKPOINT_AFTER = "128MB"  # of log; DuckDB's own 16 MB rewrites the file's end many times in a first load
_MERGES = 0  # of small row groups in a checkpoint: while loading they would be merged again and again
_READER_MEMORY = "2GB"
_SPARED = ("projection_pullup", "common_subplan")
"""Optimizers that take a third of the time of all checks at once, and shorten no question of ours."""

_LOCK_DOWN = (
    "set global TimeZone = 'UTC'",
    "set temp_directory = ''",
    f"set memory_limit = '{_READER_MEMORY}'",
    "set enable_progress_bar = false",
    "set python_enable_replacements = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set allow_community_extensions = false",
    "set allow_persistent_secrets = false",
    "set enable_external_access = false",
    "set disabled_filesystems = 'LocalFileSystem'",  # now not even DuckDB's own file can be read
    "set lock_configuration = true",  # last: nothing can be set any more
)

_opening = threading.Lock()


def connect_writer(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse read-write, in a format that the previous DuckDB line reads too."""
    with translated("Opening the lake", path):
        connection = duckdb.connect(str(path), config={"storage_compatibility_version": _STORAGE_VERSION})
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{_WRITER_MEMORY}'")
        connection.execute(f"set checkpoint_threshold = '{_CHECKPOINT_AFTER}'")
        connection.execute(f"set max_vacuum_tasks = {_MERGES}")
        connection.execute("set enable_progress_bar = false")
        return connection


@contextlib.contextmanager
def memory_of(connection: duckdb.DuckDBPyConnection, limit: str | None) -> Iterator[None]:
    """Let the writer use more memory inside; None: no more than always."""
    if limit is None:
        yield
        return
    connection.execute(f"set memory_limit = '{limit}'")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # what is still held beyond it is given back later
            connection.execute(f"set memory_limit = '{_WRITER_MEMORY}'")


@contextlib.contextmanager
def unoptimized(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Spare the statements inside the optimizer: a quarter of the time of a comment, of which a lake has thousands."""
    connection.execute("pragma disable_optimizer")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # after an error of the disk the connection is closed anyway
            connection.execute("pragma enable_optimizer")


@contextlib.contextmanager
def merging(connection: duckdb.DuckDBPyConnection, merges: int) -> Iterator[None]:
    """Let checkpoints inside merge so many sets of small row groups."""
    connection.execute(f"set max_vacuum_tasks = {merges}")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # after an error of the disk the connection is closed anyway
            connection.execute(f"set max_vacuum_tasks = {_MERGES}")


def connect_reader(path: Path) -> duckdb.DuckDBPyConnection:
    """Open `path` read-only, locked down so that a SELECT reaches nothing but its tables.

    Two readers of one process share DuckDB's cached instance of the file: the second finds it locked already.
    Raises NewerLakeError, or LakeError if the file is no lake.
    """
    with translated("Opening the lake", path), _opening:
        connection = duckdb.connect(str(path), read_only=True)
        try:
            ((is_locked,),) = connection.execute("select current_setting('lock_configuration')").fetchall()
            for statement in () if is_locked else (_sparing(connection), *_LOCK_DOWN):
                connection.execute(statement)
            check_version(recorded(connection, path), path)
        except BaseException:
            connection.close()
            raise
    return connection


def _sparing(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the statement that leaves out `_SPARED`, those of them that this DuckDB has."""
    known = {name for (name,) in connection.execute("from duckdb_optimizers()").fetchall()}
    return f"set disabled_optimizers = '{','.join(name for name in _SPARED if name in known)}'"


def recorded(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Return the facts in `meta.lake`; LakeError if the file has none."""
    try:
        return dict(connection.execute("select key, value from meta.lake").fetchall())
    except duckdb.CatalogException as error:
        raise LakeError(
            f"{path} is a DuckDB file, but not one of finops-lake.",
            next_step="Set FINOPS_LAKE_HOME to another folder, or move the file away.",
        ) from error


def check_version(facts: dict[str, str], path: Path) -> None:
    """Raise NewerLakeError if a newer version of this package wrote the file."""
    version = int(facts.get("schema_version", SCHEMA_VERSION))
    if version > SCHEMA_VERSION:
        raise NewerLakeError(
            f"{path} was written by finops-lake {facts.get('package_version', 'of a newer version')} "
            f"(layout {version}); this version knows layouts up to {SCHEMA_VERSION}.",
            next_step="Upgrade finops-lake.",
        )
