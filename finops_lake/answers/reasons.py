"""Why the cost of one resource differs between two periods, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")
PLACES = 4
"""Significant digits of quantities and prices in words; the amounts beside them are exact."""

Row = Mapping[str, Any]

EFFECTS: Mapping[str, str] = {
    "new_cost": "new",
    "gone_cost": "gone",
    "quantity_effect": "quantity",
    "price_effect": "price",
    "mix_effect": "mix",
    "changed_cost": "changed",
    "purchase_effect": "purchases",
    "refund_effect": "refunds",
    "unused_effect": "unused commitments",
    "other_effect": "rounding and tax",
}
"""The effects of a change, which add up to it, and what each is called."""


def reason_of(row: Row) -> str:
    """Return the reasons of a row of marts.cost_changes at level resource: the largest effect first, at most three."""
    effects = sorted((name for name in EFFECTS if row[name]), key=lambda name: -abs(row[name]))
    words = [_WORDS[name](row) for name in effects[:3]]
    return "; ".join(word for word in words if word) or "Its parts cancel each other out."


def _new(row: Row) -> str:
    return f"new: {row['new_cost']:.2f} of usage that was not charged before, since {row['first_date']}"


def _gone(row: Row) -> str:
    return f"gone: {-row['gone_cost']:.2f} of usage that is not charged any more, last on {row['last_date']}"


def _quantity(row: Row) -> str:
    more = "more" if row["quantity_effect"] > 0 else "less"
    before, now = row["base_quantity"], row["period_quantity"]
    if not before or now is None:
        return f"{more} was used ({_signed(row['quantity_effect'])})"
    share = _percent(now - before, before)
    return (
        f"{share} {more} used: {_short(before)} to {_short(now)} {row['consumed_unit']} "
        f"({_signed(row['quantity_effect'])})"
    )


def _price(row: Row) -> str:
    word = "dearer" if row["price_effect"] > 0 else "cheaper"
    covered = " (now covered by a commitment)" if _is_newly_covered(row) else ""
    expected = row["period_cost"] - row["price_effect"]
    share = f"{_percent(row['price_effect'], expected)} " if expected and not row["mix_effect"] else ""
    return f"{share}{word} per unit{covered} ({_signed(row['price_effect'])})"


def _mix(row: Row) -> str:
    word = "dearer" if row["mix_effect"] > 0 else "cheaper"
    return f"use moved to {word} meters ({_signed(row['mix_effect'])})"


def _changed(row: Row) -> str:
    """Say by days and cost per day what a source without quantities can tell."""
    before, now = row["base_days"], row["period_days"]
    if not before or not now or row["changed_cost"] != row["difference"]:
        return f"changed by {_signed(row['changed_cost'])}, quantities not known"
    daily = [(row["base_cost"] / before).quantize(CENT), (row["period_cost"] / now).quantize(CENT)]
    per_day = f"{daily[1]} a day as before" if daily[0] == daily[1] else f"{daily[1]} a day instead of {daily[0]}"
    days = "" if before == now else f", on {now} days instead of {before}"
    return f"{per_day}{days} (quantities not known)"


def _kind(name: str, more: str, less: str) -> Callable[[Row], str]:
    return lambda row: f"{more if row[name] > 0 else less} ({_signed(row[name])})"


_WORDS: Mapping[str, Callable[[Row], str]] = {
    "new_cost": _new,
    "gone_cost": _gone,
    "quantity_effect": _quantity,
    "price_effect": _price,
    "mix_effect": _mix,
    "changed_cost": _changed,
    "purchase_effect": _kind("purchase_effect", "more was bought", "less was bought"),
    "refund_effect": _kind("refund_effect", "less was given back", "more was given back"),
    "unused_effect": _kind("unused_effect", "more of a commitment was unused", "less of a commitment was unused"),
    "other_effect": _kind("other_effect", "rounding and tax", "rounding and tax"),
}


def _is_newly_covered(row: Row) -> bool:
    return bool(row["period_committed_days"]) and not row["base_committed_days"]


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{abs(part) / abs(whole) * 100:.1f} %"


def _signed(amount: Decimal) -> str:
    return f"{amount:+.2f}"


def _short(value: Decimal) -> str:
    """Return a quantity with a few significant digits, without an exponent."""
    if not value:
        return "0"
    digits = max(PLACES - 1 - value.adjusted(), 0)
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
