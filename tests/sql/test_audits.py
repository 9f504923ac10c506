"""Every check over real loads: `audits.<check>/cases.json` holds what Azure said and each resource's verdict.

A case: {"raw": {table: rows}, "expected": {name of a listed resource: verdict}}. All cases lie in one lake, each in a
subscription of its own: `@group/type/name` stands for an id in it, `%group` for a resource group's, `$` for its own.
The guards that hold for every check are tried on the first case of each that fires. A row with `days` stands for as
many days up to yesterday, a charge for as many up to the last complete day.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops_lake.errors import Outcome
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.sqlfiles import sql_folder
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.sql.test_cases import BY_TABLE, spread_over_days, to_arrow

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOT = Path(__file__).parent
CASES: list[tuple[str, str, dict[str, Any]]] = [
    (path.parent.name.removeprefix("audits."), name, case)
    for path in sorted(ROOT.glob("audits.*/cases.json"))
    for name, case in json.loads(path.read_text(encoding="utf-8")).items()
]
OF_THE_BILL = {
    path.name.removesuffix(".sql")
    for path in (sql_folder() / "audits").iterdir()
    if "as is_of_the_bill" in path.read_text(encoding="utf-8")
}
FIRING = {
    check: case
    for check, _, case in reversed(CASES)
    if "waste" in case["expected"].values() and check not in OF_THE_BILL
}
GUARDS = ("managed", "nodes", "locked", "young")
GUARDED = 9000
"""Number of the first subscription of the guards."""
OF_THE_SIGN_IN = ("reservations", "savings_plans", "subscriptions")
Rows = Mapping[str, list[dict[str, Any]]]


def subscription(number: int) -> str:
    return f"/subscriptions/00000000-0000-0000-0000-{number:012d}"


def placed(value: Any, scope: str, prefix: str = "") -> Any:
    """Return a case's value in its subscription; `prefix` sets its groups apart from those of other cases."""
    if isinstance(value, dict):
        return {key: placed(inner, scope, prefix) for key, inner in value.items()}
    if isinstance(value, list):
        return [placed(inner, scope, prefix) for inner in value]
    if not isinstance(value, str) or value[:1] not in ("@", "%", "$"):
        return value
    if value[0] == "$":
        return scope if value == "$" else scope.rpartition("/")[2]
    group, _, rest = value[1:].partition("/")
    if not rest:
        return f"{scope}/resourceGroups/{prefix}{group}"
    provider, _, path = rest.partition("/")
    parts = path.split("/")
    depth = len(parts) // 2
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(parts[:depth], parts[depth:], strict=True))
    return f"{scope}/resourceGroups/{prefix}{group}/providers/{provider}/{pairs}"


def completed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with the name and type that its id tells, where the table has such columns."""
    names = BY_TABLE[table].schema.names
    found = dict(row)
    if "/providers/" in row.get("id", ""):
        provider, *parts = row["id"].rpartition("/providers/")[2].split("/")
        if "name" in names:
            found.setdefault("name", "/".join(parts[1::2]))
        if "type" in names:
            found.setdefault("type", "/".join([provider, *parts[::2]]))
    return found


def chunks_of(table: str, rows: list[dict[str, Any]]) -> Iterator[tuple[date | None, str | None, list[dict[str, Any]]]]:
    """Split rows by the pieces they are loaded in; cost counts as both actual and amortized."""
    day = {"cost_daily": "usage_date", "cost_details": "date"}.get(table)
    if day is None:
        yield None, None, rows
        return
    months = defaultdict(list)
    for row in rows:
        for one in billed_daily(row, day):
            months[date.fromisoformat(one[day]).replace(day=1)].append(one)
    for month, of_month in months.items():
        for metric in ("ActualCost", "AmortizedCost"):
            yield month, metric, of_month


def billed_daily(row: dict[str, Any], day: str) -> Iterator[dict[str, Any]]:
    """Yield a charge with `days` for each of as many days up to the last complete one, and any other as it is."""
    if "days" not in row:
        yield row
        return
    for back in range(row["days"]):
        date_of = NOW.date() - timedelta(days=4 + back)
        yield {**{key: value for key, value in row.items() if key != "days"}, day: date_of.isoformat()}


def load(warehouse: Warehouse, table: str, scope: str, rows: list[dict[str, Any]], *, complete: bool = True) -> None:
    source = BY_TABLE[table]
    for month, metric, of_chunk in chunks_of(table, rows):
        outcome = Outcome.LOADED if complete else Outcome.PARTIAL
        result = ChunkResult(
            Chunk(table, scope, month, metric), outcome, NOW, NOW, complete, reason=None, row_count=len(of_chunk)
        )
        spread = [one for row in of_chunk for one in spread_over_days(row, NOW.date())]
        arrow = to_arrow(source, [completed(table, row) for row in spread])
        warehouse.load(source, Fetched(arrow, complete, None), result)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    """One lake with every case, and with every firing case once under each guard."""
    tables: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for number, (_, _, case) in enumerate(CASES):
        for table, rows in placed(case["raw"], subscription(number)).items():
            scope = "/" if table in OF_THE_SIGN_IN else subscription(number)
            tables[scope][table] += rows
    for number, guard in enumerate(GUARDS):
        tables[subscription(GUARDED + number)].update(guarded(guard, subscription(GUARDED + number)))
    yield from lake_of(tmp_path_factory.mktemp("audits"), tables)


@pytest.fixture(scope="module")
def truncated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    """A lake with the firing cases, of which no listing was read to its end."""
    tables = {subscription(1): guarded("truncated", subscription(1))}
    yield from lake_of(tmp_path_factory.mktemp("truncated"), tables, complete=False)


def lake_of(home: Path, tables: Mapping[str, Rows], *, complete: bool = True) -> Iterator[LakeReader]:
    warehouse = Warehouse(home, SOURCES, origin="case", clock=lambda: NOW)
    with warehouse.lock(0):
        with warehouse.open():
            for scope, of_scope in tables.items():
                for table, rows in of_scope.items():
                    load(warehouse, table, scope, rows, complete=complete)
        warehouse.publish()
    reader = LakeReader(home)
    yield reader
    reader.close()


def guarded(guard: str, scope: str) -> Rows:
    """Return the rows of all firing cases in one subscription, each group under the guard."""
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for check, case in FIRING.items():
        prefix = f"{check}-"
        for table, rows in placed(case["raw"], scope, prefix).items():
            tables[table] += [
                row | {"name": row["id"].rpartition("/")[2]} if table == "resource_groups" else row for row in rows
            ]
    groups = {
        re.sub(r"(?i).*/resourcegroups/([^/]+).*", r"\1", row["id"]): None
        for rows in tables.values()
        for row in rows
        if "/resourceGroups/" in row.get("id", "")
    }
    known = {row["name"] for row in tables["resource_groups"]}
    tables["resource_groups"] += [
        {"id": f"{scope}/resourceGroups/{group}", "name": group} for group in groups if group not in known
    ]
    if guard == "managed":
        tables["resource_groups"] = [row | {"managed_by": f"{scope}/x"} for row in tables["resource_groups"]]
    if guard == "nodes":
        kind = "Microsoft.ContainerService/managedClusters"
        tables["graph_resources"] += [
            {
                "id": f"{scope}/resourceGroups/clusters/providers/{kind}/c{number}",
                "properties": {"nodeResourceGroup": group.upper()},
            }
            for number, group in enumerate(groups)
        ]
    if guard == "locked":
        lock = "providers/Microsoft.Authorization/locks/keep"
        tables["locks"] = [{"id": f"{scope}/resourceGroups/{group.upper()}/{lock}", "name": "keep"} for group in groups]
    if guard == "young":
        seen = {row["id"].lower() for row in tables["resources"]}
        tables["resources"] = [row | {"created_at": "2026-11-22T09:00:00Z"} for row in tables["resources"]] + [
            {"id": row["id"], "created_at": "2026-11-22T09:00:00Z"}
            for table, rows in tables.items()
            if table not in ("resources", "resource_groups", "advisor_recommendations", "locks")
            for row in rows
            if row.get("id", "").lower() not in seen and "/providers/" in row.get("id", "")
        ]
        for table in ("disks", "virtual_machines", "snapshots", "scale_sets"):
            tables[table] = [row | {"time_created": "2026-11-22T09:00:00Z"} for row in tables[table]]
    return {table: rows for table, rows in tables.items() if rows}


@pytest.mark.parametrize(
    ("number", "check"),
    [(number, check) for number, (check, _, _) in enumerate(CASES)],
    ids=[f"{check}/{name}" for check, name, _ in CASES],
)
def test_check_says_of_each_resource_what_the_case_expects(lake: LakeReader, number: int, check: str) -> None:
    expected = CASES[number][2]["expected"]
    rows = lake.query(
        f"select resource_name, verdict from audits.{check}"
        f" where sub_account_id = '{subscription(number)}'"
        f" or (sub_account_id is null and {'waste' in expected.values()})"
    ).rows
    assert sorted(rows) == sorted(expected.items()), "each resource once"


@pytest.mark.parametrize("guard", GUARDS)
def test_no_check_calls_waste_what_a_guard_holds(lake: LakeReader, guard: str) -> None:
    told = verdicts_in(lake, subscription(GUARDED + GUARDS.index(guard)))
    wrong = {check: found for check, found in told.items() if "waste" in found and not _is_about_groups(check, guard)}
    assert not wrong
    assert len(told) > 0.9 * len(FIRING)


def test_findings_on_listings_that_are_cut_short_are_withheld(truncated: LakeReader) -> None:
    told = verdicts_in(truncated, subscription(1))
    assert set().union(*told.values()) == {"undetermined"}
    assert len(told) > 0.9 * len(FIRING)


def test_a_finding_without_a_price_says_why_and_no_other_does(lake: LakeReader) -> None:
    told = lake.query(
        "select saving_source = 'not_priced', json_exists(evidence, '$.not_priced_because'), list(distinct check_name)"
        " from marts.findings where verdict = 'waste' group by all order by all"
    ).rows
    assert [row[:2] for row in told] == [(False, False), (True, True)], told


def verdicts_in(lake: LakeReader, scope: str) -> dict[str, set[str]]:
    """Return what the checks that have a firing case say in a subscription."""
    rows = lake.query(f"select check_name, verdict from marts.findings where sub_account_id = '{scope}'").rows
    found: dict[str, set[str]] = defaultdict(set)
    for check, verdict in rows:
        if check in FIRING:
            found[check].add(verdict)
    return found


def _is_about_groups(check: str, guard: str) -> bool:
    """A resource group has no instant of creation, and a check on groups finds those of the guard itself."""
    return check == "empty_resource_groups" and guard in ("young", "nodes")


def test_every_check_has_a_case_that_fires_and_one_that_does_not() -> None:
    checks = {path.name.removesuffix(".sql") for path in (sql_folder() / "audits").glob("[!_]*.sql")}  # type: ignore[attr-defined]
    folders = {path.parents[1].name.removeprefix("audits.") for path in ROOT.glob("audits.*/*/expected.json")}
    verdicts = defaultdict(list)
    for check, _, case in CASES:
        verdicts[check].append("waste" in case["expected"].values())
    missing = {check for check in checks - folders if set(verdicts[check]) != {True, False}}
    assert not missing
