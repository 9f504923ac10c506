from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import AccessDeniedError, UnreachableError, UnsafeReplyError
from tests.replay import Reply, recorded

SUB = "00000000-0000-0000-0000-00000000000a"
Listing = Callable[[AzureClients], Iterator[Any]]

LISTINGS: dict[str, tuple[str, Listing]] = {
    "virtual machines": (r"/virtualMachines$", lambda azure: azure.virtual_machines(SUB)),
    "power states": (r"/virtualMachines$", lambda azure: azure.virtual_machines(SUB, status_only=True)),
    "disks": (r"/disks$", lambda azure: azure.disks(SUB)),
    "public IPs": (r"/publicIPAddresses$", lambda azure: azure.public_ip_addresses(SUB)),
    "budgets": (r"/budgets$", lambda azure: azure.budgets(f"/subscriptions/{SUB}")),
    "resource groups": (
        r"/resourcegroups$",
        lambda azure: azure.get_all(f"/subscriptions/{SUB}/resourcegroups", "2021-04-01"),
    ),
}
every_listing = pytest.mark.parametrize(("path", "listing"), LISTINGS.values(), ids=list(LISTINGS))


def link(path: str, page: str = "2") -> str:
    return f"https://management.azure.com/subscriptions/{SUB}{path.strip('$')}?api-version=2020-01-01&$skiptoken={page}"


@every_listing
def test_every_page_of_a_listing_is_read(replay, path, listing):
    first = Reply(200, {"value": [{"id": "/one"}, {"id": "/two"}], "nextLink": link(path, "a%3D")})
    second = Reply(200, {"value": [{"id": "/three"}], "nextLink": None})
    azure = replay({("GET", path): [first, second]})
    assert [item["id"] for item in listing(azure.clients)] == ["/one", "/two", "/three"]
    assert "$skiptoken=a%3D" in azure.transport.sent[1].url


@every_listing
def test_an_empty_listing_is_empty(replay, path, listing):
    azure = replay({("GET", path): [Reply(200, {"value": []})]})
    assert list(listing(azure.clients)) == []


@every_listing
def test_an_error_that_came_with_status_200_is_no_empty_listing(replay, path, listing):
    error = {"code": "RBACAccessDenied", "message": "no"}
    azure = replay({("GET", path): [Reply(200, {"error": error}), Reply(200, {"value": [], "error": error})]})
    for _ in range(2):
        with pytest.raises(AccessDeniedError):
            list(listing(azure.clients))


@every_listing
@pytest.mark.parametrize("body", ["<html></html>", "{}", "[]", '{"value":null}', "null"])
def test_what_is_not_a_listing_is_no_empty_listing(replay, path, listing, body):
    azure = replay({("GET", path): [Reply(200, body)]})
    with pytest.raises(UnreachableError):
        list(listing(azure.clients))


@every_listing
def test_a_next_link_to_a_foreign_host_gets_no_token(replay, path, listing):
    foreign = link(path).replace("management.azure.com", "evil.example")
    azure = replay({("GET", path): [Reply(200, {"value": [{"id": "/one"}], "nextLink": foreign})]})
    with pytest.raises(UnsafeReplyError, match=r"evil\.example"):
        list(listing(azure.clients))
    assert len(azure.transport.sent) == 1


@every_listing
def test_a_next_link_that_repeats_ends_the_listing_with_an_error(replay, path, listing):
    again = Reply(200, {"value": [], "nextLink": link(path)})
    azure = replay({("GET", path): [again, again, again]})
    with pytest.raises(UnsafeReplyError, match="would never end"):
        list(listing(azure.clients))


def test_items_have_rest_names_and_exact_amounts(replay):
    properties = '{"amount":100,"timeGrain":"Monthly","currentSpend":{"amount":41.712656643888759}}'
    body = f'{{"value":[{{"id":"/b","properties":{properties}}}]}}'
    azure = replay({("GET", "budgets$"): [Reply(200, body)]})
    (budget,) = azure.clients.budgets(f"subscriptions/{SUB}/")
    assert budget["properties"]["currentSpend"]["amount"] == Decimal("41.712656643888759")
    assert budget["properties"]["amount"] == 100
    assert type(budget["properties"]["timeGrain"]) is str
    assert azure.transport.sent[0].path == f"/subscriptions/{SUB}/providers/Microsoft.Consumption/budgets"


def test_power_states_are_asked_for_in_one_listing(replay):
    azure = replay({("GET", "virtualMachines$"): [Reply(200, {"value": []}), Reply(200, {"value": []})]})
    list(azure.clients.virtual_machines(SUB))
    list(azure.clients.virtual_machines(SUB, status_only=True))
    plain, states = azure.transport.sent
    assert "statusOnly" not in plain.url
    assert "statusOnly=true" in states.url


def test_only_cost_calls_carry_the_client_type(replay):
    azure = replay({("GET", "disks$"): [Reply(200, {"value": []})], ("GET", "budgets$"): [Reply(200, {"value": []})]})
    list(azure.clients.disks(SUB))
    list(azure.clients.budgets(f"/subscriptions/{SUB}"))
    disks, budgets = azure.transport.sent
    assert "ClientType" not in disks.headers
    assert budgets.headers["ClientType"] == "finops-lake"


def test_further_parameters_are_sent(replay):
    azure = replay({("GET", "/subscriptions$"): [Reply(200, {"value": []})]})
    list(azure.clients.get_all("/subscriptions", "2022-12-01", **{"$filter": "a eq 'b'"}))
    assert azure.transport.sent[0].url == (
        "https://management.azure.com/subscriptions?api-version=2022-12-01&$filter=a%20eq%20%27b%27"
    )


def test_a_listing_without_content_is_empty(replay):
    azure = replay({("GET", "/subscriptions$"): [Reply(204)]})
    assert list(azure.clients.get_all("/subscriptions", "2022-12-01")) == []


def test_threads_share_one_client_of_each_kind_and_one_token(replay):
    replies = {("GET", "disks$"): [Reply(200, {"value": [{"id": "/d"}]})] * 24}
    azure = replay(replies)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: list(azure.clients.disks(f"s{number % 2}")), range(24)))
    assert found == [[{"id": "/d"}]] * 24
    assert len(azure.credential.asked) == 1
    assert set(azure.clients._sdk()._clients) == {("compute", "s0"), ("compute", "s1")}


@pytest.mark.replies
@pytest.mark.parametrize(
    ("name", "path", "listing", "count"),
    [
        ("compute/vm_list_subscription_2024_11", *LISTINGS["virtual machines"], 2),
        ("compute/vm_list_subscription_2022_11", *LISTINGS["virtual machines"], None),
        ("compute/vm_list_subscription_2020_12", *LISTINGS["virtual machines"], None),
        ("compute/disks_list_2024_03_attached_unattached", *LISTINGS["disks"], 5),
        ("compute/disks_list_2022_07_zone", *LISTINGS["disks"], None),
        ("compute/disks_list_2020_09_reserved", *LISTINGS["disks"], None),
        ("network/publicip_list_mixed_2022_01", *LISTINGS["public IPs"], 52),
        ("network/publicip_list_small_2022_05", *LISTINGS["public IPs"], 3),
        ("consumption/budgets_list_subscription_2018", *LISTINGS["budgets"], None),
    ],
)
def test_recorded_listings_are_read_by_the_real_clients(replay, name, path, listing, count):
    azure = replay({("GET", path): [recorded(name)]})
    items = list(listing(azure.clients))
    assert items
    assert count is None or len(items) == count
    assert all(item["id"].lower().lstrip("/").startswith("subscriptions/") and "properties" in item for item in items)


@pytest.mark.replies
@pytest.mark.parametrize("name", ["subscriptions_list_2021", "subscriptions_list_2019"])
def test_recorded_subscriptions_are_read(replay, name):
    azure = replay({("GET", "/subscriptions$"): [recorded(f"subscriptions/{name}")]})
    found = list(azure.clients.get_all("/subscriptions", "2022-12-01"))
    assert found
    assert all({"subscriptionId", "displayName", "state"} <= set(item) for item in found)
