"""Amounts of money as people write them: 100, 100.50 or 100 EUR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from finops_lake.errors import InputError

_NUMBER, _CODE = r"\d{1,14}(?:\.\d{1,24})?", r"[A-Za-z]{3}"
_WRITTEN = re.compile(rf"(?P<amount>{_NUMBER})\s*(?P<currency>{_CODE})?|(?P<first>{_CODE})\s*(?P<then>{_NUMBER})")


@dataclass(frozen=True)
class Amount:
    """An amount of 0 or more; `currency` None: whatever the currency of what it is compared with."""

    value: Decimal
    currency: str | None = None

    def __str__(self) -> str:
        return f"{self.value:f} {self.currency}" if self.currency else f"{self.value:f}"


def read_amount(field: str, given: str | int | float | Decimal) -> Amount:
    """Return an amount given as a number or a text; InputError names the field."""
    text = format(given, "f") if isinstance(given, Decimal) else repr(given) if isinstance(given, float) else str(given)
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or isinstance(given, bool):
        raise InputError(field, given, "an amount of 0 or more is needed, such as 100 or '100 EUR'")
    currency = found["currency"] or found["first"]
    return Amount(Decimal(found["amount"] or found["then"]), currency.upper() if currency else None)
