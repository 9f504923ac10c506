"""`finops-lake refresh` where something stands in the way: every outcome is shown, and the exit code tells."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import duckdb

from finops_lake.demo.server import LocalAzure
from tests.cli.conftest import PROGRAM, Home, clean_environment, run_program


def test_denied_subscription_is_told_and_ends_with_partly(own_azure: Home, azure: LocalAzure) -> None:
    denied = azure.subscription_ids[1]
    azure.faults.add("denied", subscription=denied, times=None)
    done = own_azure.run("refresh")
    names = {item.subscription_id: item.display_name for item in azure.world.estate.subscriptions}
    assert done.returncode == 3
    assert re.search(r"^disks +2 +1 ", done.stdout, re.MULTILINE), "two loaded, one denied"
    assert f"Not read: {names[denied]}: " in done.stderr
    assert "Ask for the role" in done.stderr
    again = own_azure.run("cost", "--json")
    assert again.returncode == 0
    assert [scope["outcome"] for scope in json.loads(again.stdout)["scopes"]["missing"]] == ["denied"]
    azure.faults.clear()
    assert own_azure.run("refresh").returncode == 0, "an explicit refresh asks again for what was refused"


def test_nothing_readable_is_a_failure(own_azure: Home, azure: LocalAzure) -> None:
    azure.faults.add("html_503", times=None)
    done = own_azure.run("refresh")
    assert done.returncode == 1
    named = re.search(r"Not read: /: ([a-z_, ]+) \(failed\)\.", done.stderr)
    assert named is not None
    assert set(named[1].split(", ")) == {"subscriptions", "reservation_orders", "reservations", "savings_plans"}


def test_only_the_named_tables_subscriptions_and_months_are_asked_for(own_azure: Home, azure: LocalAzure) -> None:
    name = azure.world.estate.subscriptions[0].display_name
    done = own_azure.run(*("refresh", "--tables", "disks,cost_daily", "-s", name, "--months", "2", "--csv"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "table_name,outcome,pieces,row_count,calls"
    pieces = {line.split(",")[0]: line.split(",")[2] for line in done.stdout.splitlines()[1:]}
    assert pieces == {"subscriptions": "1", "disks": "1", "cost_daily": "4"}


def test_unknown_tables_and_subscriptions_are_named_with_the_right_ones(own_azure: Home) -> None:
    table = own_azure.run("refresh", "--tables", "cost_dayly")
    option = own_azure.run("refresh", "-s", "Nowhere")
    setting = own_azure.run("refresh", FINOPS_LAKE_SUBSCRIPTIONS="Nowhere")
    assert (table.returncode, option.returncode, setting.returncode) == (2, 2, 2)
    assert table.stderr.startswith("Error: --tables: 'cost_dayly' cannot be used; did you mean cost_daily?")
    assert option.stderr.startswith("Error: --subscription: 'Nowhere' cannot be used; this sign-in sees: Contoso")
    assert setting.stderr.startswith("Error: FINOPS_LAKE_SUBSCRIPTIONS: 'Nowhere' cannot be used;")


def test_metrics_and_prices_are_asked_for_by_name_where_they_are_switched_on(
    own_azure: Home, azure: LocalAzure
) -> None:
    off = own_azure.run("refresh", "--tables", "resource_metrics")
    no_list = own_azure.run("refresh", "--tables", "retail_prices", "--plan", FINOPS_LAKE_RETAIL_PRICES="false")
    assert (off.returncode, no_list.returncode) == (2, 2)
    assert "metrics are off; FINOPS_LAKE_METRICS=true switches them on" in off.stderr
    assert "FINOPS_LAKE_RETAIL_PRICES" in no_list.stderr
    assert azure.requests == []
    own_azure.run("refresh", "--tables", "virtual_machines,cost_daily")
    azure.forget_requests()
    done = own_azure.run(
        *("refresh", "--tables", "resource_metrics,retail_prices", "--csv"), FINOPS_LAKE_METRICS="true"
    )
    assert done.returncode == 0, done.stderr
    rows = {line.split(",")[0]: int(line.split(",")[3]) for line in done.stdout.splitlines()[1:]}
    assert set(rows) == {"resource_metrics", "retail_prices"}
    assert min(rows.values()) > 0
    assert {"metrics", "retail_prices"} <= {item.operation for item in azure.requests}
    assert not [item.path for item in azure.requests if item.path.startswith("/subscriptions")], "nothing else is asked"


def test_force_asks_again_for_what_is_fresh(own_azure: Home, azure: LocalAzure) -> None:
    own_azure.run("refresh", "--tables", "disks")
    azure.forget_requests()
    own_azure.run("refresh", "--tables", "disks")
    assert not [item for item in azure.requests if item.path.endswith("/disks")]
    own_azure.run("refresh", "--tables", "disks", "--force")
    assert len([item for item in azure.requests if item.path.endswith("/disks")]) == 3


def test_another_writer_is_waited_for_and_then_named(own_azure: Home) -> None:
    import filelock

    own_azure.folder.mkdir()
    with filelock.FileLock(own_azure.folder / "writer.lock"):
        done = own_azure.run("refresh", "--wait", "0")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Another process is refreshing the lake in ")


def test_answer_refreshes_what_it_needs_when_asked_to(own_azure: Home, azure: LocalAzure) -> None:
    empty = own_azure.run("cost", "--json")
    done = own_azure.run("cost", "--refresh", "--max-wait", "60", "--json")
    assert (empty.returncode, done.returncode) == (4, 0)
    assert json.loads(done.stdout)["scopes"]["included_count"] == 3
    azure.forget_requests()
    own_azure.run("cost", "--json", FINOPS_LAKE_NOW="2026-11-23T23:00:00Z")
    assert azure.requests == [], "without --refresh an answer comes from what is there"
    own_azure.run("cost", "--refresh", "--json", FINOPS_LAKE_NOW="2026-11-23T23:00:00Z")
    asked = {item.path.rsplit("/", 1)[-1] for item in azure.requests if "/subscriptions/" in item.path}
    assert asked == {"query"}, "only what cost rests on"


def test_refresh_that_cannot_fill_an_empty_lake_says_why(own_azure: Home) -> None:
    done = own_azure.run("cost", "--refresh", AZURE_CLIENT_SECRET="wrong")
    assert done.returncode == 4
    assert "There is still no lake in" in done.stderr
    assert "AZURE_CLIENT_SECRET" in done.stderr


def test_refused_sign_in_says_what_to_do(own_azure: Home) -> None:
    done = own_azure.run("refresh", AZURE_CLIENT_SECRET="wrong")
    assert done.returncode == 5
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert re.search(r"AZURE_CLIENT_SECRET|az login", done.stderr)


def test_missing_credential_says_what_to_run(own_azure: Home) -> None:
    kept = {name: value for name, value in own_azure.environment.items() if name.startswith("FINOPS")}
    done = run_program("refresh", environment={**kept, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"})
    assert done.returncode == 5, done.stderr
    assert "az login" in done.stderr
    assert done.stderr.count("\n") == 1


def test_plan_says_what_would_be_asked_and_asks_nothing(own_azure: Home, azure: LocalAzure) -> None:
    first = own_azure.run("refresh", "--plan")
    assert (first.returncode, azure.requests) == (0, [])
    assert "There is no lake yet: the subscriptions are listed first" in first.stderr
    assert not (own_azure.folder / "warehouse.duckdb").exists()
    own_azure.run("refresh")
    azure.forget_requests()
    fresh = own_azure.run("refresh", "--plan")
    assert "Everything is fresh: a refresh would ask nothing." in fresh.stderr
    later = {"FINOPS_LAKE_NOW": "2026-11-23T17:00:00Z", "FINOPS_LAKE_PACE_CALLS": "true"}
    planned = own_azure.run("refresh", "--plan", "--json", **later)
    assert azure.requests == []
    answer = json.loads(planned.stdout)
    queries = [row for row in map(dict, rows_of(answer)) if row["api"] == "cost_query"]
    assert [(row["tables"], row["pieces"], row["calls"]) for row in queries] == [("cost_daily", 2, 2)] * 3
    assert answer["plan"]["is_paced"] is True
    assert answer["plan"]["reasons"] == {"stale": answer["plan"]["pieces"]}
    own_azure.run("refresh", **later)
    asked = [item.path for item in azure.requests if item.path.endswith("/query")]
    assert len(asked) == sum(row["calls"] for row in queries), "the plan is what is done"


def rows_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(answer["columns"], row, strict=True)) if isinstance(row, list) else row for row in answer["rows"]]


def test_killed_refresh_goes_on_where_it_stopped_and_asks_for_nothing_twice(own_azure: Home, azure: LocalAzure) -> None:
    """Killed with SIGKILL amid its cost queries, which are slow; what was loaded until then is not asked for again."""
    azure.faults.add("slow", seconds=0.3, operation="query", times=None)
    more = {"FINOPS_LAKE_WORKERS": "1", "FINOPS_LAKE_HISTORY_MONTHS": "2", "FINOPS_LAKE_LOG_REQUESTS": "true"}
    environment = clean_environment(**{**own_azure.environment, **more})
    with subprocess.Popen(
        [PROGRAM, "refresh"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        queries = 0
        for line in process.stderr:
            queries += "/query" in line
            if queries == 6:
                break
        process.kill()
    loaded = chunks_in(own_azure.folder)
    assert 3 <= sum(table == "cost_daily" for table, *_ in loaded) <= 6
    azure.faults.clear()
    azure.forget_requests()
    done = own_azure.run("refresh", "--json", **more)
    assert done.returncode == 0, done.stderr
    everything = chunks_in(own_azure.folder)
    costs = {chunk for chunk in everything if chunk[0].startswith("cost")}
    assert len(costs) == 3 * 2 * 3, "subscriptions, months, queries"
    asked = [item for item in azure.requests if item.path.lower().endswith("/query")]
    assert len(asked) == len(costs - loaded)


def chunks_in(home: Path) -> set[tuple[Any, ...]]:
    """Return the chunks that the writer's own file holds, published or not; nothing is loaded twice."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        rows = connection.execute(
            "select table_name, scope_id, month, metric from meta.loads where outcome = 'loaded'"
        ).fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)
