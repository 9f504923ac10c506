"""Why did it change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.server import LocalAzure
from tests.evaluation.bill import BEFORE_LAST, END_BEFORE_LAST, billed, currency, subscription
from tests.evaluation.form import Ask, amounts, question


def changes(azure: LocalAzure) -> dict[tuple[str, str], Decimal]:
    """Return October minus September by subscription and currency."""
    now = billed(azure, lambda charge: (subscription(charge), currency(charge)))
    before = billed(azure, lambda charge: (subscription(charge), currency(charge)), BEFORE_LAST, END_BEFORE_LAST)
    return {key: now.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in {**now, **before}}


@question("By how much did each subscription's bill change from September to October?", changes)
async def _(ask: Ask) -> Any:
    answer = await ask("explain_cost_change", time_period="last_month", group_by=["subscription"])
    return amounts(answer, "sub_account_name", "billing_currency", value="difference")


@question(
    "How much of October's change is money given back?",
    lambda azure: billed(azure, currency, where=lambda charge: charge.line.charge_type == "Refund"),
)
async def _(ask: Ask) -> Any:
    answer = await ask("explain_cost_change", time_period="last_month", group_by=[])
    return {row["billing_currency"]: Decimal(row["refund_effect"]) for row in answer["totals"]}
