"""Takes what the journal buffered about calls, answers and alerts into meta tables, for as many days as are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from finops_lake.lake.names import quoted


@dataclass(frozen=True)
class Buffered:
    """A table of schema meta that is filled so: its key, the instant its age goes by, whether rows still change."""

    key: str
    instant: str = "started_at"
    changes: bool = False


TABLES = {
    "api_calls": Buffered("call_id"),
    "answers": Buffered("answer_id"),
    "alerts": Buffered("alert_id", "decided_at", changes=True),
}

Facts = Sequence[Mapping[str, object]]


def keep_usage(connection: duckdb.DuckDBPyConnection, usage: Mapping[str, Facts], oldest: datetime) -> None:
    """Add rows under the names of their columns, each once, and delete those begun before `oldest`.

    A row that still changes replaces the one with its key.
    """
    import pyarrow as pa

    for table, kind in TABLES.items():
        name = quoted("meta", table)
        connection.execute(f"delete from {name} where {kind.instant} < ?", [oldest])
        rows = usage.get(table, ())
        if not rows:
            continue
        connection.register("incoming_usage", pa.Table.from_pylist([dict(row) for row in rows]))
        try:
            if kind.changes:
                connection.execute(f"delete from {name} where {kind.key} in (select {kind.key} from incoming_usage)")
            connection.execute(
                f"insert into {name} by name from incoming_usage"
                f" where {kind.instant} >= ? and {kind.key} not in (select {kind.key} from {name})",
                [oldest],
            )
        finally:
            connection.unregister("incoming_usage")
