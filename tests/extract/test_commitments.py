"""Reservations, savings plans, how they are used and which to buy: recorded replies, and the local Azure."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.extract.catalog import EXTRACTORS
from finops_lake.planner.due import Demand
from finops_lake.source import Chunk
from tests.conftest import TODAY, set_sign_in, settings_for
from tests.replay import ReplayTransport, Reply, StaticCredential, recorded

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
ACCOUNT = "/providers/microsoft.billing/billingaccounts/123456"
PROFILE = f"{ACCOUNT}/billingprofiles/6420"
EMPTY = Reply(200, {"value": []})


def fetch(table: str, chunk: Chunk, *replies: Reply) -> tuple[list[dict[str, Any]], list[str]]:
    transport = ReplayTransport({("GET", "."): list(replies)})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        rows = EXTRACTORS[table].fetch(azure, chunk).rows
    assert rows.schema.equals(EXTRACTORS[table].source.schema)
    assert transport.left == 0
    return rows.to_pylist(), [sent.url for sent in transport.sent]


def without_link(name: str) -> Reply:
    """Return a recorded page as the last one."""
    body = json.loads(recorded(name).content, parse_float=Decimal)
    body.pop("nextLink", None)
    return Reply(200, json.dumps(body, default=str))


@pytest.mark.replies
def test_recorded_orders_and_reservations() -> None:
    orders, _ = fetch(
        "reservation_orders", Chunk("reservation_orders", "/"), recorded("reservations/reservation_orders_list")
    )
    assert all(row["term"] == "P1Y" and row["expiry_date"] for row in orders[:4])
    (one,), _ = fetch("reservations", Chunk("reservations", "/"), recorded("reservations/reservations_in_order"))
    assert (one["sku_name"], one["quantity"], one["applied_scope_type"]) == ("Standard_F1", 2, "Single")
    assert one["utilization_30d"] is None, "old replies have no utilisation: unknown, not 0"
    assert one["expiry_date"] == date(2020, 4, 25)


@pytest.mark.replies
@pytest.mark.parametrize("name", ["reservation_summaries_daily", "reservation_summaries_monthly"])
def test_recorded_summaries(name: str) -> None:
    chunk = Chunk("reservation_summaries", ACCOUNT, date(2017, 10, 1), "Daily")
    rows, (url,) = fetch("reservation_summaries", chunk, without_link(f"consumption/{name}"))
    assert all(row["reserved_hours"] >= row["used_hours"] > 0 for row in rows)
    assert "grain=daily" in url
    assert "2017-10-01" in url
    assert "2017-10-31" in url


@pytest.mark.replies
def test_recorded_details_name_the_resource() -> None:
    chunk = Chunk("reservation_details", ACCOUNT, date(2017, 10, 1), "Daily")
    rows, _ = fetch("reservation_details", chunk, without_link("consumption/reservation_details"))
    assert all("/virtualmachines/" in row["resource_id"] for row in rows)


@pytest.mark.replies
@pytest.mark.parametrize(
    ("scope", "name", "currency", "wanted"),
    [
        (SUBSCRIPTION, "consumption_ReservationRecommendationsBySubscription", None, "Single"),
        (PROFILE, "consumption_ReservationRecommendationsByBillingProfile", "USD", "Shared"),
    ],
)
def test_both_shapes_of_recommendations_give_amounts(scope: str, name: str, currency: str | None, wanted: str) -> None:
    chunk = Chunk("reservation_recommendations", scope)
    rows, urls = fetch(chunk.table, chunk, without_link(f"spec_examples/{name}"), EMPTY, EMPTY)
    assert len(rows) == 2
    assert all(isinstance(row["net_savings"], Decimal) and row["currency"] == currency for row in rows)
    assert [look in url for url, look in zip(urls, ("Last7Days", "Last30Days", "Last60Days"), strict=True)] == [
        True
    ] * 3
    assert all(wanted in url for url in urls)


@pytest.mark.replies
def test_recorded_utilization_of_a_savings_plan() -> None:
    chunk = Chunk("benefit_utilization", PROFILE, date(2022, 10, 1), "Daily")
    (row,), _ = fetch(chunk.table, chunk, recorded("spec_examples/benefit_utilization_savingsplan_2025"))
    assert (row["kind"], row["average_utilization"]) == ("SavingsPlan", 90)


def test_a_billing_profile_takes_the_days_apart() -> None:
    chunk = Chunk("reservation_summaries", PROFILE, date(2026, 2, 1), "Daily")
    _, (url,) = fetch(chunk.table, chunk, EMPTY)
    assert "startDate=2026-02-01" in url
    assert "endDate=2026-02-28" in url
    assert "filter" not in url


def test_commitments_of_the_local_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalAzure(today=TODAY, subscriptions=1, resources=2, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        account = azure._world.billing.accounts()[0]["id"]
        app = App(settings_for(azure, tmp_path, FINOPS_LAKE_BUDGET_SCOPES=account, FINOPS_LAKE_HISTORY_MONTHS="1"))
        tables = frozenset(
            {
                "reservations",
                "reservation_orders",
                "savings_plans",
                "reservation_recommendations",
                "savings_plan_recommendations",
                "reservation_summaries",
                "reservation_details",
                "benefit_utilization",
            }
        )
        report = app.refresher().refresh(Demand(tables=tables))
        assert report.failures == ()

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return app.lake.query(sql).rows

        ending = (
            "select display_name from staging.reservations"
            " where expiry_date <= date '2026-11-23' + 30 and not is_renewed"
        )
        assert ask(ending) == [("sql-ending",)]
        used = "select display_name, utilization_30d::int from staging.reservations order by 2"
        assert ask(used)[0] == ("vm-d2s-half", 46)
        plans = "select display_name, commitment_currency, utilization_7d::int from staging.savings_plans order by 1"
        assert ask(plans) == [("compute-plan", "EUR", 72), ("ending-plan", "EUR", 96)]
        by_term = "select count(distinct term), count(distinct lookback_days) from staging."
        assert ask(f"{by_term}reservation_recommendations where commitment_scope = 'single'") == [(2, 3)]
        assert ask(f"{by_term}savings_plan_recommendations") == [(2, 3)]
        days = "select count(distinct usage_date), max(usage_date) from staging.reservation_summaries"
        assert ask(days) == [(22, date(2026, 11, 22))]
        joined = (
            "select count(*) from staging.reservation_summaries"
            " inner join staging.reservations using (reservation_name)"
        )
        assert ask(joined) == [(66,)]
        assert ask("select count(distinct benefit_id) from staging.benefit_utilization") == [(5,)]
        app.close()
