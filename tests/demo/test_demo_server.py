"""The server itself: start, stop, certificates, environment, the foreground command."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.mgmt.costmanagement import CostManagementClient

from finops_lake.config import load_settings
from finops_lake.demo.foreground import environment_text, run_in_foreground
from finops_lake.demo.server import LocalAzure
from finops_lake.errors import StorageError
from tests.demo.clients import SIZE, Clients, query_body

HEAVY = ("azure", "mcp", "duckdb", "pyarrow")


def test_importing_the_simulator_imports_no_client_and_no_database():
    code = "import sys, finops_lake.demo.foreground; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(HEAVY) & set(loaded)


def test_the_environment_points_our_settings_and_azure_identity_at_the_server(azure, tmp_path, monkeypatch):
    environment = azure.environment()
    settings = load_settings({**environment, "FINOPS_LAKE_HOME": str(tmp_path)})
    assert settings.arm_endpoint == azure.endpoint
    assert settings.arm_scope == azure.scope
    assert settings.authority_host == azure.endpoint
    assert settings.ca_bundle == azure.ca_file
    assert settings.utc_now().date() == azure.today
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with (
        DefaultAzureCredential(disable_instance_discovery=True, connection_verify=str(azure.ca_file)) as credential,
        CostManagementClient(
            credential,
            base_url=azure.endpoint,
            credential_scopes=[azure.scope],
            connection_verify=str(azure.ca_file),
        ) as client,
    ):
        assert client.send_request(HttpRequest("GET", "/subscriptions?api-version=2022-12-01")).status_code == 200


def test_the_clock_is_part_of_the_environment_only_where_it_was_set():
    with LocalAzure(subscriptions=1, resources=0, days=3) as azure:
        assert "FINOPS_LAKE_NOW" not in azure.environment()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_certificate_is_good_for_the_loopbacks_names(azure, host):
    url = azure.endpoint.replace("127.0.0.1", host)
    assert requests.get(f"{url}/_faults", verify=str(azure.ca_file), timeout=10).json() == []


def test_nobody_else_trusts_the_server(azure):
    session = requests.Session()
    session.trust_env = False
    with session, pytest.raises(requests.exceptions.SSLError):
        session.get(f"{azure.endpoint}/_faults", timeout=10)


def test_no_private_key_stays_on_disk_and_stopping_removes_the_rest():
    azure = LocalAzure(**SIZE).start()
    folder = azure.ca_file.parent
    assert [path.name for path in folder.iterdir()] == ["ca.pem"]
    assert "PRIVATE KEY" not in azure.ca_file.read_text(encoding="ascii")
    azure.stop()
    azure.stop()
    assert not folder.exists()


def test_it_can_be_started_again_and_keeps_a_certificate_it_was_given(tmp_path):
    azure = LocalAzure(**SIZE, ca_file=tmp_path / "authority.pem")
    for _ in range(2):
        with azure:
            assert requests.get(f"{azure.endpoint}/_faults", verify=str(azure.ca_file), timeout=10).ok
    assert (tmp_path / "authority.pem").exists()


def test_a_port_that_is_taken_is_refused_with_its_number(azure):
    with pytest.raises(StorageError, match=str(azure.port)):
        LocalAzure(**SIZE, port=azure.port).start()


def test_nothing_is_printed_or_logged(capfd, caplog):
    with LocalAzure(**SIZE) as azure:
        clients = Clients(azure)
        azure.faults.add("reset", operation="subscriptions")
        with pytest.raises(Exception, match=r"(?i)incomplete|connection"):
            clients.send("GET", "/subscriptions")
        clients.close()
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_pages_can_be_made_before_anybody_asks(own_azure, own_clients):
    body = query_body()
    assert own_azure.warm([body], top=500) >= len(own_azure.subscription_ids)
    made = own_azure.world.pages.get
    own_clients.query_rows(f"/subscriptions/{own_azure.subscription_ids[0]}", body, top=500)
    key = (f"/subscriptions/{own_azure.subscription_ids[0]}", json.dumps(body, sort_keys=True), 500)
    assert made(key)


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", "export NAME='it'\"'\"'s here'"),
        ("powershell", "$env:NAME = 'it''s here'"),
        ("json", '  "NAME": "it\'s here"'),
    ],
)
def test_the_environment_is_printed_for_each_shell(shell, line):
    assert line in environment_text({"NAME": "it's here"}, shell).splitlines()


def test_in_the_foreground_it_prints_its_environment_and_serves_until_told_to_end():
    azure, out, err, stop = LocalAzure(**SIZE), io.StringIO(), io.StringIO(), threading.Event()
    thread = threading.Thread(
        target=run_in_foreground, args=(azure,), kwargs={"shell": "json", "out": out, "err": err, "until": stop}
    )
    thread.start()
    while not err.getvalue():
        assert thread.is_alive()
    environment = json.loads(out.getvalue())
    url = f"{environment['FINOPS_LAKE_ARM_ENDPOINT']}/_truth"
    truth = requests.get(url, verify=environment["FINOPS_LAKE_CA_BUNDLE"], timeout=10).json()
    assert truth["today"] == "2026-03-15"
    stop.set()
    thread.join()
    assert not Path(environment["FINOPS_LAKE_CA_BUNDLE"]).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
def test_a_request_to_terminate_cleans_up():
    code = (
        "from datetime import date; from finops_lake.demo.foreground import run_in_foreground;"
        "from finops_lake.demo.server import LocalAzure;"
        "run_in_foreground(LocalAzure(today=date(2026, 3, 15), subscriptions=1, resources=1, days=3), shell='json')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert "https://127.0.0.1:" in process.stderr.readline()
        process.terminate()
        environment = json.loads(process.stdout.read())
    assert process.returncode == 0
    assert not Path(environment["FINOPS_LAKE_CA_BUNDLE"]).exists()
