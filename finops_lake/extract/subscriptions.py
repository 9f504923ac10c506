"""Every subscription the sign-in can see."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json, listing, text
from finops_lake.source import Chunk, Fetched, Source

API_VERSION = "2022-12-01"

SOURCE = Source(
    table="subscriptions",
    comment="Subscriptions the sign-in can see.",
    schema=pa.schema(
        [
            ("id", pa.string()),
            ("subscription_id", pa.string()),
            ("display_name", pa.string()),
            ("state", pa.string()),
            ("quota_id", pa.string()),
            ("spending_limit", pa.string()),
            ("tenant_id", pa.string()),
            ("authorization_source", pa.string()),
            ("managed_by_tenants", pa.string()),
            ("tags", pa.string()),
        ]
    ),
    key=("id",),
    max_age=timedelta(hours=24),
    columns={
        "id": "ARM id, /subscriptions/<guid>.",
        "subscription_id": "The guid alone.",
        "display_name": "Name given by its owner; not unique.",
        "state": "Enabled, Disabled, Warned, PastDue or Deleted; a disabled one still has cost data.",
        "quota_id": "Names the offer, such as EnterpriseAgreement_2014-09-01.",
        "spending_limit": "On, Off or CurrentPeriodOff.",
        "tenant_id": "Directory the subscription trusts.",
        "authorization_source": "How the sign-in reaches it, such as RoleBased.",
        "managed_by_tenants": "JSON list of tenants that manage it (Azure Lighthouse).",
        "tags": "JSON object of the subscription's own tags.",
    },
)

FIELDS = {
    "id": ("id", text),
    "subscription_id": ("subscriptionId", text),
    "display_name": ("displayName", text),
    "state": ("state", text),
    "quota_id": ("subscriptionPolicies.quotaId", text),
    "spending_limit": ("subscriptionPolicies.spendingLimit", text),
    "tenant_id": ("tenantId", text),
    "authorization_source": ("authorizationSource", text),
    "managed_by_tenants": ("managedByTenants", as_json),
    "tags": ("tags", as_json),
}


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return all subscriptions of the sign-in; the chunk's scope is "/"."""
    return Fetched(listing(azure.get_all("/subscriptions", API_VERSION), SOURCE.schema, FIELDS))
