"""What a smaller size would save, held to what the local Azure bills and sells: the lake sees only the wire."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import TODAY, set_sign_in, settings_for

OF_DISKS = 1 - Fraction("9.60") / Fraction("19.71")
OF_PLANS = 1 - Fraction("0.155") / Fraction("0.310")
OF_MACHINES = 1 - Fraction("0.1150") / Fraction("0.2300")
SHARES = {
    "underused_premium_disks": {
        "disk-use-quiet": OF_DISKS,
        "disk-use-SYSTEM": OF_DISKS,
        "disk-use-backed-up": OF_DISKS,
    },
    "oversized_scale_sets": {"vmss-use-wide": Fraction(2, 5), "vmss-use-TALL": OF_MACHINES},
    "oversized_app_service_plans": {
        "asp-size-wide": Fraction(2, 5),
        "asp-size-TALL": OF_PLANS,
        "asp-size-pair": OF_PLANS,
        "asp-size-zones": Fraction(1, 2),
        "asp-size-half-full-wide": Fraction(1, 2),
    },
    "oversized_sql_databases": {
        "size-large": Fraction(1, 2),
        "size-NIGHTLY": Fraction(1, 2),
        "size-cores": Fraction(1, 2),
        "use-unused": Fraction(1, 2),
        "use-scanned": Fraction(1, 2),
    },
    "oversized_sql_elastic_pools": {
        "pool-size-large": Fraction(1, 2),
        "pool-size-cores": Fraction(1, 3),
    },
}
"""By check and resource: the share of the bill for its size that the smaller size leaves out."""

FOUND_SQL = """
select check_name, resource_name, resource_id, monthly_saving, billing_currency, saving_source
from marts.findings where verdict = 'waste' and check_name in ({checks})"""


@pytest.fixture(scope="module")
def lake_and_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, LocalAzure]]:
    home: Path = tmp_path_factory.mktemp("sizes")
    with LocalAzure(today=TODAY, subscriptions=3, resources=4, days=40) as azure, pytest.MonkeyPatch.context() as patch:
        set_sign_in(patch, azure)
        app = App(settings_for(azure, home, FINOPS_LAKE_COST_SOURCE="cost_details", FINOPS_LAKE_METRICS="true"))
        app.refresher().refresh(Demand())
        yield app, azure
        app.close()
        assert azure.crashes == []


@pytest.mark.parametrize("check", SHARES)
def test_a_smaller_size_saves_its_share_of_what_azure_bills(lake_and_azure: tuple[App, LocalAzure], check: str) -> None:
    app, azure = lake_and_azure
    first, last = azure.truth.complete_window()
    billed = azure.truth.totals(("resource_id", "currency", "meter_name"), first=first, last=last)
    rows = app.lake.query(FOUND_SQL.format(checks=f"'{check}'")).rows
    assert {row[1] for row in rows} == set(SHARES[check])
    for _, name, resource_id, saving, currency, source in rows:
        bill = sum(
            cost
            for (resource, billed_in, meter), cost in billed.items()
            if resource == resource_id and billed_in == currency and "Backup" not in str(meter)
        )
        assert source == "billed_cost_of_meters", name
        wanted = Decimal(bill) * SHARES[check][name].numerator / SHARES[check][name].denominator
        assert bill > 0, name
        assert abs(saving - wanted) < Decimal("0.000001"), (name, saving, wanted)
