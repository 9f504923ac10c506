"""Virtual tags of allocation.toml: in get_cost, in SQL and in the shell's file, made anew when the rules change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.planner.due import Demand
from tests.conftest import Refreshed
from tests.server.calls import app_of, ask, records, refused, totals

pytestmark = pytest.mark.anyio

RULES = """
[[virtual_tag]]
name = "team"
default = "rest"
[[virtual_tag.rule]]
value = "shop"
when = [{ dimension = "tag:env", values = ["prod"] }]
[[virtual_tag.rule]]
value = "platform"
when = [{ dimension = "subscription", operator = "contains", values = ["production"] }]

[[split]]
tag = "team"
value = "platform"
by = "proportional"
"""


@pytest.fixture(scope="module")
def shared_home(refreshed: Refreshed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared lake with rules, refreshed since, which makes all views anew; to be copied."""
    home = shutil.copytree(refreshed.settings.home, tmp_path_factory.mktemp("virtual") / "home")
    (home / "allocation.toml").write_text(RULES, encoding="utf-8")
    with app_of(refreshed.azure, home) as app:
        report = app.refresher().refresh(Demand(tables=frozenset({"subscriptions"})))
    assert report.notes == ()
    assert report.generation is not None
    return home


@pytest.fixture
def sharing(refreshed: Refreshed, shared_home: Path, tmp_path: Path) -> Iterator[App]:
    """A lake of one's own with rules that hold."""
    with app_of(refreshed.azure, shutil.copytree(shared_home, tmp_path / "home")) as app:
        yield app


async def test_a_virtual_tag_is_a_dimension_that_adds_up(sharing: App) -> None:
    plain = await ask(sharing, "get_cost", time_period="last_month", group_by=[])
    answer = await ask(sharing, "get_cost", time_period="last_month", group_by=["virtual:team"])
    assert {row["virtual:team"] for row in records(answer)} == {"shop", "platform", "rest"}
    assert totals(answer) == totals(plain)
    tagged = await ask(sharing, "get_cost", time_period="last_month", group_by=[], tags=["env=prod"])
    shop = await ask(
        sharing,
        "get_cost",
        time_period="last_month",
        group_by=[],
        filters=[{"dimension": "virtual:team", "values": ["shop"]}],
    )
    assert totals(shop) == totals(tagged)
    again = await ask(sharing, "query_lake", sql=answer["sql"])
    assert again["rows"] == answer["rows"]


async def test_chargeback_adds_up_to_the_bill(sharing: App) -> None:
    sql = (
        "select billing_currency, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost"
        " from {} where billing_month = date '2026-10-01' group by all order by 1"
    )
    bill = await ask(sharing, "query_lake", sql=sql.format("marts.charges"))
    back = await ask(sharing, "query_lake", sql=sql.format("chargeback_monthly"))
    assert back["rows"] == bill["rows"]
    shared = await ask(
        sharing,
        "query_lake",
        sql="select billed_cost, direct_billed_cost from marts.chargeback_monthly"
        " where owner = 'platform' and billing_currency = 'EUR' and billing_month = date '2026-10-01'",
    )
    ((charged, direct),) = shared["rows"]
    assert Decimal(charged) == 0 < Decimal(direct)


async def test_a_name_that_is_not_there_is_refused_with_the_nearest(sharing: App, app: App) -> None:
    assert "did you mean team?" in await refused(sharing, "get_cost", group_by=["virtual:tema"])
    assert "write them into allocation.toml" in await refused(app, "get_cost", group_by=["virtual:team"])
    for tool in ("explain_cost_change", "get_cost_forecast"):
        assert "did you mean team?" in await refused(sharing, tool, group_by=["virtual:tema"])
    unknown = [{"dimension": "virtual:tema", "values": ["shop"]}]
    assert "did you mean team?" in await refused(sharing, "get_cost_anomalies", filters=unknown)


async def test_a_change_and_a_forecast_are_told_by_virtual_tag(sharing: App) -> None:
    days = {"time_period": "last_month", "compare_to": "previous_period"}
    cost = await ask(sharing, "get_cost", group_by=["virtual:team"], **days)
    change = await ask(sharing, "explain_cost_change", group_by=["virtual:team"], **days)
    wanted = {
        (row["virtual:team"], row["billing_currency"]): (row["previous_billed_cost"], row["billed_cost"])
        for row in records(cost)
    }
    assert wanted == {
        (row["virtual:team"], row["billing_currency"]): (row["base_cost"], row["period_cost"])
        for row in records(change)
    }
    assert (await ask(sharing, "query_lake", sql=change["sql"]))["rows"] == change["rows"]
    ahead = await ask(sharing, "get_cost_forecast", group_by=["virtual:team"], months=1)
    assert {row["virtual:team"] for row in records(ahead)} == {"shop", "platform", "rest"}


@pytest.mark.parametrize("tool", ["explain_cost_change", "get_cost_forecast", "get_cost_anomalies"])
async def test_filters_on_names_tags_and_virtual_tags_hold_in_every_tool(sharing: App, tool: str) -> None:
    """A virtual tag's value, the conditions of its rule, and both with `not` say the same."""
    prod = {"dimension": "tag:env", "values": ["prod"]}
    named = {"dimension": "subscription", "operator": "contains", "values": ["production"]}
    platform = await ask(sharing, tool, filters=[{"dimension": "virtual:team", "values": ["platform"]}])
    same = await ask(sharing, tool, filters=[named, {**prod, "not": True}])
    assert platform["totals"] == same["totals"]
    rest = await ask(sharing, tool, filters=[{**prod, "not": True}, {**named, "not": True}])
    either = await ask(sharing, tool, filters=[{"any_of": [prod, named]}])
    assert rest["totals"] == (await ask(sharing, tool, dimensions=["virtual:team=rest"]))["totals"]
    assert rest["totals"] != either["totals"] != platform["totals"]
    assert "did you mean subscription?" in await refused(
        sharing, tool, filters=[{**named, "dimension": "subscriptoin"}]
    )


async def test_faulty_rules_are_told_and_nothing_of_them_holds(sharing: App) -> None:
    path = sharing.settings.home / "allocation.toml"
    path.write_text(RULES.replace('"tag:env"', '"serivce"'), encoding="utf-8")
    report = sharing.refresher().refresh(Demand(tables=frozenset({"subscriptions"})))
    (note,) = report.notes
    assert "did you mean service?" in note
    assert "virtual_tag 1 (team): rule 1: when 1" in note
    assert "allocation.toml" in await refused(sharing, "get_cost", group_by=["virtual:team"])


async def test_cost_is_converted_by_dated_rates_alone_and_what_has_none_is_named(
    refreshed: Refreshed, own_home: Path
) -> None:
    (own_home / "business").mkdir()
    (own_home / "business" / "rates.csv").write_text("date,from,to,rate\n2026-10-01,USD,EUR,0.9\n", encoding="utf-8")
    (own_home / "business" / "orders.csv").write_text("date,metric,value\n2026-10-02,orders,x\n", encoding="utf-8")
    with app_of(refreshed.azure, own_home) as app:
        report = app.refresher().refresh(Demand(tables=frozenset({"subscriptions"})))
        assert report.notes == ("orders.csv, row 2, column value: 'x' is no number, such as 1234.5.",)
        asked = {"time_period": "last_month", "group_by": ["service"], "limit": 1000}
        plain = await ask(app, "get_cost", **asked)
        answer = await ask(app, "get_cost", convert_to="eur", **asked)
        again = await ask(app, "query_lake", sql=answer["sql"], limit=1000)
        wrong = await refused(app, "get_cost", convert_to="EUR", metric="quantity")
    bill, converted = totals(plain), totals(answer)
    assert set(bill) == {"EUR", "USD", "GBP"}
    assert set(converted) == {"EUR", "GBP"}
    assert converted["GBP"] == bill["GBP"]
    assert abs(converted["EUR"] - bill["EUR"] - bill["USD"] * Decimal("0.9")) < Decimal("0.000001")
    assert any("USD at 0.9 of 2026-10-01 (rates.csv)" in note for note in answer["notes"])
    assert any(note.startswith("NOT CONVERTED") and note.split(": ")[1].startswith("GBP;") for note in answer["notes"])
    assert again["rows"] == answer["rows"]
    assert "only billed_cost and effective_cost can be converted" in wrong
