"""What a failed reply of Azure means to its reader: status and body to one of our errors.

Nothing of azure.* is imported here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finops_lake.azure_api.advice import (
    OTHER_OFFER,
    VIEW_CHARGES,
    register_step,
    role_step,
    sign_in_step,
    wait_step,
)
from finops_lake.errors import (
    AccessDeniedError,
    BadRequestError,
    FinopsLakeError,
    NotFoundError,
    SignInError,
    ThrottledError,
    UnreachableError,
    UnsafeReplyError,
    UnsupportedOfferError,
)

_REQUEST_ID = re.compile(r"\s*\(?Request ID:\s*(?P<id>[0-9a-fA-F-]{8,})\)?\.?", re.IGNORECASE)
_SECRETS = (
    (re.compile(r"eyJ[\w-]+\.[\w-]*(\.[\w-]*)*"), "<token>"),
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), "Bearer <token>"),
    (
        re.compile(r"(?i)\b(sig|password|client_(?:secret|assertion)|(?:access|refresh|id)_token)=[^&\s\"']+"),
        r"\1=<secret>",
    ),
    (re.compile(r"(?i)([?&]\$?skiptoken)=[^&\s\"']+"), r"\1=..."),
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_OFFER = re.compile(
    r"WebDirect/AIRS|supports only Enterprise Agreement|not supported for subscription"
    r"|not supported for Agreement Type|valid (?:\S+ )?offer type",
    re.IGNORECASE,
)
_STATUS_OF_CODE = {
    "authorizationfailed": 403,
    "rbacaccessdenied": 403,
    "billingaccessdenied": 403,
    "forbidden": 403,
    "unauthorized": 401,
    "expiredauthenticationtoken": 401,
    "invalidauthenticationtoken": 401,
    "invalidauthenticationtokentenant": 401,
    "invalidauthenticationtokenaudience": 401,
    "authenticationfailed": 401,
    "subscriptionnotfound": 404,
    "resourcenotfound": 404,
    "resourcegroupnotfound": 404,
    "notfound": 404,
    "toomanyrequests": 429,
    "resourcerequeststhrottled": 429,
    "internalservererror": 500,
    "servertimeout": 503,
    "serverbusy": 503,
    "serviceunavailable": 503,
    "gatewaytimeout": 504,
}
"""For error bodies that come with status 200."""

_LONGEST_MESSAGE = 600


@dataclass(frozen=True)
class FailedReply:
    """A reply that is no answer, taken apart: `message` is clean, `request_id` is for Azure support."""

    status: int
    code: str | None
    message: str
    request_id: str | None

    @property
    def means(self) -> int:
        """Return the status that counts: an error that came as 200 is known by its code."""
        if self.status != 200 or not self.code:
            return self.status
        if self.code.isdigit():
            return int(self.code)
        return _STATUS_OF_CODE.get(self.code.lower(), 400)


def read_failure(status: int, body: bytes | str, headers: Mapping[str, str]) -> FailedReply:
    """Return the code and message of a failed reply, whichever of Azure's shapes its body has."""
    text = body.decode("utf-8-sig", errors="replace") if isinstance(body, bytes) else body
    code, message = _code_and_message(text)
    found = _REQUEST_ID.search(message)
    lowered = {name.lower(): value for name, value in headers.items()}
    request_id = lowered.get("x-ms-request-id") or lowered.get("x-ms-correlation-request-id")
    return FailedReply(status, code, clean(message), request_id or (found["id"] if found else None))


def clean(text: str) -> str:
    """Return a message in one line, without secrets and without the request id (equal ones would differ)."""
    text = _REQUEST_ID.sub("", text)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} ..."


def error_of(reply: FailedReply, what: str, *, scope: str = "", retry_after: float | None = None) -> FinopsLakeError:
    """Return our error for a failed reply; `what` says in words what was asked for, `scope` where."""
    said = f"{what}: {reply.message or f'status {reply.status}'}"
    code = reply.code or str(reply.status)
    if reply.means == 429:
        return ThrottledError(
            said,
            retry_after=retry_after,
            next_step=wait_step(retry_after),
            code=code,
            request_id=reply.request_id,
        )
    kind, next_step = _meaning(reply, what, scope)
    return kind(said, next_step=next_step, code=code, request_id=reply.request_id)


def _meaning(reply: FailedReply, what: str, scope: str) -> tuple[type[FinopsLakeError], str | None]:
    code, status = reply.code or "", reply.means
    if code.lower().endswith("costdisabled"):
        return AccessDeniedError, VIEW_CHARGES
    if status in (400, 404, 422) and _OFFER.search(reply.message):
        return UnsupportedOfferError, OTHER_OFFER
    if status == 401:
        return SignInError, sign_in_step(code)
    if status == 403:
        return AccessDeniedError, role_step(what, reply.message, code, scope)
    if status == 404:
        return NotFoundError, "Check the id, and that this account may read it (az account list --all)."
    if status == 408 or status >= 500:
        return UnreachableError, "Azure has a passing problem; try again in a few minutes."
    if 300 <= status < 400:
        return UnsafeReplyError, "A redirect is not followed; check FINOPS_LAKE_ARM_ENDPOINT."
    if status < 300:
        return (
            UnreachableError,
            "This was not Azure's answer; look for a proxy or a wrong address on the way.",
        )
    return BadRequestError, register_step(code, reply.message)


def _code_and_message(text: str) -> tuple[str | None, str]:
    try:
        body = json.loads(text)
    except ValueError:
        return None, _words_of(text)
    if not isinstance(body, dict):
        return None, f"an answer without an error message: {text[:100]}"
    error = _get(body, "error")
    if isinstance(error, str):
        return error, str(_get(body, "error_description") or error)
    error = error if isinstance(error, dict) else body
    code, message = _get(error, "code"), str(_get(error, "message") or "")
    details = _get(error, "details")
    if isinstance(details, list):
        more = [str(_get(item, "message")) for item in details if isinstance(item, dict) and _get(item, "message")]
        message = " ".join([message, *(text for text in more[:2] if text not in message)])
    return (None if code is None else str(code)), message


def _words_of(text: str) -> str:
    """Return what a page that is not JSON says of itself."""
    if "<" not in text:
        return f"an answer that is not JSON: {text[:100]}" if text.strip() else ""
    title = _TITLE.search(text)
    return f"a web page instead of an answer ({title[1]})" if title else "a web page instead of an answer"


def _get(mapping: dict[str, Any], name: str) -> Any:
    return next((value for key, value in mapping.items() if key.lower() == name), None)
