"""Resource Graph against the local Azure over TLS: pages, batches, and a subscription nobody may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import TODAY, set_sign_in, settings_for

TABLES = frozenset({"subscriptions", "graph_resources", "advisor_recommendations", "subscription_ancestors"})


def test_a_hidden_subscription_is_denied_and_the_others_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalAzure(today=TODAY, subscriptions=3, resources=2, days=10) as azure:
        set_sign_in(monkeypatch, azure)
        azure._world.graph_page_size = 20
        hidden = azure.subscription_ids[1]
        azure._world.hidden.add(hidden)
        app = App(settings_for(azure, tmp_path))
        report = app.refresher().refresh(Demand(tables=TABLES))
        scopes = app.lake.query(
            "select scope_id, outcome, is_complete, next_step from meta.scopes where table_name = 'graph_resources'"
        ).rows
        found = {scope.rpartition("/")[2]: row for scope, *row in scopes}
        calls = [one for one in azure.requests if one.operation == "resource_graph"]
        groups = app.lake.query("select distinct management_group_name from staging.subscription_ancestors").rows
        rows = app.lake.query("select count(*), count(distinct resource_id) from staging.graph_resources").rows[0]
        app.close()
    assert {result.chunk.table for result in report.failures} == TABLES - {"subscriptions"}
    assert found[hidden][0] == "denied"
    assert "role Reader" in found[hidden][2]
    assert all(found[one][:2] == ["loaded", True] for one in azure.subscription_ids if one != hidden)
    assert rows[0] == rows[1] > 40, "more than two pages, and no row twice"
    assert len(calls) < 5 * 3 + rows[0] / 20 + 3, "questions are shared by the subscriptions"
    assert sorted(groups) == [("Contoso",), ("Landing zones",), ("Production",), ("Sandboxes",)]


def test_no_staging_view_of_the_inventory_is_empty_over_the_planted_cases(app: App) -> None:
    """Every kind of case planted for the audits is answerable from a view."""
    views = {
        "nat_gateways": "subnet_count = 0",
        "load_balancers": "backend_member_count = 0 and nat_rule_count > 0",
        "application_gateways": "pool_rule_count = 0 and redirect_rule_count > 0",
        "virtual_network_gateways": "has_clients",
        "private_endpoints": "connection_status = 'disconnected' and is_manual",
        "network_interfaces": "hosted_workloads is not null and is_used",
        "sql_databases": "is_master",
        "protected_items": "last_backup_at < timestamptz '2026-09-01'",
        "subnets": "delegation_count = 1",
        "waf_policies": "link_count = 1",
        "kubernetes_clusters": "node_resource_group_name like 'mc_%'",
        "locks": "locked_id like '%/disks/%'",
        "snapshots": "is_incremental",
        "log_analytics_solutions": "is_sentinel",
        "express_route_circuits": "authorization_count = 1 and connection_count = 0",
    }
    for view, condition in views.items():
        assert app.lake.query(f"select count(*) > 0 from staging.{view} where {condition}").rows == [(True,)], view
