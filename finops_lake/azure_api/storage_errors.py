"""What Azure Storage refuses, in our words; no message repeats an address with its SAS."""

from __future__ import annotations

from azure.core import exceptions as azure

from finops_lake.errors import (
    AccessDeniedError,
    BadRequestError,
    FinopsLakeError,
    NotFoundError,
    SignInError,
    ThrottledError,
    UnreachableError,
)

_READER = "Give the sign-in the role Storage Blob Data Reader on the container, or add a SAS with read and list."


def storage_refusal(error: azure.AzureError, doing: str, url: str, name: str) -> FinopsLakeError:
    """Return our error for one of azure.core."""
    what = f"{doing} {url}" + (f" ({name})" if name else "") + " failed"
    if isinstance(error, azure.HttpResponseError) and error.status_code is not None:
        return _answered(error, error.status_code, what)
    if isinstance(error, azure.ClientAuthenticationError):
        return SignInError(f"{what}: Azure does not know this sign-in.", next_step="Run az login.")
    return UnreachableError(f"{what}: no answer from Azure Storage ({type(error).__name__}).")


def _answered(error: azure.HttpResponseError, status: int, what: str) -> FinopsLakeError:
    code = str(getattr(error, "error_code", None) or (error.error.code if error.error else None) or status)
    if status in (401, 403):
        return AccessDeniedError(f"{what}: access is denied ({code}).", next_step=_READER, code=code)
    if status == 404:
        return NotFoundError(f"{what}: there is no such container or blob ({code}).", code=code)
    if status == 412:
        return UnreachableError(f"{what}: the blob changed while it was read.", next_step="Refresh again.", code=code)
    if status == 429 or code == "ServerBusy":
        return ThrottledError(f"{what}: Azure Storage asks to wait ({code}).", code=code)
    if status >= 500:
        return UnreachableError(f"{what}: Azure Storage answered {status} ({code}).", code=code)
    return BadRequestError(f"{what}: Azure Storage refused ({code}).", code=code)
