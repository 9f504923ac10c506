"""Files of Azure Storage behind signed links: fetched without our token, straight to disk, never named in full."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from finops_lake.azure_api.addresses import blob_address_of
from finops_lake.azure_api.clouds import Cloud
from finops_lake.azure_api.links import check_blob_link
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.policies import PASSING_STATUSES
from finops_lake.azure_api.tokenless import TokenlessGuardPolicy, tokenless_pipeline
from finops_lake.azure_api.translate import is_untrusted, untrusted
from finops_lake.azure_api.waits import backoff
from finops_lake.errors import FinopsLakeError, ReportError, UnreachableError, UnsafeReplyError

EXPIRED = frozenset({401, 403, 404, 410})
"""What storage answers when a link is past its time, or its file is gone."""

ATTEMPTS = 3
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Blob:
    """One file of a report; whoever has `link` can read the bill, so it is never shown."""

    link: str = field(repr=False)
    byte_count: int | None
    name: str


class LinkExpiredError(ReportError):
    """Storage no longer accepts a link; another report has other links."""


class _NotReadError(Exception):
    """A reading that may succeed when it is repeated; its text holds no link."""


class Blobs:
    """Reads blobs of one cloud through a pipeline of its own, which knows no sign-in and follows no redirect."""

    def __init__(
        self,
        cloud: Cloud,
        pace: Pace,
        transport: Any,
        *,
        timeout: float,
        agent: str,
        now: Callable[[], datetime],
    ) -> None:
        self._pace = pace
        self._timeout = timeout
        guard = TokenlessGuardPolicy(lambda url: check_blob_link(url, cloud), "A report is fetched")
        self._pipeline = tokenless_pipeline(transport, guard, blob_address_of, pace=pace, agent=agent, now=now)

    def fetch(self, blob: Blob) -> IO[bytes]:
        """Return a blob as a temporary file that only we can read and that vanishes when it is closed.

        Raises LinkExpiredError when its link no longer holds, UnreachableError when it cannot be read whole.
        """
        for attempt in range(1, ATTEMPTS + 1):
            file = tempfile.TemporaryFile(prefix="finops-lake-")  # noqa: SIM115 - the caller closes it
            try:
                _without_link(lambda into=file: self._read(blob, into), blob)  # type: ignore[misc]
            except _NotReadError as problem:
                file.close()
                wait = self._pace.spread(backoff(attempt))
                if attempt == ATTEMPTS or not self._pace.fits(wait):
                    raise UnreachableError(
                        f"{blob.name} could not be read: {problem}.", next_step="Try again in a few minutes."
                    ) from None
                self._pace.wait(wait, f"{blob.name} could not be read: {problem}")
            except BaseException:
                file.close()
                raise
            else:
                file.seek(0)
                return file
        raise AssertionError("unreachable")

    def _read(self, blob: Blob, into: IO[bytes]) -> None:
        remaining = self._pace.remaining()
        limit = self._timeout if remaining is None else max(min(self._timeout, remaining), 0.05)
        request = HttpRequest("GET", blob.link, headers={"Accept-Encoding": "identity"})
        run = self._pipeline.run(request, stream=True, connection_timeout=limit, read_timeout=limit)
        response = run.http_response
        try:
            _check_status(response.status_code, blob)
            count = sum(into.write(piece) for piece in response.iter_raw())
        finally:
            response.close()
        if blob.byte_count is not None and count < blob.byte_count:
            raise _NotReadError(f"it broke off after {count} of {blob.byte_count} bytes")


def _check_status(status: int, blob: Blob) -> None:
    if status in EXPIRED:
        raise LinkExpiredError(
            f"{blob.name}: its link has expired (status {status}).", next_step="The next refresh orders another."
        )
    if status == 429 or status in PASSING_STATUSES:
        raise _NotReadError(f"storage answered with status {status}")
    if status != 200:
        raise UnsafeReplyError(f"{blob.name}: storage answered with status {status}; a redirect is not followed.")


def _without_link(read: Callable[[], None], blob: Blob) -> None:
    """Run a reading; what fails is told in words of our own, since the errors of the SDK hold the whole link."""
    failed: FinopsLakeError | _NotReadError
    try:
        return read()
    except FinopsLakeError as error:
        failed = error
    except _NotReadError as error:
        failed = error
    except (AzureError, OSError, ValueError) as error:
        failed = _NotReadError(f"the connection failed ({type(error).__name__})")
        if is_untrusted(str(error)):
            failed = untrusted(blob.name, "its host is not trusted")
    raise failed from None
