"""The listings of resources that Azure's SDK has for a whole subscription, by the table they fill."""

from __future__ import annotations

from typing import NamedTuple


class SdkListing(NamedTuple):
    """Which client lists a kind of resource, by which operation; `words` name it in messages."""

    client: str
    group: str
    operation: str
    words: str


SDK_LISTINGS: dict[str, SdkListing] = {
    "scale_sets": SdkListing("compute", "virtual_machine_scale_sets", "list_all", "Scale sets"),
    "snapshots": SdkListing("compute", "snapshots", "list", "Snapshots"),
    "images": SdkListing("compute", "images", "list", "Images"),
    "public_ip_prefixes": SdkListing("network", "public_ip_prefixes", "list_all", "Public IP prefixes"),
    "network_interfaces": SdkListing("network", "network_interfaces", "list_all", "Network interfaces"),
    "nat_gateways": SdkListing("network", "nat_gateways", "list_all", "NAT gateways"),
    "load_balancers": SdkListing("network", "load_balancers", "list_all", "Load balancers"),
    "application_gateways": SdkListing("network", "application_gateways", "list_all", "Application gateways"),
    "express_route_circuits": SdkListing("network", "express_route_circuits", "list_all", "ExpressRoute circuits"),
    "firewalls": SdkListing("network", "azure_firewalls", "list_all", "Firewalls"),
    "bastions": SdkListing("network", "bastion_hosts", "list", "Bastions"),
    "private_endpoints": SdkListing("network", "private_endpoints", "list_by_subscription", "Private endpoints"),
    "ddos_plans": SdkListing("network", "ddos_protection_plans", "list", "DDoS protection plans"),
    "virtual_networks": SdkListing("network", "virtual_networks", "list_all", "Virtual networks"),
    "network_security_groups": SdkListing("network", "network_security_groups", "list_all", "Network security groups"),
    "route_tables": SdkListing("network", "route_tables", "list_all", "Route tables"),
}
"""Virtual network gateways and their connections are missing: the SDK lists them by resource group only."""
