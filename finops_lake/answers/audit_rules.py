"""What an audit has to say of the user's own files: exclusions past their date or without effect, and faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finops_lake.lake.reader import LakeReader


def exclusion_notes(exclusions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what to tell of exclusions: how many findings they hold back, which no longer hold, which match nothing."""
    holding = [one for one in exclusions if one["holds"]]
    if any(one["findings"] for one in holding):
        yield "Findings that exclusions.toml leaves out are counted as excluded; their savings are in no total."
    for one in exclusions:
        name = f"Exclusion {one['exclusion_number']} ({one['names']})"
        if not one["holds"]:
            yield f"{name} held until {one['until_date']}: its findings count again."
        elif not one["findings"]:
            yield f"{name} matches no finding."


def fault_notes(lake: LakeReader) -> list[str]:
    """Return the faults of the user's files, each with its place."""
    rows = lake.recall("select about, fault from meta.rule_faults order by all").rows
    return [
        f"exclusions.toml has a fault, so those of before hold: {fault}."
        if about == "exclusions"
        else f"The check {about} is left out: {fault}."
        for about, fault in rows
    ]
