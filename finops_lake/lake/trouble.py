"""DuckDB's errors and the disk's, translated once into ours; the cause is kept."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import duckdb

from finops_lake.errors import (
    BadRequestError,
    FinopsLakeError,
    LakeError,
    LockedError,
    NewerLakeError,
    RetryableError,
    StorageError,
)

_FULL_CODES = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FULL_TEXTS = ("no space left", "file too large", "disk quota exceeded", "not enough space", "disk full")
_NEWER_TEXTS = ("version number", "newer version of duckdb", "storage version")
_BROKEN_TEXTS = ("not a valid duckdb database", "corrupt", "checksum")


@contextlib.contextmanager
def translated(doing: str, path: Path) -> Iterator[None]:
    """Raise what DuckDB or the disk refuses as our error; `doing` names the work, `path` its place."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise storage_trouble(error, doing, path) from error


def storage_trouble(error: Exception, doing: str, path: Path) -> FinopsLakeError:
    """Return what an error means for somebody who writes or opens the lake's files."""
    text = str(error).strip()
    lowered = text.lower()
    if "could not set lock" in lowered or "being used by another process" in lowered:
        return LockedError(
            f"{doing} failed: another program holds {path}.", next_step="Close it there, or try again later."
        )
    if is_disk_full(error):
        return StorageError(
            f"{doing} failed: no space is left for {path}. What was there before is unharmed.",
            next_step="Free some space, or set FINOPS_LAKE_HOME to a folder on a larger disk.",
        )
    if any(sign in lowered for sign in _NEWER_TEXTS):
        return NewerLakeError(
            f"{doing} failed: {path} was written by a newer version of DuckDB ({first_line(text)}).",
            next_step="Upgrade finops-lake.",
        )
    if any(sign in lowered for sign in _BROKEN_TEXTS):
        return StorageError(
            f"{doing} failed: {path} is not a DuckDB file, or is damaged ({first_line(text)}).",
            next_step="Move it away, then run finops-lake refresh.",
        )
    if isinstance(error, (OSError, duckdb.IOException, duckdb.FatalException)):
        return StorageError(
            f"{doing} failed: {path} cannot be read or written ({first_line(text)}).",
            next_step="Check the folder and its permissions, or set FINOPS_LAKE_HOME to another one.",
        )
    return LakeError(f"{doing} failed: {first_line(text)}")


def query_trouble(error: duckdb.Error, *, timeout: float | None, expired: bool) -> FinopsLakeError:
    """Return what DuckDB's refusal of a statement means for the one who asked."""
    text = explanation(str(error))
    if isinstance(error, duckdb.InterruptException):
        if expired:
            return RetryableError(
                f"The query was stopped after {timeout:g} s.",
                next_step="Narrow it (fewer months, a filter), or allow more time.",
            )
        return RetryableError("The query was stopped.", next_step="Ask again.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadRequestError(
            "The query needs more memory than it may use.", next_step="Narrow it, or aggregate earlier."
        )
    if isinstance(error, duckdb.PermissionException) or "disabled" in text:
        return BadRequestError(
            f"Only tables and views of the lake can be read here, no files or other databases ({text}).",
            next_step="SHOW ALL TABLES lists what there is.",
        )
    if isinstance(error, (duckdb.FatalException, duckdb.InternalException)):
        return LakeError(f"DuckDB failed: {first_line(text)}", next_step="Try again; if it stays, report the query.")
    if isinstance(error, duckdb.CatalogException) and "Function with name" not in text:
        return BadRequestError(text, next_step="SHOW ALL TABLES lists what there is.")
    return BadRequestError(text)


def is_disk_full(error: Exception) -> bool:
    """Return whether an error says that no space is left."""
    text = str(error).lower()
    return getattr(error, "errno", None) in _FULL_CODES or any(sign in text for sign in _FULL_TEXTS)


def explanation(text: str) -> str:
    """Return DuckDB's message without the copy of the statement under it; suggested names stay."""
    return " ".join(text.split("\n\nLINE ")[0].split("\nLINE ")[0].split())


def first_line(text: str) -> str:
    """Return the first line of a message."""
    return text.strip().splitlines()[0] if text.strip() else "no reason given"
