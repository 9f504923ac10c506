"""Cost in another currency, by the user's own dated rates alone; what has no rate stays as it is, and is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from finops_lake.answers.cost_terms import Metric
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.answers.cost_sql import Statement

CONVERTED = ("billed_cost", "effective_cost")
RATES_LISTED = 8


def currency_of(text: str) -> str:
    """Return a currency's code in upper case; InputError for what is none."""
    code = text.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise InputError("convert_to", text, "the code of a currency is needed, such as EUR")
    return code


def converted_metric(metric: Metric, convert_to: str | None) -> Metric:
    """Return a metric over marts.charges_in: converted where there is a rate, else in the currency of the bill."""
    if convert_to is None:
        return metric
    if metric.name not in CONVERTED:
        raise InputError("convert_to", convert_to, f"only {' and '.join(CONVERTED)} can be converted")
    return replace(
        metric,
        amount=f"case when charges.rate is null then {metric.amount} else charges.converted_{metric.name} end",
        unit="case when charges.rate is null then charges.billing_currency else charges.converted_currency end",
    )


def conversion_notes(lake: LakeReader, statement: Statement) -> list[str]:
    """Say which rates were used, of which day and file, and what was left as it is."""
    if statement.convert_to is None:
        return []
    rows = lake.query(
        "\n".join(
            [
                "select charges.billing_currency, charges.rate, charges.rate_date, charges.rate_source",
                *statement.charges(),
                "where " + "\n    and ".join(statement.where()),
                "group by all order by all",
            ]
        )
    ).rows
    used = [f"{row[0]} at {row[1].normalize():f} of {row[2]} ({row[3]})" for row in rows if row[2] is not None]
    left = sorted({str(row[0]) for row in rows if row[1] is None})
    return [*_used_note(statement.convert_to, used), *_left_note(statement.convert_to, left)]


def _used_note(currency: str, used: Sequence[str]) -> list[str]:
    if not used:
        return []
    more = f", and {len(used) - RATES_LISTED} more (staging.exchange_rates)" if len(used) > RATES_LISTED else ""
    return [
        f"CONVERTED into {currency} by your own rates, not by Azure's or the invoice's:"
        f" {', '.join(used[:RATES_LISTED])}{more}. Each charge has the rate of its day."
    ]


def _left_note(currency: str, left: Sequence[str]) -> list[str]:
    if not left:
        return []
    return [
        f"NOT CONVERTED, because no rate into {currency} holds on the day of the charge: {', '.join(left)}; put"
        " date,from,to,rate as CSV into the folder business of the home, and refresh."
    ]


def source_in(convert_to: str) -> str:
    """Return what stands after FROM."""
    return f"marts.charges_in({literal(convert_to)})"
