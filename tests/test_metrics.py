"""Metrics from the local Azure into the lake: what is asked, what is left out, and what an audit says of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import Outcome
from finops_lake.extract.resource_metrics import Batch, MetricsWanted
from finops_lake.planner.due import Demand
from finops_lake.planner.planning import plan_ahead
from finops_lake.refresh.report import RefreshReport
from tests.conftest import settings_for

MACHINES = "microsoft.compute/virtualmachines"
TABLES = frozenset({"subscriptions", "virtual_machines", "resources", "resource_groups", "resource_metrics"})
CHECKS = ("idle_vms", "oversized_vms")


@contextmanager
def measuring(azure: LocalAzure, home: Path, *, on: bool = True) -> Iterator[App]:
    app = App(settings_for(azure, home, FINOPS_LAKE_METRICS=str(on).lower()))
    yield app
    app.close()


def refresh(app: App, **more: Any) -> RefreshReport:
    return app.refresher().refresh(Demand(tables=TABLES, **more))


def asked(azure: LocalAzure) -> int:
    return sum(1 for one in azure.requests if one.operation == "metrics")


def rows(app: App, sql: str) -> list[tuple[Any, ...]]:
    return list(app.lake.query(sql).rows)


def held_days(app: App) -> tuple[Any, ...]:
    """Return the first and the last day held, and how many there are."""
    return rows(
        app, "select min(usage_date), max(usage_date), count(distinct usage_date) from staging.resource_metrics"
    )[0]


def said(app: App, check: str) -> dict[str, str]:
    return dict(rows(app, f"select resource_name, verdict from audits.{check}"))


def metric_results(report: RefreshReport) -> list[tuple[Outcome, bool, str | None]]:
    return [(one.outcome, one.complete, one.reason) for one in report.results if one.chunk.table == "resource_metrics"]


def test_each_day_is_asked_for_once_in_batches_and_old_ones_are_let_go(azure: LocalAzure, tmp_path: Path) -> None:
    with measuring(azure, tmp_path) as app:
        report = refresh(app)
        assert {one[:2] for one in metric_results(report)} == {(Outcome.LOADED, True)}
        groups = rows(
            app,
            "select count(*) from (select distinct sub_account_id, location from staging.virtual_machines"
            " where power_state is null or power_state not in ('deallocated', 'stopped'))",
        )[0][0]
        assert asked(azure) == 3 * groups, "ten days at once, every machine of a region together"
        assert all(not one.is_write for one in azure.requests)
        held = rows(
            app, "select min(usage_date), max(usage_date), count(distinct usage_date) from staging.resource_metrics"
        )
        assert held == [(azure.today - timedelta(days=30), azure.today - timedelta(days=1), 30)]
        refresh(app)
        assert asked(azure) == 3 * groups, "nothing is missing"
    azure.advance(2)
    azure.forget_requests()
    with measuring(azure, tmp_path) as app:
        refresh(app)
        assert asked(azure) == groups, "two days in one question"
        assert {one.query["starttime"][:10] for one in azure.requests if one.operation == "metrics"} == {
            f"{azure.today - timedelta(days=2)}"
        }
        held = rows(
            app, "select min(usage_date), max(usage_date), count(distinct usage_date) from staging.resource_metrics"
        )
        assert held == [(azure.today - timedelta(days=30), azure.today - timedelta(days=1), 30)]
        doubled = rows(app, "select count(*) from raw.resource_metrics group by resource_id, metric_name, usage_date")
        assert set(doubled) == {(1,)}


def test_metrics_get_a_token_of_their_own_and_resource_manager_keeps_its_own(azure: LocalAzure, tmp_path: Path) -> None:
    with measuring(azure, tmp_path) as app:
        assert refresh(app).failures == ()
    scopes = Counter(token.scope for token in azure.authority.issued)
    assert scopes == {azure.scope: 1, f"{azure.endpoint}/metrics/.default": 1}


def test_plan_counts_the_questions_that_a_refresh_then_asks(azure: LocalAzure, tmp_path: Path) -> None:
    with measuring(azure, tmp_path, on=False) as app:
        refresh(app)
    with measuring(azure, tmp_path) as app:

        def planned(demand: Demand) -> int:
            plan = plan_ahead(app.settings, lambda sql: app.lake.query(sql).rows, app.journal, demand)
            return sum(step.calls for step in plan.steps if step.chunk.table == "resource_metrics")

        for demand in (Demand(tables=TABLES), Demand(tables=TABLES), Demand(tables=TABLES, force=True)):
            expected = planned(demand)
            azure.forget_requests()
            app.refresher().refresh(demand)
            assert asked(azure) == expected
        assert planned(Demand(tables=TABLES)) == 0
        assert expected > 0


def test_a_region_that_refuses_leaves_the_others_and_its_machines_undetermined(
    azure: LocalAzure, tmp_path: Path
) -> None:
    azure.faults.add("metrics_unregistered", path="metrics/westeurope/")
    with measuring(azure, tmp_path) as app:
        report = refresh(app)
        partial = [one for one in metric_results(report) if one[0] is not Outcome.LOADED]
        assert partial
        assert all("registered" in str(reason) for _, complete, reason in partial if not complete)
        assert azure.faults.listed()[0]["hits"] == len(partial), "a region that refuses is asked once"
        verdicts = said(app, "idle_vms")
        assert verdicts["vm-idle-01"] == "undetermined"
        assert verdicts["VM-Idle-02"] == "waste"
        (reason,) = rows(app, "select reason from audits.idle_vms where resource_name = 'vm-idle-01'")
        assert "no figures" in reason[0]
        assert "registered" in reason[0]


def test_a_subscription_without_the_role_is_denied_and_the_refresh_goes_on(azure: LocalAzure, tmp_path: Path) -> None:
    refused = azure.subscription_ids[0]
    azure.faults.add("metrics_denied", subscription=refused)
    with measuring(azure, tmp_path) as app:
        report = refresh(app)
        denied = [one for one in report.results if one.outcome is Outcome.DENIED]
        assert [one.chunk.scope_id for one in denied] == [f"/subscriptions/{refused}"]
        assert "Monitoring Reader" in str(denied[0].next_step)
        assert {one[0] for one in metric_results(report)} == {Outcome.DENIED, Outcome.LOADED}
        assert said(app, "idle_vms")["vm-idle-01"] == "undetermined"
        azure.forget_requests()
        app.refresher().refresh(Demand(tables=TABLES))
        assert asked(azure) == 0, "what was refused is not asked again at once"


@pytest.mark.parametrize("fault", ["metrics_failed", "metrics_missing"])
def test_an_answer_without_a_metric_or_a_resource_is_partial_and_asked_again(
    azure: LocalAzure, tmp_path: Path, fault: str
) -> None:
    azure.faults.add(fault)
    with measuring(azure, tmp_path) as app:
        report = refresh(app)
        partial = [one for one in metric_results(report) if one[0] is Outcome.PARTIAL]
        assert len(partial) == 1
        assert "had no answer for" in str(partial[0][2])
    azure.forget_requests()
    with measuring(azure, tmp_path) as app:
        report = refresh(app, retry_refused=True)
        assert {one[:2] for one in metric_results(report)} == {(Outcome.LOADED, True)}
        assert asked(azure) == 1


def test_a_busy_azure_monitor_is_asked_again(azure: LocalAzure, tmp_path: Path) -> None:
    azure.faults.add("metrics_busy", times=1)
    with measuring(azure, tmp_path) as app:
        assert refresh(app).failures == ()
        assert [one.status for one in azure.requests if one.operation == "metrics"].count(529) == 1


def test_no_figure_is_told_apart_from_no_use(azure: LocalAzure, tmp_path: Path) -> None:
    with measuring(azure, tmp_path) as app:
        refresh(app)
        silent = rows(
            app,
            "select distinct measured_hours, average, total, unit from staging.resource_metrics"
            " where resource_id like '%/vm-silent'",
        )
        assert silent == [(0, None, None, None)]
        recent = rows(
            app,
            "select count(*) filter (measured_hours = 24), count(*) filter (measured_hours between 1 and 23)"
            " from staging.resource_metrics where resource_id like '%/vm-recent' and metric_name = 'Percentage CPU'",
        )
        assert recent == [(1, 1)], "from the hour after it was made"
        idle = rows(
            app,
            "select round(average, 1), p95_maximum, maximum, measured_hours, measured_days from marts.resource_usage"
            " where resource_id like '%/vm-idle-01' and metric_name = 'Percentage CPU'",
        )
        assert idle == [(1.1, 5.0, 61.0, 720, 30)], "the one hour of the night is not among 95 % of them"


def test_switched_off_checks_are_withheld_and_their_findings_stay_open(azure: LocalAzure, tmp_path: Path) -> None:
    question = AuditQuestion(checks=(*CHECKS, "stopped_vms"), budgets=False)
    with measuring(azure, tmp_path, on=False) as app:
        refresh(app)
        answer = answer_audit(app.lake, question)
        told = {check["check_name"]: check for check in answer.sections["checks"]}
        for check in CHECKS:
            assert (told[check]["waste"], told[check]["undetermined"], told[check]["looked_at"]) == (None, None, 0)
            assert "FINOPS_LAKE_METRICS" in told[check]["withheld"]
        assert told["stopped_vms"]["withheld"] is None
        assert told["stopped_vms"]["waste"] > 0
        assert any("Advisor's verdict" in note and "idle_vms, oversized_vms" in note for note in answer.notes)
        assert asked(azure) == 0
    with measuring(azure, tmp_path) as app:
        refresh(app)
        answer = answer_audit(app.lake, question)
        told = {check["check_name"]: check for check in answer.sections["checks"]}
        assert told["idle_vms"]["waste"] == 2
        assert told["idle_vms"]["looked_at"] > 20
        assert told["idle_vms"]["withheld"] is None
    azure.advance(1)
    with measuring(azure, tmp_path, on=False) as app:
        refresh(app)
        assert said(app, "idle_vms") == {}
        kept = rows(app, "select gone_at from meta.ledger where check_name = 'idle_vms' and verdict = 'waste'")
        assert kept == [(None,), (None,)], "withheld is not gone"


def test_questions_have_fifty_resources_and_ten_days_at_most() -> None:
    batch = Batch(MACHINES, "westeurope", tuple(map(str, range(120))), date(2026, 10, 24), date(2026, 11, 22))
    questions = list(batch.questions("s"))
    assert MetricsWanted((batch,)).calls == len(questions) == 9
    assert [len(one.resource_ids) for one in questions] == [50] * 3 + [50] * 3 + [20] * 3
    days = [(one.start.date(), one.end.date()) for one in questions[:3]]
    assert days == [
        (date(2026, 10, 24), date(2026, 11, 3)),
        (date(2026, 11, 3), date(2026, 11, 13)),
        (date(2026, 11, 13), date(2026, 11, 23)),
    ]
    assert all(isinstance(one.start, datetime) and one.start.tzinfo is not None for one in questions)
