"""Every subscription the sign-in can see."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.extract.arrow import as_json
from finops_lake.extract.listing import TAGS, Column, listing, listing_source
from finops_lake.source import Chunk, Fetched, ScopeKind

API_VERSION = "2022-12-01"


COLUMNS = (
    Column("id", "id", "ARM id, /subscriptions/<guid>."),
    Column("subscription_id", "subscriptionId", "The guid alone."),
    Column("display_name", "displayName", "Name given by its owner; not unique."),
    Column("state", "state", "Enabled, Disabled, Warned, PastDue or Deleted; a disabled one still has cost data."),
    Column("quota_id", "subscriptionPolicies.quotaId", "Names the offer, such as EnterpriseAgreement_2014-09-01."),
    Column("spending_limit", "subscriptionPolicies.spendingLimit", "On, Off or CurrentPeriodOff."),
    Column("tenant_id", "tenantId", "Directory the subscription trusts."),
    Column("authorization_source", "authorizationSource", "How the sign-in reaches it, such as RoleBased."),
    Column(
        "managed_by_tenants", "managedByTenants", "JSON list of tenants that manage it (Azure Lighthouse).", as_json
    ),
    TAGS,
)

SOURCE = listing_source(
    table="subscriptions",
    comment="Subscriptions the sign-in can see.",
    max_age=timedelta(hours=24),
    columns=COLUMNS,
    scope_kinds=frozenset({ScopeKind.TENANT}),
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return all subscriptions of the sign-in; the chunk's scope is "/"."""
    return Fetched(listing(azure.get_all("/subscriptions", API_VERSION), COLUMNS))
