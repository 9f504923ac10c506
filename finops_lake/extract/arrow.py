"""JSON values to Arrow columns: amounts exact, absent and null alike, nothing rounded without a count."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finops_lake.errors import UnreachableError
from finops_lake.source import AMOUNT_PRECISION, AMOUNT_SCALE

AMOUNT = pa.decimal128(AMOUNT_PRECISION, AMOUNT_SCALE)
INSTANT = pa.timestamp("us", tz="UTC")
ENCODED = pa.dictionary(pa.int32(), pa.string())
_SMALLEST = Decimal(1).scaleb(-AMOUNT_SCALE)
_TINY = "[eE]-0*([89]|[1-9][0-9])"
"""Numbers so small that Arrow's cast may make them 0 without a word (measured with 1.9E-83)."""
_PERIOD = re.compile(r"(\d{4})(0[1-9]|1[0-2])\d{0,2}(?:-\d+)?/?$")


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn values that do not have the form Azure documents into one of our errors, so that only their chunk fails."""
    try:
        yield
    except (pa.ArrowException, ValueError, TypeError, ArithmeticError) as error:
        raise UnreachableError(f"Azure's reply has a value for {what} that cannot be read: {error}") from error


def amounts(values: Sequence[object]) -> tuple[pa.Array, int]:
    """Return JSON numbers (as text, int or float) as decimal(38, 24), and how many had more than 24 decimals.

    Those are rounded half-even to 24 decimals; every other value keeps each digit Azure sent.
    """
    array = texts(values)
    if not pc.any(pc.match_substring_regex(array, _TINY)).as_py():
        with suppress(pa.ArrowInvalid):  # more decimals than we keep
            return array.cast(AMOUNT), 0
    written = array.to_pylist()
    exact = [amount(number) for number in written]
    pairs = zip(written, exact, strict=True)
    inexact = sum(Decimal(number) != value for number, value in pairs if number and value is not None)
    return pa.array(exact, AMOUNT), inexact


def texts(values: Sequence[object]) -> pa.Array:
    """Return JSON values (or a column of text, encoded or not) as text, null for null."""
    if isinstance(values, pa.Array):
        return values.cast(pa.string())
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # not all of them are text yet
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def encoded_texts(values: Sequence[object]) -> pa.DictionaryArray:
    """Return JSON values (or a column of text) as text of which each is held once; null for null."""
    encoded = isinstance(values, pa.Array) and values.type == ENCODED
    return values if encoded else texts(values).dictionary_encode()


def amount(value: object) -> Decimal | None:
    """Return one JSON number as an amount, null for null; half-even where it has more than 24 decimals."""
    if value is None or value == "":
        return None
    with localcontext() as context:
        context.prec = 60
        number = Decimal(str(value))
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            raise UnreachableError(f"Azure sent {value!r} where an amount belongs.")
        return number if exponent >= -AMOUNT_SCALE else number.quantize(_SMALLEST, rounding=ROUND_HALF_EVEN)


def instant(value: object) -> datetime | None:
    """Return an ISO instant of Azure (any number of fraction digits, with or without Z) in UTC; null for null."""
    if value is None or value == "":
        return None
    parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def day(value: object) -> date | None:
    """Return the UTC day of an ISO instant or date of Azure."""
    parsed = instant(value)
    return None if parsed is None else parsed.date()


def billing_month(value: object) -> date | None:
    """Return the first day of the period that a billing period's id ends with, such as .../billingPeriods/202609."""
    found = _PERIOD.search(str(value or ""))
    return date(int(found[1]), int(found[2]), 1) if found else None


def as_json(value: object) -> str | None:
    """Return an object or list as JSON text with sorted keys; null when it is absent or empty."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str) if value else None


def pick(item: Mapping[str, Any], path: str) -> Any:
    """Return what lies at a dotted path of a JSON object, None where any step is absent; keys in any case."""
    value: Any = item
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value[key] if key in value else next((v for k, v in value.items() if k.lower() == key.lower()), None)
    return value


def text(value: object) -> str | None:
    """Return a string as it is, anything else as text; null for null and for the empty string."""
    return None if value is None or value == "" else str(value)


def whole(value: object) -> int | None:
    """Return a whole number, null for null."""
    return None if value is None or value == "" else int(str(value))


def flag(value: object) -> bool | None:
    """Return a JSON boolean, also one written as text; null for null."""
    return None if value is None or value == "" else str(value).lower() in ("true", "enabled", "on")


def money(value: object) -> Decimal | None:
    """Return an amount that is a bare number, or stands beside its currency as {"currency", "value"}."""
    return amount(value.get("value")) if isinstance(value, Mapping) else amount(value)


def only(*keys: str) -> Callable[[Any], str | None]:
    """Return a conversion to JSON text that keeps, at any depth, the named keys of objects and nothing else.

    Replies carry keys, certificates and much noise; what is not named is not stored. Empty objects and lists
    become null.
    """
    wanted = {key.lower() for key in keys}
    return lambda value: as_json(_kept(value, wanted))


def count(value: object) -> int | None:
    """Return how many elements a list has, 0 when it is absent."""
    return len(value) if isinstance(value, list) else 0


def _kept(value: Any, wanted: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _kept(item, wanted) for key, item in value.items() if key.lower() in wanted}
    if isinstance(value, list):
        return [_kept(item, wanted) for item in value]
    return value
