"""Azure Monitor's metrics: which requests may leave, with which token, and what a refusal means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.azure_api.clouds import cloud_of
from finops_lake.azure_api.links import check_address, check_metrics_request, check_reads_only
from finops_lake.azure_api.metrics import metrics_address
from finops_lake.azure_api.metrics_question import MetricsQuestion
from finops_lake.config import Settings, load_settings
from finops_lake.errors import AccessDeniedError, ConfigError, UnreachableError, UnsafeReplyError
from tests.replay import ReplayTransport, Reply, StaticCredential

GUID = "aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e"
PUBLIC = "https://{region}.metrics.monitor.azure.com"
RIGHT = f"https://westeurope.metrics.monitor.azure.com/subscriptions/{GUID}/metrics:getBatch"
MACHINE = f"/subscriptions/{GUID}/resourcegroups/app/providers/microsoft.compute/virtualmachines/vm"
QUESTION = MetricsQuestion(
    GUID,
    "westeurope",
    "microsoft.compute/virtualmachines",
    ("Percentage CPU",),
    ("Average", "Maximum"),
    (MACHINE,),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 11, 2, tzinfo=UTC),
)
ANSWER = {"values": [{"resourceid": MACHINE, "value": []}]}


def ask(tmp_path: Path, *replies: Reply, **settings: Any) -> tuple[list[Any], ReplayTransport, StaticCredential]:
    transport, credential = ReplayTransport({("POST", "metrics:getBatch$"): list(replies)}), StaticCredential()
    clients = AzureClients(
        Settings(home=tmp_path, metrics=True, **settings),
        credential=credential,
        transport=transport,
        sleep=lambda seconds: None,
    )
    with clients:
        return clients.metrics().ask(QUESTION), transport, credential


@pytest.mark.parametrize(
    "url",
    [
        RIGHT.replace("westeurope.", "evil.example/westeurope."),
        RIGHT.replace("azure.com", "azure.com.evil.example"),
        RIGHT.replace("azure.com", "azure.us"),
        RIGHT.replace("https", "http"),
        RIGHT.replace("azure.com/", "azure.com:8443/"),
        RIGHT.replace("https://", "https://user@"),
        RIGHT.replace(GUID, f"{GUID}/resourceGroups/app"),
        RIGHT.replace("metrics:getBatch", "metrics:delete"),
        f"{RIGHT}/more",
        RIGHT.replace("/subscriptions", "/x/subscriptions"),
        f"https://management.azure.com/subscriptions/{GUID}/metrics:getBatch",
    ],
)
def test_only_the_question_at_a_regions_own_address_may_leave(url: str) -> None:
    check_metrics_request("POST", f"{RIGHT}?api-version=2024-02-01", PUBLIC)
    with pytest.raises(UnsafeReplyError):
        check_metrics_request("POST", url, PUBLIC)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_no_other_method_may_leave(method: str) -> None:
    with pytest.raises(UnsafeReplyError):
        check_metrics_request(method, RIGHT, PUBLIC)


def test_resource_managers_pipeline_lets_no_metrics_pass_and_goes_to_no_host_of_theirs() -> None:
    with pytest.raises(UnsafeReplyError):
        check_reads_only("POST", RIGHT)
    with pytest.raises(UnsafeReplyError):
        check_address(RIGHT, "https://management.azure.com")


@pytest.mark.parametrize(("cloud", "suffix"), [("public", "com"), ("usgov", "us"), ("china", "cn")])
def test_each_cloud_has_its_address_and_its_audience(tmp_path: Path, cloud: str, suffix: str) -> None:
    values, transport, credential = ask(tmp_path, Reply(200, ANSWER), cloud=cloud)
    assert values == ANSWER["values"]
    assert transport.sent[0].url.startswith(f"https://westeurope.metrics.monitor.azure.{suffix}/subscriptions/{GUID}/")
    assert [scopes for scopes, _ in credential.asked] == [(f"https://metrics.monitor.azure.{suffix}/.default",)]


def test_another_azure_has_metrics_only_where_told(tmp_path: Path) -> None:
    elsewhere = {"FINOPS_LAKE_HOME": str(tmp_path), "FINOPS_LAKE_ARM_ENDPOINT": "https://arm.local"}
    assert cloud_of(load_settings(elsewhere)).metrics_endpoint is None
    told = load_settings(elsewhere | {"FINOPS_LAKE_METRICS_ENDPOINT": "https://{region}.metrics.local"})
    assert cloud_of(told).metrics_scope == "https://metrics.local/.default"
    with pytest.raises(ConfigError, match="region"):
        load_settings(elsewhere | {"FINOPS_LAKE_METRICS_ENDPOINT": "https://metrics.local"})


def test_switched_off_nothing_is_asked(tmp_path: Path) -> None:
    clients = AzureClients(Settings(home=tmp_path), credential=StaticCredential())
    with clients, pytest.raises(ConfigError, match="FINOPS_LAKE_METRICS"):
        clients.metrics()


@pytest.mark.parametrize("region", ["west/europe", "evil.example#", "", "a b"])
def test_a_region_that_is_no_name_is_not_asked(tmp_path: Path, region: str) -> None:
    from dataclasses import replace

    transport = ReplayTransport({})
    clients = AzureClients(Settings(home=tmp_path, metrics=True), credential=StaticCredential(), transport=transport)
    with clients, pytest.raises(UnreachableError, match="no region"):
        clients.metrics().ask(replace(QUESTION, region=region))
    assert transport.sent == []


def test_a_missing_role_is_no_failed_sign_in(tmp_path: Path) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "No."}}
    with pytest.raises(AccessDeniedError, match="Monitoring Reader"):
        ask(tmp_path, Reply(401, body))
    body = {"error": {"code": "Forbidden", "message": "Microsoft.Insights is not registered."}}
    with pytest.raises(AccessDeniedError, match="az provider register"):
        ask(tmp_path, Reply(403, body))


def test_a_busy_service_is_asked_again(tmp_path: Path) -> None:
    busy = Reply(529, {"error": {"code": "TooManyRequests", "message": "Busy."}})
    values, transport, _ = ask(tmp_path, busy, busy, Reply(200, ANSWER))
    assert (values, len(transport.sent)) == (ANSWER["values"], 3)


def test_json_in_a_text_is_read_and_what_is_no_answer_is_none(tmp_path: Path) -> None:
    values, _, _ = ask(tmp_path, Reply(200, json.dumps(json.dumps(ANSWER)).encode()))
    assert values == ANSWER["values"]
    for body in ({}, {"values": [1]}, [], {"values": None}):
        with pytest.raises(UnreachableError):
            ask(tmp_path, Reply(200, body))


def test_what_is_remembered_of_a_call_names_no_resource() -> None:
    address = metrics_address(f"https://host:1/metrics/westeurope/subscriptions/{GUID}/metrics:getBatch?api-version=1")
    assert (address.scope_id, address.api_version) == (f"/subscriptions/{GUID}", "1")
    assert (address.api, address.template) == ("Microsoft.Insights/metrics:getBatch", "/{scope}/metrics:getBatch")
