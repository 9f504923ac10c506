"""marts.charge_months, and what is read from its running totals, say exactly what marts.charges says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_lake.answers.macros import MONTH_COLUMNS, are_in_months
from finops_lake.app import App
from finops_lake.lake import stored
from finops_lake.lake.reader import LakeReader
from finops_lake.source import Chunk
from tests.answers.charged import Charged, columns_of_charges
from tests.lake.test_as_of import MONTH, ONE, Lake, focus, queried

FIRST = date(2026, 8, 30)
MARTS = (
    *("kinds_of", "charge_kinds", "charge_months", "compared_charges", "compared_months"),
    *("charges_within", "written_tags", "episode_changes", "episode_changes_by_month"),
)
WRITTEN = "with within as (from {charges}) select * from marts.written_tags('within') order by all"
EPISODES = """with episodes as (
    select 1 as island, '/subscriptions/one' as account_id, service_name, 'EUR' as billing_currency,
        {start} as start_date, {start} + {days} as compared_to, {since} as since_weight, {before} as before_weight,
    from (values ('Storage'), (null)) as services (service_name)
)

from marts.episode_changes{call} order by all"""
COMPARED = "select * from marts.compared_{} order by all"
DIMENSIONS = ("charges.service_name", "{'a': charges.tags, 'b': charges.region_id}", "charges.x_meter_id")
SAME = """with months as (
    select billing_month, resource_id, service_name, charge_kind, sum(charge_count),
        sum(billed_to[-1]), sum(billed_to[-1] + coalesce(amortized_to[-1], 0)), sum(coalesce(quantity_to[-1], 0)),
    from marts.charge_months
    group by all
),

charges as (
    select billing_month, resource_id, service_name, charge_kind, count(*),
        coalesce(sum(billed_cost), 0), coalesce(sum(effective_cost), 0), coalesce(sum(consumed_quantity), 0),
    from marts.charge_kinds
    group by all
)

(from months except all from charges) union all (from charges except all from months)"""

Charge = Mapping[str, Any]

amounts = st.none() | st.decimals(-1000, 100_000, places=9, allow_nan=False, allow_infinity=False)
days = st.integers(0, 99).map(lambda number: FIRST + timedelta(days=number))
found_charges = st.lists(
    st.fixed_dictionaries(
        {
            "charge_period_start": days,
            "billing_month": st.sampled_from([date(2026, 9, 1), date(2026, 10, 1)]),
            "resource_id": st.sampled_from([None, "/vm/a", "/vm/b"]),
            "service_name": st.sampled_from(["Storage", "Virtual Machines", None]),
            "region_id": st.sampled_from(["westeurope", None]),
            "tags": st.sampled_from([None, '{"env":"prod"}', '{"env":"dev"}']),
            "x_meter_id": st.sampled_from(["m1", "m2", None]),
            "sku_price_id": st.sampled_from(["p1", None]),
            "consumed_unit": st.sampled_from(["Hours", None]),
            "billing_currency": st.sampled_from(["EUR", "USD"]),
            "charge_category": st.sampled_from(["Usage", "Usage", "Purchase", "Credit", None]),
            "commitment_discount_id": st.sampled_from([None, "/reservation/1"]),
            "billed_cost": amounts,
            "effective_cost": amounts,
            "consumed_quantity": st.none() | st.decimals(0, 5000, places=4, allow_nan=False, allow_infinity=False),
        }
    ),
    max_size=60,
)


@pytest.fixture(scope="module")
def charged() -> Charged:
    return Charged(columns_of_charges(), MARTS)


@settings(max_examples=150, deadline=None)
@given(found=found_charges, marks=st.lists(days, min_size=4, max_size=4, unique=True), data=st.data())
def test_periods_are_compared_from_months_as_from_charges(
    charged: Charged, found: list[Charge], marks: list[date], data: st.DataObject
) -> None:
    charged.fill(found)
    first, second, third, fourth = (f"date '{day}'" for day in sorted(marks))
    periods = data.draw(st.sampled_from([(first, second, third, fourth), (third, fourth, first, second)]))
    dimension = data.draw(st.sampled_from(DIMENSIONS))
    keep = data.draw(st.sampled_from(["true", "charges.resource_id = '/vm/a'", "charges.tags is null"]))
    for metric, amortized in (("billed_cost", "false"), ("effective_cost", "true")):
        where = f"{', '.join(periods)}, keep := {keep}"
        by_charge = COMPARED.format(f"charges({dimension}, charges.{metric}, {where})")
        by_month = COMPARED.format(f"months({dimension}, {where}, amortized := {amortized})")
        assert charged.rows(by_month) == charged.rows(by_charge)


@settings(max_examples=100, deadline=None)
@given(found=found_charges, marks=st.lists(days, min_size=2, max_size=2))
def test_tags_of_a_period_come_from_months_as_from_charges(
    charged: Charged, found: list[Charge], marks: list[date]
) -> None:
    charged.fill(found)
    first, last = (f"date '{day}'" for day in sorted(marks))
    by_charge = WRITTEN.format(charges=f"marts.charges where charge_period_start between {first} and {last}")
    assert charged.rows(WRITTEN.format(charges=f"marts.charges_within({first}, {last})")) == charged.rows(by_charge)


@settings(max_examples=100, deadline=None)
@given(found=found_charges, start=days, length=st.integers(0, 13), is_lower=st.booleans())
def test_resources_of_an_anomaly_come_from_months_as_from_charges(
    charged: Charged, found: list[Charge], start: date, length: int, is_lower: bool
) -> None:
    charged.fill(found)
    weights = {"since": -28 if is_lower else 28, "before": (length + 1) * (1 if is_lower else -1)}
    episodes = EPISODES.format(start=f"date '{start}'", days=length, **weights, call="{call}")
    period = f"date '{start}', date '{start + timedelta(days=length)}'"
    for metric, amortized in (("billed_cost", "false"), ("effective_cost", "true")):
        by_charge = episodes.replace("{call}", f"('episodes', charges.{metric}, {period})")
        by_month = episodes.replace("{call}", f"_by_month('episodes', {period}, amortized := {amortized})")
        assert charged.rows(by_month) == charged.rows(by_charge)


def test_months_of_the_local_azure_are_its_charges(app: App) -> None:
    assert app.lake.query("select count(*) from marts.charge_months").rows[0][0] > 100
    assert app.lake.query(SAME).rows == []
    columns = {column.name for column in app.lake.query("from marts.charge_months limit 0").columns}
    assert columns >= MONTH_COLUMNS
    assert are_in_months("charges.service_name", "charges.tags")
    assert not are_in_months("charges.list_cost")


@pytest.mark.parametrize(
    "periods",
    [
        "date '2026-10-01', date '2026-10-19', date '2026-11-01', date '2026-11-19'",
        "date '2026-09-11', date '2026-10-10', date '2026-10-11', date '2026-11-20'",
        "date '2025-12-01', date '2026-05-31', date '2026-06-01', date '2026-11-20'",
    ],
)
def test_the_local_azure_is_compared_from_months_as_from_charges(app: App, periods: str) -> None:
    by_charge = COMPARED.format(f"charges(charges.x_resource_group_name, charges.effective_cost, {periods})")
    by_month = COMPARED.format(f"months(charges.x_resource_group_name, {periods}, amortized := true)")
    assert app.lake.query(by_month).rows == app.lake.query(by_charge).rows != []


@pytest.mark.parametrize("period", [("2026-11-01", "2026-11-19"), ("2026-09-11", "2026-10-10")])
def test_tags_of_the_local_azure_come_from_months_as_from_charges(app: App, period: tuple[str, str]) -> None:
    first, last = (f"date '{day}'" for day in period)
    by_charge = f"from marts.tagged_cost(first_day := {first}, last_day := {last}) order by all"
    by_month = (
        f"with within as (from marts.charges_within({first}, {last})), items as (from marts.written_tags('within'))"
        " select * from marts.effective_tags('items') order by all"
    )
    assert app.lake.query(by_month).rows == app.lake.query(by_charge).rows != []


LOADS: Sequence[tuple[str, str | None, list[dict[str, Any]]]] = (
    ("cost_daily", "ActualCost", queried((1, "disk", "1"), (2, "vm", "-2.5"), (9, "vm", "4"))),
    ("focus_charges", None, focus((1, "disk", "7"), (1, "disk", "0.000000000000000000000001"), (3, "vm", "2"))),
    ("cost_daily", "ActualCost", queried((1, "disk", "3"))),
    ("focus_charges", None, []),
)


@pytest.mark.parametrize("at_once", [500_000, 1])
def test_months_follow_each_load_and_the_source_that_counts_in_parts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(stored, "_ROWS_AT_ONCE", at_once)
    lake = Lake(tmp_path / "home")
    sums = []
    for table, metric, rows in LOADS:
        lake.load(Chunk(table, ONE, MONTH, metric), rows)
        reader = lake.reader()
        assert reader.query(SAME).rows == []
        sums.append(_sums(reader))
        reader.close()
    counted = Decimal("9.000000000000000000000001")
    assert sums == [(Decimal("2.5"), 3), (counted, 3), (counted, 3), (Decimal(3), 1)]


def _sums(reader: LakeReader) -> tuple[Any, ...]:
    return reader.query("select sum(billed_to[-1]), sum(charge_count) from marts.charge_months").rows[0]
