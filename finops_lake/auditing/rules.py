"""The user's files about audits, each read by itself: what is wrong with one never stops another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from finops_lake.auditing.exclusions import load_exclusions
from finops_lake.errors import ConfigError
from finops_lake.lake.rules import Exclusion, Fault


@dataclass(frozen=True)
class AuditRules:
    """Exclusions (None: their file cannot be used, and those of before hold) and what is wrong with files."""

    exclusions: tuple[Exclusion, ...] | None
    faults: tuple[Fault, ...]


def audit_rules(exclusions_path: Path) -> AuditRules:
    """Return what the user's files say, and their faults."""
    try:
        return AuditRules(load_exclusions(exclusions_path), ())
    except ConfigError as error:
        return AuditRules(None, tuple(Fault("exclusions", fault) for fault in error.faults))
