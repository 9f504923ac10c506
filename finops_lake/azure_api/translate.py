"""Azure's exceptions to ours, once, at the edge; the cause is kept with `raise ... from`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError

from finops_lake.azure_api.advice import cloud_sign_in_step, sign_in_step
from finops_lake.azure_api.clouds import Cloud
from finops_lake.azure_api.replies import clean, error_of, read_failure
from finops_lake.azure_api.waits import named_waits
from finops_lake.errors import ConfigError, FinopsLakeError, SignInError, UnreachableError

FOREIGN = (AzureError, ValueError, OSError)
"""All that an SDK call raises: azure-core's own, values that do not fit, the operating system's."""

_UNTRUSTED = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|NO_CERTIFICATE_OR_CRL_FOUND|TLS CA certificate bundle", re.IGNORECASE
)
_PASSING = re.compile(
    r"failed to (establish|resolve)|timed out|timeout|connection (refused|reset|aborted|error)"
    r"|max retries exceeded|name or service not known|getaddrinfo failed|remote end closed"
    r"|network is unreachable|temporary failure in name resolution|connectionerror"
    r"|unable to get authority configuration|unexpected response from microsoft entra"
    r"|temporarily_unavailable|service unavailable|too many requests|AADSTS(90033|90006|90055)\b",
    re.IGNORECASE,
)
_ATTEMPT = re.compile(r"\n\t(\w+): (.*?)(?=\n\t\w+: |\nTo mitigate|\Z)", re.DOTALL)
_ABSENT = re.compile(
    r"unavailable|not found|could not be found|not installed|requires the|missing required"
    r"|please run 'az login'|not fully configured",
    re.IGNORECASE,
)
_AADSTS = re.compile(r"(?P<code>AADSTS\d+):\s*(?P<text>.*?)(?=\s+Trace ID|\s+Correlation ID|\s+Timestamp|$)", re.DOTALL)


@contextmanager
def translated(what: str, scope: str = "") -> Iterator[None]:
    """Turn Azure's errors inside into ours; `what` and `scope` say what was asked for, and where."""
    try:
        yield
    except FOREIGN as error:
        raise translate(error, what, scope) from error


def translate(error: Exception, what: str, scope: str = "") -> FinopsLakeError:
    """Return our error for one of the SDK's."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    if response is not None:
        headers = dict(response.headers)
        waits = named_waits(headers, datetime.now(UTC))
        failure = read_failure(response.status_code, _body(response), headers)
        return error_of(failure, what, scope=scope, retry_after=max(waits.values(), default=None))
    if isinstance(error, JSONDecodeError):
        return error_of(read_failure(200, error.doc, {}), what)
    if is_untrusted(str(error)):
        return untrusted(what, str(error))
    step = "Check the network, the proxy settings and the address, then try again."
    return UnreachableError(f"{what}: {clean(str(error))}", next_step=step)


def is_untrusted(text: str) -> bool:
    """Return whether an error's text says that the other side's certificate cannot be trusted."""
    return _UNTRUSTED.search(text) is not None


def untrusted(what: str, text: str) -> ConfigError:
    """Return the error for a certificate that cannot be verified: no repetition mends it."""
    return ConfigError(
        [
            f"FINOPS_LAKE_CA_BUNDLE: {what}: the certificate shown could not be verified ({clean(text)}). "
            "Behind a proxy that opens TLS, or with a local Azure, set it to the PEM file of the authority "
            "that signed it"
        ]
    )


def sign_in_error(error: Exception, cloud: Cloud) -> FinopsLakeError:
    """Return our error for a credential that gave no token: none there, refused, or sign-in out of reach.

    DefaultAzureCredential tells what each of its members said in one text; only the telling one is repeated.
    """
    attempts: list[tuple[str, str]] = _ATTEMPT.findall(str(error)) or [("", str(error))]
    telling = [(name, text) for name, text in attempts if _AADSTS.search(text) or not _ABSENT.search(text)]
    if not telling:
        looked = ", ".join(name.removesuffix("Credential") for name, _ in attempts if name)
        message = f"No sign-in to Azure was found{f' (looked at {looked})' if looked else ''}."
        return SignInError(message, next_step=cloud_sign_in_step(cloud.name))
    return _failed_sign_in(*next((one for one in telling if _AADSTS.search(one[1])), telling[-1]), cloud)


def _failed_sign_in(name: str, text: str, cloud: Cloud) -> FinopsLakeError:
    where = f"Sign-in at {cloud.authority or 'Azure'}"
    if is_untrusted(text):
        return untrusted(where, text)
    refused = _AADSTS.search(text)
    if refused and not _PASSING.search(refused["code"]):
        message = f"Sign-in was refused: {clean(refused['code'] + ': ' + refused['text'])}"
        return SignInError(message, next_step=sign_in_step(refused["code"]), code=refused["code"])
    if _PASSING.search(text):
        step = "Check the network and AZURE_AUTHORITY_HOST, then try again."
        return UnreachableError(f"{where}: {clean(text)}", next_step=step)
    by = f" ({name})" if name else ""
    return SignInError(f"Sign-in failed{by}: {clean(text)}", next_step=cloud_sign_in_step(cloud.name))


def _body(response: Any) -> str:
    try:
        return str(response.text())
    except (AzureError, ValueError):
        return ""
