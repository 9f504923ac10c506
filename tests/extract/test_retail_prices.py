"""Retail prices: asked without a sign-in, only for what is in use, and the one right row of several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import UnreachableError, UnsafeReplyError
from finops_lake.extract.retail_prices import PricesWanted, fetch_wanted
from finops_lake.planner.due import Demand
from finops_lake.source import Chunk
from tests.conftest import TODAY, set_sign_in, settings_for
from tests.replay import ReplayTransport, Reply, Sent, StaticCredential

CHUNK = Chunk("retail_prices", "/", None, "EUR")
PRICE = {"meterId": "m1", "skuId": "s", "type": "Consumption", "retailPrice": 0.0115, "currencyCode": "EUR"}
HOST = "https://prices.azure.com/api/retail/prices"


def page(*items: dict[str, Any], link: str | None = None) -> Reply:
    return Reply(200, {"Items": list(items), "NextPageLink": link, "Count": len(items)})


def ask(wanted: PricesWanted, *replies: Reply) -> tuple[list[dict[str, Any]], list[Sent]]:
    transport = ReplayTransport({("GET", "/api/retail/prices$"): list(replies)})
    settings = load_settings({"FINOPS_LAKE_HOME": "unused", "FINOPS_LAKE_MAX_RETRIES": "0"})
    with AzureClients(settings, transport=transport, credential=StaticCredential(), sleep=lambda _: None) as azure:
        rows: list[dict[str, Any]] = fetch_wanted(azure, CHUNK, wanted).rows.to_pylist()
    return rows, transport.sent


def test_meters_are_asked_for_together_in_the_currency_and_without_a_token() -> None:
    rows, sent = ask(PricesWanted(("m1", "m2")), page(PRICE, link=f"{HOST}?$skip=1"), page({**PRICE, "meterId": "m2"}))
    query = parse_qs(urlsplit(sent[0].url).query)
    assert query["$filter"] == ["meterId eq 'm1' or meterId eq 'm2'"]
    assert query["currencyCode"] == ["'EUR'"]
    assert [str(row["retail_price"].normalize()) for row in rows] == ["0.0115", "0.0115"]
    assert not any("authorization" in (name.lower() for name in one.headers) for one in sent)


def test_many_meters_and_sizes_take_few_questions() -> None:
    meters = tuple(f"m{number}" for number in range(31))
    sizes = (("westeurope", "Standard_D2s_v5"), ("westeurope", "Standard_B2s"), ("eastus", "Standard_B2s"))
    asked = list(PricesWanted(meters, sizes).questions())
    assert len(asked) == 3 + 2
    assert asked[-1].endswith("(armSkuName eq 'Standard_D2s_v5' or armSkuName eq 'Standard_B2s')")


def test_a_next_page_elsewhere_is_not_followed() -> None:
    with pytest.raises(UnsafeReplyError, match=r"evil\.example"):
        ask(PricesWanted(("m1",)), page(PRICE, link="https://evil.example/api/retail/prices?$skip=1"))


def test_pages_in_a_circle_end_with_an_error() -> None:
    again = page(PRICE, link=f"{HOST}?$skip=1")
    with pytest.raises(UnsafeReplyError, match="read already"):
        ask(PricesWanted(("m1",)), again, again)


@pytest.mark.parametrize("body", [{}, {"Items": None}, "<html></html>", []])
def test_what_is_no_price_list_is_no_empty_one(body: Any) -> None:
    with pytest.raises(UnreachableError):
        ask(PricesWanted(("m1",)), Reply(200, body))


def test_a_throttled_list_is_asked_again() -> None:
    rows, sent = ask(PricesWanted(("m1",)), Reply(429, json.dumps({"error": {"code": "429"}})), page(PRICE))
    assert (len(rows), len(sent)) == (1, 2)


def test_another_azure_has_no_public_prices_unless_told_where(tmp_path: Path) -> None:
    elsewhere = {"FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_ARM_ENDPOINT": "https://arm.local"}
    assert load_settings(elsewhere).price_list is None
    assert load_settings({"FINOPS_LAKE_HOME": str(tmp_path)}).price_list == HOST
    off = {"FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_RETAIL_PRICES": "false"}
    assert load_settings(off).price_list is None


def test_a_refresh_prices_the_sizes_that_exist_once_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalAzure(today=TODAY, subscriptions=1, resources=5, days=40) as azure:
        set_sign_in(monkeypatch, azure)
        app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1"))
        assert app.refresher().refresh(Demand()).failures == ()
        sizes = app.lake.query(
            "select count(*) from (select location, lower(vm_size) from staging.virtual_machines"
            " union select location, lower(sku_name) from staging.scale_sets where sku_name is not null)"
        ).rows[0][0]
        chosen = app.lake.query(
            "select count(*), count(distinct (location, arm_sku_name)), bool_and(retail_price < 1), any_value(reason)"
            " from marts.meter_prices"
            " where arm_sku_name is not null and meter_name not ilike '%spot%' and currency = 'EUR'"
        ).rows[0]
        assert chosen[:3] == (sizes, sizes, True), "not the reservation of a whole year, nor Spot"
        assert "first tier" in chosen[3]
        asked = [one for one in azure.requests if one.operation == "retail_prices"]
        assert asked
        assert all("authorization" not in one.headers for one in asked)
        app.refresher().refresh(Demand())
        app.close()
        assert len([one for one in azure.requests if one.operation == "retail_prices"]) == len(asked)
