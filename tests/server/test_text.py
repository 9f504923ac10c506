"""The text of an answer, piece by piece."""

from __future__ import annotations

import pytest

from finops_lake.answers.answer import Answer, MissingScope, Scopes
from finops_lake.server.replies import MISSING_BYTES, reply
from finops_lake.server.text import document, money, plain_table, table


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5600001", "EUR", "1234.56 EUR"),
        ("0", "USD", "0.00 USD"),
        ("0.000113575932", "EUR", "<0.01 EUR"),
        ("-0.000000001", "EUR", ">-0.01 EUR"),
        ("-1.25", None, "-1.25"),
        ("123456789012345678901234.5678", "SEK", "123456789012345678901234.57 SEK"),
        (None, "EUR", "-"),
    ],
)
def test_money_has_two_decimals_and_nothing_is_called_zero_that_is_not(
    amount: str | None, currency: str | None, shown: str
) -> None:
    assert money(amount, currency) == shown


def test_a_table_puts_the_currency_beside_the_amount() -> None:
    rows = [
        {"service_name": "Storage | v2", "billing_currency": "EUR", "billed_cost": "12.3"},
        {"service_name": None, "billing_currency": "USD", "billed_cost": "1"},
    ]
    assert table(rows) == [
        "| service_name | billed_cost |",
        "| --- | --- |",
        "| Storage \\| v2 | 12.30 EUR |",
        "| - | 1.00 USD |",
    ]


def test_cells_of_other_kinds_are_readable() -> None:
    row = {
        "has_filter": True,
        "spent_percent": 82.35,
        "thresholds_reached": ["Actual 80 %", "Forecasted 100 %"],
        "evidence": '{"sku":"P10","dns":null,"size_gb":128}',
        "days_left": 8,
    }
    assert table([row])[2] == "| yes | 82.35 | Actual 80 %, Forecasted 100 % | sku=P10, size_gb=128 | 8 |"
    assert table([{"evidence": "not json"}])[2] == "| not json |"
    assert table([{"evidence": "[1]"}])[2] == "| [1] |"
    assert table([]) == []


def test_a_long_table_leaves_no_row_out_because_some_clients_show_only_the_text() -> None:
    assert len(table([{"n": number} for number in range(1000)])) == 1002


def test_a_plain_table_changes_no_value() -> None:
    envelope = {"columns": ["billed_cost", "x"], "rows": [["0.123456", None], ["a|b", [True, "y"]]]}
    assert plain_table(envelope)[2:] == ["| 0.123456 | null |", "| a\\|b | true, y |"]
    assert plain_table({"columns": [], "rows": []}) == []


def test_many_missing_scopes_are_counted_but_not_all_described() -> None:
    missing = tuple(
        MissingScope(f"/subscriptions/{number}", f"S{number}", "denied", "r" * 300, "n" * 300) for number in range(40)
    )
    answer = Answer(("a",), (), "select 1", None, 0, scopes=Scopes(missing=missing))
    result = reply(answer, lambda envelope: document(envelope, "Headline."))
    envelope = result.structured_content
    assert envelope is not None
    assert envelope["scopes"]["missing_count"] == 40
    assert 5 < len(envelope["scopes"]["missing"]) < 40
    assert len(str(envelope["scopes"]["missing"])) < MISSING_BYTES * 1.1
    assert any("missing scopes are described" in note for note in envelope["notes"])
    assert "MISSING (40)" in result.content[0].text  # type: ignore[union-attr]


def test_one_row_too_large_is_still_given() -> None:
    answer = Answer(("a_id",) * 90, (("x" * 600,) * 90,) * 3, "select 1", None, 3)
    result = reply(answer, lambda envelope: "text")
    assert result.structured_content is not None
    assert len(result.structured_content["rows"]) == 1
    assert result.structured_content["truncated"]
