"""Listings of resources as tables: each column says where it lies in Azure's JSON, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from finops_lake.extract.arrow import (
    AMOUNT,
    INSTANT,
    amount,
    as_json,
    billing_month,
    count,
    day,
    flag,
    instant,
    money,
    pick,
    readable,
    text,
    whole,
)
from finops_lake.source import Source

TYPES: Mapping[Any, pa.DataType] = {
    amount: AMOUNT,
    billing_month: pa.date32(),
    count: pa.int64(),
    day: pa.date32(),
    flag: pa.bool_(),
    instant: INSTANT,
    money: AMOUNT,
    whole: pa.int64(),
}
"""The Arrow type that a conversion gives; text where it is not named."""


@dataclass(frozen=True)
class Column:
    """A column: its name, its dotted path in an item, what it means, and how its JSON value is converted."""

    name: str
    path: str
    comment: str
    convert: Callable[[Any], Any] = text


ID = Column("id", "id", "ARM id as Azure writes it (case varies).")
NAME = Column("name", "name", "Name as Azure writes it.")
LOCATION = Column("location", "location", "Region.")
ZONES = Column("zones", "zones", "JSON list of availability zones.", as_json)
TAGS = Column("tags", "tags", "JSON object of its own tags.", as_json)
TIME_CREATED = Column("time_created", "properties.timeCreated", "Instant of creation (UTC).", instant)
PROVISIONING_STATE = Column("provisioning_state", "properties.provisioningState", "State of the last change.")


def listing_source(table: str, comment: str, max_age: timedelta, columns: Sequence[Column], **asked: Any) -> Source:
    """Return the source of a listing whose rows are known by their id; `asked` says of whom, as in Source."""
    return Source(
        table=table,
        comment=comment,
        schema=pa.schema([(column.name, TYPES.get(column.convert, pa.string())) for column in columns]),
        key=("id",),
        max_age=max_age,
        columns={column.name: column.comment for column in columns},
        remembers=True,
        **asked,
    )


def listing(items: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> pa.Table:
    """Return one row per item; what an item does not have is null."""
    rows = list(items)
    return pa.table({column.name: _values(rows, column) for column in columns})


def _values(rows: Sequence[Mapping[str, Any]], column: Column) -> pa.Array:
    with readable(column.path):
        values = [column.convert(pick(item, column.path)) for item in rows]
        return pa.array(values, TYPES.get(column.convert, pa.string()))
