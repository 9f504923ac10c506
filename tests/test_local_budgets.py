"""Budgets of the configuration: read from config.toml, and every fault told at once, with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.allocation.budgets import budget_views, check_filter
from finops_lake.config import Settings, load_settings
from finops_lake.errors import ConfigError

GUID = "00000000-0000-0000-0000-00000000000A"


def load(home: Path, text: str) -> Settings:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load_settings({"FINOPS_LAKE_HOME": str(home)}, check_filter=check_filter)


def faults_of(home: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(home, text)
    return [fault.partition("config.toml: ")[2] for fault in caught.value.faults]


def test_a_budget_is_read_with_all_it_can_say(tmp_path: Path) -> None:
    (budget, small) = load(
        tmp_path,
        f"""
[[budgets]]
name = "Web team"
amount = 5000.25
currency = "eur"
scope = "subscriptions/{GUID}/resourceGroups/RG-Web/"
filter = [{{ dimension = "virtual:team", values = ["web"] }}]
period = "Quarter"
start = 2026-04-01
end = 2027-03-31
thresholds = [{{ percent = 80 }}, {{ percent = 99.5, kind = "forecasted" }}]
owner = "web@contoso.example"

[[budgets]]
name = "all"
amount = 1
currency = "USD"
""",
    ).budgets
    assert (budget.budget_id, budget.amount, budget.currency) == ("local:web team", Decimal("5000.25"), "EUR")
    assert budget.scope_id == f"/subscriptions/{GUID.lower()}/resourcegroups/rg-web"
    assert (budget.period, budget.start, budget.end) == ("quarter", date(2026, 4, 1), date(2027, 3, 31))
    assert [(one.percent, one.kind) for one in budget.thresholds] == [(80, "Actual"), (Decimal("99.5"), "Forecasted")]
    assert (small.scope_id, small.period, small.end, small.thresholds) == ("/", "month", None, ())


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        """
workers = 0
[[budgets]]
name = " "
amount = -1
currency = "Euro"
scope = "/subscriptions/x"
period = "week"
start = 2026-01-02
end = "tomorrow"
thresholds = [{ percent = 0 }, { percent = 80, kind = "Guess" }]
colour = "red"
[[budgets]]
amount = true
currency = "EUR"
name = "a"
scope = "/providers/Microsoft.Billing/billingAccounts/1/departments/2"
filter = [{ dimension = "servise", values = ["x"] }]
[[budgets]]
name = "b"
amount = 1
currency = "EUR"
start = 2026-05-01
end = 2026-04-30
""",
    )
    for expected in (
        "workers: 0 cannot be used",
        "budgets 1.name: ",
        "budgets 1.amount: -1 cannot be used: Input should be greater than 0",
        "budgets 1.currency: 'Euro' cannot be used",
        "budgets 1.scope: '/subscriptions/x' cannot be used: x is no subscription id",
        "budgets 1.period: 'week' cannot be used: Input should be 'month', 'quarter' or 'year'",
        "budgets 1.start: datetime.date(2026, 1, 2) cannot be used: periods begin on the first day of a month",
        "budgets 1.end: 'tomorrow' cannot be used: a day is needed",
        "budgets 1.thresholds 1.percent: 0 cannot be used",
        "budgets 1.thresholds 2.kind: 'Guess' cannot be used: Input should be 'Actual' or 'Forecasted'",
        "budgets 1.colour: there is no such setting",
        "budgets 2.amount: True cannot be used: a number is needed",
        "budgets 2.scope: ",
        "budgets 2.filter: ",
        "budgets 3: ",
    ):
        assert [fault for fault in faults if fault.startswith(expected)], expected
    assert len(faults) == 15
    text = "\n".join(faults)
    assert "charges do not tell what belongs to a department" in text
    assert "did you mean service?" in text
    assert "the end 2026-04-30 is before the start 2026-05-01" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('budgets = "all"', "budgets: 'all' cannot be used"),
        ('[budgets]\nname = "a"', "budgets"),
        ('[[budgets]]\nname = "a"', "budgets 1.amount: it is needed"),
        ('[[budgets]]\nname = "a"\namount = inf\ncurrency = "EUR"', "budgets 1.amount: "),
        ('[[budgets]]\nname = "a\\u001b[2J"\namount = 1\ncurrency = "EUR"', "budgets 1.name: "),
        ('[[budgets]]\nname = "a"\namount = 1\ncurrency = "EUR"\nstart = 2026-01-01T00:00:00Z', "budgets 1.start: "),
        ('[[budgets]]\nname = "a"\namount = 1\ncurrency = "EUR"\nfilter = [{ any_of = [] }]', "budgets 1.filter: "),
        (
            "".join(f'[[budgets]]\nname = "{name}"\namount = 1\ncurrency = "EUR"\n' for name in "Aa"),
            "budgets: ",
        ),
    ],
)
def test_what_makes_no_budget_is_refused(tmp_path: Path, text: str, words: str) -> None:
    faults = faults_of(tmp_path, text)
    assert faults[0].startswith(words), faults


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    name = "o'neil'); drop table raw.budgets; --"
    (budget,) = load(
        tmp_path,
        f'[[budgets]]\nname = "{name}"\namount = 1\ncurrency = \'EUR\'\nowner = "\'"\n'
        'filter = [{ dimension = "tag:a\'b", values = ["x\'y"] }]',
    ).budgets
    listed, charges = budget_views([budget], [], lambda tag: "")
    assert f"'local:{name.replace(chr(39), chr(39) * 2)}'" in listed.select
    assert "'x''y'" in charges.select
