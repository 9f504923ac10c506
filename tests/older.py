"""Lakes as an earlier version left them: the real writer over SQL files from before something was added."""

from __future__ import annotations

import shutil
from pathlib import Path

from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.facts import PACKAGE_DEFINITIONS
from finops_lake.lake.sqlfiles import sql_folder
from finops_lake.lake.writer import Warehouse
from tests.conftest import NOW

NEW_MART = "cost_by_resource_group_monthly"
"""A mart that the earlier version did not have."""

NEW_COLUMN, ITS_MART = "proven", "savings_ledger_monthly"
"""A column that one of its marts did not have."""

CHANGED = "from marts.commitment_status(listings := 'marts.listed_commitments')"
"""What reads a macro by a parameter that it did not have; `finops-lake commitments` does."""


def older_sql(folder: Path) -> Path:
    """Return a copy of the sql folder in `folder`, as it was before all that was added."""
    sql = shutil.copytree(Path(str(sql_folder())), folder / "sql")
    (sql / "marts" / f"{NEW_MART}.sql").unlink()
    _without(sql / "marts" / f"{ITS_MART}.sql", f"--   {NEW_COLUMN}:", f" as {NEW_COLUMN},")
    macro = sql / "marts" / "commitment_status.sql"
    _without(macro, "--   listings :=")
    macro.write_text(macro.read_text().replace("from query_table(listings)", "from marts.listed_commitments"))
    return sql


def _without(path: Path, *parts: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not any(part in line for part in parts)]
    assert len(lines) - len(kept) == len(parts)
    path.write_text("".join(kept))


def leave_as_older(
    home: Path, folder: Path, version: str = "0.0.9", *, origin: str = "loopback", has_fact: bool = True
) -> None:
    """Have an earlier `version` write the lake in `home`; one without the fact by which definitions are told apart.

    `folder` gets its SQL files.
    """
    warehouse = Warehouse(home, SOURCES, older_sql(folder), origin=origin, clock=lambda: NOW)
    with warehouse.lock(0), warehouse.open(is_settled=False):
        warehouse.note_fact("package_version", version)
        if not has_fact:
            warehouse.query(f"delete from meta.lake where key = '{PACKAGE_DEFINITIONS}'")
        warehouse.publish()
