"""What a lake is made of: the SQL files of the package, the user's views and checks, and which of them can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb

from finops_lake import __version__
from finops_lake.lake import own_checks
from finops_lake.lake.connection import SCHEMA_VERSION
from finops_lake.lake.facts import fingerprint, made_by, tables_of
from finops_lake.lake.framing import read_views
from finops_lake.lake.graph import Graph, Parsed, build_graph
from finops_lake.lake.load import sum_up_all
from finops_lake.lake.rules import Exclusion, Fault, faults_found_by, keep_exclusions, keep_faults
from finops_lake.lake.schema import create_meta, create_raw, source_fingerprint
from finops_lake.lake.sqlfiles import SqlFile, sql_folder
from finops_lake.lake.views import create_views
from finops_lake.source import Source


@dataclass(frozen=True)
class Made:
    """The SQL files that a lake has views of now, and facts to note of it, none where it had them already.

    `are_tried` is false where the user's checks must be tried first: they are not among the views then.
    """

    files: Sequence[SqlFile]
    facts: dict[str, str]
    are_tried: bool

    @property
    def is_new(self) -> bool:
        """Return whether tables and views were made anew."""
        return bool(self.facts)


_PARSED: dict[str, Parsed] = {}
"""What was parsed in this process, by SELECT: a second lake, or a changed view, need not parse the others again."""


class Definitions:
    """Makes the tables and views of a lake from sources and SQL files. `faults` tells what could not be used."""

    def __init__(self, sources: Sequence[Source], sql: Path | Traversable | None) -> None:
        self.sources = {source.table: source for source in sources}
        self.faults: tuple[str, ...] = ()
        self.own_checks: tuple[SqlFile, ...] = ()
        self.own_views: tuple[SqlFile, ...] = ()
        self._exclusions: tuple[Exclusion, ...] | None = None
        self._rule_faults: tuple[Fault, ...] | None = None
        self.sql = sql
        self._graph = Graph((), {}, {})
        self._read: dict[tuple[tuple[str, str], ...], Sequence[SqlFile]] = {}
        self._wanted: str | None = None

    def add_views(self, views: Sequence[SqlFile], faults: Sequence[str] = ()) -> None:
        """Have these views beside those of the sql folder, or in place of those of the same name."""
        self.own_views, self.faults = tuple(views), tuple(faults)

    def add_rules(
        self, exclusions: Sequence[Exclusion] | None, checks: Sequence[SqlFile], faults: Sequence[Fault]
    ) -> None:
        """Have these exclusions hold (None: those of before), the user's checks join ours, and faults be told."""
        self._exclusions = None if exclusions is None else tuple(exclusions)
        self.own_checks, self._rule_faults = tuple(checks), tuple(faults)
        self._tell(faults)

    def _tell(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(dict.fromkeys((*self.faults, *(one.fault for one in faults))))

    def forget_files(self) -> None:
        """Read the files again when they are needed next: they may have changed."""
        self._read.clear()
        self._wanted = None

    def files(self, checks: Sequence[SqlFile] = ()) -> list[SqlFile]:
        """Return all views, with these checks, those of the user's own in place of ours of the same name."""
        replaced = {file.view for file in self.own_views}
        return [*(file for file in self._package_files(checks) if file.view not in replaced), *self.own_views]

    def _package_files(self, checks: Sequence[SqlFile] = ()) -> Sequence[SqlFile]:
        """Return the views of the sql folder, with these checks, read once: a refresh opens the lake many times."""
        known = tuple((check.path, check.select) for check in checks)
        if known not in self._read:
            folder = self.sql if self.sql is not None else sql_folder()
            self._read[known] = read_views(folder, checks)
        return self._read[known]

    def wanted(self) -> str:
        """Return the fingerprint of what every lake is made of, nothing of the user's own among it."""
        if self._wanted is None:
            self._wanted = fingerprint(self._package_files(), self._source_fingerprints(), ())
        return self._wanted

    def relations(self) -> set[str]:
        """Return the tables, views and macros that every lake has, without their schemas."""
        return {*self.sources, *(file.name for file in self._package_files())}

    def columns(self) -> set[str]:
        """Return the names of all columns that sources have, or a header describes, of whichever relation."""
        described = (name for file in self._package_files() for name in (*file.columns, *file.folder_columns))
        return {*described, *(name for source in self.sources.values() for name in source.schema.names)}

    def _source_fingerprints(self) -> dict[str, str]:
        return {name: source_fingerprint(source) for name, source in self.sources.items()}

    def bring_up_to_date(
        self,
        connection: duckdb.DuckDBPyConnection,
        made_of: str | None,
        tried: Sequence[SqlFile] | None,
        *,
        in_parts: bool = False,
    ) -> Made:
        """Make tables and views anew where the lake was `made_of` others; call it in a transaction.

        `tried` are the user's checks that can be used, None before they were tried. With `in_parts` the transaction is
        committed now and then.
        """
        files = self.files(self.own_checks)
        fingerprints = self._source_fingerprints()
        left_out = [fault.about for fault in faults_found_by(connection, "running")] if self.own_checks else []
        definitions = fingerprint(files, fingerprints, left_out)
        are_tried = tried is not None or not self.own_checks or made_of == definitions
        if made_of == definitions:
            return Made(files, {}, are_tried)
        if self.own_checks:
            files = self.files(tried or ())
        create_meta(connection)
        sum_up_all(connection)
        create_raw(connection, list(self.sources.values()))
        self._graph = build_graph(connection, files, tables_of(connection), _PARSED)
        create_views(connection, self._graph, fingerprints, made_by(), in_parts=in_parts)
        done = definitions if are_tried else ""
        return Made(
            files,
            {"schema_version": str(SCHEMA_VERSION), "package_version": __version__, "definitions": done},
            are_tried,
        )

    def keep_rules(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Write down what the user's files about audits say, and return whether it is news."""
        news = self._exclusions is not None and keep_exclusions(connection, self._exclusions)
        news |= self._rule_faults is not None and keep_faults(connection, "reading", self._rule_faults)
        if not self.own_checks:
            news |= keep_faults(connection, "trying", ()) | keep_faults(connection, "running", ())
        return news

    def try_checks(self, connection: duckdb.DuckDBPyConnection) -> list[SqlFile]:
        """Return the user's checks that can be used, and write down why others cannot."""
        known = tables_of(connection) | {file.view for file in self._graph.files}
        good, faults = own_checks.tried(connection, self.own_checks, self._framed_checks(), self._graph, known)
        keep_faults(connection, "trying", faults)
        failed = faults_found_by(connection, "running")
        self._tell([*faults, *failed])
        return [check for check in good if check.name not in {fault.about for fault in failed}]

    def usable_checks(self, connection: duckdb.DuckDBPyConnection) -> list[SqlFile]:
        """Return the user's checks that bind, as views of the lake."""
        broken = {fault.about for fault in faults_found_by(connection, "trying")}
        return [check for name, check in self._framed_checks().items() if name not in broken]

    def note_failing(self, connection: duckdb.DuckDBPyConnection, faults: Sequence[Fault]) -> bool:
        """Write down which of the user's checks fail when they run, and return whether it is news."""
        is_news = keep_faults(connection, "running", faults)
        self._tell(faults)
        return is_news

    def _framed_checks(self) -> dict[str, SqlFile]:
        paths = {check.path for check in self.own_checks}
        return {file.name: file for file in self.files(self.own_checks) if file.path in paths}
