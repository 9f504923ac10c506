"""Azure Resource Manager's operations that this simulator knows: a path pattern and an answer for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from finops_lake.demo import commitments
from finops_lake.demo.budgets import budget_shape, evaluate
from finops_lake.demo.calls import Call
from finops_lake.demo.cost_query import answer_query
from finops_lake.demo.graph import resource_graph
from finops_lake.demo.inventory import LISTED_TYPES, locks, resources_of_type
from finops_lake.demo.metrics import PATH as METRICS
from finops_lake.demo.metrics import metrics
from finops_lake.demo.model import Disk, PublicIpAddress, Resource, VirtualMachine
from finops_lake.demo.prices import PATH as PRICES
from finops_lake.demo.prices import price_sheet, retail_prices
from finops_lake.demo.replies import Reply, error_reply, json_reply, not_found
from finops_lake.demo.shapes import (
    address_shape,
    disk_shape,
    group_shape,
    instance_view_shape,
    machine_shape,
    machine_status_shape,
    resource_shape,
    subscription_shape,
)
from finops_lake.demo.usage_details import usage_details
from finops_lake.demo.world import World

Handler = Callable[[World, Call], Reply]
SUBSCRIPTION = "/subscriptions/(?P<subscription>[^/]+)"
SCOPE = f"{SUBSCRIPTION}(?:/resourceGroups/(?P<group>[^/]+))?"
WIDE = (
    "/providers/Microsoft.Management/managementGroups/[^/]+"
    "|/providers/Microsoft.Billing/billingAccounts/[^/]+(?:/(?!providers)[^/]+/[^/]+){0,2}"
)
ANY_SCOPE = f"(?:{SCOPE}|(?:{WIDE}))"


@dataclass(frozen=True)
class Operation:
    """One operation; paths are matched in any case and without a trailing slash."""

    name: str
    method: str
    pattern: re.Pattern[str]
    handler: Handler


def openid_configuration(world: World, call: Call) -> Reply:
    """Say where a tenant issues tokens."""
    return world.authority.configuration(call.endpoint, call.names["tenant"])


def sign_in(world: World, call: Call) -> Reply:
    """Issue a token."""
    return world.authority.token(call.body)


def blob(world: World, call: Call) -> Reply:
    """Read a cost details report from storage."""
    return world.reports.blob(call)


def subscriptions(world: World, call: Call) -> Reply:
    """List subscriptions, in pages, with the count that only this list has."""
    shapes = [subscription_shape(item, world.estate.tenant_id) for item in world.estate.subscriptions]
    return _listing(world, call, shapes, {"count": {"type": "Total", "value": len(shapes)}})


def subscription(world: World, call: Call) -> Reply:
    """Get one subscription."""
    found = world.estate.subscription(call.names["subscription"])
    assert found is not None  # noqa: S101 - unknown subscriptions are refused before
    return json_reply(subscription_shape(found, world.estate.tenant_id))


def resource_groups(world: World, call: Call) -> Reply:
    """List the resource groups of a subscription."""
    return _listing(world, call, [group_shape(item) for item in world.estate.groups_of(call.names["subscription"])])


def resource_group(world: World, call: Call) -> Reply:
    """Get one resource group."""
    found = world.estate.group(call.names["subscription"], call.names["group"])
    assert found is not None  # noqa: S101 - unknown groups are refused before
    return json_reply(group_shape(found))


def resources(world: World, call: Call) -> Reply:
    """List resources of any type; the time of creation comes when it is asked for."""
    wanted = "createdtime" in call.query.get("$expand", "").lower()
    found = world.estate.resources_of(Resource, call.names["subscription"], call.group)
    return _listing(
        world, call, [resource_shape(item, world.estate.created[item.cost_id] if wanted else None) for item in found]
    )


def virtual_machines(world: World, call: Call) -> Reply:
    """List machines: either all properties but the power state, or (`statusOnly`) the power state and little else."""
    machines = world.estate.resources_of(VirtualMachine, call.names["subscription"], call.group)
    status_only = next((value for name, value in call.query.items() if name.lower() == "statusonly"), "")
    shape = machine_status_shape if status_only.lower() == "true" else machine_shape
    return _listing(world, call, [shape(machine) for machine in machines])


def virtual_machine(world: World, call: Call) -> Reply:
    """Get one machine, with its instance view when expanded."""
    expand = call.query.get("$expand", "").lower() == "instanceview"
    return _one(world, call, VirtualMachine, lambda machine: machine_shape(machine, instance_view=expand))


def instance_view(world: World, call: Call) -> Reply:
    """Get the run-time status of one machine."""
    return _one(world, call, VirtualMachine, instance_view_shape)


def disks(world: World, call: Call) -> Reply:
    """List managed disks."""
    return _listing(
        world,
        call,
        [disk_shape(item) for item in world.estate.resources_of(Disk, call.names["subscription"], call.group)],
    )


def disk(world: World, call: Call) -> Reply:
    """Get one managed disk."""
    return _one(world, call, Disk, disk_shape)


def public_ip_addresses(world: World, call: Call) -> Reply:
    """List public IP addresses."""
    found = world.estate.resources_of(PublicIpAddress, call.names["subscription"], call.group)
    return _listing(world, call, [address_shape(item) for item in found])


def public_ip_address(world: World, call: Call) -> Reply:
    """Get one public IP address."""
    return _one(world, call, PublicIpAddress, address_shape)


def listed(world: World, call: Call) -> Reply:
    """List the resources of one type of a provider."""
    return _listing(world, call, resources_of_type(world, call))


def all_locks(world: World, call: Call) -> Reply:
    """List the locks of a subscription, those of its groups and resources among them."""
    return _listing(world, call, locks(world, call.names["subscription"]))


def budgets(world: World, call: Call) -> Reply:
    """List budgets; a subscription's list has those of its resource groups too, and never a next link."""
    today = world.ledger.today
    if call.subscription_id is None:
        found = [item for item in world.budgets if item.scope.lower() == call.scope.lower()]
    else:
        mine = [item for item in world.budgets if not item.wide]
        found = [item for item in mine if item.subscription.subscription_id == call.subscription_id]
    if call.group:
        found = [item for item in found if item.group and item.group.name.lower() == call.group.lower()]
    shapes = [budget_shape(item, evaluate(item, world.ledger, today), today) for item in found]
    if "name" not in call.names:
        return json_reply({"value": shapes})
    one = next((shape for shape in shapes if shape["name"].lower() == call.names["name"].lower()), None)
    return json_reply(one) if one else error_reply(404, "404", f"Budget with name {call.names['name']} not found.")


def billing_accounts(world: World, call: Call) -> Reply:
    """List the billing accounts that the sign-in may read, with their agreement."""
    return _listing(world, call, world.billing.accounts())


def commitment(list_them: Callable[[World], list[dict[str, Any]]]) -> Handler:
    """Return the handler that lists commitments of the whole sign-in."""
    return lambda world, call: _listing(world, call, list_them(world))


def benefit(list_them: Callable[[World, Call], list[dict[str, Any]]]) -> Handler:
    """Return the handler that lists what a scope knows of commitments."""
    return lambda world, call: _listing(world, call, list_them(world, call))


def create_report(world: World, call: Call) -> Reply:
    """Accept a cost details report, within the limits of its scope."""
    admitted, headers = world.throttle.admit(call.scope.lower(), call.headers.get("clienttype"), 1)
    if not admitted:
        return error_reply(429, "429", "Too many requests. Please retry.", headers)
    return world.reports.create(call)


def poll_report(world: World, call: Call) -> Reply:
    """Say whether a cost details report is ready."""
    return world.reports.poll(call)


def _one(world: World, call: Call, kind: type[Any], shape: Callable[[Any], Any]) -> Reply:
    found = world.estate.resources_of(kind, call.names["subscription"], call.names["group"])
    item = next((item for item in found if item.name.lower() == call.names["name"].lower()), None)
    if item is None:
        provider = call.path.partition("/providers/")[2].split("/")
        return not_found(f"{'/'.join(provider[:2])}/{call.names['name']}", call.names["group"])
    return json_reply(shape(item))


def _listing(world: World, call: Call, shapes: Sequence[Any], more: dict[str, Any] | None = None) -> Reply:
    """Return one page of a list; the key nextLink is absent from the last."""
    token = next((value for name, value in call.query.items() if name.lower() in ("$skiptoken", "%24skiptoken")), "0")
    if not token.isdecimal():
        return error_reply(400, "InvalidSkipToken", f"The skip token '{token}' is not valid.")
    size = int(call.query["$top"]) if call.query.get("$top", "").isdecimal() else world.list_page_size
    start = int(token)
    page: dict[str, Any] = {"value": list(shapes[start : start + size])}
    if start + size < len(shapes):
        kept = [
            (name, value) for name, value in call.query.items() if name.lower() not in ("$skiptoken", "%24skiptoken")
        ]
        pairs = [*kept, ("$skiptoken", str(start + size))]
        page["nextLink"] = f"{call.endpoint}{quote(call.path)}?" + "&".join(
            f"{name}={quote(value)}" for name, value in pairs
        )
    return json_reply({**page, **(more or {})})


def _operation(name: str, path: str, handler: Handler, method: str = "GET") -> Operation:
    return Operation(name, method, re.compile(f"^{path}/?$", re.IGNORECASE), handler)


COST = "/providers/Microsoft.CostManagement"
CONSUMPTION = "/providers/Microsoft.Consumption"
COMPUTE, NETWORK = "/providers/Microsoft.Compute", "/providers/Microsoft.Network"
OPERATIONS = (
    _operation(
        "openid_configuration", "/(?P<tenant>[^/]+)(?:/v2.0)?/.well-known/openid-configuration", openid_configuration
    ),
    _operation("sign_in", "/(?P<tenant>[^/]+)/oauth2/v2.0/token", sign_in, "POST"),
    _operation("blob", "/cost-details/(?P<name>[^/]+)/part_0_(?P<place>[0-9]+).csv", blob),
    _operation("billing_accounts", "/providers/Microsoft.Billing/billingAccounts", billing_accounts),
    _operation("retail_prices", PRICES, retail_prices),
    _operation("subscriptions", "/subscriptions", subscriptions),
    _operation("subscription", SUBSCRIPTION, subscription),
    _operation("resource_groups", f"{SUBSCRIPTION}/resourceGroups", resource_groups),
    _operation("resource_group", f"{SUBSCRIPTION}/resourceGroups/(?P<group>[^/]+)", resource_group),
    _operation("resources", f"{SCOPE}/resources", resources),
    _operation("listed", f"{SUBSCRIPTION}/providers/(?P<type>{LISTED_TYPES})", listed),
    _operation("locks", f"{SUBSCRIPTION}/providers/Microsoft.Authorization/locks", all_locks),
    _operation("price_sheet", f"{SUBSCRIPTION}{CONSUMPTION}/pricesheets/default", price_sheet),
    _operation("metrics", f"{METRICS}/(?P<region>[^/]+){SUBSCRIPTION}/metrics:getBatch", metrics, "POST"),
    _operation("resource_graph", "/providers/Microsoft.ResourceGraph/resources", resource_graph, "POST"),
    _operation(
        "reservation_orders",
        "/providers/Microsoft.Capacity/reservationOrders",
        commitment(commitments.reservation_orders),
    ),
    _operation("reservations", "/providers/Microsoft.Capacity/reservations", commitment(commitments.reservations)),
    _operation(
        "savings_plans", "/providers/Microsoft.BillingBenefits/savingsPlans", commitment(commitments.savings_plans)
    ),
    _operation(
        "reservation_recommendations",
        f"{ANY_SCOPE}{CONSUMPTION}/reservationRecommendations",
        benefit(commitments.recommendations),
    ),
    _operation(
        "savings_plan_recommendations",
        f"{ANY_SCOPE}{COST}/benefitRecommendations",
        benefit(commitments.plan_recommendations),
    ),
    _operation(
        "reservation_summaries", f"{ANY_SCOPE}{CONSUMPTION}/reservationSummaries", benefit(commitments.summaries)
    ),
    _operation("reservation_details", f"{ANY_SCOPE}{CONSUMPTION}/reservationDetails", benefit(commitments.summaries)),
    _operation(
        "benefit_utilization", f"{ANY_SCOPE}{COST}/benefitUtilizationSummaries", benefit(commitments.utilization)
    ),
    _operation("query", f"{ANY_SCOPE}{COST}/query", answer_query, "POST"),
    _operation("create_report", f"{ANY_SCOPE}{COST}/generateCostDetailsReport", create_report, "POST"),
    _operation("poll_report", f"{ANY_SCOPE}{COST}/costDetailsOperationResults/(?P<name>[^/]+)", poll_report),
    _operation("usage_details", f"{ANY_SCOPE}/providers/Microsoft.Consumption/usageDetails", usage_details),
    _operation("budgets", f"{ANY_SCOPE}/providers/Microsoft.Consumption/budgets(?:/(?P<name>[^/]+))?", budgets),
    _operation("virtual_machines", f"{SCOPE}{COMPUTE}/virtualMachines", virtual_machines),
    _operation("virtual_machine", f"{SCOPE}{COMPUTE}/virtualMachines/(?P<name>[^/]+)", virtual_machine),
    _operation("instance_view", f"{SCOPE}{COMPUTE}/virtualMachines/(?P<name>[^/]+)/instanceView", instance_view),
    _operation("disks", f"{SCOPE}{COMPUTE}/disks", disks),
    _operation("disk", f"{SCOPE}{COMPUTE}/disks/(?P<name>[^/]+)", disk),
    _operation("public_ip_addresses", f"{SCOPE}{NETWORK}/publicIPAddresses", public_ip_addresses),
    _operation("public_ip_address", f"{SCOPE}{NETWORK}/publicIPAddresses/(?P<name>[^/]+)", public_ip_address),
)
