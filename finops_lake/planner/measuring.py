"""What of Azure Monitor's metrics a lake lacks: days of resources that exist, by subscription, region and type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from finops_lake.errors import Outcome
from finops_lake.extract.metric_kinds import KINDS, Kind
from finops_lake.extract.resource_metrics import COLUMNS, SOURCE, Batch, MetricsWanted
from finops_lake.planner.due import ChunkState, Demand, Policy, due_at
from finops_lake.source import Chunk

WINDOW_DAYS = 30
"""Complete days that are held of each resource."""

SETTLED_AFTER = timedelta(hours=2)
"""A day is asked for so long after its end; Azure Monitor gives most figures within minutes."""

VIEWS_AT_ONCE = 6
"""Listings read by one statement: each takes some megabytes of the little that a writer may use."""

Query = Callable[[str], Sequence[tuple[Any, ...]]]

MISSING_SQL = """with targets as (
{targets}
),

days as (
    select unnest(generate_series(date '{first}', date '{last}', interval 1 day))::date as usage_date
),

held as (
    select resource_id, metric_namespace, usage_date, count(distinct metric_name) as metrics
    from raw.resource_metrics
    group by all
)

select targets.sub_account_id, targets.metric_namespace, targets.location, targets.resource_id,
    min(days.usage_date), max(days.usage_date)
from targets
cross join days
left join held using (resource_id, metric_namespace, usage_date)
where targets.location is not null and (held.metrics is null or held.metrics < targets.metrics or {is_forced})
group by all
order by all"""

HELD_SQL = """select {columns}
from raw.resource_metrics
where _scope_id = '{scope}' and usage_date between date '{first}' and date '{last}'
    and resource_id in (select resource_id from ({targets}))"""


def metrics_due(
    query: Query,
    subscriptions: Iterable[str],
    states: Mapping[Chunk, ChunkState],
    policy: Policy,
    demand: Demand,
    *,
    with_rows: bool = True,
) -> dict[Chunk, MetricsWanted]:
    """Return the metrics to ask for now, a chunk for each subscription: the days missing of its last 30.

    What failed or was refused waits as long as any other table. Without `with_rows` the rows held are left out.
    """
    if demand.tables is not None and SOURCE.table not in demand.tables:
        return {}
    last = (policy.now - SETTLED_AFTER).date() - timedelta(days=1)
    window = {"first": last - timedelta(days=WINDOW_DAYS - 1), "last": last}
    parts = _targets_sql(KINDS.values())
    forced = {"is_forced": str(demand.force).lower()}
    missing = [row for targets in parts for row in query(MISSING_SQL.format(targets=targets, **forced, **window))]
    batches: dict[str, dict[tuple[Any, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    for scope, namespace, region, resource_id, first, until in missing:
        batches[scope][namespace, region, first, until].append(resource_id)
    due = {}
    for scope in subscriptions:
        chunk = Chunk(SOURCE.table, scope)
        if scope not in batches or (demand.scopes is not None and scope not in demand.scopes):
            continue
        if not _is_ready(states.get(chunk), policy.now, due_at(chunk, SOURCE, states.get(chunk), policy, demand)):
            continue
        wanted = (
            Batch(namespace, region, tuple(ids), first, until)
            for (namespace, region, first, until), ids in batches[scope].items()
        )
        held = (
            row
            for targets in parts
            for row in query(HELD_SQL.format(columns=", ".join(COLUMNS), scope=scope, targets=targets, **window))
        )
        due[chunk] = MetricsWanted(tuple(wanted), tuple(held) if with_rows else ())
    return due


def _is_ready(state: ChunkState | None, now: datetime, again_at: datetime) -> bool:
    """Return whether to ask: at once for a day that is missing, later for what failed."""
    return state is None or state.last_outcome is Outcome.LOADED or again_at <= now


def _targets_sql(kinds: Iterable[Kind]) -> list[str]:
    """Return SELECTs of the resources to measure; a listing is read once, however many kinds it holds."""
    by_view: dict[str, list[Kind]] = defaultdict(list)
    for kind in kinds:
        by_view[kind.view].append(kind)
    selects = []
    for view, of_view in by_view.items():
        namespace = _chosen({kind.where: f"'{kind.namespace}'" for kind in of_view})
        metrics = _chosen({kind.where: str(len(kind.names)) for kind in of_view})
        wanted = " or ".join(f"({kind.where})" for kind in of_view)
        selects.append(
            f"select sub_account_id, {namespace} as metric_namespace, location, resource_id, {metrics} as metrics "
            f"from {view} where {wanted}"
        )
    starts = range(0, len(selects), VIEWS_AT_ONCE)
    return ["\nunion all\n".join(selects[start : start + VIEWS_AT_ONCE]) for start in starts]


def _chosen(by_condition: Mapping[str, str]) -> str:
    return "case " + " ".join(f"when {condition} then {value}" for condition, value in by_condition.items()) + " end"
