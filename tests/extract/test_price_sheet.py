"""Price sheets of Enterprise Agreements: asked for only where switched on, of one subscription, once in 30 days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import InputError, Outcome, UnreachableError, UnsafeReplyError
from finops_lake.extract.arrow import billing_month
from finops_lake.extract.price_sheet import SOURCE, fetch
from finops_lake.planner.due import Demand
from finops_lake.planner.planning import check_tables, plan_ahead
from finops_lake.source import Chunk
from tests.conftest import TODAY, set_sign_in, settings_for
from tests.replay import ReplayTransport, Reply, StaticCredential, recorded

SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000000"
PATH = "/providers/Microsoft.Consumption/pricesheets/default"
PRICE = {
    "billingPeriodId": f"{SCOPE}/providers/Microsoft.Billing/billingPeriods/202611",
    "meterId": "BACDDD36",
    "meterDetails": {"meterName": "D2s v5", "meterCategory": "Virtual Machines", "meterLocation": "EU West"},
    "unitOfMeasure": "100 Hours",
    "includedQuantity": 0.0,
    "partNumber": "AAA-1",
    "unitPrice": 0.1,
    "currencyCode": "EUR",
    "offerId": "MS-AZR-0017P",
}


def page(*prices: dict[str, Any], link: str | None = None) -> Reply:
    return Reply(200, {"properties": {"nextLink": link, "download": None, "pricesheets": list(prices)}})


def ask(*replies: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    transport = ReplayTransport({("GET", f"{PATH}$"): list(replies)})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused", "FINOPS_LAKE_MAX_RETRIES": "0"})
    with AzureClients(settings, transport=transport, credential=StaticCredential(), sleep=lambda _: None) as azure:
        rows = fetch(azure, Chunk(SOURCE.table, SCOPE)).rows
    assert rows.schema.equals(SOURCE.schema)
    return rows.to_pylist(), transport.sent


def test_each_page_is_read_with_its_meters() -> None:
    link = f"https://management.azure.com{SCOPE}{PATH}?$top=1000&$skiptoken=AQ%3D%3D&api-version=2018-01-31"
    rows, sent = ask(page(PRICE, link=link), page({**PRICE, "partNumber": "AAA-2", "unitPrice": 10}))
    assert [(row["part_number"], row["unit_price"]) for row in rows] == [
        ("AAA-1", Decimal("0.1")),
        ("AAA-2", Decimal(10)),
    ]
    assert (rows[0]["billing_month"], rows[0]["meter_name"], rows[0]["meter_region"]) == (
        date(2026, 11, 1),
        "D2s v5",
        "EU West",
    )
    assert "$expand=properties%2FmeterDetails" in sent[0].url
    assert "api-version=2024-08-01" in sent[1].url


@pytest.mark.replies
def test_a_recorded_page() -> None:
    rows, _ = ask(recorded("consumption/pricesheet_top1"), page())
    assert [(row["billing_month"], row["unit_of_measure"], row["currency"]) for row in rows] == [
        (date(2018, 2, 1), "10 Hours", "USD")
    ]
    assert rows[0]["unit_price"] == 0


def test_a_page_that_is_repeated_loads_nothing() -> None:
    link = f"https://management.azure.com{SCOPE}{PATH}?$skiptoken="
    with pytest.raises(UnreachableError, match="twice"):
        ask(page(PRICE, link=f"{link}1"), page(PRICE, link=f"{link}2"))


def test_a_next_page_elsewhere_is_not_followed() -> None:
    with pytest.raises(UnsafeReplyError, match=r"evil\.example"):
        ask(page(PRICE, link=f"https://evil.example{SCOPE}{PATH}?$skiptoken=1"))


@pytest.mark.parametrize("body", [{}, {"properties": None}, {"properties": {"pricesheets": ["x"]}}, "<html></html>"])
def test_what_is_no_sheet_is_no_empty_one(body: Any) -> None:
    with pytest.raises(UnreachableError):
        ask(Reply(200, body))


@pytest.mark.parametrize(
    ("period", "month"),
    [
        ("a/billingPeriods/20180201", date(2018, 2, 1)),
        ("a/billingPeriods/202611-1/", date(2026, 11, 1)),
        ("a/billingPeriods/202613", None),
        (None, None),
    ],
)
def test_the_month_of_a_billing_period(period: str | None, month: date | None) -> None:
    assert billing_month(period) == month


def asked_of(azure: LocalAzure) -> set[str]:
    return {one.path.split("/")[2] for one in azure.requests if one.operation == "price_sheet"}


def test_it_is_asked_for_where_switched_on_once_in_thirty_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalAzure(today=TODAY, subscriptions=3, resources=2, days=5) as azure:
        azure.world.usage_page_size = 100
        set_sign_in(monkeypatch, azure)
        quiet = App(settings_for(azure, tmp_path / "off", FINOPS_LAKE_HISTORY_MONTHS="1"))
        quiet.refresher().refresh(Demand())
        assert asked_of(azure) == set()
        with pytest.raises(InputError, match="FINOPS_LAKE_PRICE_SHEET=true"):
            check_tables(quiet.settings, ["price_sheet"], "tables")
        quiet.close()
        settings = settings_for(azure, tmp_path, FINOPS_LAKE_PRICE_SHEET="true", FINOPS_LAKE_HISTORY_MONTHS="1")
        app = App(settings)
        app.refresher().refresh(Demand(tables=frozenset({"subscriptions"})))
        planned = plan_ahead(app.settings, lambda sql: app.lake.query(sql).rows, app.journal, Demand())
        assert "price_sheet" in repr(planned)
        app.refresher().refresh(Demand())
        agreed = app.lake.query(
            "select subscription_id from staging.subscriptions where quota_id like 'EnterpriseAgreement%' order by 1"
        ).rows
        assert asked_of(azure) == {agreed[0][0]}
        held = app.lake.query(
            "select count(*), count(distinct (meter_id, part_number)), min(price_month), max(price_month)"
            " from staging.price_sheet"
        ).rows
        assert held == [(held[0][0], held[0][0], TODAY.replace(day=1), TODAY.replace(day=1))]
        assert held[0][0] > 100, "it takes more than one page"
        before = len(azure.requests)
        app.refresher().refresh(Demand(tables=frozenset({"price_sheet"})))
        assert not any(one.operation == "price_sheet" for one in azure.requests[before:])
        app.close()
        assert azure.crashes == []


def test_a_refused_sheet_is_recorded_and_prices_come_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalAzure(today=TODAY, subscriptions=1, resources=2, days=5) as azure:
        set_sign_in(monkeypatch, azure)
        azure.faults.add("denied", operation="price_sheet", times=None)
        app = App(settings_for(azure, tmp_path, FINOPS_LAKE_PRICE_SHEET="true", FINOPS_LAKE_HISTORY_MONTHS="1"))
        report = app.refresher().refresh(Demand())
        (refused,) = [one for one in report.results if one.chunk.table == "price_sheet"]
        assert refused.outcome is Outcome.DENIED
        assert refused.next_step
        assert app.lake.query("select count(*) from staging.price_sheet").rows == [(0,)]
        app.close()


def test_resources_without_a_bill_are_priced_by_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the local Azure's sheet they cost what they cost by its retail prices, and the confidence is higher."""
    found = {}
    with LocalAzure(today=TODAY, subscriptions=1, resources=6, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        azure.faults.add("denied", operation=("query", "create_report", "usage_details"), times=None)
        for sheet in ("false", "true"):
            app = App(settings_for(azure, tmp_path / sheet, FINOPS_LAKE_PRICE_SHEET=sheet))
            app.refresher().refresh(Demand())
            answer_audit(app.lake, AuditQuestion())
            found[sheet] = app.lake.query(
                "select resource_id, monthly_price, price_source, price_confidence from marts.resource_prices"
                " where monthly_price is not null order by all"
            ).rows
            app.close()
    retail, sheet_rows = ({row[0]: row for row in found[one]} for one in ("false", "true"))
    assert {row[2] for row in retail.values()} == {"retail_price"}
    by_sheet = {name: row for name, row in sheet_rows.items() if row[2] == "price_sheet"}
    assert len(by_sheet) > 3
    assert {row[3] for row in by_sheet.values()} == {"medium"}
    for name, row in by_sheet.items():
        assert abs(row[1] - retail[name][1]) < Decimal("0.01"), name
