"""Stale, empty, throttled and denied: what the tools do before they answer, and how long they take."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from finops_lake.server.build import build_server
from tests.conftest import Refreshed, settings_for
from tests.server.calls import ERAS, app_of, ask, call, records, refused, text_of, told, totals

pytestmark = pytest.mark.anyio


def month_to_date(azure: LocalAzure) -> dict[str, Decimal]:
    """Return the truth of the running month by currency."""
    found = azure.truth.totals(("currency",), "ActualCost", azure.today.replace(day=1), azure.today)
    return {str(currency): amount for (currency,), amount in found.items() if amount}


async def test_a_stale_lake_is_refreshed_before_the_answer(azure: LocalAzure, yesterdays: Path) -> None:
    with app_of(azure, yesterdays) as app:
        envelope = await ask(app, "get_cost")
        assert totals(envelope) == month_to_date(azure)
        assert envelope["as_of"] == "2026-11-24T09:00:00Z"
        azure.forget_requests()
        await ask(app, "get_cost")
        assert azure.requests == []


async def test_only_what_the_question_needs_is_refreshed(azure: LocalAzure, yesterdays: Path) -> None:
    with app_of(azure, yesterdays) as app:
        await ask(app, "get_budget_status", max_wait_seconds=60)
        operations = {request.operation for request in azure.requests}
        assert "budgets" in operations
        assert not operations & {"disks", "virtual_machines", "public_ip_addresses"}


async def test_savings_rest_on_both_months_of_their_window(azure: LocalAzure, yesterdays: Path) -> None:
    with app_of(azure, yesterdays) as app:
        found = records(await ask(app, "run_finops_audit", resource_types=["vms", "disks", "ips"], limit=1000))
        saving = {row["resource_id"]: row["monthly_saving"] for row in found if row["verdict"] == "waste"}
        for item in azure.truth.findings(verdict="waste"):
            (expected,) = item.billed_cost.values() or (None,)
            assert (None if saving[item.resource_id] is None else Decimal(saving[item.resource_id])) == expected


@pytest.mark.parametrize("era", ERAS)
async def test_the_client_is_told_how_far_a_refresh_is(azure: LocalAzure, yesterdays: Path, era: str) -> None:
    told_progress: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told_progress.append((progress, total, message))

    azure.faults.add("slow", seconds=0.4, operation="query", times=6)
    with app_of(azure, yesterdays) as app:
        async with Client(build_server(app), mode=era) as client:
            await client.call_tool("get_cost", {}, progress_callback=note)
    values = [progress for progress, _, _ in told_progress]
    assert len(values) >= 2
    assert values == sorted(set(values))
    assert all(total is None or progress <= total for progress, total, _ in told_progress)
    assert all(message for _, _, message in told_progress)


async def test_past_the_wait_the_answer_comes_from_what_is_there(azure: LocalAzure, yesterdays: Path) -> None:
    azure.faults.add("throttled", times=None, retry_after=3)
    with app_of(azure, yesterdays) as app:
        started = time.monotonic()
        envelope = await ask(app, "get_cost", max_wait_seconds=1, end_date="2026-11-23", start_date="2026-11-01")
        assert app.is_refreshing()
        assert time.monotonic() - started < 15
        assert any(note.startswith("A refresh is running") for note in envelope["notes"])
        assert envelope["as_of"] == "2026-11-23T09:00:00Z"
        assert totals(envelope)
        assert "A refresh is running" in await told(app, "get_cost", max_wait_seconds=0)
        status = await ask(app, "get_lake_status")
        assert status["refresh"]["total"] > 0
        assert "A refresh is running" in await told(app, "get_lake_status")
    with app_of(azure, yesterdays) as app:
        assert totals(await ask(app, "get_cost")) == month_to_date(azure)


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_that_is_given_up_does_not_hold_up_the_next(azure: LocalAzure, yesterdays: Path, era: str) -> None:
    azure.faults.add("throttled", times=None, retry_after=3)
    with app_of(azure, yesterdays) as app:
        async with Client(build_server(app), mode=era) as client:
            started = time.monotonic()
            with anyio.move_on_after(0.3):
                await client.call_tool("get_cost", {"max_wait_seconds": 60})
            result = await client.call_tool("get_cost", {"max_wait_seconds": 0})
            assert not result.is_error
            assert app.is_refreshing()
            assert time.monotonic() - started < 15


async def test_cache_bypass_asks_again_for_what_is_fresh(azure: LocalAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path) as app:
        before = totals(await ask(app, "get_cost"))
        assert before == month_to_date(azure)
        azure.restate(month=azure.today.replace(day=1))
        assert totals(await ask(app, "get_cost")) == before
        after = totals(await ask(app, "get_cost", cache_bypass=True))
        assert after == month_to_date(azure)
        assert after != before


async def test_the_first_question_fills_an_empty_lake(azure: LocalAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path) as app:
        assert (await ask(app, "get_lake_status"))["lake"] == {}
        assert "There is no lake yet." in await told(app, "get_lake_status")
        assert totals(await ask(app, "get_cost")) == month_to_date(azure)
        assert (await ask(app, "get_lake_status"))["lake"]["origin"] == "loopback"


@pytest.mark.parametrize("tool", ["get_cost", "run_finops_audit", "get_budget_status"])
async def test_an_empty_lake_that_cannot_be_filled_says_why_and_how(
    azure: LocalAzure, tmp_path: Path, tool: str
) -> None:
    azure.faults.add("sign_in_refused")
    with app_of(azure, tmp_path) as app:
        text = await refused(app, tool)
        assert "There is no lake" in text
        assert "Not refreshed:" in text
        assert "AADSTS" in text or "sign" in text.lower()
        assert "finops-lake refresh" in text


async def test_an_empty_lake_being_filled_asks_for_patience(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("slow", seconds=1.0, operation="query", times=2)
    with app_of(azure, tmp_path) as app:
        text = await refused(app, "get_cost", max_wait_seconds=0)
        assert "The first refresh is running" in text


async def test_refreshing_on_demand_can_be_switched_off(azure: LocalAzure, yesterdays: Path, tmp_path: Path) -> None:
    with app_of(azure, yesterdays, FINOPS_LAKE_REFRESH_ON_DEMAND="false") as app:
        assert any("switched off" in note for note in (await ask(app, "get_cost"))["notes"])
    with app_of(azure, tmp_path / "empty", FINOPS_LAKE_REFRESH_ON_DEMAND="false") as app:
        assert "switched off" in await refused(app, "get_cost")
    assert azure.requests == []


async def test_a_denied_subscription_is_missing_with_its_next_step(denied_app: App, partly_denied: Refreshed) -> None:
    denied = partly_denied.azure.subscription_ids[2]
    envelope = await ask(denied_app, "get_cost", group_by="subscription")
    (missing,) = envelope["scopes"]["missing"]
    assert missing["scope_id"] == f"/subscriptions/{denied}"
    assert missing["outcome"] == "denied"
    assert "Cost Management Reader" in missing["next_step"]
    others = partly_denied.azure.truth.totals(
        ("subscription_id", "currency"), "ActualCost", partly_denied.azure.today.replace(day=1)
    )
    expected = {key: amount for key, amount in others.items() if key[0] != denied and amount}
    found = {
        (row["sub_account_id"].rpartition("/")[2], row["billing_currency"]): Decimal(row["billed_cost"])
        for row in records(envelope)
    }
    assert found == expected
    assert "MISSING (1)" in await told(denied_app, "get_cost")


async def test_calls_at_the_same_time_share_one_refresh(azure: LocalAzure, yesterdays: Path) -> None:
    answers: list[dict[str, Any]] = []
    with app_of(azure, yesterdays) as app:
        async with Client(build_server(app)) as client, anyio.create_task_group() as tasks:

            async def one() -> None:
                result = await client.call_tool("get_cost", {})
                assert result.structured_content is not None
                answers.append(result.structured_content)

            for _ in range(12):
                tasks.start_soon(one)
        assert [totals(answer) for answer in answers] == [month_to_date(azure)] * 12
        assert len([request for request in azure.requests if request.operation == "subscriptions"]) == 1


async def test_refresh_lake_says_what_became_of_each_table(azure: LocalAzure, yesterdays: Path) -> None:
    azure.faults.add("denied", subscription=azure.subscription_ids[2], operation="disks")
    with app_of(azure, yesterdays) as app:
        result = await call(app, "refresh_lake", tables=["disks", "public_ips"], wait_seconds=60)
        envelope, text = result.structured_content, text_of(result)
    assert envelope is not None
    assert envelope["running"] is False
    assert envelope["counts"] == {
        "loaded": 6,
        "partial": 0,
        "denied": 1,
        "unsupported": 0,
        "throttled": 0,
        "failed": 0,
    }
    rows = {(row["table_name"], row["outcome"]): row["pieces"] for row in records(envelope)}
    assert rows == {
        ("subscriptions", "loaded"): 1,
        ("disks", "loaded"): 2,
        ("disks", "denied"): 1,
        ("public_ips", "loaded"): 3,
    }
    (missing,) = envelope["scopes"]["missing"]
    assert "Reader" in missing["next_step"]
    assert missing["next_step"] in text
    assert "6 loaded, 1 denied" in text
    listed = {request.operation for request in azure.requests if request.path.startswith("/subscriptions")}
    assert listed == {"subscriptions", "disks", "public_ip_addresses"}


async def test_refresh_lake_loads_older_months(azure: LocalAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1") as app:
        await ask(app, "refresh_lake", wait_seconds=60)
        assert (await ask(app, "get_lake_status"))["months"]["count"] == 1
        older = await ask(app, "get_cost", time_period="last_month")
        assert older["scopes"]["missing"][0]["outcome"] == "not_loaded"
        await ask(app, "refresh_lake", months=2, subscription_id="Contoso Production", wait_seconds=60)
        older = await ask(app, "get_cost", time_period="last_month", group_by="subscription")
        assert {row["sub_account_name"] for row in records(older)} == {"Contoso Production"}


async def test_refresh_lake_goes_on_when_the_wait_is_over(azure: LocalAzure, yesterdays: Path) -> None:
    azure.faults.add("slow", seconds=1.0, operation="query", times=3)
    with app_of(azure, yesterdays) as app:
        result = await call(app, "refresh_lake", wait_seconds=0)
        assert result.structured_content is not None
        assert result.structured_content["running"] is True
        assert text_of(result).startswith("The refresh is still running")
        app.on_demand.finish()
        assert totals(await ask(app, "get_cost", max_wait_seconds=0)) == month_to_date(azure)


async def test_refresh_lake_refuses_what_it_does_not_know(azure: LocalAzure, yesterdays: Path, tmp_path: Path) -> None:
    with app_of(azure, yesterdays) as app:
        text = await refused(app, "refresh_lake", tables="disk")
        assert "tables: 'disk'" in text
        assert "did you mean disks?" in text
        assert "subscription_id: 'nobody'" in await refused(app, "refresh_lake", subscription_id="nobody")
        assert "months: 0" in await refused(app, "refresh_lake", months=0)
        assert "There is no argument 'table'." in await refused(app, "refresh_lake", table="disks")
    with app_of(azure, tmp_path / "empty") as app:
        text = await refused(app, "refresh_lake", subscription_id="Contoso Production")
        assert "there is no lake yet that knows names" in text


async def test_refresh_lake_takes_ids_while_there_is_no_lake(azure: LocalAzure, tmp_path: Path) -> None:
    guid = azure.subscription_ids[0]
    with app_of(azure, tmp_path) as app:
        await ask(app, "refresh_lake", subscription_id=f"/subscriptions/{guid}", tables="disks", wait_seconds=60)
        assert {row[0] for row in app.lake.query("select distinct sub_account_id from staging.disks").rows} == {
            f"/subscriptions/{guid}"
        }


async def test_a_refresh_that_cannot_sign_in_is_an_error_with_a_next_step(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("sign_in_refused")
    with app_of(azure, tmp_path) as app:
        text = await refused(app, "refresh_lake", wait_seconds=30)
        assert "AADSTS" in text or "sign" in text.lower()


async def test_the_status_of_the_lake_asks_azure_nothing(azure: LocalAzure, yesterdays: Path) -> None:
    with app_of(azure, yesterdays) as app:
        envelope = await ask(app, "get_lake_status")
        assert {row["table_name"]: row["is_stale"] for row in records(envelope)}["cost_daily"] is True
        assert envelope["refresh"] is None
        assert envelope["months"]["count"] == 3
    assert azure.requests == []


async def test_an_app_knows_whether_it_refreshes(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path))
    assert app.is_refreshing() is False
    azure.faults.add("slow", seconds=1.0, operation="subscriptions")
    app.on_demand.run(Demand(), max_wait=0)
    assert app.is_refreshing() is True
    app.on_demand.finish()
    assert app.is_refreshing() is False
    app.close()
