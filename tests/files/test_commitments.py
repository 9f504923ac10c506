"""Money of commitments in real exports, against plain Python decimals."""

from __future__ import annotations

import shutil
from collections import defaultdict
from decimal import Decimal, localcontext

import pytest

from tests.files.conftest import EXPORTS
from tests.files.test_samples import amount, records

pytestmark = pytest.mark.replies

COLUMNS = "commitment_name, commitment_type, billing_currency, used_cost, unused_cost, covered_on_demand_cost, savings"
AMORTIZED = "EA_AmortizedCost_Small.csv"
FOCUS = "focus_sample_1.0.csv"


def money(home):
    return {tuple(row[:3]): tuple(row[3:]) for row in home.rows(f"select {COLUMNS} from marts.commitment_money()")}


def test_a_reservation_and_a_savings_plan_of_a_real_enterprise_export(home, tmp_path):
    """On covered rows the price sheet's UnitPrice stands, though PayGPrice is 0 for the reservation."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for name in (AMORTIZED, "EA_ActualCost_Small.csv"):
        shutil.copy(EXPORTS / name, folder)
    home.load(folder)
    expected = defaultdict(lambda: [Decimal(0)] * 4)
    with localcontext(prec=60):
        for line in records(AMORTIZED):
            kind = {"Reservation": "reservation", "SavingsPlan": "savings_plan"}.get(line["PricingModel"])
            if line["ChargeType"] == "Usage" and kind:
                used, on_demand = amount(line["Cost"]), amount(line["UnitPrice"]) * amount(line["Quantity"])
                sums = expected[line["benefitId"].rpartition("/")[2].lower(), kind, line["BillingCurrency"]]
                sums[:] = sums[0] + used, Decimal(0), sums[2] + on_demand, sums[3] + on_demand - used
        assert money(home) == {key: tuple(sums) for key, sums in expected.items()}
    assert {kind for _, kind, _ in expected} == {"reservation", "savings_plan"}
    assert {row[0] for row in home.rows("select savings_basis from marts.commitment_money()")} == {"contracted"}
    covered = home.rows(
        "select covered_on_demand_cost, on_demand_cost, unknown_cost, least_coverage_percent"
        " from marts.commitment_coverage() where covered_on_demand_cost <> 0 or service_name = 'Virtual Machines'"
    )
    assert sum(row[0] for row in covered) == sum(sums[2] for sums in expected.values())
    assert {row[1] for row in covered} == {0}
    assert sum(row[2] for row in covered) == Decimal("2.64"), "without a price list nobody knows what could be covered"


def test_a_plan_of_the_sample_of_three_clouds_is_measured_at_list_prices(home):
    """Its contracted cost is 0 where it has a list cost: left out by who wrote it, and not a price."""
    home.load(EXPORTS / FOCUS)
    expected = defaultdict(Decimal)
    for line in records(FOCUS):
        if line["CommitmentDiscountStatus"] == "Used":
            assert (amount(line["ContractedCost"]), amount(line["EffectiveCost"])) == (0, 0)
            name = line["CommitmentDiscountId"].rpartition("/")[2].lower()
            expected[name, "savings_plan", line["BillingCurrency"]] += amount(line["ListCost"])
    assert expected
    assert money(home) == {key: (0, 0, listed, listed) for key, listed in expected.items()}
    assert {row[0] for row in home.rows("select savings_basis from marts.commitment_money()")} == {"list"}
