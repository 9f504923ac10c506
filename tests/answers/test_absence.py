"""Why an answer has no row: no cost, not loaded or not permitted, in every tool that answers from charges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from finops_lake.answers.anomalies import answer_anomalies
from finops_lake.answers.anomaly_sql import AnomalyQuestion
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.comparison import Comparison
from finops_lake.answers.cost import CostQuestion, answer_cost
from finops_lake.answers.explain import ChangeQuestion, answer_change
from finops_lake.answers.forecast import ForecastQuestion, answer_forecast
from finops_lake.answers.mutes import Mutes
from finops_lake.answers.tag_coverage import CoverageQuestion, answer_coverage
from finops_lake.errors import Outcome
from finops_lake.lake.reader import LakeReader
from tests.answers.audited import NOW, SUBSCRIPTION, Lake, charge, disk

DENIED = "/subscriptions/00000000-0000-0000-0000-000000000002"
MONTH = date(2026, 11, 1)
PERIOD = Period(MONTH, date(2026, 11, 19))
LONG_AGO = Period(date(2020, 1, 1), date(2020, 1, 31))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    """A lake with the November of one subscription; the cost of the other one may not be read."""
    home = Lake(tmp_path_factory.mktemp("absence"))
    listed = [
        {"id": scope, "subscription_id": scope.rpartition("/")[2], "display_name": name}
        for scope, name in ((SUBSCRIPTION, "Prod"), (DENIED, "Shared"))
    ]
    days = [charge(disk("one"), "5", day=MONTH + timedelta(days=number)) for number in range(19)]
    reader = home.fill([], days)
    with home.warehouse.lock(0):
        with home.warehouse.open():
            home.load("subscriptions", listed, scope="/")
            for metric in ("ActualCost", "AmortizedCost"):
                denied = {"outcome": Outcome.DENIED, "reason": "No."}
                home.load("cost_daily", [], scope=DENIED, month=MONTH, metric=metric, **denied)
        home.warehouse.publish()
    yield reader
    reader.close()


def cost(lake: LakeReader, period: Period, **more: Any) -> Answer:
    return answer_cost(lake, CostQuestion(period, **more))


def change(lake: LakeReader, period: Period, **more: Any) -> Answer:
    return answer_change(lake, ChangeQuestion(Comparison(period, period, "given"), **more))


def anomalies(lake: LakeReader, period: Period, **more: Any) -> Answer:
    return answer_anomalies(lake, AnomalyQuestion(period, **more), Mutes())


def forecast(lake: LakeReader, period: Period, **more: Any) -> Answer:
    return answer_forecast(lake, ForecastQuestion(NOW.date(), **more))


def coverage(lake: LakeReader, period: Period, **more: Any) -> Answer:
    return answer_coverage(lake, CoverageQuestion(period, **more))


Asking = Callable[..., Answer]
FILTERED: tuple[Asking, ...] = (cost, change, anomalies, forecast)


def told(answer: Answer) -> str:
    assert not answer.rows
    return " ".join(answer.notes)


@pytest.mark.parametrize("ask", [cost, change, anomalies, coverage])
def test_what_is_denied_or_not_loaded_is_not_called_no_cost(lake: LakeReader, ask: Asking) -> None:
    denied = told(ask(lake, PERIOD, subscriptions=("Shared",)))
    assert "NOT PERMITTED: nothing of the period could be read (Shared" in denied
    missing = told(ask(lake, LONG_AGO, subscriptions=("Prod",)))
    assert "NOT LOADED: nothing of the period is in the lake (Prod" in missing
    assert "NO COST" not in denied + missing


@pytest.mark.parametrize("ask", FILTERED)
def test_a_filter_on_a_subscription_that_is_denied_says_so(lake: LakeReader, ask: Asking) -> None:
    for word in ("Subscription=shared", f"subscription={DENIED}", f"subscription={DENIED.rpartition('/')[2]}"):
        notes = told(ask(lake, PERIOD, dimensions=(word,)))
        assert "NOT PERMITTED: nothing of the period could be read (Shared" in notes, word
        assert "NO COST" not in notes, word


@pytest.mark.parametrize("ask", FILTERED)
def test_no_match_is_told_for_what_was_read_only(lake: LakeReader, ask: Asking) -> None:
    notes = told(ask(lake, PERIOD, dimensions=("service=Storge",)))
    assert "NO COST in what was read of the period; what could match elsewhere is not known: Shared (denied)" in notes
    assert "No charge has service 'Storge'; the nearest is 'Storage'." in notes
    notes = told(ask(lake, PERIOD, dimensions=("service=Storge",), subscriptions=("Prod",)))
    assert "NO COST: the period was loaded and holds no charge that matches." in notes


def test_before_the_first_load_nothing_was_known(lake: LakeReader) -> None:
    before = told(cost(lake, PERIOD, as_of=NOW - timedelta(days=1)))
    assert "NOT LOADED: at 2026-11-22T09:00:00+00:00 the lake held nothing of the period yet" in before
    assert "NO COST" not in before
