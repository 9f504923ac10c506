"""Azure, as the extractors see it: listings and cost queries of plain values, and our errors only.

Nothing of azure.* is imported until the first call.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from finops_lake.azure_api.calls import Calls, OnWait, counting, current_calls
from finops_lake.azure_api.clouds import Cloud, cloud_of
from finops_lake.azure_api.graph import GraphAnswer, ask_graph
from finops_lake.azure_api.links import check_next_link, same_version
from finops_lake.azure_api.listings import SDK_LISTINGS
from finops_lake.azure_api.orders import Orders
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.pages import QueryPage, read_list_page, read_price_sheet_page, read_query_page
from finops_lake.config import Settings
from finops_lake.errors import ConfigError
from finops_lake.journal import Journal
from finops_lake.source import Chunk

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import HttpTransport

    from finops_lake.azure_api.metrics import Metrics
    from finops_lake.azure_api.prices import PriceList
    from finops_lake.azure_api.reports import Report, Reports
    from finops_lake.azure_api.sdk import Sdk
    from finops_lake.azure_api.throttle import Throttle

__all__ = ["AzureClients", "Calls", "QueryPage"]

QUERY_VERSION = "2025-03-01"
USAGE_VERSION = "2024-08-01"
PRICE_SHEET_VERSION = "2024-08-01"
PAGE_ROWS = 5000
"""The most rows Cost Management puts on a page; each page counts against its limits."""


class AzureClients:
    """Every client of Azure this process needs, built on first use; threads share them.

    `transport` and `credential` take the place of the real ones in tests; so do `sleep` (seconds), `clock`
    (monotonic seconds) and `rng` (0 to 1). `throttle` paces calls by Azure's limits; without one they are not.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        credential: TokenCredential | None = None,
        transport: HttpTransport[Any, Any] | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        throttle: Throttle | None = None,
    ) -> None:
        self.cloud: Cloud = cloud_of(settings)
        self._settings = settings
        self._credential = credential
        self._transport = transport
        self._pace = Pace(
            longest_wait=settings.refresh_deadline_seconds, sleep=sleep, clock=clock, rng=rng, throttle=throttle
        )
        self._orders = Orders(Journal(settings.home), settings.utc_now)
        self._lock = threading.Lock()
        self._built: Sdk | None = None
        self._closed = False

    def __enter__(self) -> AzureClients:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def utc_now(self) -> datetime:
        """Return the instant it is by the settings' clock (UTC)."""
        return self._settings.utc_now()

    @property
    def scratch(self) -> Path:
        """The folder for files that only live until their rows are loaded."""
        return self._settings.home

    @property
    def clock_skew(self) -> float | None:
        """By how many seconds this machine's clock is ahead of Azure's, as the latest reply tells; None: unknown."""
        return self._pace.skew

    def calls(self, deadline: float | None = None, on_wait: OnWait | None = None) -> AbstractContextManager[Calls]:
        """Count the HTTP requests made inside, in this thread, retries included.

        `deadline` is an instant of the clock; no wait goes past it. `on_wait(seconds, why)` is told of each
        wait before it begins.
        """
        return counting(deadline, on_wait)

    def get_all(self, path: str, api_version: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield the items of every page of an ARM listing by GET, such as /subscriptions."""
        for page in self._pages(path, api_version, f"Listing {path}", path, params):
            yield from page

    def usage_details(self, scope: str, params: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
        """Yield every page of a scope's consumption usage details (fractional numbers as Decimal).

        Costs one throttled call per page of 1000 items. `params` are those of the operation, such as `metric`.
        """
        path, asked = f"{_slashed(scope)}/providers/Microsoft.Consumption/usageDetails", {"$top": "1000", **params}
        return self._pages(path, USAGE_VERSION, f"Usage details of {_slashed(scope)}", _slashed(scope), asked)

    def price_sheet(self, scope: str) -> Iterator[list[dict[str, Any]]]:
        """Yield every page of a subscription's price sheet (Enterprise Agreement), 1,000 prices each, with meters."""
        path, asked = f"{_slashed(scope)}/providers/Microsoft.Consumption/pricesheets/default", {"$top": "1000"}
        asked["$expand"] = "properties/meterDetails"
        what = f"Price sheet of {_slashed(scope)}"
        return self._pages(path, PRICE_SHEET_VERSION, what, _slashed(scope), asked, read_price_sheet_page)

    def cost_report(self, chunk: Chunk, first: date, last: date) -> AbstractContextManager[Report]:
        """Give the cost details report of a chunk for the days of its month; see Reports.open."""
        return self._reports().open(chunk, first, last)

    def _pages(
        self,
        path: str,
        api_version: str,
        what: str,
        scope: str,
        params: Mapping[str, str],
        read: Callable[[bytes, str], tuple[list[dict[str, Any]], str | None]] = read_list_page,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the items of each page; every page is asked for in the same version, as Azure's own clients do."""
        sdk = self._sdk()
        query = urlencode({"api-version": api_version, **params}, safe="$", quote_via=quote)
        link: str | None = f"{_quoted(path)}?{query}"
        seen: set[str] = set()
        while link:
            body = sdk.send("GET", link, what, scope)
            if body is None:
                return
            items, link = read(body, what)
            current_calls().read(len(items), len(body))
            yield items
            if link:
                link = same_version(link, api_version)
                check_next_link(link, self.cloud.arm_endpoint, seen)

    def query_cost(self, scope: str, body: Mapping[str, Any]) -> Iterator[QueryPage]:
        """Yield every page of a Cost Management query; nothing where Azure says "no content".

        Costs one throttled call per page of 5000 rows. The next page is asked for by POST with the same
        question: the SDK has no pager for this, and GET fails.
        """
        sdk, what = self._sdk(), f"Cost of {_slashed(scope)}"
        link: str | None = (
            f"{_quoted(scope)}/providers/Microsoft.CostManagement/query?api-version={QUERY_VERSION}&$top={PAGE_ROWS}"
        )
        seen: set[str] = set()
        while link:
            reply = sdk.send("POST", link, what, _slashed(scope), body=dict(body))
            if reply is None:
                return
            page, link = read_query_page(reply, what)
            current_calls().read(page.row_count, len(reply))
            del reply  # which is not to be held while the page is worked on
            yield page
            if link:
                check_next_link(link, self.cloud.arm_endpoint, seen)

    def virtual_machines(self, subscription_id: str, *, status_only: bool = False) -> Iterator[Mapping[str, Any]]:
        """Yield a subscription's virtual machines; with `status_only` their run-time status instead."""
        sdk = self._sdk()
        options = {"status_only": "true"} if status_only else {}
        pager = sdk.client("compute", subscription_id).virtual_machines.list_all
        what = f"{'Power states' if status_only else 'Virtual machines'} of subscription {subscription_id}"
        return sdk.list(lambda **hook: pager(**options, **hook), what, f"/subscriptions/{subscription_id}")

    def disks(self, subscription_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield a subscription's managed disks."""
        sdk = self._sdk()
        pager = sdk.client("compute", subscription_id).disks.list
        return sdk.list(pager, f"Disks of subscription {subscription_id}", f"/subscriptions/{subscription_id}")

    def public_ip_addresses(self, subscription_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield a subscription's public IP addresses."""
        sdk = self._sdk()
        pager = sdk.client("network", subscription_id).public_ip_addresses.list_all
        return sdk.list(pager, f"Public IPs of subscription {subscription_id}", f"/subscriptions/{subscription_id}")

    def listing(self, table: str, subscription_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield the resources of one kind in a subscription, by the SDK's listing for it (see SDK_LISTINGS)."""
        sdk, one = self._sdk(), SDK_LISTINGS[table]
        pager = getattr(getattr(sdk.client(one.client, subscription_id), one.group), one.operation)
        return sdk.list(pager, f"{one.words} of subscription {subscription_id}", f"/subscriptions/{subscription_id}")

    def graph(self, query: str, subscription_ids: Sequence[str]) -> GraphAnswer:
        """Return every row of a Resource Graph query over these subscriptions (300 at most), paged to the end.

        The query must project `id` and order by it. Subscriptions that may not be read are left out by Azure
        without a word.
        """
        return ask_graph(self._sdk().send, query, subscription_ids)

    def budgets(self, scope: str) -> Iterator[Mapping[str, Any]]:
        """Yield the budgets Azure lists for a scope."""
        sdk = self._sdk()
        pager = sdk.client("consumption").budgets.list
        return sdk.list(lambda **hook: pager(_quoted(scope), **hook), f"Budgets of {_slashed(scope)}", _slashed(scope))

    def prices(self) -> PriceList:
        """Return the public price list, which no token is sent to; raises ConfigError where none is to be asked."""
        prices = self._sdk().prices
        if prices is None:
            raise ConfigError(["FINOPS_LAKE_RETAIL_PRICES: retail prices are switched off, or this Azure has no list"])
        return prices

    def metrics(self) -> Metrics:
        """Return Azure Monitor's metrics, for which a token of their own is fetched; ConfigError where they are off."""
        metrics = self._sdk().metrics
        if metrics is None:
            raise ConfigError(["FINOPS_LAKE_METRICS: metrics are switched off, or this Azure has no address for them"])
        return metrics

    def _reports(self) -> Reports:
        from finops_lake.azure_api.reports import Reports

        sdk = self._sdk()
        return Reports(sdk, self._orders, sdk.blobs, self._pace, self.cloud.arm_endpoint)

    def close(self) -> None:
        """Close connections and end waits in progress; the clients cannot be used again."""
        self._pace.close()
        with self._lock:
            self._closed = True
            if self._built is not None:
                self._built.close()
                self._built = None

    def _sdk(self) -> Sdk:
        with self._lock:
            if self._closed:
                raise RuntimeError("These clients are closed.")
            if self._built is None:
                from finops_lake.azure_api.sdk import Sdk

                self._built = Sdk(self._settings, self.cloud, self._pace, self._credential, self._transport)
            return self._built


def _slashed(scope: str) -> str:
    return "/" + scope.strip("/")


def _quoted(scope: str) -> str:
    """Return a scope for a URL; a % is kept, because billing ids come encoded."""
    return quote(_slashed(scope), safe="/:@!$&'()*+,;=~-._%")
