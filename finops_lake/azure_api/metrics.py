"""Azure Monitor's metrics, many resources in one question: a pipeline with a guard and a token of its own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import Pipeline, PipelineRequest
from azure.core.pipeline.policies import CustomHookPolicy, RequestIdPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from finops_lake.azure_api.addresses import Address
from finops_lake.azure_api.calls import current_calls
from finops_lake.azure_api.clouds import Cloud
from finops_lake.azure_api.links import check_metrics_request
from finops_lake.azure_api.metrics_question import MetricsQuestion
from finops_lake.azure_api.pace import Pace
from finops_lake.azure_api.policies import WaitingPolicy
from finops_lake.azure_api.recording import RecordPolicy, TallyPolicy
from finops_lake.azure_api.replies import error_of, read_failure
from finops_lake.azure_api.signin import SignInPolicy
from finops_lake.azure_api.translate import translated
from finops_lake.config import Settings
from finops_lake.errors import AccessDeniedError, SignInError, UnreachableError

API_VERSION = "2024-02-01"
_REGION = re.compile("[a-z0-9-]+")
_UNREGISTERED = re.compile(r"regist", re.IGNORECASE)


class MetricsGuardPolicy(SansIOHTTPPolicy[Any, Any]):
    """Lets only questions for metrics pass, to Azure Monitor's own addresses; stands before the token is added."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raise UnsafeReplyError for anything else."""
        check_metrics_request(request.http_request.method, request.http_request.url, self._endpoint)


class Metrics:
    """Azure's own clients for metrics, one for each region, built on first use and shared by threads.

    They send the questions; replies are read by us, because their models take seconds for what JSON takes tenths.
    """

    def __init__(
        self, cloud: Cloud, pace: Pace, transport: Any, credential: Any, settings: Settings, *, agent: str
    ) -> None:
        assert cloud.metrics_endpoint is not None and cloud.metrics_scope is not None  # noqa: S101, PT018 - see Sdk
        self._endpoint, self._scope = cloud.metrics_endpoint, cloud.metrics_scope
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._pipeline: Pipeline[Any, Any] = Pipeline(
            transport,
            [
                RequestIdPolicy(),
                UserAgentPolicy(base_user_agent=agent),
                CustomHookPolicy(),
                RecordPolicy(pace, settings.utc_now, metrics_address),
                WaitingPolicy(pace, max_retries=settings.max_retries, timeout=settings.request_timeout_seconds),
                MetricsGuardPolicy(self._endpoint),
                SignInPolicy(credential, replace(cloud, scope=self._scope), pace.clock),
                TallyPolicy(pace, metrics_address, log_requests=settings.log_requests),
            ],
        )

    def ask(self, question: MetricsQuestion) -> list[Mapping[str, Any]]:
        """Return Azure's answer for each resource, as it came; costs one call. Raises our errors only.

        A token that Azure Monitor refuses says nothing of the sign-in: the role is missing on the subscription
        (Azure answers 401 then), so this is AccessDeniedError, and so is a sign-in that gives no token for it.
        """
        what = f"Metrics of {question.namespace} in {question.region}"
        scope = f"/subscriptions/{question.subscription_id}"
        params = {
            "api-version": API_VERSION,
            "starttime": f"{question.start:%Y-%m-%dT%H:%M:%SZ}",
            "endtime": f"{question.end:%Y-%m-%dT%H:%M:%SZ}",
            "interval": "PT1H",
            "metricnamespace": question.namespace,
            "metricnames": ",".join(question.names),
            "aggregation": ",".join(question.aggregations),
        }
        body = {"resourceids": list(question.resource_ids)}
        asked = urlencode(params, quote_via=quote)  # HttpRequest's own params are sent as they stand
        request = HttpRequest("POST", f"{scope}/metrics:getBatch?{asked}", json=body)
        try:
            with translated(what, scope):
                response = self._client(question.region).send_request(request)
                if response.status_code != 200:
                    raise HttpResponseError(response=response)
        except (SignInError, AccessDeniedError) as error:
            raise _denied(error, scope) from error
        current_calls().read(len(question.resource_ids), len(response.content))
        return _values(response.content, what)

    def _client(self, region: str) -> Any:
        from azure.monitor.querymetrics import MetricsClient

        if not _REGION.fullmatch(region):
            raise UnreachableError(f"Metrics: {region!r} is no region that has an address.")
        with self._lock:
            if region not in self._clients:
                self._clients[region] = MetricsClient(
                    self._endpoint.replace("{region}", region), _NoCredential(), pipeline=self._pipeline, policies=[]
                )
            return self._clients[region]


class _NoCredential:
    """Stands where the client wants a credential; the pipeline's own policy signs in."""

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """Never called: the client's own authentication policy is not in the pipeline."""
        raise NotImplementedError


def metrics_address(url: str) -> Address:
    """Return what a question for metrics stands for; its list of resources is in the body, and is not looked at."""
    parts = urlsplit(url)
    at = parts.path.lower().find("/subscriptions/")
    scope = "/".join(parts.path[max(at, 0) :].lower().split("/")[:3])
    version = parse_qs(parts.query).get("api-version", [None])[0]
    api = "Microsoft.Insights/metrics:getBatch"
    return Address(parts.netloc.lower(), parts.path, api, "/{scope}/metrics:getBatch", scope, version)


def _values(body: bytes, what: str) -> list[Mapping[str, Any]]:
    """Return the answers in a reply; a service that sent its JSON as a text in JSON has been seen."""
    try:
        answer = json.loads(body)
        answer = json.loads(answer) if isinstance(answer, str) else answer
    except ValueError as error:
        raise error_of(read_failure(200, body, {}), what) from error
    values = answer.get("values") if isinstance(answer, dict) else None
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise error_of(read_failure(200, body, {}), what)
    return values


def _denied(error: SignInError | AccessDeniedError, scope: str) -> AccessDeniedError:
    if isinstance(error, SignInError) and (error.code is None or error.code.startswith("AADSTS")):
        return AccessDeniedError(f"No token for metrics: {error.message}", next_step=error.next_step, code=error.code)
    step = (
        "Register the provider, as an owner may: az provider register --namespace Microsoft.Insights."
        if isinstance(error, AccessDeniedError) and _UNREGISTERED.search(error.message)
        else f"Ask for the role Monitoring Reader on {scope} itself: on its resources alone it is not enough "
        f'(az role assignment create --role "Monitoring Reader" --assignee <account> --scope {scope}).'
    )
    return AccessDeniedError(error.message, next_step=step, code=error.code, request_id=error.request_id)
