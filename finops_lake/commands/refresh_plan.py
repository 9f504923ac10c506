"""`finops-lake refresh --plan`: what a refresh would ask, of whom, and for how long, before it asks anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from finops_lake.answers.answer import Answer
from finops_lake.commands import cells, exits
from finops_lake.commands.machine import print_csv, print_json
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.words import say

if TYPE_CHECKING:
    from finops_lake.app import App
    from finops_lake.planner.due import Demand


def planned(app: App, demand: Demand) -> Answer:
    """Return the plan of a refresh by what the lake knows; no network is needed."""
    from finops_lake.answers.planned import answer_plan
    from finops_lake.answers.subscriptions import subscriptions_of
    from finops_lake.planner.planning import plan_ahead, plan_without_lake

    if not app.lake.exists():
        return answer_plan(plan_without_lake(app.settings, app.journal, demand), {}, has_lake=False)
    plan = plan_ahead(app.settings, lambda sql: app.lake.query(sql).rows, app.journal, demand)
    return answer_plan(plan, {one.sub_account_id: one.name for one in subscriptions_of(app.lake)})


def show_plan(answer: Answer, style: str | None) -> int:
    """Print a plan, and return the exit code."""
    if style == "json":
        print_json(answer.as_dict())
    elif style == "csv":
        print_csv(answer.columns, answer.rows)
    elif answer.rows:
        print_plan(answer)
    if style != "json":
        for line in (*_sums(answer), *answer.notes):
            say(line)
    return exits.OK


def print_plan(answer: Answer) -> None:
    """Print one row per scope and API."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    columns = [Column("Scope"), Column("API"), Column("Tables"), *map(amount_column, ("Pieces", "Calls", "Minutes"))]
    print_table(
        columns,
        [
            [
                cells.text(row["scope_name"]),
                cells.text(row["api"]),
                cells.text(row["tables"]),
                f"{row['pieces']:,}",
                f"{row['calls']:,}",
                f"{math.ceil(row['seconds'] / 60):,}",
            ]
            for row in rows
        ],
    )


def _sums(answer: Answer) -> list[str]:
    plan = answer.sections["plan"]
    if not plan["pieces"]:
        return []
    calls = f"{plan['pieces']:,} pieces in about {plan['calls']:,} calls"
    if not plan["is_paced"]:
        return [f"{calls}; they are not paced (pace_calls is off)."]
    minutes = math.ceil(plan["seconds"] / 60)
    return [f"{calls}; Azure's published limits allow them within {minutes} minutes at the earliest."]
