"""The bridge from actual to amortized cost of real exports, against plain Python decimals."""

from __future__ import annotations

import shutil
from collections import defaultdict
from decimal import Decimal, localcontext

import pytest

from tests.files.conftest import EXPORTS
from tests.files.test_samples import amount, records

pytestmark = pytest.mark.replies

FILES = {"ActualCost": "EA_ActualCost_Small.csv", "AmortizedCost": "EA_AmortizedCost_Small.csv"}
PARTS = ("purchases", "refunds", "covered_use", "unused_commitment", "rounding", "not_told_apart")


def test_the_bridge_of_a_real_enterprise_export_adds_up_exactly(home, tmp_path):
    """The two samples are excerpts: lines that only one of them has are what the source does not tell apart."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for name in FILES.values():
        shutil.copy(EXPORTS / name, folder)
    home.load(folder)
    expected = defaultdict(lambda: defaultdict(Decimal))
    with localcontext(prec=60):
        for metric, name in FILES.items():
            for line in records(name):
                sums = expected["/subscriptions/" + line["SubscriptionId"].lower()]
                cost = amount(line["Cost"])
                sums[metric] += cost
                part = "not_told_apart"
                if line["ChargeType"] == "Purchase":
                    part = "purchases"
                elif line["benefitId"]:
                    part = "covered_use"
                sums[part] += cost if metric == "AmortizedCost" else -cost
    listed = ", ".join(PARTS)
    rows = home.rows(
        f"select sub_account_id, billed_cost, effective_cost, difference, {listed} from marts.actual_to_amortized"
        " where has_both"
    )
    assert {row[0] for row in rows} == set(expected)
    for subscription, billed, effective, difference, *parts in rows:
        sums = expected[subscription]
        assert (billed, effective) == (sums["ActualCost"], sums["AmortizedCost"])
        assert difference == effective - billed == sum(parts)
        assert dict(zip(PARTS, parts, strict=True)) == {part: sums[part] for part in PARTS}
    assert any(row[4 + PARTS.index("purchases")] == Decimal("-3.25") for row in rows)
    assert any(row[4 + PARTS.index("covered_use")] for row in rows)


def test_every_row_of_the_sample_of_three_clouds_is_explained(home):
    home.load(EXPORTS / "focus_sample_1.0.csv")
    rows = home.rows(f"select difference, {', '.join(PARTS)} from marts.actual_to_amortized")
    assert rows
    for difference, *parts in rows:
        assert difference == sum(parts)
