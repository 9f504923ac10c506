"""What there is to tell, for one rule, read from the marts and answers that tools read, too; decided is later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from finops_lake.alert_rules import AlertRule
from finops_lake.alerts.candidate import Found, Sight
from finops_lake.alerts.of_budgets import breaches, thresholds
from finops_lake.alerts.of_money import anomalies, commitments, waste
from finops_lake.alerts.of_refreshes import failed, stale

_FINDERS: Mapping[str, Callable[[AlertRule, Sight], Found]] = {
    "budget_threshold": thresholds,
    "budget_breach": breaches,
    "anomaly": anomalies,
    "waste": waste,
    "commitment": commitments,
    "failed_refresh": failed,
    "stale_refresh": stale,
}


def candidates_of(rule: AlertRule, sight: Sight) -> Found:
    """Return what a rule finds. Raises EmptyLakeError where it needs a lake, InputError for unknown subscriptions."""
    return _FINDERS[rule.kind](rule, sight)
