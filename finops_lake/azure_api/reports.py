"""Cost details reports: ordered once a day, waited for, and read from storage, over the end of a process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from finops_lake.azure_api.links import check_next_link
from finops_lake.azure_api.orders import Order
from finops_lake.azure_api.replies import error_of, read_failure
from finops_lake.azure_api.waits import named_waits
from finops_lake.errors import (
    BadRequestError,
    FinopsLakeError,
    NotFoundError,
    ReportError,
    UnreachableError,
    UnsafeReplyError,
)
from finops_lake.source import Chunk

if TYPE_CHECKING:
    from finops_lake.azure_api.blobs import Blob, Blobs
    from finops_lake.azure_api.orders import Orders
    from finops_lake.azure_api.pace import Pace
    from finops_lake.azure_api.sdk import Answer, Sdk

VERSION = "2025-03-01"
POLL_SECONDS = 30.0
LONGEST_POLL = 120.0
"""Seconds between two looks at a report: what Azure names, at most this; POLL_SECONDS where it names nothing."""

UNFINISHED = frozenset({"inprogress", "running", "queued", "notstarted", "accepted"})
TOMORROW = "It is asked for again a day after it was ordered: Azure allows one report per scope, month, metric and day."


@dataclass(frozen=True)
class Report:
    """A report that can be read now: its files, and when it was ordered (UTC). No files: there are no charges."""

    files: list[IO[bytes]]
    is_compressed: bool
    ordered_at: datetime


@dataclass(frozen=True)
class _Wanted:
    """A report that is wanted: for a chunk, its days in full."""

    chunk: Chunk
    first: date
    last: date

    @property
    def what(self) -> str:
        return f"Cost details report of {self.chunk.scope_id} for {self.first:%Y-%m} ({self.chunk.metric})"


class Reports:
    """Gets reports for the threads of one AzureClients."""

    def __init__(self, sdk: Sdk, orders: Orders, blobs: Blobs, pace: Pace, endpoint: str) -> None:
        self._sdk = sdk
        self._orders = orders
        self._blobs = blobs
        self._pace = pace
        self._endpoint = endpoint

    @contextmanager
    def open(self, chunk: Chunk, first: date, last: date) -> Iterator[Report]:
        """Give the report of a chunk's scope and metric from `first` to `last`, both in its month and inclusive.

        All of its files are on this disk then; they vanish afterwards. A report ordered within the last day is asked
        for again instead of ordering another; so is one whose process was killed while it waited. Raises ReportError
        when there is no report yet, or none will come.
        """
        key = _Wanted(chunk, first, last)
        with ExitStack() as stack:
            standing = self._orders.standing(chunk)
            order = standing or self._order(key)
            while True:
                try:
                    blobs, is_compressed = self._wait_for(key, order)
                    files = [stack.enter_context(self._blobs.fetch(blob)) for blob in blobs]
                    break
                except _GoneError as gone:
                    self._orders.forget(chunk)
                    if order is not standing:
                        raise ReportError(gone.message) from gone
                    order = self._order(key)
                except ReportError as problem:
                    if not _is_expired(problem):
                        raise
                    order = self._again(key, order, problem)
            yield Report(files, is_compressed, order.ordered_at)

    def _again(self, key: _Wanted, order: Order, problem: FinopsLakeError) -> Order:
        """Order another report in place of one that cannot be read, if the day allows one more."""
        if order.is_last_of_day:
            raise ReportError(problem.message, next_step=TOMORROW) from problem
        return self._order(key, in_place=True)

    def _order(self, key: _Wanted, *, in_place: bool = False) -> Order:
        chunk, scope = key.chunk, key.chunk.scope_id
        body = {
            "metric": key.chunk.metric,
            "timePeriod": {"start": key.first.isoformat(), "end": key.last.isoformat()},
        }
        url = f"{_quoted(scope)}/providers/Microsoft.CostManagement/generateCostDetailsReport?api-version={VERSION}"
        try:
            answer = self._sdk.exchange("POST", url, key.what, scope, body, accepted=(202,))
        except (BadRequestError, NotFoundError) as error:
            self._orders.fail(chunk, self._orders.note(chunk, ""), error.message)
            raise
        location = "" if answer.status == 204 else self._location(answer, key.what)
        return self._orders.note(chunk, location, in_place=in_place)

    def _wait_for(self, key: _Wanted, order: Order) -> tuple[list[Blob], bool]:
        """Return the blobs of a report, none where there are no charges, waiting until Azure has made it."""
        if order.failure is not None:
            raise ReportError(order.failure, next_step=TOMORROW)
        what = key.what
        while order.location:
            try:
                answer = self._sdk.exchange("GET", order.location, what, key.chunk.scope_id, accepted=(202,))
            except NotFoundError as error:
                raise _GoneError(error.message, next_step=error.next_step) from error
            if answer.status == 204:
                break
            manifest = {} if answer.status == 202 else _read(answer.body, what)
            status = str(manifest.get("status") or "")
            if answer.status == 202 or status.lower() in UNFINISHED:
                self._rest(answer, what)
            elif status.lower() == "nodatafound":
                break
            else:
                return self._finished(key, order, manifest, status)
        return [], False

    def _finished(
        self, key: _Wanted, order: Order, manifest: Mapping[str, Any], status: str
    ) -> tuple[list[Blob], bool]:
        if status.lower() == "completed":
            return _blobs(manifest, key.what)
        error = _failure(manifest, key.what)
        self._orders.fail(key.chunk, order, error.message)
        raise error

    def _rest(self, answer: Answer, what: str) -> None:
        named = named_waits(dict(answer.headers), datetime.now(UTC)).get("scope", POLL_SECONDS)
        seconds = min(named, LONGEST_POLL)
        if not self._pace.fits(seconds):
            raise ReportError(
                f"{what}: Azure is still making it.", next_step="The next refresh picks it up where this one left it."
            )
        self._pace.wait(seconds, f"Azure is making the {what[0].lower()}{what[1:]}")

    def _location(self, answer: Answer, what: str) -> str:
        """Return where to ask for the report, relative to Azure's address."""
        link = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
        if not link:
            raise UnreachableError(f"{what}: Azure accepted the order but did not say where the report will be.")
        check_next_link(link, self._endpoint, set())
        parts = urlsplit(link)
        return f"{parts.path}?{parts.query}" if parts.query else f"{parts.path}?api-version={VERSION}"


class _GoneError(FinopsLakeError):
    """Azure knows nothing of an order: it was made elsewhere, or too long ago."""


def _is_expired(problem: ReportError) -> bool:
    from finops_lake.azure_api.blobs import LinkExpiredError

    return isinstance(problem, LinkExpiredError)


def _read(body: bytes, what: str) -> Mapping[str, Any]:
    try:
        manifest = json.loads(body)
    except ValueError as error:
        raise error_of(read_failure(200, body, {}), what) from error
    if not isinstance(manifest, dict):
        raise UnreachableError(f"{what}: the reply does not have the shape of Azure's answers.")
    if "status" in manifest:
        return manifest
    raise error_of(read_failure(200, body, {}), what)


def _failure(manifest: Mapping[str, Any], what: str) -> FinopsLakeError:
    """Return the error for a report that came to nothing: an offer or a permission where Azure names one."""
    status = str(manifest.get("status"))
    if manifest.get("error"):
        error = error_of(read_failure(200, json.dumps(manifest), {}), what)
        if not isinstance(error, BadRequestError | UnreachableError):
            return error
        return ReportError(f"{error.message} (status {status})", next_step=TOMORROW, code=error.code)
    return ReportError(f"{what}: Azure could not make it (status {status}).", next_step=TOMORROW, code=status)


def _blobs(manifest: Mapping[str, Any], what: str) -> tuple[list[Blob], bool]:
    """Return the files of a finished report; raise UnreachableError for a manifest that does not add up."""
    from finops_lake.azure_api.blobs import Blob

    content = manifest.get("manifest")
    listed = content.get("blobs") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(listed, list):
        raise UnreachableError(f"{what}: Azure says it is completed, and lists no files.")
    if str(content.get("dataFormat") or "Csv").lower() != "csv":
        raise UnsafeReplyError(f"{what}: its format is {content['dataFormat']}, and only CSV can be read.")
    promised = content.get("blobCount")
    if isinstance(promised, int) and promised != len(listed):
        raise UnreachableError(f"{what}: {promised} files are announced and {len(listed)} listed.")
    blobs = []
    for number, item in enumerate(listed, 1):
        link = item.get("blobLink") if isinstance(item, dict) else None
        if not isinstance(link, str):
            raise UnreachableError(f"{what}: file {number} of {len(listed)} has no link.")
        size = item.get("byteCount")
        name = f"{what}, file {number} of {len(listed)}"
        blobs.append(Blob(link, size if isinstance(size, int) and size > 0 else None, name))
    return blobs, bool(content.get("compressData"))


def _quoted(scope: str) -> str:
    return quote("/" + scope.strip("/"), safe="/:@!$&'()*+,;=~-._%")
