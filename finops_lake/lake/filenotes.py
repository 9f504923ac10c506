"""`meta.files`: what became of each file, so that one which has not changed is not read again."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from finops_lake.filerows import FileNote

KNOWN_SQL = "select scope_id, path, table_name, size_bytes, version, run_id, outcome, reason, read_at from meta.files"


def replace_notes(
    connection: duckdb.DuckDBPyConnection, notes: Sequence[FileNote], gone: Sequence[tuple[str, str]]
) -> None:
    """Write these notes in place of those on the same files, and forget those on files (scope, path) that are gone."""
    old = [*gone, *((note.scope_id, note.path) for note in notes)]
    if old:
        keys = ", ".join(["(?, ?)"] * len(old))
        connection.execute(
            f"delete from meta.files using (values {keys}) as key (scope_id, path)"
            " where files.scope_id = key.scope_id and files.path = key.path",
            [value for key in old for value in key],
        )
    if notes:
        rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(notes))
        connection.execute(
            f"insert into meta.files values {rows}", [value for note in notes for value in _values(note)]
        )


def _values(note: FileNote) -> tuple[object, ...]:
    """Return the values of a note in the order of the table's columns."""
    return (
        note.scope_id,
        note.path,
        note.table,
        note.size,
        note.version,
        note.run_id,
        note.outcome,
        note.reason,
        note.read_at,
    )
