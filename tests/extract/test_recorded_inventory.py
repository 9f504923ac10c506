"""Every inventory reply recorded from real Azure, through its extractor and its staging view."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.errors import Outcome
from finops_lake.extract import advisor
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.replay import LISTINGS, ReplayTransport, StaticCredential, recorded

pytestmark = pytest.mark.replies

SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000000"


def fetched(table: str, path: str, name: str) -> Fetched:
    """Fetch one table under the real clients, with a recorded page under them."""
    transport = ReplayTransport({("GET", rf"/{path}$"): [recorded(name)]})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        return EXTRACTORS[table].fetch(azure, Chunk(table, SCOPE))


def staged(home: Path, loads: dict[str, Fetched]) -> LakeReader:
    """Return a real lake that holds these tables."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    warehouse = Warehouse(home, SOURCES, origin="recorded", clock=lambda: now)
    with warehouse.lock(0):
        with warehouse.open():
            for table, one in loads.items():
                result = ChunkResult(Chunk(table, SCOPE), Outcome.LOADED, now, now, True, one.rows.num_rows)
                warehouse.load(EXTRACTORS[table].source, one, result)
        warehouse.publish()
    return LakeReader(home)


@pytest.mark.parametrize(("table", "path", "name"), LISTINGS, ids=[name for _, _, name in LISTINGS])
def test_recorded_listing_gives_a_row_for_each_item(table: str, path: str, name: str) -> None:
    rows = fetched(table, path, name).rows.to_pylist()
    items = json.loads(recorded(name).content)["value"]
    assert [row["id"] for row in rows] == [item["id"] for item in items]
    assert all(row["name"] for row in rows)


def test_recorded_listings_go_through_their_staging_views(tmp_path: Path) -> None:
    loads = {table: fetched(table, path, name) for table, path, name in LISTINGS}
    items = json.loads(recorded("advisor/recommendations_cost").content)["value"]
    loads["advisor_recommendations"] = Fetched(advisor.table_of(items))
    lake = staged(tmp_path, loads)
    for table, one in loads.items():
        (count,) = lake.query(f"select count(*) from staging.{table}").rows[0]
        assert count == one.rows.num_rows > 0

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return lake.query(sql).rows

    assert ask("select backend_member_count > 0, count(*) > 0 from staging.load_balancers group by 1 order by 1") == [
        (False, True),
        (True, True),
    ]
    assert ask("select distinct connection_status from staging.private_endpoints order by 1") == [("approved",)]
    assert ask("select target_count, operational_state from staging.application_gateways limit 1") == [(0, "running")]
    assert ask("select count(*) from staging.network_interfaces where is_used")[0][0] > 0
    assert ask("select distinct savings_currency from staging.advisor_recommendations") == [("USD",)]
    assert ask("select bool_and(is_commitment) from staging.advisor_recommendations where term = 'P3Y'") == [(True,)]
    lake.close()


def test_keys_of_circuits_are_not_kept() -> None:
    rows = fetched("express_route_circuits", "expressRouteCircuits", "network/expressroute_list").rows.to_pylist()
    key = json.loads(recorded("network/expressroute_list").content)["value"][0]["properties"]["serviceKey"]
    assert key not in json.dumps(rows, default=str)
