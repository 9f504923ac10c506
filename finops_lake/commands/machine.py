"""JSON and CSV on stdout, for other programs."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import jsonable, plain, to_json


def print_json(value: Any) -> None:
    """Print a value as JSON; where stdout is not in UTF-8, other characters are escaped, so that none is lost."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=not is_utf8, indent=2) + "\n")


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV: amounts in full, instants in UTC, lists and structures as JSON, nothing for null."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_field(value) for value in row] for row in rows)


def as_objects(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return rows as JSON objects; of columns with the same name the later ones are numbered."""
    names = _unique(columns)
    return [dict(zip(names, (exact(value) for value in row), strict=True)) for row in rows]


def exact(value: Any) -> Any:
    """Return a value as JSON can hold it, instants to the microsecond."""
    match value:
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case datetime():
            return value.isoformat()
        case dict():
            return {str(key): exact(item) for key, item in value.items()}
        case list() | tuple():
            return [exact(item) for item in value]
        case _:
            return jsonable(value)


def _field(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case list() | tuple() | dict():
            return to_json(exact(value))
        case _:
            return exact(value)


def _unique(columns: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for column in columns:
        names.append(f"{column}_{seen[column]}" if seen[column] else column)
        seen[column] += 1
    return names
