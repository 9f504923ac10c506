"""Cost Management query: what is asked, checked as Azure checks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from finops_lake.demo.model import Line, Metric
from finops_lake.source import first_of_month

Granularity = Literal["Daily", "Monthly", "None"]
Test = Callable[[Line], bool]

AGGREGATIONS = ("Cost", "PreTaxCost", "CostUSD", "PreTaxCostUSD", "UsageQuantity")
TYPES = {"usage": "Usage", "actualcost": "ActualCost", "amortizedcost": "AmortizedCost"}

DIMENSIONS: Mapping[str, Callable[[Line], str]] = {
    "resourceid": lambda line: line.resource_id,
    "resourcegroup": lambda line: line.resource_group,
    "resourcegroupname": lambda line: line.resource_group,
    "resourcetype": lambda line: line.resource_type,
    "resourcelocation": lambda line: line.location,
    "servicename": lambda line: line.service_name,
    "metercategory": lambda line: line.meter_category,
    "metersubcategory": lambda line: line.meter_subcategory,
    "meter": lambda line: line.meter_name,
    "metername": lambda line: line.meter_name,
    "chargetype": lambda line: line.charge_type,
    "publishertype": lambda line: line.publisher_type,
    "pricingmodel": lambda line: line.pricing_model,
    "subscriptionid": lambda line: line.subscription.subscription_id,
    "subscriptionname": lambda line: line.subscription.display_name,
}
NARROW = frozenset({"resourceid"})
"""Dimensions that Azure groups by only within a subscription."""


class QueryError(Exception):
    """Azure refuses the question; the text is what follows "Invalid query definition: "."""


@dataclass(frozen=True)
class Grouping:
    """One grouping: a dimension, or the values of one tag key."""

    name: str
    is_tag: bool


@dataclass(frozen=True)
class Query:
    """A checked question. `first` and `last` are inclusive UTC days."""

    kind: str
    first: date
    last: date
    granularity: Granularity
    aggregations: tuple[str, ...]
    groupings: tuple[Grouping, ...]
    test: Test

    @property
    def metric(self) -> Metric:
        """Return which of a charge's two amounts is asked for."""
        return "AmortizedCost" if self.kind == "AmortizedCost" else "ActualCost"

    @property
    def months(self) -> int:
        """Return how many months of data are asked for, which is what the query costs (QPU)."""
        return max(1, -(-((self.last - self.first).days + 1) // 31))

    def columns(self) -> list[dict[str, str]]:
        """Return the columns in Azure's order: amounts, date, groupings, currency last."""
        columns = [{"name": name, "type": "Number"} for name in self.aggregations]
        if self.granularity == "Daily":
            columns.append({"name": "UsageDate", "type": "Number"})
        if self.granularity == "Monthly":
            columns.append({"name": "BillingMonth", "type": "Datetime"})
        for grouping in self.groupings:
            names = ("TagKey", "TagValue") if grouping.is_tag else (grouping.name,)
            columns += [{"name": name, "type": "String"} for name in names]
        return [*columns, {"name": "Currency", "type": "String"}]

    def values(self, line: Line) -> list[str | None]:
        """Return the grouping values of a line, its currency last."""
        values: list[str | None] = []
        for grouping in self.groupings:
            if grouping.is_tag:
                values += [grouping.name.lower(), _tag_value(line, grouping.name)]
            else:
                values.append(DIMENSIONS[grouping.name.lower()](line))
        return [*values, line.currency]


def parse_query(body: bytes, today: date) -> Query:
    """Return the checked question, or raise QueryError as Azure would."""
    try:
        parameters = json.loads(body)
        dataset = parameters["dataset"] or {}
        kind = TYPES[str(parameters["type"]).lower()]
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError("Missing or invalid type, timeframe or dataset") from error
    first, last = _period(parameters, today)
    aggregations = _aggregations(dataset.get("aggregation") or {})
    groupings = _groupings(dataset.get("grouping") or [])
    granularity = str(dataset.get("granularity") or "None").title()
    if granularity not in ("Daily", "Monthly", "None"):
        raise QueryError(f"Invalid dataset granularity: '{granularity}'; valid values: 'Daily','Monthly','None'")
    test = _filter(dataset["filter"]) if dataset.get("filter") else _everything
    return Query(kind, first, last, granularity, aggregations, groupings, test)  # type: ignore[arg-type]


def _everything(line: Line) -> bool:
    return True


def _period(parameters: Mapping[str, Any], today: date) -> tuple[date, date]:
    frame = str(parameters.get("timeframe", "")).lower()
    month = first_of_month(today)
    if frame in ("monthtodate", "billingmonthtodate", "thecurrentmonth"):
        return month, today
    if frame in ("thelastmonth", "thelastbillingmonth"):
        last = month - timedelta(days=1)
        return first_of_month(last), last
    if frame == "weektodate":
        return today - timedelta(days=(today.weekday() + 1) % 7), today
    if frame != "custom":
        raise QueryError(f"Invalid timeframe: '{parameters.get('timeframe')}'")
    try:
        first, last = (_day(parameters["timePeriod"][name]) for name in ("from", "to"))
    except (KeyError, TypeError, ValueError) as error:
        raise QueryError("A time period with from and to is needed when timeframe is Custom") from error
    if first > last:
        raise QueryError("The from date of the time period must not be after its to date")
    if (last - first).days >= 366:
        raise QueryError("The time period for pulling the data cannot exceed 1 year(s)")
    return first, last


def _day(text: str) -> date:
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo is None else instant.astimezone(UTC)).date()


def _aggregations(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    if len(wanted) > 2:
        raise QueryError(f"Dataset aggregation is limited to 2 items; found {len(wanted)}")
    names = []
    for item in wanted.values():
        known = next((name for name in AGGREGATIONS if name.lower() == str(item.get("name", "")).lower()), None)
        if known is None or str(item.get("function", "")).lower() != "sum":
            valid = ",".join(f"'{name}'" for name in AGGREGATIONS)
            raise QueryError(f"Invalid dataset aggregation: '{item.get('name')}'; valid values: {valid}")
        names.append(known)
    return tuple(names)


def _groupings(wanted: list[Mapping[str, Any]]) -> tuple[Grouping, ...]:
    if len(wanted) > 2:
        raise QueryError(f"Dataset grouping is limited to 2 items; found {len(wanted)}")
    groupings = []
    for item in wanted:
        name, kind = str(item.get("name", "")), str(item.get("type", "")).lower()
        if kind not in ("dimension", "tagkey", "tag") or (kind == "dimension" and name.lower() not in DIMENSIONS):
            raise QueryError(f"Invalid dataset grouping: '{name}'; valid values: {','.join(DIMENSIONS)}")
        groupings.append(Grouping(name, kind != "dimension"))
    return tuple(groupings)


def _filter(wanted: Mapping[str, Any]) -> Test:
    """Return a test of lines; `dimension` and `tag` are the names of older versions."""
    tests: list[Test] = []
    for key, value in wanted.items():
        name = key.lower()
        if name in ("and", "or"):
            parts = [_filter(item) for item in value]
            tests.append(_both(parts) if name == "and" else _either(parts))
        elif name == "not":
            tests.append(_negated(_filter(value)))
        elif name in ("dimensions", "dimension", "tags", "tag"):
            tests.append(_comparison(value, name.startswith("tag")))
        else:
            raise QueryError(f"Invalid filter: '{key}'")
    return _both(tests)


def _both(tests: list[Test]) -> Test:
    return lambda line: all(test(line) for test in tests)


def _either(tests: list[Test]) -> Test:
    return lambda line: any(test(line) for test in tests)


def _negated(test: Test) -> Test:
    return lambda line: not test(line)


def _comparison(wanted: Mapping[str, Any], is_tag: bool) -> Test:
    name = str(wanted.get("name", ""))
    if str(wanted.get("operator", "")).lower() != "in":
        raise QueryError(f"Invalid filter operator: '{wanted.get('operator')}'; valid values: 'In'")
    values = {str(value).lower() for value in wanted.get("values") or ()}
    if is_tag:
        return lambda line: (_tag_value(line, name) or "").lower() in values
    if name.lower() not in DIMENSIONS:
        raise QueryError(f"Invalid filter dimension: '{name}'; valid values: {','.join(DIMENSIONS)}")
    read = DIMENSIONS[name.lower()]
    return lambda line: read(line).lower() in values


def _tag_value(line: Line, key: str) -> str | None:
    """Return the value of a tag: "" where the resource has no such tag, None where there is no resource."""
    if not line.resource_id:
        return None
    return next((value for name, value in line.tags.items() if name.lower() == key.lower()), "")
