"""The bill as it really is: sums over the local Azure's charges, one by one, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.demo.model import Charge, Metric
from finops_lake.demo.server import LocalAzure
from tests.conftest import TODAY

MONTH = TODAY.replace(day=1)
LAST_MONTH = (MONTH - timedelta(days=1)).replace(day=1)
BEFORE_LAST = (LAST_MONTH - timedelta(days=1)).replace(day=1)
END_OF_LAST = MONTH - timedelta(days=1)
END_BEFORE_LAST = LAST_MONTH - timedelta(days=1)

Key = Callable[[Charge], Any]


def billed(
    azure: LocalAzure,
    by: Key,
    first: date = LAST_MONTH,
    last: date = END_OF_LAST,
    *,
    where: Callable[[Charge], bool] = lambda charge: True,
    metric: Metric = "ActualCost",
) -> dict[Any, Decimal]:
    """Return sums of charges by any key, zero sums left out; never across currencies unless the key says so."""
    sums: dict[Any, Decimal] = {}
    for charge in azure.ledger.between(first, last):
        if charge.counts_in(metric) and where(charge):
            key = by(charge)
            sums[key] = sums.get(key, Decimal(0)) + charge.cost(metric)
    return {key: amount for key, amount in sums.items() if amount}


def currency(charge: Charge) -> str:
    return charge.line.currency


def service(charge: Charge) -> str:
    return charge.line.service_name


def subscription(charge: Charge) -> str:
    return charge.line.subscription.display_name


def in_currency(code: str) -> Callable[[Charge], bool]:
    """Return whether a charge is in a currency."""
    return lambda charge: charge.line.currency == code


def largest(sums: dict[Any, Decimal], count: int = 1) -> list[Any]:
    """Return the keys of the largest sums."""
    return sorted(sums, key=lambda key: -sums[key])[:count]
