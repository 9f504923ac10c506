"""Charges that no subscription pays are judged for anomalies, and their rows say which billing account pays them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from finops_lake.answers.anomalies import answer_anomalies
from finops_lake.answers.anomaly_sql import COLUMNS, AnomalyQuestion
from finops_lake.answers.answer import Period
from finops_lake.source import Chunk
from tests.lake.test_as_of import Lake

ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/100"
PROFILE = f"{ACCOUNT}/billingProfiles/ABCD"
MONTHS = [date(2026, month, 1) for month in (8, 9, 10)]
SPIKE = date(2026, 10, 17)


def support(month: date) -> list[dict[str, Any]]:
    """Return the month's charges of two billing accounts; the first has a day that costs far more."""
    days = [
        month + timedelta(days=number) for number in range(31) if (month + timedelta(days=number)).month == month.month
    ]
    return [
        {
            "charge_period_start": day,
            "service_name": "Support",
            "charge_category": "Usage",
            "effective_cost": Decimal(500 if day == SPIKE and account == PROFILE else 100),
            "billed_cost": Decimal(100),
            "billing_currency": "EUR",
            "billing_account_id": account,
        }
        for day in days
        for account in (PROFILE, "200")
    ]


def test_a_row_without_a_subscription_names_its_billing_account(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    for month in MONTHS:
        lake.load(Chunk("focus_charges", ACCOUNT.lower(), month), support(month))
    question = AnomalyQuestion(Period(date(2026, 10, 1), date(2026, 10, 31)))
    assert named(lake, question) == [(f"billing account {PROFILE}", "Support", SPIKE, Decimal(500))]
    lake.load(Chunk("billing_accounts", "/"), [{"id": ACCOUNT, "display_name": "Contoso AG"}])
    assert named(lake, question) == [("billing account Contoso AG", "Support", SPIKE, Decimal(500))]


def named(lake: Lake, question: AnomalyQuestion) -> list[tuple[Any, ...]]:
    """Return account, services, first day and cost of each anomaly; the answer's own SQL must give the same."""
    reader = lake.reader()
    answer = answer_anomalies(reader, question)
    assert answer.sections["looked_at"] == 2
    again = reader.query_user_sql(answer.sql, max_rows=None, timeout=None).rows
    reader.close()
    assert again == list(answer.rows)
    places = [COLUMNS.index(name) for name in ("sub_account_name", "service_names", "start_date", "cost")]
    return [tuple(row[place] for place in places) for row in answer.rows]
