"""What the lake holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.evaluation.form import Ask, question


@question("Which months of cost do we have?", lambda azure: (azure.ledger.months()[0], azure.ledger.months()[-1]))
async def _(ask: Ask) -> Any:
    months = (await ask("get_lake_status"))["months"]
    return date.fromisoformat(months["first"]), date.fromisoformat(months["last"])


@question(
    "Which subscriptions are in the figures, and is any missing?",
    lambda azure: (sorted(one.display_name for one in azure.ledger.estate.subscriptions), 0),
)
async def _(ask: Ask) -> Any:
    scopes = (await ask("get_cost", group_by=[]))["scopes"]
    return sorted(scopes["included"]), scopes["missing_count"]


@question("Which table tells the tags of a resource?", lambda azure: "marts.resource_tags")
async def _(ask: Ask) -> Any:
    answer = await ask("describe_lake", search="effective tags")
    return next(row[0] for row in answer["rows"] if row[0].startswith("marts."))
