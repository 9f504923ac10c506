"""Replies to data, with every amount as Azure wrote it. Nothing of azure.* here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops_lake.azure_api.replies import error_of, read_failure
from finops_lake.errors import UnreachableError

if TYPE_CHECKING:
    import pyarrow as pa

_LARGE = 65_536
"""Bytes of a page that is worth reading by lines."""


@dataclass(frozen=True)
class QueryPage:
    """One page of a Cost Management query, column by column; numbers are text, digit for digit as Azure sent them."""

    columns: tuple[str, ...]
    values: tuple[Sequence[Any] | pa.Array, ...]

    @property
    def row_count(self) -> int:
        """How many rows the page has."""
        return len(self.values[0]) if self.values else 0


@dataclass(frozen=True)
class GraphPage:
    """One page of a Resource Graph query; `total` counts the rows of all its pages, as this page tells it."""

    rows: list[dict[str, Any]]
    total: int
    is_cut: bool


def read_query_page(body: bytes, what: str) -> tuple[QueryPage, str | None]:
    """Return a page, and the link to the next one (null, "" and absent all mean that there is none).

    Raises the error that a reply with status 200 may still hold, UnreachableError for what is not an answer.
    """
    if len(body) >= _LARGE and (read := _read_by_lines(body)) is not None:
        return read
    properties = _read(body, what, "properties", parse_float=str, parse_int=str)
    payload = properties["properties"]
    columns, rows = (payload.get("columns"), payload.get("rows")) if isinstance(payload, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise _not_an_answer(what)
    names = tuple(str(column["name"]) for column in columns)
    if not {len(names)}.issuperset(map(len, rows)):
        raise UnreachableError(f"{what}: Azure's reply has rows that do not fit its {len(names)} columns.")
    values = tuple(zip(*rows, strict=True)) if rows else ((),) * len(names)
    return QueryPage(names, values), _next_link(payload)


def _read_by_lines(body: bytes) -> tuple[QueryPage, str | None] | None:
    """Return what is certain to be the same as JSON reads; None where it is not, and where anything is amiss."""
    from finops_lake.azure_api.query_rows import read_lines, split_page

    try:
        split = split_page(body)
        if split is None or split[0].get("error") or split[0]["properties"]["rows"] != []:
            return None
        payload = split[0]["properties"]
        names = tuple(str(column["name"]) for column in payload["columns"])
        values = read_lines(split[1], [str(column["type"]) for column in payload["columns"]])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return None if values is None else (QueryPage(names, values), _next_link(payload))


def read_list_page(body: bytes, what: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the items of a listing's page (fractional numbers as Decimal), and the link to the next one."""
    page = _read(body, what, "value", parse_float=Decimal)
    items = page["value"]
    if not isinstance(items, list):
        raise _not_an_answer(what)
    return items, _next_link(page)


def read_price_sheet_page(body: bytes, what: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the prices of a page of a price sheet (fractional numbers as Decimal), and the link to the next one."""
    sheet = _read(body, what, "properties", parse_float=Decimal)["properties"]
    prices = sheet.get("pricesheets") if isinstance(sheet, dict) else None
    if not isinstance(prices, list) or not all(isinstance(price, dict) for price in prices):
        raise _not_an_answer(what)
    return prices, _next_link(sheet)


def read_graph_page(body: bytes, what: str) -> tuple[GraphPage, str | None]:
    """Return a page of Resource Graph, and the token that asks for the next one.

    `resultTruncated` is text and says "false" of a page that has a next one: only the token counts.
    """
    page = _read(body, what, "data", parse_float=Decimal)
    rows, total = page["data"], page.get("totalRecords")
    if not isinstance(rows, list) or not isinstance(total, int):
        raise _not_an_answer(what)
    is_cut = str(page.get("resultTruncated", "false")).lower() == "true"
    token = page.get("$skipToken") or None
    return GraphPage(rows, total, is_cut and token is None), token


def _read(body: bytes, what: str, needed: str, **numbers: Any) -> dict[str, Any]:
    try:
        page = json.loads(body, **numbers)
    except ValueError as error:
        raise error_of(read_failure(200, body, {}), what) from error
    if not isinstance(page, dict):
        raise _not_an_answer(what)
    if needed in page and not page.get("error"):
        return page
    if page.get("error") or "code" in page:
        raise error_of(read_failure(200, body, {}), what)
    raise _not_an_answer(what)


def _next_link(page: dict[str, Any]) -> str | None:
    return page.get("nextLink") or None


def _not_an_answer(what: str) -> UnreachableError:
    return UnreachableError(
        f"{what}: the reply does not have the shape of Azure's answers.",
        next_step="Look for a proxy or a wrong address on the way.",
    )
