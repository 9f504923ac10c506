"""What is loaded becomes what is read, and takes along what the journal kept for the lake until then."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from finops_lake.errors import FinopsLakeError
from finops_lake.journal import Alert, Journal, row_of_alert
from finops_lake.source import ChunkResult

if TYPE_CHECKING:
    from finops_lake.lake.writer import Warehouse

LOG = logging.getLogger("finops_lake.refresh")


def publish(warehouse: Warehouse, journal: Journal, keep: timedelta, *, audited: bool) -> int:
    """Publish the lake with what the journal kept for it, and return the number of the generation.

    Rows about calls, answers and alerts are kept for the time `keep`; `audited`: the ledger of findings is brought up
    to date.
    """
    taken, usage = _buffered_usage(journal)
    confirmed, alerts = journal.confirmations(), journal.alerts()
    usage["alerts"] = [row_of_alert(alert) for _, alert in alerts]
    generation = warehouse.publish(usage, keep=keep, confirmed=confirmed, audited=audited)
    _forget(journal, *taken, confirmed, alerts)
    return generation


def _buffered_usage(journal: Journal) -> tuple[tuple[int, int], dict[str, list[dict[str, object]]]]:
    """Return how far the journal's calls and answers go, and these as rows of their meta tables."""
    last_call, calls = journal.calls()
    last_answer, answers = journal.answers()
    usage = {"api_calls": [asdict(one) for one in calls], "answers": [asdict(one) for one in answers]}
    return (last_call, last_answer), usage


def _forget(
    journal: Journal,
    last_call: int,
    last_answer: int,
    confirmed: Sequence[ChunkResult],
    alerts: Sequence[tuple[int, Alert]],
) -> None:
    """Forget what the lake has taken over; were it not forgotten, the lake would still take it once only."""
    try:
        if last_call:
            journal.forget_calls(last_call)
        if last_answer:
            journal.forget_answers(last_answer)
        if confirmed:
            journal.forget_confirmations(confirmed)
        if alerts:
            journal.keep_alerts(alerts)
    except FinopsLakeError as error:
        LOG.warning("the journal keeps what the lake has: %s", error)
