"""The raw tables that a refresh can fill, and who fetches each."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.extract import (
    advisor,
    benefits,
    billing_accounts,
    budgets,
    commitments,
    compute,
    cost_daily,
    cost_details,
    cost_monthly_totals,
    cost_resource_locations,
    disks,
    figures,
    focus_charges,
    graph_resources,
    locks,
    network,
    price_sheet,
    public_ips,
    resource_groups,
    resource_metrics,
    resources,
    retail_prices,
    subscription_ancestors,
    subscriptions,
    usage_details,
    virtual_machines,
)
from finops_lake.extract.cost_lines import lines_source
from finops_lake.extract.export_tables import EXPORT_TABLES
from finops_lake.extract.extractor import Extractor, Fetch
from finops_lake.source import Source

__all__ = ["EXTRACTORS", "SOURCES", "Extractor", "Fetch"]

EXTRACTORS: dict[str, Extractor] = {
    extractor.source.table: extractor
    for extractor in (
        Extractor(subscriptions.SOURCE, subscriptions.fetch),
        Extractor(billing_accounts.SOURCE, billing_accounts.fetch),
        Extractor(resource_groups.SOURCE, resource_groups.fetch),
        Extractor(resources.SOURCE, resources.fetch),
        Extractor(virtual_machines.SOURCE, virtual_machines.fetch),
        Extractor(disks.SOURCE, disks.fetch),
        Extractor(public_ips.SOURCE, public_ips.fetch),
        *compute.EXTRACTORS,
        *network.EXTRACTORS,
        graph_resources.EXTRACTOR,
        subscription_ancestors.EXTRACTOR,
        advisor.EXTRACTOR,
        Extractor(locks.SOURCE, locks.fetch),
        *commitments.EXTRACTORS,
        *benefits.EXTRACTORS,
        Extractor(budgets.SOURCE, budgets.fetch),
        Extractor(cost_daily.SOURCE, cost_daily.fetch),
        Extractor(cost_resource_locations.SOURCE, cost_resource_locations.fetch),
        Extractor(cost_monthly_totals.SOURCE, cost_monthly_totals.fetch),
        Extractor(cost_details.SOURCE, cost_details.fetch),
        Extractor(usage_details.SOURCE, usage_details.fetch),
    )
}

FILE_SOURCES: tuple[Source, ...] = (
    figures.FIGURES,
    figures.RATES,
    focus_charges.SOURCE,
    lines_source("cost_exports", "Usage-detail lines by files of cost exports.", timedelta(hours=24)),
)
"""What only files fill."""

FETCHED: tuple[Source, ...] = tuple(extractor.source for extractor in EXTRACTORS.values())
"""What a refresh asks Azure for."""

SOURCES: tuple[Source, ...] = (
    *FETCHED,
    retail_prices.SOURCE,
    price_sheet.SOURCE,
    resource_metrics.SOURCE,
    *FILE_SOURCES,
    *(source for source, _ in EXPORT_TABLES),
)
"""Every raw table of the lake, those filled from files included."""
