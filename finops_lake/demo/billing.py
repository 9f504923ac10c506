"""Who pays for what: an Enterprise Agreement, a Customer Agreement, pay-as-you-go, and management groups above all.

A subscription's offer decides where it belongs: Development has the offer of a Customer Agreement's dev/test plan, the
one with a pay-as-you-go offer pays by itself, the rest is enrolled. Its environment decides on its management groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from finops_lake.demo.estate import Estate
from finops_lake.demo.model import Subscription

Agreement = Literal["EnterpriseAgreement", "MicrosoftCustomerAgreement", "MicrosoftOnlineServicesProgram"]
BILLING = "/providers/Microsoft.Billing/billingAccounts"
MANAGEMENT = "/providers/Microsoft.Management/managementGroups"
MCA_ACCOUNT = "5e98e158-0000-0000-0000-c0ffee000001:74fa7df0-0000-0000-0000-c0ffee000002_2019-05-31"
COMPANY = "Contoso"


@dataclass(frozen=True)
class BillingScope:
    """A scope that costs can be asked of; `agreement` is None for one that spans several."""

    scope_id: str
    subscriptions: tuple[Subscription, ...]
    agreement: Agreement | None = None
    group: str | None = None


def agreement_of(subscription: Subscription) -> Agreement:
    """Return the agreement that a subscription's offer belongs to."""
    if subscription.quota_id.startswith("EnterpriseAgreement"):
        return "EnterpriseAgreement"
    return (
        "MicrosoftCustomerAgreement"
        if subscription.quota_id.startswith("MSDNDevTest")
        else "MicrosoftOnlineServicesProgram"
    )


@dataclass(frozen=True)
class ManagementGroup:
    """A management group: the last part of its id, and its name for people."""

    name: str
    display_name: str

    @property
    def scope_id(self) -> str:
        """Its ARM id."""
        return f"{MANAGEMENT}/{self.name}"


def management_groups(estate: Estate, subscription: Subscription) -> tuple[ManagementGroup, ...]:
    """Return the management groups above a subscription, the nearest first and the tenant's root last."""
    root = ManagementGroup(estate.tenant_id, COMPANY)
    if subscription.environment != "prod":
        return ManagementGroup("mg-sandboxes", "Sandboxes"), root
    return ManagementGroup("mg-production", "Production"), ManagementGroup("mg-landing-zones", "Landing zones"), root


class Billing:
    """The billing scopes of one estate, by their path in any case."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.tenant_id = estate.tenant_id
        self.enrolment_id = "86" + f"{estate.spec.seed:05}"[-5:]
        self.scopes = {scope.scope_id.lower(): scope for scope in self._wide()}

    def scope(self, path: str) -> BillingScope | None:
        """Return the scope of a path such as /subscriptions/<id>/resourceGroups/<name>; None: there is none."""
        path = "/" + path.strip("/")
        parts = path.split("/")
        if parts[1].lower() != "subscriptions":
            return self.scopes.get(path.lower())
        subscription = self._estate.subscription(parts[2])
        if subscription is None:
            return None
        return BillingScope(path, (subscription,), agreement_of(subscription), parts[4] if len(parts) > 4 else None)

    def accounts(self) -> list[dict[str, Any]]:
        """Return the billing accounts as Microsoft.Billing lists them."""
        return [
            {
                "id": scope.scope_id,
                "name": scope.scope_id.rpartition("/")[2],
                "type": "Microsoft.Billing/billingAccounts",
                "properties": {
                    "displayName": COMPANY,
                    "agreementType": scope.agreement,
                    "accountStatus": "Active",
                    "accountType": "Enterprise"
                    if scope.agreement != "MicrosoftOnlineServicesProgram"
                    else "Individual",
                    "hasReadAccess": True,
                },
            }
            for scope in self.scopes.values()
            if scope.scope_id.count("/") == BILLING.count("/") + 1 and scope.agreement
        ]

    def place(self, subscription: Subscription) -> Mapping[str, str]:
        """Return the billing account, profile and section of a subscription, as lines of its bill name them."""
        if agreement_of(subscription) == "MicrosoftCustomerAgreement":
            profile, section = "BG7-PROFILE", "PJT-SECTION"
            return {"account": MCA_ACCOUNT, "profile": profile, "section": section, "section_name": "Development"}
        names = {"account": self.enrolment_id, "profile": self.enrolment_id}
        return {**names, "section": "84819", "section_name": "Operations"}

    def _wide(self) -> Sequence[BillingScope]:
        everything = self._estate.subscriptions
        by: dict[Agreement, tuple[Subscription, ...]] = {
            name: tuple(item for item in everything if agreement_of(item) == name)
            for name in ("EnterpriseAgreement", "MicrosoftCustomerAgreement", "MicrosoftOnlineServicesProgram")
        }
        enrolment, customer = f"{BILLING}/{self.enrolment_id}", f"{BILLING}/{MCA_ACCOUNT}"
        paths: list[tuple[str, Agreement]] = [
            (enrolment, "EnterpriseAgreement"),
            (f"{enrolment}/departments/84819", "EnterpriseAgreement"),
            (f"{enrolment}/enrollmentAccounts/225314", "EnterpriseAgreement"),
            (customer, "MicrosoftCustomerAgreement"),
            (f"{customer}/billingProfiles/BG7-PROFILE", "MicrosoftCustomerAgreement"),
            (f"{customer}/billingProfiles/BG7-PROFILE/invoiceSections/PJT-SECTION", "MicrosoftCustomerAgreement"),
            (f"{customer}/customers/CUSTOMER-1", "MicrosoftCustomerAgreement"),
            (f"{BILLING}/MOSP-1", "MicrosoftOnlineServicesProgram"),
        ]
        wide = [BillingScope(path, by[agreement], agreement) for path, agreement in paths if by[agreement]]
        below: dict[ManagementGroup, list[Subscription]] = defaultdict(list)
        for item in everything:
            for group in management_groups(self._estate, item):
                below[group].append(item)
        return [*wide, *(BillingScope(group.scope_id, tuple(items)) for group, items in below.items())]
