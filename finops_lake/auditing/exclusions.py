"""Findings that the user wants to see no more, or not until a day: exclusions.toml, read and checked.

[[exclusion]]
reason = "golden images, checked each quarter"
until = 2026-12-31                # the last day it holds (UTC); left out: for good
check = "snapshots_*"             # at least one of these; all that are given must hold, * and ? are patterns
subscription = "Contoso*"         # its name or id
resource_group = "rg-images"
resource = "*/snapshots/golden-*" # its ARM id or its name
tag = "keep=yes"                  # an own tag: key, or key=pattern
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from finops_lake.errors import ConfigError
from finops_lake.lake.rules import Exclusion

PATTERNS = ("check", "subscription", "resource_group", "resource", "tag")
"""What an exclusion may name."""

KEYS = ("reason", "until", *PATTERNS)


def load_exclusions(path: Path) -> tuple[Exclusion, ...]:
    """Return the exclusions of a file, none without one. Raises ConfigError with every fault and its place."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    faults = [f"{path}: {key}: there is no such key; write [[exclusion]]" for key in found if key != "exclusion"]
    entries = found.get("exclusion", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError([*faults, f"{path}: exclusion: write [[exclusion]], with two brackets, and its keys below"])
    for number, entry in enumerate(entries, 1):
        faults += [f"{path}: exclusion {number}: {fault}" for fault in _faults(entry)]
    if faults:
        raise ConfigError(faults)
    return tuple(_exclusion(number, entry) for number, entry in enumerate(entries, 1))


def _faults(entry: Mapping[str, Any]) -> list[str]:
    faults = []
    for key, value in entry.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            faults.append(f"{key}: there is no such key; {hint}there are {', '.join(KEYS)}")
        elif key != "until" and (not isinstance(value, str) or not value.strip()):
            faults.append(f"{key}: a text is needed")
    if "reason" not in entry:
        faults.append("reason: a text is needed")
    if not any(key in entry for key in PATTERNS):
        faults.append(f"nothing is named; give at least one of {', '.join(PATTERNS)}")
    until = entry.get("until")
    if until is not None and (isinstance(until, datetime) or not isinstance(until, date)):
        faults.append("until: a day is needed, such as 2026-12-31 without quotes")
    tag = entry.get("tag", "key")
    if isinstance(tag, str) and (not tag.partition("=")[0].strip() or '"' in tag.partition("=")[0]):
        faults.append('tag: a tag is key or key=pattern, and a key holds no "')
    return faults


def _exclusion(number: int, entry: Mapping[str, Any]) -> Exclusion:
    given = {key: str(entry[key]).strip().lower() for key in PATTERNS if key in entry}
    key, _, value = (part.strip() for part in given.get("tag", "").partition("="))
    return Exclusion(
        number,
        str(entry["reason"]).strip(),
        entry.get("until"),
        ", ".join(f"{name} {given[name]}" for name in PATTERNS if name in given),
        given.get("check"),
        given.get("subscription"),
        given.get("resource_group"),
        given.get("resource"),
        key or None,
        value or None,
    )
