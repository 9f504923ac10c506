"""Raw tables that a user's own files fill: business figures, and dated exchange rates."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from finops_lake.extract.arrow import AMOUNT
from finops_lake.source import Source

_MAX_AGE = timedelta(days=3650)  # they are as old as their files: a refresh reads these each time

FIGURES = Source(
    table="business_figures",
    comment="Business figures of the user's files in the folder business.",
    schema=pa.schema(
        [
            ("date", pa.date32()),
            ("metric", pa.string()),
            ("value", AMOUNT),
            ("dimension", pa.string()),
            ("dimension_value", pa.string()),
        ]
    ),
    key=("date", "metric", "dimension", "dimension_value"),
    max_age=_MAX_AGE,
    columns={
        "date": "Day the figure is about; the first of a month for monthly ones.",
        "metric": "What is counted, such as orders.",
        "value": "How many.",
        "dimension": "subscription, service or resource_group; null for the whole.",
        "dimension_value": "Which one of the dimension.",
    },
    scope_kinds=frozenset(),
    remembers=True,
)

RATES = Source(
    table="exchange_rates",
    comment="Dated exchange rates of the user's files in the folder business.",
    schema=pa.schema([("date", pa.date32()), ("from", pa.string()), ("to", pa.string()), ("rate", AMOUNT)]),
    key=("date", "from", "to"),
    max_age=_MAX_AGE,
    columns={
        "date": "Day from which the rate holds, until the next one.",
        "from": "Currency that is converted.",
        "to": "Currency it is converted into.",
        "rate": "What one unit of `from` is worth in `to`.",
    },
    scope_kinds=frozenset(),
    remembers=True,
)

OPTIONAL = ("dimension", "dimension_value")
"""Columns that a file may leave out."""
