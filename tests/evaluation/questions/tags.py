"""Who owns the cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.server import LocalAzure
from tests.conftest import TODAY
from tests.evaluation.bill import MONTH, billed, in_currency
from tests.evaluation.form import Ask, question, records


def without_resource(azure: LocalAzure) -> Decimal:
    """Return this month's cost in pounds that no resource stands for, which no tag can reach."""
    costs = billed(azure, lambda charge: bool(charge.line.resource_id), MONTH, TODAY, where=in_currency("GBP"))
    return costs[False]


@question("How much of this month's cost in pounds can never be tagged?", without_resource)
async def _(ask: Ask) -> Any:
    answer = await ask("get_tag_coverage", tag_keys=["env"])
    return next(Decimal(row["untaggable_cost"]) for row in records(answer) if row["billing_currency"] == "GBP")
