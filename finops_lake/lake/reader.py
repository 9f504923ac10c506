"""Answers from the newest published state of the lake, in a connection that can do nothing but read it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from finops_lake.errors import FinopsLakeError
from finops_lake.lake.confirmed import show_confirmed
from finops_lake.lake.files import LakeFiles
from finops_lake.lake.knowing import Alerted, Confirmed, Knowing, Known, Version
from finops_lake.lake.limits import Stop, limited
from finops_lake.lake.names import quoted
from finops_lake.lake.outdated import Expected
from finops_lake.lake.pool import IDLE_SECONDS, Pool
from finops_lake.lake.results import Result, fetched, row_count
from finops_lake.lake.user_sql import names_explained, one_select

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from finops_lake.lake.definitions import Definitions

Kept = TypeVar("Kept")

Parameters = Mapping[str, Any] | Sequence[Any]

KEPT_ANSWERS = 200
"""Statements whose rows are kept at most; questions by month and subscription are not many more."""

KEPT_ROWS = 50_000
"""Rows kept at most, of all statements together."""


class LakeReader:
    """Reads the lake in `home`. Cheap to make: DuckDB is loaded by the first query, or by `warm_up`.

    Every call sees the generation that is newest at its start and keeps it to its end. Calls may come from
    any thread. `idle_seconds` is how long the file is held after the last call (None: until `close`). `confirmed`
    gives the attempts since the last publication that changed nothing: they count as loads here. `alerted` gives
    alerts that are newer than the publication. `definitions` gives what this version makes lakes of, to tell one that
    another version made where a statement fails.
    """

    def __init__(
        self,
        home: Path,
        *,
        idle_seconds: float | None = IDLE_SECONDS,
        confirmed: Confirmed | None = None,
        alerted: Alerted | None = None,
        definitions: Callable[[], Definitions] | None = None,
    ) -> None:
        self._files = LakeFiles(home)
        self._pool = Pool(self._files, idle_seconds)
        self._expected = Expected(definitions)
        self._knowing = Knowing(self.generation, confirmed, alerted)
        self._kept: tuple[Version, dict[str, Result]] = ((None, None), {})
        self._made: tuple[Version, dict[str, Any]] = ((None, None), {})

    def exists(self) -> bool:
        """Return whether there is anything to answer from."""
        return self._files.current() is not None

    def generation(self) -> int | None:
        """Return the generation the next answer comes from; None without one, or if a changed file comes first."""
        choice = self._files.current()
        return int(choice.path.stem) if choice is not None and choice.changed is None else None

    def version(self) -> Version:
        """Return what changes whenever anything is known anew: the generation, and the last confirmation's instant."""
        return self._knowing.now().version

    def steady(self) -> contextlib.AbstractContextManager[None]:
        """Have all that is asked inside rest on what is known at its start: for one answer, which asks many times."""
        return self._knowing.steady()

    def warm_up(self) -> None:
        """Open the lake ahead of the first query, for a background thread; faults wait for that query."""
        with contextlib.suppress(FinopsLakeError, OSError), self._pool.cursor():
            pass

    def close(self) -> None:
        """Let go of the lake; a later query opens it again."""
        self._pool.close()

    def query(
        self,
        sql: str,
        parameters: Parameters | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
        max_rows: int | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Return the rows of a statement of our own, at most `max_rows` of them, within `timeout` seconds.

        `variables` are set, and `tables` are there under their names, for this call alone. Raises EmptyLakeError,
        NewerLakeError, OutdatedLakeError where another version made the lake and it lacks what the statement reads,
        RetryableError past the time, and BadRequestError with DuckDB's explanation.
        """
        with self._cursor() as cursor, limited(cursor, timeout):
            _set_variables(cursor, variables or {})
            for name, table in (tables or {}).items():
                cursor.register(name, table)
            return fetched(cursor.execute(sql, parameters), max_rows)

    def recall(self, sql: str, *, tables: Mapping[str, pa.Table] | None = None, timeout: float | None = None) -> Result:
        """Return the rows of a statement of our own about the lake itself, kept until anything is known anew.

        For what every answer asks alike, and for questions that take long and have few rows. The statement must not
        read the clock. `tables` are there under their names: each name stands for the same rows until then.
        """
        version = self.version()
        if version[0] is None:  # a file that a shell has changed has no version
            return self.query(sql, tables=tables, timeout=timeout)
        if self._kept[0] != version:
            self._kept = (version, {})
        kept = self._kept[1]  # the same one throughout: another thread may begin a new one
        found = kept.get(sql)
        if found is None:
            found = self.query(sql, tables=tables, timeout=timeout)
            rows = row_count(found) + sum(row_count(one) for one in list(kept.values()))
            if len(kept) >= KEPT_ANSWERS or rows > KEPT_ROWS:
                kept.clear()
            if row_count(found) <= KEPT_ROWS:
                kept[sql] = found
        return found

    def keep_rows(self, sql: str) -> pa.Table:
        """Return the rows of a statement of our own as a table, kept as by `keep`, for `recall` to read."""
        return self.keep(sql, lambda: self.arrow(sql).read_all())

    def keep(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Return what `make` makes of the lake, kept under its name until anything is known anew.

        It must rest on nothing but the lake and the name, and not read the clock.
        """
        version = self.version()
        if version[0] is None:
            return make()
        if self._made[0] != version or len(self._made[1]) >= KEPT_ANSWERS:
            self._made = (version, {})
        kept = self._made[1]  # the same one throughout: another thread may begin a new one
        if name not in kept:
            kept[name] = make()
        found: Kept = kept[name]
        return found

    def query_user_sql(
        self,
        sql: str,
        *,
        max_rows: int | None,
        timeout: float | None,
        max_bytes: int | None = None,
        stop: Stop | None = None,
    ) -> Result:
        """Return the rows of somebody else's SQL, which must be exactly one SELECT; else InputError.

        Ends early (`truncated`) after `max_rows`, or about `max_bytes` of values. Raises RetryableError past
        `timeout` seconds or when `stop` says so, BadRequestError that names what was probably meant, and
        OutdatedLakeError for what only a lake of this version would have.
        Whatever the text says, nothing but the lake can be read and nothing can be changed. One gap is
        DuckDB's: a single huge string function heeds neither time nor memory limit until it ends.
        """
        from finops_lake.lake.references import names_read

        with self._cursor(sql) as cursor, limited(cursor, timeout, stop):
            statement = one_select(cursor, sql)
            with names_explained(cursor, sql):
                reads = names_read(cursor, statement.query)
                result = fetched(cursor.execute(statement), max_rows, max_bytes)
            return replace(result, reads=reads)

    def arrow(
        self, sql: str, parameters: Parameters | None = None, *, variables: Mapping[str, Any] | None = None
    ) -> pa.RecordBatchReader:
        """Return the rows of a statement as a stream of Arrow batches, all from one generation.

        `variables` are set for this call alone. The generation is held until the stream is read to its end or closed.
        """
        import pyarrow as pa

        batches = self._batches(sql, parameters, variables or {})
        schema = next(batches)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def findings(self, today: date) -> pa.Table:
        """Return the rows of marts.findings as of a UTC day, read in parts: less memory, and two cores, not one."""
        from finops_lake.lake.findings import find

        with self._cursor() as one:  # the others are on its file, whatever is published meanwhile
            known = self._knowing.now()

            @contextlib.contextmanager
            def cursors() -> Iterator[duckdb.DuckDBPyConnection]:
                with one.cursor() as cursor, limited(cursor, None):
                    _show(cursor, known)
                    yield cursor

            return find(cursors, today)

    def check_definitions(self) -> None:
        """Raise OutdatedLakeError (or NewerLakeError) where another version made the lake's tables and views.

        Takes some 40 ms the first time.
        """
        with self._pool.cursor() as cursor:
            self._expected.check(cursor)

    @contextlib.contextmanager
    def _cursor(self, sql: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor whose views see what was asked again and had not changed, though it is not published.

        `sql` is somebody else's statement that it is for; None: it is for one of ours.
        """
        with self._pool.cursor() as cursor, self._expected.explained(cursor, sql):
            _show(cursor, self._knowing.now())
            yield cursor

    def _batches(self, sql: str, parameters: Parameters | None, variables: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the schema, then the batches."""
        with self._cursor() as cursor, limited(cursor, None):
            _set_variables(cursor, variables)
            reader = cursor.sql(sql, params=parameters).to_arrow_reader()
            yield reader.schema
            yield from reader


def _show(cursor: duckdb.DuckDBPyConnection, known: Known) -> None:
    """Have the views of a cursor see what was asked again and had not changed, and what was alerted."""
    show_confirmed(cursor, known.confirmed)
    alerts = list(known.alerted)
    if alerts:
        _set_variables(cursor, {"alerts": alerts})


def _set_variables(cursor: duckdb.DuckDBPyConnection, variables: Mapping[str, Any]) -> None:
    for name, value in variables.items():
        cursor.execute(f"set variable {quoted(name)} = ?", [value])
