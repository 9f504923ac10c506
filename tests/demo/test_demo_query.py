"""Cost Management query over the wire: pages, columns, numbers, filters, refusals."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from finops_lake.demo.replies import number
from tests.demo.clients import TODAY, query_body

FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))


def scope_of(azure, place=0):
    return f"/subscriptions/{azure.subscription_ids[place]}"


def test_the_sdk_reads_columns_and_rows_in_azures_order(azure, clients):
    body = query_body(aggregations=("Cost", "CostUSD"))
    answer = clients.cost.query.usage(scope_of(azure), body)
    assert [column.name for column in answer.columns] == [
        "Cost",
        "CostUSD",
        "UsageDate",
        "ResourceId",
        "ServiceName",
        "Currency",
    ]
    assert all(20260201 <= row[2] <= 20260228 and row[-1] == "EUR" for row in answer.rows)


@pytest.mark.parametrize("kind", ["ActualCost", "AmortizedCost"])
def test_totals_over_the_wire_equal_the_ledger_to_the_last_digit(azure, clients, kind):
    sums: dict[tuple[str, str], Decimal] = {}
    for subscription_id in azure.subscription_ids:
        for month in azure.ledger.months():
            body = query_body(month, kind=kind)
            for row in clients.query_rows(f"/subscriptions/{subscription_id}", body, top=5000):
                key = (subscription_id, row["Currency"])
                sums[key] = sums.get(key, Decimal(0)) + row["Cost"]
    assert sums == azure.truth.totals(metric=kind)


def test_actual_and_amortized_cost_differ_by_purchases_and_unused_reservations(azure, clients):
    kinds = {
        kind: {
            row["ChargeType"]
            for row in clients.query_rows(scope_of(azure), query_body(groupings=("ChargeType",), kind=kind))
        }
        for kind in ("ActualCost", "AmortizedCost", "Usage")
    }
    assert {"Purchase", "Refund", "RoundingAdjustment"} <= kinds["ActualCost"]
    assert "UnusedReservation" in kinds["AmortizedCost"] - kinds["ActualCost"]
    assert kinds["Usage"] == {"Usage"}


def test_next_links_are_ours_keep_top_and_the_api_version_and_take_post_only(azure, clients):
    body = query_body()
    first = clients.query_page(scope_of(azure), body, top=100).json()["properties"]
    link = first["nextLink"]
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == azure.endpoint
    asked = parse_qs(parts.query)
    assert asked["$top"] == ["100"]
    assert asked["api-version"] == ["2025-03-01"]
    assert clients.send("GET", link).status_code == 405
    second = clients.send("POST", link, json=body).json()["properties"]
    assert second["rows"] != first["rows"]
    assert len(second["rows"]) == 100


def test_pages_are_cut_in_the_middle_of_a_day(azure, clients):
    body = query_body()
    first = clients.query_page(scope_of(azure), body, top=37).json()["properties"]
    second = clients.send("POST", first["nextLink"], json=body).json()["properties"]
    day = [column["name"] for column in first["columns"]].index("UsageDate")
    assert first["rows"][-1][day] == second["rows"][0][day]


def test_the_last_pages_next_link_is_null(azure, clients):
    body = query_body(granularity=None)
    properties = clients.query_page(scope_of(azure), body).json()["properties"]
    assert "nextLink" in properties
    assert properties["nextLink"] is None


@pytest.mark.parametrize(("fault", "expected"), [("missing_next_link", {}), ("blank_next_link", {"nextLink": ""})])
def test_the_last_pages_next_link_may_also_be_missing_or_blank(azure, clients, fault, expected):
    azure.faults.add(fault)
    properties = clients.query_page(scope_of(azure), query_body(granularity=None)).json()["properties"]
    assert {name: value for name, value in properties.items() if name == "nextLink"} == expected


def test_a_skip_token_belongs_to_one_question(azure, clients):
    link = clients.query_page(scope_of(azure), query_body(), top=50).json()["properties"]["nextLink"]
    other = clients.send("POST", link, json=query_body(kind="AmortizedCost"))
    assert other.status_code == 400
    assert "skip token" in other.json()["error"]["message"]


def test_pages_have_1000_rows_unless_asked_and_at_most_5000(azure, clients):
    body = query_body()
    assert len(clients.query_page(scope_of(azure), body).json()["properties"]["rows"]) == 1000
    refused = clients.query_page(scope_of(azure), body, top=5001)
    assert refused.status_code == 400


def test_the_bodys_id_has_no_leading_slash_and_location_sku_and_etag_are_null(azure, clients):
    body = clients.query_page(scope_of(azure), query_body()).json()
    assert body["id"].startswith("subscriptions/")
    assert (body["location"], body["sku"], body["eTag"]) == (None, None, None)


def test_ids_of_cost_rows_are_lower_case_and_empty_where_there_is_no_resource(azure, clients):
    rows = clients.query_rows(scope_of(azure), query_body())
    assert {row["ResourceId"] for row in rows} >= {""}
    assert all(row["ResourceId"] == row["ResourceId"].lower() for row in rows)


def test_one_column_mixes_whole_numbers_floats_and_exponents(azure, clients):
    text = clients.query_page(scope_of(azure), query_body(), top=5000).text()
    amounts = re.findall(r"\[(-?[0-9][^,]*),2026", text)
    assert any(amount.isdigit() for amount in amounts)
    assert any(re.fullmatch(r"\d+\.\d{8,}", amount) for amount in amounts)
    assert any(re.fullmatch(r"\d(\.\d+)?E-\d\d", amount) for amount in amounts)


def test_refunds_are_negative_rows(azure, clients):
    refunds = [
        row
        for row in clients.query_rows(scope_of(azure), query_body(groupings=("ChargeType",)))
        if row["ChargeType"] == "Refund"
    ]
    assert refunds
    assert all(row["Cost"] < 0 for row in refunds)


def test_two_rows_of_a_day_may_differ_only_in_currency(azure, clients):
    rows = clients.query_rows(scope_of(azure, 1), query_body(groupings=("ResourceId", "ServiceName")), top=5000)
    seen: dict[tuple[object, ...], set[str]] = {}
    for row in rows:
        seen.setdefault((row["UsageDate"], row["ResourceId"], row["ServiceName"]), set()).add(row["Currency"])
    assert {"EUR", "USD"} in seen.values()


def test_the_period_is_inclusive_by_day(azure, clients):
    rows = clients.query_rows(scope_of(azure), query_body(*FEBRUARY, groupings=()))
    assert [int(row["UsageDate"]) for row in rows] == list(range(20260201, 20260229))


def test_monthly_rows_carry_a_billing_month_without_zone(azure, clients):
    rows = clients.query_rows(
        scope_of(azure), query_body(date(2026, 1, 1), FEBRUARY[1], ("ServiceName",), granularity="Monthly")
    )
    assert {row["BillingMonth"] for row in rows} == {"2026-01-01T00:00:00", "2026-02-01T00:00:00"}


def test_without_aggregation_there_are_only_days_and_currencies(azure, clients):
    answer = clients.query_page(scope_of(azure), query_body(groupings=(), aggregations=())).json()["properties"]
    assert [column["name"] for column in answer["columns"]] == ["UsageDate", "Currency"]
    assert answer["rows"][0] == [20260201, "EUR"]


def test_tag_groupings_tell_untagged_resources_from_charges_without_one(azure, clients):
    body = query_body(groupings=(), granularity=None)
    body["dataset"]["grouping"] = [{"type": "TagKey", "name": "env"}]
    rows = clients.query_rows(scope_of(azure), body)
    assert {row["TagKey"] for row in rows} == {"env"}
    assert {"", None} <= {row["TagValue"] for row in rows}


def test_filters_by_dimension_and_tag_are_exact_sums_of_the_ledger(azure, clients):
    group = next(azure.world.estate.groups_of(azure.subscription_ids[0])).name
    body = query_body(groupings=(), granularity=None)
    body["dataset"]["filter"] = {
        "and": [
            {"dimensions": {"name": "ResourceGroup", "operator": "In", "values": [group.upper()]}},
            {"not": {"dimensions": {"name": "ServiceName", "operator": "In", "values": ["Bandwidth"]}}},
        ]
    }
    [row] = clients.query_rows(scope_of(azure), body)
    expected = azure.ledger.totals(
        ("resource_group",), "ActualCost", *FEBRUARY, where=lambda charge: charge.line.service_name != "Bandwidth"
    )
    assert row["Cost"] == expected[(group.lower(),)]


@pytest.mark.parametrize(
    ("wanted", "test"),
    [
        ({"tags": {"name": "ENV", "operator": "In", "values": ["PROD"]}}, lambda line: line.tags.get("env") == "prod"),
        (
            {"or": [{"dimension": {"name": "ChargeType", "operator": "In", "values": ["refund"]}}]},
            lambda line: line.charge_type == "Refund",
        ),
        (
            {"tag": {"name": "app", "operator": "In", "values": ["shop", "erp"]}},
            lambda line: line.tags.get("app") in ("shop", "erp"),
        ),
    ],
)
def test_filters_compare_in_any_case_and_take_the_old_names_too(azure, clients, wanted, test):
    body = query_body(date(2026, 1, 1), FEBRUARY[1], ("SubscriptionId",), granularity=None, filter=wanted)
    sums = {}
    for place in range(3):
        for row in clients.query_rows(scope_of(azure, place), body):
            sums[(row["SubscriptionId"], row["Currency"])] = row["Cost"]
    expected = azure.ledger.totals(first=date(2026, 1, 1), last=FEBRUARY[1], where=lambda charge: test(charge.line))
    assert sums
    assert sums == expected


def test_other_scopes_than_subscriptions_and_groups_are_denied(azure, clients):
    answer = clients.query_page("/providers/Microsoft.Management/managementGroups/root", query_body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_a_resource_groups_scope_has_its_own_charges_only(azure, clients):
    group = next(azure.world.estate.groups_of(azure.subscription_ids[0])).name
    rows = clients.query_rows(
        f"{scope_of(azure)}/resourceGroups/{group.upper()}", query_body(groupings=("ResourceGroupName",))
    )
    assert {row["ResourceGroupName"] for row in rows} == {group.lower()}


def test_dollars_and_quantities_are_exact_too(azure, clients):
    body = query_body(groupings=("MeterCategory",), granularity=None, aggregations=("CostUSD", "UsageQuantity"))
    rows = clients.query_rows(scope_of(azure, 1), body)
    dollars = azure.ledger.totals(("subscription_id",), "ActualCost", *FEBRUARY, usd=True)
    assert sum(row["CostUSD"] for row in rows) == dollars[(azure.subscription_ids[1],)]
    assert all(row["UsageQuantity"] >= 0 for row in rows)


def test_future_days_have_no_rows_but_columns(azure, clients):
    answer = clients.query_page(scope_of(azure), query_body(date(2027, 1, 1))).json()["properties"]
    assert answer["rows"] == []
    assert len(answer["columns"]) == 5


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (query_body(date(2025, 1, 1), date(2026, 2, 1)), "cannot exceed 1 year"),
        (query_body(aggregations=("Cost", "CostUSD", "UsageQuantity")), "aggregation"),
        (query_body(groupings=("ResourceId", "ServiceName", "ChargeType")), "grouping"),
        (query_body(groupings=("Colour",)), "valid values"),
        (query_body(date(2026, 2, 5), date(2026, 2, 1)), "from date"),
        (query_body(granularity="Hourly"), "granularity"),
        (query_body(aggregations=("Love",)), "valid values"),
        (query_body(filter={"nearly": {}}), "Invalid filter"),
        (query_body(filter={"dimensions": {"name": "Colour", "operator": "In", "values": []}}), "valid values"),
        (query_body(filter={"dimensions": {"name": "ChargeType", "operator": "Like", "values": []}}), "operator"),
        ({**query_body(), "timeframe": "Someday"}, "timeframe"),
        ({**query_body(), "timePeriod": None}, "time period"),
        ({"type": "Poetry", "timeframe": "Custom", "dataset": {}}, "type"),
    ],
)
def test_bad_questions_get_azures_400(azure, clients, body, words):
    with pytest.raises(HttpResponseError) as caught:
        clients.cost.query.usage(scope_of(azure), body)
    assert caught.value.status_code == 400
    assert caught.value.error.code == "BadRequest"
    assert words in caught.value.error.message


@pytest.mark.parametrize(
    ("timeframe", "first", "last"),
    [("MonthToDate", 20260301, 20260315), ("TheLastMonth", 20260201, 20260228), ("WeekToDate", 20260315, 20260315)],
)
def test_named_time_frames_follow_the_simulators_day(azure, clients, timeframe, first, last):
    assert date(2026, 3, 15) == TODAY
    body = {**query_body(groupings=()), "timeframe": timeframe}
    days = [int(row["UsageDate"]) for row in clients.query_rows(scope_of(azure), body)]
    assert (days[0], days[-1]) == (first, last)


def test_every_reply_carries_request_ids_and_remaining_calls(azure, clients):
    request = HttpRequest("GET", "/subscriptions?api-version=2022-12-01", headers={"x-ms-client-request-id": "abc"})
    listed = clients.cost.send_request(request)
    assert listed.headers["x-ms-request-id"] == listed.headers["x-ms-correlation-request-id"]
    assert listed.headers["x-ms-client-request-id"] == "abc"
    assert int(listed.headers["x-ms-ratelimit-remaining-tenant-reads"]) > 0
    answered = clients.query_page(scope_of(azure), query_body())
    assert answered.headers["x-ms-request-id"] != listed.headers["x-ms-request-id"]
    assert int(answered.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0
    refused = clients.send("GET", "/nothing")
    assert refused.headers["x-ms-request-id"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("12.500", "12.5"),
        ("100", "100"),
        ("0.0001", "0.0001"),
        ("0.00001", "1E-05"),
        ("-0.0000071", "-7.1E-06"),
        ("0.123456789012345678901234567", "0.123456789012345678901234567"),
        ("1E+3", "1000"),
    ],
)
def test_amounts_are_printed_as_dotnet_prints_them(amount, text):
    assert number(Decimal(amount)) == text
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == Decimal(amount)
