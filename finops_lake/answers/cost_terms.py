"""The words of a cost question beside its dimensions: metrics and granularities, under every name users know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from finops_lake.answers.dimensions import ALIASES, DIMENSIONS, Dimension, dimension_of
from finops_lake.answers.filters import dimension_conditions, pairs, tag_conditions
from finops_lake.errors import InputError

__all__ = [
    "ALIASES",
    "DIMENSIONS",
    "GRANULARITIES",
    "METRICS",
    "Dimension",
    "Metric",
    "dimension_conditions",
    "dimension_of",
    "granularity_of",
    "metric_named",
    "metric_of",
    "pairs",
    "tag_conditions",
]


@dataclass(frozen=True)
class Metric:
    """What is summed: its name in answers, the SQL of a charge's amount, and the unit that sums never mix.

    `loaded_as` is the metric whose months must be in the lake for it.
    """

    name: str
    amount: str
    unit_column: str = "billing_currency"
    unit: str = "charges.billing_currency"
    loaded_as: str = "billed_cost"
    note: str | None = None

    @property
    def is_always_known(self) -> bool:
        """Whether every source gives it."""
        return self.name in ("billed_cost", "effective_cost")


_AZURES_RATE = "Azure's own US dollar figure, by Azure's rate; nothing was converted here."
_AMORTIZED = "Amortized: commitments are spread over their term, so the total differs from the invoice."

_METRICS = (
    Metric("billed_cost", "charges.billed_cost"),
    Metric("effective_cost", "charges.effective_cost", loaded_as="effective_cost", note=_AMORTIZED),
    Metric("list_cost", "charges.list_cost", note="At list prices, before any negotiated or commitment discount."),
    Metric("contracted_cost", "charges.contracted_cost", note="At negotiated prices, before commitment discounts."),
    Metric("quantity", "charges.consumed_quantity", "consumed_unit", "charges.consumed_unit"),
    Metric("billed_cost_usd", "charges.x_billed_cost_usd", "currency", "'USD'", note=_AZURES_RATE),
    Metric(
        "effective_cost_usd",
        "charges.x_effective_cost_usd",
        "currency",
        "'USD'",
        "effective_cost",
        f"{_AZURES_RATE} {_AMORTIZED}",
    ),
    Metric("list_cost_usd", "charges.x_list_cost_usd", "currency", "'USD'", note=_AZURES_RATE),
)
METRICS_BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in _METRICS}

METRICS: Mapping[str, str] = {
    **{metric.name: metric.name for metric in _METRICS},
    "actual": "billed_cost",
    "actualcost": "billed_cost",
    "billed": "billed_cost",
    "amortized": "effective_cost",
    "amortizedcost": "effective_cost",
    "effective": "effective_cost",
    "list": "list_cost",
    "retail": "list_cost",
    "contracted": "contracted_cost",
    "negotiated": "contracted_cost",
    "usage": "quantity",
    "consumed_quantity": "quantity",
    "cost_usd": "billed_cost_usd",
}

GRANULARITIES: Mapping[str, Mapping[str, str]] = {
    "total": {},
    "monthly": {"billing_month": "charges.billing_month"},
    "daily": {"charge_date": "charges.charge_period_start"},
    "weekly": {"week_start_date": "date_trunc('week', charges.charge_period_start)::date"},
    "quarterly": {"quarter_start_date": "date_trunc('quarter', charges.charge_period_start)::date"},
}
GRANULARITY_ALIASES: Mapping[str, str] = {
    "accumulated": "total",
    "none": "total",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
}


def metric_of(name: str) -> str:
    """Return a metric's own name by any of its names; InputError names the nearest."""
    word = name.strip().lower().replace(" ", "_")
    if word not in METRICS:
        near = get_close_matches(word, METRICS, n=1)
        hint = f"did you mean {METRICS[near[0]]}? Allowed are" if near else "allowed are"
        known = ", ".join(METRICS_BY_NAME)
        raise InputError("metric", name, f"{hint} {known}; billed_cost is actual, effective_cost is amortized")
    return METRICS[word]


def metric_named(name: str) -> Metric:
    """Return a metric by any of its names."""
    return METRICS_BY_NAME[metric_of(name)]


def granularity_of(name: str) -> str:
    """Return total, monthly, daily, weekly or quarterly by any of its names; InputError names the nearest."""
    word = name.strip().lower()
    word = GRANULARITY_ALIASES.get(word, word)
    if word not in GRANULARITIES:
        near = get_close_matches(word, [*GRANULARITIES, *GRANULARITY_ALIASES], n=1)
        hint = f"did you mean {GRANULARITY_ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
        raise InputError("granularity", name, f"{hint} {', '.join(GRANULARITIES)} (or accumulated)")
    return word
