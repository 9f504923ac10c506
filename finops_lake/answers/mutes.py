"""Anomalies that somebody has explained and does not want to see until a day: mutes.toml in the home.

[[mute]]
until = 2026-12-31                # the last day of it (UTC); there is no mute without an end
reason = "load test of the shop"
service = "Virtual Machines"      # at least one of these; all that are given must hold, * and ? are patterns
subscription = "Contoso*"
resource_group = "rg-shop"
resource = "*/vm-load-*"
anomaly_id = "0123456789ab"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from finops_lake.answers.sqltext import literal
from finops_lake.errors import ConfigError

FILE = "mutes.toml"

FIELDS: Mapping[str, str] = {
    "anomaly_id": "anomaly_id",
    "subscription": "sub_account_name",
    "service": "service_names",
    "resource_group": "x_resource_group_name",
    "resource": "resource_id",
}
"""What a mute may name, and the column it is compared with, without case."""


@dataclass(frozen=True)
class Mute:
    """One mute: patterns by field, the last day it holds, and why."""

    until: date
    reason: str
    patterns: tuple[tuple[str, str], ...]

    @property
    def condition(self) -> str:
        """The mute as a SQL condition on a row of anomalies with the names of subscriptions."""
        return " and ".join(
            f"coalesce(lower({FIELDS[field]}), '') glob {literal(pattern.lower())}" for field, pattern in self.patterns
        )


@dataclass(frozen=True)
class Mutes:
    """The mutes that hold today, and how many have expired."""

    active: tuple[Mute, ...] = ()
    expired: int = 0


def load_mutes(home: Path, today: date) -> Mutes:
    """Return the mutes of a home; none without a file. Raises ConfigError with every fault and its place."""
    path = home / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Mutes()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    entries = found.get("mute", [])
    faults = [f"{path}: {key}: there is no such key; mutes are written as [[mute]]" for key in found if key != "mute"]
    if not isinstance(entries, list):
        faults.append(f"{path}: mute: write [[mute]], with two brackets")
        entries = []
    checked = [_mute(entry, f"{path}: mute {number}") for number, entry in enumerate(entries, 1)]
    faults += [fault for _, faults_of_one in checked for fault in faults_of_one]
    if faults:
        raise ConfigError(faults)
    mutes = [mute for mute, _ in checked if mute is not None]
    active = tuple(mute for mute in mutes if mute.until >= today)
    return Mutes(active, len(mutes) - len(active))


def _mute(entry: object, place: str) -> tuple[Mute | None, Sequence[str]]:
    if not isinstance(entry, dict):
        return None, [f"{place}: write its keys on lines of their own below [[mute]]"]
    until, reason = entry.get("until"), entry.get("reason")
    patterns = {key: value for key, value in entry.items() if key not in ("until", "reason")}
    faults = [
        f"{place}: {key}: there is no such key; there are {', '.join(FIELDS)}" for key in patterns if key not in FIELDS
    ]
    faults += [f"{place}: {key}: a text is needed" for key, value in patterns.items() if not isinstance(value, str)]
    if isinstance(until, datetime) or not isinstance(until, date):
        faults.append(f"{place}: until: a day is needed, such as 2026-12-31 without quotes")
    if not isinstance(reason, str) or not reason.strip():
        faults.append(f"{place}: reason: a text is needed")
    if not patterns:
        faults.append(f"{place}: nothing is named; give at least one of {', '.join(FIELDS)}")
    if faults or not isinstance(until, date):
        return None, faults
    return Mute(until, str(reason), tuple((key, str(value)) for key, value in patterns.items())), []
