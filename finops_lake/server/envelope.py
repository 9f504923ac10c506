"""The output schemas: every answer is one envelope, with a few sections of its own per tool."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

Cell = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "null"},
            ]
        }
    ),
]


class Span(BaseModel):
    """UTC days, both inclusive."""

    start: str
    end: str


class Missing(BaseModel):
    """A scope that is not in the answer, why, and what to do."""

    scope_id: str
    name: str
    outcome: str
    reason: str | None
    next_step: str | None


class ScopesSection(BaseModel):
    """The scopes the answer looked at; long lists are cut, the counts are whole."""

    included_count: int
    included: list[str]
    missing_count: int
    missing: list[Missing]


class Envelope(BaseModel):
    """Rows and what they rest on. Amounts are exact decimals as text, in the currency of their row."""

    columns: list[str]
    rows: Annotated[list[list[Cell]], Field(description="Cells in the order of columns; unknown is null.")]
    row_count: Annotated[int, Field(description="Rows there are, also those cut off.")]
    truncated: bool
    totals: Annotated[list[dict[str, Any]], Field(description="One per currency, over all rows; never add them.")]
    metric: str | None
    currency: Annotated[str | None, Field(description="Set when all amounts share it.")]
    currencies: list[str]
    period: Span | None
    as_of: Annotated[str | None, Field(description="UTC instant of the oldest load the rows rest on.")]
    scopes: ScopesSection
    open_days: Annotated[Span | None, Field(description="Days whose figures Azure may still change.")]
    notes: list[str]
    sql: Annotated[str, Field(description="What gave the rows; runs as it stands in query_lake and the DuckDB shell.")]


class CostAnswer(Envelope):
    """What it cost."""

    compared_period: Annotated[Span | None, Field(description="The period compared with, if any.")]


class ComparisonSection(BaseModel):
    """The two periods; per_day only where their lengths differ, rounded to cents."""

    how: str
    base: Span
    base_days: int
    period: Span
    period_days: int
    per_day: list[dict[str, Any]]


class ChangeAnswer(Envelope):
    """Why it changed."""

    comparison: ComparisonSection
    other: Annotated[list[dict[str, Any]], Field(description="Sums of the groups not listed, one per currency.")]
    resources: Annotated[list[dict[str, Any]], Field(description="The resources whose cost changed most, and why.")]
    restated: Annotated[
        list[dict[str, Any]] | None,
        Field(description="Part of either period's cost that was restated after it was first known; null: not asked."),
    ]


class AnomalyAnswer(Envelope):
    """What is unusual."""

    looked_at: Annotated[int, Field(description="Services of subscriptions with a charge in the period.")]
    first_seen: Annotated[list[dict[str, Any]], Field(description="Regions and meters first seen in ten weeks.")]
    one_offs: Annotated[list[dict[str, Any]], Field(description="The largest purchases and refunds: no anomalies.")]
    muted: Annotated[list[dict[str, Any]], Field(description="Anomalies muted by mutes.toml, in no total.")]


class ForecastAnswer(Envelope):
    """What it will cost."""

    last_complete_day: Annotated[str | None, Field(description="The forecast is made from days up to it.")]


class CheckSection(BaseModel):
    """What one check looked at and found."""

    check_name: str
    title: str | None
    description: str | None
    severity: str
    category: str
    looked_at: int
    waste: int | None
    not_priced: int | None
    undetermined: int | None
    not_applicable: int | None
    excluded: int | None
    withheld: Annotated[str | None, Field(description="Why it says nothing; counts are null then, not 0.")] = None
    fix: str | None = None


class AuditAnswer(Envelope):
    """What is wasted."""

    checks: list[CheckSection]
    exclusions: Annotated[
        list[dict[str, Any]], Field(description="The user's exclusions: how many findings each matches, if it holds.")
    ] = []
    changes: Annotated[
        dict[str, Any] | None,
        Field(description="New, gone and grown findings since an earlier audit (since_at); null: there was none."),
    ] = None
    budgets: Annotated[list[dict[str, Any]], Field(description="Budgets exceeded or at risk.")] = []


class BudgetAnswer(Envelope):
    """Where budgets stand."""

    counts: Annotated[dict[str, int], Field(description="Budgets by status.")]
    overlaps: Annotated[list[dict[str, Any]], Field(description="Pairs of budgets that count the same charges.")]
    unbudgeted: Annotated[
        list[dict[str, Any]], Field(description="Spend of this month and the last that no budget counts, or may not.")
    ]


class CommitmentAnswer(Envelope):
    """Where reservations and savings plans stand."""

    counts: Annotated[dict[str, int], Field(description="Rows there are of each kind, also those not given.")]
    coverage: Annotated[
        list[dict[str, Any]], Field(description="Covered of coverable usage, by subscription and service.")
    ]
    offers: Annotated[
        list[dict[str, Any]], Field(description="What to buy; amounts for 30 days; alternatives share a key.")
    ]
    hybrid_benefit: Annotated[
        list[dict[str, Any]], Field(description="Eligible resources; licence_cost is of 30 complete days.")
    ]


class CoverageAnswer(Envelope):
    """How far tags cover the cost."""

    spellings: Annotated[list[dict[str, Any]], Field(description="Values, or keys, that differ in spelling only.")]
    untagged: Annotated[list[dict[str, Any]], Field(description="The dearest resources to tag, and what they lack.")]
    untaggable: Annotated[list[dict[str, Any]], Field(description="What cannot carry a tag, by type or service.")]


class ProgressSection(BaseModel):
    """Pieces done of those planned so far, and what a refresh just did or waits for."""

    done: int
    total: int
    message: str


class RefreshAnswer(Envelope):
    """What a refresh did so far."""

    running: Annotated[bool, Field(description="Whether it still runs in the background.")]
    progress: ProgressSection
    counts: Annotated[dict[str, int], Field(description="Pieces by outcome.")]
    left: int | None
    generation: Annotated[int | None, Field(description="What was published; null if nothing new was.")]


class StatusAnswer(Envelope):
    """What the lake holds."""

    lake: Annotated[dict[str, str], Field(description="Origin, version and age of the lake; empty: no lake yet.")]
    months: Annotated[dict[str, Any], Field(description="Months of cost held.")]
    refresh: Annotated[ProgressSection | None, Field(description="The refresh running in this server, if any.")]
    schedule: Annotated[
        list[dict[str, Any]], Field(description="Scheduled jobs: tables, last run and its outcome, next run (UTC).")
    ]
    calls: Annotated[dict[str, Any], Field(description="Calls to Azure in 24 hours, and the share Azure throttled.")]
    alerts: Annotated[dict[str, int], Field(description="Alert rules, and alerts waiting or failed to be sent.")]


class QueryAnswer(Envelope):
    """What a SELECT gave, or a further page of it."""

    types: Annotated[list[str], Field(description="DuckDB type of each column.")]
    is_complete: Annotated[bool, Field(description="False: the result itself was cut; see notes.")]
    offset: Annotated[int, Field(description="Place of the first row given, from 0.")]
    next_offset: Annotated[int | None, Field(description="Where the next page begins; null at the end.")]
    result_id: Annotated[str | None, Field(description="Give it with offset to read on; null: nothing is left.")]


class TableSection(BaseModel):
    """A table, view or table macro in detail."""

    name: str
    kind: Annotated[str, Field(description="table, view, or macro: called with arguments.")]
    description: str | None
    grain: str | None
    row_count: Annotated[int | None, Field(description="null: a macro, or counting took too long.")]
    parameters: Annotated[dict[str, str], Field(description="What the arguments of a macro mean, in their order.")]
    raw_tables: Annotated[list[str], Field(description="Raw tables beneath it.")]
    examples: Annotated[list[str], Field(description="Queries that run as they stand.")]


class DescribeAnswer(Envelope):
    """What can be asked in SQL."""

    table: Annotated[TableSection | None, Field(description="Set when one table was asked for.")]
