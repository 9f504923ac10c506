"""The one writer of the lake: takes the lock, loads chunks into `warehouse.duckdb`, publishes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import filelock

from finops_lake.errors import LockedError
from finops_lake.lake import ledger, own_checks
from finops_lake.lake.confirmed import misjudged_months, note_confirmed, show_confirmed
from finops_lake.lake.connection import merging, recorded
from finops_lake.lake.definitions import Definitions
from finops_lake.lake.facts import PUBLISHED_UP_TO, note_facts
from finops_lake.lake.files import LakeFiles, drop_leftovers
from finops_lake.lake.load import transaction
from finops_lake.lake.loader import Loader
from finops_lake.lake.names import FINDINGS_DAY
from finops_lake.lake.opening import FILE_MEMORY, MART_MEMORY, Opening
from finops_lake.lake.publish import drop_foreign_wal, finish_publication, publish_files
from finops_lake.lake.rules import Exclusion, Fault
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.trouble import explanation, translated
from finops_lake.lake.usage import Facts, keep_usage
from finops_lake.source import ChunkResult, Source

KEEP_USAGE = timedelta(days=90)
"""How long rows about calls and answers are kept where nothing else is said."""

_MERGES = 100  # of small row groups at a publication that brings little: what a first fill leaves, the next merges
_LITTLE = 500_000  # rows

_COST_SOURCE = "scope_id, source, tables, reason, agreement, not_given, covered_months"
_COST_SOURCES_SQL = f"select {_COST_SOURCE} from meta.cost_sources"
_NOTE_SOURCE_SQL = f"insert into meta.cost_sources ({_COST_SOURCE}, chosen_at) values (?, ?, ?, ?, ?, ?, ?, ?)"


class Warehouse(Loader):
    """Loads and publishes one home. Everything but `lock` is called inside `lock()`, by one thread at a time.

    `origin` names the Azure the rows come from (endpoint and cloud): a lake takes rows of one origin only.
    `confirmed` gives attempts that changed nothing and are not in `meta.loads` yet: they count as loads here.
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
        self.definitions = Definitions(sources, sql)
        opening = Opening(self.files, self.definitions, origin=origin, clock=clock, templates=templates)
        super().__init__(opening, clock)
        self.origin = origin
        self._confirmed = confirmed
        self._trouble: tuple[str, ...] = ()

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
            self._opening.close()
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
            self._opening.open()
        try:
            yield
            if self.is_open and is_settled:
                self._rebuild()
            elif self.is_open:
                self.judge_sources()
        finally:
            if not was_open:
                self._opening.close()

    @property
    def is_open(self) -> bool:
        """Return whether the warehouse is held open."""
        return self._opening.is_open

    @property
    def has_new_views(self) -> bool:
        """Return whether views or rules were made anew that no published file has yet."""
        return self._opening.has_new_views

    @property
    def has_unpublished(self) -> bool:
        """Return whether something is loaded or judged anew that no published file has yet."""
        return self._opening.has_unpublished

    def note_cost_sources(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Write down which source of cost was chosen for each scope, and return whether that is news.

        Each row is (scope, source, tables, reason, agreement, what it cannot tell, months that files cover). Scopes not
        among them are kept: a refresh may cover some only.
        """
        with self._opening.writing("Noting the sources of cost") as connection, transaction(connection):
            known = {row[0]: row for row in connection.execute(_COST_SOURCES_SQL).fetchall()}
            news = [row for row in rows if known.get(row[0]) != tuple(row)]
            for row in news:
                connection.execute("delete from meta.cost_sources where scope_id = ?", [row[0]])
                connection.execute(_NOTE_SOURCE_SQL, [*row, self._clock()])
        return bool(news)

    def note_fact(self, name: str, value: str) -> bool:
        """Write a fact down in `meta.lake`, and return whether that is news."""
        with self._opening.writing("Noting a fact") as connection:
            known = connection.execute("select value from meta.lake where key = ?", [name]).fetchall()
            if known == [(value,)]:
                return False
            note_facts(connection, {name: value})
        return True

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of our own, published or not; stored marts it draws on are rebuilt before."""
        if self.is_open and (drawn_on := self._opening.marts.read_by(sql)):
            self._rebuild(drawn_on)
        with self._opening.writing("Reading the warehouse") as connection:
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
        if not self._opening.is_open:
            self._opening.open()
        self._rebuild()
        if self.definitions.own_checks:
            self._run_checks()
        with self._opening.writing("Noting confirmations") as connection, transaction(connection):
            self._opening.held.next_load_id = note_confirmed(connection, confirmed, self._opening.held.next_load_id)
        findings_day = self._audit() if audited else ""
        with self._opening.writing("Publishing the lake") as connection:
            with transaction(connection):
                keep_usage(connection, usage or {}, self._clock() - keep)
            facts = recorded(connection, self.files.warehouse)
            number = max([*self.files.numbers(), int(facts.get("generation", 0))]) + 1
            facts = {"generation": str(number), "published_at": self._clock().isoformat(), FINDINGS_DAY: findings_day}
            note_facts(connection, facts | {PUBLISHED_UP_TO: str(self._opening.held.next_load_id - 1)})
            with merging(connection, _MERGES if self._brought < _LITTLE else 0):
                connection.execute("force checkpoint")
        self._opening.close()
        with translated("Publishing the lake", self.files.home):
            publish_files(self.files, number)
        self._opening.has_new_views = self._opening.has_unpublished = False
        self._brought = 0
        return number

    def rebuild(self, months: Collection[date]) -> None:
        """Bring the stored marts of these months up to date, so that less is left to do in the end.

        With the little memory that serves elsewhere: replies are parsed meanwhile, and it takes no longer.
        """
        with self._opening.writing("Rebuilding stored marts") as connection:
            self._opening.marts.rebuild(connection, self._clock(), FILE_MEMORY, months=months)

    def judge_sources(self) -> None:
        """Have months rebuilt of which confirmations change the source that counts; `has_unpublished` tells of it."""
        with self._opening.writing("Judging sources of cost", MART_MEMORY) as connection:
            self._judge_anew(connection)

    def _rebuild(self, only: Collection[str] | None = None) -> None:
        """Bring the stored marts up to date (these only, where they are given)."""
        with self._opening.writing("Rebuilding stored marts", MART_MEMORY) as connection:
            self._judge_anew(connection)
            self._opening.marts.rebuild(connection, self._clock(), FILE_MEMORY, only=only)

    def _judge_anew(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Where confirmations change which source of cost counts, have these months rebuilt, and then published.

        With them what is stored above all scopes.
        """
        show_confirmed(connection, self._confirmed())
        months = misjudged_months(connection) if self._opening.marts.judge_sources else ()
        if months:
            self._opening.marts.mark_candidates(connection, months)
            note_facts(connection, {PUBLISHED_UP_TO: "-1"})  # the next run publishes it, should this one not come to it
            self._opening.has_unpublished = True

    def _audit(self) -> str:
        """Bring the ledger of findings up to date with what is loaded, and return the day of the findings, if known."""
        self._opening.close()
        try:
            found = ledger.look(self.files.warehouse, self._clock())
        except duckdb.Error as error:
            self._trouble += (f"The ledger of findings was left as it was: {explanation(str(error))}",)
            return ""
        finally:
            self._opening.open()
        with self._opening.writing("Noting findings") as connection, transaction(connection):
            ledger.note(connection, found, self._clock())
        return self._clock().date().isoformat()

    def mark_findings(self, finding_ids: Sequence[str], status: str, owner: str | None, note: str | None) -> list[str]:
        """Write down what somebody says of findings, and return those the ledger does not know: then none is."""
        with self._opening.writing("Marking findings") as connection, transaction(connection):
            known = {name for (name,) in connection.execute("select finding_id from meta.ledger").fetchall()}
            unknown = [name for name in finding_ids if name not in known]
            if not unknown:
                ledger.mark(connection, finding_ids, status, owner, note, self._clock())
        return unknown

    def _run_checks(self) -> None:
        """Run the user's checks over what is loaded, each by itself, and leave out those that fail.

        Nothing in a published lake changes and a check does not read the clock, so what runs now will run there.
        """
        with self._opening.writing("Reading the warehouse") as connection:
            usable = self.definitions.usable_checks(connection)
        self._opening.close()
        faults = own_checks.run(self.files.warehouse, usable)
        self._opening.open()
        with self._opening.writing("Noting checks that fail") as connection, transaction(connection):
            is_news = self.definitions.note_failing(connection, faults)
        if is_news:
            self._opening.close()
            self._opening.open()
