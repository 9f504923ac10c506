"""How much resources are used, by the day: Azure Monitor's hourly figures, asked for many resources at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.metrics_question import MOST_RESOURCES, MetricsQuestion
from finops_lake.errors import AccessDeniedError, FinopsLakeError, OutOfTimeError, ThrottledError
from finops_lake.extract.arrow import day, readable
from finops_lake.extract.extractor import Extractor
from finops_lake.extract.metric_kinds import KINDS
from finops_lake.source import Api, Chunk, Fetched, Source

DayOf = Callable[[object], date | None]

DAYS_AT_ONCE = 10
"""Days in one question: it has no pages, and the hours of 50 resources in ten days are some megabytes."""

COLUMNS: Mapping[str, tuple[pa.DataType, str]] = {
    "resource_id": (pa.string(), "Full ARM id, lower case."),
    "metric_namespace": (pa.string(), "Resource type whose metric it is, lower case."),
    "metric_name": (pa.string(), "Metric, as Azure Monitor names it."),
    "usage_date": (pa.date32(), "UTC day."),
    "unit": (pa.string(), "Unit of the figures, such as Percent or Bytes; null where Azure had none."),
    "average": (pa.float64(), "Mean of the hourly averages."),
    "minimum": (pa.float64(), "Least of the hourly minima."),
    "maximum": (pa.float64(), "Greatest of the hourly maxima."),
    "p95_maximum": (pa.float64(), "Hourly maximum that 95 % of the day's hours do not exceed (nearest rank)."),
    "total": (pa.float64(), "Sum of the hourly totals."),
    "measured_hours": (pa.int32(), "Hours with a figure; 0: asked for, and there was none, which is not 0 use."),
}

SOURCE = Source(
    table="resource_metrics",
    comment="How much resources were used, by metric and day; filled where metrics are switched on.",
    schema=pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()]),
    key=("resource_id", "metric_name", "usage_date"),
    max_age=timedelta(hours=48),
    columns={name: text for name, (_, text) in COLUMNS.items()},
    api=Api.METRICS,
    scope_kinds=frozenset(),
)
"""Asked for at the end of a refresh only, since the inventory says of what (see measuring.py)."""


@dataclass(frozen=True)
class Batch:
    """Resources (lower-cased ids) of one type and region, and the days to ask of them, both included."""

    namespace: str
    region: str
    resource_ids: tuple[str, ...]
    first: date
    last: date

    def questions(self, subscription_id: str) -> Iterator[MetricsQuestion]:
        """Yield what is asked: never one resource alone where there are more."""
        kind = KINDS[self.namespace]
        days = (self.last - self.first).days + 1
        for place in range(0, len(self.resource_ids), MOST_RESOURCES):
            some = self.resource_ids[place : place + MOST_RESOURCES]
            for offset in range(0, days, DAYS_AT_ONCE):
                start = self.first + timedelta(days=offset)
                end = min(start + timedelta(days=DAYS_AT_ONCE), self.last + timedelta(days=1))
                yield MetricsQuestion(
                    subscription_id,
                    self.region,
                    self.namespace,
                    kind.names,
                    kind.aggregations,
                    some,
                    *(datetime.combine(day, time(), UTC) for day in (start, end)),
                )


@dataclass(frozen=True)
class MetricsWanted:
    """What is missing of a subscription, and the rows it has of days that still count (columns as in SOURCE)."""

    batches: tuple[Batch, ...]
    held: tuple[tuple[Any, ...], ...] = ()

    @property
    def calls(self) -> int:
        """How many calls it takes."""
        return sum(1 for batch in self.batches for _ in batch.questions(""))


def fetch_wanted(azure: AzureClients, chunk: Chunk, wanted: MetricsWanted) -> Fetched:
    """Return the rows held and those wanted, a row for each resource, metric and day that Azure answered for.

    Costs a call for up to 50 resources of a type and region and up to ten days. Where a region, a resource or a metric
    is refused, the others come all the same: the rows are not complete then, and the reason says what is missing. A
    region that refuses is not asked again. Raises what was wrong where nothing came at all.
    """
    metrics = azure.metrics()
    subscription_id = chunk.scope_id.rpartition("/")[2]
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    faults: list[FinopsLakeError] = []
    silent: dict[str, None] = {}
    refused: set[str] = set()
    for question in (one for batch in wanted.batches for one in batch.questions(subscription_id)):
        if question.region in refused:
            continue
        try:
            answers = metrics.ask(question)
        except FinopsLakeError as error:
            faults.append(error)
            if isinstance(error, ThrottledError):
                break
            refused |= {question.region} if isinstance(error, AccessDeniedError) else set()
            continue
        found, unanswered = _rows_of(question, answers)
        rows |= {row[:4]: row for row in found}
        silent |= dict.fromkeys(unanswered)
    if faults and not rows and not silent:
        raise faults[0]
    if any(isinstance(error, OutOfTimeError) for error in faults) and not rows:
        raise faults[0]
    reasons = [error.message for error in faults[:1]] + _told(silent)
    if len(faults) > 1:
        reasons.append(f"{len(faults) - 1} further questions failed.")
    return Fetched(_table(wanted.held, rows), complete=not reasons, reason=" ".join(reasons) or None)


def extractor_for(wanted: Mapping[Chunk, MetricsWanted]) -> Extractor:
    """Return the extractor that asks, for each chunk, for the metrics wanted of it."""
    return Extractor(SOURCE, lambda azure, chunk: fetch_wanted(azure, chunk, wanted[chunk]))


def _told(silent: Iterable[str]) -> list[str]:
    names = list(silent)
    return [f"Azure Monitor had no answer for {len(names)} metrics of resources, such as {names[0]}."] if names else []


def _table(held: Iterable[Sequence[Any]], rows: Mapping[tuple[Any, ...], tuple[Any, ...]]) -> pa.Table:
    kept = [tuple(row) for row in held if tuple(row[:4]) not in rows]
    columns = list(zip(*kept, *rows.values(), strict=True)) or [()] * len(COLUMNS)
    arrays = [pa.array(values, kind) for values, (kind, _) in zip(columns, COLUMNS.values(), strict=True)]
    return pa.table(arrays, schema=SOURCE.schema)


def _rows_of(
    question: MetricsQuestion, answers: Iterable[Mapping[str, Any]]
) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Return the rows of an answer, and the metrics (resource and name) it says nothing of."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for answer in answers:
        resource_id = str(answer.get("resourceid", "")).lower()
        for metric in answer.get("value") or ():
            if metric.get("errorCode", "Success") == "Success":
                found[resource_id, str((metric.get("name") or {}).get("value", "")).lower()] = metric
    rows: list[tuple[Any, ...]] = []
    unanswered = []
    day_of = cache(day)  # the same few hundred instants come with each metric of each resource
    for resource_id in question.resource_ids:
        for name in question.names:
            metric = found.get((resource_id, name.lower()))
            if metric is None:
                unanswered.append(f"{resource_id} ({name})")
                continue
            with readable(name):
                rows += _days(question, resource_id, name, metric, day_of)
    return rows, unanswered


def _days(
    question: MetricsQuestion, resource_id: str, name: str, metric: Mapping[str, Any], day_of: DayOf
) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each day asked: of hours without a figure Azure sends the instant alone, or nothing."""
    hours: dict[date | None, list[Mapping[str, Any]]] = defaultdict(list)
    for series in metric.get("timeseries") or ():
        for point in series.get("data") or ():
            if len(point) > 1:
                hours[day_of(point.get("timeStamp"))].append(point)
    day = question.start.date()
    while day < question.end.date():
        points = hours[day]
        figures = {
            kind: [float(point[kind]) for point in points if point.get(kind) is not None]
            for kind in map(str.lower, question.aggregations)
        }
        averages, minima, maxima, totals = (
            figures.get(kind, ()) for kind in ("average", "minimum", "maximum", "total")
        )
        measured = _measured(points, figures)
        yield (
            resource_id,
            question.namespace,
            name,
            day,
            metric.get("unit") if measured else None,
            sum(averages) / len(averages) if averages else None,
            min(minima, default=None),
            max(maxima, default=None),
            sorted(maxima)[-(-len(maxima) * 95 // 100) - 1] if maxima else None,
            sum(totals) if totals else None,
            measured,
        )
        day += timedelta(days=1)


def _measured(points: Sequence[Mapping[str, Any]], figures: Mapping[str, Sequence[float]]) -> int:
    """Return how many hours have a figure; mostly all of them have each."""
    if any(len(of_kind) == len(points) for of_kind in figures.values()):
        return len(points)
    return sum(1 for point in points if any(point.get(kind) is not None for kind in figures))
