"""What became of findings: the savings ledger, and its sums by month and owner."""

from __future__ import annotations

from dataclasses import dataclass

from finops_lake.answers.answer import Answer
from finops_lake.answers.sqltext import literal
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

STATES = ("open", "gone")
STATUSES = ("accepted", "done", "dismissed")

COLUMNS = (
    "finding_id",
    "state",
    "status",
    "owner",
    "note",
    "check_name",
    "resource_name",
    "monthly_saving",
    "billing_currency",
    "first_seen_at",
    "last_seen_at",
    "gone_at",
    "gone_because",
    "cost_before",
    "observed_days",
    "cost_after",
    "realized_saving",
    "resource_id",
    "sub_account_id",
)
MONTHLY = (
    "month",
    "owner",
    "billing_currency",
    "found",
    "found_saving",
    "gone",
    "gone_saving",
    "proven",
    "realized_saving",
)


@dataclass(frozen=True)
class LedgerQuestion:
    """Which findings: by id, owner, and state (open, gone) or what was said (accepted, done, dismissed)."""

    findings: tuple[str, ...] = ()
    owner: str | None = None
    status: str | None = None
    by_month: bool = False
    limit: int = 100


def answer_ledger(lake: LakeReader, question: LedgerQuestion) -> Answer:
    """Return findings, open and dear ones first, or sums by month and owner; what is said marks contradictions."""
    sql = _sql(question)
    rows = lake.query(sql, max_rows=question.limit)
    ((as_of, lying),) = lake.query(
        "select (select max(audited_at) from meta.audit_runs),"
        " (select count(*) from marts.savings_ledger where state = 'open' and status = 'done'"
        " and last_seen_at > marked_at)"
    ).rows
    notes = [] if as_of else ["There was no audit yet; the ledger begins with the next refresh."]
    if lying:
        notes.append(f"Findings that were said to be done and are still there: {lying}.")
    return Answer(
        columns=MONTHLY if question.by_month else COLUMNS,
        rows=tuple(rows.rows),
        sql=sql,
        as_of=as_of,
        row_count=lake.query(f"select count(*) from ({sql})").rows[0][0] if rows.truncated else len(rows.rows),
        truncated=rows.truncated,
        metric="monthly_saving",
        notes=tuple(notes),
    )


def _sql(question: LedgerQuestion) -> str:
    if question.by_month:
        owner = f"\nwhere owner = {literal(question.owner)}" if question.owner else ""
        return (
            f"select {', '.join(MONTHLY)}\nfrom marts.savings_ledger_monthly{owner}\n"
            "order by month desc, owner, billing_currency"
        )
    conditions = []
    if question.findings:
        conditions.append(f"finding_id in ({', '.join(literal(one) for one in question.findings)})")
    if question.owner:
        conditions.append(f"owner = {literal(question.owner)}")
    if question.status:
        if question.status not in (*STATES, *STATUSES):
            raise InputError("status", question.status, f"allowed are {', '.join((*STATES, *STATUSES))}")
        column = "state" if question.status in STATES else "status"
        conditions.append(f"{column} = {literal(question.status)}")
    where = "\nwhere " + " and ".join(conditions) if conditions else ""
    return (
        f"select {', '.join(COLUMNS)}\nfrom marts.savings_ledger{where}\n"
        "order by state desc, monthly_saving desc nulls last, check_name, resource_id, first_seen_at"
    )
