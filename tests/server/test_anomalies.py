"""get_cost_anomalies over the local Azure, whose ledger knows what is planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finops_lake.answers.anomalies import answer_anomalies
from finops_lake.answers.anomaly_sql import AnomalyQuestion
from finops_lake.answers.answer import Period
from finops_lake.answers.subscriptions import subscriptions_of
from finops_lake.app import App
from finops_lake.lake.reader import LakeReader
from tests.conftest import Refreshed
from tests.server.calls import ERAS, ask, call, records, refused, told

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_app(refreshed: Refreshed, own_home: Path) -> Iterator[App]:
    app = App(refreshed.settings.model_copy(update={"home": own_home}))
    yield app
    app.close()


@pytest.mark.parametrize("era", ERAS)
async def test_the_planted_spike_is_the_only_anomaly_and_exact(app: App, refreshed: Refreshed, era: str) -> None:
    envelope = (await call(app, "get_cost_anomalies", era)).structured_content
    assert envelope is not None
    (one,) = records(envelope)
    spike = refreshed.azure.world.estate.plan.spike
    assert spike.spike is not None
    assert one["resource_id"] == spike.resource_id.lower()
    assert (one["start_date"], one["end_date"]) == (str(spike.spike.first_day), str(spike.spike.last_day))
    assert (one["anomaly_kind"], one["severity"], one["is_ongoing"]) == ("spike", "medium", False)
    cost = sum(
        charge.amortized_cost
        for charge in refreshed.azure.ledger.between(spike.spike.first_day, spike.spike.last_day)
        if charge.line.subscription == spike.subscription
        and charge.line.service_name == spike.service_name
        and charge.line.currency == spike.currency
    )
    assert Decimal(one["cost"]) == cost
    assert Decimal(one["impact"]) == cost - Decimal(one["usual_cost"])
    assert envelope["totals"] == [
        {"billing_currency": one["billing_currency"], "added": one["impact"], "vanished": "0", "anomalies": 1}
    ]
    assert envelope["looked_at"] > 20


class Noting(LakeReader):
    """A reader that notes the statements whose rows are taken out whole."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.taken: list[str] = []

    def arrow(self, sql: str, *arguments: Any, **named: Any) -> pa.RecordBatchReader:
        self.taken.append(sql)
        return super().arrow(sql, *arguments, **named)


def test_rows_from_series_that_are_kept_are_those_of_the_statement_shown(refreshed: Refreshed) -> None:
    """Series are kept for recent days of whole services; other questions work theirs out, as the statement does."""
    lake = Noting(refreshed.settings.home)
    recent, fewer = Period(date(2026, 10, 21), date(2026, 11, 19)), Period(date(2026, 11, 1), date(2026, 11, 15))
    asked = [
        (AnomalyQuestion(recent), 1),
        (AnomalyQuestion(fewer, min_cost=Decimal("0.01")), 1),
        (AnomalyQuestion(recent, dimensions=("Service=Storage",), min_cost=Decimal("0.01")), 1),
        (AnomalyQuestion(recent, (subscriptions_of(lake)[0].guid,), min_cost=Decimal("0.01")), 1),
        (AnomalyQuestion(recent, dimensions=("ResourceGroup=rg*",), min_cost=Decimal("0.01")), 1),
        (AnomalyQuestion(Period(date(2026, 8, 1), date(2026, 9, 10)), min_cost=Decimal("0.01")), 1),
        (AnomalyQuestion(recent, metric="billed_cost", min_cost=Decimal("0.01")), 2),
    ]
    found = 0
    for question, made in asked:
        answer = answer_anomalies(lake, question)
        assert list(answer.rows) == lake.query(answer.sql).rows
        assert sum("marts.cost_series" in sql for sql in lake.taken) == made
        found += len(answer.rows)
    assert found > 3
    lake.close()


async def test_purchases_and_refunds_stand_apart(app: App, refreshed: Refreshed) -> None:
    envelope = await ask(app, "get_cost_anomalies", start_date="2026-11-01", end_date="2026-11-15")
    kinds = {one["charge_kind"] for one in envelope["one_offs"]}
    assert kinds == {"purchase", "refund"}
    given_back = {
        charge.actual_cost
        for charge in refreshed.azure.ledger.between(date(2026, 11, 1), date(2026, 11, 15))
        if charge.line.charge_type == "Refund"
    }
    told_of = {Decimal(one["billed_cost"]) for one in envelope["one_offs"] if one["charge_kind"] == "refund"}
    assert told_of == given_back


async def test_what_is_muted_is_counted_apart_and_in_no_total(own_app: App) -> None:
    mutes = own_app.settings.home / "mutes.toml"
    mutes.write_text('[[mute]]\nuntil = 2026-11-30\nreason = "export to the bank"\nservice = "bandwidth"\n')
    envelope = await ask(own_app, "get_cost_anomalies")
    assert envelope["rows"] == []
    assert envelope["totals"] == []
    (one,) = envelope["muted"]
    assert (one["reason"], one["until"], one["service_names"]) == ("export to the bank", "2026-11-30", "Bandwidth")
    assert "export to the bank" in await told(own_app, "get_cost_anomalies")
    again = own_app.lake.query_user_sql(envelope["sql"], max_rows=None, timeout=None)
    assert again.rows == []
    mutes.write_text('[[mute]]\nuntil = 2026-11-22\nreason = "over"\nservice = "bandwidth"\n')
    envelope = await ask(own_app, "get_cost_anomalies")
    assert len(envelope["rows"]) == 1
    assert "1 mutes in mutes.toml have expired." in envelope["notes"]


async def test_a_faulty_file_of_mutes_is_told_with_its_place(own_app: App) -> None:
    (own_app.settings.home / "mutes.toml").write_text("[[mute]]\nservice = 'x'\n")
    text = await refused(own_app, "get_cost_anomalies")
    assert "mutes.toml: mute 1: until: a day is needed" in text
    assert "mute 1: reason: a text is needed" in text


async def test_nothing_found_is_told_apart_from_nothing_looked_at(app: App) -> None:
    quiet = await told(app, "get_cost_anomalies", min_cost=100_000)
    assert quiet.startswith("0 anomalies among ")
    nothing = await told(app, "get_cost_anomalies", dimensions=["service=Nothing"])
    assert nothing.startswith("Nothing to judge")
    assert "says nothing about anomalies" in nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_cost": 0}, "a number"),
        ({"metric": "net"}, "one of billed_cost"),
        ({"start_date": "2024-01-01"}, "at most 400 days"),
        ({"dimensions": ["colour=red"]}, "llowed are subscription"),
        ({"profiles": ["Contoso Prodction"]}, "did you mean 'Contoso Production'"),
        ({"threshold": 3}, "There is no argument 'threshold'"),
    ],
)
async def test_wrong_words_say_what_is_allowed(app: App, arguments: dict[str, Any], message: str) -> None:
    assert message in await refused(app, "get_cost_anomalies", **arguments)
