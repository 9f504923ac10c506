"""Which source is asked for a scope, and why: by offer, by agreement, by kind of scope, by what was refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from finops_lake.errors import Outcome
from finops_lake.planner.due import ChunkState
from finops_lake.planner.sourcing import ScopeFacts, choose
from finops_lake.source import Chunk

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
BILLING = "/providers/microsoft.billing/billingaccounts/1"
GROUP = "/providers/microsoft.management/managementgroups/root"


def one(facts, setting="auto", states=None, **options):
    (choice,) = choose([facts], setting, states or {}, NOW, **options)
    return choice


def refused(table, outcome=Outcome.UNSUPPORTED, scope=SUB, age=timedelta(hours=1), month=date(2026, 11, 1)):
    return {Chunk(table, scope, month, "ActualCost"): ChunkState(outcome, NOW - age, None)}


@pytest.mark.parametrize(
    ("facts", "source", "words"),
    [
        (ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), "cost_details", "Enterprise or Microsoft Customer"),
        (ScopeFacts(SUB, "MSDNDevTest_2014-09-01"), "cost_details", "dev/test"),
        (ScopeFacts(SUB, "CSP_2015-05-01"), "cost_details", "partner"),
        (ScopeFacts(SUB, "PayAsYouGo_2014-09-01"), "usage_details", "without reports"),
        (ScopeFacts(SUB, "MSDN_2014-09-01"), "usage_details", "without reports"),
        (ScopeFacts(SUB, "Sponsored_2016-01-01"), "query", "little or no cost data"),
        (ScopeFacts(SUB, None), "cost_details", "not known"),
        (ScopeFacts(SUB, "PayAsYouGo_2014-09-01", "MicrosoftCustomerAgreement"), "cost_details", "Customer Agreement"),
        (ScopeFacts(BILLING, None, "EnterpriseAgreement"), "cost_details", "Enterprise Agreement"),
        (ScopeFacts(BILLING, None, "MicrosoftOnlineServicesProgram"), "usage_details", "pay-as-you-go"),
        (ScopeFacts(f"{BILLING}/invoicesections/x"), "cost_details", "not known"),
        (ScopeFacts(GROUP), "query", "management group"),
        (ScopeFacts(f"{SUB}/resourcegroups/a"), "query", "resource group"),
    ],
)
def test_auto_takes_what_works_there(facts, source, words):
    choice = one(facts)
    assert choice.source == source
    assert words in choice.reason


def test_a_refused_source_gives_way_to_the_next_and_the_reason_says_so():
    choice = one(ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), states=refused("cost_details"))
    assert choice.source == "query"
    assert "cost details report was refused (unsupported)" in choice.reason
    assert choice.tables == {"cost_daily", "cost_resource_locations"}


@pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.FAILED, Outcome.PARTIAL, Outcome.LOADED])
def test_being_throttled_or_failing_is_no_reason_to_change_the_source(outcome):
    choice = one(ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), states=refused("cost_details", outcome))
    assert choice.source == "cost_details"


@pytest.mark.parametrize(
    ("outcome", "age", "source"),
    [
        (Outcome.DENIED, timedelta(hours=23), "query"),
        (Outcome.DENIED, timedelta(hours=25), "cost_details"),
        (Outcome.UNSUPPORTED, timedelta(days=6), "query"),
        (Outcome.UNSUPPORTED, timedelta(days=8), "cost_details"),
    ],
)
def test_a_refusal_counts_for_a_while(outcome, age, source):
    states = refused("cost_details", outcome, age=age)
    assert one(ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), states=states).source == source


def test_an_old_month_that_was_refused_says_nothing_of_the_source():
    newer = {Chunk("cost_details", SUB, date(2026, 11, 1), "ActualCost"): ChunkState(Outcome.LOADED, NOW, NOW)}
    states = refused("cost_details", month=date(2025, 9, 1)) | newer
    assert one(ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), states=states).source == "cost_details"


def test_a_refresh_that_asks_again_forgets_earlier_refusals_only():
    states = refused("cost_details", age=timedelta(minutes=5))
    facts = ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01")
    assert one(facts, states=states, since=NOW - timedelta(minutes=1)).source == "cost_details"
    assert one(facts, states=states, since=NOW - timedelta(minutes=10)).source == "query"


def test_where_everything_is_refused_the_first_source_stands_for_the_scope():
    states = refused("cost_details", Outcome.DENIED) | refused("query", Outcome.DENIED)
    states |= refused("cost_daily", Outcome.DENIED) | refused("usage_details", Outcome.DENIED)
    choice = one(ScopeFacts(SUB, "EnterpriseAgreement_2014-09-01"), states=states)
    assert choice.source == "cost_details"
    assert choice.reason.startswith("every source was refused")


def test_a_fixed_source_is_taken_where_it_works_and_nothing_where_it_does_not():
    assert one(ScopeFacts(SUB), "usage_details").source == "usage_details"
    assert one(ScopeFacts(GROUP), "query").tables == {"cost_daily"}
    nothing = one(ScopeFacts(GROUP), "cost_details")
    assert (nothing.source, nothing.tables) == (None, frozenset())
    assert "does not work for a management group" in nothing.reason
    assert one(ScopeFacts(SUB), "exports").source is None
