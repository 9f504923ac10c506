"""Takes what the journal buffered about calls and answers into meta tables, for as many days as are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from finops_lake.lake.names import quoted

KEYS = {"api_calls": "call_id", "answers": "answer_id"}
"""The tables of schema meta that are filled so, and the id that tells whether a row is there already."""

Facts = Sequence[Mapping[str, object]]


def keep_usage(connection: duckdb.DuckDBPyConnection, usage: Mapping[str, Facts], oldest: datetime) -> None:
    """Add rows under the names of their columns, each once, and delete those begun before `oldest`."""
    import pyarrow as pa

    for table, key in KEYS.items():
        name = quoted("meta", table)
        connection.execute(f"delete from {name} where started_at < ?", [oldest])
        rows = usage.get(table, ())
        if not rows:
            continue
        connection.register("incoming_usage", pa.Table.from_pylist([dict(row) for row in rows]))
        try:
            connection.execute(
                f"insert into {name} by name from incoming_usage"
                f" where started_at >= ? and {key} not in (select {key} from {name})",
                [oldest],
            )
        finally:
            connection.unregister("incoming_usage")
