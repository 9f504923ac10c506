"""All audit checks over 50,000 resources and one million charges, each check on its own, and the memory they take.

Most resources are ordinary ones, in use; among them lie the cases that `tests/sql` has for each check, many times over,
so that every check has something to find. Each resource has charges in every month.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion, checks_of
from finops_lake.errors import Outcome
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched, months_back, next_month
from tests.bench.bench_cost import CHARGES, NOW, SERVICES, SUBSCRIPTIONS
from tests.bench.timing import show
from tests.sql.test_audits import CASES, OF_THE_SIGN_IN, chunks_of, completed, placed
from tests.sql.test_cases import spread_over_days, to_arrow

RESOURCES = 50_000
COPIES = 2
"""How many times each case lies in every subscription, each time in groups of its own."""
ALL_AIM, ONE_AIM, ANSWER_AIM = "<= 3,000 ms", "<= 200 ms", "<= 60 ms"
Tables = dict[str, list[dict[str, Any]]]


def subscription(number: int) -> str:
    """Return the id of a subscription."""
    return f"/subscriptions/00000000-0000-0000-0000-{number:012}"


def ordinary(scope: str, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows of `count` resources in use: machines with their disks, interfaces and addresses, and the like."""
    tags = json.dumps({"env": "prod", "owner": "team"})
    for number in range(count // 5):
        place = f"{scope}/resourceGroups/rg-{number % 200}/providers"
        machine = f"{place}/Microsoft.Compute/virtualMachines/vm{number}"
        interface = f"{place}/Microsoft.Network/networkInterfaces/nic{number}"
        common = {"location": "westeurope", "tags": tags}
        known = {"time_created": "2024-05-01T08:00:00Z"}
        yield "virtual_machines", {"id": machine, "power_state": "running", "os_type": "Linux", **common, **known}
        held = {"managed_by": machine, "disk_state": "Attached", "sku_name": "Premium_LRS"}
        yield "disks", {"id": f"{place}/Microsoft.Compute/disks/disk{number}", **held, **common, **known}
        yield "network_interfaces", {"id": interface, "virtual_machine_id": machine, **common}
        address = f"{place}/Microsoft.Network/publicIPAddresses/pip{number}"
        yield "public_ips", {"id": address, "sku_name": "Standard", "ip_configuration_id": interface, **common}
        account = f"{place}/Microsoft.Storage/storageAccounts/st{number}"
        properties = {"accessTier": "Hot", "creationTime": "2024-01-15T09:00:00Z"}
        yield "graph_resources", {"id": account, "kind": "StorageV2", "properties": properties, **common}
    for number in range(200):
        yield "resource_groups", {"id": f"{scope}/resourceGroups/rg-{number}", "name": f"rg-{number}", "tags": tags}


def inventory(scope: str) -> Tables:
    """Return all rows of a subscription, each resource in the list of all resources, too."""
    tables: Tables = defaultdict(list)
    for copy in range(COPIES):
        for place, (_, _, case) in enumerate(CASES):
            for table, rows in placed(case["raw"], scope, f"case{place}-{copy}-").items():
                if table not in (*OF_THE_SIGN_IN, "cost_daily", "cost_details"):
                    tables[table] += rows
    planted = sum(len(rows) for table, rows in tables.items() if table not in ("resources", "resource_metrics"))
    for table, row in ordinary(scope, RESOURCES // SUBSCRIPTIONS - planted):
        tables[table].append(row)
    seen = {row["id"].lower() for row in tables["resources"]}
    for table in [name for name in tables if name not in ("resources", "resource_groups", "locks")]:
        for row in tables[table]:
            if "/providers/" in row.get("id", "") and row["id"].lower() not in seen:
                seen.add(row["id"].lower())
                tables["resources"].append({key: row[key] for key in ("id", "location", "tags") if key in row})
    return tables


def month_of_cost(scope: str, month: date, rows: int, ids: list[str]) -> pa.Table:
    """Return `rows` charges of one subscription and month, spread over its resources."""
    days = (min(next_month(month) - timedelta(days=1), NOW.date()) - month).days + 1
    amounts = pa.array([Decimal(random.randrange(10**9)).scaleb(-7) for _ in range(997)], pa.decimal128(38, 24))
    take = amounts.take(pa.array([number % 997 for number in range(rows)]))
    columns = {
        "usage_date": pa.array([month + timedelta((number + number // len(ids)) % days) for number in range(rows)]),
        "resource_id": pa.array([ids[number % len(ids)] for number in range(rows)]),
        "subscription_id": pa.array([scope.rpartition("/")[2]] * rows),
        "service_name": pa.array([SERVICES[number % len(ids) % 24] for number in range(rows)]),
        "currency": pa.array(["EUR"] * rows),
        "cost": take,
        "cost_usd": take,
    }
    return pa.table(columns, schema=EXTRACTORS["cost_daily"].source.schema)


def build(home: Path) -> None:
    """Load inventory and cost as a refresh would, chunk by chunk."""
    random.seed(1)
    warehouse = Warehouse(home, SOURCES, origin="bench", clock=lambda: NOW)
    with warehouse.lock(0):
        with warehouse.open():
            for number in range(SUBSCRIPTIONS):
                _fill(warehouse, subscription(number))
            for table in OF_THE_SIGN_IN:
                _load(warehouse, table, "/", _of_the_sign_in(table))
        warehouse.publish()


def _fill(warehouse: Warehouse, scope: str) -> None:
    tables = inventory(scope)
    ids = [row["id"].lower() for row in tables["resources"]]
    for table, rows in tables.items():
        _load(warehouse, table, scope, rows)
    source, count = EXTRACTORS["cost_daily"].source, CHARGES // SUBSCRIPTIONS // 13
    for month in months_back(NOW.date(), 13):
        cost = month_of_cost(scope, month, count, ids)
        for metric in source.metrics:
            result = ChunkResult(Chunk("cost_daily", scope, month, metric), Outcome.LOADED, NOW, NOW, True, count)
            warehouse.load(source, Fetched(cost), result)


def _of_the_sign_in(table: str) -> list[dict[str, Any]]:
    rows = {
        row["id"]: row
        for number in range(SUBSCRIPTIONS)
        for _, _, case in CASES
        for row in placed(case["raw"].get(table, []), subscription(number))
    }
    return list(rows.values())


def _load(warehouse: Warehouse, table: str, scope: str, rows: list[dict[str, Any]]) -> None:
    source = next(one for one in SOURCES if one.table == table)
    for month, metric, few in chunks_of(table, rows):
        of_chunk = [one for row in few for one in spread_over_days(row, NOW.date())]
        result = ChunkResult(Chunk(table, scope, month, metric), Outcome.LOADED, NOW, NOW, True, len(of_chunk))
        unique = {row.get("id", str(place)).lower(): row for place, row in enumerate(of_chunk)}
        arrow = to_arrow(source, [completed(table, row) for row in unique.values()])
        warehouse.load(source, Fetched(arrow), result)


def measured(work: Callable[[], object], runs: int = 3) -> tuple[float, float]:
    """Return the least elapsed and the least processor time of both cores together, in milliseconds."""
    work()
    elapsed, used = [], []
    for _ in range(runs):
        started, worked = time.perf_counter(), time.process_time()
        work()
        elapsed.append((time.perf_counter() - started) * 1000)
        used.append((time.process_time() - worked) * 1000)
    return min(elapsed), min(used)


def show_both(name: str, figures: tuple[float, float], aim: str = "") -> None:
    """Print elapsed and processor time."""
    show(name, figures[0], "ms", aim=aim, baseline=f"processor time {figures[1]:,.0f} ms")


def main() -> None:
    """Print the time of all checks together and of each."""
    with tempfile.TemporaryDirectory(prefix="finops-lake-bench-") as folder:
        build(Path(folder))
        report(Path(folder))


def report(home: Path) -> None:
    """Print the figures of the lake in `home`."""
    lake = LakeReader(home)
    counted = "select (select count(*) from marts.charges), (select count(*) from marts.audited_resources)"
    charges, resources = lake.query(counted).rows[0]
    print(f"audit: {charges:,} charges, {resources:,} resources")
    rows = lake.query("select verdict, count(*) from marts.findings group by 1 order by 1").rows
    print("  findings: " + ", ".join(f"{count:,} {verdict}" for verdict, count in rows))
    times = {
        check.name: measured(lambda name=check.name: lake.query(f"select * from audits.{name}"))  # type: ignore[misc]
        for check in checks_of(lake)
    }
    for name, figures in sorted(times.items(), key=lambda item: -item[1][0]):
        show_both(f"audits.{name}", figures)
    show_both("the slowest check on its own", max(times.values()), ONE_AIM)
    sums = sum(elapsed for elapsed, _ in times.values()), sum(used for _, used in times.values())
    show_both("all checks, one after the other", sums)
    every = "marts.findings: all checks at once, every row"
    show_both(every, measured(lambda: lake.query("select * from marts.findings")), ALL_AIM)
    show_both("run_finops_audit, the first after a publication", measured(lambda: _first_answer(home)), ALL_AIM)
    show_both("run_finops_audit, another question", measured(lambda: answer_audit(lake, AuditQuestion())), ANSWER_AIM)
    show("peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")
    lake.close()


def _first_answer(home: Path) -> None:
    """Ask with nothing kept, the lake opened anew."""
    lake = LakeReader(home)
    answer_audit(lake, AuditQuestion())
    lake.close()


if __name__ == "__main__":
    main()
