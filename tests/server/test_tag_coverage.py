"""get_tag_coverage: recomputed in plain Python from the listings and the charges."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal

import pytest

from finops_lake.app import App
from tests.server.calls import ERAS, ask, call, records, refused, text_of

pytestmark = pytest.mark.anyio

PARTS = ("tagged_cost", "untagged_cost", "unknown_cost", "untaggable_cost")


def effective_tags(app: App) -> dict[str, dict[str, str]]:
    """Return the tags of each resource by key, the nearest holder's."""
    groups = app.lake.query("select sub_account_id, resource_group_name, tags from staging.resource_groups").rows
    subscriptions = app.lake.query("select sub_account_id, tags from staging.subscriptions").rows
    of_group = {row[:2]: lowered(row[2]) for row in groups}
    of_subscription = {row[0]: lowered(row[1]) for row in subscriptions}
    rows = app.lake.query("select resource_id, sub_account_id, resource_group_name, tags from staging.resources").rows
    return {
        row[0]: {**of_subscription[row[1]], **of_group.get((row[1], row[2]), {}), **lowered(row[3])} for row in rows
    }


def lowered(tags: str | None) -> dict[str, str]:
    return {key.lower(): value for key, value in json.loads(tags or "{}").items()}


def recomputed(app: App, key: str) -> dict[str, dict[str, Decimal]]:
    """Return the four sums of each currency over the running month."""
    tags = effective_tags(app)
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(PARTS, Decimal(0)))
    charges = app.lake.query(
        "select resource_id, resource_type, billing_currency, billed_cost from marts.charges"
        " where billing_month = date '2026-11-01'"
    ).rows
    for resource_id, resource_type, currency, cost in charges:
        if tags.get(resource_id, {}).get(key):
            part = "tagged_cost"
        elif resource_id is None or resource_type == "microsoft.machinelearningservices/workspaces/computes":
            part = "untaggable_cost"
        else:
            part = "untagged_cost" if resource_id in tags else "unknown_cost"
        sums[currency][part] += cost
    return dict(sums)


@pytest.mark.parametrize("era", ERAS)
async def test_coverage_is_what_plain_python_finds(app: App, era: str) -> None:
    result = await call(app, "get_tag_coverage", era)
    envelope = result.structured_content
    assert envelope is not None
    rows = records(envelope)
    assert {"env", "owner"} <= {row["tag_key"] for row in rows}
    for key in {row["tag_key"] for row in rows}:
        found = {row["billing_currency"]: row for row in rows if row["tag_key"] == key}
        wanted = recomputed(app, key)
        assert {currency: {part: Decimal(row[part]) for part in PARTS} for currency, row in found.items()} == wanted
    assert "Tag coverage of" in text_of(result)


async def test_the_four_sums_add_up_to_the_bill(app: App) -> None:
    envelope = await ask(app, "get_tag_coverage", tag_keys="ENV", time_period="last_month")
    cost = await ask(app, "get_cost", time_period="last_month", group_by=[])
    bill = {row["billing_currency"]: Decimal(row["billed_cost"]) for row in cost["totals"]}
    rows = records(envelope)
    assert {row["tag_key"] for row in rows} == {"env"}
    assert {row["billing_currency"]: sum(Decimal(row[part]) for part in PARTS) for row in rows} == bill
    assert {row["billing_currency"]: Decimal(row["cost"]) for row in envelope["totals"]} == bill


async def test_what_to_tag_is_named_dearest_first(app: App) -> None:
    envelope = await ask(app, "get_tag_coverage", tag_keys=["env", "owner"])
    tags = effective_tags(app)
    costs = [Decimal(row["cost"]) for row in envelope["untagged"]]
    assert costs == sorted(costs, reverse=True)
    assert costs
    for row in envelope["untagged"]:
        assert row["missing_tags"] == [key for key in ("env", "owner") if not tags[row["resource_id"]].get(key)]
    assert any(row["what"] == "no resource" for row in envelope["untaggable"])


async def test_a_key_that_nothing_carries_is_refused_with_the_nearest(app: App) -> None:
    assert "did you mean env?" in await refused(app, "get_tag_coverage", tag_keys=["envv"])


def test_spellings_that_differ_in_case_are_told(app: App) -> None:
    from finops_lake.answers.tag_gaps import VALUED, gap_selects

    charged = (
        "charged as (select null as resource_id, null as resource_type, null as service_name, null as sub_account_id,"
        " 'EUR' as billing_currency, 1::decimal as cost, 'untagged' as untagged_state,"
        " map([]::varchar[], []::varchar[]) as tags),\n"
        "named as (select *, 'EUR' as billing_currency from (values ('env', 'Prod', 'a'), ('env', 'prod', 'b'),"
        " ('env', 'test', 'c'), ('cost-center', '1', 'd'), ('costcenter', '1', 'd'))"
        " as t (tag_key, tag_value, resource_id)),\n"
        f"{VALUED}"
    )
    found = app.lake.query(f"with {charged} {gap_selects([])['spellings']}").rows
    assert [row[:3] for row in found] == [
        ("values", "env", ["Prod", "prod"]),
        ("keys", "cost-center", ["cost-center", "costcenter"]),
    ]
