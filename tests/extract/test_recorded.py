"""Extraction from replies recorded from real Azure, and the whole main job on them.

Each has a twin in test_shapes.py over replies of our own making, so that the paths are covered without the recordings.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.extract import budgets, disks, public_ips, subscriptions, virtual_machines
from finops_lake.extract.arrow import AMOUNT
from finops_lake.extract.cost_query import page_to_arrow
from finops_lake.planner.due import Demand
from finops_lake.refresh.refresher import Refresher
from finops_lake.source import Chunk
from tests.extract.graph_replies import graph_of
from tests.replay import ReplayTransport, Reply, StaticCredential, recorded

pytestmark = pytest.mark.replies

SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000000"


def fetch(module: Any, replies: dict[tuple[str, str], list[Any]], scope: str = SCOPE) -> list[dict[str, Any]]:
    """Fetch one chunk under the real clients and return its rows."""
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})
    transport = ReplayTransport(replies)
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        rows = module.fetch(azure, Chunk(module.SOURCE.table, scope)).rows
    assert rows.schema.equals(module.SOURCE.schema)
    assert transport.left == 0
    return rows.to_pylist()


def test_recorded_subscriptions() -> None:
    rows = fetch(subscriptions, {("GET", r"/subscriptions$"): [recorded("subscriptions/subscriptions_list_2021")]}, "/")
    assert len(rows) == 2
    assert all(row["subscription_id"] and row["state"] == "Enabled" and row["quota_id"] for row in rows)


def test_recorded_disks_in_every_state() -> None:
    replies = [recorded(f"compute/disks_list_{name}") for name in ("2020_09_reserved", "2024_03_attached_unattached")]
    rows = [row for reply in replies for row in fetch(disks, {("GET", r"/disks$"): [reply]})]
    assert len(rows) == 11
    assert {"Reserved", "Attached", "Unattached"} <= {row["disk_state"] for row in rows}
    for row in rows:
        assert (row["managed_by"] is None) == (row["disk_state"] == "Unattached")
        assert row["time_created"].tzinfo is not None
    assert any(row["last_ownership_update_time"] for row in rows), "LastOwnershipUpdateTime has a capital L"


def test_recorded_public_ips_and_what_uses_them() -> None:
    rows = fetch(public_ips, {("GET", r"/publicIPAddresses$"): [recorded("network/publicip_list_mixed_2022_01")]})
    assert len(rows) == 52
    assert any(row["ip_configuration_id"] for row in rows)
    assert any(row["ip_configuration_id"] is None for row in rows)
    assert {row["sku_name"] for row in rows} <= {"Basic", "Standard"}


@pytest.mark.parametrize(("name", "count"), [("2020_12", 10), ("2022_11", 1), ("2024_11", 2)])
def test_recorded_machines_have_no_power_state_of_their_own(name: str, count: int) -> None:
    listing = recorded(f"compute/vm_list_subscription_{name}")
    path = ("GET", r"/virtualMachines$")
    rows = fetch(virtual_machines, {path: [listing, Reply(200, {"value": []})]})
    assert len(rows) == count
    assert all(row["vm_size"] and row["power_state"] is None for row in rows)


def test_recorded_budgets_without_leading_slash_and_with_old_filters() -> None:
    rows = fetch(budgets, {("GET", r"/budgets$"): [recorded("consumption/budgets_list_subscription_2018")]})
    assert len(rows) == 6
    assert all(isinstance(row["amount"], Decimal) for row in rows)
    assert not any("@" in str(row["notifications"]) for row in rows), "people's addresses are not kept"


def test_recorded_query_page_sums_exactly() -> None:
    schema = pa.schema(
        [("day", pa.date32()), ("resource_group", pa.string()), ("currency", pa.string()), ("cost", AMOUNT)]
    )
    names = {"UsageDate": "day", "ResourceGroup": "resource_group", "Currency": "currency", "PreTaxCost": "cost"}
    name = "costmanagement/query_daily_by_resourcegroup_page1_with_nextlink"
    first = recorded(name)
    second = {
        "properties": {"nextLink": None, "columns": json.loads(first.content)["properties"]["columns"], "rows": []}
    }
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})
    transport = ReplayTransport({("POST", r"/query$"): [first, Reply(200, second)]})
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        tables = [page_to_arrow(page, schema, names)[0] for page in azure.query_cost(SCOPE, {"type": "ActualCost"})]
    rows = pa.concat_tables(tables).to_pylist()
    exact = json.loads(first.content, parse_float=Decimal, parse_int=Decimal)["properties"]["rows"]
    assert len(rows) == 1000
    assert sum(row["cost"] for row in rows) == sum(Decimal(row[0]) for row in exact)
    assert {row["day"].month for row in rows} == {4}


def _regrouped(reply: Reply) -> Reply:
    """Return the recorded page, asked by resource group, as the same rows would look grouped as we ask.

    Amounts, currency, order and the next link stay as recorded; April 2020 becomes September 2025, when the
    recorded inventory existed.
    """
    body = json.loads(reply.content, parse_float=lambda text: text, parse_int=lambda text: text)
    columns = [("Cost", "Number"), ("CostUSD", "Number"), ("UsageDate", "Number")]
    columns += [("ResourceId", "String"), ("ServiceName", "String"), ("Currency", "String")]
    body["properties"]["columns"] = [{"name": name, "type": kind} for name, kind in columns]
    service = "providers/microsoft.search/searchservices/s"
    rows = []
    for cost, day, group, currency in body["properties"]["rows"]:
        resource, moved = f"{SCOPE}/resourcegroups/{group}/{service}", day.replace("202004", "202509")
        rows.append(f'[{cost},{cost},{moved},"{resource}","Search","{currency}"]')
    body["properties"]["rows"] = "ROWS"
    return Reply(200, json.dumps(body).replace('"ROWS"', "[" + ",".join(rows) + "]"), reply.headers)


def _empty(*columns: str) -> Reply:
    return Reply(200, {"properties": {"nextLink": "", "columns": [{"name": name} for name in columns], "rows": []}})


def test_the_main_job_runs_on_recorded_replies(tmp_path: Path) -> None:
    """Refresh, views and answers, with nothing but recordings (and empty pages where none exists) under the SDK."""
    page = recorded("costmanagement/query_daily_by_resourcegroup_page1_with_nextlink")
    body = _empty("Cost", "CostUSD", "UsageDate", "ResourceId", "ServiceName", "ResourceLocation", "Currency")
    machines = recorded("compute/vm_list_subscription_2024_11")
    states = json.loads(machines.content)
    for machine in states["value"]:
        machine["properties"] = {"instanceView": {"statuses": [{"code": "PowerState/stopped"}]}}
    only = json.loads(recorded("subscriptions/subscriptions_list_2019").content)
    only["value"][0] |= {"id": SCOPE, "subscriptionId": SCOPE.rpartition("/")[2]}
    transport = ReplayTransport(
        {
            ("GET", r"^/subscriptions$"): [Reply(200, only)],
            ("GET", r"/resourcegroups$"): [Reply(200, {"value": []})],
            ("GET", r"/resources$"): [Reply(200, {"value": []})],
            ("GET", r"/virtualMachines$"): [machines, Reply(200, states)],
            ("GET", r"/disks$"): [recorded("compute/disks_list_2024_03_attached_unattached")],
            ("GET", r"/publicIPAddresses$"): [recorded("network/publicip_list_mixed_2022_01")],
            ("GET", r"/budgets$"): [recorded("consumption/budgets_list_subscription_2018")],
            ("GET", r"/providers/Microsoft\.(Network|Compute|Authorization|Capacity|BillingBenefits)/"): [
                Reply(200, {"value": []})
            ]
            * 20,
            ("GET", r"/reservationRecommendations$"): [Reply(200, {"value": []})] * 3,
            ("POST", r"/Microsoft\.ResourceGraph/resources$"): [graph_of(SCOPE)] * 7,
            ("POST", r"/query$"): [_regrouped(page), body, body, body],
        }
    )
    settings = load_settings(
        {
            "FINOPS_LAKE_HOME": str(tmp_path),
            "FINOPS_LAKE_NOW": "2025-09-30T12:00:00Z",
            "FINOPS_LAKE_HISTORY_MONTHS": "1",
            "FINOPS_LAKE_WORKERS": "1",
            "FINOPS_LAKE_COST_SOURCE": "query",
            "FINOPS_LAKE_RETAIL_PRICES": "false",
        }
    )
    app = App(settings)
    clients = AzureClients(settings, transport=transport, credential=StaticCredential())
    report = Refresher(settings, app._warehouse, lambda: clients).refresh(Demand())
    assert report.failures == ()
    exact = json.loads(page.content, parse_float=Decimal, parse_int=Decimal)["properties"]["rows"]
    charges = app.lake.query("select sum(billed_cost), min(charge_period_start), count(*) from marts.charges").rows
    verdicts = Counter(row[0] for row in app.lake.query("select verdict from audits.unassociated_public_ips").rows)
    stopped = app.lake.query("select verdict, reason from audits.stopped_vms").rows
    disks_found = app.lake.query("select count(*) from audits.unattached_disks where verdict = 'waste'").rows
    listed = json.loads(recorded("network/publicip_list_mixed_2022_01").content)["value"]
    unused = [ip for ip in listed if not {"ipConfiguration", "natGateway"} & set(ip["properties"])]
    app.close()
    assert charges[0][0] == sum(Decimal(row[0]) for row in exact)
    assert charges[0][1] == date(2025, 9, 1)
    assert sum(verdicts.values()) == len(unused) > 0
    assert [verdict for verdict, _ in stopped] == ["waste", "waste"]
    assert disks_found == [(3,)]
    assert verdicts == {"waste": 5, "not_applicable": 2}
