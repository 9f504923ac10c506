"""What Resource Graph knows of a resource beyond its head: its own properties, or ordinary ones of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finops_lake.demo.model import Disk, Listed, PublicIpAddress, Resource, VirtualMachine
from finops_lake.demo.shapes import address_shape, disk_shape, listed_shape, machine_shape

ORDINARY: Mapping[str, dict[str, Any]] = {
    "microsoft.sql/servers/databases": {
        "kind": "v12.0,user",
        "sku": {"name": "Standard", "tier": "Standard", "capacity": 100},
        "properties": {"status": "Online", "currentServiceObjectiveName": "S3", "maxSizeBytes": 268435456000},
    },
    "microsoft.storage/storageaccounts": {
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "properties": {"accessTier": "Hot", "isHnsEnabled": False, "creationTime": "2024-01-15T09:00:00.0000000Z"},
    },
    "microsoft.web/serverfarms": {
        "kind": "linux",
        "sku": {"name": "P1v3", "tier": "PremiumV3", "capacity": 1},
        "properties": {"numberOfSites": 2, "numberOfWorkers": 1, "status": "Ready", "reserved": True},
    },
    "microsoft.operationalinsights/workspaces": {
        "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30, "workspaceCapping": {"dailyQuotaGb": -1.0}},
    },
    "microsoft.containerservice/managedclusters": {
        "sku": {"name": "Base", "tier": "Standard"},
        "properties": {
            "powerState": {"code": "Running"},
            "agentPoolProfiles": [{"name": "system", "count": 2, "vmSize": "Standard_D4s_v5", "mode": "System"}],
        },
    },
    "microsoft.documentdb/databaseaccounts": {
        "kind": "GlobalDocumentDB",
        "properties": {"databaseAccountOfferType": "Standard", "backupPolicy": {"type": "Continuous"}},
    },
    "microsoft.cache/redis": {"properties": {"sku": {"name": "Standard", "family": "C", "capacity": 2}}},
    "microsoft.dbforpostgresql/flexibleservers": {
        "sku": {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
        "properties": {"state": "Ready", "version": "16", "storage": {"storageSizeGB": 256}},
    },
    "microsoft.containerregistry/registries": {
        "sku": {"name": "Standard", "tier": "Standard"},
        "properties": {"creationDate": "2023-06-01T00:00:00Z"},
    },
    "microsoft.cognitiveservices/accounts": {"kind": "OpenAI", "sku": {"name": "S0"}, "properties": {}},
    "microsoft.network/natgateways": {
        "sku": {"name": "Standard"},
        "properties": {"subnets": [{"id": "vnet/subnets/default"}]},
    },
}


def details(resource: Resource) -> dict[str, Any]:
    """Return kind, SKU and properties; properties are always there."""
    if isinstance(resource, Listed):
        return listed_shape(resource)
    if isinstance(resource, VirtualMachine):
        return machine_shape(resource)
    if isinstance(resource, Disk):
        return disk_shape(resource)
    if isinstance(resource, PublicIpAddress):
        return address_shape(resource)
    return ORDINARY.get(resource.resource_type.lower(), {"properties": {}})
