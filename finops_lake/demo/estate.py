"""An estate: the invented company's subscriptions, groups, resources and the lines of its bill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from finops_lake.demo.builder import Builder
from finops_lake.demo.catalogue import COMPUTE, OFFERINGS, REGIONS, SUBSCRIPTION_NAMES, WORKLOADS, Meter
from finops_lake.demo.model import EstateSpec, Line, Resource, ResourceGroup, Subscription
from finops_lake.demo.planted import Plan, plant
from finops_lake.source import months_back

R = TypeVar("R", bound=Resource)

PAY_AS_YOU_GO = "PayAsYouGo_2014-09-01"
"""The offer of the development subscription with every second seed: the dearer one for what it is."""

COVERING = ("vm-d2s-half", "vm-d2s-busy", "compute-plan")
UNUSED = ("vm-d2s-half", "compute-plan")
"""Commitments that cover machines, in turn, and whose unused part the first subscriptions pay; others name none."""


@dataclass(frozen=True)
class Estate:
    """Everything there is; `lines` are by subscription id, `created` by lower-cased resource id.

    `usage` says of some resources, by lower-cased id, how they are used (see metrics.USES); the others are busy.
    """

    spec: EstateSpec
    tenant_id: str
    subscriptions: tuple[Subscription, ...]
    groups: tuple[ResourceGroup, ...]
    resources: tuple[Resource, ...]
    created: Mapping[str, datetime]
    lines: Mapping[str, tuple[Line, ...]]
    plan: Plan
    usage: Mapping[str, str] = field(default_factory=dict)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """Return a subscription by its id in any case."""
        wanted = subscription_id.lower()
        return next((item for item in self.subscriptions if item.subscription_id == wanted), None)

    def group(self, subscription_id: str, name: str) -> ResourceGroup | None:
        """Return a resource group by name in any case."""
        return next((item for item in self.groups_of(subscription_id) if item.name.lower() == name.lower()), None)

    def groups_of(self, subscription_id: str) -> Iterator[ResourceGroup]:
        """Yield the resource groups of a subscription."""
        return (item for item in self.groups if item.subscription_id == subscription_id.lower())

    def resources_of(self, kind: type[R], subscription_id: str, group: str | None = None) -> list[R]:
        """Return the resources of one kind in a subscription, or in one of its groups."""
        return [
            item
            for item in self.resources
            if isinstance(item, kind)
            and item.subscription_id == subscription_id.lower()
            and (group is None or item.group.name.lower() == group.lower())
        ]


def build_estate(spec: EstateSpec) -> Estate:
    """Return the estate of a specification; charges are not made here, but when asked for."""
    builder = Builder(spec)
    for number in range(spec.subscriptions):
        _add_subscription(builder, number)
    plan = plant(builder)
    return Estate(
        spec,
        builder.guid("tenant"),
        tuple(builder.subscriptions),
        tuple(builder.groups),
        tuple(builder.resources),
        builder.created,
        {name: tuple(lines) for name, lines in builder.lines.items()},
        plan,
        builder.usage,
    )


def _add_subscription(builder: Builder, number: int) -> None:
    spec = builder.spec
    names = SUBSCRIPTION_NAMES
    name, environment, quota_id = (
        names[number] if number < len(names) else (f"Contoso Project {number + 1:02}", "prod", names[0][2])
    )
    if environment == "dev" and spec.seed % 2 == 0:
        quota_id = PAY_AS_YOU_GO
    currency = spec.currencies[number % len(spec.currencies)]
    tags = {"department": "retail", "Environment": environment} if number % 2 == 0 else None
    subscription = builder.subscription(name, quota_id=quota_id, currency=currency, environment=environment, tags=tags)
    rng = Random(f"{spec.seed}/subscription/{number}")
    groups = [_add_group(builder, subscription, workload, rng) for workload in rng.sample(WORKLOADS, 4)]
    for place in range(spec.resources):
        _add_resource(builder, groups[place % len(groups)], place, rng)
    _add_charges_without_resource(builder, subscription, number)
    _add_refunds(builder, subscription)


def _add_group(builder: Builder, subscription: Subscription, workload: str, rng: Random) -> ResourceGroup:
    tags = {
        "env": subscription.environment,
        "cost-center": f"CC-{rng.randrange(100, 130)}",
        "Owner": f"{workload}-team",
    }
    style = rng.choice(("rg-{0}-{1}", "RG-{0}-{1}", "{0}-{1}")).format(
        workload.title() if rng.random() < 0.3 else workload, subscription.environment
    )
    return builder.group(subscription, style, rng.choice(REGIONS), tags if rng.random() < 0.8 else None)


def _add_resource(builder: Builder, group: ResourceGroup, place: int, rng: Random) -> None:
    workload = (group.tags or {}).get("Owner", "app-team").removesuffix("-team")
    tags = {"env": (group.tags or {}).get("env", "prod"), "app": workload} if rng.random() < 0.6 else None
    if place % 5 < 2:
        _add_machine(builder, group, f"vm-{workload}-{place:03}", tags, rng)
        return
    offering = rng.choice(OFFERINGS)
    stem = "/".join(f"{part}-{workload}-{place:03}" for part in offering.stem.split("/"))
    name = f"st{workload}{place:03}{rng.randrange(16**6):06x}" if offering.stem == "st" else stem
    builder.service(group, name, offering, tags)


def _add_machine(
    builder: Builder, group: ResourceGroup, name: str, tags: Mapping[str, str] | None, rng: Random
) -> None:
    development = (group.tags or {}).get("env") == "dev"
    size, data_disks = rng.choice(tuple(COMPUTE)), rng.randrange(3)
    covered = not development and rng.random() < 0.25
    benefit = COVERING[int(name[-3:]) % len(COVERING)]
    commitment: dict[str, Any] = {"benefit": benefit, "pricing_model": _pricing_model(benefit)} if covered else {}
    machine = builder.machine(
        group,
        name,
        size,
        tags=tags,
        data_disks=data_disks,
        rhythm="workday" if development else "flat",
        covered=covered,
        **commitment,
    )
    if rng.random() < 0.3:
        interface = f"{group.resource_id}/providers/Microsoft.Network/networkInterfaces/{machine.name}-nic"
        builder.address(group, f"pip-{machine.name}", ip_configuration=f"{interface}/ipConfigurations/ipconfig1")


def _pricing_model(benefit: str | None) -> str:
    return "SavingsPlan" if benefit == "compute-plan" else "Reservation"


def _add_charges_without_resource(builder: Builder, subscription: Subscription, number: int) -> None:
    """Add what no resource carries: reservations, the Marketplace, support, rounding."""
    reservation = Meter(
        "Virtual Machines",
        "Virtual Machines",
        "Reservation-Base VM Instance",
        "D2s v5 1 Year",
        "48.6240",
        3,
        0,
        "monthly",
    )
    benefit = None if number else "vm-d2s-busy"
    builder.line(
        subscription,
        reservation,
        charge_type="Purchase",
        pricing_model="Reservation",
        only="ActualCost",
        benefit=benefit,
    )
    unused = Meter(
        "Virtual Machines", "Virtual Machines", "Dsv5 Series", "D2s v5", "0.0666", 31_250, rhythm="busy", noise=400
    )
    benefit = UNUSED[number] if number < len(UNUSED) else None
    model = _pricing_model(benefit)
    builder.line(
        subscription, unused, charge_type=f"Unused{model}", pricing_model=model, only="AmortizedCost", benefit=benefit
    )
    rounding = Meter("Unassigned", "Unassigned", "", "Rounding", "0.0000001", 71, 0, noise=900)
    builder.line(subscription, rounding, charge_type="RoundingAdjustment")
    if number == 0:
        support = Meter("Support", "Support", "Standard Support", "Standard Support", "100", 1, 0, "monthly")
        builder.line(subscription, support, charge_type="Purchase")
    currencies = [name for name in builder.spec.currencies if name != subscription.currency]
    if number == 1 or (number == 0 and builder.spec.subscriptions == 1):
        _add_marketplace(builder, subscription, currencies[0] if currencies else subscription.currency)


def _add_marketplace(builder: Builder, subscription: Subscription, currency: str) -> None:
    """Add charges in a second currency, one of them on a resource and day that has charges in both."""
    offer = Meter("SaaS", "SaaS", "Datadog Pro", "Datadog Pro Monthly", "749.00", 1, 0, "monthly")
    builder.line(subscription, offer, charge_type="Purchase", publisher_type="Marketplace", currency=currency)
    machine = next((item for item in builder.resources if item.subscription_id == subscription.subscription_id), None)
    if machine is not None:
        licence = Meter(
            "Virtual Machines", "Virtual Machines Licenses", "Palo Alto", "4 vCPU VM License", "0.065", 24, 0
        )
        builder.line(machine, licence, publisher_type="Marketplace", currency=currency)


def _add_refunds(builder: Builder, subscription: Subscription) -> None:
    """Add service credits on a machine, one in the open month and one in the month before."""
    machine = next((item for item in builder.resources if item.subscription_id == subscription.subscription_id), None)
    if machine is None:
        return
    spec = builder.spec
    credit = Meter(
        "Virtual Machines", "Virtual Machines", "Service Credit", "Service Credit", "-1.25", 374_125, 4, "once"
    )
    for month in months_back(spec.today, 2):
        day = min(month + timedelta(days=8), spec.today)
        if day >= spec.first_day:
            builder.line(machine, credit, charge_type="Refund", first_day=day)
