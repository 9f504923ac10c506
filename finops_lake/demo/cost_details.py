"""Cost details reports: accepted with 202, polled at a Location, fetched as CSV from signed links on another host.

The shapes follow Microsoft's specification. A Customer Agreement's file has other column names and another style of
tags than an Enterprise Agreement's; of the published columns each has those that the ledger can fill.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from finops_lake.demo.billing import Agreement, Billing, BillingScope, agreement_of
from finops_lake.demo.calls import Call
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.lines import line_values
from finops_lake.demo.model import Charge, Metric
from finops_lake.demo.replies import Reply, bad_query, error_reply, json_reply, number
from finops_lake.source import next_month

POLLS = 1
LINK_SECONDS = 3600
BLOB_LINES = 4000
"""Lines of one file; a longer report has several, each with its own header."""

EA_COLUMNS = {
    "InvoiceSectionName": "section_name",
    "AccountName": "account_name",
    "SubscriptionId": "subscription_id",
    "SubscriptionName": "subscription_name",
    "ResourceGroup": "resource_group",
    "ResourceLocation": "location",
    "Date": "date",
    "ProductName": "product",
    "MeterCategory": "meter_category",
    "MeterSubCategory": "meter_subcategory",
    "MeterId": "meter_id",
    "MeterName": "meter_name",
    "UnitOfMeasure": "unit",
    "Quantity": "quantity",
    "EffectivePrice": "effective_price",
    "CostInBillingCurrency": "cost",
    "ConsumedService": "consumed_service",
    "ResourceId": "resource_id",
    "Tags": "tags_bare",
    "OfferId": "offer_id",
    "ResourceName": "resource_name",
    "UnitPrice": "unit_price",
    "PublisherType": "publisher_type",
    "ChargeType": "charge_type",
    "Frequency": "frequency",
    "PricingModel": "pricing_model",
    "BillingAccountId": "account",
    "BillingCurrencyCode": "currency",
    "BillingProfileId": "profile",
    "InvoiceSectionId": "section",
    "benefitId": "benefit_id",
    "benefitName": "benefit_name",
}
MCA_COLUMNS = {
    "billingAccountId": "account",
    "billingProfileId": "profile",
    "invoiceSectionId": "section",
    "invoiceSectionName": "section_name",
    "date": "date",
    "consumedService": "consumed_service",
    "meterId": "meter_id",
    "meterName": "meter_name",
    "meterCategory": "meter_category",
    "meterSubCategory": "meter_subcategory",
    "ProductName": "product",
    "SubscriptionId": "subscription_id",
    "subscriptionName": "subscription_name",
    "publisherType": "publisher_type",
    "resourceGroupName": "resource_group",
    "ResourceId": "resource_id",
    "resourceLocation": "location",
    "effectivePrice": "effective_price",
    "quantity": "quantity",
    "unitOfMeasure": "unit",
    "chargeType": "charge_type",
    "billingCurrency": "currency",
    "pricingCurrency": "pricing_currency",
    "costInBillingCurrency": "cost",
    "costInUsd": "cost_usd",
    "tags": "tags",
    "frequency": "frequency",
    "pricingModel": "pricing_model",
    "unitPrice": "unit_price",
    "benefitId": "benefit_id",
    "benefitName": "benefit_name",
}
"""Column names of the two agreements, and what of a line stands in each (see line_values)."""


@dataclass
class _Report:
    blobs: Sequence[bytes]
    request: dict[str, Any]
    scope: str
    polls_left: int


class Reports:
    """The reports of one world. `polls` answers of 202 come before a report; `blob_lines` is the size of a file."""

    def __init__(self, ledger: Ledger, billing: Billing) -> None:
        self._ledger = ledger
        self._billing = billing
        self._reports: dict[str, _Report] = {}
        self._key = secrets.token_bytes(32)
        self.polls = POLLS
        self.blob_lines = BLOB_LINES

    def expire_links(self) -> None:
        """Make all links fail as if their hour had passed."""
        self._key = secrets.token_bytes(32)

    def create(self, call: Call) -> Reply:
        """Accept a report of at most one month; the body's `metric` and `timePeriod` are optional."""
        scope = self._billing.scope(call.scope)
        refusal = _refusal(scope, call)
        if scope is None or refusal:
            return refusal or error_reply(404, "NotFound", f"The scope '{call.scope}' was not found.")
        request = json.loads(call.body or b"{}")
        period = request.get("timePeriod") or {}
        first = date.fromisoformat(period.get("start", self._ledger.today.replace(day=1).isoformat())[:10])
        last = date.fromisoformat(period.get("end", self._ledger.today.isoformat())[:10])
        if last < first or last >= next_month(first) + timedelta(days=1):
            return bad_query("A report covers at most one month")
        metric: Metric = "AmortizedCost" if request.get("metric") == "AmortizedCost" else "ActualCost"
        ids = [item.subscription_id for item in scope.subscriptions]
        charges = [item for item in self._ledger.between(first, last, ids) if item.counts_in(metric)]
        blobs = [self._csv(part, metric) for part in _parts(charges, self.blob_lines)]
        name = secrets.token_hex(16)
        self._reports[name] = _Report(blobs, request, scope.scope_id[1:], self.polls)
        return Reply(202, headers=self._location(call, name))

    def poll(self, call: Call) -> Reply:
        """Answer 202 until the report is ready, 204 when it has no lines, else its manifest."""
        report = self._reports.get(call.names["name"])
        if report is None:
            return error_reply(404, "404", "The operation was not found.")
        if report.polls_left:
            report.polls_left -= 1
            return Reply(202, headers=self._location(call, call.names["name"]))
        return json_reply(self._manifest(call, report)) if report.blobs else Reply(204, content_type=None)

    def blob(self, call: Call) -> Reply:
        """Return a file to whoever holds a good link and sends no Authorization header."""
        name, place = call.names["name"], int(call.names["place"])
        good = hmac.compare_digest(call.query.get("sig", ""), self._signature(name, place, call.query.get("se", "")))
        report = self._reports.get(name)
        if "authorization" in call.headers or not good or int(call.query["se"]) < time.time() or report is None:
            text = b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>"
            return Reply(403, text, content_type="application/xml")
        return Reply(200, report.blobs[place - 1], content_type="text/csv")

    def _location(self, call: Call, name: str) -> dict[str, str]:
        path = f"{call.scope}/providers/Microsoft.CostManagement/costDetailsOperationResults/{name}"
        return {"Location": f"{call.endpoint}{path}?api-version={call.api_version}", "Retry-After": "1"}

    def _manifest(self, call: Call, report: _Report) -> dict[str, Any]:
        name = call.names["name"]
        expiry = str(int(time.time()) + LINK_SECONDS)
        host = call.endpoint.replace("127.0.0.1", "localhost")
        blobs = []
        for place, content in enumerate(report.blobs, 1):
            signature = self._signature(name, place, expiry)
            link = (
                f"{host}/cost-details/{name}/part_0_{place:04}.csv?sv=2024-11-04&se={expiry}&sr=b&sp=r&sig={signature}"
            )
            blobs.append({"blobLink": link, "byteCount": len(content)})
        manifest = {
            "manifestVersion": "2024-04-01",
            "dataFormat": "Csv",
            "byteCount": sum(map(len, report.blobs)),
            "blobCount": len(blobs),
            "compressData": False,
            "requestContext": {"requestScope": report.scope, "requestBody": report.request},
            "blobs": blobs,
        }
        return {"id": call.path[1:], "name": name, "status": "Completed", "manifest": manifest}

    def _signature(self, name: str, place: int, expiry: str) -> str:
        return hmac.new(self._key, f"{name}/{place}/{expiry}".encode(), hashlib.sha256).hexdigest()

    def _csv(self, charges: Sequence[Charge], metric: Metric) -> bytes:
        """Return charges of one agreement as a CSV file with a byte order mark."""
        columns = COLUMNS[agreement_of(charges[0].line.subscription)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for charge in charges:
            values = line_values(charge, metric, self._billing)
            writer.writerow([_text(values[name]) for name in columns.values()])
        return b"\xef\xbb\xbf" + text.getvalue().encode()


COLUMNS: Mapping[Agreement, Mapping[str, str]] = {
    "EnterpriseAgreement": EA_COLUMNS,
    "MicrosoftCustomerAgreement": MCA_COLUMNS,
}


def _refusal(scope: BillingScope | None, call: Call) -> Reply | None:
    """Return what Azure says where there are no reports: pay-as-you-go, management groups, resource groups."""
    if scope is None:
        return None
    if scope.agreement is None or call.group:
        return bad_query("Cost details reports are made for a subscription or a billing scope")
    if scope.agreement not in COLUMNS:
        message = "Cost details report is not supported for Agreement Type: WebDirect and Subscription."
        return error_reply(400, "BadRequest", message)
    return None


def _parts(charges: Sequence[Charge], size: int) -> list[Sequence[Charge]]:
    return [charges[start : start + size] for start in range(0, len(charges), size)]


def _text(value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%m/%d/%Y}"
    return value if isinstance(value, str) else number(value)
