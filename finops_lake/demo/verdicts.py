"""What every audit check should say of the whole estate: of what was planted for it, and of what merely came about.

A resource that a check is not told to find here is one that it must not list as waste. Nothing is read from the lake or
its SQL: it follows from the estate and the bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from finops_lake.demo.advice import DISMISSED, advised
from finops_lake.demo.benefits import COMMITMENTS, benefit_id
from finops_lake.demo.cases import Verdict
from finops_lake.demo.inventory import locked_groups
from finops_lake.demo.model import Disk, PublicIpAddress, Resource, ResourceGroup, VirtualMachine
from finops_lake.demo.truth import YOUNG_DAYS
from finops_lake.demo.world import World
from finops_lake.source import first_of_month

Said = Iterator[tuple[str, str, Verdict]]
"""A check, the lower-cased id of what it is about, and what it should say."""

FORGOTTEN_DAYS, EXPIRING_DAYS, WELL_USED = 30, 60, 80
SMALL = Decimal(10)
LEAST = Decimal(1)
"""A month's cost below which untagged resources, and one below which charges, are not worth a finding."""


def verdicts(world: World) -> dict[str, dict[str, Verdict]]:
    """Return by check what it should say of each id; `ok` means that it does not list it."""
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    truth, plan = world.truth, world.estate.plan
    for planted in plan.findings:
        found[planted.check][planted.resource.cost_id] = truth.verdict(planted)
    for case in plan.cases:
        found[case.check][case.resource.cost_id] = case.verdict
    for rule in RULES:
        for check, name, verdict in rule(world):
            found[check][name] = verdict
    return found


def _is_held(world: World, item: Resource) -> bool:
    """Return whether a guard that holds for every check spares a resource: managed, locked or young."""
    is_managed = bool(item.group.managed_by) or item.group.name.lower().startswith("mc_")
    is_locked = item.group in locked_groups(world, item.subscription_id) or item.name == "disk-cluster-shared"
    age = world.ledger.today - world.estate.created[item.cost_id].date()
    return is_managed or is_locked or age.days <= YOUNG_DAYS


def _waste(world: World, item: Resource) -> Verdict:
    return "not_applicable" if _is_held(world, item) else "waste"


def _groups(world: World) -> Said:
    used = {id(item.group) for item in world.estate.resources}
    for group in world.estate.groups:
        if id(group) not in used:
            yield "empty_resource_groups", group.resource_id.lower(), _of_group(world, group)


def _of_group(world: World, group: ResourceGroup) -> Verdict:
    return "not_applicable" if group in locked_groups(world, group.subscription_id) else "waste"


def _addresses(world: World) -> Said:
    for item in world.estate.resources:
        if isinstance(item, PublicIpAddress) and item.sku == "Basic":
            yield "basic_public_ips", item.cost_id, _waste(world, item)


def _deallocated(world: World) -> Said:
    """Yield the machines that are deallocated, and their disks."""
    disks = [item for item in world.estate.resources if isinstance(item, Disk)]
    for machine in world.estate.resources:
        if not isinstance(machine, VirtualMachine) or machine.power_state != "deallocated":
            continue
        for disk in (item for item in disks if item.managed_by == machine.plain_id):
            since = disk.ownership_updated
            if since is not None and (world.ledger.today - since.date()).days > FORGOTTEN_DAYS:
                stands_by = "standby" in str(machine.tags).lower()
                verdict: Verdict = "not_applicable" if stands_by else _waste(world, machine)
                yield "deallocated_vms", machine.cost_id, verdict
                yield "disks_of_deallocated_vms", disk.cost_id, verdict
            if disk.sku.startswith("Premium"):
                yield "premium_disks_on_deallocated_vms", disk.cost_id, _waste(world, disk)


def _untagged(world: World) -> Said:
    items = {item.cost_id: item for item in world.estate.resources if not item.tags and not item.group.tags}
    for name, costs in _costs(world, lambda name: name in items).items():
        cost = max(costs.values(), key=abs)
        if cost > 0:
            yield "untagged_resources", name, _waste(world, items[name]) if cost >= SMALL else "not_applicable"


def _costs(world: World, is_wanted: Callable[[str], bool]) -> Mapping[str, dict[str, Decimal]]:
    """Return the billed cost of the last 30 complete days of each resource, by currency."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for charge in world.ledger.between(*world.truth.complete_window()):
        line = charge.line
        if line.resource_id and is_wanted(line.resource_id) and charge.counts_in("ActualCost"):
            costs = sums[line.resource_id]
            costs[line.currency] = costs.get(line.currency, Decimal(0)) + charge.actual_cost
    return sums


def _without_resource(world: World) -> Said:
    first, last = world.truth.complete_window()
    by = ("subscription_id", "service_name", "currency", "resource_id")
    for (account, service, currency, resource), cost in world.ledger.totals(by, first=first, last=last).items():
        if not resource and cost >= LEAST:
            yield "charges_without_resource", f"/subscriptions/{account}#{service}#{currency}", "waste"


def _new_services(world: World) -> Said:
    """Yield services that are charged in the running month and were not before, of subscriptions that were."""
    by = ("subscription_id", "service_name", "currency", "month")
    totals = world.ledger.totals(by)
    now = first_of_month(world.ledger.today)
    older = {key[:3] for key in totals if key[3] != now}
    known = {account for account, *_ in older}
    for (account, service, currency, month), cost in totals.items():
        if month == now and account in known and (account, service, currency) not in older and cost >= LEAST:
            yield "new_services", f"/subscriptions/{account}#{service}#{currency}", "waste"


def _advised(world: World) -> Said:
    for subscription in world.estate.subscriptions:
        yield "advisor_commitments", f"{subscription.scope}#commitment", "waste"
        machines = world.estate.resources_of(VirtualMachine, subscription.subscription_id)
        for place, machine in enumerate(advised(machines)):
            verdict: Verdict = "not_applicable" if place == DISMISSED else _waste(world, machine)
            yield "advisor_resource_advice", machine.cost_id, verdict


def _offers(world: World) -> Said:
    for subscription in world.estate.subscriptions:
        environment = (subscription.tags or {}).get("Environment")
        if subscription.quota_id.startswith("PayAsYouGo") and environment in ("dev", "test"):
            yield "dev_test_offer_eligible", subscription.scope, "waste"


def _commitments(world: World) -> Said:
    for item in COMMITMENTS:
        kind = "reservations" if item.kind == "Reservation" else "savings_plans"
        name = benefit_id(world.estate.tenant_id, item).lower()
        if item.used < WELL_USED:
            yield f"underused_{kind}", name, "waste"
        if item.ends_in <= EXPIRING_DAYS and not item.renews:
            yield f"expiring_{kind}", name, "waste"


RULES: tuple[Callable[[World], Said], ...] = (
    _groups,
    _addresses,
    _deallocated,
    _untagged,
    _without_resource,
    _new_services,
    _advised,
    _offers,
    _commitments,
)
