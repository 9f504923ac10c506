"""One request id and one tree of spans from the tool to Azure; nothing secret in logs, spans or tables."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from finops_lake.app import App
from finops_lake.commands.logs import JsonFormatter, TextFormatter, without_secrets
from finops_lake.demo.server import LocalAzure
from finops_lake.journal import Journal
from tests.conftest import settings_for
from tests.server.calls import ask, refused


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests with asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """An SDK that keeps spans in memory; a process can have one provider only, and it stays."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture(params=[JsonFormatter, TextFormatter])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything that is logged anywhere, at the lowest level, as one of our formatters writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    root, ours = logging.getLogger(), logging.getLogger("finops_lake")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before[0])
    ours.setLevel(before[1])


@pytest.mark.anyio
async def test_spans_and_request_id_run_from_the_tool_to_each_request(
    azure: LocalAzure, tmp_path: Path, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1"))
    await ask(app, "refresh_lake", tables=["disks"], wait_seconds=60)
    app.close()
    spans = {span.context.span_id: span for span in exporter.get_finished_spans() if span.context}

    def above(span) -> list[str]:
        return [span.name, *(above(spans[span.parent.span_id]) if span.parent and span.parent.span_id in spans else [])]

    template = "GET /{scope}/providers/Microsoft.Compute/disks"
    disks = [span for span in spans.values() if span.name == template]
    assert len(disks) == len(azure.subscription_ids)
    assert above(disks[0])[:4] == [template, "fetch disks", "refresh", "tools/call refresh_lake"]
    assert disks[0].attributes is not None
    assert disks[0].attributes["http.response.status_code"] == 200
    assert disks[0].attributes["url.template"] == "/{scope}/providers/Microsoft.Compute/disks"
    text = "".join(span.to_json() for span in spans.values())
    assert not [one for one in azure.subscription_ids if one in text]
    (answer,) = Journal(tmp_path).answers()[1]
    sent = {item.headers.get("x-ms-correlation-request-id") for item in azure.requests if item.operation == "disks"}
    assert sent == {answer.request_id}
    assert (answer.tool, answer.arguments, answer.outcome) == ("refresh_lake", ("tables", "wait_seconds"), "answered")


@pytest.mark.anyio
async def test_freshness_of_answers_is_remembered(azure: LocalAzure, tmp_path: Path) -> None:
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1"))
    for _ in range(2):
        await ask(app, "get_budget_status", max_wait_seconds=60)
    await refused(app, "get_budget_status", nonsense=1)
    app.close()
    answers = Journal(tmp_path).answers()[1]
    assert [(one.outcome, one.freshness) for one in answers] == [
        ("answered", "refreshed"),
        ("answered", "fresh"),
        ("refused", None),
    ]


@pytest.mark.anyio
async def test_no_secret_is_logged_or_remembered_however_much_is_logged(
    azure: LocalAzure, tmp_path: Path, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = azure.environment()["AZURE_CLIENT_SECRET"]
    azure.faults.add("throttled", operation="query", times=1, retry_after=0)
    azure.faults.add("denied", operation="disks", times=1)
    app = App(settings_for(azure, tmp_path, FINOPS_LAKE_HISTORY_MONTHS="1", FINOPS_LAKE_LOG_REQUESTS="true"))
    await ask(app, "refresh_lake", wait_seconds=120)
    await ask(app, "get_cost")
    rows = app.lake.query("select distinct tag_value from marts.resource_tags where len(tag_value) >= 6").rows
    usage = app.lake.query("select to_json(calls)::varchar from meta.api_calls as calls").rows
    app.close()
    logged = log.getvalue()
    assert "/providers/Microsoft.CostManagement/query 429" in logged
    remembered = "".join(row[0] for row in usage) + (tmp_path / "journal.sqlite").read_bytes().decode("latin-1")
    for words in ("Bearer ", "eyJ", secret, "sig=", "skiptoken", "client_secret"):
        assert words.lower() not in logged.lower(), words
        assert words.lower() not in remembered.lower(), words
    values = {row[0] for row in rows}
    assert values
    assert not [value for value in values if f'"{value}"' in logged or f" {value} " in logged]


def test_what_looks_like_a_secret_is_blotted_out() -> None:
    text = "GET https://x/y?sv=1&sig=abc%2Bdef&se=2 Authorization: Bearer eyJabcdefghij.abc.def client_secret=hunter2"
    told = without_secrets(text)
    for secret in ("abc%2Bdef", "eyJabcdefghij", "hunter2"):
        assert secret not in told
    assert "sv=1&sig=***&se=2" in told


def test_a_json_line_says_when_who_and_what() -> None:
    from finops_lake import telemetry

    record = logging.LogRecord("finops_lake.x", logging.INFO, __file__, 1, "done %s", ("well",), None)
    record.duration, record.password = 1.5, "hunter2"
    with telemetry.doing(request_id="one", tool="get_cost"):
        line = json.loads(JsonFormatter().format(record))
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "finops_lake.x",
        "message": "done well",
        "request_id": "one",
        "tool": "get_cost",
        "duration": 1.5,
    }
