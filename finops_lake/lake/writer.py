"""The one writer of the lake: takes the lock, loads chunks into `warehouse.duckdb`, publishes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import filelock
import pyarrow as pa

from finops_lake import __version__
from finops_lake.errors import ForeignLakeError, LakeError, LockedError, Outcome, StorageError
from finops_lake.filerows import FileNote, FilePart, FileRows
from finops_lake.lake import filenotes, filerows, ledger, own_checks, stored
from finops_lake.lake import load as loading
from finops_lake.lake.confirmed import CANDIDATES, misjudged_months, note_confirmed, show_confirmed
from finops_lake.lake.connection import SCHEMA_VERSION, check_version, connect_writer, memory_of, recorded
from finops_lake.lake.facts import PUBLISHED_UP_TO, fingerprint, note_facts, tables_of
from finops_lake.lake.filefaults import RoundingError
from finops_lake.lake.files import LakeFiles, drop_leftovers
from finops_lake.lake.framing import read_views
from finops_lake.lake.graph import Graph, build_graph
from finops_lake.lake.origin import origin_of_both
from finops_lake.lake.publish import drop_foreign_wal, finish_publication, publish_files
from finops_lake.lake.remember import Change
from finops_lake.lake.rules import Exclusion, Fault, faults_found_by, keep_exclusions, keep_faults
from finops_lake.lake.schema import create_meta, create_raw, source_fingerprint
from finops_lake.lake.sqlfiles import SqlFile, sql_folder
from finops_lake.lake.trouble import explanation, storage_trouble, translated
from finops_lake.lake.usage import Facts, keep_usage
from finops_lake.lake.views import create_views
from finops_lake.source import Chunk, ChunkResult, Fetched, Source, StoredRows

Arrived = tuple[ChunkResult, Fetched | None]
"""What became of a chunk, and its rows if there are any."""

_HELD_SQL = """select table_name, scope_id, month, metric,
    arg_max(outcome, load_id), arg_max(coalesce(reason, ''), load_id)
from meta.loads group by all having bool_or(row_count is not null)"""
"""The chunks that may have rows, and how the latest attempt at each ended; a new one replaces nothing."""

KEEP_USAGE = timedelta(days=90)
"""How long rows about calls and answers are kept where nothing else is said."""

_MART_MEMORY = "256MB"  # a mart over all listings joins some thirty of them at once, each with blocks of its own
_FILE_MEMORY = "1GB"  # what reading files needs in blocks and in columns that are being filled, whatever their size

_COST_SOURCE = "scope_id, source, tables, reason, agreement, not_given, covered_months"
_COST_SOURCES_SQL = f"select {_COST_SOURCE} from meta.cost_sources"
_NOTE_SOURCE_SQL = f"insert into meta.cost_sources ({_COST_SOURCE}, chosen_at) values (?, ?, ?, ?, ?, ?, ?, ?)"

_Ending = tuple[str, str]
"""How an attempt ended: its outcome and its reason."""


class Warehouse:
    """Loads and publishes one home. Everything but `lock` is called inside `lock()`, by one thread at a time.

    `origin` names the Azure the rows come from (endpoint and cloud): a lake takes rows of one origin only.
    `confirmed` gives attempts that changed nothing and are not in `meta.loads` yet: they count as loads here.
    `has_unpublished` says that something is loaded or judged anew that no published file has yet.
    """

    def __init__(
        self,
        home: Path,
        sources: Sequence[Source],
        sql: Path | Traversable | None = None,
        *,
        origin: str,
        clock: Callable[[], datetime],
        confirmed: Callable[[], Sequence[ChunkResult]] = lambda: (),
    ) -> None:
        self.files = LakeFiles(home)
        self._sources = {source.table: source for source in sources}
        self._sql = sql
        self.origin = origin
        self._clock = clock
        self._confirmed = confirmed
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._stored: dict[str, SqlFile] = {}
        self._stored_above: dict[str, list[SqlFile]] = {}
        self._raw_beneath: dict[str, list[str]] = {}
        self._next_load_id = 1
        self._held: dict[Chunk, _Ending] = {}
        self._graph = Graph((), {}, {})
        self._views_read: dict[tuple[tuple[str, str], ...], Sequence[SqlFile]] = {}
        self._own_views: tuple[SqlFile, ...] = ()
        self.faults: tuple[str, ...] = ()
        self.has_new_views = False
        self.has_unpublished = False
        self._exclusions: tuple[Exclusion, ...] | None = None
        self._own_checks: tuple[SqlFile, ...] = ()
        self._rule_faults: tuple[Fault, ...] | None = None

    def add_rules(
        self, exclusions: Sequence[Exclusion] | None, checks: Sequence[SqlFile] = (), faults: Sequence[Fault] = ()
    ) -> None:
        """Have these exclusions hold (None: those of before), the user's checks join ours, and faults be told.

        All that as of the next opening; checks that turn out to be broken are left out, and told, too.
        """
        self._exclusions = None if exclusions is None else tuple(exclusions)
        self._own_checks, self._rule_faults = tuple(checks), tuple(faults)
        self._tell(faults)

    def _tell(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(dict.fromkeys((*self.faults, *(one.fault for one in faults))))

    def add_views(self, views: Sequence[SqlFile], faults: Sequence[str] = ()) -> None:
        """Make these views beside those of the sql folder, or in place of those of the same name.

        `faults` says which of the user's could not be made.
        """
        self._own_views, self.faults = tuple(views), tuple(faults)

    @contextlib.contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Be the writer, waiting up to `timeout` seconds for the one before (0: not at all); else LockedError.

        Creates the home, and clears away what a killed writer left half-made.
        """
        with translated("Preparing the lake", self.files.home):
            self.files.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # bills are private
        self._views_read.clear()  # files may have changed since the last refresh, though not within one
        guard = filelock.FileLock(self.files.writer_lock, thread_local=False)
        with translated("Locking the lake", self.files.home):
            try:
                guard.acquire(timeout=max(timeout, 0))
            except filelock.Timeout as error:
                raise LockedError(
                    f"Another process is refreshing the lake in {self.files.home}.",
                    next_step="Wait for it to finish, or answer from what is there.",
                ) from error
        try:
            with translated("Preparing the lake", self.files.home):
                drop_leftovers(self.files)
                finish_publication(self.files)
                drop_foreign_wal(self.files)
            yield
        finally:
            self._close()
            guard.release()

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Hold `warehouse.duckdb` open for loading, its tables and views brought up to date.

        Where it is held open already it stays so; stored marts are up to date at the end in any case. Raises
        NewerLakeError, ForeignLakeError when the lake was filled from another origin, StorageError, or LakeError
        naming file and line of a SQL file that cannot be used.
        """
        was_open = self.is_open
        if not was_open:
            self._open()
        try:
            yield
            if self.is_open:
                self._rebuild()
        finally:
            if not was_open:
                self._close()

    @property
    def is_open(self) -> bool:
        """Return whether the warehouse is held open."""
        return self._connection is not None

    def load(self, source: Source, fetched: Fetched, result: ChunkResult) -> ChunkResult:
        """Replace the chunk's raw rows, note the load and return it; all or nothing.

        Rows that come again stay untouched: the result says whether anything `changed`.

        The stored marts above are rebuilt for this scope and month when the warehouse closes or is published.
        """
        with self._writing(f"Loading {source.table}") as connection, loading.transaction(connection):
            return self._take(connection, [(result, fetched)])[0]

    def load_all(self, arrived: Sequence[Arrived], *, note_unchanged: bool = True) -> list[ChunkResult]:
        """Load or record several chunks in one transaction, which costs little more than one; return the results.

        With `note_unchanged` off, a chunk that loads again without any change leaves no row in `meta.loads` either:
        its result says `changed=False`, nothing is written, and the caller remembers when it was confirmed.
        A chunk that cannot be loaded does not spoil the others: it is recorded as failed, with the reason. Errors
        of the disk are raised.
        """
        try:
            memory = _memory_for(fetched for _, fetched in arrived)
            with self._writing("Loading", memory) as connection, loading.transaction(connection):
                return self._take(connection, arrived, note_unchanged)
        except StorageError:
            raise
        except (LakeError, pa.ArrowException):
            return [self._load_alone(*one, note_unchanged) for one in arrived]

    def load_files(self, rows: FileRows) -> list[ChunkResult]:
        """Replace what these files are about by their rows, all or nothing; return a result for each month.

        The rows are read once. Raises BadFileError naming file, row and column where one cannot be read.
        """
        try:
            return self._load_files(rows, exact=True)
        except RoundingError:
            return self._load_files(rows, exact=False)

    def months_in(self, table: str, part: FilePart, dated_by: str) -> set[date]:
        """Return the months of a file's rows, having read it whole; BadFileError where that cannot be done."""
        with self._writing("Reading a file", _FILE_MEMORY) as connection:
            return filerows.months_in(connection, self._sources[table], part, dated_by)

    def metric_in(self, table: str, parts: Sequence[FilePart]) -> str | None:
        """Return which reading of cost the rows of these files are; None where nothing in them tells."""
        with self._writing("Reading a file", _FILE_MEMORY) as connection:
            return filerows.metric_in(connection, self._sources[table], parts)

    def note_files(self, notes: Sequence[FileNote], gone: Sequence[tuple[str, str]]) -> None:
        """Write down what became of these files, in place of what was known of them and of those that are gone."""
        with self._writing("Noting files") as connection, loading.transaction(connection):
            filenotes.replace_notes(connection, notes, gone)

    def _load_files(self, rows: FileRows, *, exact: bool) -> list[ChunkResult]:
        source = self._sources[rows.table]
        base, key = self._next_load_id, (rows.table, rows.scope_id, rows.metric)
        held = {chunk.month for chunk in self._held if (chunk.table, chunk.scope_id, chunk.metric) == key}
        with self._writing(f"Loading {rows.table}", _FILE_MEMORY) as connection, loading.transaction(connection):
            inexact = 0 if exact else filerows.count_inexact(connection, source, rows)
            months = {month for month in held if month is not None}
            taken = filerows.take(connection, source, rows, months, base, self._clock(), exact=exact)
            results = [filerows.result_of(one, rows, self._clock(), inexact) for one in taken]
            numbers = [one.load_id for one in taken]
            if results:
                loading.insert_results(connection, list(zip(numbers, results, strict=True)))
                self._mark_months(connection, results)
        self._next_load_id = max([base, *numbers]) + 1
        self._held.update((one.chunk, _ending(one)) for one in results)
        return results

    def record(self, result: ChunkResult) -> None:
        """Note an attempt that brought no rows; what the lake holds of the chunk stays."""
        with self._writing("Noting a failed load") as connection, loading.transaction(connection):
            self._take(connection, [(result, None)])

    def _load_alone(self, result: ChunkResult, fetched: Fetched | None, note_unchanged: bool) -> ChunkResult:
        try:
            memory, doing = _memory_for([fetched]), f"Loading {result.chunk.table}"
            with self._writing(doing, memory) as connection, loading.transaction(connection):
                return self._take(connection, [(result, fetched)], note_unchanged)[0]
        except StorageError:
            raise
        except (LakeError, pa.ArrowException) as error:
            result = replace(result, outcome=Outcome.FAILED, complete=False, row_count=None, reason=str(error))
            self.record(result)
        return result

    def _take(
        self, connection: duckdb.DuckDBPyConnection, arrived: Sequence[Arrived], note_unchanged: bool = True
    ) -> list[ChunkResult]:
        """Load rows table by table, note every result, mark the stored marts above, and return the results.

        A failed attempt marks, too: marts may tell what is missing from what is zero.
        """
        numbered = list(enumerate(arrived, self._next_load_id))
        self._next_load_id += len(numbered)  # a number whose transaction fails is not given again
        loads: dict[str, list[loading.Load]] = {}
        for number, (result, fetched) in numbered:
            if fetched is not None:
                stamped = loading.Stamped(number, self._clock())
                loads.setdefault(result.chunk.table, []).append(loading.Load(result.chunk, fetched.rows, stamped))
        changes: dict[int, Change] = {}
        for table, some in loads.items():
            changes |= self._load_table(connection, self._sources[table], some)
        results = {
            number: replace(result, changed=bool(changes.get(number)) or result.chunk not in self._held)
            for number, (result, _) in numbered
        }
        noted = [(number, one) for number, one in results.items() if note_unchanged or not self._is_confirmed(one)]
        loading.insert_results(connection, noted)
        self._mark_months(connection, [one for _, one in noted if not self._is_confirmed(one)])
        for one in results.values():
            if one.row_count is not None or one.chunk in self._held:
                self._held[one.chunk] = _ending(one)
        return list(results.values())

    def _load_table(
        self, connection: duckdb.DuckDBPyConnection, source: Source, loads: Sequence[loading.Load]
    ) -> dict[int, Change]:
        """Insert what is new, reconcile what is held, and return what changed by the number of the load."""
        fresh = [one for one in loads if one.chunk not in self._held]
        held = [one for one in loads if one.chunk in self._held]
        changes = {one.stamped.load_id: Change(added=one.rows.num_rows) for one in fresh}
        if fresh:
            loading.insert_rows(connection, source, fresh)
        if held:
            found = loading.replace_rows(connection, source, held, held[0].stamped.loaded_at)
            changes |= {one.stamped.load_id: change for one, change in zip(held, found, strict=True)}
        if not source.monthly and any(changes.values()):
            for mart in self._stored_above.get(source.table, []):
                stored.mark_all(connection, mart, self._raw_beneath[mart.view])
        return changes

    def _is_confirmed(self, result: ChunkResult) -> bool:
        """Return whether an attempt only says again what the lake knows."""
        return not result.changed and self._held.get(result.chunk) == _ending(result)

    def _mark_months(self, connection: duckdb.DuckDBPyConnection, results: Sequence[ChunkResult]) -> None:
        """Have the pieces of stored marts above these months rebuilt."""
        stored.mark(
            connection,
            [
                (mart, result.chunk.scope_id, result.chunk.month)
                for result in results
                if result.chunk.month is not None
                for mart in self._stored_above.get(result.chunk.table, [])
            ],
        )

    def note_cost_sources(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Write down which source of cost was chosen for each scope, and return whether that is news.

        Each row is (scope, source, tables, reason, agreement, what it cannot tell, months that files cover). Scopes not
        among them are kept: a refresh may cover some only.
        """
        with self._writing("Noting the sources of cost") as connection, loading.transaction(connection):
            known = {row[0]: row for row in connection.execute(_COST_SOURCES_SQL).fetchall()}
            news = [row for row in rows if known.get(row[0]) != tuple(row)]
            for row in news:
                connection.execute("delete from meta.cost_sources where scope_id = ?", [row[0]])
                connection.execute(_NOTE_SOURCE_SQL, [*row, self._clock()])
        return bool(news)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of our own, published or not."""
        with self._writing("Reading the warehouse") as connection:
            return connection.execute(sql).fetchall()

    def publish(
        self,
        usage: Mapping[str, Facts] | None = None,
        *,
        keep: timedelta = KEEP_USAGE,
        confirmed: Sequence[ChunkResult] = (),
        audited: bool = False,
    ) -> int:
        """Make what is loaded visible to everybody and return its generation; the warehouse is closed then.

        `confirmed` are attempts that changed nothing, noted in `meta.loads` only now. `usage` holds rows for
        `meta.api_calls` and `meta.answers`, which keep those of the time `keep`. `audited` has the ledger of findings
        brought up to date first; where that fails it is left as it was, and told. Killed or failing at any point, it
        leaves the published file as it was, or replaced as a whole.
        """
        if self._connection is None:
            self._open()
        self._rebuild()
        if self._own_checks:
            self._run_checks()
        if audited:
            self._audit()
        with self._writing("Publishing the lake") as connection:
            with loading.transaction(connection):
                self._next_load_id = note_confirmed(connection, confirmed, self._next_load_id)
                keep_usage(connection, usage or {}, self._clock() - keep)
            facts = recorded(connection, self.files.warehouse)
            number = max([*self.files.numbers(), int(facts.get("generation", 0))]) + 1
            facts = {"generation": str(number), "published_at": self._clock().isoformat()}
            note_facts(connection, facts | {PUBLISHED_UP_TO: str(self._next_load_id - 1)})
            connection.execute("force checkpoint")
        self._close()
        with translated("Publishing the lake", self.files.home):
            publish_files(self.files, number)
        self.has_new_views = self.has_unpublished = False
        return number

    def _rebuild(self) -> None:
        """Bring the stored marts up to date, and judge sources of cost anew where confirmations change the verdict."""
        with self._writing("Rebuilding stored marts", _MART_MEMORY) as connection:
            show_confirmed(connection, self._confirmed())
            if CANDIDATES in self._stored:
                self._judge_anew(connection, misjudged_months(connection))
            self._rebuild_marked(connection)

    def _rebuild_marked(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Rebuild what is marked; a month of a million lines needs more memory than others, and gets it then."""
        try:
            stored.rebuild_stale(connection, self._stored, self._clock())
        except duckdb.OutOfMemoryException:
            with memory_of(connection, _FILE_MEMORY):
                stored.rebuild_stale(connection, self._stored, self._clock())

    def _judge_anew(self, connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> None:
        """Have the candidates of these months rebuilt with what is stored above all scopes, and then published."""
        if not months:
            return
        beneath = set(self._raw_beneath[CANDIDATES])
        above = [
            mart
            for name, mart in self._stored.items()
            if "x_scope_id" not in mart.partition and not beneath.isdisjoint(self._raw_beneath[name])
        ]
        stored.mark(connection, [(mart, "", month) for mart in above for month in months])
        note_facts(connection, {PUBLISHED_UP_TO: "-1"})  # the next run publishes it, should this one not come to it
        self.has_unpublished = True

    def _open(self) -> None:
        if self._connection is not None:
            raise RuntimeError("the warehouse is open already")
        self._connection = connect_writer(self.files.warehouse)
        try:
            with self._writing("Preparing the lake") as connection:
                with loading.transaction(connection):
                    are_tried = self._prepare(connection)
                if not are_tried:
                    checks = self._try_checks(connection)
                    with loading.transaction(connection):
                        self._prepare(connection, checks)
            with self._writing("Rebuilding stored marts", _MART_MEMORY) as connection:
                self._rebuild_marked(connection)
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(duckdb.Error):  # what is committed is in the log, and replayed next time
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _writing(self, doing: str, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the connection; closed after an error of the disk, since DuckDB no longer trusts its state.

        `memory` is what DuckDB may use meanwhile, beyond the little that serves elsewhere.
        """
        if self._connection is None:
            raise RuntimeError("the warehouse is not open")
        try:
            with memory_of(self._connection, memory):
                yield self._connection
        except (duckdb.Error, OSError) as error:
            trouble = storage_trouble(error, doing, self.files.warehouse)
            if isinstance(trouble, StorageError):
                self._close()
            raise trouble from error

    def _prepare(self, connection: duckdb.DuckDBPyConnection, tried: Sequence[SqlFile] | None = None) -> bool:
        """Bring tables and views up to date; nothing is touched when nothing changed since the last time.

        `tried` are the user's checks that can be used. Returns whether that is all: first, new ones must be tried.
        """
        facts: dict[str, str] = {}
        if connection.execute("select 1 from duckdb_tables() limit 1").fetchall():
            facts = recorded(connection, self.files.warehouse)
            check_version(facts, self.files.warehouse)
            self._join(connection, facts)
        files = self._views(self._own_checks)
        fingerprints = {name: source_fingerprint(source) for name, source in self._sources.items()}
        left_out = [fault.about for fault in faults_found_by(connection, "running")] if self._own_checks else []
        definitions = fingerprint(files, fingerprints, left_out)
        are_tried = tried is not None or not self._own_checks or facts.get("definitions") == definitions
        news = {} if "origin" in facts else {"origin": self.origin, "created_at": self._clock().isoformat()}
        if facts.get("definitions") != definitions:
            files = self._views(tried or ()) if self._own_checks else files
            create_meta(connection)
            loading.sum_up_all(connection)
            create_raw(connection, list(self._sources.values()))
            self._graph = build_graph(connection, files, tables_of(connection))
            create_views(connection, self._graph, fingerprints)
            done = definitions if are_tried else ""
            news |= {"schema_version": str(SCHEMA_VERSION), "package_version": __version__, "definitions": done}
            self.has_new_views = True
        note_facts(connection, news)
        ((self._next_load_id,),) = connection.execute("select coalesce(max(load_id), 0) + 1 from meta.loads").fetchall()
        self.has_unpublished = int(facts.get(PUBLISHED_UP_TO, 0)) < self._next_load_id - 1
        self._held = {Chunk(*row[:4]): (row[4], row[5]) for row in connection.execute(_HELD_SQL).fetchall()}
        self._find_stored(connection, files)
        self._keep_rules(connection)
        return are_tried

    def _views(self, checks: Sequence[SqlFile]) -> list[SqlFile]:
        """Return all views; the files are read once, since a refresh opens the warehouse many times."""
        known = tuple((check.path, check.select) for check in checks)
        if known not in self._views_read:
            folder = self._sql if self._sql is not None else sql_folder()
            self._views_read[known] = read_views(folder, checks)
        replaced = {file.view for file in self._own_views}
        return [*(file for file in self._views_read[known] if file.view not in replaced), *self._own_views]

    def _framed_checks(self) -> dict[str, SqlFile]:
        paths = {check.path for check in self._own_checks}
        return {file.name: file for file in self._views(self._own_checks) if file.path in paths}

    def _try_checks(self, connection: duckdb.DuckDBPyConnection) -> list[SqlFile]:
        """Return the user's checks that can be used, and write down why others cannot."""
        known = tables_of(connection) | {file.view for file in self._graph.files}
        good, faults = own_checks.tried(connection, self._own_checks, self._framed_checks(), self._graph, known)
        keep_faults(connection, "trying", faults)
        failed = faults_found_by(connection, "running")
        self._tell([*faults, *failed])
        return [check for check in good if check.name not in {fault.about for fault in failed}]

    def _audit(self) -> None:
        """Bring the ledger of findings up to date with what is loaded."""
        self._close()
        try:
            found = ledger.look(self.files.warehouse, self._clock())
        except duckdb.Error as error:
            self.faults += (f"The ledger of findings was left as it was: {explanation(str(error))}",)
            return
        finally:
            self._open()
        with self._writing("Noting findings") as connection, loading.transaction(connection):
            ledger.note(connection, found, self._clock())

    def mark_findings(self, finding_ids: Sequence[str], status: str, owner: str | None, note: str | None) -> list[str]:
        """Write down what somebody says of findings, and return those the ledger does not know: then none is."""
        with self._writing("Marking findings") as connection, loading.transaction(connection):
            known = {name for (name,) in connection.execute("select finding_id from meta.ledger").fetchall()}
            unknown = [name for name in finding_ids if name not in known]
            if not unknown:
                ledger.mark(connection, finding_ids, status, owner, note, self._clock())
        return unknown

    def _run_checks(self) -> None:
        """Run the user's checks over what is loaded, each by itself, and leave out those that fail.

        Nothing in a published lake changes and a check does not read the clock, so what runs now will run there.
        """
        with self._writing("Reading the warehouse") as connection:
            broken = {fault.about for fault in faults_found_by(connection, "trying")}
        self._close()
        framed = [check for name, check in self._framed_checks().items() if name not in broken]
        faults = own_checks.run(self.files.warehouse, framed)
        self._open()
        with self._writing("Noting checks that fail") as connection, loading.transaction(connection):
            is_news = keep_faults(connection, "running", faults)
        self._tell(faults)
        if is_news:
            self._close()
            self._open()

    def _keep_rules(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write down what the user's files about audits say, where it is news."""
        news = self._exclusions is not None and keep_exclusions(connection, self._exclusions)
        news |= self._rule_faults is not None and keep_faults(connection, "reading", self._rule_faults)
        if not self._own_checks:
            news |= keep_faults(connection, "trying", ()) | keep_faults(connection, "running", ())
        self.has_new_views |= news

    def _join(self, connection: duckdb.DuckDBPyConnection, facts: Mapping[str, str]) -> None:
        """Check that these rows may come into this lake; one of files alone becomes the first real Azure's."""
        known = facts.get("origin", self.origin)
        origin = origin_of_both(known, self.origin)
        if origin is None:
            raise ForeignLakeError(
                f"The lake in {self.files.home} was filled from {known}; these rows come from {self.origin}.",
                next_step="Set FINOPS_LAKE_HOME to another folder, or go back to the settings of before.",
            )
        if origin != known:
            note_facts(connection, {"origin": origin})

    def _find_stored(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SqlFile]) -> None:
        """Remember which stored marts lie above each raw table, in the order in which they are built."""
        by_name = {file.view: file for file in files}
        rows = connection.execute("select view_name, table_name from meta.lineage order by rowid").fetchall()
        marts = [(by_name[view], table) for view, table in rows if view in by_name and by_name[view].is_stored]
        self._stored = {mart.view: mart for mart, _ in marts}
        self._stored_above, self._raw_beneath = {}, {}
        for mart, table in marts:
            self._stored_above.setdefault(table, []).append(mart)
            self._raw_beneath.setdefault(mart.view, []).append(table)


def _memory_for(arrived: Iterable[Fetched | None]) -> str | None:
    """Return what DuckDB may use for these rows: more where they have to be read from a file."""
    return _FILE_MEMORY if any(one is not None and isinstance(one.rows, StoredRows) for one in arrived) else None


def _ending(result: ChunkResult) -> _Ending:
    return result.outcome.value, result.reason or ""
