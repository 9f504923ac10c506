"""What Azure Monitor is asked in one question. Nothing of azure.* here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_RESOURCES = 50
"""In one question; all of one subscription, region and type (Azure Monitor: migrate to the batch API)."""


@dataclass(frozen=True)
class MetricsQuestion:
    """Hourly figures of up to 50 resources of one subscription, region and type, from `start` to before `end` (UTC)."""

    subscription_id: str
    region: str
    namespace: str
    names: tuple[str, ...]
    aggregations: tuple[str, ...]
    resource_ids: tuple[str, ...]
    start: datetime
    end: datetime
