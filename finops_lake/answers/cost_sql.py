"""The SQL of a cost question: one statement that groups, ranks, compares and shares out, and runs as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from finops_lake.answers.answer import Period
from finops_lake.answers.chargeback import source_of_shared
from finops_lake.answers.converting import source_in
from finops_lake.answers.cost_terms import Metric
from finops_lake.answers.dimensions import VIRTUAL_COLUMN, named
from finops_lake.answers.macros import source_of, source_within
from finops_lake.answers.sqltext import literal
from finops_lake.answers.unit_cost import Figure

OTHER = "(other)"
"""What stands in the first dimension of the row that unites what is beyond the top; is_other tells it from a name."""


@dataclass(frozen=True)
class Statement:
    """The parts of a cost statement. Columns are name -> SQL over `charges`.

    `compared` is the period to compare with (`is_compared_known`: whether anything of it is in the lake); `top`
    keeps so many groups per unit, and unites the others exactly. `shared_tag` is a virtual tag whose shared cost is
    split, `figure` what each row is divided by.
    """

    metric: Metric
    period: Period
    buckets: Mapping[str, str]
    dimensions: Mapping[str, str]
    conditions: Sequence[str] = ()
    compared: Period | None = None
    is_compared_known: bool = True
    top: int | None = None
    shares: bool = False
    as_of: datetime | None = None
    convert_to: str | None = None
    shared_tag: str | None = None
    figure: Figure | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the answer, in order."""
        unit, name = self.metric.unit_column, self.metric.name
        compared = (f"previous_{name}", "change", "change_percent") if self.compared else ()
        other = ("is_other", "group_count") if self.top else ()
        divided = ("units", f"{name}_per_unit") if self.figure else ()
        shares = ("share_percent",) if self.shares else ()
        return (*self.buckets, *self.dimensions, unit, name, *compared, *divided, *shares, *other)

    @property
    def unit_place(self) -> int:
        """Where the unit stands among the columns."""
        return len(self.buckets) + len(self.dimensions)

    def rows(self) -> str:
        """Return the SELECT of all rows, in no order."""
        steps = {"grouped": self._grouped()}
        if self.top:
            steps |= {"ranked": self._ranked(), "topped": self._topped()}
        if self.shares:
            steps["parted"] = self._parted(list(steps)[-1])
        if self.figure:
            steps |= {"figures": self._figures(self.figure), "divided": self._divided(self.figure, list(steps)[-1])}
        last = list(steps)[-1]
        listed = ",\n\n".join(f"{name} as (\n{_indented(text)}\n)" for name, text in steps.items())
        return f"with {listed}\n\nselect\n{self._shown()}\nfrom {last}"

    def order(self) -> str:
        """Return how rows are ordered: by date, then the largest first, what is beyond the top last."""
        rest = [named(name) for name in (*self.dimensions, self.metric.unit_column)]
        other = ["is_other"] if self.top else []
        return ", ".join([*self.buckets, *other, f"{self.metric.name} desc nulls last", *rest])

    def charges(self) -> list[str]:
        """Return the FROM clause; the names of subscriptions are joined only where something needs them."""
        source = f"marts.charges_as_of({literal(self.as_of)})" if self.as_of else _EVERY
        texts = [*self.dimensions.values(), *self.conditions]
        if self.convert_to:
            source = source_in(self.convert_to)
        if any(VIRTUAL_COLUMN in text for text in texts):
            source = source_of_shared(self.shared_tag) if self.shared_tag else "marts.charges_virtual"
        joined = (
            "left join marts.subscriptions as subscriptions on charges.sub_account_id = subscriptions.sub_account_id"
        )
        return [f"from {source} as charges", *([joined] if any("subscriptions." in text for text in texts) else [])]

    def where(self) -> list[str]:
        """Return the conditions on charges, that on the days first."""
        days = _days(self.period)
        if self.compared:
            days = f"({days} or {_days(self.compared)})"
        return [days, *self.conditions]

    def _grouped(self) -> str:
        columns = {**self.buckets, **self.dimensions, self.metric.unit_column: self.metric.unit}
        lines = [f"    {sql} as {named(name)}," for name, sql in columns.items()]
        if self.compared is None:
            lines.append(f"    sum({self.metric.amount}) as {self.metric.name},")
        else:
            before = self._within(self.compared) if self.is_compared_known else "null::decimal(38, 24)"
            lines.append(f"    {self._within(self.period)} as {self.metric.name},")
            lines.append(f"    {before} as previous_{self.metric.name},")
        conditions = self.where()
        source = self.charges()
        if source[0] == f"from {_EVERY} as charges":
            summed = None
            if self.compared is None and not self.buckets:
                summed = source_within(self.period.start, self.period.end, *lines, *self.conditions)
            conditions = conditions[1:] if summed else conditions
            source[0] = f"from {summed or source_of(*lines, *conditions, otherwise=_EVERY)} as charges"
        where = ["where\n    " + "\n    and ".join(conditions)] if conditions else []
        return "\n".join(["select", *lines, *source, *where, "group by all"])

    def _within(self, period: Period) -> str:
        return f"coalesce(sum({self.metric.amount}) filter (where {_days(period)}), 0)"

    def _ranked(self) -> str:
        keys = [named(name) for name in self.dimensions]
        unit = self.metric.unit_column
        group = ", ".join([unit, *keys])
        order = ", ".join(["group_total desc nulls last", *keys])
        return "\n".join(
            [
                "select",
                "    *,",
                f"    dense_rank() over (partition by {unit} order by {order}) as place,",
                f"from (select *, sum({self.metric.name}) over (partition by {group}) as group_total from grouped)",
            ]
        )

    def _topped(self) -> str:
        beyond = f"place > {self.top}"
        lines = [f"    {name}," for name in self.buckets]
        for number, name in enumerate(self.dimensions):
            other = literal(OTHER) if number == 0 else "null"
            lines.append(f"    case when {beyond} then {other} else {named(name)} end as {named(name)},")
        name = self.metric.name
        lines += [f"    {self.metric.unit_column},", f"    sum({name}) as {name},"]
        if self.compared:
            lines.append(f"    sum(previous_{name}) as previous_{name},")
        lines += [f"    {beyond} as is_other,", "    count(distinct place) as group_count,"]
        return "\n".join(["select", *lines, "from ranked", "group by all"])

    def _parted(self, source: str) -> str:
        """Add each row's part of its unit's total in hundredths of a percent; null where the total is 0 or unknown."""
        name, unit = self.metric.name, self.metric.unit_column
        total = f"nullif(sum({name}) over (partition by {unit}), 0)::double"
        return f"select\n    *,\n    10000 * ({name}::double / {total}) as part,\nfrom {source}"

    def _figures(self, figure: Figure) -> str:
        lines = [f"    {sql} as {named(name)}," for name, sql in self.buckets.items()]
        lines += ["    charges.dimension_value,"] if figure.column else []
        lines.append("    sum(charges.value)::decimal(38, 24) as units,")
        return "\n".join(["select", *lines, f"from {figure.source}", f"where {_days(self.period)}", "group by all"])

    def _divided(self, figure: Figure, source: str) -> str:
        """Add how many units there were in each row's days, and what one of them cost."""
        matches = [*(f"{source}.{name} = figures.{name}" for name in self.buckets), *figure.is_of(source)]
        name = self.metric.name
        return "\n".join(
            [
                f"select\n    {source}.*,\n    figures.units,",
                f"    (from marts.per_unit({source}.{name}, figures.units)) as {name}_per_unit,",
                f"from {source}\nleft join figures on {' and '.join(matches) or 'true'}",
            ]
        )

    def _shown(self) -> str:
        name, unit = self.metric.name, self.metric.unit_column
        texts = {column: named(column) for column in self.columns}
        if self.compared:
            texts["change"] = f"{name} - previous_{name} as change"
            texts["change_percent"] = (
                f"round(100 * (({name} - previous_{name})::double / nullif(abs(previous_{name}), 0)::double), 2)"
                " as change_percent"
            )
        if self.shares:
            texts["share_percent"] = _SHARE.format(unit=unit)
        return "\n".join(f"    {texts[column]}," for column in self.columns)


_EVERY = "marts.charges"

_SUBSCRIPTIONS = "left join marts.subscriptions as subscriptions using (sub_account_id)"

_SHARE = (
    "((floor(part)::bigint + (row_number() over (partition by {unit} order by part - floor(part) desc nulls last)"
    " <= 10000 - sum(floor(part)::bigint) over (partition by {unit}))::int)::decimal(18, 2) / 100)::decimal(18, 2)"
    " as share_percent"
)
"""Percent with two decimals that add up to exactly 100: what rounding down leaves goes to the largest remainders."""


def _days(period: Period) -> str:
    return f"charges.charge_period_start between {literal(period.start)} and {literal(period.end)}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
