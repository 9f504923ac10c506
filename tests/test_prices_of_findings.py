"""Money where no charge tells it: the local Azure refuses a subscription's cost, and alone knows what it bills."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops_lake.answers.audit import BY_PRICE, answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.app import App
from finops_lake.commands.audit import print_findings
from finops_lake.demo.server import LocalAzure
from finops_lake.lake.reader import LakeReader
from finops_lake.planner.due import Demand
from finops_lake.planner.pricing import prices_due
from finops_lake.source import Chunk
from tests.conftest import NOW, TODAY, set_sign_in, settings_for
from tests.sql.test_cases import lake_of

COST = ("query", "create_report", "usage_details")
CASES = Path(__file__).parent / "sql" / "marts.resource_prices"
PRICED_SQL = f"""
select check_name, resource_id, monthly_saving, billing_currency, saving_source, saving_confidence, evidence
from marts.findings where verdict = 'waste' and saving_source in {BY_PRICE}"""

PRICED_BY_WHAT_IS_SET = {"disk-legacy-fast", "disk-legacy-roomy", "disk-legacy-ultra"}
"""Disks that are billed by the size, operations and throughput their owner set."""


@dataclass(frozen=True)
class Refused:
    """A home of three subscriptions, of which the first, where most waste lies, may not be asked for its cost."""

    azure: LocalAzure
    app: App
    scope: str


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    home = tmp_path_factory.mktemp("refused")
    with (
        LocalAzure(today=TODAY, subscriptions=3, resources=6, days=70) as azure,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        set_sign_in(monkeypatch, azure)
        azure.faults.add("denied", subscription=azure.subscription_ids[0], operation=COST, times=None)
        app = App(settings_for(azure, home, FINOPS_LAKE_COST_SOURCE="cost_details"))
        app.refresher().refresh(Demand())
        yield Refused(azure, app, f"/subscriptions/{azure.subscription_ids[0]}")
        app.close()
        assert azure.crashes == []


def test_what_a_list_prices_is_what_azure_really_bills(refused: Refused) -> None:
    """A month of the list has 730 hours, the bill's window 720."""
    first, last = refused.azure.truth.complete_window()
    billed = {
        str(resource): cost
        for (resource, currency), cost in refused.azure.truth.totals(
            ("resource_id", "currency"), first=first, last=last
        ).items()
        if currency == "EUR"
    }
    priced = refused.app.lake.query(PRICED_SQL).rows
    compared = [(row[0], row[1], row[2] / billed[row[1]]) for row in priced if row[1] in billed]
    assert len(compared) > 10
    assert {check for check, _, _ in compared} >= {
        "stopped_vms",
        "unattached_disks",
        "unused_ddos_plans",
        "unused_public_ip_prefixes",
        "empty_cdn_profiles",
        "empty_sql_elastic_pools",
        "stopped_flexible_servers",
    }
    assert {resource.rpartition("/")[2] for _, resource, _ in compared} >= PRICED_BY_WHAT_IS_SET
    wrong = [one for one in compared if not Decimal("0.98") < one[2] < Decimal("1.02")]
    assert not wrong


def test_source_and_confidence_are_stated(refused: Refused) -> None:
    rows = refused.app.lake.query(PRICED_SQL).rows
    assert {row[4:6] for row in rows} == {("price_paid_elsewhere", "medium"), ("retail_price", "low")}
    assert {row[3] for row in rows} == {"EUR"}, "as its budgets say"
    parts = json.loads(rows[0][6])["price_parts"]
    assert {"meter_id", "meter_name", "unit_price", "units"} <= set(parts[0])


def test_what_is_billed_elsewhere_keeps_its_own_bill(refused: Refused) -> None:
    elsewhere = refused.app.lake.query(
        "select distinct saving_source from marts.findings"
        f" where sub_account_id <> '{refused.scope}' and monthly_saving is not null and verdict = 'waste'"
    ).rows
    assert not {source for (source,) in elsewhere} & set(BY_PRICE)


def test_young_resources_get_money_and_no_verdict(refused: Refused) -> None:
    rows = refused.app.lake.query(
        "select verdict, monthly_saving, counted_saving from marts.findings"
        " where resource_name = 'disk-legacy-restore' and check_name = 'unattached_disks'"
    ).rows
    assert [(verdict, saving > 0, counted) for verdict, saving, counted in rows] == [("not_applicable", True, None)]


def test_a_resource_counts_once_whoever_prices_it(refused: Refused) -> None:
    twice = refused.app.lake.query(
        "select saved_resource_id, count(counted_saving) from marts.findings"
        f" where saving_source in {BY_PRICE} group by all having count(counted_saving) > 1"
    ).rows
    assert list(twice) == []


def test_the_answer_says_how_much_of_the_total_is_by_prices(refused: Refused) -> None:
    answer = answer_audit(refused.app.lake, AuditQuestion(budgets=False))
    by_price = sum(row[2] for row in refused.app.lake.query(PRICED_SQL).rows)
    (note,) = [note for note in answer.notes if "by prices" in note]
    assert note.startswith("Of the total in EUR, ")
    assert 0 < Decimal(note.split()[5]) <= by_price.quantize(Decimal("0.01"))


def test_the_command_line_marks_what_is_by_a_price(refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(answer_audit(refused.app.lake, AuditQuestion(checks=("disks",), budgets=False)))
    shown = capsys.readouterr().out
    assert "~124.36" in shown
    assert "~ by the price of its meters" in shown


def test_products_are_asked_for_without_a_token_and_once_a_week(refused: Refused) -> None:
    asked = [one for one in refused.azure.requests if one.operation == "retail_prices"]
    questions = [one for one in asked if "productName" in one.query["$filter"]]
    assert questions
    assert all("authorization" not in one.headers for one in asked)
    assert prices_due(rows_of(refused.app.lake), NOW + timedelta(hours=1), Demand()) == {}


def test_a_product_that_is_new_in_a_region_is_asked_for_after_a_day(tmp_path: Path) -> None:
    given = json.loads((CASES / "no_price_where_none_or_several_fit" / "given.json").read_text(encoding="utf-8"))
    lake = lake_of(tmp_path, given)
    now = datetime.fromisoformat(given["now"]).astimezone(UTC)
    euros = Chunk("retail_prices", "/", None, "EUR")
    assert prices_due(rows_of(lake), now + timedelta(hours=23), Demand()) == {}
    due = prices_due(rows_of(lake), now + timedelta(hours=25), Demand())
    lake.close()
    assert set(due) == {euros}, "nobody is billed in dollars"
    assert ("eastasia", "Premium SSD Managed Disks") in due[euros].products, "no row of it is held"
    alike = replace(due[euros], meter_ids=(), sizes=())
    assert list(alike.questions())[-1].startswith("armRegionName eq 'westeurope' and (productName eq ")
    assert alike.calls == 4, "three regions, and what costs the same everywhere"


def test_all_products_known_in_every_region_are_no_reason_to_ask(tmp_path: Path) -> None:
    given = json.loads((CASES / "each_sku_has_one_meter_or_a_reason" / "given.json").read_text(encoding="utf-8"))
    lake = lake_of(tmp_path, given)
    now = datetime.fromisoformat(given["now"]).astimezone(UTC)
    assert prices_due(rows_of(lake), now + timedelta(hours=25), Demand()) == {}
    assert prices_due(rows_of(lake), now + timedelta(days=7), Demand()) != {}
    lake.close()


def rows_of(lake: LakeReader) -> Any:
    return lambda sql: lake.query(sql).rows
