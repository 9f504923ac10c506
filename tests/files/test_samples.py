"""Published samples load, and add up to the last digit as plain Python decimals do."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest

from tests.files.conftest import EXPORTS
from tests.lake.test_charge_days import SAME

pytestmark = pytest.mark.replies


def records(name):
    with (EXPORTS / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def amount(text):
    with localcontext(prec=60):
        return Decimal(text or 0).quantize(Decimal("1e-24"), rounding=ROUND_HALF_UP)


def test_the_sample_of_three_clouds_adds_up_per_provider_and_currency(home):
    home.load(EXPORTS / "focus_sample_1.0.csv")
    expected = defaultdict(lambda: [0, Decimal(0), Decimal(0), Decimal(0)])
    with localcontext(prec=60):
        for row in records("focus_sample_1.0.csv"):
            sums = expected[row["ProviderName"], row["BillingCurrency"]]
            sums[0] += 1
            for place, column in enumerate(("BilledCost", "EffectiveCost", "ListCost"), 1):
                sums[place] += Decimal(row[column])
    found = home.rows(
        "select provider_name, billing_currency, count(*), sum(billed_cost), sum(effective_cost), sum(list_cost)"
        " from marts.charges group by all"
    )
    assert {row[:2]: list(row[2:]) for row in found} == dict(expected)
    assert {provider for provider, _ in expected} == {"AWS", "Microsoft", "Oracle"}


@pytest.mark.parametrize("name", ["focus_sample_1.0.csv", "EA_ActualCost_Small.csv", "EA_AmortizedCost_Small.csv"])
def test_days_of_cost_are_the_charges_of_a_real_file(home, name):
    home.load(EXPORTS / name)
    assert home.rows("select sum(charge_count) from marts.charge_days") == home.rows(
        "select count(*) from marts.charges"
    )
    assert home.rows(SAME) == []


def test_quoted_null_is_null_and_an_hour_ends_with_its_day(home):
    home.load(EXPORTS / "focus_sample_1.0.csv")
    assert home.rows("select count(*) from marts.charges where charge_class = 'NULL' or region_name = 'NULL'") == [(0,)]
    ends = home.rows(
        "select distinct charge_period_end - charge_period_start from marts.charges where provider_name = 'AWS'"
    )
    assert (1,) in ends
    assert all(days >= 1 for (days,) in ends)


@pytest.mark.parametrize(
    ("name", "metric"), [("EA_ActualCost_Small.csv", "ActualCost"), ("EA_AmortizedCost_Small.csv", "AmortizedCost")]
)
def test_a_real_enterprise_export_adds_up(home, name, metric):
    report = home.load(EXPORTS / name)
    lines = records(name)
    ((count, cost, quantity, found),) = home.rows(
        "select count(*), sum(cost_in_billing_currency), sum(quantity), any_value(_metric) from raw.cost_exports"
    )
    assert (count, found) == (len(lines), metric)
    with localcontext(prec=60):
        assert cost == sum(amount(line["Cost"]) for line in lines)
        assert quantity == sum(amount(line["Quantity"]) for line in lines)
    texts = [line[name] for line in lines for name in ("Cost", "Quantity", "EffectivePrice", "UnitPrice", "PayGPrice")]
    with localcontext(prec=60):
        rounded = sum(Decimal(text or 0) != amount(text) for text in texts)
    assert report.results[0].inexact_amounts == rounded


def test_the_same_lines_in_another_language_give_the_same_row(home):
    home.load(EXPORTS / "opencost_headers_German.csv", EXPORTS / "opencost_headers_PayAsYouGo.csv")
    columns = "* exclude (_scope_id, _load_id, _loaded_at)"
    assert len(home.rows(f"select distinct {columns} from raw.cost_exports")) == 1
    ((group, cost, day),) = home.rows(
        "select distinct resource_group, cost_in_billing_currency, date::varchar from raw.cost_exports"
    )
    assert (group, cost, day) == ("Example-Resource-Group", Decimal("0.075"), "2021-02-02")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("koku_azure_camelCased.csv", 3),
        ("koku_azure_version_2.csv", 5),
        ("koku_costreport_a243c6f2-199f-4074-9a2c-40e671cf1584.csv", 3),
        ("opencost_headers_BOM.csv", 1),
        ("opencost_headers_Enterprise.csv", 1),
        ("opencost_headers_EnterpriseCamel.csv", 1),
        ("opencost_values_VirtualMachine.csv", 1),
    ],
)
def test_every_known_form_of_usage_details_loads(home, name, rows):
    report = home.load(EXPORTS / name)
    assert Counter(result.outcome.value for result in report.results) == {"loaded": 1}
    assert home.rows("select count(*) from raw.cost_exports") == [(rows,)]
    assert any("Assumed to be actual cost" in line for line in report.told)


@pytest.mark.parametrize("name", ["EA_NoRows.csv", "koku_empty_frame.csv"])
def test_a_file_of_a_header_alone_loads_nothing_and_is_no_fault(home, name):
    report = home.load(EXPORTS / name)
    assert (report.results, report.notes) == ((), ())
    assert home.rows("select outcome, table_name from meta.files where path like '%exports%'") == [
        ("loaded", "cost_exports")
    ]


def test_a_sample_with_a_field_too_few_is_refused_by_its_line(home):
    report = home.load(EXPORTS / "opencost_values_Template.csv")
    assert "opencost_values_Template.csv, line 2 has 10 fields where the header has 11." in report.results[0].reason
    assert home.rows("select count(*) from raw.cost_exports") == [(0,)]
