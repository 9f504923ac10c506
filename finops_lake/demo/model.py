"""What an estate is made of: subscriptions, resource groups, resources, and the lines its charges come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

from finops_lake.errors import InputError
from finops_lake.source import months_back

Metric = Literal["ActualCost", "AmortizedCost"]
Rhythm = Literal["flat", "workday", "busy", "monthly", "once"]
PowerState = Literal["running", "stopped", "deallocated", "starting"]

USD_PER_UNIT = {
    "USD": Decimal("1"),
    "EUR": Decimal("1.085"),
    "GBP": Decimal("1.264"),
    "CHF": Decimal("1.127"),
    "SEK": Decimal("0.095"),
    "AUD": Decimal("0.652"),
}
"""Dollars for one unit of each currency an estate can bill in; fixed, so that CostUSD is exact."""


ON_DEMAND = Decimal("1.6")
"""What usage under a commitment would cost without it, as a multiple."""


@dataclass(frozen=True)
class EstateSpec:
    """The size of an estate; the same values always give the same estate, to the last digit.

    `resources` counts ordinary resources per subscription, without disks and addresses that belong to a
    machine and without what is planted. `days` is the length of the history that ends with `today`; None: the
    13 calendar months that end with today's. Subscriptions take the currencies in turn.
    """

    today: date
    seed: int = 1
    subscriptions: int = 4
    resources: int = 20
    days: int | None = None
    currencies: tuple[str, ...] = ("EUR", "EUR", "USD", "GBP")

    def __post_init__(self) -> None:
        for name, least in (("subscriptions", 1), ("resources", 0)):
            if getattr(self, name) < least:
                raise InputError(name, getattr(self, name), f"give {least} or more")
        if self.days is not None and self.days < 1:
            raise InputError("days", self.days, "give 1 or more")
        unknown = [name for name in self.currencies if name not in USD_PER_UNIT]
        if unknown or not self.currencies:
            raise InputError("currencies", self.currencies, f"choose among {', '.join(USD_PER_UNIT)}")

    @cached_property
    def first_day(self) -> date:
        """Return the first day that has charges."""
        if self.days is None:
            return months_back(self.today, 13)[-1]
        return date.fromordinal(self.today.toordinal() - self.days + 1)


@dataclass(frozen=True)
class Subscription:
    """A subscription; `currency` is what it is billed in, though single rows may be in another one."""

    subscription_id: str
    display_name: str
    quota_id: str
    currency: str
    environment: str
    tags: Mapping[str, str] | None = None
    state: str = "Enabled"

    @property
    def scope(self) -> str:
        """Return the ARM id of the subscription."""
        return f"/subscriptions/{self.subscription_id}"


@dataclass(frozen=True)
class ResourceGroup:
    """A resource group; `managed_by` names the service that owns it (AKS, Databricks), mostly absent."""

    subscription_id: str
    name: str
    location: str
    tags: Mapping[str, str] | None = None
    managed_by: str | None = None

    @property
    def resource_id(self) -> str:
        """Return the ARM id, in the case the group was created with."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.name}"


@dataclass(frozen=True)
class Resource:
    """Any resource. `resource_id` is spelled as Azure's inventory spells it, `cost_id` as cost rows do."""

    group: ResourceGroup
    resource_type: str
    name: str
    tags: Mapping[str, str] | None = None

    @property
    def subscription_id(self) -> str:
        """Return the subscription the resource lies in."""
        return self.group.subscription_id

    @property
    def location(self) -> str:
        """Return the region, which is always that of the group."""
        return self.group.location

    @property
    def plain_id(self) -> str:
        """Return the id with the group as it was created; a child's name is written `parent/child`."""
        provider, *types = self.resource_type.split("/")
        path = "/".join(f"{kind}/{name}" for kind, name in zip(types, self.name.split("/"), strict=True))
        return f"{self.group.resource_id}/providers/{provider}/{path}"

    @property
    def resource_id(self) -> str:
        """Return the id of the inventory; compute upper-cases the group, except in development groups."""
        if self.resource_type.startswith("Microsoft.Compute/") and not self.group.name.lower().endswith("dev"):
            return self.plain_id.replace(
                f"/resourceGroups/{self.group.name}/", f"/resourceGroups/{self.group.name.upper()}/"
            )
        return self.plain_id

    @property
    def cost_id(self) -> str:
        """Return the id of cost rows, which is lower-cased."""
        return self.plain_id.lower()


@dataclass(frozen=True)
class VirtualMachine(Resource):
    """A virtual machine; `power_state` None: Azure reports no power state at all.

    `vhd` is the blob that its system disk lies in, where that is no managed disk.
    """

    size: str = "Standard_D2s_v5"
    os_type: str = "Linux"
    power_state: PowerState | None = "running"
    license_type: str | None = None
    publisher: str = "Canonical"
    created: datetime = field(kw_only=True)
    os_disk: str = field(kw_only=True)
    vhd: str | None = None
    data_disks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk(Resource):
    """A managed disk; ids of virtual machines in `managed_by` and `managed_by_extended`.

    `performance` is what its owner set, as operations and megabytes a second; None: what comes with its size.
    `is_bursting` says that bursting on demand is paid for.
    """

    sku: str = "Premium_LRS"
    tier: str | None = "P10"
    size_gb: int = 128
    state: str = "Unattached"
    os_type: str | None = None
    managed_by: str | None = None
    managed_by_extended: tuple[str, ...] = ()
    max_shares: int | None = None
    created: datetime = field(kw_only=True)
    ownership_updated: datetime | None = None
    performance: tuple[int, int] | None = None
    is_bursting: bool = False


@dataclass(frozen=True)
class PublicIpAddress(Resource):
    """A public IP address; whatever it is associated with is an ARM id, None: the key is absent."""

    sku: str = "Standard"
    allocation: str = "Static"
    ip_address: str | None = None
    ip_configuration: str | None = None
    nat_gateway: str | None = None
    prefix: str | None = None
    linked_address: str | None = None
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed(Resource):
    """Any other resource that lists show with its properties; what is None or empty is absent from them."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    sku: Mapping[str, Any] | None = None
    kind: str | None = None
    zones: tuple[str, ...] = ()
    managed_by: str | None = None


@dataclass(frozen=True)
class Spike:
    """Days on which a line costs `factor` times as much as it would have."""

    first_day: date
    last_day: date
    factor: int


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One meter of one resource: all about its charges that does not change by the day.

    `quantity` is a day's ordinary quantity in units of 10^-`decimals`; `noise` and `growth` are in thousandths
    (growth for each 30 days). `benefit` names the commitment that covers it, or that it is
    the unused part of. Identity is equality, which makes lines quick keys of a dict.
    """

    line_id: str
    subscription: Subscription
    resource_group: str
    resource_id: str
    resource_type: str
    location: str
    service_name: str
    meter_category: str
    meter_subcategory: str
    meter_name: str
    tags: Mapping[str, str]
    currency: str
    unit_price: Decimal
    quantity: int
    decimals: int
    first_day: date
    last_day: date | None = None
    rhythm: Rhythm = "flat"
    noise: int = 0
    growth: int = 0
    spike: Spike | None = None
    charge_type: str = "Usage"
    publisher_type: str = "Azure"
    pricing_model: str = "OnDemand"
    covered: bool = False
    only: Metric | None = None
    prompt: bool = False
    benefit: str | None = None

    @property
    def contracted_price(self) -> Decimal:
        """Return the price on demand, which usage under a commitment is billed below."""
        return self.unit_price * ON_DEMAND if self.benefit and self.charge_type == "Usage" else self.unit_price


class Charge(NamedTuple):
    """One charge of one line and day, as the bill has it; `days_late` is how long it takes to appear."""

    usage_date: date
    line: Line
    quantity: Decimal
    actual_cost: Decimal
    amortized_cost: Decimal
    days_late: int = 0

    def cost(self, metric: Metric) -> Decimal:
        """Return the amount of this charge in `metric`, in the currency of its line."""
        return self.actual_cost if metric == "ActualCost" else self.amortized_cost

    def cost_usd(self, metric: Metric) -> Decimal:
        """Return the amount in US dollars."""
        return self.cost(metric) * USD_PER_UNIT[self.line.currency]

    def counts_in(self, metric: Metric) -> bool:
        """Tell whether this charge is part of `metric` (purchases and unused reservations are in one only)."""
        return self.line.only is None or self.line.only == metric
