"""Months that exports cover freshly are not asked of Azure; older and partial ones are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.answers.standing import cost_standing
from finops_lake.answers.subscriptions import subscriptions_of
from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import NOW, settings_for
from tests.files.conftest import FOCUS, USAGE, csv_text

COST = frozenset({"subscriptions", "cost_daily", "cost_details", "usage_details", "focus_charges", "cost_exports"})
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def location(azurite, azure: LocalAzure) -> Iterator[str]:
    """A container with FOCUS charges of the first subscription and actual cost of the second, for two months."""
    first, second = (item.scope for item in azure.world.estate.subscriptions[:2])
    focus = [
        FOCUS | {"SubAccountId": first, "ChargePeriodStart": f"2026-{month}-02T00:00:00Z", "BilledCost": "2"}
        for month in ("10", "11")
    ]
    usage = [
        USAGE | {"SubscriptionId": second.rpartition("/")[2], "Date": f"{month}/02/2026", "ChargeType": "Usage"}
        for month in ("10", "11")
    ]
    with azurite.container(f"c{uuid.uuid4().hex}") as client:
        client.upload_blob("focus.csv", csv_text(focus))
        client.upload_blob("actual.csv", csv_text(usage))
        yield f"{azurite.url}/{client.container_name}?{azurite.sas(client.container_name)}"


def refreshed(azure: LocalAzure, home: Path, location: str, days: int = 0) -> App:
    azure.forget_requests()
    now = (NOW + timedelta(days=days)).isoformat()
    settings = {"FINOPS_LAKE_COST_SOURCE": "auto", "FINOPS_LAKE_EXPORTS": location, "FINOPS_LAKE_NOW": now}
    app = App(settings_for(azure, home, **settings, FINOPS_LAKE_HISTORY_MONTHS="2"))
    app.refresher().refresh(Demand(tables=COST))
    return app


def asked(app: App, scope: str) -> set[tuple[date, str]]:
    """Return the months and readings of Azure's own sources that were ever asked for a subscription."""
    sql = "select month, metric from meta.loads where table_name in ('cost_daily', 'cost_details', 'usage_details')"
    return set(app.lake.query(f"{sql} and scope_id = '{scope}'").rows)


def test_a_month_that_a_whole_fresh_export_covers_is_not_asked_of_azure(azure, location, tmp_path):
    first, second, third = (item.scope for item in azure.world.estate.subscriptions)
    app = refreshed(azure, tmp_path, location)
    assert asked(app, first) == set()
    assert {month for month, _ in asked(app, second)} == {OCTOBER, NOVEMBER}, "an export of one reading is not enough"
    assert {month for month, _ in asked(app, third)} == {OCTOBER, NOVEMBER}
    sources = "select reason, covered_months from meta.cost_sources where scope_id"
    ((reason, months),) = app.lake.query(f"{sources} = '{first}'").rows
    assert reason.startswith("exports cover 2026-10 to 2026-11 since 2026-11-23; other months by ")
    assert months == [OCTOBER, NOVEMBER]
    reasons = "select source_reason from meta.scopes where table_name = 'focus_charges'"
    ((told,),) = app.lake.query(reasons).rows
    assert told.startswith("Azure is not asked for 1 of its subscriptions: exports cover 2026-10 to 2026-11")
    assert app.lake.query(f"select sum(billed_cost) from marts.charges where sub_account_id = '{first}'").rows == [
        (Decimal(4),)
    ]
    app.close()


def test_an_answer_counts_the_months_of_an_export_as_there_and_starts_no_refresh(azure, location, tmp_path):
    first = azure.world.estate.subscriptions[0].scope
    app = refreshed(azure, tmp_path, location)
    chosen = [one for one in subscriptions_of(app.lake) if one.sub_account_id == first]
    for metric in ("billed_cost", "effective_cost"):
        standing = cost_standing(app.lake, chosen, metric, [OCTOBER, NOVEMBER])
        assert standing.scopes.missing == ()
        assert standing.as_of is not None
    status = "select billing_month, month_status from marts.cost_months where metric = 'billed_cost'"
    rows = app.lake.query(f"{status} and sub_account_id = '{first}' order by all").rows
    assert rows == [(OCTOBER, "closed"), (NOVEMBER, "open")]
    assert len(subscriptions_of(app.lake)) == 3, "an export is no subscription"
    generation = app.lake.generation()
    assert app.on_demand.ensure(["marts.charges"], [NOVEMBER], max_wait=30) == []
    assert app.lake.generation() == generation, "listing what has not changed reads and writes nothing"
    app.close()


def test_an_export_that_stopped_gives_way_to_azure_in_the_open_month_only(azure, location, tmp_path):
    first = azure.world.estate.subscriptions[0].scope
    refreshed(azure, tmp_path, location).close()
    refreshed(azure, tmp_path, location, days=3).close()
    app = refreshed(azure, tmp_path, location, days=4)
    assert {month for month, _ in asked(app, first)} == {NOVEMBER}
    ((reason,),) = app.lake.query(f"select reason from meta.cost_sources where scope_id = '{first}'").rows
    assert reason.startswith("exports cover 2026-10 since")
    app.close()


def test_a_question_about_cost_looks_at_exports_and_reads_what_is_new(azure, azurite, tmp_path):
    first = azure.world.estate.subscriptions[0].scope
    line = FOCUS | {"SubAccountId": first, "ChargePeriodStart": "2026-11-02T00:00:00Z", "BilledCost": "2"}
    charges = "select sum(billed_cost) from marts.charges where billing_month = date '2026-11-01'"
    cost = f"{charges} and sub_account_id = '{first}'"
    with azurite.container(f"c{uuid.uuid4().hex}") as client:
        client.upload_blob("a.csv", csv_text([line]))
        location = f"{azurite.url}/{client.container_name}?{azurite.sas(client.container_name)}"
        app = refreshed(azure, tmp_path, location)
        client.upload_blob("b.csv", csv_text([line | {"BilledCost": "3"}]))
        assert app.on_demand.ensure(["marts.charges"], [NOVEMBER], max_wait=30) == []
        assert app.lake.query(cost).rows == [(Decimal(5),)]
        client.upload_blob("c.csv", csv_text([line | {"BilledCost": "4"}]))
        generation = app.lake.generation()
        app.on_demand.ensure(["marts.charges"], [NOVEMBER], max_wait=30)
        assert app.lake.generation() == generation, "the place was listed a moment ago"
        app.close()
        later = App(app.settings)
        assert later.on_demand.ensure(["marts.charges"], [NOVEMBER], max_wait=30) == []
        assert later.lake.query(cost).rows == [(Decimal(9),)]
        later.close()
