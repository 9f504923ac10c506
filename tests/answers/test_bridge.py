"""actual_to_amortized and invoice_reconciliation over the local Azure, against its ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from finops_lake.app import App
from tests.conftest import Refreshed

PARTS = ("purchases", "refunds", "covered_use", "unused_commitment", "rounding", "not_told_apart")


def test_every_month_and_subscription_is_explained_to_the_last_digit(app: App, refreshed: Refreshed) -> None:
    listed = ", ".join(PARTS)
    rows = app.lake.query(
        "select billing_month, sub_account_id, billing_currency, billed_cost, effective_cost, difference,"
        f" {listed} from marts.actual_to_amortized where has_both"
    ).rows
    by = ("month", "subscription_id", "currency")
    first = date(2026, 9, 1)
    billed = refreshed.azure.ledger.totals(by, "ActualCost", first)
    effective = refreshed.azure.ledger.totals(by, "AmortizedCost", first)
    assert {(row[0], row[1].rpartition("/")[2], row[2]) for row in rows} == set(billed)
    for month, subscription, currency, actual, amortized, difference, *parts in rows:
        key = month, subscription.rpartition("/")[2], currency
        assert (actual, amortized) == (billed[key], effective[key])
        assert difference == amortized - actual == sum(parts)
    assert sum(row[6] for row in rows) < 0, "reservations were bought"
    assert sum(row[6 + PARTS.index("covered_use")] for row in rows) > 0
    assert sum(abs(row[6 + PARTS.index("not_told_apart")]) for row in rows) == 0


def test_without_invoices_there_is_nothing_to_reconcile(app: App) -> None:
    assert app.lake.query("select count(*) from marts.invoice_reconciliation").rows == [(0,)]


def test_purchases_are_those_of_the_ledger_less_what_was_unused_on_their_day(app: App, refreshed: Refreshed) -> None:
    """The query shows both in one cell, so that cell's difference counts as purchase."""
    rows = app.lake.query(
        "select billing_currency, -sum(purchases) from marts.actual_to_amortized"
        " where billing_month = date '2026-10-01' group by all"
    ).rows
    bought = refreshed.azure.ledger.totals(
        ("currency",),
        "ActualCost",
        date(2026, 10, 1),
        date(2026, 10, 31),
        where=lambda charge: charge.line.pricing_model == "Reservation" and charge.line.charge_type == "Purchase",
    )
    for currency, amount in rows:
        assert bought[currency,] * Decimal("0.9") < amount <= bought[currency,]
