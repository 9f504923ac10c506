"""The ledger of truth: what was planted, what it costs, and how budgets, the anomaly and restatements really are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finops_lake.demo.budgets import Budget, Spend, evaluate
from finops_lake.demo.cases import Case, Verdict
from finops_lake.demo.ledger import SETTLING_DAYS, Ledger
from finops_lake.demo.model import Charge, Metric
from finops_lake.demo.planted import Check, Planted
from finops_lake.demo.restatement import RestatedCharge

COMPLETE_DAYS = 30
YOUNG_DAYS = 3
"""Age up to which a resource may still be about to be used."""


@dataclass(frozen=True)
class Finding:
    """One planted resource and what a check should say; `resource_id` is lower-cased.

    `billed_cost` is its own actual cost over the last 30 complete days by currency, empty when it has no charge.
    """

    check: Check
    resource_id: str
    subscription_id: str
    verdict: Verdict
    reason: str
    billed_cost: Mapping[str, Decimal]


@dataclass(frozen=True)
class BudgetTruth:
    """One budget as it stands; `state` follows from the amounts, as Azure reports them."""

    budget: Budget
    spend: Spend

    @property
    def state(self) -> str:
        """Return breached, at_risk, healthy, or unknown when Azure has not evaluated it."""
        if self.spend.current is None:
            return "unknown"
        if self.spend.current >= self.budget.amount:
            return "breached"
        forecast = self.spend.forecast
        return "at_risk" if forecast is not None and forecast >= self.budget.amount else "healthy"


@dataclass(frozen=True)
class Anomaly:
    """The spike: `ordinary_cost` is what its days would have cost, `actual_cost` what they did."""

    resource_id: str
    subscription_id: str
    service_name: str
    currency: str
    first_day: date
    last_day: date
    ordinary_cost: Decimal
    actual_cost: Decimal


class Truth:
    """Read at any time; everything is computed from the ledger as it is now."""

    def __init__(self, ledger: Ledger, budgets: Sequence[Budget], restated: Sequence[RestatedCharge]) -> None:
        self._ledger = ledger
        self._budgets = budgets
        self.restated = tuple(restated)

    @property
    def today(self) -> date:
        """Return the day the simulator believes it is."""
        return self._ledger.today

    def complete_window(self) -> tuple[date, date]:
        """Return the last 30 complete days; a day is complete when three more days have passed."""
        last = self.today - timedelta(days=SETTLING_DAYS + 1)
        return last - timedelta(days=COMPLETE_DAYS - 1), last

    def totals(
        self,
        by: Sequence[str] = ("subscription_id", "currency"),
        metric: Metric = "ActualCost",
        first: date | None = None,
        last: date | None = None,
    ) -> dict[tuple[object, ...], Decimal]:
        """Return exact sums of what Azure shows now; see Ledger.totals."""
        return self._ledger.totals(by, metric, first, last)

    def cost_of(self, resource_id: str, first: date, last: date, metric: Metric = "ActualCost") -> dict[str, Decimal]:
        """Return one resource's own cost by currency over the days from `first` to `last`, inclusive."""
        wanted = resource_id.lower()
        subscription_id = wanted.split("/")[2]
        charges = (
            charge
            for charge in self._ledger.between(first, last, [subscription_id])
            if charge.line.resource_id == wanted
        )
        return _by_currency(charges, metric)

    def cases(self, check: str | None = None) -> list[Case]:
        """Return the cases planted in the wider inventory, all or those of one check."""
        return [item for item in self._ledger.estate.plan.cases if check in (None, item.check)]

    def findings(self, check: str | None = None, verdict: str | None = None) -> list[Finding]:
        """Return what was planted for one check, or all, with its billed cost of the last 30 complete days."""
        planted = [
            item
            for item in self._ledger.estate.plan.findings
            if check in (None, item.check) and verdict in (None, self.verdict(item))
        ]
        wanted = {item.resource.cost_id for item in planted}
        charges: dict[str, list[Charge]] = {}
        for charge in self._ledger.between(
            *self.complete_window(), {item.resource.subscription_id for item in planted}
        ):
            if charge.line.resource_id in wanted:
                charges.setdefault(charge.line.resource_id, []).append(charge)
        return [
            Finding(
                item.check,
                item.resource.cost_id,
                item.resource.subscription_id,
                self.verdict(item),
                item.reason,
                _by_currency(charges.get(item.resource.cost_id, ()), "ActualCost"),
            )
            for item in planted
        ]

    def verdict(self, item: Planted) -> Verdict:
        """Return what a check should say of it today."""
        age = self.today - self._ledger.estate.created[item.resource.cost_id].date()
        return "waste" if item.is_young and age.days > YOUNG_DAYS else item.verdict

    def budgets(self) -> list[BudgetTruth]:
        """Return every budget with its spend of today."""
        return [BudgetTruth(budget, evaluate(budget, self._ledger, self.today)) for budget in self._budgets]

    def anomaly(self) -> Anomaly | None:
        """Return the spike, or None when the history is too short to hold it."""
        line = self._ledger.estate.plan.spike
        spike = line.spike
        assert spike is not None  # noqa: S101 - the plan's line is the one with the spike
        charges = self._ledger.between(spike.first_day, spike.last_day, [line.subscription.subscription_id])
        actual = sum((charge.actual_cost for charge in charges if charge.line is line), Decimal(0))
        if not actual:
            return None
        ordinary = actual / spike.factor
        where = (line.resource_id, line.subscription.subscription_id, line.service_name, line.currency)
        return Anomaly(*where, spike.first_day, spike.last_day, ordinary, actual)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON can carry it: decimals and days as text, totals by month."""
        estate = self._ledger.estate
        first, last = self.complete_window()
        return {
            "today": self.today.isoformat(),
            "first_day": estate.spec.first_day.isoformat(),
            "seed": estate.spec.seed,
            "tenant_id": estate.tenant_id,
            "complete_window": [first.isoformat(), last.isoformat()],
            "subscriptions": [
                {"subscription_id": item.subscription_id, "display_name": item.display_name, "currency": item.currency}
                for item in estate.subscriptions
            ],
            "findings": [_text(vars(item)) for item in self.findings()],
            "budgets": [_budget_dict(item) for item in self.budgets()],
            "anomaly": _text(vars(anomaly)) if (anomaly := self.anomaly()) else None,
            "restated": [restated_dict(item) for item in self.restated],
            "totals": self._month_totals(),
        }

    def _month_totals(self) -> list[dict[str, Any]]:
        by = ("subscription_id", "currency", "month")
        metrics: tuple[Metric, ...] = ("ActualCost", "AmortizedCost")
        return [
            _text({**dict(zip(by, key, strict=True)), "metric": metric, "cost": cost})
            for metric in metrics
            for key, cost in self.totals(by, metric).items()
        ]


def restated_dict(item: RestatedCharge) -> dict[str, Any]:
    """Return one restated charge as JSON can carry it."""
    line = item.charge.line
    amounts = {
        name: None
        if charge is None
        else {"actual_cost": str(charge.actual_cost), "amortized_cost": str(charge.amortized_cost)}
        for name, charge in (("before", item.before), ("after", item.after))
    }
    return {
        "kind": item.kind,
        "usage_date": item.charge.usage_date.isoformat(),
        "subscription_id": line.subscription.subscription_id,
        "resource_id": line.resource_id,
        "service_name": line.service_name,
        "currency": line.currency,
        **amounts,
    }


def _budget_dict(item: BudgetTruth) -> dict[str, Any]:
    budget = item.budget
    values = {"scope": budget.scope, "name": budget.name, "state": item.state, "time_grain": budget.grain}
    amounts = {"amount": budget.amount, "current_spend": item.spend.current, "forecast_spend": item.spend.forecast}
    return _text({**values, **amounts, "currency": budget.subscription.currency})


def _by_currency(charges: Any, metric: Metric) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for charge in charges:
        if charge.counts_in(metric):
            sums[charge.line.currency] = sums.get(charge.line.currency, Decimal(0)) + charge.cost(metric)
    return sums


def _text(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with decimals (never in E notation) and days as text."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value:f}"
        if isinstance(value, date):
            return value.isoformat()
        return {name: plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value

    return {name: plain(value) for name, value in values.items()}
