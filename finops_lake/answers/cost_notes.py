"""What a reader of a cost answer should know beside its rows: what the sums hold, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from finops_lake.answers.cost_sql import OTHER, Statement
from finops_lake.answers.cost_terms import granularity_of
from finops_lake.answers.dimensions import QUERY_TELLS, dimension_of
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.answers.cost import CostQuestion


def notes_on(
    lake: LakeReader,
    question: CostQuestion,
    statement: Statement,
    totals: Mapping[str | None, Sequence[Any]],
    truncated: bool,
) -> list[str]:
    """Return the notes of an answer with these totals by unit."""
    notes = []
    if len(totals) > 1:
        kinds = "units" if statement.metric.name == "quantity" else "currencies"
        notes.append(
            f"The charges are in {len(totals)} {kinds}, which are not added together: there is one total for each."
        )
    if statement.metric.note:
        notes.append(statement.metric.note)
    if statement.compared:
        notes.append(f"Compared with {statement.compared.start} to {statement.compared.end}; change is what was added.")
    if truncated:
        kind = "largest" if granularity_of(question.granularity) == "total" else "first"
        notes.append(f"Only the {kind} rows are listed; the totals count all of them.")
    if question.top:
        notes.append(f"Rows with is_other unite the groups beyond the {question.top} largest, as {OTHER}.")
    if question.as_of:
        notes.append(f"As the lake knew it at {question.as_of.isoformat()}; later restatements are not in it.")
    if question.tag_keys:
        notes += _untagged(lake, statement)
    return notes + _not_told(lake, question, statement) + _amounts_unknown(lake, statement)


def _not_told(lake: LakeReader, question: CostQuestion, statement: Statement) -> list[str]:
    """Say how much comes from a source that does not tell a dimension that is asked for."""
    asked = [dimension_of(name) for name in question.named_dimensions]
    columns = {
        one.column: one.name for one in asked if one.column not in QUERY_TELLS | {"region_id", "tags", "provider_name"}
    }
    notes = []
    for column, name in columns.items():
        unknown = _sums(lake, statement, f"charges.{column} is null and charges.x_source = 'query'", filtered=False)
        if unknown:
            notes.append(
                f"{unknown} comes from the Cost Management query, which does not tell {name.replace('_', ' ')}:"
                " load cost details, usage details or exports for it (setting cost_source)."
            )
    return notes


def _amounts_unknown(lake: LakeReader, statement: Statement) -> list[str]:
    """Say how much of the bill has no amount of an asked metric that not every source gives."""
    metric = statement.metric
    if metric.is_always_known:
        return []
    unknown = _sums(lake, statement, f"{metric.amount} is null", filtered=True)
    if not unknown:
        return []
    return [f"{metric.name} is not known for charges of {unknown} (billed or effective), which are not in the sums."]


def _untagged(lake: LakeReader, statement: Statement) -> list[str]:
    """Say what a tag cannot judge: charges without tags of resources that no listing names."""
    unlisted = (
        "charges.tags is null and (charges.resource_id is null"
        " or charges.resource_id not in (select resource_id from marts.resources))"
    )
    unknown = _sums(lake, statement, unlisted, filtered=False)
    if not unknown:
        return []
    return [f"Not judged by tag: {unknown} of charges without a resource, or of resources that no longer exist."]


def _sums(lake: LakeReader, statement: Statement, condition: str, *, filtered: bool) -> str:
    """Return the billed (or effective) cost of the period's charges that a condition names, as text per currency."""
    metric = "effective_cost" if statement.metric.loaded_as == "effective_cost" else "billed_cost"
    conditions = statement.where() if filtered else [statement.where()[0]]
    lines = [
        f"select charges.billing_currency, sum(charges.{metric})",
        *statement.charges(),
        "where " + "\n    and ".join([*conditions, f"({condition})"]),
        "group by all order by all",
    ]
    rows = lake.query("\n".join(lines)).rows
    return ", ".join(f"{amount:.2f} {currency}" for currency, amount in rows if amount)
