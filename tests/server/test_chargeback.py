"""Chargeback and unit cost by get_cost: exact sums of the bill, and of the user's own figures."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest

from finops_lake.answers.answer import Period
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.app import App
from finops_lake.commands.cost import print_cost
from finops_lake.planner.due import Demand
from tests.conftest import Refreshed
from tests.server.calls import app_of, ask, records, refused, totals
from tests.server.test_virtual import RULES

pytestmark = pytest.mark.anyio

OCTOBER = {"time_period": "2026-10"}
ORDERS = {date(2026, 10, 1) + timedelta(days=number): 100 + 7 * number for number in range(31)}
BOTH_MONTHS = {"start_date": "2026-10-01"}


@pytest.fixture(scope="module")
def sharing(refreshed: Refreshed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A copy of the shared lake with a split, and figures: orders by day, users by month, seats by service."""
    home = tmp_path_factory.mktemp("chargeback") / "home"
    shutil.copytree(refreshed.settings.home, home)
    (home / "allocation.toml").write_text(RULES, encoding="utf-8")
    (home / "business").mkdir()
    files = {
        "orders.csv": ["date,metric,value", *(f"{day},orders,{value}" for day, value in ORDERS.items())],
        "users.csv": ["date,metric,value", "2026-10-01,users,30", "2026-11-01,users,40.5"],
        "seats.csv": ["date,metric,value,dimension,dimension_value", "2026-10-01,seats,7,service,storage"],
    }
    for name, lines in files.items():
        (home / "business" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with app_of(refreshed.azure, home) as app:
        assert app.refresher().refresh(Demand(tables=frozenset({"subscriptions"}))).notes == ()
        yield app


def one_of(amount: Decimal, units: Decimal | int) -> Decimal:
    with localcontext(prec=60):
        return (amount.quantize(Decimal("1e-12"), ROUND_HALF_UP) / units).quantize(Decimal("1e-12"), ROUND_HALF_UP)


def sums(answer: Mapping[str, Any], metric: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in records(dict(answer)):
        found[row["billing_currency"]] += Decimal(row[metric])
    return dict(found)


@pytest.mark.parametrize("metric", ["billed_cost", "effective_cost"])
@pytest.mark.parametrize("granularity", ["total", "monthly"])
async def test_chargeback_adds_up_to_the_bill_and_says_what_was_split(
    sharing: App, metric: str, granularity: str
) -> None:
    asked = {**BOTH_MONTHS, "metric": metric, "group_by": ["virtual:team"], "granularity": granularity}
    bill = totals(await ask(sharing, "get_cost", **BOTH_MONTHS, metric=metric, group_by=[]), metric)
    own = await ask(sharing, "get_cost", **asked)
    answer = await ask(sharing, "get_cost", **asked, split_shared=True)
    assert totals(answer, metric) == sums(answer, metric) == totals(own, metric) == bill
    shared = [Decimal(row[metric]) for row in records(answer) if row["virtual:team"] == "platform"]
    assert set(shared) == {Decimal(0)}, "all of it is paid by the others"
    taken = sum(Decimal(row[metric]) for row in records(own) if row["virtual:team"] == "platform")
    assert taken > 0
    (note,) = (note for note in answer["notes"] if note.startswith("Shared cost is split"))
    assert "EUR of platform" in note
    assert (await ask(sharing, "query_lake", sql=answer["sql"]))["rows"] == answer["rows"]


async def test_chargeback_is_compared_and_ranked_as_any_cost(sharing: App) -> None:
    asked = {**OCTOBER, "group_by": ["virtual:team"], "split_shared": True}
    answer = await ask(sharing, "get_cost", **asked, compare_to="previous_period", shares=True)
    before = await ask(sharing, "get_cost", time_period="2026-09", group_by=["virtual:team"], split_shared=True)
    assert {total["billing_currency"]: Decimal(total["previous_billed_cost"]) for total in answer["totals"]} == totals(
        before
    )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"group_by": ["service"]}, "group_by must be one virtual tag"),
        ({"tags": ["env=prod"]}, "leave out tags, dimensions and filters"),
        ({"granularity": "daily"}, "cost is split by month"),
        ({"metric": "list_cost"}, "only billed_cost and effective_cost can be split"),
        ({"start_date": "2026-10-02"}, "2026-10-02 begins none"),
        ({"start_date": "2026-10-01", "end_date": "2026-10-30"}, "2026-10-30 ends none"),
        ({"profiles": ["Contoso Production"]}, "ask for all of them"),
    ],
)
async def test_what_cannot_be_charged_back_is_refused_with_the_reason(
    sharing: App, wrong: dict[str, Any], reason: str
) -> None:
    asked = {**OCTOBER, "group_by": ["virtual:team"], "split_shared": True}
    told = await refused(sharing, "get_cost", **{**asked, **wrong})
    assert told.startswith("split_shared: ")
    assert reason in told


async def test_the_cost_of_one_is_the_bill_by_the_users_figure(sharing: App) -> None:
    bill = totals(await ask(sharing, "get_cost", **OCTOBER, group_by=[]))
    answer = await ask(sharing, "get_cost", **OCTOBER, group_by=[], per="Orders")
    rows = {row["billing_currency"]: row for row in records(answer)}
    assert {currency: Decimal(row["billed_cost"]) for currency, row in rows.items()} == bill
    for currency, row in rows.items():
        assert Decimal(row["units"]) == sum(ORDERS.values())
        assert Decimal(row["billed_cost_per_unit"]) == one_of(bill[currency], sum(ORDERS.values()))
    assert any("the orders of the whole" in note and "orders.csv" in note for note in answer["notes"])
    assert (await ask(sharing, "query_lake", sql=answer["sql"]))["rows"] == answer["rows"]
    text = await ask(sharing, "get_cost", **OCTOBER, group_by=["service"], per="orders", top=3)
    assert all(Decimal(row["units"]) == sum(ORDERS.values()) for row in records(text)), "each of all orders"


async def test_the_cost_of_one_by_day_agrees_with_the_mart_and_is_null_without_a_figure(sharing: App) -> None:
    answer = await ask(sharing, "get_cost", **BOTH_MONTHS, group_by=[], granularity="daily", per="orders", limit=1000)
    mart = await ask(
        sharing,
        "query_lake",
        sql="select charge_date, billing_currency, billed_cost_per_unit from marts.unit_cost_daily"
        " where metric = 'orders' and billed_cost is not null",
        limit=1000,
    )
    told = {(row["charge_date"], row["billing_currency"]): row["billed_cost_per_unit"] for row in records(answer)}
    expected = {(day, currency): value for day, currency, value in mart["rows"]}
    assert expected
    assert {key: value for key, value in told.items() if value is not None} == expected
    assert {key[0] for key, value in told.items() if value is None} == {key[0] for key in told if key[0] > "2026-10-31"}
    assert any(note.startswith("There are orders on 31 of the ") for note in answer["notes"])


async def test_a_figure_by_month_or_of_a_service_divides_just_that(sharing: App) -> None:
    monthly = await ask(sharing, "get_cost", **BOTH_MONTHS, group_by=[], granularity="monthly", per="users")
    units = {row["billing_month"]: Decimal(row["units"]) for row in records(monthly)}
    assert units == {"2026-10-01": Decimal(30), "2026-11-01": Decimal("40.5")}
    seats = await ask(sharing, "get_cost", **OCTOBER, per="seats")
    by_service = {row["service_name"]: row["units"] for row in records(seats)}
    assert Decimal(by_service.pop("Storage")) == 7
    assert set(by_service.values()) == {None}
    team = await ask(sharing, "get_cost", **OCTOBER, group_by=["virtual:team"], split_shared=True, per="users")
    for row in records(team):
        assert Decimal(row["billed_cost_per_unit"]) == one_of(Decimal(row["billed_cost"]), 30)


async def test_the_command_line_shows_what_one_costs(sharing: App, capsys: pytest.CaptureFixture[str]) -> None:
    october = Period(date(2026, 10, 1), date(2026, 10, 31))
    answer = answer_cost(sharing.lake, CostQuestion(october, group_by=("service",), per="seats"))
    print_cost(answer)
    shown = capsys.readouterr().out
    assert "Cost of one" in shown
    (storage,) = (row for row in answer.rows if row[0] == "Storage" and row[1] == "EUR")
    assert f"{storage[answer.columns.index('billed_cost_per_unit')]:,.6f}" in shown


async def test_a_figure_that_is_not_there_or_cannot_divide_is_refused(sharing: App, app: App) -> None:
    assert "did you mean orders?" in await refused(sharing, "get_cost", per="order")
    assert "folder business" in await refused(app, "get_cost", per="orders")
    assert "its figures are by service" in await refused(sharing, "get_cost", group_by=[], per="seats")
    assert "can be divided" in await refused(sharing, "get_cost", metric="quantity", per="orders")
    compared = await refused(sharing, "get_cost", per="orders", compare_to="previous_period")
    assert "does not go together with a comparison" in compared
