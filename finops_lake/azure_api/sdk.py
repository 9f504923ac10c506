"""The SDK's clients, all on one pipeline: one pool of connections, one token, one policy about waiting."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import requests
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import CustomHookPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from requests.adapters import HTTPAdapter

from finops_lake.azure_api.blobs import Blobs
from finops_lake.azure_api.calls import current_calls
from finops_lake.azure_api.clouds import Cloud
from finops_lake.azure_api.links import check_next_link
from finops_lake.azure_api.metrics import Metrics
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.pages import read_list_page
from finops_lake.azure_api.policies import ClientTypePolicy, GuardPolicy, WaitingPolicy
from finops_lake.azure_api.prices import PriceList
from finops_lake.azure_api.recording import LOG, RecordPolicy, TallyPolicy
from finops_lake.azure_api.signin import SignInPolicy, build_credential
from finops_lake.azure_api.translate import translated
from finops_lake.config import Settings

NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The consumption client wants a subscription, though listing the budgets of a scope needs none."""

_BLOCK = 1_048_576
"""Bytes that are read at once of a reply; with the SDK's own 4 KB a page of a query is cut into 250 pieces."""


class Answer(NamedTuple):
    """One reply; header names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sdk:
    """Azure's own clients, built on first use and shared by threads."""

    def __init__(
        self, settings: Settings, cloud: Cloud, pace: Pace, credential: Any = None, transport: Any = None
    ) -> None:
        quieten(settings)
        self._cloud = cloud
        self._own_credential = build_credential(settings, cloud) if credential is None else None
        agent, transport = f"finops-lake/{_version()}", transport or build_transport(settings)
        timeout = settings.request_timeout_seconds
        self.blobs = Blobs(cloud, pace, transport, timeout=timeout, agent=agent, now=settings.utc_now)
        self.prices = (
            PriceList(settings.price_list, pace, transport, timeout=timeout, agent=agent, now=settings.utc_now)
            if settings.price_list
            else None
        )
        self.metrics = (
            Metrics(cloud, pace, transport, self._own_credential or credential, settings, agent=agent)
            if settings.metrics and cloud.metrics_endpoint and cloud.metrics_scope
            else None
        )
        self._pipeline: Pipeline[Any, Any] = Pipeline(
            transport,
            [
                RequestIdPolicy(),
                UserAgentPolicy(base_user_agent=agent),
                ClientTypePolicy(),
                CustomHookPolicy(),
                RecordPolicy(pace, settings.utc_now),
                WaitingPolicy(pace, max_retries=settings.max_retries, timeout=timeout),
                GuardPolicy(cloud.arm_endpoint),
                SignInPolicy(self._own_credential or credential, cloud, pace.clock),
                TallyPolicy(pace, log_requests=settings.log_requests),
            ],
        )
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, kind: str, subscription_id: str = NO_SUBSCRIPTION) -> Any:
        """Return the one client of a kind (cost, consumption, compute, network) for a subscription."""
        with self._lock:
            key = (kind, subscription_id)
            if key not in self._clients:
                self._clients[key] = self._build(kind, subscription_id)
            return self._clients[key]

    def send(self, method: str, url: str, what: str, scope: str = "", body: Any = None) -> bytes | None:
        """Return the body of a reply through the Cost Management client's pipeline; None for "no content".

        `url` may be relative to Azure's address. Raises our errors only.
        """
        answer = self.exchange(method, url, what, scope, body)
        return None if answer.status == 204 else answer.body

    def exchange(
        self, method: str, url: str, what: str, scope: str = "", body: Any = None, *, accepted: tuple[int, ...] = ()
    ) -> Answer:
        """Return a whole reply: of status 200 or 204, or another of those `accepted`. Raises our errors only."""
        with translated(what, scope):
            request = HttpRequest(method, url, json=body, headers={"Accept": "application/json"})
            response = self.client("cost").send_request(request)
            if response.status_code not in (200, 204, *accepted):
                raise HttpResponseError(response=response)
            return Answer(response.status_code, response.headers, response.content)

    def list(self, pager: Callable[..., Any], what: str, scope: str) -> Iterator[dict[str, Any]]:
        """Yield the items of an SDK pager as plain JSON (REST names, fractional numbers as Decimal).

        The pager asks for the pages; their bodies are read here, because its models turn amounts into floats
        and an error that came with status 200 into an empty list. They are given pages without items.
        """
        replies: list[tuple[list[dict[str, Any]], str | None]] = []
        seen: set[str] = set()

        def keep(response: Any) -> None:
            if response.http_response.status_code == 200:
                content = response.http_response.content
                items, link = read_list_page(content, what)
                current_calls().read(len(items), len(content))
                replies.append((items, link))
                response.http_response = _Emptied(response.http_response, link)

        with translated(what, scope):
            pages = pager(raw_response_hook=keep).by_page()
        while True:
            with translated(what, scope):
                if next(pages, None) is None:
                    return
            items, link = replies.pop()
            yield from items
            if link:
                check_next_link(link, self._cloud.arm_endpoint, seen)

    def close(self) -> None:
        """Close the connections, and the credential where it is ours."""
        self._pipeline.__exit__()
        if self._own_credential is not None:
            self._own_credential.close()

    def _build(self, kind: str, subscription_id: str) -> Any:
        shared: dict[str, Any] = {
            "base_url": self._cloud.arm_endpoint,
            "credential_scopes": [self._cloud.scope],
            # With a pipeline given the client makes none: no retries, no redirects, no provider registration.
            "pipeline": self._pipeline,
            "policies": [],
        }
        credential: Any = _NoCredential()
        if kind == "cost":
            from azure.mgmt.costmanagement import CostManagementClient

            return CostManagementClient(credential, **shared)
        if kind == "consumption":
            from azure.mgmt.consumption import ConsumptionManagementClient

            return ConsumptionManagementClient(credential, subscription_id, **shared)
        if kind == "compute":
            from azure.mgmt.compute import ComputeManagementClient

            return ComputeManagementClient(credential, subscription_id, **shared)
        from azure.mgmt.network import NetworkManagementClient

        return NetworkManagementClient(credential, subscription_id, **shared)


class _Emptied:
    """A page of a listing as the SDK's pager needs it: where the next one is; its models are not made."""

    def __init__(self, response: Any, next_link: str | None) -> None:
        self._response = response
        self._next_link = next_link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def json(self) -> dict[str, Any]:
        """Return what a page without items would say."""
        return {"value": [], "nextLink": self._next_link}


class _NoCredential:
    """Stands where the clients want a credential; the pipeline's own policy signs in."""

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """Never called: the clients' own authentication policies are not in the pipeline."""
        raise NotImplementedError


def build_transport(settings: Settings) -> RequestsTransport:
    """Return a pool of connections, one per worker at least.

    No cookies, and no ~/.netrc (it would put another Authorization in place of the token).
    """
    session = requests.Session()
    session.auth = lambda request: request
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", HTTPAdapter(pool_maxsize=max(10, settings.workers), max_retries=0))
    return RequestsTransport(
        session=session,
        connection_timeout=settings.request_timeout_seconds,
        connection_data_block_size=_BLOCK,
        read_timeout=settings.request_timeout_seconds,
        connection_verify=str(settings.ca_bundle) if settings.ca_bundle else True,
    )


def quieten(settings: Settings) -> None:
    """Keep the SDK to warnings, and sign-in to errors, as ours repeat them; log requests if asked for.

    The SDK's own request log stays off either way: it is many lines per request, and can print bodies.
    """
    for name, level in (
        ("azure", logging.WARNING),
        ("azure.identity", logging.ERROR),
        ("msal", logging.WARNING),
        ("urllib3", logging.INFO),  # its debug log shows whole addresses, signatures of storage included
    ):
        logging.getLogger(name).setLevel(level)
    if settings.log_requests:
        LOG.setLevel(logging.INFO)
        if not LOG.hasHandlers():
            LOG.addHandler(logging.StreamHandler(sys.stderr))


def _version() -> str:
    try:
        return version("finops-lake")
    except PackageNotFoundError:
        return "0"
