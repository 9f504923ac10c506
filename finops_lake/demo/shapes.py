"""Resources as Azure's own lists spell them: which keys are there, which are absent, and in what case."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from finops_lake.demo.model import Disk, Listed, PublicIpAddress, Resource, ResourceGroup, Subscription, VirtualMachine

OPERATIONS_PER_SECOND = {"Premium_LRS": (500, 100), "StandardSSD_LRS": (500, 100), "Standard_LRS": (500, 60)}


def subscription_shape(subscription: Subscription, tenant_id: str) -> dict[str, Any]:
    """Return an element of /subscriptions; `tags` is absent where there are none."""
    return {
        "id": subscription.scope,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        **_tags(subscription.tags),
        "subscriptionId": subscription.subscription_id,
        "tenantId": tenant_id,
        "displayName": subscription.display_name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": subscription.quota_id,
            "spendingLimit": "Off",
        },
    }


def group_shape(group: ResourceGroup) -> dict[str, Any]:
    """Return an element of /resourcegroups; `managedBy` and `tags` are absent where there are none."""
    managed = {"managedBy": group.managed_by} if group.managed_by else {}
    return {
        "id": group.resource_id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        **_tags(group.tags),
        **managed,
        "properties": {"provisioningState": "Succeeded"},
    }


def resource_shape(resource: Resource, created: datetime | None) -> dict[str, Any]:
    """Return an element of /resources; `createdTime` is there only when it was asked for."""
    shape: dict[str, Any] = {
        "id": resource.resource_id,
        "name": resource.name,
        "type": resource.resource_type,
        "location": resource.location,
        **_tags(resource.tags),
    }
    if isinstance(resource, Disk | PublicIpAddress):
        shape["sku"] = {"name": resource.sku}
    if isinstance(resource, Listed):
        shape |= _listed_head(resource)
    if isinstance(resource, Disk) and resource.managed_by:
        shape["managedBy"] = resource.managed_by
    if created is not None:
        shape["createdTime"] = f"{created:%Y-%m-%dT%H:%M:%S.%f}0Z"
    return shape


def machine_shape(machine: VirtualMachine, *, instance_view: bool = False) -> dict[str, Any]:
    """Return a virtual machine; its power state is part of the instance view, which lists leave out."""
    properties: dict[str, Any] = {
        "hardwareProfile": {"vmSize": machine.size},
        "provisioningState": "Succeeded",
        "vmId": _guid(machine.cost_id),
        "storageProfile": _storage(machine),
        "osProfile": {
            "computerName": machine.name,
            "adminUsername": "azureuser",
            "secrets": [],
            "allowExtensionOperations": True,
        },
        "networkProfile": {
            "networkInterfaces": [
                {"id": f"{machine.group.resource_id}/providers/Microsoft.Network/networkInterfaces/{machine.name}-nic"}
            ]
        },
        "timeCreated": _time(machine.created),
        **({"licenseType": machine.license_type} if machine.license_type else {}),
    }
    if instance_view:
        properties["instanceView"] = instance_view_shape(machine)
    return {**_head(machine), "properties": properties, "etag": '"4"'}


def machine_status_shape(machine: VirtualMachine) -> dict[str, Any]:
    """Return a virtual machine as `statusOnly=true` lists it: run-time status, few properties, no tags."""
    properties = {
        "vmId": _guid(machine.cost_id),
        "provisioningState": "Succeeded",
        "instanceView": {"statuses": _statuses(machine)},
    }
    return {**_head(machine, tags=False), "properties": properties}


def instance_view_shape(machine: VirtualMachine) -> dict[str, Any]:
    """Return the instance view of one machine."""
    disk = {"name": machine.os_disk.rpartition("/")[2], "statuses": [_provisioned(machine.created)]}
    return {"disks": [disk], "hyperVGeneration": "V2", "statuses": _statuses(machine)}


def disk_shape(disk: Disk) -> dict[str, Any]:
    """Return a managed disk; `managedBy`, `tier`, `osType` and the time of the last attach are absent when unknown."""
    operations, megabytes = disk.performance or OPERATIONS_PER_SECOND[disk.sku]
    copied = {"createOption": "FromImage"} if disk.os_type else {"createOption": "Empty"}
    properties: dict[str, Any] = {
        **({"osType": disk.os_type} if disk.os_type else {}),
        "hyperVGeneration": "V2",
        "creationData": copied,
        "diskSizeGB": disk.size_gb,
        "diskIOPSReadWrite": operations,
        "diskMBpsReadWrite": megabytes,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        **({"maxShares": disk.max_shares} if disk.max_shares else {}),
        **({"burstingEnabled": True} if disk.is_bursting else {}),
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": _time(disk.created),
        "provisioningState": "Succeeded",
        "diskState": disk.state,
        **({"LastOwnershipUpdateTime": _time(disk.ownership_updated)} if disk.ownership_updated else {}),
        "diskSizeBytes": disk.size_gb << 30,
        "uniqueId": _guid(disk.cost_id),
        **({"tier": disk.tier} if disk.tier else {}),
    }
    held = {"managedBy": disk.managed_by} if disk.managed_by else {}
    if disk.managed_by_extended:
        held["managedByExtended"] = list(disk.managed_by_extended)  # type: ignore[assignment]
    return {
        **_head(disk),
        **held,
        "sku": {"name": disk.sku, "tier": disk.sku.partition("_")[0]},
        "properties": properties,
    }


def address_shape(address: PublicIpAddress) -> dict[str, Any]:
    """Return a public IP address; whatever it is not associated with is absent."""
    associations = {
        "ipConfiguration": address.ip_configuration,
        "natGateway": address.nat_gateway,
        "publicIPPrefix": address.prefix,
        "linkedPublicIPAddress": address.linked_address,
    }
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "resourceGuid": _guid(address.cost_id),
        **({"ipAddress": address.ip_address} if address.ip_address else {}),
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": address.allocation,
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        **{name: {"id": target} for name, target in associations.items() if target},
    }
    return {
        "name": address.name,
        "id": address.resource_id,
        "etag": f'W/"{_guid(address.name)}"',
        "location": address.location,
        **_tags(address.tags),
        **({"zones": list(address.zones)} if address.zones else {}),
        "properties": properties,
        "type": address.resource_type,
        "sku": {"name": address.sku, "tier": "Regional"},
    }


def listed_shape(resource: Listed) -> dict[str, Any]:
    """Return any other resource as its provider's own list shows it."""
    return {
        **_head(resource),
        **_listed_head(resource),
        "etag": f'W/"{_guid(resource.name)}"',
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": _guid(resource.cost_id),
            **resource.properties,
        },
    }


def _listed_head(resource: Listed) -> dict[str, Any]:
    values = {
        "kind": resource.kind,
        "sku": dict(resource.sku) if resource.sku else None,
        "zones": list(resource.zones) or None,
        "managedBy": resource.managed_by,
    }
    return {name: value for name, value in values.items() if value is not None}


def _head(resource: Resource, *, tags: bool = True) -> dict[str, Any]:
    return {
        "name": resource.name,
        "id": resource.resource_id,
        "type": resource.resource_type,
        "location": resource.location,
        **(_tags(resource.tags) if tags else {}),
    }


def _storage(machine: VirtualMachine) -> dict[str, Any]:
    offer = "WindowsServer" if machine.os_type == "Windows" else "ubuntu-24_04-lts"
    image = {"publisher": machine.publisher, "offer": offer, "sku": "server", "version": "latest"}
    os_disk: dict[str, Any] = {
        "osType": machine.os_type,
        "name": machine.os_disk.rpartition("/")[2],
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "deleteOption": "Detach",
        "diskSizeGB": 32,
    }
    if machine.vhd:
        os_disk["vhd"] = {"uri": machine.vhd}
    else:
        os_disk["managedDisk"] = {"storageAccountType": "StandardSSD_LRS", "id": machine.os_disk}
    return {
        "imageReference": image,
        "osDisk": os_disk,
        "dataDisks": [_data_disk(number, path) for number, path in enumerate(machine.data_disks)],
    }


def _data_disk(number: int, path: str) -> dict[str, Any]:
    return {
        "lun": number,
        "name": path.rpartition("/")[2],
        "createOption": "Attach",
        "caching": "None",
        "managedDisk": {"storageAccountType": "Premium_LRS", "id": path},
        "deleteOption": "Detach",
        "diskSizeGB": 128,
        "toBeDetached": False,
    }


def _statuses(machine: VirtualMachine) -> list[dict[str, str]]:
    """Return the statuses; their order is not fixed, and the power state may be missing."""
    provisioning = _provisioned(machine.created)
    if machine.power_state is None:
        return [provisioning]
    power = {"code": f"PowerState/{machine.power_state}", "level": "Info", "displayStatus": f"VM {machine.power_state}"}
    return [power, provisioning] if len(machine.name) % 2 else [provisioning, power]


def _provisioned(created: datetime) -> dict[str, str]:
    return {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": _time(created),
    }


def _tags(tags: Mapping[str, str] | None) -> dict[str, Any]:
    return {} if tags is None else {"tags": dict(tags)}


def _time(instant: datetime) -> str:
    """Return an instant with seven digits of a second, as .NET writes them."""
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}8+00:00"


def _guid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))
