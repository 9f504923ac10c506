"""Which runs of an export count, and what a reload replaces."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from finops_lake.errors import Outcome
from tests.files.conftest import EXPORT_ID, FOCUS, RUNS, USAGE, csv_text, run_of, write

COST = "select _month, sum(billed_cost), count(*) from raw.focus_charges group by all order by all"
EARLIER, LATER = datetime(2025, 3, 20, 12, tzinfo=UTC), datetime(2025, 3, 21, 12, tzinfo=UTC)
MARCH = date(2025, 3, 1)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "export"


def test_only_the_newest_run_of_a_period_counts(home, root):
    run_of(root, [FOCUS], run=RUNS[0], submitted=LATER)
    run_of(root, [FOCUS, FOCUS], run=RUNS[1], submitted=EARLIER)
    report = home.load(root)
    assert home.rows(COST) == [(MARCH, Decimal("1.5"), 1)]
    assert any("a newer run of the same export and period counts" in line for line in report.told)
    assert home.rows("select distinct _scope_id from raw.focus_charges") == [(EXPORT_ID.lower(),)]


def test_a_run_without_manifest_is_not_finished_and_the_one_before_counts(home, root):
    run_of(root, [FOCUS], run=RUNS[0], submitted=EARLIER)
    run_of(root, [FOCUS, FOCUS], run=RUNS[1], submitted=None)
    report = home.load(root)
    assert home.rows(COST) == [(MARCH, Decimal("1.5"), 1)]
    assert any("not finished: it has no manifest" in line for line in report.told)
    assert report.notes == ()


def test_a_new_run_replaces_its_period_and_an_unchanged_one_is_not_read_again(home, root):
    run_of(root, [FOCUS, FOCUS], run=RUNS[0], submitted=EARLIER)
    first = home.load(root)
    again = home.load(root)
    assert first.results
    assert (again.results, again.generation) == ((), None)
    run_of(root, [FOCUS | {"BilledCost": "4"}], run=RUNS[1], submitted=LATER)
    home.load(root)
    assert home.rows(COST) == [(MARCH, Decimal(4), 1)]
    assert home.load(root, force=True).results


def test_periods_of_an_export_and_exports_stand_beside_each_other(home, root):
    run_of(root, [FOCUS])
    run_of(
        root, [FOCUS | {"ChargePeriodStart": "2025-02-05", "BilledCost": "2"}], period="20250201-20250228", run=RUNS[1]
    )
    run_of(root / "other", [FOCUS], export_id=EXPORT_ID + "2")
    home.load(root)
    assert home.rows(COST) == [(date(2025, 2, 1), Decimal(2), 1), (MARCH, Decimal(3), 2)]


def test_a_late_charge_counts_with_the_period_of_its_run(home, root):
    run_of(root, [FOCUS | {"ChargePeriodStart": "2025-02-05"}], period="20250201-20250228", run=RUNS[1])
    home.load(root)
    run_of(root, [FOCUS, FOCUS | {"ChargePeriodStart": "2025-02-28T00:00:00Z"}])
    home.load(root)
    assert [(month, count) for month, _, count in home.rows(COST)] == [(date(2025, 2, 1), 1), (MARCH, 2)]


def test_a_run_without_blobs_empties_its_period(home, root):
    run_of(root, [FOCUS], submitted=EARLIER)
    home.load(root)
    run_of(root, [], run=RUNS[1], submitted=LATER)
    report = home.load(root)
    assert [(result.chunk.month, result.row_count) for result in report.results] == [(MARCH, 0)]
    assert home.rows(COST) == []


def test_a_run_over_several_months_is_cut_into_months(home, root):
    rows = [FOCUS | {"ChargePeriodStart": f"2025-0{month}-05"} for month in (1, 2, 2, 3)]
    run_of(root, rows, period="20250101-20250331")
    report = home.load(root)
    assert [(result.chunk.month.month, result.row_count) for result in report.results] == [(1, 1), (2, 2), (3, 1)]
    assert home.rows("select count(distinct _load_id), count(*) from raw.focus_charges") == [(3, 4)]
    assert home.rows("select row_count from meta.loads order by month") == [(1,), (2,), (1,)]


def test_partitions_are_one_run(home, root):
    folder = run_of(root, [FOCUS])
    second = write(folder / "part_0_0002.csv", csv_text([FOCUS, FOCUS]))
    blobs = [
        {"blobName": f" billing/Daily/20250301-20250331/ {RUNS[0]}/{name}", "byteCount": size, "dataRowCount": count}
        for name, size, count in (
            ("part_0_0001.csv", (folder / "part_0_0001.csv").stat().st_size, 1),
            ("part_0_0002.csv", second.stat().st_size, 2),
        )
    ]
    run_of(root, [FOCUS], change={"blobs": blobs, "blobCount": 2})
    report = home.load(root)
    assert [result.row_count for result in report.results] == [3]


@pytest.mark.parametrize("where", ["", "billing", "billing/Daily", "billing/Daily/20250301-20250331"])
def test_a_copy_of_any_part_of_the_container_is_the_same_export(home, root, where):
    run_of(root, [FOCUS])
    home.load(root / where)
    assert home.rows("select distinct _scope_id, _month from raw.focus_charges") == [(EXPORT_ID.lower(), MARCH)]


def test_the_time_folder_of_new_reports_is_part_of_the_layout(home, root):
    run_of(root, [FOCUS], run=f"202503211200/{RUNS[0]}", submitted=LATER)
    run_of(root, [FOCUS, FOCUS], run=f"202503201200/{RUNS[1]}", submitted=EARLIER)
    home.load(root)
    assert home.rows(COST) == [(MARCH, Decimal("1.5"), 1)]


def test_a_manifest_of_2021_names_no_export_and_its_folder_stands_for_it(home, tmp_path):
    root = tmp_path / "koku"
    name = f"cost/partitioned/20230101-20230131/202301041442/{RUNS[0]}/000001.csv"
    part = write(root / name, csv_text([USAGE | {"Date": "01/04/2023"}]))
    blob = {"blobName": name, "byteCount": part.stat().st_size, "dataRowCount": 1, "headerRowCount": 1}
    write(
        part.parent / "manifest.json",
        json.dumps({"manifestVersion": "2021-01-01", "blobCount": 1, "blobs": [blob]}),
    )
    home.load(root)
    assert home.rows("select _scope_id, _month from raw.cost_exports") == [
        (f"{root.as_posix()}/cost/partitioned", date(2023, 1, 1))
    ]


def test_of_files_of_before_manifests_the_newest_counts(home, tmp_path):
    folder = tmp_path / "old" / "Daily" / "20250301-20250331"
    old = write(folder / "Daily_1111.csv", csv_text([USAGE, USAGE]))
    new = write(folder / "Daily_2222.csv", csv_text([USAGE]))
    os.utime(old, (1_000_000_000, 1_000_000_000))
    os.utime(new, (1_000_000_100, 1_000_000_100))
    home.load(tmp_path / "old")
    assert home.rows("select count(*), any_value(_scope_id) from raw.cost_exports") == [
        (1, (tmp_path / "old" / "Daily").as_posix())
    ]


def test_plain_files_replace_their_months_and_what_is_taken_away_vanishes(home, tmp_path):
    folder = tmp_path / "plain"
    write(folder / "a.csv", csv_text([FOCUS]))
    write(folder / "b.csv.gz", csv_text([FOCUS | {"ChargePeriodStart": "2025-02-03", "BilledCost": "7"}]))
    home.load(folder)
    assert home.rows(COST) == [(date(2025, 2, 1), Decimal(7), 1), (MARCH, Decimal("1.5"), 1)]
    (folder / "b.csv.gz").unlink()
    report = home.load(folder)
    assert home.rows(COST) == [(MARCH, Decimal("1.5"), 1)]
    assert home.rows("select count(*) from meta.files where path like '%plain%'") == [(1,)]
    assert home.load(folder).generation is None
    assert report.failures == ()


def test_two_plain_files_of_one_month_are_loaded_together_and_a_copy_counts_once(home, tmp_path):
    folder = tmp_path / "plain"
    write(folder / "a.csv", csv_text([FOCUS]))
    write(folder / "b.csv", csv_text([FOCUS | {"BilledCost": "2"}]))
    write(folder / "copy of b.csv", csv_text([FOCUS | {"BilledCost": "2"}]))
    report = home.load(folder)
    assert home.rows(COST) == [(MARCH, Decimal("3.5"), 2)]
    assert any("same content" in line for line in report.told)


@pytest.mark.parametrize(
    ("kind", "name", "row", "metric"),
    [
        ("AmortizedCost", "part.csv", USAGE, "AmortizedCost"),
        ("ActualCost", "amortized.csv", USAGE, "ActualCost"),
        ("", "my amortised cost.csv", USAGE, "AmortizedCost"),
        ("", "x.csv", USAGE | {"ChargeType": "UnusedReservation"}, "AmortizedCost"),
        ("", "x.csv", USAGE | {"PricingModel": "SavingsPlan"}, "AmortizedCost"),
        ("", "x.csv", USAGE | {"PricingModel": "SavingsPlan", "CostInBillingCurrency": "0"}, "ActualCost"),
        ("", "x.csv", USAGE | {"PricingModel": "Reservation", "ChargeType": "Purchase"}, "ActualCost"),
    ],
)
def test_actual_or_amortized_is_told_by_manifest_then_name_then_rows(home, root, kind, name, row, metric):
    run_of(root, [row], kind=kind, name=name)
    report = home.load(root)
    assert {result.chunk.metric for result in report.results} == {metric}
    assert home.rows("select distinct _metric from raw.cost_exports") == [(metric,)]


def test_both_readings_of_an_export_stand_beside_each_other(home, root):
    run_of(root, [USAGE], kind="ActualCost")
    run_of(root, [USAGE], kind="AmortizedCost", run=RUNS[1], export_id=EXPORT_ID + "Amortized")
    report = home.load(root)
    assert sorted(result.chunk.metric for result in report.results) == ["ActualCost", "AmortizedCost"]
    assert report.count(Outcome.LOADED) == 2
