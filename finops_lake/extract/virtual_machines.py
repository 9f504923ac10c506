"""Virtual machines of one subscription with their power state, in two listings whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import FinopsLakeError
from finops_lake.extract.arrow import as_json, instant, only, pick
from finops_lake.extract.listing import (
    ID,
    LOCATION,
    NAME,
    PROVISIONING_STATE,
    TAGS,
    TIME_CREATED,
    ZONES,
    Column,
    listing,
    listing_source,
)
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched


def _disk_ids(disks: Any) -> str | None:
    return as_json([pick(disk, "managedDisk.id") for disk in disks or [] if pick(disk, "managedDisk.id")])


COLUMNS = (
    ID,
    NAME,
    LOCATION,
    Column("vm_size", "properties.hardwareProfile.vmSize", "Size, such as Standard_D4s_v5."),
    Column("os_type", "properties.storageProfile.osDisk.osType", "Windows or Linux."),
    Column("license_type", "properties.licenseType", "Hybrid benefit in use, such as Windows_Server."),
    Column("priority", "properties.priority", "Regular, Low or Spot."),
    Column("power_state", "power.state", "running, deallocated, stopped, starting, ...; null when Azure did not say."),
    Column(
        "power_state_since",
        "power.since",
        "Instant of the status that gives the power state (UTC), where Azure tells it.",
        instant,
    ),
    PROVISIONING_STATE,
    TIME_CREATED,
    Column("os_disk_id", "properties.storageProfile.osDisk.managedDisk.id", "Managed disk of the operating system."),
    Column("data_disk_ids", "properties.storageProfile.dataDisks", "JSON list of the managed data disks.", _disk_ids),
    Column("os_disk_vhd_uri", "properties.storageProfile.osDisk.vhd.uri", "Blob of a system disk that is not managed."),
    Column(
        "ephemeral_placement",
        "properties.storageProfile.osDisk.diffDiskSettings.placement",
        "Where an ephemeral system disk lies; null when it has none.",
    ),
    Column("image_publisher", "properties.storageProfile.imageReference.publisher", "Publisher of its image."),
    Column("image_offer", "properties.storageProfile.imageReference.offer", "Offer of its image."),
    Column("image_sku", "properties.storageProfile.imageReference.sku", "SKU of its image."),
    Column("image_id", "properties.storageProfile.imageReference.id", "Own image or gallery version it was made of."),
    Column(
        "network_interface_ids",
        "properties.networkProfile.networkInterfaces",
        "JSON list of its network interfaces.",
        only("id"),
    ),
    Column("availability_set_id", "properties.availabilitySet.id", "Availability set it belongs to."),
    Column("host_id", "properties.host.id", "Dedicated host it runs on."),
    Column(
        "capacity_reservation_group_id",
        "properties.capacityReservation.capacityReservationGroup.id",
        "Capacity reservation group it draws on.",
    ),
    Column("scale_set_id", "properties.virtualMachineScaleSet.id", "Scale set it belongs to."),
    ZONES,
    TAGS,
)

SOURCE = listing_source(
    table="virtual_machines",
    comment="Virtual machines with their power state.",
    max_age=timedelta(hours=1),
    columns=COLUMNS,
    calls=2,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the machines of the chunk's subscription.

    The full listing has no power state and the status listing no properties, so the two are joined by id.
    When only the status listing fails, the machines come back with a null power state, marked incomplete.
    """
    subscription_id = subscription_of(chunk.scope_id)
    machines = list(azure.virtual_machines(subscription_id))
    try:
        states = power_states(azure.virtual_machines(subscription_id, status_only=True)) if machines else {}
    except FinopsLakeError as error:
        return Fetched(_table(machines, {}), complete=False, reason=f"No power states: {error.message}")
    return Fetched(_table(machines, states))


def power_states(machines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return id (lower-cased) -> power state and its instant, of the machines whose status tells one.

    The statuses come in no fixed order, and PowerState may be absent.
    """
    found = {}
    for machine in machines:
        for status in pick(machine, "properties.instanceView.statuses") or []:
            kind, _, state = str(status.get("code", "")).partition("/")
            if kind.lower() == "powerstate" and state:
                found[str(machine.get("id", "")).lower()] = {
                    "state": state.lower(),
                    "since": status.get("time"),
                }
    return found


def _table(machines: list[Mapping[str, Any]], states: Mapping[str, dict[str, Any]]) -> pa.Table:
    known = ({**machine, "power": states.get(str(machine.get("id", "")).lower())} for machine in machines)
    return listing(known, COLUMNS)
