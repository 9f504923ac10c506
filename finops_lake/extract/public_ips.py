"""Public IP addresses of one subscription, and what uses each."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json, listing, text
from finops_lake.extract.scopes import subscription_of
from finops_lake.source import Chunk, Fetched, Source

SOURCE = Source(
    table="public_ips",
    comment="Public IP addresses.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("location", pa.string()),
            ("sku_name", pa.string()),
            ("sku_tier", pa.string()),
            ("ip_address", pa.string()),
            ("allocation_method", pa.string()),
            ("ip_version", pa.string()),
            ("ip_configuration_id", pa.string()),
            ("nat_gateway_id", pa.string()),
            ("public_ip_prefix_id", pa.string()),
            ("linked_public_ip_id", pa.string()),
            ("service_public_ip_id", pa.string()),
            ("dns_label", pa.string()),
            ("provisioning_state", pa.string()),
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
        "sku_name": "Basic, Standard or StandardV2.",
        "sku_tier": "Regional or Global.",
        "ip_address": "The address; null for a dynamic one that is not in use.",
        "allocation_method": "Static or Dynamic.",
        "ip_version": "IPv4 or IPv6.",
        "ip_configuration_id": "The configuration that uses it (of a NIC, gateway, ...); null when none does.",
        "nat_gateway_id": "NAT gateway that uses it.",
        "public_ip_prefix_id": "Prefix it was taken from.",
        "linked_public_ip_id": "Other address of a migration.",
        "service_public_ip_id": "Service address of a migration.",
        "dns_label": "DNS label that is reserved with it.",
        "provisioning_state": "State of the last change.",
        "zones": "JSON list of availability zones.",
        "tags": "JSON object of the address's own tags.",
    },
)

FIELDS = {
    "id": ("id", text),
    "name": ("name", text),
    "location": ("location", text),
    "sku_name": ("sku.name", text),
    "sku_tier": ("sku.tier", text),
    "ip_address": ("properties.ipAddress", text),
    "allocation_method": ("properties.publicIPAllocationMethod", text),
    "ip_version": ("properties.publicIPAddressVersion", text),
    "ip_configuration_id": ("properties.ipConfiguration.id", text),
    "nat_gateway_id": ("properties.natGateway.id", text),
    "public_ip_prefix_id": ("properties.publicIPPrefix.id", text),
    "linked_public_ip_id": ("properties.linkedPublicIPAddress.id", text),
    "service_public_ip_id": ("properties.servicePublicIPAddress.id", text),
    "dns_label": ("properties.dnsSettings.domainNameLabel", text),
    "provisioning_state": ("properties.provisioningState", text),
    "zones": ("zones", as_json),
    "tags": ("tags", as_json),
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the public IP addresses of the chunk's subscription, in one listing."""
    return Fetched(listing(azure.public_ip_addresses(subscription_of(chunk.scope_id)), SOURCE.schema, FIELDS))
