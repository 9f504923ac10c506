"""What is planted, and that the ledger of truth agrees with what the wire says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import requests

from finops_lake.demo.server import LocalAzure
from tests.demo.clients import SIZE, TODAY, Clients, query_body


@pytest.mark.parametrize(
    ("check", "waste", "others"),
    [("stopped_vms", 3, 4), ("unattached_disks", 7, 11), ("unassociated_public_ips", 3, 8)],
)
def test_each_check_has_waste_and_lookalikes(azure, check, waste, others):
    found = azure.truth.findings(check)
    assert [item.verdict for item in found].count("waste") == waste
    assert len(found) - waste == others


def test_waste_lies_in_several_subscriptions_and_currencies(azure):
    waste = azure.truth.findings(verdict="waste")
    assert {item.subscription_id for item in waste} == set(azure.subscription_ids)
    assert {currency for item in waste for currency in item.billed_cost} == {"EUR", "USD"}


def test_billed_cost_of_waste_equals_what_the_wire_gives_for_thirty_complete_days(azure, clients):
    first, last = azure.truth.complete_window()
    assert (last, (last - first).days) == (TODAY - timedelta(days=4), 29)
    costs: dict[str, dict[str, Decimal]] = {}
    for subscription_id in azure.subscription_ids:
        body = query_body(first, last, ("ResourceId",), granularity=None)
        for row in clients.query_rows(f"/subscriptions/{subscription_id}", body, top=5000):
            costs.setdefault(row["ResourceId"], {})[row["Currency"]] = row["Cost"]
    for finding in azure.truth.findings():
        assert costs.get(finding.resource_id, {}) == finding.billed_cost


def test_some_waste_has_no_charge_at_all(azure):
    unpriced = [item for item in azure.truth.findings(verdict="waste") if not item.billed_cost]
    assert [item.resource_id.rpartition("/")[2] for item in unpriced] == ["disk-legacy-free"]


def test_a_deallocated_machine_costs_nothing_itself_but_its_disks_do(azure):
    [machine] = azure.truth.findings("stopped_vms", "ok")
    [disk] = [item for item in azure.truth.findings("unattached_disks", "ok") if "vm-legacy-app02" in item.resource_id]
    assert machine.billed_cost == {}
    assert disk.billed_cost["EUR"] > 0


def test_young_lookalikes_become_waste_with_time(own_azure):
    def young():
        return {item.verdict for item in own_azure.truth.findings() if item.reason == "Created yesterday."}

    assert young() == {"not_applicable"}
    own_azure.advance(4)
    assert young() == {"waste"}


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 15), date(2026, 2, 28), date(2026, 1, 1)])
def test_budgets_are_what_they_were_planted_to_be_on_any_day(day):
    with LocalAzure(**{**SIZE, "today": day}) as azure:
        states = [(item.budget.state, item.state) for item in azure.truth.budgets()]
    assert {planned for planned, _ in states} == {"breached", "at_risk", "healthy", "unknown"}
    assert all(planned == state for planned, state in states)


def test_spend_of_a_budget_is_the_ledgers_own_sum(azure, clients):
    body = query_body(date(2026, 3, 1), TODAY - timedelta(days=1), (), granularity=None)
    [euros] = clients.query_rows(f"/subscriptions/{azure.subscription_ids[0]}", body)
    budget = next(item for item in azure.truth.budgets() if item.budget.name == "production-monthly")
    assert budget.spend.current == euros["Cost"]
    filtered = {"dimensions": {"name": "MeterCategory", "operator": "In", "values": ["Virtual Machines", "Storage"]}}
    body["dataset"]["filter"] = filtered
    [part] = clients.query_rows(f"/subscriptions/{azure.subscription_ids[0]}/resourceGroups/rg-legacy-prod", body)
    budget = next(item for item in azure.truth.budgets() if item.budget.name == "legacy-compute")
    assert budget.spend.current == part["Cost"]


def test_the_anomaly_is_a_spike_of_known_size(azure, clients):
    anomaly = azure.truth.anomaly()
    assert anomaly is not None
    assert anomaly.actual_cost == anomaly.ordinary_cost * 12
    body = query_body(date(2026, 3, 1), TODAY, ("ResourceId", "ServiceName"))
    rows = clients.query_rows(f"/subscriptions/{anomaly.subscription_id}", body, top=5000)
    days = {
        int(row["UsageDate"]): row["Cost"]
        for row in rows
        if (row["ResourceId"], row["ServiceName"]) == (anomaly.resource_id, anomaly.service_name)
    }
    spike = [days.pop(day) for day in (20260306, 20260307, 20260308)]
    assert sum(spike) == anomaly.actual_cost
    assert min(spike) > 8 * max(days.values())


def test_a_short_history_has_no_anomaly_and_one_subscription_holds_everything():
    with LocalAzure(**{**SIZE, "subscriptions": 1, "resources": 0, "days": 5}) as azure:
        assert azure.truth.anomaly() is None
        assert {item.subscription_id for item in azure.truth.findings()} == set(azure.subscription_ids)
        assert {name for _, name in azure.truth.totals()} == {"EUR"}


def test_the_truth_can_be_read_from_another_process(own_azure):
    session = requests.Session()
    session.trust_env = False
    session.verify = str(own_azure.ca_file)
    url = own_azure.endpoint
    restated = session.post(f"{url}/_restate", json={"subscription_id": own_azure.subscription_ids[0]}).json()
    assert {item["kind"] for item in restated} == {"changed", "vanished", "late"}
    assert session.post(f"{url}/_advance", json={"days": 2}).json() == {"today": "2026-03-17"}
    assert own_azure.today == date(2026, 3, 17)
    truth = session.get(f"{url}/_truth").json()
    assert truth["restated"] == restated
    assert [item["state"] for item in truth["budgets"]].count("breached") == 1
    total = sum(Decimal(item["cost"]) for item in truth["totals"] if item["metric"] == "ActualCost")
    assert total == sum(own_azure.truth.totals().values())
    asked = "by=service_name,currency&metric=AmortizedCost&first=2026-02-01&last=2026-02-28"
    rows = session.get(f"{url}/_totals?{asked}").json()
    totals = own_azure.truth.totals(("service_name", "currency"), "AmortizedCost", date(2026, 2, 1), date(2026, 2, 28))
    assert {(row["service_name"], row["currency"]): Decimal(row["cost"]) for row in rows} == totals
    assert session.post(f"{url}/_throttle", json={"enabled": True}).json() == {"enabled": True}
    assert own_azure.throttle.enabled
    session.close()


def test_requests_can_be_read_and_forgotten_from_another_process(own_azure):
    clients = Clients(own_azure)
    clients.get("/subscriptions")
    clients.close()
    session = requests.Session()
    session.trust_env = False
    session.verify = str(own_azure.ca_file)
    recorded = session.get(f"{own_azure.endpoint}/_requests").json()
    assert [item["operation"] for item in recorded] == ["openid_configuration", "sign_in", "subscriptions"]
    assert recorded[-1]["status"] == 200
    assert "authorization" not in {name.lower() for name in recorded[-1]["headers"]}
    assert session.delete(f"{own_azure.endpoint}/_requests").json() == []
    assert own_azure.requests == []
    session.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_nothing", None, 404),
        ("POST", "/_faults", {"name": "earthquake"}, 400),
        ("POST", "/_faults", {"name": "throttled", "options": {"colour": 1}}, 400),
        ("POST", "/_faults", [], 400),
        ("POST", "/_restate", {"month": "soon"}, 400),
        ("GET", "/_totals?by=colour", None, 400),
    ],
)
def test_the_simulators_own_addresses_refuse_nonsense(azure, method, path, body, status):
    url = f"{azure.endpoint}{path}"
    response = requests.request(method, url, json=body, verify=str(azure.ca_file), timeout=10)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_fault_of_ones_own_can_be_given_over_http(azure, clients):
    url = f"{azure.endpoint}/_faults"
    fault = {"reply": {"status": 418, "body": {"tea": True}, "headers": {"X-Pot": "1"}}, "operation": "subscriptions"}
    requests.post(url, json=fault, verify=str(azure.ca_file), timeout=10).raise_for_status()
    response = clients.send("GET", "/subscriptions")
    assert (response.status_code, response.json(), response.headers["X-Pot"]) == (418, {"tea": True}, "1")
