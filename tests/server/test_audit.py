"""run_finops_audit: findings with their money, and what was looked at."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.app import App
from finops_lake.config import Settings
from tests.answers.audited import Lake, charge, disk
from tests.conftest import Refreshed
from tests.server.calls import ERAS, ask, call, records, refused, text_of, told, totals

pytestmark = pytest.mark.anyio

CHECKS = ["stopped_vms", "unassociated_public_ips", "unattached_disks"]


@pytest.mark.parametrize("era", ERAS)
async def test_the_planted_waste_is_found_with_its_cost(app: App, refreshed: Refreshed, era: str) -> None:
    result = await call(app, "run_finops_audit", era, resource_types=["vms", "disks", "ips"])
    envelope = result.structured_content
    assert envelope is not None
    planted = refreshed.azure.truth.findings(verdict="waste")
    found = {row["resource_id"]: row for row in records(envelope) if row["verdict"] == "waste"}
    assert set(found) == {item.resource_id for item in planted}
    for item in planted:
        row = found[item.resource_id]
        saving = None if row["monthly_saving"] is None else Decimal(row["monthly_saving"])
        assert row["check_name"] == item.check
        assert saving == (item.billed_cost[row["billing_currency"]] if item.billed_cost else None)
        assert row["resource_name"] in text_of(result)


async def test_savings_are_added_per_currency(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(app, "run_finops_audit")
    rows = app.lake.query(
        "select saved_resource_id, billing_currency, saving_part, action, monthly_saving, counted_saving"
        " from marts.findings where verdict = 'waste' and monthly_saving is not null"
    ).rows
    counted = [row for row in rows if row[5] is not None]
    expected: Counter[str] = Counter()
    for row in counted:
        assert row[5] == row[4]
        expected[row[1]] += row[5]
    deleted = [row[0] for row in counted if row[3] == "delete"]
    assert len(deleted) == len(set(deleted)), "one saving per resource"
    assert not {row[0] for row in counted if row[3] != "delete"} & set(deleted), "deleting beats changing"
    assert {row[0] for row in counted} == {row[0] for row in rows}
    assert totals(envelope, "monthly_saving") == dict(expected)
    text = await told(app, "run_finops_audit")
    for currency, saving in expected.items():
        assert f"{saving:.2f} {currency}" in text


@pytest.mark.parametrize(
    ("arguments", "checks"),
    [
        ({"resource_types": ["VMs", "ips"]}, CHECKS[:2]),
        ({"checks": ["unattached_disks"]}, CHECKS[2:]),
        ({"resource_types": "vms", "checks": "unattached_disks"}, [CHECKS[0], CHECKS[2]]),
        ({"resource_types": ["budgets"]}, []),
    ],
)
async def test_checks_are_chosen_by_either_name(app: App, arguments: dict[str, Any], checks: list[str]) -> None:
    envelope = await ask(app, "run_finops_audit", **arguments)
    assert [check["check_name"] for check in envelope["checks"]] == checks
    assert {row["check_name"] for row in records(envelope)} <= set(checks)


@pytest.mark.parametrize("arguments", [{}, {"resource_types": "all"}])
async def test_all_checks_run_when_none_is_named(app: App, arguments: dict[str, Any]) -> None:
    checks = [check["check_name"] for check in (await ask(app, "run_finops_audit", **arguments))["checks"]]
    assert len(checks) > 60
    assert set(CHECKS) < set(checks)


@pytest.mark.parametrize("resource_types", [None, ["budgets"], ["disks", "budgets"]])
async def test_budgets_in_danger_are_part_of_an_audit(app: App, resource_types: list[str] | None) -> None:
    envelope = await ask(app, "run_finops_audit", resource_types=resource_types)
    assert {budget["status"] for budget in envelope["budgets"]} == {"exceeded", "at_risk"}
    text = await told(app, "run_finops_audit", resource_types=resource_types)
    assert "Budgets exceeded or at risk:" in text
    assert all(budget["budget_name"] in text for budget in envelope["budgets"])


async def test_budgets_are_left_out_when_only_resources_are_asked_for(app: App) -> None:
    assert "budgets" not in await ask(app, "run_finops_audit", resource_types=["disks"])


async def test_recommendations_can_be_left_out(app: App) -> None:
    with_fixes = await ask(app, "run_finops_audit")
    assert all(check["fix"] for check in with_fixes["checks"])
    without = await ask(app, "run_finops_audit", include_recommendations=False)
    assert not any("fix" in check for check in without["checks"])
    assert "Fix:" in await told(app, "run_finops_audit")
    assert "Fix:" not in await told(app, "run_finops_audit", include_recommendations=False)


async def test_none_found_is_told_apart_from_none_looked_at(app: App) -> None:
    """Disks of a group without waste, and disks of a region that has none."""
    wasted = {row["x_resource_group_name"] for row in records(await ask(app, "run_finops_audit", limit=1000))}
    groups = {row[0] for row in app.lake.query("select distinct resource_group_name from staging.disks").rows}
    clean = min(groups - wasted)
    clean_text = await told(app, "run_finops_audit", resource_types=["disks"], resource_groups=clean)
    looked_at = app.lake.query("select count(*) from staging.disks where resource_group_name = ?", [clean]).rows[0][0]
    assert clean_text.startswith(f"No waste was found among the {looked_at} resources looked at.")
    nowhere = await told(app, "run_finops_audit", resource_types=["disks"], regions=["nowhere"])
    assert nowhere.startswith("Nothing was looked at: no such resource exists where the audit looked.")


async def test_what_could_not_be_read_is_not_called_free_of_waste(denied_app: App, partly_denied: Refreshed) -> None:
    guid = partly_denied.azure.subscription_ids[2]
    arguments: dict[str, Any] = {"subscription_id": guid, "resource_types": ["disks"]}
    text = await told(denied_app, "run_finops_audit", **arguments)
    assert text.startswith("Nothing was looked at, because no listing could be read")
    (missing,) = (await ask(denied_app, "run_finops_audit", **arguments))["scopes"]["missing"]
    assert missing["scope_id"] == f"/subscriptions/{guid}"
    assert missing["outcome"] == "denied"
    assert "Reader" in missing["next_step"]
    assert missing["reason"] in text
    assert missing["next_step"] in text


async def test_denied_scopes_do_not_hide_what_the_others_waste(denied_app: App, partly_denied: Refreshed) -> None:
    denied = partly_denied.azure.subscription_ids[2]
    envelope = await ask(denied_app, "run_finops_audit", resource_types=["vms", "disks", "ips"])
    found = {row["resource_id"] for row in records(envelope) if row["verdict"] == "waste"}
    planted = partly_denied.azure.truth.findings(verdict="waste")
    assert found == {item.resource_id for item in planted if item.subscription_id != denied}
    tables = {scope["reason"].partition(":")[0] for scope in envelope["scopes"]["missing"]}
    assert tables == {"disks", "public_ips", "virtual_machines"}


async def test_regions_and_groups_of_the_settings_are_used_and_said(refreshed: Refreshed) -> None:
    update = {"regions": ("westeurope",), "resource_groups": ("rg-legacy-*",)}
    app = App(refreshed.settings.model_copy(update=update))
    try:
        limited = await ask(app, "run_finops_audit")
        assert {row["region_id"] for row in records(limited)} == {"westeurope"}
        assert {row["x_resource_group_name"] for row in records(limited)} == {"rg-legacy-prod"}
        assert any("Only regions westeurope" in note for note in limited["notes"])
        assert any("Only resource_groups rg-legacy-*" in note for note in limited["notes"])
        everywhere = await ask(app, "run_finops_audit", regions=["all"], resource_groups="all")
        assert everywhere["row_count"] > limited["row_count"]
        assert not any("the settings say" in note for note in everywhere["notes"])
    finally:
        app.close()


async def test_an_unknown_check_is_refused(app: App) -> None:
    text = await refused(app, "run_finops_audit", checks=["unused_disks"])
    assert "checks: 'unused_disks'" in text
    assert "unattached_disks" in text
    text = await refused(app, "run_finops_audit", resource_types=["nics"])
    assert "resource_types: ['nics']" in text
    assert "one of vms, disks, ips, budgets, all" in text


async def test_an_audit_is_narrowed_by_kind_saving_and_tag(app: App) -> None:
    everything = records(await ask(app, "run_finops_audit", limit=1000))
    usage = await ask(app, "run_finops_audit", categories="Usage", severities=["high", "medium"])
    assert {check["category"] for check in usage["checks"]} == {"usage"}
    assert {check["severity"] for check in usage["checks"]} == {"high", "medium"}
    assert "budgets" not in usage
    priced = [row for row in everything if row["monthly_saving"] and row["billing_currency"] == "EUR"]
    least = sorted(Decimal(row["monthly_saving"]) for row in priced)[len(priced) // 2]
    dear = records(await ask(app, "run_finops_audit", minimum_saving=f"{least:f} EUR", limit=1000))
    assert {row["resource_id"] for row in dear} == {
        row["resource_id"] for row in priced if Decimal(row["monthly_saving"]) >= least
    }
    tagged = records(await ask(app, "run_finops_audit", tags="env=dev", limit=1000))
    assert {row["resource_id"] for row in tagged} < {row["resource_id"] for row in everything}
    assert "minimum_saving: 'a lot'" in await refused(app, "run_finops_audit", minimum_saving="a lot")


async def test_changes_since_an_earlier_audit_are_told_with_their_money(tmp_path: Path) -> None:
    home, goes, comes = Lake(tmp_path), disk("goes"), disk("comes")
    home.fill([goes], [charge(goes, "30")], audited=True).close()
    home.fill([comes], [charge(goes, "30"), charge(comes, "5")], later=timedelta(days=1), audited=True).close()
    app = App(Settings.model_validate({"home": tmp_path, "refresh_on_demand": False}))
    try:
        text = await told(app, "run_finops_audit", checks="unattached_disks")
        assert "Since the audit of 2026-11-23T09:00:00Z: 1 new (5.00 EUR a month), 1 gone (30.00 EUR a month)" in text
        changes = (await ask(app, "run_finops_audit", checks="disks", since="2026-11-23"))["changes"]
        assert changes["counts"] == {"new": 1, "gone": 1, "grown": 0}
        assert (await ask(app, "run_finops_audit", checks="disks", since="2026-11-22"))["changes"] is None
        assert "since: 'yesterday'" in await refused(app, "run_finops_audit", since="yesterday")
    finally:
        app.close()
