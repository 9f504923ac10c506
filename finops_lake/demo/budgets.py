"""Budgets: one that is breached, one at risk, healthy ones, one too young to have been evaluated, one with a filter.

Amounts are set from the ledger as it stands on the first day of the simulation, so that each keeps its character.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal

from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import Charge, ResourceGroup, Subscription
from finops_lake.source import first_of_month, next_month

CENT = Decimal("0.01")
BudgetState = Literal["breached", "at_risk", "healthy", "unknown"]


@dataclass(frozen=True)
class Budget:
    """A budget; `state` is its character on the first day. `categories` and `tag` are its filter, if any.

    `wide` is a scope above subscriptions, `within` are those below it; `subscription` then gives the currency.
    """

    subscription: Subscription
    name: str
    state: BudgetState
    amount: Decimal
    group: ResourceGroup | None = None
    grain: Literal["Monthly", "Annually"] = "Monthly"
    categories: tuple[str, ...] = ()
    tag: tuple[str, str] | None = None
    has_forecast: bool = True
    is_new: bool = False
    leading_slash: bool = True
    wide: str | None = None
    within: tuple[Subscription, ...] = ()

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return the subscriptions whose charges it may count."""
        return self.within if self.wide else (self.subscription,)

    @property
    def scope(self) -> str:
        """Return the ARM scope the budget watches."""
        return self.wide or (self.group.resource_id if self.group else self.subscription.scope)

    def start(self, today: date) -> date:
        """Return the first day of the period that `today` lies in."""
        return first_of_month(today) if self.grain == "Monthly" else today.replace(month=1, day=1)

    def counts(self, charge: Charge) -> bool:
        """Tell whether a charge is part of the spend; a budget sees its billing currency alone."""
        line = charge.line
        return (
            line.subscription in self.subscriptions
            and line.currency == self.subscription.currency
            and (self.group is None or line.resource_group == self.group.name.lower())
            and (not self.categories or line.meter_category in self.categories)
            and (self.tag is None or line.tags.get(self.tag[0]) == self.tag[1])
        )


@dataclass(frozen=True)
class Spend:
    """What Azure says of a budget; None: it says nothing."""

    current: Decimal | None
    forecast: Decimal | None


def evaluate(budget: Budget, ledger: Ledger, today: date) -> Spend:
    """Return the spend of the current period up to yesterday, or of today on the period's first day."""
    if budget.is_new:
        return Spend(None, None)
    start = budget.start(today)
    last = max(start, today - timedelta(days=1))
    current = _spent(budget, ledger, start, last)
    if not budget.has_forecast:
        return Spend(current, None)
    end = next_month(start) if budget.grain == "Monthly" else start.replace(year=start.year + 1)
    share = Decimal((end - start).days) / Decimal((last - start).days + 1)
    return Spend(current, (current * share).quantize(CENT))


def plan_budgets(ledger: Ledger) -> tuple[Budget, ...]:
    """Return the budgets of an estate, spread over its first subscriptions."""
    estate = ledger.estate
    homes = [estate.subscriptions[place % len(estate.subscriptions)] for place in range(3)]
    group = next(item for item in estate.groups if item.name == "rg-legacy-prod")
    drafts = (
        Budget(homes[0], "production-monthly", "breached", Decimal(0)),
        Budget(homes[1], "data-platform-monthly", "at_risk", Decimal(0), leading_slash=False),
        Budget(homes[2], "development-monthly", "healthy", Decimal(0), has_forecast=False),
        Budget(
            homes[2],
            "tagged-machines",
            "healthy",
            Decimal(0),
            categories=("Virtual Machines", "Storage"),
            tag=("env", homes[2].environment),
        ),
        Budget(homes[2], "just-created", "unknown", Decimal(500), is_new=True),
        Budget(homes[0], "production-yearly", "healthy", Decimal(0), grain="Annually", has_forecast=False),
        Budget(homes[0], "legacy-compute", "healthy", Decimal(0), group, categories=("Virtual Machines", "Storage")),
        Budget(
            homes[0],
            "owner-platform",
            "at_risk",
            Decimal(0),
            group,
            categories=("Storage", "Virtual Network"),
            leading_slash=False,
        ),
    )
    return tuple(_with_amount(draft, ledger) for draft in drafts)


def _with_amount(budget: Budget, ledger: Ledger) -> Budget:
    if budget.is_new:
        return budget
    spend = evaluate(budget, ledger, ledger.estate.spec.today)
    current = spend.current or Decimal(0)
    forecast = spend.forecast or current
    amounts = {
        "breached": _rounded(current * Decimal("0.8"), ROUND_FLOOR),
        "at_risk": ((current + forecast) / 2).quantize(CENT),
        "healthy": _rounded(max(forecast, current, Decimal(1)) * 40, ROUND_CEILING),
    }
    values = {**vars(budget), "amount": max(amounts[budget.state], CENT)}
    return Budget(**values)


def _rounded(amount: Decimal, rounding: str) -> Decimal:
    """Return an amount of two significant digits, as people set budgets."""
    if not amount:
        return amount
    return Decimal(
        amount.scaleb(-amount.adjusted()).quantize(Decimal("0.1"), rounding=rounding).scaleb(amount.adjusted())
    )


def _spent(budget: Budget, ledger: Ledger, first: date, last: date) -> Decimal:
    charges = ledger.between(first, last, [one.subscription_id for one in budget.subscriptions])
    return sum(
        (charge.actual_cost for charge in charges if charge.counts_in("ActualCost") and budget.counts(charge)),
        Decimal(0),
    )


def budget_shape(budget: Budget, spend: Spend, today: date) -> dict[str, Any]:
    """Return the budget as Microsoft.Consumption lists it; keys that Azure leaves out are left out."""
    path = f"{budget.scope}/providers/Microsoft.Consumption/budgets/{budget.name}"
    unit = budget.subscription.currency
    properties: dict[str, Any] = {
        "timePeriod": {
            "startDate": f"{budget.start(today).replace(month=1):%Y-%m-%d}T00:00:00Z",
            "endDate": "2035-12-31T00:00:00Z",
        },
        "timeGrain": budget.grain,
        "amount": budget.amount,
        "currentSpend": None if spend.current is None else {"amount": spend.current, "unit": unit},
    }
    if spend.forecast is not None:
        properties["forecastSpend"] = {"amount": spend.forecast, "unit": unit}
    properties |= {"category": "Cost", "notifications": _notifications(budget), "filter": _filter_shape(budget)}
    return {
        "id": path if budget.leading_slash else path[1:],
        "name": budget.name,
        "type": "Microsoft.Consumption/budgets",
        "eTag": '"1dc0a5f2b3c4d5e"',
        "properties": properties,
    }


def _notifications(budget: Budget) -> dict[str, Any]:
    if budget.is_new:
        return {}
    common = {
        "enabled": True,
        "operator": "GreaterThan",
        "contactEmails": ["finops@contoso.example"],
        "contactRoles": [],
        "contactGroups": [],
    }
    return {
        "Actual_GreaterThan_80_Percent": {**common, "threshold": 80.0, "thresholdType": "Actual"},
        "Forecasted_GreaterThan_100_Percent": {**common, "threshold": 100.0, "thresholdType": "Forecasted"},
    }


def _filter_shape(budget: Budget) -> Mapping[str, Any]:
    parts: list[dict[str, Any]] = []
    if budget.categories:
        parts.append({"dimensions": {"name": "MeterCategory", "operator": "In", "values": list(budget.categories)}})
    if budget.tag:
        parts.append({"tags": {"name": budget.tag[0], "operator": "In", "values": [budget.tag[1]]}})
    return {} if not parts else parts[0] if len(parts) == 1 else {"and": parts}
