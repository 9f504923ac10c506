"""Each finding lives in the ledger from first seen to gone; it is compared with the findings as a lake is published.

What is gone must be known to be: a finding of which the listing beneath was cut short, that cannot be judged, or whose
check is left out for now, or withheld because metrics were switched off, stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from finops_lake.lake.connection import connect_reader
from finops_lake.lake.findings import find
from finops_lake.lake.names import KEPT_FINDINGS

STATUSES = ("accepted", "done", "dismissed", "open")

_FOUND = "found_findings"
_KEPT = (
    "finding_id, check_name, severity, category, action, resource_id, sub_account_id, x_resource_group_name,"
    " resource_name, region_id, tags, saved_resource_id, billing_currency, saving_source, monthly_saving,"
    " counted_saving, verdict"
)
_ALL_FOUND = "all_findings"
_FOUND_SQL = f"""create temp table {_FOUND} as
select {_KEPT}, reason from {_ALL_FOUND}
qualify row_number() over (
    partition by finding_id order by verdict = 'waste' desc, monthly_saving desc nulls last
) = 1"""
_SEEN = f"(select * from {_FOUND} where verdict in ('waste', 'excluded'))"
_LATEST = ("billing_currency", "saving_source", "monthly_saving", "counted_saving", "verdict", "tags", "severity")

_GONE_SQL = f"""update meta.ledger as kept
set gone_at = $now, gone_because = gone.because
from (
    select
        ledger.finding_id,
        case
            when found.reason is not null then found.reason
            when resources.resource_id is null and not ledger.is_of_the_bill then 'The resource is gone.'
            else 'The check no longer finds it.'
        end as because,
    from (select *, resource_id not like '/subscriptions/%' as is_of_the_bill from meta.ledger) as ledger
    left join {_FOUND} as found using (finding_id)
    left join marts.audited_resources as resources on ledger.resource_id = resources.resource_id
    where
        ledger.gone_at is null
        and coalesce(found.verdict, 'not_applicable') = 'not_applicable'
        and exists (select 1 from meta.headers where view_name = 'audits.' || ledger.check_name)
        and not exists (
            select 1
            from meta.headers as needs
            anti join marts.metric_subscriptions as measured on ledger.sub_account_id = measured.sub_account_id
            where needs.view_name = 'audits.' || ledger.check_name and needs.key = 'needs' and needs.value = 'metrics'
        )
        and not exists (
            select 1
            from meta.lineage as lineage
            inner join meta.chunks as chunks using (table_name)
            where
                lineage.view_name = 'audits.' || ledger.check_name
                and chunks.month is null
                and chunks.scope_id in (ledger.sub_account_id, '/')
                and chunks.last_success_at is not null
                and not chunks.is_complete
        )
) as gone
where kept.finding_id = gone.finding_id and kept.gone_at is null"""

_STATEMENTS = (
    "delete from meta.audit_runs where audited_at >= date_trunc('day', $now::timestamptz)",
    "insert into meta.audit_runs values ($now)",
    f"""update meta.ledger as kept
set last_seen_at = $now, {", ".join(f"{name} = found.{name}" for name in _LATEST)}
from {_SEEN} as found
where kept.finding_id = found.finding_id and kept.gone_at is null""",
    _GONE_SQL,
    f"""insert into meta.ledger by name
select {_KEPT}, monthly_saving as first_saving, $now::timestamptz as first_seen_at, $now::timestamptz as last_seen_at
from {_SEEN} as found
anti join (select finding_id from meta.ledger where gone_at is null) as open using (finding_id)""",
    f"""insert into meta.ledger_savings by name
select found.finding_id, $now::timestamptz as known_at, found.monthly_saving, found.billing_currency
from {_SEEN} as found
left join (
    select finding_id, true as is_known, arg_max_null(monthly_saving, known_at) as monthly_saving,
        arg_max_null(billing_currency, known_at) as billing_currency,
    from meta.ledger_savings
    group by finding_id
) as known using (finding_id)
where
    known.is_known is null
    or known.monthly_saving is distinct from found.monthly_saving
    or known.billing_currency is distinct from found.billing_currency""",
)


def look(path: Path, today: datetime) -> pa.Table:
    """Return the rows of marts.findings of a closed lake file, read in a connection that can do nothing but read it."""
    connection = connect_reader(path)
    try:
        return find(connection.cursor, today.date())
    finally:
        connection.close()


def note(connection: duckdb.DuckDBPyConnection, found: pa.Table, now: datetime) -> None:
    """Bring the ledger up to date with all findings, as of `now` (UTC), and keep them; call it in a transaction.

    What is kept spares readers planning every check, as long as nothing newer is known. After an error it is the
    rollback that clears away what is made on the way: any statement before that would fail, and hide the error.
    """
    connection.register(_ALL_FOUND, found)
    connection.execute(_FOUND_SQL)
    for statement in _STATEMENTS:
        given = {"now": now} if "$now" in statement else None
        connection.execute(statement, given)
    connection.execute("create schema if not exists kept")
    connection.execute(f"create or replace table {KEPT_FINDINGS} as from {_ALL_FOUND}")
    said = "Rows of marts.findings as the refresh found them that published the lake; marts.findings looks anew."
    connection.execute(f"comment on table {KEPT_FINDINGS} is '{said}'")
    connection.execute(f"drop table temp.{_FOUND}")
    connection.unregister(_ALL_FOUND)


def mark(
    connection: duckdb.DuckDBPyConnection,
    finding_ids: Sequence[str],
    status: str,
    owner: str | None,
    words: str | None,
    now: datetime,
) -> None:
    """Write down what somebody says of findings; owner and note of before stay where none is given."""
    for finding_id in finding_ids:
        connection.execute(
            "insert into meta.ledger_marks select $id, $status,"
            " coalesce($owner, (select arg_max(owner, marked_at) from meta.ledger_marks where finding_id = $id)),"
            " coalesce($note, (select arg_max(note, marked_at) from meta.ledger_marks where finding_id = $id)), $now",
            {"id": finding_id, "status": status, "owner": owner, "note": words, "now": now},
        )
