"""A reload against what is held: rows that are the same stay, others come or go, and what goes is remembered.

The rows of a piece (a chunk of a raw table, or a scope and month of a stored mart) are a multiset: a row held once
more than it comes again goes once. Rows count as the same when two 64-bit hashes over all their columns, taken in
opposite orders, are. Storage grows with what changed, and a piece that comes again unchanged writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from finops_lake.lake.names import quoted

VALID_TO = "_valid_to"
"""The column that history tables have beside those of their table: the instant from which the row no longer held."""

_PIECES, _DIFFERENCES, _GONE = (f"temp.reconciled_{name}" for name in ("pieces", "differences", "gone"))


@dataclass(frozen=True)
class Kept:
    """A table whose pieces are reloaded: the columns that name a piece, and those that make a row what it is.

    `history` is the table that rows go to, None where nothing has to be remembered. Names are quoted.
    """

    table: str
    history: str | None
    piece: tuple[str, ...]
    compared: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """How many rows of a piece came and went."""

    added: int = 0
    removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    kept: Kept,
    incoming: str,
    pieces: Sequence[tuple[object, ...]],
    now: datetime,
) -> list[Change]:
    """Make the table hold, of these pieces, the rows of `incoming`; return what changed in each, in their order.

    `incoming` is a relation with all columns of the table, and rows of these pieces only. Call it in a transaction:
    nothing but temporary tables is touched when nothing changed. Rows that went were valid until `now` (UTC).
    """
    _note_pieces(connection, kept, pieces)
    _find_differences(connection, kept, incoming, pieces)
    changes = [Change()] * len(pieces)
    for number, added, removed in connection.execute(
        "select number, sum(greatest(surplus, 0))::bigint, sum(greatest(-surplus, 0))::bigint"
        f" from {_DIFFERENCES} group by number"
    ).fetchall():
        changes[number] = Change(added, removed)
    if any(change.removed for change in changes):
        _remove(connection, kept, pieces, now)
    if any(change.added for change in changes):
        _add(connection, kept, incoming)
    for name in (_PIECES, _DIFFERENCES, _GONE):  # after an error the transaction takes them back
        connection.execute(f"drop table if exists {name}")
    return changes


def _note_pieces(connection: duckdb.DuckDBPyConnection, kept: Kept, pieces: Sequence[tuple[object, ...]]) -> None:
    columns = ", ".join(map(quoted, kept.piece))
    connection.execute(
        f"create or replace temp table {_PIECES.removeprefix('temp.')} as"
        f" select 0 as number, {columns} from {kept.table} limit 0"
    )
    row = f"({', '.join('?' * (len(kept.piece) + 1))})"
    connection.execute(
        f"insert into {_PIECES} values {', '.join([row] * len(pieces))}",
        [value for number, piece in enumerate(pieces) for value in (number, *piece)],
    )


def _find_differences(
    connection: duckdb.DuckDBPyConnection, kept: Kept, incoming: str, pieces: Sequence[tuple[object, ...]]
) -> None:
    condition, values = _of_pieces(kept, pieces)
    connection.execute(
        f"create or replace temp table {_DIFFERENCES.removeprefix('temp.')} as"
        " select number, hash1, hash2, sum(copies)::bigint as surplus from ("
        f" select number, {_hashes(kept)}, 1 as copies from {_joined(kept, incoming)}"
        " union all"
        f" select number, {_hashes(kept)}, -1 as copies from {_joined(kept, kept.table)} where {condition}"
        ") group by all having surplus <> 0",
        values,
    )


def _remove(
    connection: duckdb.DuckDBPyConnection, kept: Kept, pieces: Sequence[tuple[object, ...]], now: datetime
) -> None:
    condition, values = _of_pieces(kept, pieces)
    connection.execute(
        f"create or replace temp table {_GONE.removeprefix('temp.')} as select row_id from ("
        " select found.row_id, surplus, row_number() over (partition by number, hash1, hash2) as place from ("
        f" select rows_.rowid as row_id, number, {_hashes(kept)} from {_joined(kept, kept.table)} where {condition}"
        f") as found inner join {_DIFFERENCES} using (number, hash1, hash2) where surplus < 0"
        ") where place <= -surplus",
        values,
    )
    if kept.history:
        connection.execute(
            f"insert into {kept.history} by name select *, ?::timestamptz as {quoted(VALID_TO)} from {kept.table}"
            f" where rowid in (select row_id from {_GONE})",
            [now],
        )
    connection.execute(f"delete from {kept.table} where rowid in (select row_id from {_GONE})")


def _add(connection: duckdb.DuckDBPyConnection, kept: Kept, incoming: str) -> None:
    connection.execute(
        f"insert into {kept.table} by name select * exclude (number, hash1, hash2, surplus, place) from ("
        " select found.*, surplus, row_number() over (partition by number, hash1, hash2) as place from ("
        f" select rows_.*, number, {_hashes(kept)} from {_joined(kept, incoming)}"
        f") as found inner join {_DIFFERENCES} using (number, hash1, hash2) where surplus > 0"
        ") where place <= surplus"
    )


def _joined(kept: Kept, relation: str) -> str:
    """Return the FROM clause for the rows of the pieces, with the piece's number."""
    keys = " and ".join(f"rows_.{quoted(name)} is not distinct from pieces.{quoted(name)}" for name in kept.piece)
    return f"{relation} as rows_ inner join {_PIECES} as pieces on {keys}"


def _hashes(kept: Kept) -> str:
    columns = [f"rows_.{quoted(name)}" for name in kept.compared]
    return f"hash({', '.join(columns)}) as hash1, hash({', '.join(reversed(columns))}) as hash2"


def _of_pieces(kept: Kept, pieces: Sequence[tuple[object, ...]]) -> tuple[str, list[object]]:
    """Return a condition that lets DuckDB skip row groups without any of the pieces, and its values."""
    conditions, values = ["true"], []
    for place, name in enumerate(kept.piece):
        wanted = {piece[place] for piece in pieces}
        if None not in wanted:
            conditions.append(f"rows_.{quoted(name)} in ({', '.join('?' * len(wanted))})")
            values += list(wanted)
    return " and ".join(conditions), values
