"""Checks that say nothing because what they need is not asked for: told as such, never as "0 found"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finops_lake.answers.audit_question import Check
from finops_lake.lake.reader import LakeReader

METRICS_OFF = "Metrics are not switched on (FINOPS_LAKE_METRICS=true)"
METRICS_NOT_ASKED = "Metrics are switched on, and no refresh has asked for them yet"
COUNTS = ("waste", "not_priced", "undetermined", "not_applicable", "excluded")

_METRICS_SQL = """select
    (select value from meta.lake where key = 'metrics'),
    (select count(*) from marts.metric_subscriptions)"""


def withheld_because(lake: LakeReader, checks: Sequence[Check]) -> dict[str, str]:
    """Return the checks that are withheld, by name, and why."""
    needing = [check.name for check in checks if check.headers.get("needs") == "metrics"]
    if not needing:
        return {}
    ((switched, subscriptions),) = lake.query(_METRICS_SQL).rows
    if subscriptions:
        return {}
    return dict.fromkeys(needing, METRICS_NOT_ASKED if switched == "on" else METRICS_OFF)


def withheld_report(check: Check, because: str) -> dict[str, Any]:
    """Return what is told of a check that is withheld: it looked at nothing, and its counts are not known."""
    return {
        "check_name": check.name,
        "title": check.headers.get("title"),
        "description": check.headers.get("description"),
        "severity": check.headers["severity"],
        "category": check.headers["category"],
        "looked_at": 0,
        **dict.fromkeys(COUNTS),
        "withheld": because,
        "fix": check.headers.get("fix"),
    }


def withheld_notes(counted: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one note for each reason for which checks are withheld."""
    reasons: dict[str, list[str]] = {}
    for check in counted:
        if check["withheld"] is not None:
            reasons.setdefault(check["withheld"], []).append(check["check_name"])
    return [
        f"{because}: withheld are {', '.join(names)}. Advisor's verdict on idle and oversized machines stands"
        " (advisor_resource_advice)."
        for because, names in reasons.items()
    ]
