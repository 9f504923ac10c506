"""explain_cost_change: exact against the ledger of the local Azure, and careful with what cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.reasons import EFFECTS
from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import Refreshed, settings_for
from tests.server.calls import ERAS, ask, call, records, refused, text_of, told

pytestmark = pytest.mark.anyio

OCTOBER = (date(2026, 10, 1), date(2026, 10, 19))
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 19))
WHOLE = {"start_date": "2026-11-01", "end_date": "2026-11-14", "compare_start_date": "2026-10-10"}


def truth(refreshed: Refreshed, days: tuple[date, date], *by: str, metric: str = "ActualCost") -> dict[Any, Decimal]:
    return refreshed.azure.ledger.totals(by, metric, *days)  # type: ignore[arg-type]


def effects_of(row: Mapping[str, str]) -> Decimal:
    return sum((Decimal(row[name]) for name in EFFECTS), Decimal(0))


@pytest.mark.parametrize("era", ERAS)
async def test_the_default_is_the_complete_days_of_this_month_and_the_same_of_last(
    app: App, refreshed: Refreshed, era: str
) -> None:
    envelope = (await call(app, "explain_cost_change", era)).structured_content
    assert envelope is not None
    assert envelope["comparison"] == {
        "how": "previous_period",
        "base": {"start": "2026-10-01", "end": "2026-10-19"},
        "base_days": 19,
        "period": {"start": "2026-11-01", "end": "2026-11-19"},
        "period_days": 19,
        "per_day": [],
    }
    assert any("2026-11-19 is the last complete day" in note for note in envelope["notes"])
    before, now = (truth(refreshed, days, "currency") for days in (OCTOBER, NOVEMBER))
    totals = {total["billing_currency"]: total for total in envelope["totals"]}
    assert set(totals) == {currency for (currency,) in now}
    for currency, total in totals.items():
        assert Decimal(total["base_cost"]) == before[currency,]
        assert Decimal(total["period_cost"]) == now[currency,]
        assert Decimal(total["difference"]) == now[currency,] - before[currency,] == effects_of(total)


@pytest.mark.parametrize("metric", [("billed_cost", "ActualCost"), ("effective_cost", "AmortizedCost")])
async def test_every_group_and_the_others_are_exact(app: App, refreshed: Refreshed, metric: tuple[str, str]) -> None:
    envelope = await ask(app, "explain_cost_change", group_by=["resource_group"], metric=metric[0], limit=5)
    group = "resource_group"
    before, now = (
        {
            (key[0].rpartition("/resourcegroups/")[2].partition("/")[0] or None, key[1]): Decimal(0)
            for key in truth(refreshed, days, "resource_id", "currency", metric=metric[1])
        }
        for days in (OCTOBER, NOVEMBER)
    )
    for sums, days in ((before, OCTOBER), (now, NOVEMBER)):
        for (resource, currency), amount in truth(refreshed, days, "resource_id", "currency", metric=metric[1]).items():
            sums[resource.rpartition("/resourcegroups/")[2].partition("/")[0] or None, currency] += amount
    rows = records(envelope)
    assert len(rows) == 5
    assert envelope["row_count"] == len(before.keys() | now.keys()) > 5, group
    for row in rows:
        key = row["x_resource_group_name"], row["billing_currency"]
        assert Decimal(row["base_cost"]) == before.get(key, Decimal(0))
        assert Decimal(row["period_cost"]) == now.get(key, Decimal(0))
        assert effects_of(row) == Decimal(row["difference"])
    for total in envelope["totals"]:
        parts = [one for one in [*rows, *envelope["other"]] if one["billing_currency"] == total["billing_currency"]]
        for name in ("base_cost", "period_cost", "difference", *EFFECTS):
            assert sum(Decimal(part[name]) for part in parts) == Decimal(total[name])
    changes = [abs(Decimal(row["difference"])) for row in rows]
    assert changes == sorted(changes, reverse=True)


async def test_purchases_refunds_and_new_resources_are_told_apart_from_usage(app: App, refreshed: Refreshed) -> None:
    days = {"start_date": "2026-11-01", "end_date": "2026-11-14", "compare_start_date": "2026-10-10"}
    envelope = await ask(app, "explain_cost_change", **days, compare_end_date="2026-10-23")
    refund = -sum(
        charge.actual_cost
        for charge in refreshed.azure.ledger.between(date(2026, 10, 10), date(2026, 10, 23))
        if charge.actual_cost < 0
    )
    given_back = sum(
        charge.actual_cost
        for charge in refreshed.azure.ledger.between(date(2026, 11, 1), date(2026, 11, 14))
        if charge.actual_cost < 0
    )
    assert given_back
    assert sum(Decimal(total["refund_effect"]) for total in envelope["totals"]) == refund + given_back
    assert all(Decimal(total["purchase_effect"]) > 0 for total in envelope["totals"])


async def test_the_spike_is_the_first_of_the_resources_with_its_reason(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(app, "explain_cost_change")
    assert len(envelope["resources"]) == 10
    first = next(one for one in envelope["resources"] if one["billing_currency"] == "EUR")
    assert first["resource_id"] == refreshed.azure.world.estate.plan.spike.resource_id.lower()
    assert "a day instead of" in first["reason"]
    assert "quantities not known" in first["reason"]
    assert any(one["reason"].startswith("new: ") for one in envelope["resources"])


async def test_a_resource_that_is_gone_says_so_with_its_cost_and_its_last_day(app: App, refreshed: Refreshed) -> None:
    before, now = (truth(refreshed, days, "resource_id", "currency") for days in (OCTOBER, NOVEMBER))
    gone = {key: cost for key, cost in before.items() if key[0] and key not in now and cost > 0}
    (resource, currency), cost = max(gone.items(), key=lambda one: one[1])
    last_day = max(
        charge.usage_date
        for charge in refreshed.azure.ledger.between(*OCTOBER)
        if charge.line.resource_id.lower() == resource
    )
    group = resource.split("/")[4]
    envelope = await ask(app, "explain_cost_change", dimensions=[f"resource_group={group}"])
    (one,) = (one for one in envelope["resources"] if one["resource_id"] == resource)
    assert (Decimal(one["base_cost"]), Decimal(one["period_cost"])) == (cost, Decimal(0))
    assert one["reason"] == f"gone: {cost:.2f} of usage that is not charged any more, last on {last_day}"
    (total,) = (total for total in envelope["totals"] if total["billing_currency"] == currency)
    assert Decimal(total["gone_cost"]) <= -cost


async def test_periods_of_different_lengths_are_said_and_only_per_day_is_divided(app: App) -> None:
    days = {"start_date": "2026-11-01", "end_date": "2026-11-10", "compare_start_date": "2026-10-01"}
    envelope = await ask(app, "explain_cost_change", **days, compare_end_date="2026-10-20")
    total, per_day = envelope["totals"][0], envelope["comparison"]["per_day"][0]
    assert per_day["billing_currency"] == total["billing_currency"]
    cent = Decimal("0.01")
    assert Decimal(per_day["base_cost_per_day"]) == (Decimal(total["base_cost"]) / 20).quantize(cent)
    assert Decimal(per_day["period_cost_per_day"]) == (Decimal(total["period_cost"]) / 10).quantize(cent)
    assert any("20 and 10 days" in note for note in envelope["notes"])


async def test_a_subscription_with_a_missing_month_is_left_out_of_both_periods(app: App) -> None:
    envelope = await ask(app, "explain_cost_change", time_period="last_month", compare_to="same_period_last_year")
    assert envelope["rows"] == []
    assert envelope["scopes"]["missing_count"] == 4
    assert any("Left out of both periods" in note for note in envelope["notes"])


async def test_what_was_denied_is_missing_and_the_rest_is_compared(denied_app: App) -> None:
    envelope = await ask(denied_app, "explain_cost_change")
    assert envelope["scopes"]["missing_count"] == 1
    assert envelope["scopes"]["missing"][0]["outcome"] == "denied"
    assert envelope["rows"]


async def test_the_sql_runs_as_it_stands(app: App) -> None:
    envelope = await ask(
        app,
        "explain_cost_change",
        group_by=["subscription", "service"],
        dimensions=["subscription=Contoso Production", "service=Storage"],
        tags=["env=prod"],
    )
    result = app.lake.query_user_sql(envelope["sql"], max_rows=None, timeout=None)
    place = [column.name for column in result.columns].index("difference")
    listed = [row[place] for row in result.rows]
    assert listed == [Decimal(row["difference"]) for row in records(envelope)]
    assert {row["sub_account_name"] for row in records(envelope)} == {"Contoso Production"}


async def test_text_says_the_same(app: App) -> None:
    result = await call(app, "explain_cost_change", limit=3)
    text, envelope = text_of(result), result.structured_content
    assert envelope is not None
    assert "2026-11-01 to 2026-11-19 against 2026-10-01 to 2026-10-19" in text
    for total in envelope["totals"]:
        assert f"difference {Decimal(total['difference']):.2f} {total['billing_currency']}" in text
    for one in envelope["resources"]:
        assert one["reason"] in text
    assert "Other groups" in text
    nothing = await told(app, "explain_cost_change", dimensions=["service=Nothing"])
    assert "no charge in the lake matches" in nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group_by": ["servis"]}, "did you mean service"),
        ({"compare_to": "yesterday"}, "one of previous_period, same_period_last_month"),
        ({"compare_start_date": "2026-10-01"}, "both ends of the period to compare with"),
        ({**WHOLE, "compare_end_date": "2026-11-03"}, "must not share a day"),
        ({**WHOLE, "compare_end_date": "2026-10-01"}, "must not lie after 2026-10-01"),
        ({**WHOLE, "compare_end_date": "soon"}, "YYYY-MM-DD"),
        ({"profiles": ["nobody"]}, "the lake knows these subscriptions"),
        ({"dimensions": ["service"]}, "Key=Value"),
        ({"periods": 2}, "There is no argument 'periods'"),
    ],
)
async def test_wrong_words_say_what_is_allowed(app: App, arguments: dict[str, Any], message: str) -> None:
    assert message in await refused(app, "explain_cost_change", **arguments)


async def test_restatements_are_told_apart_where_asked(azure: LocalAzure, tmp_path: Path) -> None:
    settings = settings_for(azure, tmp_path / "home")
    App(settings).refresher().refresh(Demand())
    subscription = azure.subscription_ids[0]
    restated = azure.restate(subscription, date(2026, 10, 1))
    azure.advance()
    later = App(settings_for(azure, tmp_path / "home"))
    later.refresher().refresh(Demand(force=True))
    envelope = await ask(later, "explain_cost_change", include_restatements=True, profiles=[subscription])
    base = [one for one in envelope["restated"] if one["side"] == "base"]
    days = envelope["comparison"]["base"]
    moved = sum(
        (change.after.actual_cost if change.after else Decimal(0))
        - (change.before.actual_cost if change.before else Decimal(0))
        for change in restated
        if days["start"] <= str(change.charge.usage_date) <= days["end"]
    )
    assert sum(Decimal(one["restated"]) for one in base) == moved
    assert moved
    plain = await ask(later, "explain_cost_change")
    assert plain["restated"] is None
    text = await refused(later, "explain_cost_change", include_restatements=True, dimensions=["service=Storage"])
    assert "include_restatements: True cannot be used" in text
    later.close()
