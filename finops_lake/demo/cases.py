"""Cases planted in the wider inventory: waste, and the lookalikes that naive checks take for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from finops_lake.demo.builder import Builder
from finops_lake.demo.model import Resource, ResourceGroup

Verdict = Literal["waste", "ok", "not_applicable", "undetermined"]


@dataclass(frozen=True)
class Case:
    """One resource, what is special about it, and how a check should judge it; `ok` ones are not listed at all."""

    check: str
    resource: Resource
    verdict: Verdict
    reason: str


@dataclass
class Site:
    """Where cases are planted: three groups of one's own (in up to three subscriptions), and two managed ones."""

    builder: Builder
    homes: list[ResourceGroup]
    nodes: ResourceGroup
    managed: ResourceGroup

    def network(self, path: str, home: int = 0) -> str:
        """Return the id of a network resource in a home, as ARM writes it."""
        return f"{self.homes[home].resource_id}/providers/Microsoft.Network/{path}"


def plant_cases(
    builder: Builder, homes: list[ResourceGroup], managed: tuple[ResourceGroup, ResourceGroup]
) -> Iterator[Case]:
    """Plant all cases and yield them."""
    from finops_lake.demo import (
        cases_compute,
        cases_data,
        cases_network,
        cases_platform,
        cases_services,
        cases_sizes,
        cases_usage,
    )

    site = Site(builder, homes, *managed)
    for module in (
        *(cases_network, cases_services, cases_data, cases_compute),
        *(cases_usage, cases_sizes, cases_platform),
    ):
        yield from module.plant(site)
