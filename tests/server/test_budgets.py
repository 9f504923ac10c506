"""get_budget_status: every budget as Azure's ledger has it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finops_lake.app import App
from tests.conftest import Refreshed
from tests.server.calls import ERAS, ask, call, records, refused, text_of, told

pytestmark = pytest.mark.anyio

STATES = {"breached": "exceeded", "unknown": "unknown"}


@pytest.mark.parametrize("era", ERAS)
async def test_budgets_stand_as_the_ledger_says(app: App, refreshed: Refreshed, era: str) -> None:
    result = await call(app, "get_budget_status", era)
    envelope = result.structured_content
    assert envelope is not None
    rows = {row["budget_name"]: row for row in records(envelope) if row["is_budget_currency"]}
    truth = {item.budget.name: item for item in refreshed.azure.truth.budgets()}
    assert set(rows) == set(truth)
    for name, item in truth.items():
        row = rows[name]
        assert Decimal(row["amount"]) == item.budget.amount
        assert row["azure_spend"] is None or Decimal(row["azure_spend"]) == item.spend.current
        if item.state == "breached":
            assert row["status"] == "exceeded"
        assert name in text_of(result)
    counts = envelope["counts"]
    assert sum(counts.values()) == envelope["row_count"] == len(truth) + counts["other_currency"]
    assert counts["other_currency"], "one subscription is billed in two currencies"


async def test_only_the_asked_states_are_listed(app: App) -> None:
    one = await ask(app, "get_budget_status", status="Exceeded")
    assert {row["status"] for row in records(one)} == {"exceeded"}
    two = await ask(app, "get_budget_status", status=["exceeded", "at risk"])
    assert {row["status"] for row in records(two)} == {"exceeded", "at_risk"}
    text = await told(app, "get_budget_status", status=["expired"])
    assert text.startswith("No budget in the lake matches the question.")


async def test_an_unknown_state_is_refused(app: App) -> None:
    text = await refused(app, "get_budget_status", status="broken")
    assert "status: 'broken'" in text
    assert "exceeded, at_risk, ok, unknown, not_started, expired, other_currency" in text


async def test_a_denied_subscription_is_named_with_the_role_that_helps(denied_app: App) -> None:
    envelope = await ask(denied_app, "get_budget_status")
    (missing,) = envelope["scopes"]["missing"]
    assert missing["name"] == "Contoso Development"
    assert missing["outcome"] == "denied"
    assert "Cost Management Reader" in missing["next_step"]
    assert len(envelope["scopes"]["included"]) == 2
