from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.replay import TOKEN, Reply

DISKS = ("GET", "disks$")
NAMES = ("azure", "azure.identity", "msal", "urllib3", "finops_lake.azure")


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Leave the loggers as they were."""
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in NAMES}
    yield
    for name, (level, handlers) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers[:] = handlers


def listing(replay, **values) -> None:
    link = "https://management.azure.com/subscriptions/a/providers/x/disks?api-version=1&$skiptoken=hunter2"
    replies = [Reply(200, {"value": [], "nextLink": link}), Reply(200, {"value": []}, {"x-ms-request-id": "req-7"})]
    list(replay({DISKS: replies}, **values).clients.disks("a"))


def test_the_sdk_is_quiet_even_where_the_program_logs_everything(replay, caplog):
    caplog.set_level(logging.DEBUG)
    listing(replay)
    assert [record for record in caplog.records if record.name.startswith(("azure", "msal", "finops_lake"))] == []


def test_requests_are_logged_without_token_body_or_page_token_when_asked_for(replay, caplog):
    listing(replay, log_requests=True)
    lines = [record.getMessage() for record in caplog.records if record.name == "finops_lake.azure"]
    assert len(lines) == 2
    assert lines[1].startswith("GET https://management.azure.com/subscriptions/a/providers/x/disks 200 in ")
    assert "req-7" in lines[1]
    assert TOKEN not in caplog.text
    assert "hunter2" not in caplog.text


def test_requests_are_logged_to_stderr_where_the_program_set_up_no_logging(replay, capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    listing(replay, log_requests=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("GET https://management.azure.com/") == 2
