"""How reservations and savings plans do; the evaluation's lake is filled by the query, which names none on the bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.benefits import COMMITMENTS
from tests.evaluation.form import Ask, question, records


@question(
    "Which reservations or savings plans end within the next two months and are not renewed?",
    lambda _: sorted(item.name for item in COMMITMENTS if item.ends_in <= 60 and not item.renews),
)
async def _(ask: Ask) -> Any:
    return sorted(row["display_name"] for row in records(await ask("get_commitments")) if row["is_expiring"])


@question(
    "Which commitments were used to less than four fifths over the last 30 days?",
    lambda _: sorted(item.name for item in COMMITMENTS if item.used < 80),
)
async def _(ask: Ask) -> Any:
    rows = records(await ask("get_commitments"))
    return sorted(row["display_name"] for row in rows if Decimal(row["utilization_30d"]) < 80)


@question(
    "After how many months has the recommended one-year reservation for Contoso Production paid for itself?",
    lambda _: round(12 * 1.62 / 2.76, 1),
)
async def _(ask: Ask) -> Any:
    offers = (await ask("get_commitments", profiles=["Contoso Production"]))["offers"]
    return next(one["break_even_months"] for one in offers if one["term"] == "P1Y")
