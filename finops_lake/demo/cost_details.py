"""Cost details reports: accepted with 202, polled at a Location, fetched as CSV from a signed link on another host.

The shapes follow Microsoft's specification; the CSV has the Enterprise Agreement's column names, and of its 57
columns those that the ledger can fill.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from finops_lake.demo.calls import Call
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import Charge, Metric
from finops_lake.demo.replies import Reply, bad_query, error_reply, json_reply, number
from finops_lake.source import next_month

POLLS = 1
LINK_SECONDS = 3600
COLUMNS: dict[str, Callable[[Charge], str]] = {
    "SubscriptionId": lambda charge: charge.line.subscription.subscription_id,
    "SubscriptionName": lambda charge: charge.line.subscription.display_name,
    "ResourceGroup": lambda charge: charge.line.resource_group,
    "ResourceLocation": lambda charge: charge.line.location,
    "Date": lambda charge: f"{charge.usage_date:%m/%d/%Y}",
    "MeterCategory": lambda charge: charge.line.meter_category,
    "MeterSubCategory": lambda charge: charge.line.meter_subcategory,
    "MeterName": lambda charge: charge.line.meter_name,
    "Quantity": lambda charge: number(charge.quantity),
    "ResourceId": lambda charge: charge.line.resource_id,
    "Tags": lambda charge: json.dumps(dict(charge.line.tags))[1:-1],
    "UnitPrice": lambda charge: number(charge.line.unit_price),
    "PublisherType": lambda charge: charge.line.publisher_type,
    "ChargeType": lambda charge: charge.line.charge_type,
    "PricingModel": lambda charge: charge.line.pricing_model,
    "BillingCurrencyCode": lambda charge: charge.line.currency,
}


@dataclass
class _Report:
    blob: bytes
    request: dict[str, Any]
    scope: str
    polls_left: int = POLLS


class Reports:
    """The reports of one world. `expire_links` makes every signed link issued so far refuse its reader."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reports: dict[str, _Report] = {}
        self._key = secrets.token_bytes(32)

    def expire_links(self) -> None:
        """Make all links fail as if their hour had passed."""
        self._key = secrets.token_bytes(32)

    def create(self, call: Call) -> Reply:
        """Accept a report of at most one month; the body's `metric` and `timePeriod` are optional."""
        request = json.loads(call.body or b"{}")
        period = request.get("timePeriod") or {}
        first = date.fromisoformat(period.get("start", self._ledger.today.replace(day=1).isoformat())[:10])
        last = date.fromisoformat(period.get("end", self._ledger.today.isoformat())[:10])
        if call.group or last < first or last >= next_month(first) + timedelta(days=1):
            return bad_query("A report covers one subscription and at most one month")
        metric: Metric = "AmortizedCost" if request.get("metric") == "AmortizedCost" else "ActualCost"
        subscription_id = call.names["subscription"].lower()
        blob = _csv(list(self._ledger.between(first, last, [subscription_id])), metric)
        name = secrets.token_hex(16)
        self._reports[name] = _Report(blob, request, f"subscriptions/{subscription_id}")
        return Reply(202, headers=self._location(call, name))

    def poll(self, call: Call) -> Reply:
        """Answer 202 until the report is ready, 204 when it has no rows, else its manifest."""
        report = self._reports.get(call.names["name"])
        if report is None:
            return error_reply(404, "404", "The operation was not found.")
        if report.polls_left:
            report.polls_left -= 1
            return Reply(202, headers=self._location(call, call.names["name"]))
        return (
            json_reply(self._manifest(call, report)) if report.blob.count(b"\n") > 1 else Reply(204, content_type=None)
        )

    def blob(self, call: Call) -> Reply:
        """Return a report's CSV to whoever holds a good link and sends no Authorization header."""
        name = call.names["name"]
        good = hmac.compare_digest(call.query.get("sig", ""), self._signature(name, call.query.get("se", "")))
        if (
            "authorization" in call.headers
            or not good
            or int(call.query["se"]) < time.time()
            or name not in self._reports
        ):
            text = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>"
            return Reply(403, text, content_type="application/xml")
        return Reply(200, self._reports[name].blob, content_type="text/csv")

    def _location(self, call: Call, name: str) -> dict[str, str]:
        scope = call.path.partition("/providers/")[0]
        path = f"{scope}/providers/Microsoft.CostManagement/costDetailsOperationResults/{name}"
        return {"Location": f"{call.endpoint}{path}?api-version={call.api_version}", "Retry-After": "1"}

    def _manifest(self, call: Call, report: _Report) -> dict[str, Any]:
        name = call.names["name"]
        expiry = str(int(time.time()) + LINK_SECONDS)
        host = call.endpoint.replace("127.0.0.1", "localhost")
        signature = self._signature(name, expiry)
        link = f"{host}/cost-details/{name}/part_0_0001.csv?sv=2024-11-04&se={expiry}&sr=b&sp=r&sig={signature}"
        size = len(report.blob)
        manifest = {
            "manifestVersion": "2024-04-01",
            "dataFormat": "Csv",
            "byteCount": size,
            "blobCount": 1,
            "compressData": False,
            "requestContext": {"requestScope": report.scope, "requestBody": report.request},
            "blobs": [{"blobLink": link, "byteCount": size}],
        }
        return {"id": call.path[1:], "name": name, "status": "Completed", "manifest": manifest}

    def _signature(self, name: str, expiry: str) -> str:
        return hmac.new(self._key, f"{name}/{expiry}".encode(), hashlib.sha256).hexdigest()


def _csv(charges: list[Charge], metric: Metric) -> bytes:
    """Return the charges as a CSV file with a byte order mark, one line each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "CostInBillingCurrency"])
    for charge in charges:
        if charge.counts_in(metric):
            writer.writerow([*(read(charge) for read in COLUMNS.values()), number(charge.cost(metric))])
    return b"\xef\xbb\xbf" + text.getvalue().encode()
