"""What the lake holds: each raw table's age and rows, and which scopes could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from finops_lake.answers.answer import Answer, MissingScope, Scopes
from finops_lake.lake.reader import LakeReader

COLUMNS = (
    "table_name",
    "comment",
    "oldest_success_at",
    "is_stale",
    "scopes_loaded",
    "scopes_missing",
    "row_count",
)

SQL = """select table_name, comment, oldest_success_at, max_age_seconds, scopes_loaded, scopes_missing, row_count
from meta.freshness
order by table_name"""

MISSING_SQL = """select scopes.scope_id, coalesce(subscriptions.sub_account_name, scopes.scope_id), scopes.outcome,
    scopes.table_name || ': ' || coalesce(scopes.reason, 'not complete'), scopes.next_step
from meta.scopes as scopes
left join marts.subscriptions as subscriptions on scopes.scope_id = subscriptions.sub_account_id
where scopes.is_asked and (scopes.outcome <> 'loaded' or scopes.missing_chunks > 0)
order by all"""

COST_SOURCES_SQL = """select coalesce(source, 'files only'), count(*), reason, not_given
from meta.cost_sources
group by all
order by count(*) desc, reason"""

MONTHS_SQL = """select min(billing_month), max(billing_month), count(distinct billing_month),
    count(*) filter (where month_status = 'missing')
from marts.cost_months"""


def answer_status(lake: LakeReader, now: datetime, max_age_seconds: float | None = None) -> Answer:
    """Return one row per raw table; a table is stale when its oldest scope is older than its maximal age.

    Of a table that is asked for nowhere (`is_stale` null) nothing is due.
    """
    rows = [_row(row, now, max_age_seconds) for row in lake.recall(SQL).rows]
    missing = tuple(MissingScope(*row) for row in lake.recall(MISSING_SQL).rows)
    included = lake.recall("select sub_account_name from marts.subscriptions where is_visible order by all").rows
    loaded = [row[2] for row in rows if row[2] is not None]
    return Answer(
        columns=COLUMNS,
        rows=tuple(rows),
        sql=SQL,
        as_of=min(loaded, default=None),
        row_count=len(rows),
        scopes=Scopes(tuple(row[0] for row in included), missing),
        notes=tuple(_cost_sources(lake)),
        sections={"lake": _facts(lake), "months": _months(lake)},
    )


def answer_no_lake(why: str) -> Answer:
    """Return the status where there is no lake yet: nothing, and why."""
    return Answer(
        columns=COLUMNS,
        rows=(),
        sql="",
        as_of=None,
        row_count=0,
        notes=(why,),
        sections={"lake": {}, "months": {}},
    )


def origin_in_words(facts: Mapping[str, str]) -> str:
    """Return which Azure the lake was filled from, by the facts of its status."""
    origin = facts.get("origin", "somewhere unknown")
    return "a local Azure (demo data)" if origin == "loopback" else origin


def _cost_sources(lake: LakeReader) -> Iterator[str]:
    """Yield for each source of cost how many scopes it is asked of, why, and what it cannot tell."""
    for source, count, reason, not_given in lake.recall(COST_SOURCES_SQL).rows:
        scopes = f"{count} scope{'s' if count > 1 else ''}"
        gap = f" It cannot tell: {not_given}." if not_given else ""
        yield f"Cost of {scopes} by {source} ({reason}).{gap}"


def _row(row: tuple[Any, ...], now: datetime, max_age_seconds: float | None) -> tuple[Any, ...]:
    table, comment, oldest, own_max_age, loaded, missing, count = row
    limit = timedelta(seconds=own_max_age if max_age_seconds is None else max_age_seconds)
    is_stale = None if not loaded and not missing else oldest is None or now - oldest > limit
    return table, comment, oldest, is_stale, loaded, missing, count


def _facts(lake: LakeReader) -> dict[str, str]:
    wanted = ("origin", "package_version", "created_at", "published_at", "generation")
    facts: dict[str, str] = dict(lake.recall("select key, value from meta.lake").rows)
    return {key: facts[key] for key in wanted if key in facts}


def _months(lake: LakeReader) -> dict[str, Any]:
    first, last, count, missing = lake.recall(MONTHS_SQL).rows[0]
    return {"first": first, "last": last, "count": count, "missing_loads": missing}
