"""The small shared memory of one home, beside the warehouse: what its processes must know of each other at once.

`journal.sqlite` holds the spent allowances of Azure's throttles, confirmations ("asked again, nothing changed"),
operations under way at Azure, calls not yet in `meta.api_calls`, runs of the schedule, and what was told of alerts. It
takes a millisecond to write where a publication of the lake takes a second, any process may write it at any time, and
it may be deleted.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from finops_lake.errors import Outcome
from finops_lake.journal.alerts import Alert, AlertBook, Claim, Delivery, Known, alert_of, delivery_of, row_of_alert
from finops_lake.journal.buckets import Buckets
from finops_lake.journal.records import AnswerGiven, ApiCall, Operation, Run, Spend
from finops_lake.journal.store import Store
from finops_lake.source import Chunk, ChunkResult

__all__ = [
    "Alert",
    "AlertBook",
    "AnswerGiven",
    "ApiCall",
    "Buckets",
    "Claim",
    "Delivery",
    "Journal",
    "Known",
    "Operation",
    "Run",
    "Spend",
    "row_of_alert",
]

FILE_NAME = "journal.sqlite"
KEPT_CALLS = 100_000
"""The newest calls that are kept where no write of the lake takes them over."""

KEPT_RUNS = 1_000

_OF_CHUNK = "table_name = ? and scope_id = ? and month = ? and metric = ?"


class Journal:
    """The journal of one home. Cheap to make; any thread and any process may use it at any time.

    Writing raises StorageError when the home cannot be written; reading where there is no journal finds nothing.
    """

    def __init__(self, home: Path) -> None:
        self._store = Store(home / FILE_NAME)

    @contextlib.contextmanager
    def buckets(self) -> Iterator[Buckets]:
        """Give the throttle's buckets, alone among all processes; what is done inside is kept as a whole."""
        with self._store.transaction() as connection:
            yield Buckets(connection)

    def confirm(self, results: Iterable[ChunkResult]) -> None:
        """Note that these chunks were asked for and gave what the lake holds; the newest note of each counts."""
        rows = [(*_key(one.chunk), one.finished_at.isoformat(), _dumped(one)) for one in results]
        with self._store.transaction() as connection:
            connection.executemany("insert or replace into confirmations values (?, ?, ?, ?, ?, ?)", rows)

    def confirmations(self) -> tuple[ChunkResult, ...]:
        """Return the confirmations that are not in `meta.loads` yet, the oldest first."""
        rows = self._read("select result from confirmations order by finished_at")
        return tuple(_result_of(json.loads(row[0])) for row in rows)

    def forget_confirmations(self, results: Iterable[ChunkResult]) -> None:
        """Forget confirmations that `meta.loads` has now; newer ones of the same chunk stay."""
        rows = [(*_key(one.chunk), one.finished_at.isoformat()) for one in results]
        with self._store.transaction() as connection:
            connection.executemany(f"delete from confirmations where {_OF_CHUNK} and finished_at <= ?", rows)

    def remember_operation(self, operation: Operation) -> None:
        """Keep an operation of a chunk, in place of an earlier one."""
        started, finished = operation.started_at.isoformat(), _text(operation.finished_at)
        row = (*_key(operation.chunk), operation.location, started, finished, operation.outcome)
        with self._store.transaction() as connection:
            connection.execute("insert or replace into operations values (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def finish_operation(self, operation: Operation, at: datetime, outcome: str) -> None:
        """Keep that an operation ended, so that none like it is started again too soon."""
        self.remember_operation(replace(operation, finished_at=at, outcome=outcome))

    def operation(self, chunk: Chunk) -> Operation | None:
        """Return the newest operation of a chunk, pending or finished."""
        columns = "location, started_at, finished_at, outcome"
        rows = self._read(f"select {columns} from operations where {_OF_CHUNK}", _key(chunk))
        return _operation_of(chunk, *rows[0]) if rows else None

    def forget_operation(self, chunk: Chunk) -> None:
        """Forget the operation of a chunk, such as one that Azure no longer knows."""
        with self._store.transaction() as connection:
            connection.execute(f"delete from operations where {_OF_CHUNK}", _key(chunk))

    def note_calls(self, calls: Iterable[ApiCall]) -> None:
        """Keep calls until the next write of the lake takes them over (the newest 100,000)."""
        rows = [(json.dumps(asdict(call), default=_plain),) for call in calls]
        with self._store.transaction() as connection:
            connection.executemany("insert into api_calls (call) values (?)", rows)
            newest = "(select max(call_id) from api_calls)"
            connection.execute(f"delete from api_calls where call_id <= {newest} - ?", [KEPT_CALLS])

    def calls(self) -> tuple[int, tuple[ApiCall, ...]]:
        """Return the number of the newest call kept (0: none), and all calls, the oldest first."""
        rows = self._read("select call_id, call from api_calls order by call_id")
        return (rows[-1][0] if rows else 0), tuple(_call_of(json.loads(row[1])) for row in rows)

    def forget_calls(self, up_to: int) -> None:
        """Forget calls that `meta.api_calls` has now, by the number that `calls` gave."""
        with self._store.transaction() as connection:
            connection.execute("delete from api_calls where call_id <= ?", [up_to])

    def note_answers(self, answers: Iterable[AnswerGiven]) -> None:
        """Keep answers until the next write of the lake takes them over (the newest 100,000)."""
        rows = [(json.dumps(asdict(answer), default=_plain),) for answer in answers]
        with self._store.transaction() as connection:
            connection.executemany("insert into answers (answer) values (?)", rows)
            newest = "(select max(answer_id) from answers)"
            connection.execute(f"delete from answers where answer_id <= {newest} - ?", [KEPT_CALLS])

    def answers(self) -> tuple[int, tuple[AnswerGiven, ...]]:
        """Return the number of the newest answer kept (0: none), and all answers, the oldest first."""
        rows = self._read("select answer_id, answer from answers order by answer_id")
        return (rows[-1][0] if rows else 0), tuple(_answer_of(json.loads(row[1])) for row in rows)

    def forget_answers(self, up_to: int) -> None:
        """Forget answers that `meta.answers` has now, by the number that `answers` gave."""
        with self._store.transaction() as connection:
            connection.execute("delete from answers where answer_id <= ?", [up_to])

    @contextlib.contextmanager
    def alert_book(self) -> Iterator[AlertBook]:
        """Give the alerts, alone among all processes; what is done inside is kept as a whole."""
        with self._store.transaction() as connection:
            yield AlertBook(connection)

    def alerts(self, *, is_open: bool = False) -> tuple[tuple[int, Alert], ...]:
        """Return the alerts that changed since the lake took them over, with their revision, the oldest first.

        With `is_open` those of which something is still to be sent, instead.
        """
        sent = "select 1 from deliveries as d where d.alert_id = a.alert_id and d.status in ('waiting', 'failed')"
        rows = self._read(
            "select revision, alert, channel, status, not_before, attempts, attempted_at, reason, message_id"
            " from alerts as a left join deliveries using (alert_id)"
            f" where {f'exists ({sent})' if is_open else 'revision <> kept'} order by a.decided_at, alert_id, channel"
        )
        return tuple(
            (revision, alert_of(json.loads(text), [delivery_of(row[2:]) for row in group if row[2] is not None]))
            for (revision, text), group in groupby(rows, lambda row: row[:2])
        )

    def keep_alerts(self, kept: Iterable[tuple[int, Alert]]) -> None:
        """Note that the lake has these alerts as they were; those of which nothing is left to be sent are forgotten."""
        with self._store.transaction() as connection:
            rows = [(revision, alert.alert_id) for revision, alert in kept]
            connection.executemany("update alerts set kept = ? where alert_id = ?", rows)
            connection.execute(
                "delete from alerts where revision = kept and not exists (select 1 from deliveries"
                " where alert_id = alerts.alert_id and status in ('waiting', 'failed'))"
            )
            connection.execute("delete from deliveries where alert_id not in (select alert_id from alerts)")

    def start_run(self, name: str, due_at: datetime, at: datetime) -> int | None:
        """Note that a run of the schedule begins, and return its number; None: another process began it before."""
        with self._store.transaction() as connection:
            values = [name, due_at.isoformat(), at.isoformat()]
            statement = "insert or ignore into runs (name, due_at, started_at) values (?, ?, ?)"
            cursor = connection.execute(statement, values)
            if not cursor.rowcount:
                return None
            run_id = int(cursor.lastrowid or 0)
            connection.execute("delete from runs where run_id <= ?", [run_id - KEPT_RUNS])
        return run_id

    def finish_run(self, run_id: int, at: datetime, outcome: str, detail: str | None = None) -> None:
        """Note how a run of the schedule ended."""
        statement = "update runs set finished_at = ?, outcome = ?, detail = ? where run_id = ?"
        with self._store.transaction() as connection:
            connection.execute(statement, [at.isoformat(), outcome, detail, run_id])

    def runs(self, name: str | None = None, limit: int = 100) -> tuple[Run, ...]:
        """Return the newest runs, of one schedule or of all, the newest first."""
        columns = "run_id, name, due_at, started_at, finished_at, outcome, detail"
        wanted = "where name = ?" if name is not None else ""
        parameters = [limit] if name is None else [name, limit]
        rows = self._read(f"select {columns} from runs {wanted} order by run_id desc limit ?", parameters)
        return tuple(
            Run(row[0], row[1], *(_instant(text) for text in row[2:5]), *row[5:])  # type: ignore[arg-type]
            for row in rows
        )

    def fact(self, name: str) -> str | None:
        """Return a remembered fact, such as the instant of the last look at closed months."""
        rows = self._read("select value from facts where name = ?", [name])
        return str(rows[0][0]) if rows else None

    def remember_fact(self, name: str, value: str) -> None:
        """Remember a fact, in place of an earlier one of that name."""
        with self._store.transaction() as connection:
            connection.execute("insert or replace into facts values (?, ?)", [name, value])

    def _read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._store.reading() as connection:
            if connection is None:
                return []
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.Error:  # damaged in its middle: the next write makes it anew
                return []


def _key(chunk: Chunk) -> tuple[str, str, str, str]:
    return chunk.table, chunk.scope_id, chunk.month.isoformat() if chunk.month else "", chunk.metric or ""


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _dumped(result: ChunkResult) -> str:
    return json.dumps(asdict(result), default=_plain)


def _result_of(values: dict[str, Any]) -> ChunkResult:
    chunk = values.pop("chunk")
    month = date.fromisoformat(chunk["month"]) if chunk["month"] else None
    return ChunkResult(
        **{
            **values,
            "chunk": Chunk(chunk["table"], chunk["scope_id"], month, chunk["metric"]),
            "outcome": Outcome(values["outcome"]),
            "started_at": datetime.fromisoformat(values["started_at"]),
            "finished_at": datetime.fromisoformat(values["finished_at"]),
            "request_ids": tuple(values["request_ids"]),
        }
    )


def _call_of(values: dict[str, Any]) -> ApiCall:
    lists = {name: tuple(values[name]) for name in ("statuses", "latencies", "request_ids")}
    return ApiCall(**{**values, **lists, "started_at": datetime.fromisoformat(values["started_at"])})


def _answer_of(values: dict[str, Any]) -> AnswerGiven:
    started, arguments = datetime.fromisoformat(values["started_at"]), tuple(values["arguments"])
    return AnswerGiven(**{**values, "started_at": started, "arguments": arguments})


def _operation_of(
    chunk: Chunk, location: str, started_at: str, finished_at: str | None, outcome: str | None
) -> Operation:
    return Operation(chunk, location, datetime.fromisoformat(started_at), _instant(finished_at), outcome)
