"""What a refresh would ask of whom, and how long Azure's published limits make it take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from finops_lake.answers.answer import Answer
from finops_lake.planner.plan import RefreshPlan

COLUMNS = ("scope_id", "scope_name", "api", "tables", "pieces", "calls", "seconds")


def answer_plan(plan: RefreshPlan, names: Mapping[str, str], *, has_lake: bool = True) -> Answer:
    """Return one row per scope and API; `names` are those of subscriptions.

    A row's seconds are what its own limits make it take at least; those of the whole plan also count what all scopes
    share, and what was spent before.
    """
    rows = tuple(
        (
            line.scope_id,
            _name(line.scope_id, names),
            line.api.value,
            ", ".join(line.tables),
            line.chunks,
            line.calls,
            line.seconds,
        )
        for line in plan.lines()
    )
    return Answer(
        columns=COLUMNS,
        rows=rows,
        sql="select * from meta.chunks\norder by last_success_at",
        as_of=None,
        row_count=len(rows),
        notes=tuple(_notes(plan, has_lake)),
        sections={
            "plan": {
                "pieces": len(plan.steps),
                "calls": plan.calls,
                "seconds": plan.seconds,
                "is_paced": bool(plan.leaves),
                "reasons": dict(Counter(step.why.value for step in plan.steps)),
            }
        },
    )


def _name(scope_id: str, names: Mapping[str, str]) -> str:
    return "the whole sign-in" if scope_id == "/" else names.get(scope_id, scope_id)


def _notes(plan: RefreshPlan, has_lake: bool) -> list[str]:
    if not plan.steps:
        return ["Everything is fresh: a refresh would ask nothing."]
    if not has_lake:
        return ["There is no lake yet: the subscriptions are listed first, and decide what else is asked."]
    if plan.is_listing_first:
        return ["The subscriptions are listed first; what is asked of new ones comes on top."]
    return []
