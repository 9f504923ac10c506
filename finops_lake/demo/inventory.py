"""Provider lists of any type, and locks, of one subscription."""

from __future__ import annotations

import re
from typing import Any

from finops_lake.demo.calls import Call
from finops_lake.demo.details import details
from finops_lake.demo.model import Disk, Resource, ResourceGroup
from finops_lake.demo.world import World

_TYPES = (
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.Compute/snapshots",
    "Microsoft.Compute/images",
    "Microsoft.Network/publicIPPrefixes",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/expressRouteCircuits",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/bastionHosts",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/ddosProtectionPlans",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/routeTables",
)
LISTED_TYPES = "|".join(map(re.escape, _TYPES))
"""Types whose providers list them for a whole subscription; gateways and connections are not among them."""


def resources_of_type(world: World, call: Call) -> list[dict[str, Any]]:
    """Return the resources of the type in the call's path, as their provider shows them."""
    wanted = call.names["type"].lower()
    found = world.estate.resources_of(Resource, call.names["subscription"])
    return [_shape(item) for item in found if item.resource_type.lower() == wanted]


def locked_groups(world: World, subscription_id: str) -> list[ResourceGroup]:
    """Return the resource groups of a subscription that a lock holds."""
    return list(world.estate.groups_of(subscription_id))[:1]


def locks(world: World, subscription_id: str) -> list[dict[str, Any]]:
    """Return the locks of a subscription: one on its first group and one on its shared disk."""
    disks = [item for item in world.estate.resources_of(Disk, subscription_id) if item.name == "disk-cluster-shared"]
    groups = locked_groups(world, subscription_id)
    places = [*(group.resource_id for group in groups), *(disk.resource_id for disk in disks)]
    return [
        {
            "id": f"{place}/providers/Microsoft.Authorization/locks/keep",
            "name": "keep",
            "type": "Microsoft.Authorization/locks",
            "properties": {"level": "CanNotDelete", "notes": "Asked for by the owner."},
        }
        for place in places
    ]


def _shape(resource: Resource) -> dict[str, Any]:
    head = {
        "id": resource.resource_id,
        "name": resource.name,
        "type": resource.resource_type,
        "location": resource.location,
    }
    tags = {"tags": dict(resource.tags)} if resource.tags else {}
    return {**head, **tags, **details(resource)}
