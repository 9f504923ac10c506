"""get_cost_forecast: exact so far, its groups add up, and it keeps to complete days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.app import App
from tests.conftest import Refreshed
from tests.server.calls import ERAS, ask, call, records, refused, text_of

pytestmark = pytest.mark.anyio

SO_FAR = (date(2026, 11, 1), date(2026, 11, 19))


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_spent_so_far_is_exact_and_of_complete_days(app: App, refreshed: Refreshed, era: str) -> None:
    envelope = (await call(app, "get_cost_forecast", era)).structured_content
    assert envelope is not None
    assert envelope["last_complete_day"] == "2026-11-19"
    spent = refreshed.azure.ledger.totals(("currency",), "ActualCost", *SO_FAR)
    november = [total for total in envelope["totals"] if total["billing_month"] == "2026-11-01"]
    assert {total["billing_currency"]: Decimal(total["actual_cost"]) for total in november} == {
        currency: amount for (currency,), amount in spent.items()
    }
    assert {total["billing_month"] for total in envelope["totals"]} == {"2026-11-01", "2026-12-01", "2027-01-01"}
    for total in envelope["totals"]:
        amounts = [Decimal(total[name]) for name in ("low_95", "low_80", "forecast_cost", "high_80", "high_95")]
        assert amounts == sorted(amounts)
        assert Decimal(total["low_95"]) >= Decimal(total["actual_cost"])


async def test_the_month_end_is_near_what_the_ledger_will_hold(app: App, refreshed: Refreshed) -> None:
    """The estate goes on as it does, so the whole of October tells what November comes to, within a few per cent."""
    envelope = await ask(app, "get_cost_forecast", months=1, metric="effective_cost")
    october = refreshed.azure.ledger.totals(("currency",), "AmortizedCost", date(2026, 10, 1), date(2026, 10, 31))
    for total in envelope["totals"]:
        before = october[total["billing_currency"],]
        assert abs(Decimal(total["forecast_cost"]) / before - 1) < Decimal("0.15")


async def test_groups_and_others_add_up_to_the_totals_in_each_month(app: App) -> None:
    envelope = await ask(app, "get_cost_forecast", group_by=["subscription", "service"], months=4, limit=5)
    rows = records(envelope)
    assert any(row["sub_account_name"] and row["sub_account_name"].endswith("others)") for row in rows)
    assert {row["sub_account_name"] for row in rows if row["service_name"]} <= set(envelope["scopes"]["included"])
    for total in envelope["totals"]:
        parts = [
            row
            for row in rows
            if (row["billing_month"], row["billing_currency"]) == (total["billing_month"], total["billing_currency"])
        ]
        for name in ("actual_cost", "forecast_cost"):
            assert sum(Decimal(row[name]) for row in parts if row[name] is not None) == Decimal(total[name])


async def test_purchases_of_each_month_go_on_and_the_spike_does_not(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(app, "get_cost_forecast", months=2, group_by=["service"], dimensions=["service=Bandwidth"])
    december = next(row for row in records(envelope) if row["billing_month"] == "2026-12-01")
    usual = refreshed.azure.ledger.totals(
        ("currency",),
        "ActualCost",
        date(2026, 10, 1),
        date(2026, 10, 31),
        where=lambda charge: charge.line.service_name == "Bandwidth",
    )
    ratio = Decimal(december["forecast_cost"]) / usual[december["billing_currency"],]
    assert Decimal("0.8") < ratio < Decimal("1.2")
    whole = await ask(app, "get_cost_forecast", months=1)
    bought = refreshed.azure.ledger.totals(
        ("currency",),
        "ActualCost",
        date(2026, 11, 1),
        date(2026, 11, 1),
        where=lambda charge: charge.line.pricing_model == "Reservation" and charge.line.charge_type == "Purchase",
    )
    note = next(note for note in whole["notes"] if note.startswith("Purchases that come each month"))
    for (currency,), amount in bought.items():
        assert f"{amount:.2f} {currency}"[:-6] in note


async def test_the_sql_gives_the_history_it_is_made_from(app: App) -> None:
    envelope = await ask(app, "get_cost_forecast", group_by=["service"], tags=["env=prod"], profiles=["Contoso Prod*"])
    found = app.lake.query_user_sql(envelope["sql"], max_rows=None, timeout=None)
    names = [column.name for column in found.columns]
    dates = [day for row in found.rows for day in row[names.index("charge_dates")]]
    assert max(dates) == date(2026, 11, 19)


async def test_text_says_the_same(app: App) -> None:
    result = await call(app, "get_cost_forecast", group_by=["resource_group"], months=1)
    text, envelope = text_of(result), result.structured_content
    assert envelope is not None
    assert "forecast from complete days up to 2026-11-19" in text
    for total in envelope["totals"]:
        assert f"2026-11: {Decimal(total['forecast_cost']):.2f} {total['billing_currency']}" in text
    assert "New resources" in text or "new resources" in text


async def test_nothing_to_forecast_from_is_said(app: App) -> None:
    text = text_of(await call(app, "get_cost_forecast", dimensions=["service=Nothing"]))
    assert text.startswith("There is no history to forecast from.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"months": 14}, "from 1 to 13"),
        ({"limit": 0}, "from 1 to 200"),
        ({"group_by": ["servis"]}, "did you mean service"),
        ({"profiles": ["nobody"]}, "the lake knows these subscriptions"),
        ({"horizon": 3}, "There is no argument 'horizon'"),
    ],
)
async def test_wrong_words_say_what_is_allowed(app: App, arguments: dict[str, Any], message: str) -> None:
    assert message in await refused(app, "get_cost_forecast", **arguments)
