"""marts.charge_days and marts.charges_now say exactly what marts.charges says, whatever is loaded, and so do the macros
that read them.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.macros import DAY_COLUMNS, NOW_COLUMNS, source_of
from finops_lake.app import App
from finops_lake.lake.reader import LakeReader
from finops_lake.source import Chunk
from tests.lake.test_as_of import MONTH, ONE, Lake, focus, queried

KEYS = (
    "billing_month, charge_period_start, sub_account_id, billing_account_id, provider_name, service_category,"
    " service_name, resource_type, region_id, sku_meter, billing_currency, charge_kind, is_kind_inferred"
)
SAME = f"""with days as (
    select {KEYS}, billed_cost, effective_cost, charge_count from marts.charge_days
),

charges as (
    select {KEYS}, sum(billed_cost), sum(effective_cost), count(*)
    from (
        select * replace (case when sub_account_id is null then billing_account_id end as billing_account_id)
        from marts.charge_kinds
    )
    group by all
)

(from days except all from charges) union all (from charges except all from days)"""
NOW = f"select {', '.join(sorted(NOW_COLUMNS))}, is_kind_inferred from "
SAME_NOW = f"""({NOW} marts.charges_now except all {NOW} marts.charge_kinds)
union all ({NOW} marts.charge_kinds except all {NOW} marts.charges_now)"""
ARGUMENTS = "charges.effective_cost, date '2026-10-15', date '2026-11-23'"
CALLS = (
    f"marts.cost_anomaly_days({ARGUMENTS}, min_cost := 1%s)",
    f"marts.cost_anomalies({ARGUMENTS}, min_cost := 1%s)",
    f"marts.cost_first_seen({ARGUMENTS}, min_cost := 0.01%s)",
    "marts.cost_histories({'a': charges.service_name}, charges.billed_cost, date '2026-09-01', date '2026-11-19'%s)",
)


def differing(reader: LakeReader) -> list[tuple[Any, ...]]:
    """Return the rows in which the stored days, or the charges in few columns, and all charges differ."""
    return reader.query(SAME).rows + reader.query(SAME_NOW).rows


def test_days_follow_each_load_and_the_source_that_counts(tmp_path: Path) -> None:
    """A file that takes the place of a query changes days that another scope's load had made."""
    lake = Lake(tmp_path / "home")
    sums = []
    loads = (
        ("cost_daily", "ActualCost", queried((1, "disk", "1"), (2, "vm", "-2.5"))),
        ("focus_charges", None, focus((1, "disk", "7"), (1, "disk", "0.000000000000000000000001"))),
        ("cost_daily", "ActualCost", queried((1, "disk", "3"))),
        ("focus_charges", None, []),
    )
    for table, metric, rows in loads:
        lake.load(Chunk(table, ONE, MONTH, metric), rows)
        reader = lake.reader()
        assert differing(reader) == []
        sums.append(reader.query("select sum(billed_cost), sum(charge_count) from marts.charge_days").rows[0])
        reader.close()
    counted = Decimal("7.000000000000000000000001")
    assert sums == [(Decimal("-1.5"), 2), (counted, 2), (counted, 2), (Decimal(3), 1)]


def test_days_without_a_subscription_are_told_apart_by_billing_account(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    (charge,) = focus((1, "support", "5"))
    rows = [charge | {"sub_account_id": None, "billing_account_id": account} for account in ("100", "200", None)]
    lake.load(Chunk("focus_charges", ONE, MONTH), [charge | {"billing_account_id": "100"}, *rows])
    reader = lake.reader()
    assert differing(reader) == []
    days = reader.query("select sub_account_id, billing_account_id from marts.charge_days order by all").rows
    reader.close()
    assert days == [(ONE, None), (None, "100"), (None, "200"), (None, None)]


def test_days_of_the_local_azure_are_its_charges(app: App) -> None:
    assert app.lake.query("select count(*) from marts.charge_days").rows[0][0] > 100
    assert differing(app.lake) == []


@pytest.mark.parametrize("call", CALLS)
def test_a_macro_gives_the_same_from_days_as_from_charges(app: App, call: str) -> None:
    ((complete,),) = app.lake.query("select distinct settled_date from marts.cost_settled").rows
    slow = app.lake.query(f"from {call % ''} order by all").rows
    more = "" if "histories" in call else f", complete_to := date '{complete}'"
    more += ", source := 'marts.charge_days'"
    assert app.lake.query(f"from {call % more} order by all").rows == slow
    assert slow or "first_seen" in call


CHANGE = "charges.billed_cost, date '2026-09-01', date '2026-10-10', date '2026-10-11', date '2026-11-20'"


@pytest.mark.parametrize(
    ("call", "few"),
    [
        (f"marts.cost_changes({{'a': charges.x_resource_group_name}}, {CHANGE}%s)", "source"),
        (f"marts.compared_charges(charges.service_name, {CHANGE}%s)", "source"),
        (f"marts.cost_anomalies({ARGUMENTS}, min_cost := 1%s)", "by_resource"),
        ("marts.tagged_cost(first_day := date '2026-10-01'%s)", "source"),
    ],
)
def test_a_macro_gives_the_same_from_few_columns_as_from_all(app: App, call: str, few: str) -> None:
    slow = app.lake.query(f"from {call % ''}").rows
    more = f", {few} := 'marts.charges_now'"
    fast = app.lake.query(f"from {call % more}").rows
    assert sorted(map(repr, fast)) == sorted(map(repr, slow)) != []


def test_days_are_read_only_where_they_have_every_column(app: App) -> None:
    known = {column.name for column in app.lake.query("from marts.charge_days limit 0").columns}
    assert known >= DAY_COLUMNS
    known = {column.name for column in app.lake.query("from marts.charges_now limit 0").columns}
    assert known >= NOW_COLUMNS
    assert source_of("{'a': charges.service_name}", "charges.billed_cost") == "marts.charge_days"
    assert source_of("charges.billed_cost", "json_extract(charges.tags, '$.env')") == "marts.charges_now"
    assert source_of("charges.billed_cost", by_resource=True) == "marts.charges_now"
    assert source_of("charges.list_cost") == "marts.charge_kinds"


def test_what_a_macro_reads_by_name_is_in_its_lineage(app: App) -> None:
    lineage = "select count(*) from meta.lineage where view_name = 'marts.cost_histories' and table_name = 'cost_daily'"
    assert app.lake.query(lineage).rows == [(1,)]
    assert app.lake.query(lineage.replace("marts.cost_histories", "marts.charges_now")).rows == [(1,)]
