"""Why did it change."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from finops_lake.demo.server import LocalAzure
from tests.conftest import TODAY
from tests.evaluation.bill import BEFORE_LAST, END_BEFORE_LAST, MONTH, billed, currency, subscription
from tests.evaluation.form import Ask, amounts, question, records


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


def planted_spike(azure: LocalAzure) -> tuple[str, str, str]:
    """Return the resource of the one planted spike and the days it lasted."""
    line = azure.world.estate.plan.spike
    assert line.spike is not None
    return line.resource_id.lower(), str(line.spike.first_day), str(line.spike.last_day)


@question("Was anything unusual lately: in which resource, and on which days?", planted_spike)
async def _(ask: Ask) -> Any:
    (one,) = records(await ask("get_cost_anomalies"))
    return one["resource_id"], one["start_date"], one["end_date"]


COMPLETE_DAYS = 4
"""The last day of a lake that is complete lies so many days before it: Azure adds usage for up to 72 hours."""


@question(
    "How much of this month's forecast is spent already, by complete days?",
    lambda azure: billed(azure, currency, MONTH, TODAY - timedelta(days=COMPLETE_DAYS)),
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost_forecast", months=1)
    running = [total for total in answer["totals"] if total["billing_month"] == MONTH.isoformat()]
    return {total["billing_currency"]: Decimal(total["actual_cost"]) for total in running}
