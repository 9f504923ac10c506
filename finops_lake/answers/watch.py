"""How refreshing goes, in short: the schedule's jobs, and the calls to Azure of the last day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from finops_lake.journal import ApiCall
from finops_lake.lake.reader import LakeReader

SPAN = timedelta(hours=24)

CALLS_SQL = """select count(*), coalesce(sum(attempts), 0), coalesce(sum(throttled), 0), max(started_at)
from meta.api_calls
where started_at > ?"""


def calls_section(lake: LakeReader, waiting: Sequence[ApiCall], now: datetime) -> dict[str, Any]:
    """Return the calls to Azure of the last 24 hours: those in the lake, and those that still wait in the journal.

    `throttled_share` is the part of the HTTP requests that Azure answered with "too many"; null without any.
    """
    since = now - SPAN
    recent = [call for call in waiting if call.started_at > since]
    calls, requests, throttled = len(recent), _total(recent, "attempts"), _total(recent, "throttled")
    newest = max((call.started_at for call in recent), default=None)
    if lake.exists():
        kept, sent, refused, latest = lake.query(CALLS_SQL, [since]).rows[0]
        calls, requests, throttled = calls + kept, requests + int(sent), throttled + int(refused)
        newest = max((at for at in (newest, latest) if at is not None), default=None)
    return {
        "since": since,
        "calls": calls,
        "requests": requests,
        "throttled_requests": throttled,
        "throttled_share": round(throttled / requests, 4) if requests else None,
        "last_call_at": newest,
    }


def _total(calls: Sequence[ApiCall], name: str) -> int:
    return sum(int(getattr(call, name)) for call in calls)
