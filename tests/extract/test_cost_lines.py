"""The names of Azure's usage details: every published header, old or new, finds its column."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest

from finops_lake.extract.cost_lines import CANONICAL, COLUMNS, LINES, SCHEMA, column_of, columns_of, lines_source
from tests.replay import REPLIES

EXPORTS = REPLIES / "exports"
SAMPLES = [
    "EA_ActualCost_Small.csv",
    "EA_AmortizedCost_Small.csv",
    "EA_NoRows.csv",
    "koku_azure_camelCased.csv",
    "koku_azure_version_2.csv",
    "koku_costreport_a243c6f2-199f-4074-9a2c-40e671cf1584.csv",
    "koku_empty_frame.csv",
    "opencost_headers_BOM.csv",
    "opencost_headers_Enterprise.csv",
    "opencost_headers_EnterpriseCamel.csv",
    "opencost_headers_German.csv",
    "opencost_headers_PayAsYouGo.csv",
    "opencost_values_Template.csv",
    "opencost_values_VirtualMachine.csv",
]


def headers_of(name):
    with (EXPORTS / name).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


@pytest.mark.replies
@pytest.mark.parametrize("name", SAMPLES)
def test_every_header_of_a_sample_finds_a_column_of_its_own(name):
    headers = headers_of(name)
    assert {header: column_of(header) for header in headers if column_of(header) is None} == {}
    assert len(columns_of(headers)) == len(headers)


@pytest.mark.replies
def test_every_documented_column_is_known():
    documented = json.loads((EXPORTS / "columns_official_docs.json").read_text())
    documented.pop("source")
    for version, names in documented.items():
        assert [name for name in names if column_of(name) is None] == [], version
        assert len(columns_of(names)) == len(names), version


@pytest.mark.replies
@pytest.mark.parametrize("name", ["schema_actualcost_c360-2025-04.json", "schema_amortizedcost_c360-2025-04.json"])
def test_every_column_of_the_published_schema_is_known(name):
    mappings = json.loads((EXPORTS / name).read_text())["translator"]["mappings"]
    assert [one["source"]["name"] for one in mappings if column_of(one["source"]["name"]) is None] == []


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("\ufeffSubscriptionGuid", "subscription_id"),
        ("subscriptionid", "subscription_id"),
        ("Kategorie der Verbrauchseinheit (MeterCategory)", "meter_category"),
        ("Kategorie der Verbrauchseinheit", "meter_category"),
        ("Maßeinheit (UnitOfMeasure)", "unit_of_measure"),
        ("Unité de mesure (UnitOfMeasure)", "unit_of_measure"),
        ("Cost", "cost_in_billing_currency"),
        ("PreTaxCost", "cost_in_billing_currency"),
        (" CostInBillingCurrency ", "cost_in_billing_currency"),
        ("BillingCurrencyCode", "billing_currency"),
        ("Favourite colour", None),
    ],
)
def test_a_header_is_known_in_any_case_and_language(header, column):
    assert column_of(header) == column


def test_the_newer_of_two_names_wins_whatever_their_order():
    assert columns_of(["Cost", "CostInBillingCurrency"]) == {"cost_in_billing_currency": "CostInBillingCurrency"}
    assert columns_of(["CostInBillingCurrency", "Cost"]) == {"cost_in_billing_currency": "CostInBillingCurrency"}


def test_no_name_means_two_columns():
    keys = [key for name, line in LINES.items() for key in (name, *line.aliases)]
    assert len(CANONICAL) == len(keys)


def test_money_and_quantities_are_decimals_and_every_column_is_described():
    assert {str(field.type) for field in SCHEMA} == {"string", "date32[day]", "bool", "decimal128(38, 24)"}
    assert list(COLUMNS) == SCHEMA.names
    source = lines_source("cost_exports", "x", timedelta(hours=1))
    assert source.monthly
    assert source.metrics == ("ActualCost", "AmortizedCost")
