"""get_commitments, compared with the ledger of the local Azure to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.demo.benefits import COMMITMENTS, Spent, guid, spent
from finops_lake.demo.catalogue import COMPUTE
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from finops_lake.server.replies import ANSWER_BYTES, weight
from tests.conftest import TODAY, set_sign_in, settings_for
from tests.server.calls import ERAS, app_of, ask, call, records, refused, text_of, told
from tests.sql.test_cases import lake_of

pytestmark = pytest.mark.anyio

FIRST, LAST = date(2026, 10, 25), TODAY
Key = tuple[str | None, str]


@pytest.fixture(scope="module")
def detailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalAzure, App]]:
    """A lake of 4 subscriptions by lines of their bills, with what only a billing account tells."""
    home = tmp_path_factory.mktemp("detailed")
    with (
        LocalAzure(today=TODAY, subscriptions=4, resources=8, days=54) as azure,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        set_sign_in(monkeypatch, azure)
        azure.world.reports.polls = 0
        account = next(one.scope_id for one in azure.world.billing.scopes.values() if one.agreement)
        app = App(settings_for(azure, home, FINOPS_LAKE_COST_SOURCE="auto", FINOPS_LAKE_BUDGET_SCOPES=account))
        app.refresher().refresh(Demand())
        yield azure, app
        app.close()
        assert azure.crashes == []


def by_name(envelope: dict[str, Any]) -> dict[Key, dict[str, Any]]:
    return {(row["display_name"], row["billing_currency"]): row for row in records(envelope)}


def coverage_of(azure: LocalAzure, names: tuple[str, ...] = ()) -> dict[tuple[str, str, str, str], list[Decimal]]:
    """Return covered and on-demand cost, at on-demand prices, by subscription, service, region and currency."""
    sold = {name for _, name, _ in COMPUTE.values()}
    found: dict[tuple[str, str, str, str], list[Decimal]] = {}
    for charge in azure.ledger.between(FIRST, LAST):
        line = charge.line
        is_machine = line.meter_category == "Virtual Machines" and line.meter_name in sold and line.resource_id
        if line.charge_type != "Usage" or not (is_machine or line.benefit):
            continue
        if names and line.subscription.display_name not in names:
            continue
        key = (line.subscription.display_name, line.service_name, line.location, line.currency)
        sums = found.setdefault(key, [Decimal(0), Decimal(0)])
        sums[0 if line.benefit else 1] += charge.quantity * line.contracted_price
    return found


@pytest.mark.parametrize("era", ERAS)
async def test_used_and_unused_money_and_savings_are_the_ledgers(detailed: tuple[LocalAzure, App], era: str) -> None:
    azure, app = detailed
    envelope = (await call(app, "get_commitments", era)).structured_content
    assert envelope is not None
    assert envelope["period"] == {"start": str(FIRST), "end": str(LAST)}
    truth = spent(azure.ledger, FIRST, LAST)
    assert {name for name, _ in truth} >= {None, "vm-d2s-busy", "compute-plan", "vm-d2s-half"}
    rows = by_name(envelope)
    assert {key: money(row) for key, row in rows.items() if key[1]} == {
        key: (one.used, one.unused, one.on_demand, one.savings) for key, one in truth.items()
    }
    assert rows["sql-ending", None]["savings"] is None, "the bill does not name it: not known, not 0"
    assert rows["compute-plan", "EUR"]["savings_basis"] == "contracted"
    assert {currency for _, currency in truth} == set(envelope["currencies"])
    for total in envelope["totals"]:
        own = [one for (_, currency), one in truth.items() if currency == total["billing_currency"]]
        assert Decimal(total["unused_cost"]) == sum(one.unused for one in own)
        assert Decimal(total["savings"]) == sum(one.savings for one in own)


def money(row: dict[str, Any]) -> tuple[Decimal, ...]:
    return tuple(Decimal(row[name]) for name in ("used_cost", "unused_cost", "covered_on_demand_cost", "savings"))


async def test_coverage_is_covered_of_what_commitments_are_sold_for(detailed: tuple[LocalAzure, App]) -> None:
    azure, app = detailed
    sql = (
        "select sub_account_name, service_name, region_id, billing_currency, coverage_percent,"
        " covered_on_demand_cost, on_demand_cost"
        f" from marts.commitment_coverage(first_day := date '{FIRST}', last_day := date '{LAST}')"
        " left join (select sub_account_id, sub_account_name from marts.subscriptions) using (sub_account_id)"
        " where covered_on_demand_cost + on_demand_cost <> 0"
    )
    rows = (await ask(app, "query_lake", sql=sql, limit=1000))["rows"]
    truth = coverage_of(azure)
    assert {tuple(row[:4]): [Decimal(row[5]), Decimal(row[6])] for row in rows} == truth
    assert {row[4] for row in rows if row[5] == "0"} == {0}
    envelope = await ask(app, "get_commitments")
    for total in envelope["totals"]:
        sums = [pair for key, pair in truth.items() if key[3] == total["billing_currency"]]
        covered, bought = sum(pair[0] for pair in sums), sum(pair[1] for pair in sums)
        assert total["coverage_percent"] == pytest.approx(float(100 * covered / (covered + bought)), abs=0.01)
        assert Decimal(total["on_demand_cost"]) == bought
    euros = [total["coverage_percent"] for total in envelope["totals"] if total["billing_currency"] == "EUR"]
    assert 0 < euros[0] < 100
    assert envelope["counts"]["coverage"] == len(truth)
    assert [row["on_demand_cost"] for row in envelope["coverage"]] == sorted(
        (row["on_demand_cost"] for row in envelope["coverage"]), key=Decimal, reverse=True
    )


async def test_utilisation_and_what_ends_soon_are_as_planted(detailed: tuple[LocalAzure, App]) -> None:
    _, app = detailed
    rows = {row["display_name"]: row for row in records(await ask(app, "get_commitments"))}
    for item in COMMITMENTS:
        assert (rows[item.name]["utilization"], float(rows[item.name]["utilization_30d"])) == (item.used, item.used)
        assert rows[item.name]["days_left"] == item.ends_in
    assert {name for name, row in rows.items() if row["is_expiring"]} == {"sql-ending", "ending-plan"}


async def test_some_subscriptions_see_whole_commitments_and_their_own_coverage(
    detailed: tuple[LocalAzure, App],
) -> None:
    azure, app = detailed
    envelope = await ask(app, "get_commitments", profiles=["Contoso Data Platform"])
    user = azure.subscription_ids[1]
    used = {
        charge.line.benefit
        for charge in azure.ledger.between(FIRST, LAST, [user])
        if charge.line.benefit and charge.line.charge_type == "Usage"
    }
    rows = by_name(envelope)
    assert {name for name, _ in rows} == used == {"vm-d2s-busy"}
    assert money(rows["vm-d2s-busy", "EUR"])[0] == spent(azure.ledger, FIRST, LAST)["vm-d2s-busy", "EUR"].used
    truth = coverage_of(azure, ("Contoso Data Platform",))
    assert envelope["counts"]["coverage"] == len(truth)
    assert {row["sub_account_name"] for row in envelope["coverage"]} == {"Contoso Data Platform"}
    assert all(row["scope_name"] != "Contoso Production" for row in envelope["offers"])


async def test_offers_are_alternatives_with_their_month_of_break_even(detailed: tuple[LocalAzure, App]) -> None:
    _, app = detailed
    envelope = await ask(app, "get_commitments")
    sets: dict[str, list[dict[str, Any]]] = {}
    for one in envelope["offers"]:
        sets.setdefault(one["alternatives"], []).append(one)
    assert all(len(some) == len({one["term"] for one in some}) == 2 for some in list(sets.values())[:-1])
    first = next(one for one in envelope["offers"] if (one["commitment_type"], one["term"]) == ("reservation", "P1Y"))
    assert Decimal(first["monthly_savings"]) == 2 * (Decimal("2.76") - Decimal("1.62")) * 30
    assert first["break_even_months"] == round(12 * 1.62 / 2.76, 1)
    assert not any("monthly_savings" in total for total in envelope["totals"]), "alternatives have no sum"
    assert any("exclude each other" in note for note in envelope["notes"])


async def test_hybrid_benefit_has_no_money_where_the_bill_has_no_licence(detailed: tuple[LocalAzure, App]) -> None:
    _, app = detailed
    envelope = await ask(app, "get_commitments")
    assert {(one["licence"], one["resource_name"]) for one in envelope["hybrid_benefit"]} >= {
        ("windows_licence", "vmss-web"),
        ("sql_licence", "vm-sql-01"),
    }
    assert {one["licence_cost"] for one in envelope["hybrid_benefit"]} == {None}
    assert {one["verdict"] for one in envelope["hybrid_benefit"]} == {"eligible"}
    listed = await ask(app, "query_lake", sql=_COUNT)
    assert envelope["counts"]["hybrid_benefit_looked_at"] == listed["rows"][0][0] > len(envelope["hybrid_benefit"])
    assert not any("hybrid benefit is open" in note for note in envelope["notes"])


_COUNT = "select (select count(*) from staging.virtual_machines) + (select count(*) from staging.scale_sets)" + "".join(
    f" + (select count(*) from staging.sql_{kind})"
    for kind in ("virtual_machines", "databases", "elastic_pools", "managed_instances")
)


async def test_a_subscription_that_could_not_be_listed_leaves_hybrid_benefit_open(denied_app: App) -> None:
    envelope = await ask(denied_app, "get_commitments", max_wait_seconds=0)
    (note,) = [note for note in envelope["notes"] if "hybrid benefit is open" in note]
    assert "Contoso Development" in note
    assert "Contoso Production" not in note


async def test_a_lake_without_any_commitment_says_so_and_what_it_rests_on(app: App, tmp_path: Path) -> None:
    lake_of(tmp_path, {"now": "2026-11-23T09:00:00Z", "raw": {"reservations": [{"scope": "/", "rows": []}]}})
    empty = App(app.settings.model_copy(update={"home": tmp_path, "refresh_on_demand": False}))
    envelope = await ask(empty, "get_commitments")
    assert (envelope["rows"], envelope["totals"], envelope["as_of"]) == ([], [], "2026-11-23T09:00:00Z")
    assert set(envelope["counts"].values()) == {0}
    assert "No reservation or savings plan is listed or on the bill" in await told(empty, "get_commitments")
    empty.close()


async def test_stale_listings_are_refreshed_first(azure: LocalAzure, yesterdays: Path) -> None:
    with app_of(azure, yesterdays) as app:
        envelope = await ask(app, "get_commitments", max_wait_seconds=60)
    asked = {request.path.rpartition("/")[2] for request in azure.requests}
    assert asked >= {"reservations", "savingsPlans", "reservationRecommendations"}
    assert "budgets" not in asked
    assert {row["days_left"] for row in records(envelope)} == {item.ends_in for item in COMMITMENTS}


async def test_the_query_source_names_no_commitment_and_that_is_said(app: App) -> None:
    envelope = await ask(app, "get_commitments")
    assert envelope["totals"] == envelope["coverage"] == []
    assert {row["unused_cost"] for row in records(envelope)} == {None}
    assert any(note.startswith("The Cost Management query, the source of Contoso") for note in envelope["notes"])
    assert any("come from a billing account or profile" in note for note in envelope["notes"])
    assert all(row["utilization"] is None and row["utilization_30d"] for row in records(envelope))


async def test_commitments_that_may_not_be_listed_are_known_by_the_bill_and_said_to_be_missing(
    azure: LocalAzure, tmp_path: Path
) -> None:
    azure.faults.add("denied", operation=("reservations", "savings_plans"), times=None)
    azure.world.reports.polls = 0
    with app_of(azure, tmp_path, FINOPS_LAKE_COST_SOURCE="auto", FINOPS_LAKE_HISTORY_MONTHS="1") as app:
        azure.faults.add("denied", operation=("reservations", "savings_plans"), times=None)
        app.refresher().refresh(Demand())
        envelope = await ask(app, "get_commitments", max_wait_seconds=0)
        text = await told(app, "get_commitments", max_wait_seconds=0)
    missing = {one["reason"].partition(":")[0]: one for one in envelope["scopes"]["missing"]}
    assert set(missing) >= {"reservations", "savings_plans"}
    assert missing["reservations"]["outcome"] == "denied"
    assert missing["reservations"]["name"] == "the whole sign-in"
    plan = by_name(envelope)["compute-plan", "EUR"]
    assert plan["state"] is None
    assert plan["commitment_type"] == "savings_plan"
    assert Decimal(plan["unused_cost"]) > 0
    assert plan["commitment_name"] == guid(azure.world.estate.tenant_id, "compute-plan")
    assert "the whole sign-in" in text


async def test_asked_again_it_says_the_same_without_reading(
    detailed: tuple[LocalAzure, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, app = detailed
    whole = await ask(app, "get_commitments")
    some = await ask(app, "get_commitments", profiles=["Contoso Data Platform"])
    assert whole["rows"] != some["rows"]
    monkeypatch.setattr(app.lake, "query", lambda sql, **_: pytest.fail(f"asked: {sql}"))
    assert await ask(app, "get_commitments") == whole
    assert await ask(app, "get_commitments", profiles=["Contoso Data Platform"]) == some


async def test_days_that_are_kept_ready_add_up_to_their_charges(detailed: tuple[LocalAzure, App]) -> None:
    _, app = detailed
    columns = "charge_date, sub_account_id, commitment_name, coverage, sum(effective_cost), sum(on_demand_cost)"
    days = (
        "select days.* replace (coalesce(days.coverage, meters.coverage, 'unknown') as coverage)"
        " from marts.commitment_days as days left join marts.commitment_meters as meters"
        " on days.x_meter_id = meters.meter_id"
    )
    where = "where coverage <> 'not_offered' group by all order by all"
    kept = app.lake.query(f"select {columns}, sum(charge_count)::bigint from ({days}) {where}").rows
    assert kept == app.lake.query(f"select {columns}, count(*) from marts.commitment_charges {where}").rows
    assert {row[3] for row in kept} >= {"covered", "unused", "on_demand"}


async def test_text_and_structure_say_the_same(detailed: tuple[LocalAzure, App]) -> None:
    _, app = detailed
    result = await call(app, "get_commitments")
    envelope, text = result.structured_content, text_of(result)
    assert envelope is not None
    assert max(weight(envelope), len(text.encode())) <= ANSWER_BYTES
    for row in [*records(envelope), *envelope["coverage"], *envelope["offers"], *envelope["hybrid_benefit"]]:
        named = row.get("display_name") or row.get("service_name") or row.get("sku_name") or row.get("resource_name")
        assert named is None or named in text
    for total in envelope["totals"]:
        assert f"unused {Decimal(total['unused_cost']):.2f} {total['billing_currency']}" in text
    assert all(note in text for note in envelope["notes"])


async def test_hundreds_of_commitments_stay_a_short_answer(detailed: tuple[LocalAzure, App], tmp_path: Path) -> None:
    order = "/providers/Microsoft.Capacity/reservationOrders/o/reservations"
    rows = [{"id": f"{order}/{place:08}", "display_name": f"reservation {place}"} for place in range(300)]
    lake_of(tmp_path, {"now": "2026-11-23T09:00:00Z", "raw": {"reservations": [{"scope": "/", "rows": rows}]}})
    _, app = detailed
    many = App(app.settings.model_copy(update={"home": tmp_path, "refresh_on_demand": False}))
    result = await call(many, "get_commitments")
    envelope = result.structured_content
    assert envelope is not None
    assert (envelope["row_count"], envelope["truncated"]) == (300, True)
    assert max(weight(envelope), len(text_of(result).encode())) <= ANSWER_BYTES
    assert len((await ask(many, "get_commitments", limit=1000))["rows"]) == 300
    many.close()


async def test_wrong_arguments_name_what_is_allowed(app: App) -> None:
    assert "did you mean last_month?" in await refused(app, "get_commitments", time_period="last_mont")
    assert "Contoso Production" in await refused(app, "get_commitments", profiles=["Contoso Productoin"])
    assert "after today" in await refused(app, "get_commitments", start_date="2027-01-01")


def test_a_loss_is_negative_savings() -> None:
    """What the ledger calls savings, so that the comparison above means something."""
    assert Spent(Decimal(2), Decimal(3), Decimal(4)).savings == -1
