"""Tells a lake whose tables and views another version made, once a statement failed on it: nothing is looked up before.

Until a refresh has made them anew, such a lake lacks what this version's statements read.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from finops_lake import __version__
from finops_lake.errors import BadRequestError, LakeError, NewerLakeError, OutdatedLakeError

if TYPE_CHECKING:
    import duckdb

    from finops_lake.lake.definitions import Definitions

_RELATION = re.compile(r'(?:Table|Function) with name "?([^"\s]+?)"? does not exist')
_MACRO = re.compile(r'Macro "?([^"\s(]+)"?\(\) does not support')
_HERE = f"this one ({__version__})"


class Expected:
    """What this version would have in a lake; `definitions` gives it, None where nobody knows. Thread-safe."""

    def __init__(self, definitions: Callable[[], Definitions] | None) -> None:
        self._definitions = definitions

    def check(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Raise OutdatedLakeError (or NewerLakeError) where another version made the lake's tables and views."""
        fault = self._fault(cursor)
        if fault is not None:
            raise fault

    @contextlib.contextmanager
    def explained(self, cursor: duckdb.DuckDBPyConnection, sql: str | None = None) -> Iterator[None]:
        """Say so where a statement misses something because another version made the lake: raise as `check` does.

        `sql` is somebody else's statement, None: it is one of ours. What is wrong by itself stays a BadRequestError,
        which tells of the version, too, where that may be the reason. Only a statement that fails takes longer:
        the first of a process 40 ms, and 0.3 s where the sources are not imported yet.
        """
        import duckdb

        try:
            yield
        except (BadRequestError, duckdb.Error) as error:
            cause = error.__cause__ if isinstance(error, BadRequestError) else error
            # one of ours may also find a macro of its name that takes something else in the same place
            ours, others = (
                (duckdb.ProgrammingError, duckdb.DataError),
                (duckdb.CatalogException, duckdb.BinderException),
            )
            if isinstance(cause, ours if sql is None else others):
                self._blame(cursor, error, cause, is_ours=sql is None)
            raise

    def _blame(self, cursor: duckdb.DuckDBPyConnection, error: Exception, cause: Exception, *, is_ours: bool) -> None:
        """Raise what the lake's version explains of an error, and return where it explains nothing."""
        message = str(cause)
        missing = self._missing(message)
        if not (is_ours or missing or self._is_otherwise(message)):
            return
        fault = self._fault(cursor)
        if fault is None:
            return
        if is_ours:
            raise fault from cause
        if missing:
            words = f"There is no {missing} in the lake yet. {fault.message}"
            raise type(fault)(words, next_step=fault.next_step) from cause
        raise BadRequestError(f"{error} {fault.message}", next_step=fault.next_step) from cause

    def _fault(self, cursor: duckdb.DuckDBPyConnection) -> LakeError | None:
        from finops_lake.lake.facts import PACKAGE_DEFINITIONS

        if self._definitions is None:
            return None
        facts = dict(cursor.execute("select key, value from meta.lake").fetchall())
        return None if facts.get(PACKAGE_DEFINITIONS) == self._definitions().wanted() else _fault_of(facts)

    def _missing(self, message: str) -> str | None:
        """Return the table, view or macro that DuckDB misses, if this version has one of the name."""
        found = _RELATION.search(message)
        name = found[1].lower().rpartition(".")[2] if found else ""
        return name if self._definitions is not None and name in self._definitions().relations() else None

    def _is_otherwise(self, message: str) -> bool:
        """Return whether this version may have the column that DuckDB misses, or a macro with other parameters."""
        from finops_lake.lake.nearest import missed_column

        if self._definitions is None:
            return False
        macro, column = _MACRO.search(message), missed_column(message)
        if macro:
            return macro[1].lower() in self._definitions().relations()
        return column is not None and column.lower() in self._definitions().columns()


def _fault_of(facts: Mapping[str, str]) -> LakeError:
    """Return what to say of a lake that another version made, by the facts in it."""
    from finops_lake.lake.facts import PACKAGE_DEFINITIONS

    version = facts.get("package_version")
    which = f"finops-lake {version}"
    if version is None:
        whose = f"an earlier finops-lake than {_HERE}"
    elif version == __version__:
        order = "another" if PACKAGE_DEFINITIONS in facts else "an earlier"
        whose = f"{order} build of {which} than this one"
    elif _order(version) > _order(__version__):
        return NewerLakeError(
            f"The lake was last written by {which}, a later version than {_HERE}: it has other tables and views.",
            next_step="Upgrade finops-lake.",
        )
    else:
        whose = f"{which}, an earlier version than {_HERE}"
    return OutdatedLakeError(
        f"The lake was last written by {whose}: its tables and views are not those that this one reads.",
        next_step=_next_step(facts.get("origin")),
    )


def _next_step(origin: str | None) -> str:
    if origin == "loopback":
        return "Run finops-lake demo (or finops-lake refresh against your local Azure) once: it brings them up to date."
    return (
        "Run finops-lake refresh (or the tool refresh_lake) once: it brings them up to date, even without a sign-in,"
        " and asks Azure only for what is due."
    )


def _order(version: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared."""
    return tuple(int(number) for number in re.findall(r"\d+", version))
