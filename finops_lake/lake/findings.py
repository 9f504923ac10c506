"""What all checks find, read in parts: each needs a part of the memory, and two at a time keep two cores busy."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FINDINGS = "marts.findings"
_AT_ONCE = 2
_JUDGED = "judged_rows"
_PARTS_SQL = f"""select view_name from meta.headers
group by view_name
having bool_or(key = 'part_of' and value = '{FINDINGS}') and not bool_or(key = 'parameters')
order by view_name"""

Cursors = Callable[[], "AbstractContextManager[duckdb.DuckDBPyConnection]"]


def find(cursors: Cursors, today: date) -> pa.Table:
    """Return the rows of marts.findings as of a UTC day; `cursors` gives cursors on one and the same lake.

    Planning all checks takes most of the time, on one core, and every join among them holds memory until the statement
    ends; so they are read by parts, each in a statement and a thread of its own.
    """
    import pyarrow as pa

    def read(part: str) -> pa.Table:
        return _asked(cursors, f"from {part}", today)

    with cursors() as cursor:
        parts = [name for (name,) in cursor.execute(_PARTS_SQL).fetchall()]
    if not parts:
        return read(FINDINGS)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = [pool.submit(contextvars.copy_context().run, read, part) for part in parts]
        judged = pa.concat_tables([one.result() for one in waiting])
    return _asked(cursors, f"from {FINDINGS}_of(source := '{_JUDGED}')", today, judged)


def _asked(cursors: Cursors, sql: str, today: date, judged: pa.Table | None = None) -> pa.Table:
    with cursors() as cursor:
        cursor.execute("set variable today = ?", [today])
        if judged is not None:
            cursor.register(_JUDGED, judged)
        return cursor.sql(sql).to_arrow_table()
