"""The user's files about audits, each read by itself: what is wrong with one never stops another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from finops_lake.auditing.exclusions import load_exclusions
from finops_lake.auditing.own_checks import read_checks
from finops_lake.errors import ConfigError
from finops_lake.lake.rules import Exclusion, Fault
from finops_lake.lake.sqlfiles import SqlFile


@dataclass(frozen=True)
class AuditRules:
    """Exclusions (None: their file cannot be used, and those of before hold), own checks, and faults of files."""

    exclusions: tuple[Exclusion, ...] | None
    checks: tuple[SqlFile, ...]
    faults: tuple[Fault, ...]


def audit_rules(exclusions_path: Path, checks_folder: Path) -> AuditRules:
    """Return what the user's files say, and their faults."""
    checks, faults = read_checks(checks_folder)
    try:
        return AuditRules(load_exclusions(exclusions_path), checks, faults)
    except ConfigError as error:
        return AuditRules(None, checks, (*faults, *(Fault("exclusions", fault) for fault in error.faults)))
