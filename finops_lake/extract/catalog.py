"""The raw tables that a refresh can fill, and who fetches each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract import (
    budgets,
    cost_daily,
    cost_resource_locations,
    disks,
    public_ips,
    resource_groups,
    resources,
    subscriptions,
    virtual_machines,
)
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

SOURCES: tuple[Source, ...] = tuple(extractor.source for extractor in EXTRACTORS.values())
