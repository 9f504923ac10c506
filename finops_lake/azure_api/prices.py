"""Microsoft's public price list: no sign-in, so no token ever goes there, and only to the one address that is set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from finops_lake.azure_api.addresses import Address
from finops_lake.azure_api.calls import current_calls
from finops_lake.azure_api.links import check_address
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.policies import PASSING_STATUSES
from finops_lake.azure_api.tokenless import TokenlessGuardPolicy, tokenless_pipeline
from finops_lake.azure_api.translate import translated
from finops_lake.azure_api.waits import backoff
from finops_lake.errors import UnreachableError, UnsafeReplyError

API_VERSION = "2023-01-01-preview"
ATTEMPTS = 4
WHAT = "Retail prices"


def price_address(url: str) -> Address:
    """Return what a call to the price list stands for; its filter names nothing of a customer, and is left out."""
    parts = urlsplit(url)
    return Address(parts.netloc.lower(), parts.path, "RetailPrices", parts.path, "/", API_VERSION)


class PriceList:
    """Reads the price list through a pipeline of its own, which knows no sign-in and follows no redirect."""

    def __init__(
        self,
        endpoint: str,
        pace: Pace,
        transport: Any,
        *,
        timeout: float,
        agent: str,
        now: Callable[[], datetime],
    ) -> None:
        self._endpoint = endpoint
        self._pace = pace
        self._timeout = timeout
        guard = TokenlessGuardPolicy(lambda url: check_address(url, endpoint), "Prices are read")
        self._pipeline = tokenless_pipeline(transport, guard, price_address, pace=pace, agent=agent, now=now)

    def items(self, question: str, currency: str) -> Iterator[dict[str, Any]]:
        """Yield every price that answers a filter, in one currency (fractional numbers as Decimal).

        Raises UnsafeReplyError for a next page elsewhere or seen before, UnreachableError for what is no answer.
        """
        asked = urlencode({"api-version": API_VERSION, "currencyCode": f"'{currency}'", "$filter": question}, safe="$")
        link: str | None = f"{self._endpoint}?{asked}"
        seen: set[str] = set()
        while link:
            if link in seen:
                raise UnsafeReplyError(f"{WHAT}: a page points back to one that was read already.")
            seen.add(link)
            page = self._page(link)
            yield from page["Items"]
            link = page.get("NextPageLink") or None

    def _page(self, link: str) -> dict[str, Any]:
        with translated(WHAT):
            body: bytes = self._answered(link).content
        current_calls().read(0, len(body))
        try:
            page = json.loads(body, parse_float=Decimal)
        except ValueError as error:
            raise UnreachableError(f"{WHAT}: the answer is not JSON.") from error
        if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
            raise UnreachableError(f"{WHAT}: the answer does not have the shape of a price list.")
        return page

    def _answered(self, link: str) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            request = HttpRequest("GET", link, headers={"Accept": "application/json"})
            options = {"connection_timeout": self._timeout, "read_timeout": self._timeout}
            response = self._pipeline.run(request, **options).http_response
            if response.status_code == 200:
                return response
            wait = self._pace.spread(backoff(attempt))
            is_passing = response.status_code == 429 or response.status_code in PASSING_STATUSES
            if not is_passing or attempt == ATTEMPTS or not self._pace.fits(wait):
                raise HttpResponseError(response=response)
            self._pace.wait(wait, f"{WHAT}: status {response.status_code}")
        raise AssertionError("unreachable")
