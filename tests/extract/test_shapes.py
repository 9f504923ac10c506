"""Extraction from replies made after Azure's shapes: every path that the recordings cover, without them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_lake.azure_api.clients import AzureClients, QueryPage
from finops_lake.config import load_settings
from finops_lake.errors import AccessDeniedError, UnreachableError
from finops_lake.extract import budgets, cost_daily, disks, public_ips, resource_groups, resources, virtual_machines
from finops_lake.extract.arrow import amount, amounts, as_json, instant, pick
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.extract.cost_query import page_to_arrow, query_body
from finops_lake.extract.scopes import normal_scope, subscription_of
from finops_lake.source import Chunk, Fetched
from tests.replay import ReplayTransport, Reply, StaticCredential

SCOPE = "/subscriptions/00000000-0000-0000-0000-0000000000aa"
GROUP = f"{SCOPE}/resourceGroups/APP"


def fetch(module: Any, replies: dict[tuple[str, str], list[Any]], **chunk: Any) -> Fetched:
    settings = load_settings({"FINOPS_LAKE_HOME": "unused", "FINOPS_LAKE_MAX_RETRIES": "0"})
    transport = ReplayTransport(replies)
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        fetched: Fetched = module.fetch(azure, Chunk(module.SOURCE.table, SCOPE, **chunk))
    assert decoded(fetched.rows.schema).equals(module.SOURCE.schema)
    return fetched


def decoded(schema: pa.Schema) -> pa.Schema:
    """Return the schema with texts as text, of which each may be held once."""
    is_encoded = pa.types.is_dictionary
    return pa.schema([one.with_type(one.type.value_type) if is_encoded(one.type) else one for one in schema])


def page(columns: list[str], rows: list[list[Any]], link: str | None = None) -> Reply:
    properties = {"nextLink": link, "columns": [{"name": name} for name in columns], "rows": rows}
    return Reply(200, {"id": "subscriptions/x", "properties": properties})


COLUMNS = ["CostUSD", "Cost", "UsageDate", "ServiceName", "ResourceId", "Currency"]


def test_cost_is_mapped_by_column_name_and_refunds_are_kept() -> None:
    rows = [
        [1, 2.5, 20261101, "Storage", f"{SCOPE}/resourcegroups/app/x", "EUR"],
        [-3.25, -4, 20261102, "Virtual Machines", "", "USD"],
        [7e-06, 0, 20261102, None, "", "EUR"],
    ]
    link = (
        f"https://management.azure.com{SCOPE}/providers/Microsoft.CostManagement/query?api-version=x&$skiptoken=AQ%3D"
    )
    replies = {("POST", r"/query$"): [page(COLUMNS, rows[:2], link), page(COLUMNS, rows[2:], "")]}
    fetched = fetch(cost_daily, replies, month=date(2026, 11, 1), metric="ActualCost")
    assert fetched.rows.to_pylist() == [
        {
            "usage_date": date(2026, 11, int(str(row[2])[-2:])),
            "subscription_id": None,
            "resource_id": row[4],
            "service_name": row[3],
            "currency": row[5],
            "cost": Decimal(str(row[1])),
            "cost_usd": Decimal(str(row[0])),
        }
        for row in rows
    ]


def test_no_rows_are_an_empty_table() -> None:
    month = {"month": date(2026, 11, 1), "metric": "ActualCost"}
    assert fetch(cost_daily, {("POST", r"/query$"): [page(COLUMNS, [])]}, **month).rows.num_rows == 0
    assert fetch(cost_daily, {("POST", r"/query$"): [Reply(204)]}, **month).rows.num_rows == 0


def test_a_reply_without_an_expected_column_is_refused() -> None:
    with pytest.raises(UnreachableError, match="no column ResourceId; it has Cost"):
        page_to_arrow(QueryPage(("Cost",), ((),)), cost_daily.SOURCE.schema, {"ResourceId": "resource_id"})


@pytest.mark.parametrize(("column", "value"), [("UsageDate", "yesterday"), ("Cost", "a lot"), ("CostUSD", "NaN")])
def test_a_value_that_cannot_be_read_fails_its_chunk_alone_with_a_clear_reason(column: str, value: str) -> None:
    row = {"CostUSD": 1, "Cost": 1, "UsageDate": 20261101, "ServiceName": "x", "ResourceId": "", "Currency": "EUR"}
    reply = page(COLUMNS, [list((row | {column: value}).values())])
    with pytest.raises(UnreachableError, match=f"{column} that cannot be read|where an amount belongs"):
        fetch(cost_daily, {("POST", r"/query$"): [reply]}, month=date(2026, 11, 1), metric="ActualCost")


def test_a_listing_with_a_value_of_another_kind_is_our_error() -> None:
    disk = {"id": "x", "name": "d", "properties": {"diskSizeGB": "large"}}
    with pytest.raises(UnreachableError, match=r"properties.diskSizeGB that cannot be read"):
        fetch(disks, {("GET", r"/disks$"): [Reply(200, {"value": [disk]})]})


def test_query_asks_for_one_month_with_two_groupings_and_two_sums() -> None:
    body = query_body(
        Chunk("cost_daily", SCOPE, date(2024, 2, 1), "AmortizedCost"), "Daily", ("ResourceId", "ServiceName")
    )
    assert body["type"] == "AmortizedCost"
    assert body["timePeriod"] == {"from": "2024-02-01T00:00:00Z", "to": "2024-02-29T23:59:59Z"}
    assert len(body["dataset"]["grouping"]) == len(body["dataset"]["aggregation"]) == 2
    with pytest.raises(ValueError, match="no month"):
        query_body(Chunk("cost_daily", SCOPE), None, ())


def test_disk_keys_that_are_absent_are_null() -> None:
    disk = {
        "id": f"{GROUP}/providers/Microsoft.Compute/disks/D",
        "name": "D",
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "properties": {
            "diskState": "Unattached",
            "timeCreated": "2026-01-02T03:04:05.1234567+00:00",
            "LastOwnershipUpdateTime": "2026-03-01T00:00:00Z",
            "diskSizeGB": 128,
            "creationData": {"createOption": "Empty"},
        },
        "tags": {"b": "2", "a": "1"},
    }
    (row,) = fetch(disks, {("GET", r"/disks$"): [Reply(200, {"value": [disk]})]}).rows.to_pylist()
    assert row["managed_by"] is row["managed_by_extended"] is row["tier"] is row["zones"] is None
    assert row["last_ownership_update_time"] == datetime(2026, 3, 1, tzinfo=UTC)
    assert row["time_created"].microsecond == 123456
    assert row["tags"] == '{"a": "1", "b": "2"}'


def test_public_ip_of_a_nat_gateway_is_in_use() -> None:
    ips = [
        {"id": f"{GROUP}/ip/a", "name": "a", "properties": {"natGateway": {"id": "/nat"}}},
        {"id": f"{GROUP}/ip/b", "name": "b", "sku": {"name": "Basic"}, "properties": {"ipConfiguration": {"id": "/c"}}},
    ]
    rows = fetch(public_ips, {("GET", r"/publicIPAddresses$"): [Reply(200, {"value": ips})]}).rows.to_pylist()
    assert [(row["nat_gateway_id"], row["ip_configuration_id"]) for row in rows] == [("/nat", None), (None, "/c")]


def _machine(name: str, *codes: str) -> dict[str, Any]:
    statuses = [{"code": code, "time": "2026-05-06T07:08:09.123Z"} for code in codes]
    return {"id": f"{GROUP}/vm/{name}", "name": name, "properties": {"instanceView": {"statuses": statuses}}}


def test_power_states_are_joined_by_id_whatever_its_case_and_order() -> None:
    full = [{"id": f"{GROUP}/vm/{name}", "name": name, "properties": {"licenseType": "None"}} for name in "ABC"]
    states = [
        _machine("A", "PowerState/Running", "ProvisioningState/succeeded"),
        _machine("B", "ProvisioningState/succeeded"),
        _machine("C", "ProvisioningState/succeeded", "powerstate/deallocated"),
    ]
    for state in states:
        state["id"] = state["id"].lower()
    path = ("GET", r"/virtualMachines$")
    fetched = fetch(virtual_machines, {path: [Reply(200, {"value": full}), Reply(200, {"value": states})]})
    rows = fetched.rows.to_pylist()
    assert [row["power_state"] for row in rows] == ["running", None, "deallocated"]
    assert rows[0]["power_state_since"] == datetime(2026, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
    assert fetched.complete


def test_no_machines_cost_one_call() -> None:
    fetched = fetch(virtual_machines, {("GET", r"/virtualMachines$"): [Reply(200, {"value": []})]})
    assert fetched.rows.num_rows == 0


def test_machines_without_the_status_listing_are_incomplete() -> None:
    full = [{"id": f"{GROUP}/vm/A", "name": "A"}]
    path = ("GET", r"/virtualMachines$")
    fetched = fetch(virtual_machines, {path: [Reply(200, {"value": full}), Reply(503, "busy")]})
    assert not fetched.complete
    assert "No power states" in str(fetched.reason)


def test_budget_notifications_keep_thresholds_and_drop_people() -> None:
    budget = {
        "id": "subscriptions/x/providers/Microsoft.Consumption/budgets/b",
        "name": "b",
        "properties": {
            "amount": 100.1,
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": "2026-01-01T00:00:00Z"},
            "category": "Cost",
            "currentSpend": None,
            "notifications": {
                "n": {
                    "enabled": True,
                    "operator": "GreaterThan",
                    "threshold": 80.0,
                    "contactEmails": ["somebody@example.com"],
                    "thresholdType": "Forecasted",
                },
                "odd": "string",
            },
        },
    }
    (row,) = fetch(budgets, {("GET", r"/budgets$"): [Reply(200, {"value": [budget]})]}).rows.to_pylist()
    assert row["amount"] == Decimal("100.1")
    assert row["current_spend_amount"] is row["forecast_spend_amount"] is row["filter"] is None
    assert "example.com" not in row["notifications"]
    assert "Forecasted" in row["notifications"]
    assert row["period_start_date"] == date(2026, 1, 1)


def test_an_old_budget_filter_is_a_filter() -> None:
    old = {"id": "x", "name": "b", "properties": {"amount": 1, "filters": {"resourceGroups": ["a"]}}}
    (row,) = fetch(budgets, {("GET", r"/budgets$"): [Reply(200, {"value": [old]})]}).rows.to_pylist()
    assert row["filter"] == '{"resourceGroups": ["a"]}'


def test_resources_and_groups_keep_tags_and_managers() -> None:
    group = {"id": GROUP, "name": "APP", "location": "westeurope", "managedBy": "/x", "tags": {"k": "v"}}
    (row,) = fetch(resource_groups, {("GET", r"/resourcegroups$"): [Reply(200, {"value": [group]})]}).rows.to_pylist()
    assert (row["managed_by"], row["tags"]) == ("/x", '{"k": "v"}')
    item = {"id": f"{GROUP}/r", "name": "r", "type": "T", "createdTime": "2026-01-01T00:00:00Z", "tags": {}}
    (row,) = fetch(resources, {("GET", r"/resources$"): [Reply(200, {"value": [item]})]}).rows.to_pylist()
    assert (row["tags"], row["created_at"]) == (None, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_denied_listing_is_our_error() -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "no"}}
    with pytest.raises(AccessDeniedError):
        fetch(disks, {("GET", r"/disks$"): [Reply(403, body)]})


@given(st.lists(st.decimals(min_value=-(10**13), max_value=10**13, places=24)))
def test_amounts_keep_every_digit(values: list[Decimal]) -> None:
    array, inexact = amounts([str(value) for value in values])
    assert array.to_pylist() == values
    assert inexact == 0


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e13, max_value=1e13))
def test_amounts_of_any_float_differ_by_less_than_the_smallest_unit(value: float) -> None:
    array, inexact = amounts([repr(value)])
    exact = Decimal(repr(value))
    assert abs(array[0].as_py() - exact) <= Decimal("5e-25")
    assert inexact == (array[0].as_py() != exact)


def test_amounts_that_are_no_numbers_are_refused() -> None:
    assert amount(None) is amount("") is None
    with pytest.raises(UnreachableError, match="'NaN' where an amount belongs"):
        amount("NaN")


def test_instants_of_every_style_are_utc() -> None:
    assert instant("2026-01-02T03:04:05.1234567+02:00") == datetime(2026, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)
    assert instant("2026-01-02") == instant(datetime(2026, 1, 2, tzinfo=UTC)) == datetime(2026, 1, 2, tzinfo=UTC)
    assert instant("") is None


def test_pick_finds_keys_in_any_case_and_none_for_absent_steps() -> None:
    assert pick({"A": {"b": 1}}, "a.B") == 1
    assert pick({"a": None}, "a.b") is None
    assert pick({"a": "text"}, "a.b") is None


def test_json_text_is_stable_and_empty_is_null() -> None:
    assert as_json({"b": "ü", "a": 1}) == '{"a": 1, "b": "ü"}'
    assert as_json({}) is as_json([]) is None


def test_scopes_are_normal() -> None:
    assert normal_scope("subscriptions/ABC/") == "/subscriptions/abc"
    assert normal_scope("/") == "/"
    assert subscription_of("/subscriptions/abc/resourcegroups/x") == "abc"


def test_every_source_describes_every_column() -> None:
    assert [source.table for source in SOURCES[: len(EXTRACTORS)]] == list(EXTRACTORS)
    for source in SOURCES:
        assert list(source.columns) == source.schema.names
        assert set(source.key) <= set(source.schema.names)
        read_each_time = source.table in ("business_figures", "exchange_rates")  # files, as old as they are
        by_the_month = source.table == "price_sheet"
        longest = 3650 if read_each_time else 30 if by_the_month else 7
        assert timedelta(minutes=30) <= source.max_age <= timedelta(days=longest)
        assert source.monthly or not source.metrics
        if source.table != "resource_metrics":  # how much something is used, as Azure Monitor measures it
            assert all(not pa.types.is_floating(field.type) for field in source.schema), "money is never a float"
