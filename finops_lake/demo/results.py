"""Cost Management query: the answer, cut into pages whose bytes are made once and kept."""

from __future__ import annotations

import base64
import json
import struct
import threading
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from finops_lake.demo.billing import BillingScope
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import Charge, Line
from finops_lake.demo.query import Query
from finops_lake.demo.replies import number
from finops_lake.source import first_of_month

KEPT_BYTES = 2 << 30

Key = tuple[date | None, str]


@dataclass(frozen=True)
class Page:
    """Where a page stands, and what surrounds its next link; the link itself is put in when it is sent."""

    before_link: bytes
    after_link: bytes
    number: int
    is_last: bool


def make_pages(ledger: Ledger, query: Query, scope: BillingScope, size: int, key: object) -> list[Page]:
    """Return the answer in pages of `size` rows; at least one page, which may have no rows."""
    rows = _rows(ledger, query, [item.subscription_id for item in scope.subscriptions], scope.group)
    columns = json.dumps(query.columns(), separators=(",", ":"))
    starts = range(0, len(rows), size) or range(1)
    return [
        _page(_spelled(scope), columns, rows[start : start + size], place, len(starts), key)
        for place, start in enumerate(starts)
    ]


def _spelled(scope: BillingScope) -> str:
    """Return a scope as the body of a reply spells it: without a leading slash, and of a group its subscription."""
    return scope.scope_id[1:] if not scope.group else f"subscriptions/{scope.subscriptions[0].subscription_id}"


def _page(scope: str, columns: str, rows: Sequence[str], place: int, count: int, key: object) -> Page:
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{key}/{place}")
    identity = f'"id":"{scope}/providers/Microsoft.CostManagement/query/{name}","name":"{name}"'
    start = (
        f'{{{identity},"type":"Microsoft.CostManagement/query","location":null,"sku":null,"eTag":null,"properties":{{'
    )
    end = f'"columns":{columns},"rows":[{",".join(rows)}]}}}}'
    return Page(start.encode(), end.encode(), place, place == count - 1)


def _rows(ledger: Ledger, query: Query, subscription_ids: Sequence[str], group: str | None) -> list[str]:
    charges = _counted(ledger.between(query.first, query.last, subscription_ids), query)
    lines = _Lines(query, group)
    if not query.aggregations:
        days = sorted(
            {(charge.usage_date, charge.line.currency) for charge in charges if lines.text(charge.line) is not None}
        )
        if query.granularity != "Daily":
            return [f'["{currency}"]' for currency in sorted({currency for _, currency in days})]
        return [f'[{day:%Y%m%d},"{currency}"]' for day, currency in days]
    sums = [_sums(charges, query, lines, name) for name in query.aggregations]
    keys = sorted(sums[0], key=lambda item: (item[0] or date.min, item[1]))
    return [
        f"[{','.join(number(column[key]) for column in sums)},{_date(query.granularity, key[0])}{key[1]}]"
        for key in keys
    ]


def _counted(charges: Iterable[Charge], query: Query) -> list[Charge]:
    if query.kind == "Usage":
        return [charge for charge in charges if charge.line.charge_type == "Usage"]
    other = "ActualCost" if query.metric == "AmortizedCost" else "AmortizedCost"
    return [charge for charge in charges if charge.line.only != other]


class _Lines:
    """The end of a row for each line, as JSON text; None for lines that the filter leaves out."""

    def __init__(self, query: Query, group: str | None) -> None:
        self._query = query
        self._group = group.lower() if group else None
        self._texts: dict[Line, str | None] = {}

    def text(self, line: Line) -> str | None:
        if line not in self._texts:
            wanted = self._group in (None, line.resource_group) and self._query.test(line)
            self._texts[line] = ",".join(map(json.dumps, self._query.values(line))) if wanted else None
        return self._texts[line]


def _sums(charges: Iterable[Charge], query: Query, lines: _Lines, name: str) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = {}
    amortized, usd, quantity = query.metric == "AmortizedCost", name.endswith("USD"), name == "UsageQuantity"
    daily, monthly = query.granularity == "Daily", query.granularity == "Monthly"
    for charge in charges:
        text = lines.text(charge.line)
        if text is None:
            continue
        day = charge.usage_date if daily else first_of_month(charge.usage_date) if monthly else None
        amount = charge.cost_usd(query.metric) if usd else charge.amortized_cost if amortized else charge.actual_cost
        key = (day, text)
        known = sums.get(key)
        amount = charge.quantity if quantity else amount
        sums[key] = amount if known is None else known + amount
    return sums


@lru_cache(maxsize=4096)
def _date(granularity: str, day: date | None) -> str:
    if day is None:
        return ""
    return f"{day:%Y%m%d}," if granularity == "Daily" else f'"{day.isoformat()}T00:00:00",'


class PageCache:
    """Pages by question, until `clear` or until they take more than `KEPT_BYTES`."""

    def __init__(self) -> None:
        self._pages: OrderedDict[object, list[Page]] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = 0

    def get(self, key: object) -> list[Page] | None:
        """Return the pages of a question asked before."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def put(self, key: object, pages: list[Page]) -> None:
        """Keep the pages of a question."""
        with self._lock:
            self._pages[key] = pages
            self._bytes += _size(pages)
            while self._bytes > KEPT_BYTES and len(self._pages) > 1:
                self._bytes -= _size(self._pages.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything, because the ledger has changed."""
        with self._lock:
            self._pages.clear()
            self._bytes = 0


def _size(pages: Iterable[Page]) -> int:
    return sum(len(page.before_link) + len(page.after_link) for page in pages)


def skip_token(place: int, body: bytes) -> str:
    """Return the opaque token of a page; it belongs to one question and is refused for another."""
    return base64.b64encode(struct.pack("<II", place, _digest(body))).decode()


def read_skip_token(token: str, body: bytes) -> int | None:
    """Return the page a token stands for, None when it was not issued for this question."""
    try:
        place, digest = struct.unpack("<II", base64.b64decode(token, validate=True))
    except (ValueError, struct.error):
        return None
    return int(place) if digest == _digest(body) else None


def _digest(body: bytes) -> int:
    return zlib.crc32(json.dumps(json.loads(body), sort_keys=True).encode())
