"""Values as a person reads them in a table: short, and nothing in them that a terminal would obey."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import jsonable, plain, to_json


def text(value: Any) -> str:
    """Return any value in full, as one line; nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case datetime():
            return instant(value)
        case list() | tuple() | dict():
            return printable(to_json(value))
        case _:
            return printable(str(jsonable(value)))


def money(amount: Decimal | None) -> str:
    """Return an amount with two decimals and thousands set apart; nothing for null."""
    if amount is None:
        return ""
    shown = f"{amount:,.2f}"
    return shown.removeprefix("-") if not shown.strip("-0.,") else shown


def percent(value: float | None) -> str:
    """Return a percentage with one decimal; nothing for null."""
    return "" if value is None else f"{value:,.1f} %"


def instant(value: datetime | None) -> str:
    """Return an instant to the minute, in UTC; nothing for null."""
    return "" if value is None else f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m-%d %H:%M}"


def resource(resource_id: str | None) -> str:
    """Return resource group and name of a resource's id, which tell it apart well enough on a screen."""
    if resource_id is None:
        return ""
    parts = resource_id.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    group = parts[lowered.index("resourcegroups") + 1] if "resourcegroups" in lowered[:-1] else ""
    return printable("/".join(part for part in (group, parts[-1]) if part))


def day(value: date | None) -> str:
    """Return a day in ISO form; nothing for null."""
    return "" if value is None else value.isoformat()


def printable(value: str) -> str:
    """Return text without control characters: a name must not be able to drive the terminal."""
    return "".join(char if char.isprintable() else " " for char in value)
