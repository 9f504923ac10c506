"""Virtual machines of one subscription with their power state, in two listings whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import FinopsLakeError
from finops_lake.extract.arrow import INSTANT, as_json, instant, listing, pick, text
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched, Source

SOURCE = Source(
    table="virtual_machines",
    comment="Virtual machines with their power state.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("location", pa.string()),
            ("vm_size", pa.string()),
            ("os_type", pa.string()),
            ("license_type", pa.string()),
            ("priority", pa.string()),
            ("power_state", pa.string()),
            ("power_state_since", INSTANT),
            ("provisioning_state", pa.string()),
            ("time_created", INSTANT),
            ("os_disk_id", pa.string()),
            ("data_disk_ids", pa.string()),
            ("scale_set_id", pa.string()),
            ("zones", pa.string()),
            ("tags", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=1),
    columns={
        "id": "ARM id as Azure writes it (case varies).",
        "name": "Name as Azure writes it.",
        "location": "Region.",
        "vm_size": "Size, such as Standard_D4s_v5.",
        "os_type": "Windows or Linux.",
        "license_type": "Hybrid benefit in use, such as Windows_Server.",
        "priority": "Regular, Low or Spot.",
        "power_state": "running, deallocated, stopped, starting, ...; null when Azure did not say.",
        "power_state_since": "Instant of the status that gives the power state (UTC), where Azure tells it.",
        "provisioning_state": "State of the last change.",
        "time_created": "Instant of creation (UTC).",
        "os_disk_id": "Managed disk of the operating system.",
        "data_disk_ids": "JSON list of the managed data disks.",
        "scale_set_id": "Scale set it belongs to.",
        "zones": "JSON list of availability zones.",
        "tags": "JSON object of the machine's own tags.",
    },
)


def _disk_ids(disks: Any) -> str | None:
    return as_json([pick(disk, "managedDisk.id") for disk in disks or [] if pick(disk, "managedDisk.id")])


FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "location": ("location", text),
    "vm_size": ("properties.hardwareProfile.vmSize", text),
    "os_type": ("properties.storageProfile.osDisk.osType", text),
    "license_type": ("properties.licenseType", text),
    "priority": ("properties.priority", text),
    "power_state": ("power.state", text),
    "power_state_since": ("power.since", instant),
    "provisioning_state": ("properties.provisioningState", text),
    "time_created": ("properties.timeCreated", instant),
    "os_disk_id": ("properties.storageProfile.osDisk.managedDisk.id", text),
    "data_disk_ids": ("properties.storageProfile.dataDisks", _disk_ids),
    "scale_set_id": ("properties.virtualMachineScaleSet.id", text),
    "zones": ("zones", as_json),
    "tags": ("tags", as_json),
}


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
    return listing(
        ({**machine, "power": states.get(str(machine.get("id", "")).lower())} for machine in machines),
        SOURCE.schema,
        FIELDS,
    )
