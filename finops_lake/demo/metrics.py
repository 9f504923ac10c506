"""Azure Monitor's metrics by the hour: of busy resources unless another use was planted."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from finops_lake.demo.calls import Call
from finops_lake.demo.levels import SIZES, Level
from finops_lake.demo.model import Resource, VirtualMachine
from finops_lake.demo.replies import Reply, error_reply, json_reply
from finops_lake.demo.world import World

PATH = "/metrics"
"""Where this server's Azure Monitor begins; a region's name comes next."""

MOST_RESOURCES = 50
RETENTION = timedelta(days=93)
SPREADS = 1009
HOUR = timedelta(hours=1)
Hour = tuple[datetime, str]
"""When an hour begins, and the same as Azure writes it."""

NIGHT = 3
"""The hour of the day in which something runs on idle machines, too."""


BUSY = {
    "Percentage CPU": Level(34, 82),
    "Available Memory Percentage": Level(38, 47),
    "Network In Total": Level(9e8, 3e7),
    "Network Out Total": Level(2e9, 6e7),
    "Composite Disk Read Operations/sec": Level(3600, 190),
    "Composite Disk Write Operations/sec": Level(4200, 210),
}
LOW = {
    "Percentage CPU": Level(6, 14),
    "Available Memory Percentage": Level(82, 85),
    "Network In Total": Level(4e8, 2e7),
    "Network Out Total": Level(6e8, 2e7),
}
ALIVE = {
    "DatapathAvailability": Level(100, 100),
    "VipAvailability": Level(100, 100),
    "FirewallHealth": Level(100, 100),
    "CapacityUnits": Level(1, 1),
    "ServiceAvailability": Level(100, 100),
    "UsedCapacity": Level(6e9, 6e9),
    "cpu_percent": Level(0.3, 2),
    "dtu_consumption_percent": Level(0.3, 2),
    "CpuPercentage": Level(2, 9),
    "MemoryPercentage": Level(61, 64),
    "ExpressRouteGatewayCpuUtilization": Level(1, 4),
    "BytesReceived": Level(4e4, 4e4),
    "BytesSent": Level(4e4, 4e4),
    "active_connections": Level(360, 9),
    "avg_cpu_percent": Level(2, 9),
    "node_cpu_usage_percentage": Level(9, 24),
    "node_memory_working_set_percentage": Level(22, 31),
    "DWULimit": Level(6000, 100),
    "KeepAlive": Level(60, 1),
    "Size": Level(6e9, 6e9),
    "NamespaceCpuUsage": Level(1, 2),
    "Capacity": Level(3, 9),
    "StorageUsed": Level(6e9, 6e9),
}
"""What is reported of a resource that nobody uses; what counts its use is not."""

USES: Mapping[str, Mapping[str, Level]] = {
    "busy": BUSY,
    "unused": ALIVE,
    "scanned": {
        **ALIVE,
        "ByteCount": Level(1e4, 1e4),
        "DataProcessed": Level(1e4, 1e4),
        "TotalRequests": Level(1, 1),
        "TotalRequestUnits": Level(1, 1),
        "Transactions": Level(0.2, 1),
        "connection_successful": Level(1, 1),
        "Connections": Level(1, 1),
        "QueryDuration": Level(40, 40),
        "OutgoingMessages": Level(1, 1),
        "Requests": Level(1, 1),
        "TotalPullCount": Level(0.2, 1),
        "BytesSent": Level(4e6, 4e6),
        "ExpressRouteGatewayBitsPerSecond": Level(1800, 40),
    },
    "low": LOW,
    "low_without_memory": {name: level for name, level in LOW.items() if "Memory" not in name},
    "low_with_full_memory": {**LOW, "Available Memory Percentage": Level(12, 15)},
    "idle": {
        "Percentage CPU": Level(1.1, 5, night=61),
        "Available Memory Percentage": Level(71, 73),
        "Network In Total": Level(2e6, 9e4),
        "Network Out Total": Level(1.5e6, 9e4),
    },
    "idle_with_traffic": {
        "Percentage CPU": Level(1.4, 6),
        "Available Memory Percentage": Level(60, 62),
        "Network In Total": Level(4e8, 2e7),
        "Network Out Total": Level(4e8, 2e7),
    },
    **SIZES,
    "pooled": {**ALIVE, "active_connections": Level(2400, 64)},
    "strained": {**ALIVE, "cpu_percent": Level(24, 61), "node_cpu_usage_percentage": Level(24, 81)},
    "full": {**ALIVE, "node_memory_working_set_percentage": Level(61, 72)},
    "silent": {},
}
"""Ways of use by name; a metric that one does not have comes without a single figure."""


def metrics(world: World, call: Call) -> Reply:
    """Answer a question for many resources of one subscription, region and type."""
    query = {name.lower(): value for name, value in call.query.items()}
    ids = [str(name) for name in json.loads(call.body).get("resourceids", ())]
    namespace, names = query.get("metricnamespace", ""), query.get("metricnames", "").split(",")
    start, end = (datetime.fromisoformat(query[name]).astimezone(UTC) for name in ("starttime", "endtime"))
    fault = _fault(world, call, ids, namespace, start)
    if fault is not None:
        return error_reply(400, "BadRequest", fault)
    known = {item.cost_id: item for item in world.estate.resources}
    hours = _hours(start, end)
    wanted = query.get("aggregation", "average").lower().split(",")
    answers = []
    for name in ids:
        item = known.get(name.lower())
        if item is None:
            continue
        value = [_metric(world, item, metric, wanted, hours) for metric in names]
        answers.append(
            {
                "starttime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "endtime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "interval": query.get("interval", "PT1M"),
                "value": value,
                "namespace": namespace.lower(),
                "resourceregion": call.names["region"],
                "resourceid": item.resource_id,
            }
        )
    return json_reply({"values": answers})


def _fault(world: World, call: Call, ids: Sequence[str], namespace: str, start: datetime) -> str | None:
    """Return what Azure would not have in a question."""
    scope = f"/subscriptions/{call.subscription_id}/"
    if not ids or len(ids) > MOST_RESOURCES:
        return f"The number of resource ids must be between 1 and {MOST_RESOURCES}."
    if not all(name.lower().startswith(scope) for name in ids):
        return "All resources must be in the subscription of the request."
    if not all(_type_of(name) == namespace.lower() for name in ids):
        return f"All resources must be of the type {namespace}."
    regions = {item.location for item in world.estate.resources if item.cost_id in {name.lower() for name in ids}}
    if regions - {call.names["region"]}:
        return f"Resources of {', '.join(sorted(regions))} cannot be asked for in {call.names['region']}."
    if start < datetime.combine(world.ledger.today, time(), UTC) - RETENTION:
        return f"Query startTime: {start:%m/%d/%Y} is out of the Max metrics retention period: 93.00:00:00."
    return None


def _type_of(name: str) -> str:
    provider, *parts = name.lower().rpartition("/providers/")[2].split("/")
    return "/".join([provider, *parts[::2]])


def _hours(start: datetime, end: datetime) -> list[Hour]:
    instants = (start + HOUR * number for number in range(math.ceil((end - start) / HOUR)))
    return [(at, f"{at:%Y-%m-%dT%H:%M:%SZ}") for at in instants]


def _metric(world: World, item: Resource, name: str, wanted: Sequence[str], hours: Sequence[Hour]) -> dict[str, Any]:
    use = world.estate.usage.get(item.cost_id, "busy")
    level = USES[use].get(name)
    if level is None and use == "busy":
        level = Level(34, 82) if _unit(name) == "Percent" else Level(1e7, 1e6)
    points = [] if level is None else _points(world, item, name, level, wanted, hours)
    unit = _unit(name)
    return {
        "id": f"{item.resource_id}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "displayDescription": name,
        "unit": unit,
        "timeseries": [{"metadatavalues": [], "data": points}] if points else [],
        "errorCode": "Success",
    }


def _points(
    world: World, item: Resource, name: str, level: Level, wanted: Sequence[str], hours: Sequence[Hour]
) -> list[dict[str, Any]]:
    """Return the hours; those before a resource was made, or while a machine does not run, have an instant alone."""
    runs = not isinstance(item, VirtualMachine) or item.power_state in ("running", None)
    created, seed = world.estate.created[item.cost_id], zlib.crc32(f"{item.cost_id}/{name}".encode())
    by_day, by_night = _figures(level, _unit(name) == "Percent", frozenset(wanted))
    return [
        {"timeStamp": text, **(by_night if at.hour == NIGHT else by_day)[(seed + number * 2_654_435_761) % SPREADS]}
        if runs and at >= created
        else {"timeStamp": text}
        for number, (at, text) in enumerate(hours)
    ]


@lru_cache
def _figures(level: Level, is_share: bool, wanted: frozenset[str]) -> tuple[list[dict[str, float]], ...]:
    """Return what an hour can look like, by day and at night, for each way in which figures spread."""
    night = level.peak if level.night is None else level.night
    means = [level.mean * (1 if is_share and level.mean > 50 else 0.8 + 0.4 * (n / SPREADS)) for n in range(SPREADS)]
    hours = (
        {
            "average": round(mean if is_share else mean / 60, 4),
            "minimum": round(mean * 0.97 if is_share else 0, 4),
            "maximum": round(peak, 4),
            "total": round(mean * 60 if is_share else mean, 4),
        }
        for peak in (level.peak, night)
        for mean in means
    )
    figures = [{kind: value for kind, value in hour.items() if kind in wanted} for hour in hours]
    return figures[:SPREADS], figures[SPREADS:]


def _unit(name: str) -> str:
    return "Percent" if "cpu" in name.lower() or "percent" in name.lower() else "Bytes"
