"""What is remembered of calls to Azure: real SDK clients against the local Azure, a lake on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from finops_lake import telemetry
from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import SignInError
from finops_lake.journal import Journal
from finops_lake.planner.due import Demand
from tests.conftest import Refreshed, settings_for

DISKS = Demand(tables=frozenset({"disks"}))


def test_every_request_of_a_refresh_is_remembered(app: App, refreshed: Refreshed) -> None:
    """Requests to Azure, the price list included; signing in goes elsewhere."""
    sent = [one for one in refreshed.azure.requests if one.operation not in ("openid_configuration", "sign_in")]
    ((requests, calls, loads),) = app.lake.query(
        "select sum(attempts), count(distinct call_id), (select sum(calls) from meta.loads) from meta.api_calls"
    ).rows
    assert requests == calls == loads == len(sent)
    ids = {row[0] for row in app.lake.query("select client_request_id from meta.api_calls").rows}
    assert ids == {item.headers["x-ms-client-request-id"] for item in sent}


def test_one_request_id_runs_from_the_refresh_to_every_call(app: App, refreshed: Refreshed) -> None:
    rows = app.lake.query("select request_id from meta.api_calls union select request_id from meta.loads").rows
    sent = {
        item.headers.get("x-ms-correlation-request-id") for item in refreshed.azure.requests if item.subscription_id
    }
    assert len(rows) == 1
    assert sent == {rows[0][0]}


def test_usage_is_told_by_api_and_rows_are_counted(app: App) -> None:
    rows = app.lake.query(
        "select api, sum(calls), sum(row_count), sum(unanswered_calls) from marts.api_usage_daily group by all"
    ).rows
    usage = {api: (calls, count, unanswered) for api, calls, count, unanswered in rows}
    disks = app.lake.query("select count(*) from raw.disks").rows[0][0]
    assert usage["Microsoft.Compute/disks"] == (4, disks, 0)
    assert usage["Microsoft.CostManagement/query"][0] >= 4 * 3 * 2
    assert {"Microsoft.Resources/subscriptions", "Microsoft.Consumption/budgets"} <= set(usage)


def test_throttled_call_is_one_call_of_several_requests(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("throttled", operation="disks", times=1, retry_after=0)
    app = App(settings_for(azure, tmp_path))
    app.refresher().refresh(DISKS)
    ((attempts, throttled, waited, ids),) = app.lake.query(
        "select attempts, throttled, waited_seconds, len(request_ids) from meta.api_calls where throttled > 0"
    ).rows
    errors = app.lake.query("select api, error_type, requests, repaired_calls from marts.api_errors").rows
    app.close()
    assert (attempts, throttled, ids) == (2, 1, 2)
    assert waited >= 2
    assert errors == [("Microsoft.Compute/disks", "throttled", 1, 1)]


def test_refused_call_is_remembered_with_its_code(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("denied", operation="disks", times=None)
    app = App(settings_for(azure, tmp_path))
    app.refresher().refresh(DISKS)
    rows = app.lake.query(
        "select distinct outcome, status, operation, method from meta.api_calls where operation = 'disks'"
    ).rows
    app.close()
    assert rows == [("denied", 403, "disks", "GET")]


def test_calls_wait_in_the_journal_until_data_is_written(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh that fails as a whole publishes nothing; what it asked is told by the next one."""
    settings = settings_for(azure, tmp_path)
    App(settings).refresher().refresh(DISKS)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(SignInError):
        App(settings).refresher().refresh(Demand(tables=frozenset({"disks"}), force=True))
    waiting = Journal(tmp_path).calls()[1]
    assert [call.outcome for call in waiting][:1] == ["denied"]
    monkeypatch.undo()
    for name, value in azure.environment().items():
        monkeypatch.setenv(name, value)
    app = App(settings)
    with telemetry.request() as request_id:
        app.refresher().refresh(Demand(tables=frozenset({"snapshots"})))
    ids = {row[0] for row in app.lake.query("select request_id from meta.api_calls").rows}
    app.close()
    assert {waiting[0].request_id, request_id} < ids
    assert Journal(tmp_path).calls() == (0, ())


def test_journal_that_cannot_be_written_costs_no_load(azure: LocalAzure, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    app = App(settings_for(azure, tmp_path))
    report = app.refresher().refresh(DISKS)
    app.close()
    assert report.failures == ()
