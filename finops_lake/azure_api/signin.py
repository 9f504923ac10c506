"""Who we are to Azure: the credential, and the policy that puts its token on each request."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.identity import (
    DefaultAzureCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    WorkloadIdentityCredential,
)
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from finops_lake.azure_api.clouds import Cloud, is_known_authority
from finops_lake.azure_api.translate import FOREIGN, sign_in_error
from finops_lake.config import Settings
from finops_lake.errors import FinopsLakeError, PermanentError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

REFRESH_BEFORE = 300.0
"""Seconds before its end at which a token is replaced, as azure-core does."""

REFUSAL_HOLDS = 10.0
"""Seconds for which a failed sign-in is not tried again: looking everywhere takes seconds, for each call."""


def build_credential(settings: Settings, cloud: Cloud) -> DefaultAzureCredential:
    """Return the default chain for one cloud; it signs in interactively only where that was asked for.

    The chain hands `authority` to two of its members only; the others read AZURE_AUTHORITY_HOST and would sign in
    at the public cloud. So the members that ask an authority are made again, with the right one, with our
    timeouts, and without azure-core's repetitions, which sleep for as long as a Retry-After says. The managed
    identity keeps its own: its endpoint is on this machine, and often not ready at first.
    """
    shared: dict[str, Any] = {}
    if settings.ca_bundle is not None:
        shared["connection_verify"] = str(settings.ca_bundle)
    if not is_known_authority(cloud.authority):
        shared["disable_instance_discovery"] = True
    timeout = settings.request_timeout_seconds
    ours = {**shared, "connection_timeout": timeout, "read_timeout": timeout, "retry_total": 0}
    try:
        chain = DefaultAzureCredential(
            authority=cloud.authority,
            exclude_interactive_browser_credential=not settings.interactive_sign_in,
            **shared,
        )
        chain.credentials = tuple(_made_again(member, cloud.authority, ours) for member in chain.credentials)
    except ValueError as error:
        raise sign_in_error(error, cloud) from error
    return chain


def _made_again(member: Any, authority: str | None, options: dict[str, Any]) -> Any:
    if isinstance(member, EnvironmentCredential | WorkloadIdentityCredential):
        return type(member)(authority=authority, **options)
    if isinstance(member, InteractiveBrowserCredential):
        tenant_id = os.environ.get("AZURE_TENANT_ID")
        return InteractiveBrowserCredential(authority=authority, tenant_id=tenant_id, **options)
    return member


class SignInPolicy(ARMChallengeAuthenticationPolicy):
    """Adds the token: one for all threads, fetched by one of them; claims challenges stay azure-core's.

    The base class keeps its token in an attribute that one thread clears while another reads it, and asks the
    credential once per client; the Azure CLI's starts a process each time.
    """

    def __init__(
        self,
        credential: TokenCredential,
        cloud: Cloud,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(credential, cloud.scope)
        self._source = credential
        self._cloud = cloud
        self._clock = clock
        self._turn = threading.Lock()
        self._current: AccessToken | None = None
        self._refused: tuple[FinopsLakeError, float] | None = None

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Put the token on a request."""
        request.http_request.headers["Authorization"] = f"Bearer {self._token_in_use()}"

    def authorize_request(self, request: PipelineRequest[Any], *scopes: str, **kwargs: Any) -> None:
        """Put a new token on a request, as a claims challenge asks."""
        with self._turn:
            token = self._fetch(*scopes, **kwargs)
            self._current = token
        request.http_request.headers["Authorization"] = f"Bearer {token.token}"

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Forget the token that was refused."""
        if response.http_response.status_code == 401:
            refused = request.http_request.headers.get("Authorization")
            with self._turn:
                if self._current is not None and refused == f"Bearer {self._current.token}":
                    self._current = None

    def _token_in_use(self) -> str:
        with self._turn:
            if self._current is None or self._current.expires_on - time.time() < REFRESH_BEFORE:
                self._current = self._fetch(self._cloud.scope)
            return self._current.token

    def _fetch(self, *scopes: str, **kwargs: Any) -> AccessToken:
        if self._refused is not None and self._clock() < self._refused[1]:
            raise self._refused[0].with_traceback(None)
        try:
            return self._source.get_token(*scopes, **kwargs)
        except FOREIGN as error:
            ours = sign_in_error(error, self._cloud)
            if isinstance(ours, PermanentError):
                self._refused = (ours, self._clock() + REFUSAL_HOLDS)
            raise ours from error
