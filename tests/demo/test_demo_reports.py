"""Cost details reports: accepted, polled, read from a signed link on another host."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from urllib.parse import urlsplit

import requests

MARCH = {"metric": "ActualCost", "timePeriod": {"start": "2026-02-01", "end": "2026-02-28"}}


def start(azure, clients, body=None):
    url = f"/subscriptions/{azure.subscription_ids[1]}/providers/Microsoft.CostManagement/generateCostDetailsReport"
    return clients.send("POST", url, json=body or MARCH)


def finished(clients, accepted):
    location = accepted.headers["Location"]
    waiting = clients.send("GET", location)
    assert (waiting.status_code, waiting.headers["Location"]) == (202, location)
    return clients.send("GET", location)


def read(azure, link, **headers):
    return requests.get(link, headers=headers, verify=str(azure.ca_file), timeout=10)


def test_a_report_is_accepted_polled_and_read_and_sums_to_the_ledger(azure, clients):
    accepted = start(azure, clients)
    assert (accepted.status_code, accepted.headers["Retry-After"]) == (202, "1")
    body = finished(clients, accepted).json()
    assert body["status"] == "Completed"
    sums: dict[str, Decimal] = {}
    for blob in body["manifest"]["blobs"]:
        content = read(azure, blob["blobLink"]).content
        assert len(content) == blob["byteCount"]
        assert content.startswith(b"\xef\xbb\xbf")
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))):
            currency = row["BillingCurrencyCode"]
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(row["CostInBillingCurrency"])
    days = azure.ledger.months()[-2], azure.ledger.months()[-1].replace(day=1)
    expected = {
        key[1]: cost
        for key, cost in azure.ledger.totals(("subscription_id", "currency", "month"), "ActualCost").items()
        if key[0] == azure.subscription_ids[1] and key[2] == days[0]
    }
    assert sums == expected
    assert azure.writes == []


def test_the_link_is_on_another_host_refuses_a_token_and_expires(azure, clients):
    link = finished(clients, start(azure, clients)).json()["manifest"]["blobs"][0]["blobLink"]
    assert urlsplit(link).hostname != urlsplit(azure.endpoint).hostname
    assert read(azure, link).status_code == 200
    assert read(azure, link, Authorization="Bearer abc").status_code == 403
    assert read(azure, link.replace("sig=", "sig=0")).status_code == 403
    azure.world.reports.expire_links()
    assert read(azure, link).status_code == 403


def test_a_report_without_rows_is_a_204(azure, clients):
    body = {"metric": "ActualCost", "timePeriod": {"start": "2024-02-01", "end": "2024-02-28"}}
    assert finished(clients, start(azure, clients, body)).status_code == 204


def test_a_report_covers_one_month_of_one_subscription(azure, clients):
    body = {"timePeriod": {"start": "2026-01-01", "end": "2026-02-28"}}
    assert start(azure, clients, body).status_code == 400
    scope = f"/subscriptions/{azure.subscription_ids[0]}/providers/Microsoft.CostManagement"
    assert clients.send("GET", f"{scope}/costDetailsOperationResults/none").status_code == 404
