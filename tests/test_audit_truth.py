"""Every check over 20 estates of the local Azure, each planted and spelled in its own way: none missed, no false alarm.

What lies in an estate is fetched by the real extractors over TLS and loaded into one lake of sixty subscriptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import FinopsLakeError, Outcome
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.extract.resource_metrics import fetch_wanted
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.sqlfiles import sql_folder
from finops_lake.lake.writer import Warehouse
from finops_lake.planner.due import Demand
from finops_lake.planner.measuring import metrics_due
from finops_lake.planner.planning import policy_of
from finops_lake.source import Chunk, ChunkResult, Fetched, months_back
from tests.conftest import NOW, TODAY, set_sign_in, settings_for

SEEDS = range(1, 21)
TENANT_TABLES = ("subscriptions", "reservations", "savings_plans")
LISTINGS = (
    "resource_groups",
    "resources",
    "virtual_machines",
    "disks",
    "public_ips",
    "snapshots",
    "images",
    "scale_sets",
    "public_ip_prefixes",
    "network_interfaces",
    "nat_gateways",
    "load_balancers",
    "application_gateways",
    "express_route_circuits",
    "firewalls",
    "private_endpoints",
    "ddos_plans",
    "virtual_networks",
    "network_security_groups",
    "route_tables",
    "graph_resources",
    "advisor_recommendations",
    "locks",
)
CHECKS = sorted(path.name.removesuffix(".sql") for path in (sql_folder() / "audits").glob("[!_]*.sql"))  # type: ignore[attr-defined]
NOT_PLANTED = {
    "unused_reservations": "cost by queries names no commitment",
    "unused_savings_plans": "cost by queries names no commitment",
    "idle_provisioned_openai_deployments": "cost by queries tells no meter",
    "log_analytics_without_commitment_tier": "cost by queries tells no quantity",
    "costly_data_transfer": "cost by queries tells no meter",
    "growing_storage_accounts": "it takes 90 days of cost",
}
_FOUND_SQL = """
select check_name, resource_id, verdict, monthly_saving, billing_currency,
    verdict = 'waste' and saving_source in ('billed_cost_last_30_days', 'not_priced')
    and check_name not in (select replace(view_name, 'audits.', '') from meta.headers where key = 'saving')
from marts.findings"""

Said = dict[str, dict[str, str]]
"""By check and id of what it is about: the verdict."""


Money = dict[str, dict[str, Decimal]]
"""By id of a resource and currency: billed cost of the last 30 complete days."""


@dataclass(frozen=True)
class Judged:
    """What the checks say, and what they should say, over all estates; `savings` are those from the own bill."""

    found: Said
    expected: Said
    savings: list[tuple[str, str, Decimal | None, str | None]]
    costs: Money


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Fill one lake from all estates and ask it once."""
    home = tmp_path_factory.mktemp("truth")
    expected: Said = defaultdict(dict)
    costs: Money = defaultdict(dict)
    everywhere: dict[str, list[pa.Table]] = defaultdict(list)
    warehouse = Warehouse(home, SOURCES, origin="truth", clock=lambda: NOW)
    with warehouse.lock(0), pytest.MonkeyPatch.context() as monkeypatch:
        with warehouse.open():
            for seed in SEEDS:
                with LocalAzure(today=TODAY, seed=seed, subscriptions=3, resources=4, days=40) as azure:
                    set_sign_in(monkeypatch, azure)
                    arrived = list(fetched(azure, home))
                    assert azure.crashes == []
                    for check, verdicts in azure.verdicts().items():
                        expected[check] |= verdicts
                    first, last = azure.truth.complete_window()
                    billed = azure.truth.totals(("resource_id", "currency"), first=first, last=last)
                    for (resource, currency), cost in billed.items():
                        costs[str(resource)][str(currency)] = cost
                    warehouse.load_all([loaded(chunk, one) for chunk, one in arrived if chunk.scope_id != "/"])
                    warehouse.load_all([loaded(chunk, one) for chunk, one in measured(azure, home, warehouse)])
                    assert azure.crashes == []
                for chunk, one in arrived:
                    if chunk.scope_id == "/":
                        everywhere[chunk.table].append(one.rows)
            warehouse.load_all(
                [loaded(Chunk(name, "/"), Fetched(pa.concat_tables(rows))) for name, rows in everywhere.items()]
            )
        warehouse.publish()
    lake = LakeReader(home)
    found: Said = defaultdict(dict)
    savings = []
    for check, name, verdict, saving, currency, is_of_own_bill in lake.query(_FOUND_SQL).rows:
        found[check][name] = verdict
        if is_of_own_bill:
            savings.append((check, name, saving, currency))
    lake.close()
    return Judged(found, expected, savings, costs)


def fetched(azure: LocalAzure, home: Path) -> Iterator[tuple[Chunk, Fetched]]:
    """Yield everything that checks look at, as the real clients and extractors bring it."""
    scopes = [f"/subscriptions/{name}" for name in azure.subscription_ids]
    chunks = [Chunk(table, "/") for table in TENANT_TABLES]
    chunks += [Chunk(table, scope) for table in LISTINGS for scope in scopes]
    chunks += [Chunk("cost_daily", scope, month, "ActualCost") for scope in scopes for month in months_back(TODAY, 2)]
    with AzureClients(settings_for(azure, home)) as clients:
        for table in {chunk.table: None for chunk in chunks}:
            extractor, own = EXTRACTORS[table], [chunk for chunk in chunks if chunk.table == table]
            if extractor.fetch_many is None:
                yield from ((chunk, extractor.fetch(clients, chunk)) for chunk in own)
                continue
            for chunk, one in extractor.fetch_many(clients, own).items():
                assert not isinstance(one, FinopsLakeError)
                yield chunk, one


def measured(azure: LocalAzure, home: Path, warehouse: Warehouse) -> Iterator[tuple[Chunk, Fetched]]:
    """Yield the metrics of what was listed, as a refresh asks for them."""
    scopes = [f"/subscriptions/{name}" for name in azure.subscription_ids]
    settings = settings_for(azure, home, FINOPS_LAKE_METRICS="true")
    due = metrics_due(warehouse.query, scopes, {}, policy_of(settings), Demand())
    with AzureClients(settings) as clients:
        for chunk, wanted in due.items():
            yield chunk, fetch_wanted(clients, chunk, wanted)


def loaded(chunk: Chunk, one: Fetched) -> tuple[ChunkResult, Fetched]:
    assert one.complete, one.reason
    return ChunkResult(chunk, Outcome.LOADED, NOW, NOW, True, one.rows.num_rows), one


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_finds_what_is_planted_and_nothing_else(judged: Judged, check: str) -> None:
    for verdict in ("waste", "undetermined", "not_applicable"):
        found = {name for name, said in judged.found[check].items() if said == verdict}
        expected = {name for name, said in judged.expected[check].items() if said == verdict}
        assert found == expected, f"{verdict}: missed {expected - found}, and not to be found {found - expected}"


def test_every_check_has_waste_and_a_lookalike_in_every_estate_but_those_listed(judged: Judged) -> None:
    wasteful = {check for check, said in judged.expected.items() if "waste" in said.values()}
    assert set(CHECKS) - wasteful == set(NOT_PLANTED)
    assert not set(judged.expected) - set(CHECKS), "cases of checks that do not exist"


def test_what_would_be_saved_by_deleting_is_the_resources_own_bill(judged: Judged) -> None:
    assert len(judged.savings) > 20 * len(SEEDS)
    for check, resource, saving, currency in judged.savings:
        costs = judged.costs.get(resource, {})
        dearest = max(costs, key=lambda one: abs(costs[one]), default=None)
        assert (saving, currency) == (costs[dearest] if dearest else None, dearest), (check, resource)
