"""Views and macros of the project over charges that a test makes up: DuckDB and SQL are real, nothing is loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.sqlfiles import SqlFile, read_sql_files, sql_folder
from finops_lake.lake.writer import Warehouse

ANOMALIES = (
    *("kinds_of", "charge_kinds", "cost_series", "cost_anomaly_days"),
    *("cost_episodes", "episode_changes", "anomalies_of_episodes", "cost_anomalies"),
)
"""What marts.cost_anomalies is made of, in an order in which it can be made."""

DEFAULTS: Mapping[str, Any] = {
    "sub_account_id": "/subscriptions/one",
    "billing_currency": "EUR",
    "charge_category": "Usage",
    "x_source": "focus",
}


def columns_of_charges() -> dict[str, str]:
    """Return the columns of marts.charges and their types, from a real lake."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-charged-") as folder:
        warehouse = Warehouse(Path(folder), SOURCES, origin="test", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
        with warehouse.lock(0):
            with warehouse.open():
                pass
            warehouse.publish()
        lake = LakeReader(Path(folder))
        rows = lake.query("describe marts.charges").rows
        lake.close()
    return {row[0]: row[1] for row in rows}


class Charged:
    """A database in memory whose marts.charges holds made-up charges, with some of the project's marts over it.

    marts.cost_settled is an empty table here: every day that has charges is complete.
    """

    def __init__(self, columns: Mapping[str, str], marts: Iterable[str]) -> None:
        self.columns = columns
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute("create schema marts; create schema charges")
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self.connection.execute(f"create table marts.charges ({listed})")
        self.connection.execute("create table marts.cost_settled (sub_account_id varchar, settled_date date)")
        files = {file.name: file for file in read_sql_files(sql_folder()) if file.schema in ("marts", "charges")}
        for name in ("cost_settled_by_account", *marts):
            self.connection.execute(_statement(files[name]))

    def fill(self, charges: Sequence[Mapping[str, Any]]) -> None:
        """Replace all charges; columns that a charge does not name have their default or null."""
        self.connection.execute("delete from marts.charges")
        if charges:
            names = sorted({*DEFAULTS, *(name for charge in charges for name in charge)})
            filled = pa.table({name: [charge.get(name, DEFAULTS.get(name)) for charge in charges] for name in names})
            self.connection.register("filled", filled)
            self.connection.execute("insert into marts.charges by name select * from filled")
            self.connection.unregister("filled")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return rows with the names of their columns."""
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _statement(file: SqlFile) -> str:
    if not file.is_macro:
        return f"create view {file.view} as\n{file.select}"
    parameters = ", ".join(
        name + (f" := {one.default}" if one.default is not None else "") for name, one in file.parameters.items()
    )
    return f"create macro {file.view}({parameters}) as table\n{file.select}"
