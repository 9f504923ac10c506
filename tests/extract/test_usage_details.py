"""Consumption usage details: every kind Azure has sent becomes the same line, its amounts exact."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import Settings
from finops_lake.errors import UnreachableError, UnsafeReplyError
from finops_lake.extract.usage_details import fetch, page_to_arrow
from finops_lake.source import Chunk
from tests.replay import ReplayTransport, Reply, StaticCredential, recorded

USAGE = ("GET", "/providers/Microsoft.Consumption/usageDetails$")
CHUNK = Chunk("usage_details", "/subscriptions/a", date(2026, 11, 1), "AmortizedCost")


def item(number: int = 1, **properties: Any) -> dict[str, Any]:
    values = {"date": "2026-11-02T00:00:00.0000000Z", "cost": 1.5, "billingCurrency": "EUR", **properties}
    return {
        "id": f"/x/{number}",
        "name": str(number),
        "kind": "legacy",
        "tags": {"b": "2", "a": "1"},
        "properties": values,
    }


def fetched(tmp_path, replies, chunk=CHUNK):
    transport = ReplayTransport({USAGE: replies})
    with AzureClients(Settings(home=tmp_path), transport=transport, credential=StaticCredential()) as azure:
        return fetch(azure, chunk), transport.sent


def test_a_month_is_asked_for_by_days_metric_and_page(tmp_path):
    _, (sent,) = fetched(tmp_path, [Reply(200, {"value": []})])
    assert parse_qs(urlsplit(sent.url).query) == {
        "api-version": ["2024-08-01"],
        "$top": ["1000"],
        "metric": ["amortizedcost"],
        "$expand": ["properties/meterDetails,properties/additionalInfo"],
        "$filter": ["properties/usageStart ge '2026-11-01' and properties/usageEnd le '2026-11-30'"],
    }
    assert "+" not in sent.url


def test_a_customer_agreement_is_asked_by_two_dates(tmp_path):
    scope = "/providers/microsoft.billing/billingaccounts/a:b/billingprofiles/c"
    _, (sent,) = fetched(tmp_path, [Reply(204)], Chunk("usage_details", scope, date(2026, 11, 1), "ActualCost"))
    query = parse_qs(urlsplit(sent.url).query)
    assert (query["startDate"], query["endDate"], query["metric"]) == (["2026-11-01"], ["2026-11-30"], ["actualcost"])
    assert "$filter" not in query


def test_pages_are_followed_in_our_version_with_blanks_in_their_links_encoded(tmp_path):
    link = (
        "https://management.azure.com/subscriptions/a/providers/Microsoft.Consumption/usageDetails"
        "?$filter=properties/usageEnd le '2026-11-30'&api-version=2018-01-31&$skiptoken=317C&sessiontoken=0:21"
    )
    pages = [Reply(200, {"value": [item(1)], "nextLink": link}), Reply(200, {"value": [item(2)], "nextLink": None})]
    result, (_, second) = fetched(tmp_path, pages)
    assert result.rows.num_rows == 2
    assert second.url == link.replace(" ", "%20").replace("2018-01-31", "2024-08-01")


def test_a_page_that_comes_twice_or_a_link_that_loops_loads_nothing(tmp_path):
    link = "https://management.azure.com/subscriptions/a/providers/Microsoft.Consumption/usageDetails?api-version=1&$skiptoken={}"
    same = [Reply(200, {"value": [item(1)], "nextLink": link.format(number)}) for number in range(2)]
    with pytest.raises(UnreachableError, match="same page twice"):
        fetched(tmp_path, same)
    loop = [Reply(200, {"value": [item(number)], "nextLink": link.format(1)}) for number in range(2)]
    with pytest.raises(UnsafeReplyError, match="never end"):
        fetched(tmp_path, loop)


def test_lines_of_another_month_are_not_taken_for_this_one(tmp_path):
    with pytest.raises(UnreachableError, match="2026-10-31"):
        fetched(tmp_path, [Reply(200, {"value": [item(date="2026-10-31T00:00:00Z")]})])


def test_amounts_keep_the_digits_of_the_json(tmp_path):
    properties = '"date":"2026-11-02T00:00:00Z","cost":41.712656643888759,"quantity":7E-06,"billingCurrency":"EUR"'
    body = '{"value":[{"id":"1","properties":{' + properties + "}}]}"
    result, _ = fetched(tmp_path, [Reply(200, body)])
    (line,) = result.rows.to_pylist()
    assert (line["cost_in_billing_currency"], line["quantity"]) == (Decimal("41.712656643888759"), Decimal("0.000007"))


def test_an_item_without_cost_is_named(tmp_path):
    with pytest.raises(UnreachableError, match="cost_in_billing_currency"):
        fetched(
            tmp_path, [Reply(200, {"value": [{"id": "1", "properties": {"date": "2026-11-02", "currency": "EUR"}}]})]
        )


def test_a_name_and_an_id_of_an_instance_are_told_apart():
    table, _ = page_to_arrow(
        [item(instanceId="/subscriptions/a/x", instanceName="x"), item(2, instanceName="/y")], "test"
    )
    assert table["resource_id"].to_pylist() == ["/subscriptions/a/x", "/y"]
    assert table["tags"].to_pylist() == ['{"a": "1", "b": "2"}'] * 2


RECORDED = [
    ("consumption/usagedetails_billingperiod_page", 347),
    ("consumption/usagedetails_cli_daterange_2017", 5),
    ("consumption/usagedetails_cli_expand_2018", 5),
    ("consumption/usagedetails_legacy_expand_meterdetails", 10),
    ("consumption/usagedetails_legacy_top10_2018", 10),
    ("spec_examples/consumption_UsageDetailsExpand", 1),
    ("spec_examples/consumption_UsageDetailsList", 1),
    ("spec_examples/consumption_UsageDetailsListByMCABillingProfile", 1),
    ("spec_examples/consumption_UsageDetailsListByMCACustomer", 1),
    ("spec_examples/consumption_UsageDetailsListByManagementGroup", 2),
    ("spec_examples/consumption_UsageDetailsListByMetricAmortizedCost", 1),
]


@pytest.mark.replies
@pytest.mark.parametrize(("name", "count"), RECORDED)
def test_recorded_replies_are_read_whole(name, count):
    page = json.loads(recorded(name).content, parse_float=Decimal)
    table, inexact = page_to_arrow(page["value"], name)
    assert (table.num_rows, inexact) == (count, 0)
    written = [item["properties"] for item in page["value"]]
    costs = [next(p[k] for k in ("costInBillingCurrency", "cost", "pretaxCost") if k in p) for p in written]
    assert table["cost_in_billing_currency"].to_pylist() == costs
    assert table["resource_id"].null_count == 0
    assert table["subscription_id"].null_count == 0


@pytest.mark.replies
def test_meter_details_and_additional_properties_are_columns():
    page = json.loads(recorded("consumption/usagedetails_legacy_expand_meterdetails").content, parse_float=Decimal)
    first = page_to_arrow(page["value"], "test")[0].to_pylist()[0]
    assert (first["meter_name"], first["meter_category"], first["meter_region"]) == (
        "Compute Hours",
        "Virtual Machines",
        "ukwest",
    )
    assert (first["unit_of_measure"], first["resource_location"]) == ("Hours", "ukwest")
    page = json.loads(recorded("consumption/usagedetails_billingperiod_page").content, parse_float=Decimal)
    assert '"ServiceType"' in page_to_arrow(page["value"], "test")[0].to_pylist()[0]["additional_info"]
