"""The raw tables that a refresh can fill, and who fetches each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract import (
    budgets,
    cost_daily,
    cost_resource_locations,
    disks,
    focus_charges,
    public_ips,
    resource_groups,
    resources,
    subscriptions,
    virtual_machines,
)
from finops_lake.extract.cost_lines import lines_source
from finops_lake.extract.export_tables import EXPORT_TABLES
from finops_lake.source import Chunk, Fetched, Source

Fetch = Callable[[AzureClients, Chunk], Fetched]


@dataclass(frozen=True)
class Extractor:
    """A raw table and the function that fetches one chunk of it."""

    source: Source
    fetch: Fetch


EXTRACTORS: dict[str, Extractor] = {
    module.SOURCE.table: Extractor(module.SOURCE, module.fetch)
    for module in (
        subscriptions,
        resource_groups,
        resources,
        virtual_machines,
        disks,
        public_ips,
        budgets,
        cost_daily,
        cost_resource_locations,
    )
}

LINE_SOURCES: tuple[Source, ...] = (
    lines_source("cost_details", "Usage-detail lines by the cost details report.", timedelta(hours=24)),
    lines_source("usage_details", "Usage-detail lines by the consumption API.", timedelta(hours=24)),
    lines_source("cost_exports", "Usage-detail lines by files of cost exports.", timedelta(hours=24)),
)
"""The sources that tell charges line by line; one schema, one metric per load."""

FETCHED: tuple[Source, ...] = tuple(extractor.source for extractor in EXTRACTORS.values())
"""What a refresh asks Azure for."""

SOURCES: tuple[Source, ...] = (
    *FETCHED,
    focus_charges.SOURCE,
    *LINE_SOURCES,
    *(source for source, _ in EXPORT_TABLES),
)
"""Every raw table of the lake, those filled from files included."""
