"""The one writer of the lake: takes the lock, loads chunks into `warehouse.duckdb`, publishes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import filelock
import pyarrow as pa

from finops_lake.errors import ForeignLakeError, LakeError, LockedError, Outcome, StorageError
from finops_lake.filerows import FileNote, FilePart, FileRows
from finops_lake.lake import filenotes, filerows, ledger, own_checks
from finops_lake.lake.confirmed import misjudged_months, note_confirmed, show_confirmed
from finops_lake.lake.connection import check_version, connect_writer, memory_of, merging, recorded
from finops_lake.lake.definitions import Definitions
from finops_lake.lake.facts import PUBLISHED_UP_TO, note_facts
from finops_lake.lake.filefaults import RoundingError
from finops_lake.lake.files import LakeFiles, drop_leftovers
from finops_lake.lake.held import Held
from finops_lake.lake.load import transaction
from finops_lake.lake.marts import Marts
from finops_lake.lake.names import FINDINGS_DAY
from finops_lake.lake.origin import origin_of_both
from finops_lake.lake.publish import drop_foreign_wal, finish_publication, publish_files
from finops_lake.lake.rules import Exclusion, Fault
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.template import begin_from_template
from finops_lake.lake.trouble import explanation, storage_trouble, translated
from finops_lake.lake.usage import Facts, keep_usage
from finops_lake.source import Arrived, ChunkResult, Fetched, Source, StoredRows

KEEP_USAGE = timedelta(days=90)
"""How long rows about calls and answers are kept where nothing else is said."""

_MART_MEMORY = "256MB"  # a mart over all listings joins some thirty of them at once, each with blocks of its own
_MERGES = 100  # of small row groups at a publication that brings little: what a first fill leaves, the next merges
_LITTLE = 500_000  # rows
_FILE_MEMORY = "1GB"  # what reading files needs in blocks and in columns that are being filled, whatever their size

_COST_SOURCE = "scope_id, source, tables, reason, agreement, not_given, covered_months"
_COST_SOURCES_SQL = f"select {_COST_SOURCE} from meta.cost_sources"
_NOTE_SOURCE_SQL = f"insert into meta.cost_sources ({_COST_SOURCE}, chosen_at) values (?, ?, ?, ?, ?, ?, ?, ?)"


class Warehouse:
    """Loads and publishes one home. Everything but `lock` is called inside `lock()`, by one thread at a time.

    `origin` names the Azure the rows come from (endpoint and cloud): a lake takes rows of one origin only.
    `confirmed` gives attempts that changed nothing and are not in `meta.loads` yet: they count as loads here.
    `has_unpublished` says that something is loaded or judged anew that no published file has yet.
    `templates` is a folder of empty lakes, of one of which a new one is a copy; None: each is made from its SQL files.
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
        templates: Path | None = None,
    ) -> None:
        self.files = LakeFiles(home)
        self.templates = templates
        self.definitions = Definitions(sources, sql)
        self.origin = origin
        self._clock = clock
        self._confirmed = confirmed
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._held: Held
        self._marts: Marts
        self._trouble: tuple[str, ...] = ()
        self._brought = 0
        self.has_new_views = False
        self.has_unpublished = False

    @property
    def faults(self) -> tuple[str, ...]:
        """What of the user's files could not be used, and what a publication had to leave out."""
        return self.definitions.faults + self._trouble

    def add_rules(
        self, exclusions: Sequence[Exclusion] | None, checks: Sequence[SqlFile] = (), faults: Sequence[Fault] = ()
    ) -> None:
        """Have these exclusions hold (None: those of before), the user's checks join ours, and faults be told.

        All that as of the next opening; checks that turn out to be broken are left out, and told, too.
        """
        self.definitions.add_rules(exclusions, checks, faults)

    def add_views(self, views: Sequence[SqlFile], faults: Sequence[str] = ()) -> None:
        """Make these views beside those of the sql folder, or in place of those of the same name.

        `faults` says which of the user's could not be made.
        """
        self.definitions.add_views(views, faults)

    @contextlib.contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Be the writer, waiting up to `timeout` seconds for the one before (0: not at all); else LockedError.

        Creates the home, and clears away what a killed writer left half-made.
        """
        with translated("Preparing the lake", self.files.home):
            self.files.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # bills are private
        self.definitions.forget_files()  # they may have changed since the last refresh, though not within one
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
    def open(self, *, is_settled: bool = True) -> Iterator[None]:
        """Hold `warehouse.duckdb` open for loading, its tables and views brought up to date.

        Where it is held open already it stays so. Stored marts are up to date at the end; unless it `is_settled` there,
        they are left for the first that reads them, `query` or `publish`, since more may come. Raises NewerLakeError,
        ForeignLakeError when the lake was filled from another origin, StorageError, or LakeError naming file and line
        of a SQL file that cannot be used.
        """
        was_open = self.is_open
        if not was_open:
            self._open()
        try:
            yield
            if self.is_open and is_settled:
                self._rebuild()
            elif self.is_open:
                self.judge_sources()
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

        The stored marts above are rebuilt for this scope and month when they are read or published.
        """
        with self._writing(f"Loading {source.table}") as connection, transaction(connection):
            return self._held.take(connection, [(result, fetched)])[0]

    def load_all(self, arrived: Sequence[Arrived], *, note_unchanged: bool = True) -> list[ChunkResult]:
        """Load or record several chunks in one transaction, which costs little more than one; return the results.

        With `note_unchanged` off, a chunk that loads again without any change leaves no row in `meta.loads` either:
        its result says `changed=False`, nothing is written, and the caller remembers when it was confirmed.
        A chunk that cannot be loaded does not spoil the others: it is recorded as failed, with the reason. Errors
        of the disk are raised.
        """
        try:
            memory = _memory_for(fetched for _, fetched in arrived)
            with self._writing("Loading", memory) as connection, transaction(connection):
                return self._counted(self._held.take(connection, arrived, note_unchanged=note_unchanged))
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
            return filerows.months_in(connection, self.definitions.sources[table], part, dated_by)

    def metric_in(self, table: str, parts: Sequence[FilePart]) -> str | None:
        """Return which reading of cost the rows of these files are; None where nothing in them tells."""
        with self._writing("Reading a file", _FILE_MEMORY) as connection:
            return filerows.metric_in(connection, self.definitions.sources[table], parts)

    def note_files(self, notes: Sequence[FileNote], gone: Sequence[tuple[str, str]]) -> None:
        """Write down what became of these files, in place of what was known of them and of those that are gone."""
        with self._writing("Noting files") as connection, transaction(connection):
            filenotes.replace_notes(connection, notes, gone)

    def _load_files(self, rows: FileRows, *, exact: bool) -> list[ChunkResult]:
        source, base = self.definitions.sources[rows.table], self._held.next_load_id
        months = self._held.months_of(rows.table, rows.scope_id, rows.metric)
        with self._writing(f"Loading {rows.table}", _FILE_MEMORY) as connection, transaction(connection):
            inexact = 0 if exact else filerows.count_inexact(connection, source, rows)
            taken = filerows.take(connection, source, rows, months, base, self._clock(), exact=exact)
            results = [(one.load_id, filerows.result_of(one, rows, self._clock(), inexact)) for one in taken]
            return self._counted(self._held.note_files(connection, results))

    def _counted(self, results: Sequence[ChunkResult]) -> list[ChunkResult]:
        self._brought += sum(one.row_count or 0 for one in results if one.changed)
        return list(results)

    def record(self, result: ChunkResult) -> None:
        """Note an attempt that brought no rows; what the lake holds of the chunk stays."""
        with self._writing("Noting a failed load") as connection, transaction(connection):
            self._held.take(connection, [(result, None)])

    def _load_alone(self, result: ChunkResult, fetched: Fetched | None, note_unchanged: bool) -> ChunkResult:
        try:
            memory, doing = _memory_for([fetched]), f"Loading {result.chunk.table}"
            with self._writing(doing, memory) as connection, transaction(connection):
                return self._held.take(connection, [(result, fetched)], note_unchanged=note_unchanged)[0]
        except StorageError:
            raise
        except (LakeError, pa.ArrowException) as error:
            result = replace(result, outcome=Outcome.FAILED, complete=False, row_count=None, reason=str(error))
            self.record(result)
        return result

    def note_cost_sources(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Write down which source of cost was chosen for each scope, and return whether that is news.

        Each row is (scope, source, tables, reason, agreement, what it cannot tell, months that files cover). Scopes not
        among them are kept: a refresh may cover some only.
        """
        with self._writing("Noting the sources of cost") as connection, transaction(connection):
            known = {row[0]: row for row in connection.execute(_COST_SOURCES_SQL).fetchall()}
            news = [row for row in rows if known.get(row[0]) != tuple(row)]
            for row in news:
                connection.execute("delete from meta.cost_sources where scope_id = ?", [row[0]])
                connection.execute(_NOTE_SOURCE_SQL, [*row, self._clock()])
        return bool(news)

    def note_fact(self, name: str, value: str) -> bool:
        """Write a fact down in `meta.lake`, and return whether that is news."""
        with self._writing("Noting a fact") as connection:
            known = connection.execute("select value from meta.lake where key = ?", [name]).fetchall()
            if known == [(value,)]:
                return False
            note_facts(connection, {name: value})
        return True

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of our own, published or not; stored marts it draws on are rebuilt before."""
        if self.is_open and (drawn_on := self._marts.read_by(sql)):
            self._rebuild(drawn_on)
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
        if self.definitions.own_checks:
            self._run_checks()
        with self._writing("Noting confirmations") as connection, transaction(connection):
            self._held.next_load_id = note_confirmed(connection, confirmed, self._held.next_load_id)
        findings_day = self._audit() if audited else ""
        with self._writing("Publishing the lake") as connection:
            with transaction(connection):
                keep_usage(connection, usage or {}, self._clock() - keep)
            facts = recorded(connection, self.files.warehouse)
            number = max([*self.files.numbers(), int(facts.get("generation", 0))]) + 1
            facts = {"generation": str(number), "published_at": self._clock().isoformat(), FINDINGS_DAY: findings_day}
            note_facts(connection, facts | {PUBLISHED_UP_TO: str(self._held.next_load_id - 1)})
            with merging(connection, _MERGES if self._brought < _LITTLE else 0):
                connection.execute("force checkpoint")
        self._close()
        with translated("Publishing the lake", self.files.home):
            publish_files(self.files, number)
        self.has_new_views = self.has_unpublished = False
        self._brought = 0
        return number

    def rebuild(self, months: Collection[date]) -> None:
        """Bring the stored marts of these months up to date, so that less is left to do in the end."""
        with self._writing("Rebuilding stored marts", _MART_MEMORY) as connection:
            self._marts.rebuild(connection, self._clock(), _FILE_MEMORY, months=months)

    def judge_sources(self) -> None:
        """Have months rebuilt of which confirmations change the source that counts; `has_unpublished` tells of it."""
        with self._writing("Judging sources of cost", _MART_MEMORY) as connection:
            self._judge_anew(connection)

    def _rebuild(self, only: Collection[str] | None = None) -> None:
        """Bring the stored marts up to date (these only, where they are given)."""
        with self._writing("Rebuilding stored marts", _MART_MEMORY) as connection:
            self._judge_anew(connection)
            self._marts.rebuild(connection, self._clock(), _FILE_MEMORY, only=only)

    def _judge_anew(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Where confirmations change which source of cost counts, have these months rebuilt, and then published.

        With them what is stored above all scopes.
        """
        show_confirmed(connection, self._confirmed())
        months = misjudged_months(connection) if self._marts.judge_sources else ()
        if months:
            self._marts.mark_candidates(connection, months)
            note_facts(connection, {PUBLISHED_UP_TO: "-1"})  # the next run publishes it, should this one not come to it
            self.has_unpublished = True

    def _open(self) -> None:
        if self._connection is not None:
            raise RuntimeError("the warehouse is open already")
        if not self.files.warehouse.exists():
            self._begin()
        self._connect()

    def _begin(self) -> None:
        """Begin a new lake with a copy of an empty one, to which views and checks of the user's own are added."""
        if self.templates is not None:
            wanted = self.definitions.wanted()
            begin_from_template(self.templates, wanted, self.files.warehouse, self._make_empty)

    def _make_empty(self, folder: Path, views: Sequence[SqlFile] = ()) -> Path:
        """Make an empty lake that is nobody's in a folder, with these views besides, and return its file."""
        sources, sql = list(self.definitions.sources.values()), self.definitions.sql
        empty = Warehouse(folder, sources, sql, origin=self.origin, clock=self._clock)
        empty.add_views(views)
        empty._connect()
        try:
            empty._rebuild()  # of nothing, which each new lake would plan and do again
            with empty._writing("Preparing the lake") as connection:
                connection.execute("delete from meta.lake where key in ('origin', 'created_at')")
                connection.execute("checkpoint")
        finally:
            empty._close()
        return empty.files.warehouse

    def _connect(self) -> None:
        self._connection = connect_writer(self.files.warehouse)
        try:
            with self._writing("Preparing the lake") as connection:
                with transaction(connection):
                    are_tried = self._prepare(connection)
                if not are_tried:
                    checks = self.definitions.try_checks(connection)
                    with transaction(connection):
                        self._prepare(connection, checks)
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
        made = self.definitions.bring_up_to_date(connection, facts.get("definitions"), tried)
        born = {} if "origin" in facts else {"origin": self.origin, "created_at": self._clock().isoformat()}
        note_facts(connection, born | made.facts)
        self._marts = Marts(connection, made.files)
        self._held = Held(connection, self.definitions.sources, self._marts, self._clock)
        self.has_unpublished = int(facts.get(PUBLISHED_UP_TO, 0)) < self._held.next_load_id - 1
        has_new_rules = self.definitions.keep_rules(connection)
        self.has_new_views = self.has_new_views or made.is_new or has_new_rules
        return made.are_tried

    def _audit(self) -> str:
        """Bring the ledger of findings up to date with what is loaded, and return the day of the findings, if known."""
        self._close()
        try:
            found = ledger.look(self.files.warehouse, self._clock())
        except duckdb.Error as error:
            self._trouble += (f"The ledger of findings was left as it was: {explanation(str(error))}",)
            return ""
        finally:
            self._open()
        with self._writing("Noting findings") as connection, transaction(connection):
            ledger.note(connection, found, self._clock())
        return self._clock().date().isoformat()

    def mark_findings(self, finding_ids: Sequence[str], status: str, owner: str | None, note: str | None) -> list[str]:
        """Write down what somebody says of findings, and return those the ledger does not know: then none is."""
        with self._writing("Marking findings") as connection, transaction(connection):
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
            usable = self.definitions.usable_checks(connection)
        self._close()
        faults = own_checks.run(self.files.warehouse, usable)
        self._open()
        with self._writing("Noting checks that fail") as connection, transaction(connection):
            is_news = self.definitions.note_failing(connection, faults)
        if is_news:
            self._close()
            self._open()

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


def _memory_for(arrived: Iterable[Fetched | None]) -> str | None:
    """Return what DuckDB may use for these rows: more where they have to be read from a file."""
    return _FILE_MEMORY if any(one is not None and isinstance(one.rows, StoredRows) for one in arrived) else None
