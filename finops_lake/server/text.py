"""The text of an answer: the same facts as the envelope, short enough to read."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from finops_lake.answers.answer import plain
from finops_lake.plaintext import CELL_LENGTH, CUT

CENT = Decimal("0.01")
UNITS = ("billing_currency", "currency", "consumed_unit")
"""Columns that name what the amounts of their row are in; currencies are shown beside the amounts."""

AMOUNT = re.compile(r"(?:previous_)?(?:billed_cost|effective_cost|list_cost|contracted_cost)(?:_usd)?$|change$")
MONEY = frozenset(
    (
        "billed_cost",
        "effective_cost",
        "monthly_saving",
        "amount",
        "spend",
        "remaining",
        "azure_spend",
        "lake_spend",
        "lake_minus_azure",
        "azure_forecast",
        "lake_forecast",
        "lake_forecast_low",
        "lake_forecast_high",
        "base_cost",
        "period_cost",
        "difference",
        "cost",
        "usual_cost",
        "impact",
        "cost_per_day",
        "actual_cost",
        "forecast_cost",
        "low_80",
        "high_80",
        "shared_cost",
        "budgeted_cost",
        "untold_cost",
        "unbudgeted_cost",
        "tagged_cost",
        "untagged_cost",
        "unknown_cost",
        "untaggable_cost",
        "used_cost",
        "unused_cost",
        "covered_on_demand_cost",
        "on_demand_cost",
        "savings",
        "monthly_on_demand_cost",
        "monthly_cost",
        "monthly_savings",
        "least_monthly_savings",
        "licence_cost",
        "saving_before",
        "saving_now",
    )
)


def money(amount: str | None, currency: str | None) -> str:
    """Return an amount of the envelope with two decimals and its currency; "-" when unknown."""
    if amount is None:
        return "-"
    exact = Decimal(amount)
    rounded = exact.quantize(CENT)
    shown = f"{rounded:f}" if rounded or not exact else "<0.01" if exact > 0 else ">-0.01"
    return f"{shown} {currency}" if currency else shown


def totals(envelope: Mapping[str, Any], metric: str) -> str:
    """Return the totals, one per currency."""
    return "; ".join(money(total[metric], unit_of(total)) for total in envelope["totals"])


def unit_of(record: Mapping[str, Any]) -> str | None:
    """Return the currency (or the unit of a quantity) of a row or total."""
    return next((record[name] for name in UNITS if name in record), None)


def records(envelope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows with the names of their columns."""
    return [dict(zip(envelope["columns"], row, strict=True)) for row in envelope["rows"]]


def table(rows: Iterable[Mapping[str, Any]], *, hidden: Collection[str] = ()) -> list[str]:
    """Return a table in Markdown; the currency stands beside the amounts instead of in a column of its own."""
    listed = list(rows)
    if not listed:
        return []
    columns = [name for name in listed[0] if name not in hidden and name not in UNITS[:2]]
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [
        " | ".join(_cell(name, row[name], unit) for name in columns)
        for row, unit in ((row, unit_of(row)) for row in listed)
    ]
    return [f"| {line} |" for line in lines]


def plain_table(envelope: Mapping[str, Any]) -> list[str]:
    """Return the rows as a table in Markdown with every value as it is: nothing is rounded, moved or left out."""
    if not envelope["columns"]:
        return []
    lines = [envelope["columns"], ["---"] * len(envelope["columns"]), *envelope["rows"]]
    return ["| " + " | ".join(_plain_cell(value) for value in line) + " |" for line in lines]


def document(envelope: Mapping[str, Any], headline: str, *parts: list[str]) -> str:
    """Return the whole text: headline, parts, then what the answer rests on and what is missing."""
    blocks = [[headline], *parts, standing(envelope)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def standing(envelope: Mapping[str, Any]) -> list[str]:
    """Return how old the answer is, what it covers, what is missing and what else there is to know."""
    scopes = envelope["scopes"]
    lines = [f"As of {envelope['as_of']}."] if envelope["as_of"] else []
    if scopes["included_count"]:
        more = ", …" if scopes["included_count"] > len(scopes["included"]) else ""
        lines.append(f"Covers {scopes['included_count']} subscriptions: {', '.join(scopes['included'])}{more}.")
    if scopes["missing_count"]:
        lines.append(f"MISSING ({scopes['missing_count']}), so the answer is not complete:")
        lines += [_missing(scope) for scope in scopes["missing"]]
    if envelope["open_days"]:
        days = envelope["open_days"]
        lines.append(f"Azure may still change the figures of {days['start']} to {days['end']}.")
    return lines + [f"Note: {note}" for note in envelope["notes"]]


def _missing(scope: Mapping[str, Any]) -> str:
    place = scope["name"] if scope["name"] == scope["scope_id"] else f"{scope['name']} ({scope['scope_id']})"
    reason = f": {scope['reason']}" if scope["reason"] else ""
    next_step = f" Next step: {scope['next_step']}" if scope["next_step"] else ""
    return f"- {place}, {scope['outcome']}{reason}{next_step}"


def _cell(name: str, value: Any, currency: str | None) -> str:
    match value:
        case None:
            return "-"
        case str() if name in MONEY or AMOUNT.match(name):
            return money(value, currency)
        case str() if name.endswith("_per_unit"):
            return f"{plain(Decimal(value))} {currency}" if currency else value
        case str() if name == "evidence":
            value = _evidence(value)
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case list():
            value = ", ".join(str(item) for item in value)
    text = str(value).replace("|", "\\|")
    return text if len(text) <= 2 * CELL_LENGTH else text[: 2 * CELL_LENGTH] + CUT


def _plain_cell(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(_plain_cell(item) for item in value)
        case _:
            return str(value).replace("|", "\\|")


def _evidence(text: str) -> str:
    """Return the evidence of a finding as name=value, without what is unknown."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    if not isinstance(parsed, dict):
        return text
    return ", ".join(f"{name}={value}" for name, value in parsed.items() if value is not None)
