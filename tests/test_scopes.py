from __future__ import annotations

import pytest

from finops_lake.config import load_settings
from finops_lake.errors import ConfigError
from finops_lake.scopes import CostScope, kind_of

GUID = "11111111-2222-3333-4444-555555555555"
BILLING = "/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31"

ACCOUNT = "/providers/microsoft.billing/billingaccounts/<id>"


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        (f"/subscriptions/{GUID}", CostScope.SUBSCRIPTION),
        (f"SUBSCRIPTIONS/{GUID.upper()}/", CostScope.SUBSCRIPTION),
        (f"/subscriptions/{GUID}/resourceGroups/My-Group", CostScope.RESOURCE_GROUP),
        ("providers/Microsoft.Management/managementGroups/root", CostScope.MANAGEMENT_GROUP),
        (BILLING, CostScope.BILLING_ACCOUNT),
        (f"{BILLING}/departments/84819", CostScope.DEPARTMENT),
        (f"{BILLING}/enrollmentAccounts/1", CostScope.ENROLLMENT_ACCOUNT),
        (f"{BILLING}/billingProfiles/BG7", CostScope.BILLING_PROFILE),
        (f"{BILLING}/billingProfiles/BG7/invoiceSections/SEC", CostScope.INVOICE_SECTION),
        (f"{BILLING}/customers/c", CostScope.CUSTOMER),
    ],
)
def test_a_scope_is_known_in_any_case_with_or_without_slashes(scope, kind):
    assert kind_of(scope) is kind


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        (f"/subscription/{GUID}", "did you mean /subscriptions/<guid>?"),
        (GUID, f"did you mean /subscriptions/{GUID}?"),
        ("/subscriptions/production", "production is no subscription id"),
        (f"/subscriptions/{GUID}/resourceGroup/x", "did you mean /subscriptions/<guid>/resourcegroups/<name>?"),
        (
            "/providers/Microsoft.Billing/billingAccount/1",
            "did you mean /providers/microsoft.billing/billingaccounts/<id>?",
        ),
        (
            f"{BILLING}/billingProfile/x",
            "did you mean /providers/microsoft.billing/billingaccounts/<id>/billingprofiles/<id>?",
        ),
        ("hello", "an ARM id is needed"),
        ("", "an ARM id is needed"),
        (f"/subscriptions//{GUID}", "an ARM id is needed"),
    ],
)
def test_what_is_no_scope_gets_the_nearest_hint(scope, hint):
    with pytest.raises(ValueError, match=r".") as caught:
        kind_of(scope)
    assert hint in str(caught.value)


def test_scopes_are_set_as_a_list_and_every_wrong_one_is_told(tmp_path):
    home = {"FINOPS_LAKE_HOME": str(tmp_path)}
    settings = load_settings({**home, "FINOPS_LAKE_SCOPES": f"{BILLING}/, subscriptions/{GUID}/RESOURCEGROUPS/a"})
    assert settings.scopes == (BILLING.lower(), f"/subscriptions/{GUID}/resourcegroups/a")
    with pytest.raises(ConfigError, match="FINOPS_LAKE_SCOPES") as caught:
        load_settings({**home, "FINOPS_LAKE_SCOPES": f"/subscription/{GUID}"})
    assert "did you mean /subscriptions/<guid>?" in str(caught.value)


def test_cost_source_is_one_of_the_known(tmp_path):
    home = {"FINOPS_LAKE_HOME": str(tmp_path)}
    assert load_settings({**home, "FINOPS_LAKE_COST_SOURCE": "auto"}).cost_source == "auto"
    with pytest.raises(ConfigError, match="FINOPS_LAKE_COST_SOURCE"):
        load_settings({**home, "FINOPS_LAKE_COST_SOURCE": "invoice"})
