"""What did it cost, and where does the money go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finops_lake.demo.server import LocalAzure
from tests.conftest import TODAY
from tests.evaluation.bill import (
    BEFORE_LAST,
    LAST_MONTH,
    MONTH,
    billed,
    currency,
    in_currency,
    largest,
    service,
    subscription,
)
from tests.evaluation.form import Ask, amounts, question, records, totals


@question("How much did we spend on Azure last month?", lambda azure: billed(azure, currency))
async def _(ask: Ask) -> Any:
    return totals(await ask("get_cost", time_period="last_month", group_by=[]))


@question(
    "What has each subscription cost this month so far?",
    lambda azure: billed(azure, lambda charge: (subscription(charge), currency(charge)), MONTH, TODAY),
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost", time_period="current_month", group_by=["subscription"])
    return amounts(answer, "sub_account_name", "billing_currency")


@question(
    "Which service was the most expensive in euro last month?",
    lambda azure: largest(billed(azure, service, where=in_currency("EUR")))[0],
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost", time_period="last_month", group_by="service")
    return next(row["service_name"] for row in records(answer) if row["billing_currency"] == "EUR")


@question(
    "Name the three most expensive resource groups of Contoso Production last month.",
    lambda azure: largest(
        billed(
            azure,
            lambda charge: charge.line.resource_group.lower(),
            where=lambda charge: (
                subscription(charge) == "Contoso Production"
                and currency(charge) == "EUR"
                and bool(charge.line.resource_group)
            ),
        ),
        3,
    ),
)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "get_cost", time_period="last_month", group_by=["resource_group"], profiles=["Contoso Production"]
    )
    named = [row for row in records(answer) if row["x_resource_group_name"] and row["billing_currency"] == "EUR"]
    return [row["x_resource_group_name"] for row in named[:3]]


def bandwidth_by_day(azure: LocalAzure) -> dict[str, Decimal]:
    days = billed(
        azure,
        lambda charge: charge.usage_date.isoformat(),
        TODAY.replace(day=10),
        TODAY.replace(day=18),
        where=lambda charge: service(charge) == "Bandwidth" and currency(charge) == "EUR",
    )
    return dict(sorted(days.items()))


@question("Show what Bandwidth cost per day from 10 to 18 November, in euro.", bandwidth_by_day)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "get_cost",
        start_date="2026-11-10",
        end_date="2026-11-18",
        granularity="daily",
        group_by=["service"],
        dimensions=["service=Bandwidth"],
    )
    return {
        row["charge_date"]: Decimal(row["billed_cost"]) for row in records(answer) if row["billing_currency"] == "EUR"
    }


@question(
    "What was last month's amortized cost?",
    lambda azure: billed(azure, currency, metric="AmortizedCost"),
)
async def _(ask: Ask) -> Any:
    return totals(await ask("get_cost", time_period="last_month", metric="amortized", group_by=[]), "effective_cost")


@question(
    "How much more is the invoice of last month than its amortized cost, per currency?",
    lambda azure: {
        code: amount - billed(azure, currency, metric="AmortizedCost")[code]
        for code, amount in billed(azure, currency).items()
    },
)
async def _(ask: Ask) -> Any:
    actual = totals(await ask("get_cost", time_period="last_month", group_by=[]))
    amortized = totals(
        await ask("get_cost", time_period="last_month", metric="effective_cost", group_by=[]), "effective_cost"
    )
    return {code: amount - amortized[code] for code, amount in actual.items()}


@question(
    "What did we run in West Europe cost last month?",
    lambda azure: billed(azure, currency, where=lambda charge: charge.line.location == "westeurope"),
)
async def _(ask: Ask) -> Any:
    return totals(await ask("get_cost", time_period="last_month", group_by=[], dimensions=["location=West Europe"]))


@question(
    "Which resource of the last 30 days was the most expensive in pounds?",
    lambda azure: largest(
        billed(
            azure,
            lambda charge: charge.line.resource_id,
            TODAY.fromordinal(TODAY.toordinal() - 29),
            TODAY,
            where=lambda charge: currency(charge) == "GBP" and bool(charge.line.resource_id),
        )
    )[0],
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost", time_period="last_30_days", group_by=["resource"], limit=200)
    return next(
        row["resource_id"] for row in records(answer) if row["resource_id"] and row["billing_currency"] == "GBP"
    )


@question(
    "Did Contoso UK Retail cost more last month than the month before, and by how much?",
    lambda azure: (
        billed(azure, currency, where=lambda charge: subscription(charge) == "Contoso UK Retail")["GBP"]
        - billed(
            azure,
            currency,
            BEFORE_LAST,
            LAST_MONTH.fromordinal(LAST_MONTH.toordinal() - 1),
            where=lambda charge: subscription(charge) == "Contoso UK Retail",
        )["GBP"]
    ),
)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "get_cost",
        start_date="2026-09-01",
        end_date="2026-10-31",
        granularity="monthly",
        group_by=["subscription"],
        profiles="Contoso UK Retail",
    )
    months = amounts(answer, "billing_month", "billing_currency")
    return months["2026-10-01", "GBP"] - months["2026-09-01", "GBP"]


@question(
    "On which day of last month did we spend the most pounds?",
    lambda azure: largest(billed(azure, lambda charge: charge.usage_date.isoformat(), where=in_currency("GBP")))[0],
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost", time_period="last_month", granularity="daily", group_by=[], limit=200)
    days = {
        day: amount
        for (day, code), amount in amounts(answer, "charge_date", "billing_currency").items()
        if code == "GBP"
    }
    return max(days, key=lambda day: days[day])


@question(
    "What did the Marketplace software (SaaS) cost in each month we have?",
    lambda azure: billed(
        azure,
        lambda charge: (charge.usage_date.replace(day=1).isoformat(), currency(charge)),
        BEFORE_LAST,
        TODAY,
        where=lambda charge: service(charge) == "SaaS",
    ),
)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "get_cost",
        start_date="2026-09-01",
        end_date=TODAY.isoformat(),
        granularity="monthly",
        group_by=[],
        dimensions=["service=SaaS"],
    )
    return amounts(answer, "billing_month", "billing_currency")


@question(
    "How much did the storage account stcontosoexports cost in the days of its spike, 14 to 16 November?",
    lambda azure: azure.truth.cost_of(azure.truth.anomaly().resource_id, TODAY.replace(day=14), TODAY.replace(day=16)),
)
async def _(ask: Ask) -> Any:
    answer = await ask("get_cost", start_date="2026-11-14", end_date="2026-11-16", group_by=["resource"], limit=50)
    return {
        row["billing_currency"]: Decimal(row["billed_cost"])
        for row in records(answer)
        if (row["resource_id"] or "").endswith("/stcontosoexports")
    }
