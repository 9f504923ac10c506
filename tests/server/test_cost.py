"""get_cost: both spellings, exact amounts, and what it says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops_lake.app import App
from tests.conftest import TODAY, Refreshed
from tests.server.calls import ERAS, ask, call, records, refused, text_of, told, totals

pytestmark = pytest.mark.anyio

MONTH = {"first": TODAY.replace(day=1), "last": TODAY}
LAST_MONTH = {"first": date(2026, 10, 1), "last": date(2026, 10, 31)}


def truth(refreshed: Refreshed, *by: str, metric: str = "ActualCost", **days: date) -> dict[tuple[Any, ...], Decimal]:
    """Return what the local Azure's ledger says, without what comes to nothing."""
    found = refreshed.azure.truth.totals(by, metric, **days)  # type: ignore[arg-type]
    return {key: amount for key, amount in found.items() if amount}


@pytest.mark.parametrize("era", ERAS)
async def test_the_default_is_the_month_to_date_by_service(app: App, refreshed: Refreshed, era: str) -> None:
    result = await call(app, "get_cost", era)
    envelope = result.structured_content
    assert envelope is not None
    assert envelope["period"] == {"start": "2026-11-01", "end": "2026-11-23"}
    assert envelope["columns"] == ["service_name", "billing_currency", "billed_cost"]
    rows = {(row[0], row[1]): Decimal(row[2]) for row in envelope["rows"]}
    assert rows == truth(refreshed, "service_name", "currency", **MONTH)
    assert {(currency,): amount for currency, amount in totals(envelope).items()} == truth(
        refreshed, "currency", **MONTH
    )
    assert envelope["scopes"]["missing"] == []
    assert envelope["as_of"] == "2026-11-23T09:00:00Z"
    assert envelope["open_days"] == {"start": "2026-11-01", "end": "2026-11-23"}


async def test_amortized_cost_is_another_sum(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(app, "get_cost", metric="Amortized", time_period="last_month", group_by=[])
    expected = truth(refreshed, "currency", metric="AmortizedCost", **LAST_MONTH)
    assert {(currency,): amount for currency, amount in totals(envelope, "effective_cost").items()} == expected
    assert any("Amortized" in note for note in envelope["notes"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"profiles": ["Contoso Production"]}, {"subscription_id": "contoso production"}),
        ({"all_profiles": True}, {"subscription_id": "all"}),
        (
            {"start_date_iso": "2026-10-05", "end_date_iso": "2026-11-04"},
            {"start_date": "2026-10-05", "end_date": "2026-11-04"},
        ),
        ({"time_range_days": 7}, {"time_period": "last_7_days"}),
        ({"tags": ["env=prod"]}, {"filter_tag": "ENV=prod"}),
        ({"dimensions": ["Service=Storage"]}, {"filter_dimension": ["ServiceName=storage"]}),
        ({"group_by": "SERVICE"}, {"group_by": ["ServiceName"]}),
        ({"group_by": "REGION"}, {"group_by": "ResourceLocation"}),
        ({"group_by": "RESOURCE_GROUP"}, {"group_by": ["resource_group"]}),
        ({"granularity": "accumulated"}, {"granularity": "total"}),
        ({"metric": "actual"}, {"metric": "billed_cost"}),
        (
            {"profiles": ["Contoso Production"], "subscription_id": "Contoso Production"},
            {"profiles": "Contoso Production"},
        ),
    ],
)
async def test_both_spellings_give_the_same_answer(app: App, one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = await ask(app, "get_cost", **one), await ask(app, "get_cost", **other)
    assert first["rows"]
    assert {**first, "sql": ""} == {**second, "sql": ""}


async def test_a_subscription_is_found_by_its_id(app: App, refreshed: Refreshed) -> None:
    guid = refreshed.azure.subscription_ids[1]
    expected = truth(refreshed, "subscription_id", "currency", **MONTH)
    for way in ({"subscription_id": guid}, {"profiles": [f"/subscriptions/{guid.upper()}"]}):
        envelope = await ask(app, "get_cost", **way)
        assert {(guid, currency): amount for currency, amount in totals(envelope).items()} == {
            key: amount for key, amount in expected.items() if key[0] == guid
        }


async def test_two_dimensions_by_month(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(
        app,
        "get_cost",
        group_by=["subscription", "location"],
        granularity="Monthly",
        start_date="2026-10-01",
        end_date="2026-11-23",
        limit=1000,
    )
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in records(envelope):
        subscription = row["sub_account_id"].rpartition("/")[2]
        sums[subscription, row["billing_month"], row["billing_currency"]] += Decimal(row["billed_cost"])
    expected = truth(refreshed, "subscription_id", "month", "currency", first=LAST_MONTH["first"], last=MONTH["last"])
    assert sums == {(key[0], key[1].isoformat(), key[2]): amount for key, amount in expected.items()}


def lowered(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Return tags with their keys in lower case, as Azure compares them."""
    return {key.lower(): value for key, value in (tags or {}).items()}


async def test_a_tag_filter_counts_the_resources_tagged_themselves_or_by_their_group(
    app: App, refreshed: Refreshed
) -> None:
    tagged = {
        resource.cost_id
        for resource in refreshed.azure.world.estate.resources
        if {**lowered(resource.group.tags), **lowered(resource.tags)}.get("env") == "prod"
    }
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for (resource_id, currency), amount in truth(refreshed, "resource_id", "currency", **MONTH).items():
        if resource_id in tagged:
            expected[currency] += amount
    envelope = await ask(app, "get_cost", filter_tag=["env=prod"])
    assert expected
    assert totals(envelope) == expected
    assert any(note.startswith("Not judged by tag") for note in envelope["notes"])


async def test_text_and_structure_say_the_same(app: App) -> None:
    result = await call(app, "get_cost", time_period="last_month")
    text, envelope = text_of(result), result.structured_content
    assert envelope is not None
    for total in envelope["totals"]:
        assert f"{Decimal(total['billed_cost']):.2f} {total['billing_currency']}" in text
    for row in records(envelope):
        assert row["service_name"] in text
    for fact in (envelope["as_of"], envelope["period"]["start"], envelope["period"]["end"], *envelope["notes"]):
        assert fact in text


async def test_an_answer_without_a_limit_stays_short_and_says_so(app: App) -> None:
    result = await call(app, "get_cost", group_by="resource", granularity="daily", time_period="last_30_days")
    envelope = result.structured_content
    assert envelope is not None
    assert envelope["truncated"]
    assert len(envelope["rows"]) < envelope["row_count"]
    assert len(result.model_dump_json(include={"structured_content"}).encode()) < 21_000
    assert len(text_of(result).encode()) < 21_000
    assert any("set limit for more" in note for note in envelope["notes"])
    more = await ask(app, "get_cost", group_by="resource", granularity="daily", time_period="last_30_days", limit=200)
    assert len(more["rows"]) == 200


async def test_dates_win_over_a_named_period_and_the_answer_says_so(app: App) -> None:
    envelope = await ask(app, "get_cost", start_date="2026-11-02", time_period="last_month", time_range_days=3)
    assert envelope["period"]["start"] == "2026-11-02"
    assert "time_period was not heeded, because the dates say the period." in envelope["notes"]
    assert "time_range_days was not heeded, because the dates say the period." in envelope["notes"]
    envelope = await ask(app, "get_cost", time_period="last_month", time_range_days=3)
    assert envelope["period"]["start"] == "2026-11-21"
    assert "time_period was not heeded, because time_range_days say the period." in envelope["notes"]


async def test_no_charge_is_not_a_total_of_nothing(app: App) -> None:
    text = await told(app, "get_cost", dimensions=["service=Nothing Of The Kind"])
    assert text.startswith("No charge in the lake from 2026-11-01 to 2026-11-23")


async def test_the_settings_choose_the_subscriptions_unless_the_caller_does(refreshed: Refreshed) -> None:
    app = App(refreshed.settings.model_copy(update={"subscriptions": ("Contoso Production",)}))
    try:
        assert (await ask(app, "get_cost"))["scopes"]["included"] == ["Contoso Production"]
        assert len((await ask(app, "get_cost", all_profiles=True))["scopes"]["included"]) == 4
        assert (await ask(app, "get_cost", profiles=["Contoso Dev*"]))["scopes"]["included"] == ["Contoso Development"]
    finally:
        app.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"subscription_id": "Contso Production"},
            ["subscription_id: 'Contso Production'", "did you mean 'Contoso Production'?"],
        ),
        ({"profiles": ["nobody"]}, ["profiles: 'nobody'", "Contoso Production"]),
        ({"start_date": "2026-13-01"}, ["start_date: '2026-13-01'", "YYYY-MM-DD"]),
        ({"end_date_iso": "yesterday"}, ["end_date_iso: 'yesterday'", "YYYY-MM-DD"]),
        (
            {"start_date_iso": "2026-11-05", "end_date_iso": "2026-11-01"},
            ["start_date_iso: '2026-11-05'", "2026-11-01"],
        ),
        ({"group_by": "servce"}, ["group_by: 'servce'", "did you mean service?"]),
        ({"filters": [{"dimension": "servce", "values": ["a"]}]}, ["filters: 'servce'", "did you mean service?"]),
        ({"filters": [{"dimension": "service", "op": "in"}]}, ["filters: 'op'", "did you mean operator?"]),
        ({"filters": [{"any_of": []}]}, ["filters: 'any_of'", "at least one condition"]),
        (
            {"filters": [{"dimension": "service", "values": [["a"]]}]},
            ["filters: [['a']]", "values are a list of texts"],
        ),
        ({"filters": "service=a"}, ["filters: 'service=a'", "a list (each an object with dimension"]),
        ({"compare_to": "last_yaer"}, ["compare_to: 'last_yaer'", "same_period_last_year"]),
        ({"compare_end_date": "2026-10-01"}, ["compare_start_date: None", "both ends of the period"]),
        ({"filter_tag": ["envv=prod"]}, ["filter_tag: 'envv'", "did you mean env?"]),
        ({"filter_dimension": ["colour=red"]}, ["filter_dimension: 'colour'", "resource_group"]),
        ({"filter_tag": ["env"]}, ["filter_tag: 'env'", "Key=Value"]),
        ({"tags": "env"}, ["tags: 'env'", "Key=Value"]),
        ({"limt": 3}, ["There is no argument 'limt'.", "Did you mean 'limit'?"]),
        ({"limit": 0}, ["limit: 0", "a whole number from 1 to 1000 is needed"]),
        ({"max_wait_seconds": "long"}, ["max_wait_seconds: 'long'", "a number from 0 to 600"]),
        (
            {"granularity": "hourly"},
            ["granularity: 'hourly'", "one of total, monthly, daily, weekly, quarterly, accumulated"],
        ),
        ({"all_profiles": "perhaps"}, ["all_profiles: 'perhaps'", "true or false"]),
        ({"group_by": 3}, ["group_by: 3", "or a list of these"]),
        ({"start_date": 20261101}, ["start_date: 20261101", "a text is needed"]),
        ({"profiles": "a", "subscription_id": "b"}, ["subscription_id: 'b'", "profiles says 'a'"]),
        (
            {"start_date": "2026-11-01", "start_date_iso": "2026-11-02"},
            ["start_date: '2026-11-01'", "start_date_iso says"],
        ),
        ({"all_profiles": True, "profiles": ["a"]}, ["all_profiles: True", "profiles says"]),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_the_callers_words(
    app: App, arguments: dict[str, Any], words: list[str]
) -> None:
    text = await refused(app, "get_cost", **arguments)
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert "pydantic" not in text


async def test_all_mistakes_are_told_at_once(app: App) -> None:
    text = await refused(app, "get_cost", limit=0, metric="cost", nonsense=1)
    assert len(text.splitlines()) == 3


async def test_a_defect_is_not_shown_to_the_model(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("finops_lake.server.cost.answer_cost", lambda *_: 1 / 0)
    assert await refused(app, "get_cost") == "Error executing tool get_cost"
    assert "division by zero" in caplog.text
