"""Rows that come in pieces: kept in memory while they are few, in a file of this machine when they are many."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from finops_lake.source import StoredRows

MOST_ROWS = 50_000
"""So many rows are kept in memory (50 MB of detail lines), and written together."""


class Spool:
    """Takes tables of one schema, one after another; `finish` gives all of their rows.

    The file lies in `folder`, readable by its owner alone, since it is somebody's bill; it vanishes with the rows, and
    the next writer of a home clears away what a killed process left there.
    """

    def __init__(self, schema: pa.Schema, folder: Path, most_rows: int = MOST_ROWS) -> None:
        self._schema = schema
        self._folder = folder
        self._most_rows = most_rows
        self._waiting: list[pa.Table] = []
        self._stored: StoredRows | None = None
        self._writer: pq.ParquetWriter | None = None
        self.num_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        if error is not None and self._stored is not None:
            self._stored.discard()

    def add(self, table: pa.Table) -> None:
        """Take some rows."""
        self._waiting.append(table)
        self.num_rows += table.num_rows
        if sum(one.num_rows for one in self._waiting) > self._most_rows:
            self._write()

    def finish(self) -> pa.Table | StoredRows:
        """Return all rows: a table, or a file when they were too many for one."""
        if self._writer is None or self._stored is None:
            return pa.concat_tables(self._waiting) if self._waiting else self._schema.empty_table()
        self._write()
        self._writer.close()
        return self._stored.of(self.num_rows)

    def _write(self) -> None:
        if self._writer is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="rows-", suffix=".part", dir=self._folder)
            os.close(handle)
            self._stored = StoredRows(Path(name))
            self._writer = pq.ParquetWriter(name, self._schema, compression="zstd")
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []
