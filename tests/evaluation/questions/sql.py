"""What no other tool answers, as one SELECT."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from finops_lake.demo.model import Disk, VirtualMachine
from tests.evaluation.bill import END_OF_LAST, LAST_MONTH, billed, currency, in_currency, service
from tests.evaluation.form import Ask, question, records

OCTOBER = "billing_month = date '2026-10-01'"


@question(
    "How many different resources had charges in October?",
    lambda azure: len(
        {charge.line.resource_id for charge in azure.ledger.between(LAST_MONTH, END_OF_LAST)} - {"", None}
    ),
)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "query_lake", sql=f"select count(distinct resource_id) as resources from marts.charges where {OCTOBER}"
    )
    return answer["rows"][0][0]


@question(
    "How much of October's bill belongs to no resource (purchases, support, rounding)?",
    lambda azure: billed(azure, currency, where=lambda charge: not charge.line.resource_id),
)
async def _(ask: Ask) -> Any:
    answer = await ask(
        "query_lake",
        sql=f"select billing_currency, sum(billed_cost) as cost from marts.charges"
        f" where {OCTOBER} and resource_id is null group by all having cost <> 0",
    )
    return {row[0]: Decimal(row[1]) for row in answer["rows"]}


@question(
    "What was October's bill in US dollars, by Azure's own conversion?",
    lambda azure: sum(
        (
            charge.cost_usd("ActualCost")
            for charge in azure.ledger.between(LAST_MONTH, END_OF_LAST)
            if charge.counts_in("ActualCost")
        ),
        Decimal(0),
    ),
)
async def _(ask: Ask) -> Any:
    answer = await ask("query_lake", sql=f"select sum(x_billed_cost_usd) as usd from marts.charges where {OCTOBER}")
    return Decimal(answer["rows"][0][0])


@question(
    "How many services did we pay for in euro in October?",
    lambda azure: len(billed(azure, service, where=in_currency("EUR"))),
)
async def _(ask: Ask) -> Any:
    sql = f"""select count(*) as services from (
        select service_name from marts.charges where {OCTOBER} and billing_currency = 'EUR'
        group by all having sum(billed_cost) <> 0)"""
    return (await ask("query_lake", sql=sql))["rows"][0][0]


@question(
    "In how many virtual machines is each power state?",
    lambda azure: dict(
        Counter(item.power_state for item in azure.ledger.estate.resources if isinstance(item, VirtualMachine))
    ),
)
async def _(ask: Ask) -> Any:
    described = await ask("describe_lake", search="power state")
    (table,) = [row["table_name"] for row in records(described) if row["table_name"] == "staging.virtual_machines"]
    answer = await ask("query_lake", sql=f"select power_state, count(*) as machines from {table} group by all")
    return dict(answer["rows"])


@question(
    "How many terabytes of managed disks do we have, and how many disks?",
    lambda azure: (
        sum(item.size_gb for item in azure.ledger.estate.resources if isinstance(item, Disk)),
        sum(isinstance(item, Disk) for item in azure.ledger.estate.resources),
    ),
)
async def _(ask: Ask) -> Any:
    columns = records(await ask("describe_lake", table="staging.disks"))
    size = next(row["column_name"] for row in columns if row["column_name"].endswith("size_gb"))
    answer = await ask("query_lake", sql=f"select sum({size}) as gb, count(*) as disks from staging.disks")
    return tuple(int(value) for value in answer["rows"][0])


@question(
    "List every charged resource of October with its cost: how many rows is that, and what do they add up to in euro?",
    lambda azure: (
        len(billed(azure, lambda charge: (charge.line.resource_id, currency(charge)), where=_on_a_resource)),
        billed(azure, currency, where=_on_a_resource)["EUR"],
    ),
)
async def _(ask: Ask) -> Any:
    sql = f"""select resource_id, billing_currency, sum(billed_cost) as cost from marts.charges
        where {OCTOBER} and resource_id is not null group by all having cost <> 0 order by all"""
    page = await ask("query_lake", sql=sql)
    rows = list(page["rows"])
    while page["next_offset"] is not None:
        page = await ask("query_lake", result_id=page["result_id"], offset=page["next_offset"])
        rows += page["rows"]
    return len(rows), sum((Decimal(cost) for _, code, cost in rows if code == "EUR"), Decimal(0))


def _on_a_resource(charge: Any) -> bool:
    return bool(charge.line.resource_id)
