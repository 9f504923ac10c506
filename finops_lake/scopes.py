"""Scopes that costs can be asked of: ARM ids in any case, told apart by kind, with a hint for what is none."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum

_BILLING = "/providers/microsoft.billing/billingaccounts/*"


class CostScope(StrEnum):
    """Kinds of cost scopes; the value is how the kind is written, with * for each name."""

    SUBSCRIPTION = "/subscriptions/*"
    RESOURCE_GROUP = "/subscriptions/*/resourcegroups/*"
    MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/*"
    BILLING_ACCOUNT = _BILLING
    DEPARTMENT = f"{_BILLING}/departments/*"
    ENROLLMENT_ACCOUNT = f"{_BILLING}/enrollmentaccounts/*"
    BILLING_PROFILE = f"{_BILLING}/billingprofiles/*"
    INVOICE_SECTION = f"{_BILLING}/billingprofiles/*/invoicesections/*"
    INVOICE_SECTION_OF_ACCOUNT = f"{_BILLING}/invoicesections/*"
    CUSTOMER = f"{_BILLING}/customers/*"

    @property
    def words(self) -> str:
        """The kind in words, such as "billing profile"."""
        return self.name.removesuffix("_OF_ACCOUNT").lower().replace("_", " ")

    @property
    def is_billing(self) -> bool:
        """Whether it belongs to a billing account, and is no part of Azure's resource tree."""
        return self.value.startswith(_BILLING)


BILLING_SCOPES = frozenset(kind for kind in CostScope if kind.is_billing)

_EXAMPLES = {
    "subscriptions": "<guid>",
    "resourcegroups": "<name>",
    "managementgroups": "<name>",
    "billingaccounts": "<id>",
}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def normal_scope(scope: str) -> str:
    """Return a scope with one leading slash, none trailing, lower-cased; "/" for the whole sign-in."""
    return "/" + scope.strip().strip("/").lower()


def kind_of(scope: str) -> CostScope:
    """Return the kind of a scope; slashes at its ends and its case do not matter.

    Raises ValueError, with the nearest kind of scope, for what is none.
    """
    normal = normal_scope(scope)
    shape = _shape(normal)
    try:
        kind = CostScope(shape)
    except ValueError:
        raise ValueError(_hint(normal, shape)) from None
    guid = normal.split("/")[2] if kind in (CostScope.SUBSCRIPTION, CostScope.RESOURCE_GROUP) else None
    if guid is not None and not _GUID.match(guid):
        raise ValueError(f"{guid} is no subscription id; one looks like 11111111-2222-3333-4444-555555555555")
    return kind


def _shape(normal: str) -> str:
    """Return a scope with * for each name: every second part, but for the provider."""
    parts = normal.strip("/").split("/")
    start = 2 if parts[0] == "providers" else 0
    kept = [part if place < start or (place - start) % 2 == 0 else "*" for place, part in enumerate(parts)]
    return "/" + "/".join(kept if all(parts) else [])


def _hint(normal: str, shape: str) -> str:
    if _GUID.match(normal[1:]):
        return f"did you mean /subscriptions{normal}?"
    known = [kind.value for kind in CostScope]
    near = get_close_matches(shape, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {_example(near[0])}?"
    return "an ARM id is needed, such as " + " or ".join(_example(kind) for kind in (known[0], known[3]))


def _example(kind: str) -> str:
    parts = kind.split("/")
    return "/".join(
        _EXAMPLES.get(parts[place - 1], "<id>") if part == "*" else part for place, part in enumerate(parts)
    )
