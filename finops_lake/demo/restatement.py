"""Azure changing its mind about past days: rows that change, one that vanishes, some that arrive late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, Literal

from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import Charge

CHANGED, LATE = 5, 2
FACTOR = Decimal("1.0375")


@dataclass(frozen=True)
class RestatedCharge:
    """One charge that is not what it was; `before` is None for a late one, `after` for one that vanished."""

    kind: Literal["changed", "vanished", "late"]
    before: Charge | None
    after: Charge | None

    @property
    def charge(self) -> Charge:
        """Return the charge, as it is now where it still exists."""
        charge = self.after or self.before
        assert charge is not None  # noqa: S101 - one of the two is always there
        return charge


def restate(ledger: Ledger, subscription_id: str, month: date, number: int) -> list[RestatedCharge]:
    """Restate one subscription and month, and return what was changed; `number` tells restatements apart."""
    rng = Random(f"{ledger.estate.spec.seed}/restatement/{number}/{subscription_id}/{month}")
    charges = [charge for charge in ledger.charges(subscription_id, month) if _can_change(charge, ledger.today)]
    if not charges:
        return []
    alone = _alone_on_their_day(charges)
    vanished = rng.sample(alone, min(1, len(alone)))
    rest = [charge for charge in charges if charge not in vanished]
    changes = [RestatedCharge("vanished", charge, None) for charge in vanished]
    changes += [
        RestatedCharge("changed", charge, _raised(charge)) for charge in rng.sample(rest, min(CHANGED, len(rest)))
    ]
    changes += [
        RestatedCharge("late", None, _late(charge, number)) for charge in rng.sample(rest, min(LATE, len(rest)))
    ]
    ledger.amend(subscription_id, month, _Amendment(changes))
    return changes


class _Amendment:
    def __init__(self, changes: list[RestatedCharge]) -> None:
        self.after = {
            (change.before.usage_date, change.before.line): change.after for change in changes if change.before
        }
        self.late = [change.after for change in changes if change.before is None and change.after]

    def __call__(self, charges: list[Charge]) -> list[Charge]:
        changed = (self.after.get((charge.usage_date, charge.line), charge) for charge in charges)
        return [charge for charge in changed if charge is not None] + self.late


def _can_change(charge: Charge, today: date) -> bool:
    ordinary = charge.line.charge_type == "Usage" and charge.line.resource_id != ""
    return ordinary and charge.usage_date < today and bool(charge.actual_cost)


def _alone_on_their_day(charges: list[Charge]) -> list[Charge]:
    """Return the charges whose resource has no other charge that day, so that a whole row can vanish."""
    counts: dict[tuple[date, str], int] = {}
    for charge in charges:
        key = (charge.usage_date, charge.line.resource_id)
        counts[key] = counts.get(key, 0) + 1
    return [
        charge
        for charge in charges
        if counts[(charge.usage_date, charge.line.resource_id)] == 1 and not charge.line.prompt
    ]


def _raised(charge: Charge) -> Charge:
    quantity, actual, amortized = (FACTOR * amount for amount in charge[2:5])
    return charge._replace(quantity=quantity, actual_cost=actual, amortized_cost=amortized)


def _late(charge: Charge, number: int) -> Charge:
    """Return a charge of a service that the resource had no row of before."""
    name = "Microsoft Defender for Cloud"
    values: dict[str, Any] = {
        "service_name": name,
        "meter_category": name,
        "meter_subcategory": name,
        "meter_name": "Standard Node",
    }
    line = replace(charge.line, line_id=f"{charge.line.line_id}/late/{number}", only=None, **values)
    cost = Decimal("0.48") + Decimal(number).scaleb(-6)
    return Charge(charge.usage_date, line, Decimal(24), cost, cost)
