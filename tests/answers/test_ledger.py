"""A finding lives from first seen to gone, and its bill says what was really saved."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.answers.ledger import LedgerQuestion, answer_ledger
from finops_lake.errors import Outcome
from finops_lake.lake.connection import connect_writer
from finops_lake.lake.ledger import look, note
from finops_lake.lake.load import transaction
from finops_lake.lake.reader import LakeReader
from tests.answers.audited import NOW, Lake, Row, charge, disk

GOES, GROWS, COMES = disk("goes"), disk("grows"), disk("comes")
DAY = timedelta(days=1)


def daily(of: Row, cost: str, first: date, last: date) -> list[Row]:
    return [charge(of, cost, day=first + DAY * number) for number in range((last - first).days + 1)]


def ledger(lake: LakeReader, columns: str = "resource_name, state") -> list[tuple[Any, ...]]:
    return lake.query(f"select {columns} from marts.savings_ledger order by first_seen_at, resource_name").rows


def test_what_goes_wrong_while_findings_are_noted_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    home.fill([GOES], daily(GOES, "1", date(2026, 11, 1), NOW.date())).close()
    path = home.warehouse.files.warehouse
    found = look(path, NOW)
    connection = connect_writer(path)
    try:
        with pytest.raises(duckdb.BinderException, match="action"), transaction(connection):
            note(connection, found.drop_columns(["action"]), NOW)
        with transaction(connection):
            note(connection, found, NOW)
        assert connection.execute("select resource_name from meta.ledger").fetchall() == [("goes",)]
    finally:
        connection.close()


def test_a_finding_lives_from_first_seen_to_gone_and_its_saving_is_proven(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    october, today = date(2026, 10, 1), NOW.date()
    before = daily(GOES, "1", october, today) + daily(GROWS, "2", october, today)
    lake = home.fill([GOES, GROWS], before, audited=True)
    assert ledger(lake) == [("goes", "open"), ("grows", "open")]
    assert answer_audit(lake, AuditQuestion(checks=("disks",), budgets=False)).sections["changes"] is None
    lake.close()

    lake = home.fill([GROWS], before, later=DAY, outcome=Outcome.PARTIAL, audited=True)
    assert ledger(lake) == [("goes", "open"), ("grows", "open")], "cut off is not gone"
    lake.close()

    dearer = [*before, charge(GROWS, "20", day=date(2026, 11, 20)), charge(COMES, "5", day=date(2026, 11, 20))]
    lake = home.fill([GROWS, COMES], dearer, later=DAY, audited=True)
    assert ledger(lake) == [("goes", "gone"), ("grows", "open"), ("comes", "open")]
    changes = answer_audit(lake, AuditQuestion(checks=("disks",), budgets=False)).sections["changes"]
    assert changes["counts"] == {"new": 1, "gone": 1, "grown": 1}
    told = {row["event"]: (row["resource_name"], row["saving_before"], row["saving_now"]) for row in changes["rows"]}
    assert told == {"gone": ("goes", 30, 30), "grown": ("grows", 60, 80), "new": ("comes", None, 5)}
    since = answer_audit(lake, AuditQuestion(checks=("disks",), budgets=False, since=today)).sections["changes"]
    assert since["since_at"] == NOW
    none = answer_audit(lake, AuditQuestion(checks=("disks",), budgets=False, resource_groups=("x",)))
    assert none.sections["changes"]["counts"] == {"new": 0, "gone": 0, "grown": 0}
    lake.close()

    (gone,) = [row[0] for row in ledger(lake, "finding_id, state") if row[1] == "gone"]
    with home.warehouse.lock(0):
        with home.warehouse.open():
            assert home.warehouse.mark_findings([gone, "unknown"], "done", None, None) == ["unknown"]
            assert home.warehouse.mark_findings([gone], "done", "Ada", "deleted") == []
        home.warehouse.publish()
    kept = [*before, *daily(GROWS, "2", today + DAY, today + 40 * DAY)]
    lake = home.fill([GROWS, COMES], kept, later=40 * DAY, audited=True)
    row = dict(
        zip(
            *(lambda answer: (answer.columns, answer.rows[0]))(answer_ledger(lake, LedgerQuestion((gone,)))),
            strict=True,
        )
    )
    assert (row["state"], row["status"], row["owner"], row["note"]) == ("gone", "done", "Ada", "deleted")
    assert row["gone_because"] == "The resource is gone."
    assert (row["cost_before"], row["observed_days"], row["cost_after"], row["realized_saving"]) == (30, 30, 0, 30)
    months = answer_ledger(lake, LedgerQuestion(by_month=True)).rows
    assert months == (
        (date(2026, 11, 1), "Ada", "EUR", 1, Decimal(30), 1, Decimal(30), 1, Decimal(30)),
        (date(2026, 11, 1), None, "EUR", 1, Decimal(60), 0, None, 0, None),
        (date(2026, 11, 1), None, None, 1, None, 0, None, 0, None),
    )
    lake.close()


def test_a_dismissed_finding_counts_as_excluded_until_it_is_open_again(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    lake = home.fill([GOES, GROWS], [charge(GOES, "10"), charge(GROWS, "20")], audited=True)
    names = dict(ledger(lake, "resource_name, finding_id"))
    for status, verdict, total in (("dismissed", "excluded", 20), ("open", "waste", 30)):
        lake.close()
        home.now += DAY
        with home.warehouse.lock(0):
            with home.warehouse.open():
                home.warehouse.mark_findings([names["goes"]], status, "Ada", "kept on purpose")
            home.warehouse.publish()
        lake = LakeReader(home.home)
        rows = lake.query(
            "select finding_id, verdict, excluded_because from marts.findings where resource_name = 'goes'"
        )
        because = "Dismissed: kept on purpose." if status == "dismissed" else None
        assert rows.rows == [(names["goes"], verdict, because)]
        assert lake.query("select sum(counted_saving) from marts.findings").rows == [(total,)]
    assert ledger(lake, "resource_name, status, owner") == [("goes", "open", "Ada"), ("grows", "open", None)]
    lake.close()
