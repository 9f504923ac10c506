"""What an audit can be narrowed to, and what it says it could not read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest

from finops_lake.answers import findings
from finops_lake.answers.amounts import Amount, read_amount
from finops_lake.answers.answer import Answer
from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion, asks_for_budgets, checks_of
from finops_lake.app import App
from finops_lake.commands import exits
from finops_lake.commands.fail_on import FailOn, exit_code
from finops_lake.errors import InputError, Outcome
from finops_lake.lake import framing
from finops_lake.lake.framing import PARTS
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.rules import Exclusion, Fault
from finops_lake.lake.sqlfiles import read_sql_files, sql_folder
from finops_lake.source import Chunk, ChunkResult
from tests.answers.audited import SUBSCRIPTION, Lake, charge, disk

CHEAP = disk("cheap", tags={"Env": "Dev"})
DEAR = disk("dear", group="shop", location="northeurope", tags={"env": "prod", "team": "web"})
DOLLARS = disk("dollars")
FREE = disk("free", tags={"env": "qa"})
SHARED = disk("used", group="shop", disk_state="Attached", managed_by=f"{SUBSCRIPTION}/vm")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    home = Lake(tmp_path_factory.mktemp("audit"))
    charges = [charge(CHEAP, "5"), charge(DEAR, "300"), charge(DOLLARS, "70", currency="USD"), charge(SHARED, "9")]
    reader = home.fill([CHEAP, DEAR, DOLLARS, FREE, SHARED], charges)
    yield reader
    reader.close()


def named(answer: Answer) -> list[str]:
    place = answer.columns.index("resource_name")
    return [row[place] for row in answer.rows]


def asked(lake: LakeReader, **question: Any) -> Answer:
    return answer_audit(lake, AuditQuestion(**({"checks": ("disks",), "budgets": False} | question)))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, ["dear", "dollars", "cheap", "free"]),
        ({"resource_groups": ("SHOP",)}, ["dear"]),
        ({"minimum_saving": Amount(Decimal(70))}, ["dear", "dollars"]),
        ({"minimum_saving": Amount(Decimal(1), "USD")}, ["dollars"]),
        ({"tags": ("env=dev", "env=prod")}, ["dear", "cheap"]),
        ({"tags": ("env", "team=WEB")}, ["dear"]),
        ({"tags": ("env=o'dev",)}, []),
        ({"severities": ("high",)}, ["dear", "dollars", "cheap", "free"]),
        ({"categories": ("rate",)}, []),
    ],
)
def test_findings_are_narrowed(lake: LakeReader, question: dict[str, Any], found: list[str]) -> None:
    answer = asked(lake, **question)
    assert named(answer) == found
    assert answer.row_count == len(found)


def test_what_was_looked_at_is_narrowed_alike(lake: LakeReader) -> None:
    (check,) = asked(lake, tags=("env",)).sections["checks"]
    assert (check["looked_at"], check["waste"], check["not_priced"]) == (3, 3, 1)
    (check,) = asked(lake, resource_groups=("shop",)).sections["checks"]
    assert (check["looked_at"], check["waste"]) == (2, 1)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"checks": ("unatached_disk",)}, "checks: 'unatached_disk' cannot be used; the nearest are unattached_disks"),
        ({"checks": ("gateways",)}, "nearest are idle_nat_gateways, unused_nat_gateways, application_gateways_v1"),
        ({"checks": ("cats",)}, "checks: 'cats' cannot be used; allowed are all, vms, disks, ips, budgets, and"),
        ({"severities": ("grave",)}, "severities: 'grave' cannot be used; allowed are high, medium, low"),
        ({"categories": ("money",)}, "categories: 'money' cannot be used; allowed are usage, rate, governance"),
        ({"tags": ("=x",)}, "tags: '=x' cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused(lake: LakeReader, question: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        asked(lake, **question)


def test_denied_listings_of_the_whole_sign_in_are_told(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    with home.warehouse.lock(0), home.warehouse.open():
        home.load("reservations", [], scope="/", outcome=Outcome.DENIED, reason="You may not.")
    lake = home.fill([CHEAP], [charge(CHEAP, "5")])
    answer = answer_audit(lake, AuditQuestion(categories=("rate",), budgets=False))
    denied = [one for one in answer.scopes.missing if one.scope_id == "/"]
    assert [(one.outcome, one.reason) for one in denied] == [("denied", "reservations: You may not.")]
    assert not [one for one in asked(lake).scopes.missing if one.scope_id == "/"], "disks do not need them"
    lake.close()


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("100", Amount(Decimal(100))),
        (100, Amount(Decimal(100))),
        (0.1, Amount(Decimal("0.1"))),
        (" 100.50eur ", Amount(Decimal("100.50"), "EUR")),
        ("USD 7", Amount(Decimal(7), "USD")),
    ],
)
def test_amounts_are_read_as_people_write_them(given: str | float, amount: Amount) -> None:
    assert read_amount("minimum_saving", given) == amount


@pytest.mark.parametrize("given", ["", "-1", "1e9", "much", "1,5", "5 EURO", float("nan"), True])
def test_other_amounts_are_refused(given: str | float) -> None:
    with pytest.raises(InputError, match="minimum_saving"):
        read_amount("minimum_saving", given)


def test_a_pipeline_ends_with_a_code_of_its_own(lake: LakeReader) -> None:
    limits = {
        "high": exits.FOUND,
        "any": exits.FOUND,
        "305 EUR": exits.FOUND,
        "305.01 EUR": exits.OK,
        "70.01 USD": exits.OK,
        "71": exits.FOUND,
        "306": exits.OK,
        "1 GBP": exits.OK,
    }
    answer = asked(lake)
    assert {limit: exit_code(answer, FailOn.read(limit)) for limit in limits} == limits


def test_a_limit_that_is_not_reached_is_not_fine_when_something_could_not_be_read(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    lake = home.fill([SHARED], [charge(SHARED, "5")])
    assert exit_code(asked(lake), FailOn.read("any")) == exits.OK
    with home.warehouse.lock(0), home.warehouse.open():
        home.load("disks", [], outcome=Outcome.DENIED, reason="Gone.", scope=SUBSCRIPTION)
        home.load("disks", [SHARED], outcome=Outcome.PARTIAL, reason="Cut.", scope=SUBSCRIPTION)
    with home.warehouse.lock(0):
        home.warehouse.publish()
    assert exit_code(asked(lake), FailOn.read("any")) == exits.PARTLY
    lake.close()


def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(
        InputError, match="fail_on: 'grave' cannot be used; allowed are high, medium, low, any or a sum"
    ):
        FailOn.read("grave")


def test_budgets_belong_to_an_audit_of_everything_only() -> None:
    assert asks_for_budgets(())
    assert asks_for_budgets(("disks", "Budgets"), ("rate",))
    assert not asks_for_budgets((), ("rate",))
    assert not asks_for_budgets((), (), Amount(Decimal(0)))
    assert not asks_for_budgets(("disks",))


def test_excluded_findings_are_counted_and_their_savings_are_not(tmp_path: Path) -> None:
    home = Lake(tmp_path)
    past, future = date(2020, 1, 1), date(9999, 1, 1)
    exclusions = [
        Exclusion(1, "Dev", future, "tag env=d*", tag_key="env", tag_pattern="d*"),
        Exclusion(2, "Shop", None, "resource_group shop, check un*", "un*", resource_group_pattern="shop"),
        Exclusion(3, "Shop again", None, "subscription prod, resource dear", None, "prod", None, "dear"),
        Exclusion(4, "Once", past, "resource dollars", resource_pattern="dollars"),
        Exclusion(5, "Vain", None, "subscription other", subscription_pattern="other*"),
    ]
    home.warehouse.add_rules(exclusions, (), [Fault("exclusions", "a.toml: exclusion 9: reason: a text is needed")])
    lake = home.fill([CHEAP, DEAR, DOLLARS], [charge(CHEAP, "5"), charge(DEAR, "300"), charge(DOLLARS, "70")])
    answer = asked(lake)
    assert named(answer) == ["dollars"]
    assert [dict(total) for total in answer.totals] == [
        {"billing_currency": "EUR", "monthly_saving": Decimal(70), "findings": 1}
    ]
    (check,) = answer.sections["checks"]
    assert (check["waste"], check["excluded"], check["looked_at"]) == (1, 2, 3)
    told = {one["exclusion_number"]: (one["holds"], one["findings"]) for one in answer.sections["exclusions"]}
    assert told == {1: (True, 1), 2: (True, 1), 3: (True, 1), 4: (False, 0), 5: (True, 0)}
    assert "Exclusion 4 (resource dollars) held until 2020-01-01: its findings count again." in answer.notes
    assert "Exclusion 5 (subscription other) matches no finding." in answer.notes
    assert any("a.toml: exclusion 9: reason: a text is needed" in note for note in answer.notes)
    rows = lake.query(
        "select resource_name, excluded_by, excluded_because, monthly_saving, counted_saving from marts.findings"
        " where verdict = 'excluded' order by all"
    ).rows
    assert rows == [("cheap", [1], "Dev", 5, None), ("dear", [2, 3], "Shop", 300, None)]
    home.warehouse.add_rules(None, (), [Fault("exclusions", "b.toml: cannot be read")])
    lake = home.fill([CHEAP, DEAR, DOLLARS], [])
    assert len(lake.query("from meta.exclusions").rows) == 5, "a faulty file leaves those of before"
    lake.close()


PARTS_SQL = "select view_name from duckdb_views() where schema_name = 'marts' and starts_with(view_name, 'judged_')"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What reads findings, as it is asked: statements that read what is kept, and `all checks` that look anew."""
    asked_for: list[str] = []
    arrow, find = LakeReader.arrow, LakeReader.findings

    def reading(lake: LakeReader, sql: str, *more: Any, **named: Any) -> Any:
        asked_for.append(sql)
        return arrow(lake, sql, *more, **named)

    def looking(lake: LakeReader, today: date) -> Any:
        asked_for.append("all checks")
        return find(lake, today)

    monkeypatch.setattr(LakeReader, "arrow", reading)
    monkeypatch.setattr(LakeReader, "findings", looking)
    return asked_for


def test_what_the_checks_find_is_looked_for_once_until_something_new_is_known(
    tmp_path: Path, looked: list[str]
) -> None:
    home = Lake(tmp_path)
    lake = home.fill([CHEAP, DEAR], [charge(CHEAP, "5"), charge(DEAR, "300")])
    assert named(asked(lake)) == ["dear", "cheap"]
    assert named(asked(lake, resource_groups=("shop",))) == ["dear"]
    assert len(looked) == 1, "another question about the same findings"
    home.fill([CHEAP], [], later=timedelta(days=1)).close()
    assert named(asked(lake)) == ["cheap"]
    assert len(looked) == 2
    lake.close()


def test_what_a_refresh_found_is_read_from_the_lake_as_long_as_nothing_newer_is_known(
    tmp_path: Path, looked: list[str]
) -> None:
    home = Lake(tmp_path)
    home.now = datetime.now(UTC)
    rows, cost = [CHEAP, DEAR, FREE], [charge(CHEAP, "5"), charge(DEAR, "300")]
    lake = home.fill(rows, cost, audited=True)
    found = asked(lake)
    assert looked == ["from kept.findings"]
    alike = "select count(*) from (from marts.findings except all from kept.findings)"
    assert lake.query(alike, variables={"today": home.now.date()}).rows == [(0,)]
    assert (
        lake.query("select count(*) from kept.findings").rows == lake.query("select count(*) from marts.findings").rows
    )
    confirmed = ChunkResult(Chunk("disks", SUBSCRIPTION), Outcome.LOADED, home.now, home.now, True, row_count=3)
    later = LakeReader(tmp_path, confirmed=lambda: [confirmed])
    assert asked(later).rows == found.rows
    home.fill(rows, cost).close()
    assert asked(lake).rows == found.rows
    assert looked[1:] == ["all checks", "all checks"], "a listing confirmed, and a publication unaudited"
    for reader in (lake, later):
        reader.close()


def test_an_exclusion_ends_with_its_day_though_nothing_new_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).date()
    home = Lake(tmp_path)
    home.warehouse.add_rules([Exclusion(1, "Soon", today, "resource cheap", resource_pattern="cheap")], (), ())
    lake = home.fill([CHEAP], [charge(CHEAP, "5")])
    assert named(asked(lake)) == []

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=1)

    monkeypatch.setattr(findings, "datetime", Tomorrow)
    assert named(asked(lake)) == ["cheap"]
    lake.close()


def test_what_is_found_in_parts_is_what_the_view_shows(app: App) -> None:
    today = datetime.now(UTC).date()
    found = app.lake.findings(today)
    rows = app.lake.query("from marts.findings order by all", variables={"today": today}).rows
    assert len(rows) > 100
    assert app.lake.query("from found order by all", tables={"found": found}).rows == rows
    columns = "from duckdb_columns() select column_name where table_name = 'findings' and schema_name = 'marts'"
    assert found.column_names == [name for (name,) in app.lake.query(f"{columns} order by column_index").rows]


def test_a_lake_that_another_version_divided_into_more_parts_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [file.name for file in read_sql_files(sql_folder()) if file.schema == "audits"]
    place = checks.index("unattached_disks")
    number = next(number for number in range(PARTS + 1, 10) if place % number >= PARTS)  # not in one of the first
    monkeypatch.setattr(framing, "PARTS", number)
    home = Lake(tmp_path)
    lake = home.fill([CHEAP, DEAR], [charge(CHEAP, "5"), charge(DEAR, "300")])
    monkeypatch.undo()
    assert len(lake.query(PARTS_SQL).rows) == number
    rows = lake.query("from marts.findings order by all", variables={"today": home.now.date()}).rows
    found = lake.findings(home.now.date())
    assert lake.query("from found order by all", tables={"found": found}).rows == rows
    assert found.num_rows >= 2
    lake.close()


def test_each_check_is_in_one_part(app: App) -> None:
    parts = [name for (name,) in app.lake.query(PARTS_SQL).rows]
    assert len(parts) == PARTS
    every = " union all ".join(f"select '{part}' as part, check_name from marts.{part} group by all" for part in parts)
    twice = f"select check_name from ({every}) group by check_name having count(*) > 1"
    assert app.lake.query(twice).rows == []
    by_parts = {check for (check,) in app.lake.query(f"select distinct check_name from ({every})").rows}
    one_by_one = " union all ".join(f"select check_name from audits.{check.name}" for check in checks_of(app.lake))
    assert by_parts == {check for (check,) in app.lake.query(f"select distinct check_name from ({one_by_one})").rows}


def test_all_checks_at_once_take_no_longer_than_one_after_the_other(app: App) -> None:
    """A relation that a check reads twice can cost the union of all checks far more than the check alone."""

    def taken(*views: str) -> float:
        started = time.process_time()
        for view in views:
            app.lake.query(f"select * from {view}")
        return time.process_time() - started

    checks = [f"audits.{check.name}" for check in checks_of(app.lake)]
    taken(*checks[:1])
    assert taken("marts.findings") < 2 * taken(*checks)
