"""Builds an estate piece by piece: each resource with the lines it is billed by."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.demo.catalogue import (
    ADDRESS_METERS,
    COMPUTE,
    DISK_MONTH,
    DISK_TIERS,
    PRICE_FACTORS,
    PROVISIONED_DISKS,
    Meter,
    Offering,
)
from finops_lake.demo.model import (
    Disk,
    EstateSpec,
    Line,
    Listed,
    PowerState,
    PublicIpAddress,
    Resource,
    ResourceGroup,
    Subscription,
    VirtualMachine,
)
from finops_lake.demo.spelling import Spelling

MACHINES = "Microsoft.Compute/virtualMachines"
DISKS = "Microsoft.Compute/disks"
ADDRESSES = "Microsoft.Network/publicIPAddresses"
FREE_DAYS = 15


@dataclass
class Builder:
    """Collects what has been built so far; `first_day` and `today` are those of the specification."""

    spec: EstateSpec
    subscriptions: list[Subscription] = field(default_factory=list)
    groups: list[ResourceGroup] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    created: dict[str, datetime] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    usage: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spelling = Spelling(self.spec.seed)

    def guid(self, *parts: object) -> str:
        """Return a GUID that depends on the seed and `parts` alone."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, ("finops-lake", self.spec.seed, *parts)))))

    def instant(self, days_ago: int) -> datetime:
        """Return an instant of the day that lies `days_ago` before today."""
        return datetime.combine(self.spec.today - timedelta(days=days_ago), time(7, 42, 11, 295_032), UTC)

    def subscription(self, name: str, **values: Any) -> Subscription:
        """Add a subscription."""
        subscription = Subscription(self.guid("subscription", name), name, **values)
        self.subscriptions.append(subscription)
        self.lines[subscription.subscription_id] = []
        return subscription

    def group(
        self,
        subscription: Subscription,
        name: str,
        location: str,
        tags: Mapping[str, str] | None = None,
        managed_by: str | None = None,
    ) -> ResourceGroup:
        """Add a resource group."""
        group = ResourceGroup(subscription.subscription_id, name, location, tags, managed_by)
        self.groups.append(group)
        return group

    def line(self, owner: Resource | Subscription, meter: Meter, **changes: Any) -> Line:
        """Add a line to the bill of a resource, or of a subscription for charges without a resource."""
        subscription = owner if isinstance(owner, Subscription) else self.subscription_of(owner)
        lines = self.lines[subscription.subscription_id]
        currency = changes.pop("currency", subscription.currency)
        values: dict[str, Any] = {
            "line_id": f"{subscription.subscription_id}/{len(lines)}",
            "subscription": subscription,
            "service_name": meter.service_name,
            "meter_category": meter.category,
            "meter_subcategory": meter.subcategory,
            "meter_name": meter.name,
            "currency": currency,
            "unit_price": Decimal(meter.price) * PRICE_FACTORS[currency],
            "quantity": meter.quantity,
            "decimals": meter.decimals,
            "first_day": self.spec.first_day,
            "rhythm": meter.rhythm,
            "noise": meter.noise,
            "growth": meter.growth,
            **_where(owner),
            **changes,
        }
        lines.append(Line(**values))
        return lines[-1]

    def subscription_of(self, resource: Resource) -> Subscription:
        """Return the subscription a resource lies in."""
        return next(item for item in self.subscriptions if item.subscription_id == resource.subscription_id)

    def service(
        self, group: ResourceGroup, name: str, offering: Offering, tags: Mapping[str, str] | None = None
    ) -> Resource:
        """Add a resource of any other kind, billed by all meters of its offering."""
        resource = Resource(group, offering.resource_type, name, tags)
        self._add(resource, self.instant(500))
        for meter in offering.meters:
            self.line(resource, meter)
        return resource

    def listed(
        self,
        group: ResourceGroup,
        resource_type: str,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        meter: Meter | None = None,
        created: datetime | None = None,
        **values: Any,
    ) -> Listed:
        """Add any other resource with its properties; without a meter it costs nothing, nor in its first weeks.

        What is new would be an anomaly of its own, beside those that are planted.
        """
        spelled = self._spelling.of(properties or {})
        resource = Listed(group, resource_type, name, properties=spelled, **values)
        self._add(resource, created or self.instant(400))
        if meter is not None and self.created[resource.cost_id] < self.instant(FREE_DAYS):
            self.line(resource, meter, first_day=self._since(self.created[resource.cost_id]), prompt=True)
        return resource

    def machine(
        self,
        group: ResourceGroup,
        name: str,
        size: str = "Standard_D2s_v5",
        *,
        power_state: PowerState | None = "running",
        since: date | None = None,
        created: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        data_disks: int = 0,
        os_type: str = "Linux",
        license_type: str | None = None,
        publisher: str = "Canonical",
        vhd: str | None = None,
        **line: Any,
    ) -> VirtualMachine:
        """Add a machine with its disks; `since` is the day from which a deallocated one is no longer billed.

        With `vhd` its system disk is that blob instead of a managed disk.
        """
        created = created or self.instant(480)
        plain_id = f"{group.resource_id}/providers/{MACHINES}/{name}"
        state = "Reserved" if power_state == "deallocated" else "Attached"
        stem = self.guid(plain_id).replace("-", "")
        attached: dict[str, Any] = {"state": state, "managed_by": plain_id, "created": created, "tags": tags}
        if since is not None:
            attached["ownership_updated"] = datetime.combine(since, time(18, 30), UTC)
        os_disk = f"{name}_OsDisk_1_{stem}"
        if vhd is None:
            os_disk = self.disk(group, os_disk, "StandardSSD_LRS", 32, os_type=os_type, **attached).plain_id
        data = tuple(
            self.disk(group, f"{name}_DataDisk_{number}", "Premium_LRS", 128, **attached).plain_id
            for number in range(data_disks)
        )
        machine = VirtualMachine(
            group,
            MACHINES,
            name,
            tags,
            size,
            os_type,
            power_state,
            license_type,
            publisher,
            created=created,
            os_disk=os_disk,
            data_disks=data,
            vhd=vhd,
        )
        self._add(machine, created)
        subcategory, meter_name, price = COMPUTE[size]
        meter = Meter("Virtual Machines", "Virtual Machines", subcategory, meter_name, price, 24, 0)
        self.line(machine, meter, **{"last_day": since, "first_day": self._since(created), **line})
        return machine

    def disk(
        self,
        group: ResourceGroup,
        name: str,
        sku: str = "Premium_LRS",
        size_gb: int = 128,
        *,
        billed: bool = True,
        **values: Any,
    ) -> Disk:
        """Add a managed disk; `billed` False leaves it without a line, as a free one is."""
        tier, subcategory, meter_name, price = DISK_TIERS[(sku, size_gb)]
        values.setdefault("created", self.instant(450))
        disk = Disk(group, DISKS, name, sku=sku, tier=tier, size_gb=size_gb, **values)
        self._add(disk, disk.created)
        if billed:
            quantity, decimals = DISK_MONTH
            meter = Meter("Storage", "Storage", subcategory, meter_name, price, quantity, decimals)
            self.line(disk, meter, first_day=self._since(disk.created), prompt=True)
        return disk

    def provisioned_disk(
        self, group: ResourceGroup, name: str, sku: str, size_gb: int, performance: tuple[int, int]
    ) -> Disk:
        """Add a disk that is billed by its size and by the operations and megabytes a second its owner set."""
        created = self.instant(450)
        disk = Disk(group, DISKS, name, sku=sku, tier=None, size_gb=size_gb, performance=performance, created=created)
        self._add(disk, created)
        for amount, (product, meter_name, _, price, free) in zip(
            (size_gb, *performance), PROVISIONED_DISKS[sku], strict=True
        ):
            if amount > free:
                meter = Meter("Storage", "Storage", product, meter_name, price, 24 * (amount - free), 0)
                self.line(disk, meter, first_day=self._since(created), prompt=True)
        return disk

    def address(
        self, group: ResourceGroup, name: str, *, billed: bool = True, created: datetime | None = None, **values: Any
    ) -> PublicIpAddress:
        """Add a public IP address."""
        number = len(self.resources)
        values.setdefault("ip_address", f"203.0.113.{number % 254 + 1}")
        address = PublicIpAddress(group, ADDRESSES, name, **values)
        self._add(address, created or self.instant(440))
        if billed:
            meter_name, price = ADDRESS_METERS[(address.sku, address.allocation)]
            meter = Meter("Virtual Network", "Virtual Network", "IP Addresses", meter_name, price, 24, 0)
            self.line(address, meter, first_day=self._since(self.created[address.cost_id]), prompt=True)
        return address

    def _add(self, resource: Resource, created: datetime) -> None:
        self.resources.append(resource)
        self.created[resource.cost_id] = created

    def _since(self, created: datetime) -> date:
        return max(created.date(), self.spec.first_day)


def _where(owner: Resource | Subscription) -> dict[str, Any]:
    if isinstance(owner, Subscription):
        return {"resource_group": "", "resource_id": "", "resource_type": "", "location": "", "tags": {}}
    return {
        "resource_group": owner.group.name.lower(),
        "resource_id": owner.cost_id,
        "resource_type": owner.resource_type.lower(),
        "location": owner.location,
        "tags": dict(owner.tags or {}),
    }
