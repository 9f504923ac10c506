"""The writer's connection to `warehouse.duckdb`: opened with its tables and views brought up to date, and closed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from finops_lake.errors import ForeignLakeError, StorageError
from finops_lake.lake.connection import check_version, connect_writer, memory_of, recorded
from finops_lake.lake.definitions import Definitions
from finops_lake.lake.facts import PACKAGE_DEFINITIONS, PUBLISHED_UP_TO, note_facts
from finops_lake.lake.files import LakeFiles
from finops_lake.lake.held import Held
from finops_lake.lake.load import transaction
from finops_lake.lake.marts import Marts
from finops_lake.lake.origin import origin_of_both
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.template import begin_from_template
from finops_lake.lake.trouble import storage_trouble

MART_MEMORY = "256MB"  # a mart over all listings joins some thirty of them at once, each with blocks of its own
FILE_MEMORY = "1GB"  # what reading files needs in blocks and in columns that are being filled, whatever their size


class Opening:
    """The warehouse of one home, open or not; used by one thread at a time, which holds the lock.

    `held` and `marts` say what is loaded and stored in it, as of the latest opening. `has_new_views` and
    `has_unpublished` say what a published file does not have yet. What `is_discardable` is thrown away unless it
    becomes whole, and takes half the memory to make. Other arguments are those of `Warehouse`.
    """

    held: Held
    marts: Marts

    def __init__(
        self,
        files: LakeFiles,
        definitions: Definitions,
        *,
        origin: str,
        clock: Callable[[], datetime],
        templates: Path | None = None,
        is_discardable: bool = False,
    ) -> None:
        self.files = files
        self.definitions = definitions
        self.has_new_views = False
        self.has_unpublished = False
        self._origin = origin
        self._clock = clock
        self._templates = templates
        self._is_discardable = is_discardable
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the warehouse is held open."""
        return self._connection is not None

    def open(self) -> None:
        """Open the warehouse, and make it where there is none.

        Raises NewerLakeError, ForeignLakeError when it was filled from another origin, StorageError, or LakeError
        naming file and line of a SQL file that cannot be used.
        """
        if self._connection is not None:
            raise RuntimeError("the warehouse is open already")
        if not self.files.warehouse.exists():
            self.begin()
        self._connect()

    def begin(self) -> None:
        """Begin a new lake with a copy of an empty one, to which views and checks of the user's own are added."""
        if self._templates is not None:
            wanted = self.definitions.wanted()
            begin_from_template(self._templates, wanted, self.files.warehouse, self.make_empty)

    def make_empty(self, folder: Path, views: Sequence[SqlFile] = ()) -> Path:
        """Make an empty lake that is nobody's in a folder, with these views besides, and return its file."""
        definitions = Definitions(list(self.definitions.sources.values()), self.definitions.sql)
        definitions.add_views(views)
        empty = Opening(LakeFiles(folder), definitions, origin=self._origin, clock=self._clock, is_discardable=True)
        empty._connect()
        try:
            with empty.writing("Rebuilding stored marts", MART_MEMORY) as connection:
                empty.marts.rebuild(connection, self._clock(), FILE_MEMORY)  # of nothing, once for every new lake
            with empty.writing("Preparing the lake") as connection:
                connection.execute("delete from meta.lake where key in ('origin', 'created_at')")
                connection.execute("checkpoint")
        finally:
            empty.close()
        return empty.files.warehouse

    def _connect(self) -> None:
        self._connection = connect_writer(self.files.warehouse)
        try:
            with self.writing("Preparing the lake") as connection:
                with transaction(connection):
                    are_tried = self._prepare(connection)
                if not are_tried:
                    checks = self.definitions.try_checks(connection)
                    with transaction(connection):
                        self._prepare(connection, checks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the warehouse where it is open."""
        if self._connection is not None:
            with contextlib.suppress(duckdb.Error):  # what is committed is in the log, and replayed next time
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def writing(self, doing: str, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
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
                self.close()
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
        made = self.definitions.bring_up_to_date(
            connection, facts.get("definitions"), tried, in_parts=self._is_discardable
        )
        born = {} if "origin" in facts else {"origin": self._origin, "created_at": self._clock().isoformat()}
        wanted = self.definitions.wanted()
        of_package = {} if facts.get(PACKAGE_DEFINITIONS) == wanted else {PACKAGE_DEFINITIONS: wanted}
        note_facts(connection, born | made.facts | of_package)
        self.marts = Marts(connection, made.files)
        self.held = Held(connection, self.definitions.sources, self.marts, self._clock)
        self.has_unpublished = int(facts.get(PUBLISHED_UP_TO, 0)) < self.held.next_load_id - 1
        has_new_rules = self.definitions.keep_rules(connection)
        self.has_new_views = self.has_new_views or made.is_new or bool(of_package) or has_new_rules
        return made.are_tried

    def _join(self, connection: duckdb.DuckDBPyConnection, facts: Mapping[str, str]) -> None:
        """Check that these rows may come into this lake; one of files alone becomes the first real Azure's."""
        known = facts.get("origin", self._origin)
        origin = origin_of_both(known, self._origin)
        if origin is None:
            raise ForeignLakeError(
                f"The lake in {self.files.home} was filled from {known}; these rows come from {self._origin}.",
                next_step="Set FINOPS_LAKE_HOME to another folder, or go back to the settings of before.",
            )
        if origin != known:
            note_facts(connection, {"origin": origin})
