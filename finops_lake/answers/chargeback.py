"""Cost by a virtual tag with shared cost split among those who pay it, which adds up exactly to the bill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from finops_lake.answers.converting import CONVERTED
from finops_lake.answers.cost_terms import granularity_of, metric_named
from finops_lake.answers.sqltext import literal
from finops_lake.answers.virtual import named_virtual
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.answers.cost import CostQuestion

MONTHLY = ("total", "monthly", "quarterly")
NEWEST_SQL = "select max(charge_period_start) from marts.charges"


def check_split(question: CostQuestion) -> None:
    """Raise InputError where shared cost cannot be split, by month and of all cost."""
    if not question.split_shared:
        return
    if len(question.group_by) != 1 or not named_virtual(question.group_by):
        raise _refused("group_by must be one virtual tag, such as virtual:team")
    if question.dimensions or question.tags or question.filters:
        raise _refused("the cost of all is split: leave out tags, dimensions and filters")
    if metric_named(question.metric).name not in CONVERTED:
        raise _refused(f"only {' and '.join(CONVERTED)} can be split")
    if granularity_of(question.granularity) not in MONTHLY:
        raise _refused(f"cost is split by month: granularity must be {', '.join(MONTHLY)}")
    for period in filter(None, (question.period, question.compared)):
        if period.start.day != 1:
            raise _refused(f"cost is split by whole calendar months, and {period.start} begins none")


def shared_tag_of(lake: LakeReader, question: CostQuestion, *, is_of_all: bool) -> str | None:
    """Return the virtual tag whose shared cost is split; InputError where the lake holds more than is asked for."""
    if not question.split_shared:
        return None
    if not is_of_all:
        raise _refused("the cost of all subscriptions is split: ask for all of them")
    newest = lake.recall(NEWEST_SQL).rows[0][0]
    for period in filter(None, (question.period, question.compared)):
        is_whole = (period.end + timedelta(days=1)).day == 1
        if not is_whole and newest is not None and newest > period.end:
            raise _refused(f"cost is split by whole calendar months, and {period.end} ends none")
    return named_virtual(question.group_by)[0]


def _refused(reason: str) -> InputError:
    return InputError("split_shared", True, reason)


def source_of_shared(tag: str) -> str:
    """Return what stands after FROM in place of charges: one row for each month, currency and value."""
    return (
        f"(select *, owner as x_virtual_{tag}, billing_month as charge_period_start from marts.chargeback_monthly"
        f" where virtual_tag = {literal(tag)})"
    )


def split_notes(lake: LakeReader, question: CostQuestion, tag: str) -> list[str]:
    """Say whose cost was split among the others, and how much of it."""
    metric = metric_named(question.metric).name
    rows = lake.query(
        f"select owner, billing_currency, -sum(shared_{metric}) from marts.chargeback_monthly"
        f" where virtual_tag = {literal(tag)} and shared_{metric} < 0"
        f" and billing_month between {literal(question.period.start)} and {literal(question.period.end)}"
        " group by all order by all"
    ).rows
    if not rows:
        return [f"allocation.toml shares no cost of virtual:{tag}: each value has its own cost."]
    listed = ", ".join(f"{amount:.2f} {currency} of {owner}" for owner, currency, amount in rows)
    return [
        f"Shared cost is split as allocation.toml says: {listed}, paid by the others. The rows add up to the bill;"
        f" own cost and share apart: marts.chargeback_monthly (direct_{metric}, shared_{metric})."
    ]
