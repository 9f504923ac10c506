"""Cost per unit: what one order, user or tenant costs, by the business figures of the user's own files."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from finops_lake.answers.answer import Period
from finops_lake.answers.converting import CONVERTED
from finops_lake.answers.cost_terms import dimension_of, metric_named
from finops_lake.answers.dimensions import named
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.answers.cost import CostQuestion

WHOLE = "total"
FIGURES_SQL = "select distinct metric, dimension from staging.business_figures order by all"


@dataclass(frozen=True)
class Figure:
    """A business figure to divide cost by.

    `dimension` is total, or the only one that is grouped by: then each row of `column` has a figure of its own.
    """

    name: str
    dimension: str = WHOLE
    column: str | None = None

    @property
    def source(self) -> str:
        """The figures, dated as charges are, as something to select from."""
        return (
            "(select figure_date as charge_period_start, date_trunc('month', figure_date)::date as billing_month,"
            " dimension_value, value, file_name\n"
            f"    from staging.business_figures where metric = {literal(self.name)}"
            f" and dimension = {literal(self.dimension)}) as charges"
        )

    def is_of(self, source: str) -> list[str]:
        """Return the conditions under which a row of `source` has a figure, beside that of its days."""
        return [f"lower(coalesce({source}.{named(self.column)}, '')) = figures.dimension_value"] if self.column else []


def check_per(question: CostQuestion) -> None:
    """Raise InputError where cost cannot be divided by a figure, whatever the lake holds."""
    if question.per is None:
        return
    if metric_named(question.metric).name not in CONVERTED:
        raise InputError("per", question.per, f"only {' and '.join(CONVERTED)} can be divided by a figure")
    if question.compared is not None:
        raise InputError("per", question.per, "it does not go together with a comparison: ask for monthly rows instead")


def figure_of(lake: LakeReader, question: CostQuestion) -> Figure | None:
    """Return the figure that a question divides by; InputError names the nearest, or what it must be grouped by."""
    if question.per is None:
        return None
    held = lake.recall(FIGURES_SQL).rows
    names = {metric.lower(): metric for metric, _ in held}
    name = names.get(question.per.strip().lower())
    if name is None:
        raise InputError("per", question.per, _allowed(sorted(names.values()), question.per))
    dimensions = [dimension for metric, dimension in held if metric == name]
    groups = [dimension_of(one) for one in question.group_by]
    if len(groups) == 1 and groups[0].name in dimensions:
        return Figure(name, groups[0].name, next(iter(groups[0].columns)))
    if WHOLE not in dimensions:
        raise InputError("per", question.per, f"its figures are by {' or '.join(dimensions)}: group by that alone")
    return Figure(name)


def _allowed(known: list[str], word: str) -> str:
    if not known:
        return "the lake has no business figure: put date,metric,value as CSV into the folder business, and refresh"
    near = get_close_matches(word.lower(), known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}there are {', '.join(known)}"


def figure_notes(lake: LakeReader, figure: Figure, metric: str, period: Period) -> list[str]:
    """Say what the cost was divided by, from which files, and on how many of the days there is a figure."""
    ((days, files),) = lake.query(
        "select count(distinct charges.charge_period_start), list_sort(list(distinct charges.file_name))\n"
        f"from {figure.source}\n"
        f"where charges.charge_period_start between {literal(period.start)} and {literal(period.end)}"
    ).rows
    of = (
        f"of the same {figure.dimension.replace('_', ' ')} and days"
        if figure.column
        else "of the whole in the same days, so that groups add up to the cost of one"
    )
    notes = [
        f"{metric}_per_unit is {metric} by units, the {figure.name} {of} ({', '.join(files or ['no file'])}),"
        " rounded to 12 decimals; null where either is missing. Do not add currencies."
    ]
    length = (period.end - period.start).days + 1
    if days < length:
        notes.append(
            f"There are {figure.name} on {days} of the {length} days; a figure of a whole month is dated at its first."
        )
    return notes
