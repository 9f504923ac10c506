"""Which of Azure's limits a request draws on, by its address and question. Nothing of azure.* here."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import urlsplit

from finops_lake.limits import Draw, draws_of
from finops_lake.source import Api

_KINDS = {
    ("post", "microsoft.costmanagement/query"): Api.COST_QUERY,
    ("post", "microsoft.costmanagement/forecast"): Api.COST_QUERY,
    ("post", "microsoft.costmanagement/generatecostdetailsreport"): Api.COST_REPORT,
    ("get", "microsoft.consumption/usagedetails"): Api.USAGE_DETAILS,
    ("post", "microsoft.resourcegraph/resources"): Api.RESOURCE_GRAPH,
}

METRICS_PATH = "/metrics:getbatch"
"""Ends the path of the one question that Azure Monitor is asked."""


def metered(method: str, url: str, body: object = None) -> tuple[Draw, ...]:
    """Return what a request takes from the limits; `body` is its text or bytes."""
    path = urlsplit(url).path.lower()
    scope, marker, rest = path.rpartition("/providers/")
    service = "/".join(rest.split("/")[:2])
    if METRICS_PATH in path:
        return draws_of(Api.METRICS, path[path.index("/subscriptions/") :])
    api = _KINDS.get((method.lower(), service)) if marker else None
    if api is None:
        api = Api.CONSUMPTION if service.startswith("microsoft.consumption/") else Api.ARM
    if api is Api.ARM:
        scope = path
    return draws_of(api, scope, _months(body) if api is Api.COST_QUERY else 1)


def _months(body: object) -> int:
    """Return how many calendar months a cost query covers; 1 where its question does not say."""
    if not isinstance(body, (str, bytes)):
        return 1
    try:
        period = json.loads(body)["timePeriod"]
        first, last = (date.fromisoformat(str(period[name])[:10]) for name in ("from", "to"))
    except (ValueError, KeyError, TypeError):
        return 1
    return max((last.year - first.year) * 12 + last.month - first.month + 1, 1)
