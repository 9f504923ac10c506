"""The next step to name in an error: which role to ask for, which command to run."""

from __future__ import annotations

import re

SIGN_IN = (
    "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal, "
    "or run where a managed identity is."
)

VIEW_CHARGES = "Ask the billing account's administrator to turn on 'view charges' for subscription users."
OTHER_OFFER = (
    "Cost Management keeps no cost for this kind of subscription; leave it out (FINOPS_LAKE_SUBSCRIPTIONS), "
    "or move it to another offer."
)

_SIGN_IN_STEPS = {
    "expiredauthenticationtoken": "The sign-in has expired: run `az login` again.",
    "invalidauthenticationtokentenant": (
        "The subscription belongs to another tenant: run `az login --tenant <tenant>`, or set AZURE_TENANT_ID to it."
    ),
    "invalidauthenticationtokenaudience": (
        "The token is for another Azure: check FINOPS_LAKE_CLOUD, "
        "and FINOPS_LAKE_ARM_SCOPE where an endpoint of your own is set."
    ),
    # https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    "aadsts7000215": "The client secret is wrong: set AZURE_CLIENT_SECRET to its value (not its id).",
    "aadsts7000222": (
        "The client secret has expired: make a new one (az ad app credential reset) and set AZURE_CLIENT_SECRET."
    ),
    "aadsts700016": "There is no such application in this tenant: check AZURE_CLIENT_ID and AZURE_TENANT_ID.",
    "aadsts90002": "There is no such tenant: check AZURE_TENANT_ID.",
    "aadsts700082": "The sign-in has expired: run `az login` again.",
    "aadsts70043": "The sign-in has expired: run `az login` again.",
    "aadsts50173": "The sign-in was revoked: run `az login` again.",
    "aadsts50076": "More proof of identity is asked for: run `az login` again.",
    "aadsts50079": "More proof of identity is asked for: run `az login` again.",
    "aadsts50078": "The sign-in has expired: run `az login` again.",
}

COST_QUESTIONS = ("Cost of ", "Budgets of ")
COST_ACTIONS = ("microsoft.costmanagement/", "microsoft.consumption/")

_ACTION = re.compile(r"perform action '(?P<action>[^']+)'", re.IGNORECASE)
_SCOPE = re.compile(r"over scope '(?P<scope>[^']+)'", re.IGNORECASE)


def sign_in_step(code: str) -> str:
    """Return what to do about a sign-in that Azure refused, by the code it gave."""
    return _SIGN_IN_STEPS.get(code.lower(), SIGN_IN)


def cloud_sign_in_step(cloud: str) -> str:
    """Return what to do where there is no sign-in at all; the Azure CLI must be on the same cloud."""
    names = {"usgov": "AzureUSGovernment", "china": "AzureChinaCloud"}
    return f"First `az cloud set --name {names[cloud]}`. {SIGN_IN}" if cloud in names else SIGN_IN


def role_step(what: str, message: str, code: str, scope: str) -> str:
    """Return which role to ask for, and where, after Azure said no."""
    action, place = _ACTION.search(message), _SCOPE.search(message)
    where = scope or (place["scope"] if place else "the scope")
    if code.lower() == "billingaccessdenied" or "microsoft.billing" in where.lower():
        return f"Ask for a reader role on {where} (billing account reader, or enrollment reader for an EA)."
    asked = action["action"].lower() if action else ""
    is_cost = what.startswith(COST_QUESTIONS) or asked.startswith(COST_ACTIONS)
    role = "Cost Management Reader" if is_cost else "Reader"
    command = f'az role assignment create --role "{role}" --assignee <account> --scope {where}'
    return f"Ask for the role {role} on {where} ({command})."


def wait_step(retry_after: float | None) -> str:
    """Return when to try again."""
    return "Try again later." if retry_after is None else f"Try again in {retry_after:.0f} seconds."


def register_step(code: str, message: str) -> str | None:
    """Return how to register a resource provider where that is missing; it is a write, so we never do it."""
    if code.lower() not in ("missingsubscriptionregistration", "missingregistrationforresourceprovider"):
        return None
    named = re.search(r"namespace '([\w.]+)'", message)
    return f"Ask its owner to run: az provider register --namespace {named[1] if named else '<namespace>'}"
