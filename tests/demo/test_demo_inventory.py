"""Subscriptions, groups, machines, disks, addresses and budgets over the wire."""

from __future__ import annotations

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential

from finops_lake.demo.server import LocalAzure
from tests.demo.clients import SIZE, Clients


def paged(clients, url):
    items, pages = [], 0
    while url:
        body = clients.get(url)
        items += body["value"]
        pages += 1
        url = body.get("nextLink")
    return items, pages


def named(items, name):
    return next(item for item in items if item["name"] == name)


def test_subscriptions_are_listed_with_offer_tenant_and_count(azure, clients):
    body = clients.get("/subscriptions?api-version=2022-12-01")
    assert [item["subscriptionId"] for item in body["value"]] == azure.subscription_ids
    assert body["count"] == {"type": "Total", "value": 3}
    assert "nextLink" not in body
    assert body["value"][0]["subscriptionPolicies"]["quotaId"] == "EnterpriseAgreement_2014-09-01"
    assert "tags" in body["value"][0]
    assert "tags" not in body["value"][1]
    assert clients.get(body["value"][0]["id"])["displayName"] == "Contoso Production"


def test_lists_come_in_pages_whose_links_are_ours():
    with LocalAzure(**{**SIZE, "subscriptions": 5}, list_page_size=2) as azure:
        clients = Clients(azure)
        items, pages = paged(clients, "/subscriptions?api-version=2022-12-01")
        assert (len(items), pages) == (5, 3)
        machines = list(clients.compute(azure.subscription_ids[0]).virtual_machines.list_all(status_only="true"))
        disks = list(clients.compute(azure.subscription_ids[0]).disks.list())
        assert len(machines) > 2
        assert len(disks) > 2
        assert {machine.instance_view is not None for machine in machines} == {True}
        clients.close()


def test_resource_groups_leave_out_absent_tags_and_owners(azure, clients):
    items, _ = paged(clients, f"/subscriptions/{azure.subscription_ids[0]}/resourcegroups?api-version=2021-04-01")
    managed = [item for item in items if "managedBy" in item]
    assert len(managed) == 1
    assert "Microsoft.Databricks" in managed[0]["managedBy"]
    assert any("tags" not in item for item in items)
    assert all(
        item.get("tags", {}) is not None and item["properties"]["provisioningState"] == "Succeeded" for item in items
    )


def test_resources_of_any_type_tell_their_time_of_creation_when_asked(azure, clients):
    url = f"/subscriptions/{azure.subscription_ids[0]}/resources?api-version=2021-04-01"
    plain, _ = paged(clients, url)
    dated, _ = paged(clients, url + "&$expand=createdTime")
    assert len(plain) == len(dated)
    assert all("createdTime" not in item for item in plain)
    assert all(item["createdTime"].endswith("Z") for item in dated)
    assert {"Microsoft.Compute/disks", "Microsoft.Storage/storageAccounts"} & {item["type"] for item in plain}


def test_the_list_of_machines_has_no_power_state_and_the_status_list_little_else(azure, clients):
    compute = clients.compute(azure.subscription_ids[0])
    full = {machine.id: machine for machine in compute.virtual_machines.list_all()}
    status = {machine.id: machine for machine in compute.virtual_machines.list_all(status_only="true")}
    assert full.keys() == status.keys()
    assert all(machine.instance_view is None and machine.hardware_profile for machine in full.values())
    assert all(machine.hardware_profile is None and machine.tags is None for machine in status.values())


def test_power_states_come_in_no_fixed_place_and_may_be_absent(azure, clients):
    places, absent = set(), 0
    for subscription_id in azure.subscription_ids:
        for machine in clients.compute(subscription_id).virtual_machines.list_all(status_only="true"):
            codes = [status.code for status in machine.instance_view.statuses]
            power = [place for place, code in enumerate(codes) if code.startswith("PowerState/")]
            places.update(power)
            absent += not power
    assert places == {0, 1}
    assert absent == 1


def test_one_machine_has_an_instance_view_two_ways(azure, clients):
    compute = clients.compute(azure.subscription_ids[0])
    expanded = compute.virtual_machines.get("RG-LEGACY-PROD", "vm-legacy-app01", expand="instanceView")
    alone = compute.virtual_machines.instance_view("rg-legacy-prod", "vm-legacy-app01")
    assert "PowerState/stopped" in [status.code for status in expanded.instance_view.statuses]
    assert "PowerState/stopped" in [status.code for status in alone.statuses]
    with pytest.raises(ResourceNotFoundError) as caught:
        compute.virtual_machines.get("rg-legacy-prod", "vm-none")
    assert caught.value.error.code == "ResourceNotFound"
    with pytest.raises(ResourceNotFoundError) as caught:
        compute.virtual_machines.get("rg-none", "vm-none")
    assert caught.value.error.code == "ResourceGroupNotFound"


def test_inventory_spells_groups_in_upper_and_mixed_case(azure, clients):
    spellings = set()
    for subscription_id in azure.subscription_ids:
        for disk in clients.compute(subscription_id).disks.list():
            spellings.add(disk.id.split("/")[4])
    assert any(name.isupper() for name in spellings)
    assert any(not name.isupper() for name in spellings)
    address = next(iter(clients.network(azure.subscription_ids[0]).public_ip_addresses.list_all()))
    assert not address.id.split("/")[4].isupper()


def test_absent_keys_of_disks_are_left_out(azure, clients):
    items, _ = paged(clients, f"/subscriptions/{azure.subscription_ids[0]}/providers/Microsoft.Compute/disks")
    orphan = named(items, "disk-legacy-data01")
    assert "managedBy" not in orphan
    assert "managedByExtended" not in orphan
    assert orphan["properties"]["diskState"] == "Unattached"
    assert orphan["properties"]["LastOwnershipUpdateTime"].startswith("2025-12-30")
    shared = named(items, "disk-cluster-shared")
    assert len(shared["managedByExtended"]) == 1
    assert "managedBy" not in shared
    reserved = next(item for item in items if item["properties"]["diskState"] == "Reserved")
    assert reserved["managedBy"].endswith("/vm-legacy-app02")
    assert reserved["properties"]["LastOwnershipUpdateTime"].startswith("2026-01-29"), "when it was deallocated"
    attached = named(items, "vm-legacy-app01_DataDisk_0")
    assert "LastOwnershipUpdateTime" not in attached["properties"]


def test_absent_keys_of_addresses_are_left_out(azure, clients):
    items, _ = paged(
        clients, f"/subscriptions/{azure.subscription_ids[0]}/providers/Microsoft.Network/publicIPAddresses"
    )
    alone = named(items, "pip-legacy-gateway")["properties"]
    assert not {"ipConfiguration", "natGateway", "publicIPPrefix"} & alone.keys()
    assert "ipConfiguration" not in named(items, "pip-ng-legacy")["properties"]
    assert named(items, "pip-ng-legacy")["properties"]["natGateway"]["id"].endswith("/ng-legacy")
    assert "publicIPPrefix" in named(items, "pip-from-prefix")["properties"]
    [dynamic] = [
        item
        for item in clients.network(azure.subscription_ids[1]).public_ip_addresses.list_all()
        if item.name == "pip-batch-dynamic"
    ]
    assert dynamic.ip_address is None


def test_lists_of_one_resource_group_hold_its_resources(azure, clients):
    compute = clients.compute(azure.subscription_ids[0])
    disks = list(compute.disks.list_by_resource_group("RG-LEGACY-PROD"))
    assert disks
    assert {disk.id.split("/")[4].lower() for disk in disks} == {"rg-legacy-prod"}


def test_budgets_of_a_subscription_include_those_of_its_groups(azure, clients):
    scope = f"/subscriptions/{azure.subscription_ids[0]}"
    budgets = list(clients.consumption(azure.subscription_ids[0]).budgets.list(scope))
    ids = [budget.id for budget in budgets]
    assert any("/resourceGroups/" in budget_id for budget_id in ids)
    assert any(not budget_id.startswith("/") for budget_id in ids)
    groups = list(clients.consumption(azure.subscription_ids[0]).budgets.list(f"{scope}/resourceGroups/rg-legacy-prod"))
    assert [item.id for item in groups] == [item for item in ids if "/resourceGroups/" in item]
    body = clients.get(f"{scope}/providers/Microsoft.Consumption/budgets")
    assert "nextLink" not in body
    assert all("filters" not in item["properties"] for item in body["value"])


def test_a_young_budget_has_no_spend_and_forecasts_are_often_missing(azure, clients):
    scope = f"/subscriptions/{azure.subscription_ids[2]}"
    items = clients.get(f"{scope}/providers/Microsoft.Consumption/budgets")["value"]
    young = named(items, "just-created")["properties"]
    assert "currentSpend" in young
    assert young["currentSpend"] is None
    assert "forecastSpend" not in named(items, "development-monthly")["properties"]
    assert clients.get(f"{scope}/providers/Microsoft.Consumption/budgets/JUST-CREATED")["name"] == "just-created"


def test_any_other_path_gets_a_proper_404(azure, clients):
    response = clients.send("GET", f"/subscriptions/{azure.subscription_ids[0]}/providers/Microsoft.Unheard/of")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "InvalidResourceType")
    response = clients.send("GET", "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "SubscriptionNotFound")
    response = clients.send("GET", f"/subscriptions/{azure.subscription_ids[0]}//resourcegroups")
    assert response.status_code == 404


def test_requests_without_an_api_version_are_refused(azure, clients):
    response = clients.send("GET", "/subscriptions?not-api-version=1")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailed"),
        ("Bearer abc", "InvalidAuthenticationToken"),
    ],
)
def test_requests_without_a_good_token_get_401(azure, authorization, code):
    headers = {"Authorization": authorization} if authorization else {}
    url = f"{azure.endpoint}/subscriptions?api-version=2022-12-01"
    response = requests.get(url, headers=headers, verify=str(azure.ca_file), timeout=10)
    assert (response.status_code, response.json()["error"]["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_a_token_that_has_expired_gets_401(own_azure, own_clients):
    own_clients.get("/subscriptions")
    own_azure.expire_tokens()
    expired = own_clients.send("GET", "/subscriptions")
    assert (expired.status_code, expired.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")


def test_writes_are_answered_and_recorded_and_change_nothing(azure, clients):
    clients.get("/subscriptions")
    assert azure.writes == []
    scope = f"/subscriptions/{azure.subscription_ids[0]}"
    for method in ("PUT", "PATCH", "DELETE"):
        assert clients.send(method, f"{scope}/resourceGroups/new", json={}).status_code == 403
    assert clients.send("POST", f"{scope}/providers/Microsoft.CostManagement/register").status_code == 403
    assert [request.method for request in azure.writes] == ["PUT", "PATCH", "DELETE", "POST"]


def test_a_wrong_secret_client_or_tenant_cannot_sign_in(azure, clients):
    environment = azure.environment()
    good = {name: environment[f"AZURE_{name.upper()}"] for name in ("tenant_id", "client_id", "client_secret")}
    for name, text in (
        ("client_secret", "AADSTS7000215"),
        ("client_id", "AADSTS700016"),
        ("tenant_id", "authority configuration"),
    ):
        wrong = {**good, name: "00000000-0000-0000-0000-000000000000"}
        with (
            ClientSecretCredential(
                **wrong,
                authority=azure.endpoint,
                disable_instance_discovery=True,
                connection_verify=str(azure.ca_file),
            ) as credential,
            pytest.raises((ClientAuthenticationError, ValueError), match=text),
        ):
            credential.get_token(azure.scope)


def test_the_government_clouds_audience_is_expected_where_it_was_asked_for():
    audience = "https://management.core.usgovcloudapi.net"
    with LocalAzure(**SIZE, audience=audience) as azure:
        clients = Clients(azure)
        assert azure.scope == f"{audience}/.default"
        assert clients.get("/subscriptions")["value"]
        assert [token.audience for token in azure.authority.issued] == [audience]
        wrong = Clients(azure)
        wrong.options["credential_scopes"] = ["https://management.azure.com/.default"]
        compute = wrong.compute(azure.subscription_ids[0])
        with pytest.raises(HttpResponseError) as caught:
            list(compute.disks.list())
        assert caught.value.status_code == 401
        assert "wrong audience" in str(caught.value)
        assert azure.authority.issued[-1].scope == "https://management.azure.com/.default"
        wrong.close()
        clients.close()
