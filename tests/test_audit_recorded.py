"""Real inventories through every check: no error, and each finding is one that was judged by hand by the recorded body.

Each recorded list is a subscription of its own. A finding is named by its place in the list, never by its name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.errors import Outcome
from finops_lake.extract import advisor, graph_resources
from finops_lake.extract.catalog import EXTRACTORS, SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.writer import Warehouse
from finops_lake.source import Chunk, ChunkResult, Fetched
from tests.replay import LISTINGS, ReplayTransport, Reply, StaticCredential, recorded

pytestmark = pytest.mark.replies

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
RECORDED: tuple[tuple[str, str, str], ...] = (
    ("disks", "disks", "compute/disks_list_2024_03_attached_unattached"),
    ("disks", "disks", "compute/disks_list_2020_09_reserved"),
    ("disks", "disks", "compute/disks_list_2022_07_zone"),
    ("virtual_machines", "virtualMachines", "compute/vm_list_subscription_2024_11"),
    ("virtual_machines", "virtualMachines", "compute/vm_list_subscription_2020_12"),
    ("public_ips", "publicIPAddresses", "network/publicip_list_mixed_2022_01"),
    ("public_ips", "publicIPAddresses", "network/publicip_list_small_2022_05"),
    *LISTINGS,
)
ADVICE = "advisor/recommendations_cost"
Finding = tuple[str, str, str]
"""Check, recorded list and verdict."""

JUDGED: dict[Finding, tuple[tuple[int, ...], str]] = {
    ("advisor_commitments", ADVICE, "waste"): ((), "one offer of the subscription, named by the subscription itself"),
    ("application_gateways_without_autoscale", "network/appgw_list_2022_05", "waste"): ((0,), "fixed capacity of 2"),
    ("application_gateways_without_targets", "network/appgw_list_2022_05", "waste"): ((0,), "pool without addresses"),
    ("basic_load_balancers", "network/loadbalancer_list_2022_05", "waste"): (
        (0, 1, 2, 3, 4, 5, 6, 7, 33, 34, 35, 36, 39, 42),
        "SKU Basic",
    ),
    ("basic_public_ips", "network/publicip_list_mixed_2022_01", "waste"): (
        (0, 1, 2, 3, 7, 11, 12, 13, 20, 21, 48, 49, 50, 51),
        "SKU Basic",
    ),
    ("basic_public_ips", "network/publicip_list_small_2022_05", "waste"): ((0, 1), "SKU Basic"),
    ("express_route_circuits_without_connections", "network/expressroute_list", "waste"): (
        (1, 3, 4, 5),
        "private peering or none, and no connection in the list of the subscription",
    ),
    ("express_route_circuits_without_connections", "network/expressroute_list", "not_applicable"): (
        (0,),
        "Microsoft peering",
    ),
    ("load_balancers_without_backends", "network/loadbalancer_list_2022_05", "not_applicable"): (
        (5, *range(8, 40), 41),
        "pools without members; Basic, or Standard without a rule",
    ),
    ("old_snapshots", "compute/snapshot_list_2020_09", "waste"): ((0,), "of 2023"),
    ("snapshots_of_deleted_disks", "compute/snapshot_list_2020_09", "undetermined"): ((0,), "no disks were recorded"),
    ("stopped_vms", "compute/vm_list_subscription_2024_11", "undetermined"): ((0, 1), "no status was recorded"),
    ("stopped_vms", "compute/vm_list_subscription_2020_12", "undetermined"): (tuple(range(10)), "the same"),
    ("unassociated_public_ips", "network/publicip_list_mixed_2022_01", "waste"): ((5, 6, 8, 9, 10), "Standard, unused"),
    ("unassociated_public_ips", "network/publicip_list_mixed_2022_01", "not_applicable"): ((7, 12), "Basic, dynamic"),
    ("unassociated_public_ips", "network/publicip_list_small_2022_05", "waste"): ((0, 1, 2), "static, unused"),
    ("unattached_disks", "compute/disks_list_2024_03_attached_unattached", "waste"): ((0, 1, 2), "Unattached"),
    ("unattached_disks", "compute/disks_list_2020_09_reserved", "waste"): ((2, 3), "Unattached; 0 and 1 are Reserved"),
    ("unattached_disks", "compute/disks_list_2022_07_zone", "waste"): ((0,), "Unattached"),
    ("unattached_network_interfaces", "network/nic_list_2022_01", "waste"): ((0,), "hostedWorkloads []"),
    ("unattached_network_interfaces", "network/nic_list_60_2020_04", "waste"): ((0,), "hostedWorkloads []"),
    ("unprovisioned_express_route_circuits", "network/expressroute_list", "waste"): ((2, 6), "NotProvisioned"),
    ("unused_images", "compute/images_list", "waste"): ((0,), "no machine of it was recorded"),
    ("unused_nat_gateways", "network/natgateway_list_2022_01", "waste"): ((0,), "no subnets"),
    ("unused_public_ip_prefixes", "network/publicipprefix_list", "waste"): ((0,), "no publicIPAddresses"),
    ("windows_vms_without_hybrid_benefit", "compute/vm_list_subscription_2024_11", "not_applicable"): (
        (0,),
        "publisher of desktop images",
    ),
    ("windows_vms_without_hybrid_benefit", "compute/vm_list_subscription_2020_12", "waste"): (
        (0, 9),
        "Windows without licenseType; 5 is Windows_Client",
    ),
}
"""The places of what is found in each list, and why that is right."""


def scope_of(number: int) -> str:
    return f"/subscriptions/00000000-0000-0000-0000-{number:012d}"


def fetched(table: str, path: str, name: str, scope: str) -> Fetched:
    """Fetch one table under the real clients; of machines no status was recorded."""
    transport = ReplayTransport({("GET", rf"/{path}$"): [recorded(name), Reply(body={"value": []})]})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure:
        return EXTRACTORS[table].fetch(azure, Chunk(table, scope))


def items_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(recorded(name).content)["value"]
    return found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    home = tmp_path_factory.mktemp("recorded")
    warehouse = Warehouse(home, SOURCES, origin="recorded", clock=lambda: NOW)
    arrived = [
        (table, scope_of(place), fetched(table, path, name, scope_of(place)))
        for place, (table, path, name) in enumerate(RECORDED)
    ]
    arrived += [("graph_resources", scope, Fetched(graph_resources.table_of([]))) for _, scope, _ in arrived]
    arrived.append(("advisor_recommendations", scope_of(len(RECORDED)), Fetched(advisor.table_of(items_of(ADVICE)))))
    with warehouse.lock(0):
        with warehouse.open():
            warehouse.load_all(
                [
                    (ChunkResult(Chunk(table, scope), Outcome.LOADED, NOW, NOW, True, one.rows.num_rows), one)
                    for table, scope, one in arrived
                ]
            )
        warehouse.publish()
    reader = LakeReader(home)
    yield reader
    reader.close()


def test_each_finding_in_a_recorded_inventory_is_one_that_was_judged(lake: LakeReader) -> None:
    names = [*(name for _, _, name in RECORDED), ADVICE]
    places = {name: {item["id"].lower(): place for place, item in enumerate(items_of(name))} for name in names}
    found: dict[Finding, set[int]] = defaultdict(set)
    rows = lake.query("select check_name, sub_account_id, verdict, resource_id from marts.findings").rows
    for check, scope, verdict, resource in rows:
        name = names[int(scope.rpartition("-")[2])]
        found[check, name, verdict] |= {places[name][resource]} if resource in places[name] else set()
    assert found == {key: set(expected) for key, (expected, _) in JUDGED.items()}


def test_every_check_was_asked(lake: LakeReader) -> None:
    """The view over all checks binds and runs each of them; one that is not in it would not be asked."""
    ((asked,),) = lake.query("select count(distinct view_name) from meta.headers where view_name like 'audits.%'").rows
    for (view,) in lake.query("select distinct view_name from meta.headers where view_name like 'audits.%'").rows:
        lake.query(f"select * from {view}")
    assert asked > 70


METERS = {
    ("IP Addresses", "Basic IPv4 Static Public IP"): 5,
    ("IP Addresses", "Standard IPv4 Static Public IP"): 39,
    ("Premium SSD Managed Disks", "P1 (LRS )?Disks?"): 2,
    ("Premium SSD Managed Disks", "P4 (LRS )?Disks?"): 1,
    ("Standard HDD Managed Disks", "S10 (LRS )?Disks?"): 4,
    ("Standard HDD Managed Disks", "S30 (LRS )?Disks?"): 2,
    ("Standard HDD Managed Disks", "S4 (LRS )?Disks?"): 1,
    ("Standard HDD Managed Disks", "S6 (LRS )?Disks?"): 2,
    ("Virtual Network Private Link", "Standard Private Endpoint"): 4,
    ("Application Gateway WAF v2", "(Standard |Basic )?Fixed Cost"): 1,
    ("Application Gateway WAF v2", "(Standard )?Capacity Units"): 1,
    ("Azure Bastion", "basic Gateway"): 1,
    ("NAT Gateway", "Standard Gateway"): 1,
    ("Public IP Prefix", "Standard Static IP Addresses"): 1,
    ("Load Balancer", "Standard Included LB Rules and Outbound Rules"): 1,
    ("Linux", "Standard_A1_v2"): 1,
    ("Linux", "Standard_B1s"): 1,
    ("Windows", "Standard_B1s"): 1,
    ("Windows", "Standard_D2_v2"): 1,
    ("Linux", "Standard_D2s_v3"): 2,
    ("Linux", "Standard_D4as_v4"): 1,
    ("Windows", "Standard_D4as_v4"): 1,
    ("Linux", "Standard_DS1_v2"): 4,
    (None, "A dynamic Basic address is billed only while it is assigned."): 11,
    (None, "A Basic load balancer is not billed."): 14,
    (None, "Without rules it is not billed by the hour."): 29,
    (None, "Priced by the zone of its peering location, which no listing tells."): 7,
    (None, "Billed by the size in use, which no listing tells: of its 30 GiB at most."): 1,
    (None, "Billed by the size in use of its disks, which no listing tells."): 1,
    (None, "Billed by its instances, disks and addresses."): 1,
}
"""Product and meter of what was recorded (of machines system and size), by the SKUs that Azure wrote, or why none."""


def test_each_recorded_resource_of_a_priced_kind_has_one_meter_or_a_reason(lake: LakeReader) -> None:
    rows = lake.query(
        "select coalesce(product_name, if(is_windows, 'Windows', if(arm_sku_name is null, null, 'Linux'))) as product,"
        " coalesce(meter_pattern, arm_sku_name, unmetered_because) as meter, count(*)"
        " from marts.sku_meters group by all"
    ).rows
    assert {(product, meter): count for product, meter, count in rows} == METERS
