"""The envelope of every answer: rows, what they rest on, and what is missing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

SCOPES_LISTED = 50
"""Scopes named in an answer; beyond it only their number is given."""


@dataclass(frozen=True)
class MissingScope:
    """A scope whose rows an answer should hold and does not; `reason` and `next_step` say why and what to do."""

    scope_id: str
    name: str
    outcome: str
    reason: str | None = None
    next_step: str | None = None


@dataclass(frozen=True)
class Scopes:
    """The scopes an answer looked at: names of those in it, and those missing from it."""

    included: tuple[str, ...] = ()
    missing: tuple[MissingScope, ...] = ()


@dataclass(frozen=True)
class Period:
    """UTC days, both inclusive."""

    start: date
    end: date


@dataclass(frozen=True)
class Answer:
    """Rows with the facts they rest on.

    Amounts are exact decimals in the currency of their row; amounts of different currencies are never added.
    `as_of` is the UTC instant of the oldest load the rows rest on (None: nothing is loaded). `open_days` is the
    span of UTC days whose figures Azure may still change. `totals` has one row per currency, over all rows,
    also those cut off by `truncated`.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str
    as_of: datetime | None
    row_count: int
    truncated: bool = False
    metric: str | None = None
    period: Period | None = None
    currencies: tuple[str, ...] = ()
    totals: tuple[Mapping[str, Any], ...] = ()
    scopes: Scopes = Scopes()
    open_days: Period | None = None
    notes: tuple[str, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)

    def with_notes(self, notes: Iterable[str]) -> Answer:
        """Return the same answer with more notes, each said once."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))

    def as_dict(self) -> dict[str, Any]:
        """Return the envelope as JSON values: decimals as text without trailing zeros, days in ISO form."""
        envelope: dict[str, Any] = {
            "columns": self.columns,
            "rows": self.rows,
            "row_count": self.row_count,
            "truncated": self.truncated,
            "totals": self.totals,
            "metric": self.metric,
            "currency": self.currencies[0] if len(self.currencies) == 1 else None,
            "currencies": self.currencies,
            "period": self.period,
            "as_of": self.as_of,
            "scopes": _scopes(self.scopes),
            "open_days": self.open_days,
            **self.sections,
            "notes": self.notes,
            "sql": self.sql,
        }
        return {key: jsonable(value) for key, value in envelope.items()}


def jsonable(value: Any) -> Any:
    """Return a value as JSON can hold it; an amount becomes text, because JSON numbers lose digits.

    So do other things that JSON has no form for: infinities, intervals, uuids, and bytes (as hexadecimal digits).
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    match value:
        case datetime() if value.tzinfo is None:
            return value.isoformat(timespec="seconds")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Period():
            return {"start": value.start.isoformat(), "end": value.end.isoformat()}
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray():
            return value.hex()
        case _:
            return str(value)


def plain(amount: Decimal) -> str:
    """Return a decimal in plain notation without trailing zeros, every digit kept."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON text of a value made of the types `jsonable` knows."""
    return json.dumps(jsonable(value), ensure_ascii=False, indent=indent)


def _scopes(scopes: Scopes) -> dict[str, Any]:
    return {
        "included_count": len(scopes.included),
        "included": scopes.included[:SCOPES_LISTED],
        "missing_count": len(scopes.missing),
        "missing": [
            {
                "scope_id": scope.scope_id,
                "name": scope.name,
                "outcome": scope.outcome,
                "reason": scope.reason,
                "next_step": scope.next_step,
            }
            for scope in scopes.missing[:SCOPES_LISTED]
        ],
    }
