"""Billing accounts that the sign-in may read, with their agreement: what can be asked for as a whole."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import AccessDeniedError, NotFoundError
from finops_lake.extract.listing import ID, Column, listing, listing_source
from finops_lake.source import Chunk, Fetched, ScopeKind

API_VERSION = "2024-04-01"

COLUMNS = (
    ID,
    Column("name", "name", "Enrolment number (EA), or the account's long name (MCA)."),
    Column("display_name", "properties.displayName", "Name given by its owner."),
    Column(
        "agreement_type",
        "properties.agreementType",
        "EnterpriseAgreement, MicrosoftCustomerAgreement, MicrosoftPartnerAgreement or MicrosoftOnlineServicesProgram.",
    ),
    Column("account_type", "properties.accountType", "Enterprise, Individual or Partner."),
    Column("account_status", "properties.accountStatus", "Active, Disabled, Terminated and others."),
)

SOURCE = listing_source(
    table="billing_accounts",
    comment="Billing accounts the sign-in may read.",
    max_age=timedelta(hours=24),
    columns=COLUMNS,
    scope_kinds=frozenset({ScopeKind.TENANT}),
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return the billing accounts of the sign-in; most sign-ins may read none, which is no failure."""
    try:
        return Fetched(listing(azure.get_all("/providers/Microsoft.Billing/billingAccounts", API_VERSION), COLUMNS))
    except (AccessDeniedError, NotFoundError) as error:
        return Fetched(listing((), COLUMNS), reason=f"No billing account may be read: {error.message}")
