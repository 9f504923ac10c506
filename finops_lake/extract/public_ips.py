"""Public IP addresses of one subscription, and what uses each."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.listing import (
    ID,
    LOCATION,
    NAME,
    PROVISIONING_STATE,
    TAGS,
    ZONES,
    Column,
    listing,
    listing_source,
)
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched

COLUMNS = (
    ID,
    NAME,
    LOCATION,
    Column("sku_name", "sku.name", "Basic, Standard or StandardV2."),
    Column("sku_tier", "sku.tier", "Regional or Global."),
    Column("ip_address", "properties.ipAddress", "The address; null for a dynamic one that is not in use."),
    Column("allocation_method", "properties.publicIPAllocationMethod", "Static or Dynamic."),
    Column("ip_version", "properties.publicIPAddressVersion", "IPv4 or IPv6."),
    Column(
        "ip_configuration_id",
        "properties.ipConfiguration.id",
        "The configuration that uses it (of a NIC, gateway, ...); null when none does.",
    ),
    Column("nat_gateway_id", "properties.natGateway.id", "NAT gateway that uses it."),
    Column("public_ip_prefix_id", "properties.publicIPPrefix.id", "Prefix it was taken from."),
    Column("linked_public_ip_id", "properties.linkedPublicIPAddress.id", "Other address of a migration."),
    Column("service_public_ip_id", "properties.servicePublicIPAddress.id", "Service address of a migration."),
    Column("dns_label", "properties.dnsSettings.domainNameLabel", "DNS label that is reserved with it."),
    PROVISIONING_STATE,
    ZONES,
    TAGS,
)

SOURCE = listing_source(
    table="public_ips",
    comment="Public IP addresses.",
    max_age=timedelta(hours=1),
    columns=COLUMNS,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the public IP addresses of the chunk's subscription, in one listing."""
    return Fetched(listing(azure.public_ip_addresses(subscription_of(chunk.scope_id)), COLUMNS))
