"""`finops-lake serve --transport http` as other programs see it: a real process, real sockets, independent clients."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from finops_lake.config import Settings, load_settings
from finops_lake.errors import ConfigError
from finops_lake.server.catalog import TOOLS
from finops_lake.server.guard import bearer_token, names_allowed
from finops_lake.server.http import LARGEST_REQUEST, check_exposure, listen
from tests.conftest import NOW, Refreshed
from tests.server.calls import ERAS, totals
from tests.server.test_stdio import HELLO, environment_of, script

pytestmark = pytest.mark.anyio

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested is that it takes a token
TOKEN = "a-token-of-the-tests-only-0123456789"
HELLO_MESSAGE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}


@dataclass
class Served:
    """A server process and where it listens."""

    process: subprocess.Popen[str]
    url: str
    told: str

    def post(self, body: bytes | None = None, path: str = "/mcp", **headers: str) -> tuple[int, str, str]:
        """Send a request without any MCP library; return status, body, and the WWW-Authenticate header."""
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=20)
        usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        try:
            connection.request("POST", path, body or json.dumps(HELLO_MESSAGE).encode(), usual | headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), reply.headers.get("WWW-Authenticate") or ""
        finally:
            connection.close()


@contextmanager
def serving(
    refreshed: Refreshed, home: Path, *arguments: str, stop: signal.Signals = signal.SIGTERM, **more: str
) -> Iterator[Served]:
    """Run a server on a free port of the loopback until the block ends; it must end in peace."""
    process = subprocess.Popen(
        [script(), "serve", "--transport", "http", "--port", "0", *arguments],
        env=environment_of(refreshed.azure, home, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith("Serving MCP at "), told + process.stderr.read()
        yield Served(process, told.split()[3].rstrip(","), told)
        assert process.poll() is None
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err
        assert err.endswith("Stopped.\n")
        assert TOKEN not in told + err
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def served(refreshed: Refreshed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on the loopback, without a token."""
    with serving(refreshed, refreshed.settings.home) as server:
        yield server


@pytest.fixture(scope="module")
def protected(refreshed: Refreshed) -> Iterator[Served]:
    """A server that wants a token."""
    with serving(refreshed, refreshed.settings.home, FINOPS_LAKE_HTTP_TOKEN=TOKEN) as server:
        yield server


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_gets_the_truth_over_http(served: Served, refreshed: Refreshed, era: str) -> None:
    async with Client(served.url, mode=era) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [entry.name for entry in TOOLS]
        result = await client.call_tool("get_cost", {"max_wait_seconds": 0})
        truth = refreshed.azure.truth.totals(("currency",), "ActualCost", NOW.date().replace(day=1), NOW.date())
        assert result.structured_content is not None
        assert totals(result.structured_content) == {key[0]: amount for key, amount in truth.items() if amount}
        assert (await client.call_tool("query_lake", {"sql": "drop table x"})).is_error


async def test_a_result_is_read_on_in_the_other_era_too(served: Served) -> None:
    """Results belong to no session: an id that one client got works for the next."""
    async with Client(served.url, mode="legacy") as client:
        first = await client.call_tool("query_lake", {"sql": "from marts.charges", "limit": 3})
        assert first.structured_content is not None
        result_id = first.structured_content["result_id"]
    async with Client(served.url) as client:
        second = await client.call_tool("query_lake", {"result_id": result_id, "offset": 3, "limit": 3})
    assert second.structured_content is not None
    assert second.structured_content["offset"] == 3
    assert second.structured_content["rows"] != first.structured_content["rows"]


def test_what_it_listens_on_is_told_and_is_the_loopback(served: Served) -> None:
    assert served.told.startswith("Serving MCP at http://127.0.0.1:")
    assert "without a token, from this machine only" in served.told


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1234"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Origin": "http://localhost:6274"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_web_page_cannot_reach_it_by_a_name_of_its_own(served: Served, headers: dict[str, str], status: int) -> None:
    assert served.post(**headers)[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}, 421),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}, 403),
    ],
)
def test_only_the_right_token_is_let_in(protected: Served, headers: dict[str, str], status: int) -> None:
    found, body, challenge = protected.post(**headers)
    assert found == status
    assert challenge == ('Bearer realm="finops-lake"' if status == 401 else "")
    assert TOKEN not in body


def test_nothing_is_told_to_those_without_a_token_whatever_they_ask_for(protected: Served) -> None:
    for path in ("/", "/mcp", "/mcp/", "/.well-known/oauth-protected-resource"):
        assert protected.post(path=path)[0] == 401


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_with_the_token_gets_an_answer(protected: Served, era: str) -> None:
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {TOKEN}"}) as connection,
        Client(streamable_http_client(protected.url, http_client=connection), mode=era) as client,
    ):
        assert not (await client.call_tool("get_lake_status", {})).is_error


def test_a_request_that_is_too_large_is_refused(served: Served) -> None:
    assert served.post(b" " * (LARGEST_REQUEST + 1))[0] == 413


def test_ctrl_c_ends_it_in_peace(refreshed: Refreshed) -> None:
    """What `serving` asserts at its end: exit code 0, nothing on stdout, no trace on stderr."""
    with serving(refreshed, refreshed.settings.home, stop=signal.SIGINT) as server:
        assert server.post()[0] == 200


def settings_with(home: Path, **more: str) -> Settings:
    """Return settings of an environment with these HTTP variables."""
    return load_settings(
        {"FINOPS_LAKE_HOME": str(home), **{f"FINOPS_LAKE_HTTP_{name}": value for name, value in more.items()}}
    )


def private(path: Path, text: str, mode: int = 0o600) -> str:
    """Write a file of this mode and return its path."""
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def test_a_token_comes_from_a_private_file_or_the_environment(tmp_path: Path) -> None:
    assert bearer_token(settings_with(tmp_path)) is None
    assert bearer_token(settings_with(tmp_path, TOKEN=TOKEN)) == TOKEN
    file = private(tmp_path / "token", f"{TOKEN}\n")
    assert bearer_token(settings_with(tmp_path, TOKEN_FILE=file)) == TOKEN


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        (TOKEN, 0o644, "can be read by others (mode 644); run: chmod 600"),
        (TOKEN, 0o640, "can be read by others (mode 640)"),
        ("2short4us", 0o600, "shorter than 16 characters"),
        ("two words in one token", 0o600, "one word of printable ASCII"),
        ("", 0o600, "shorter than 16"),
        (None, 0o600, "cannot be read (No such file or directory)"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_bad_token_file_is_refused_without_showing_it(
    tmp_path: Path, text: str | None, mode: int, fault: str
) -> None:
    file = tmp_path / "token"
    if text is not None:
        private(file, text, mode)
    with pytest.raises(ConfigError) as caught:
        bearer_token(settings_with(tmp_path, TOKEN_FILE=str(file)))
    assert fault in str(caught.value)
    assert str(file) in str(caught.value)
    assert not text or text not in str(caught.value)


def test_two_tokens_or_one_in_the_configuration_file_are_refused(tmp_path: Path) -> None:
    file = private(tmp_path / "token", TOKEN)
    with pytest.raises(ConfigError, match="give one of them"):
        bearer_token(settings_with(tmp_path, TOKEN=TOKEN, TOKEN_FILE=file))
    (tmp_path / "config.toml").write_text(f'http_token = "{TOKEN}"\n')
    with pytest.raises(ConfigError, match="http_token: give it as a variable, or its file") as caught:
        settings_with(tmp_path)
    assert TOKEN not in str(caught.value)


def test_settings_never_show_the_token(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, TOKEN=TOKEN)
    assert TOKEN not in repr(settings)
    assert TOKEN not in str(settings)


def test_answers_do_not_wait_for_the_callers_acknowledgement() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("host", [EVERYWHERE, "::"])
def test_other_machines_are_served_only_with_a_token(tmp_path: Path, host: str) -> None:
    if host == "::" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with listen(host, 0) as listener:
        with pytest.raises(ConfigError, match="can be reached from other machines, so a bearer token is needed"):
            check_exposure(listener, None)
        check_exposure(listener, TOKEN)
    with listen("localhost", 0) as listener:
        check_exposure(listener, None)


def test_without_a_token_the_command_does_not_start_off_the_loopback(refreshed: Refreshed) -> None:
    done = subprocess.run(
        [script(), "serve", "--transport", "http", "--port", "0", "--host", EVERYWHERE],
        env=environment_of(refreshed.azure, refreshed.settings.home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "FINOPS_LAKE_HTTP_TOKEN_FILE (a file of mode 0600)" in done.stderr
    assert "Serving" not in done.stderr


def test_off_the_loopback_names_are_checked_too(refreshed: Refreshed) -> None:
    more = {"FINOPS_LAKE_HTTP_TOKEN": TOKEN, "FINOPS_LAKE_HTTP_ALLOWED_HOSTS": "lake.example.com"}
    with serving(refreshed, refreshed.settings.home, "--host", EVERYWHERE, **more) as server:
        assert "The token goes over the network in clear" in server.process.stderr.readline()  # type: ignore[union-attr]
        local = Served(server.process, server.url.replace(EVERYWHERE, "127.0.0.1"), server.told)
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert local.post(**right, Host="lake.example.com")[0] == 200
        assert local.post(**right, Host="lake.example.com:443")[0] == 200
        assert local.post(**right, Host="evil.example")[0] == 421
        assert local.post(**right, Origin="https://lake.example.com")[0] == 403
        assert local.post(Host="lake.example.com")[0] == 401


def test_allowed_names_are_those_of_the_machine_and_of_the_settings(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, ALLOWED_HOSTS="a.example,b.example:8443", ALLOWED_ORIGINS="https://a.example")
    checked = names_allowed(settings, "10.0.0.5")
    assert checked.enable_dns_rebinding_protection
    assert {"10.0.0.5:*", "a.example", "a.example:*", "b.example:8443", "[::1]:*"} <= set(checked.allowed_hosts)
    assert "b.example:8443:*" not in checked.allowed_hosts
    assert "https://a.example" in checked.allowed_origins
    assert "[fe80::1]:*" in names_allowed(settings, "fe80::1").allowed_hosts


def certificate_and_key(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate of 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "finops-lake test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


async def test_it_serves_tls_with_a_certificate_of_ones_own(refreshed: Refreshed, tmp_path: Path) -> None:
    certificate, key = certificate_and_key(tmp_path)
    more = {"FINOPS_LAKE_HTTP_CERTIFICATE": str(certificate), "FINOPS_LAKE_HTTP_KEY": str(key)}
    with serving(refreshed, refreshed.settings.home, **more) as server:
        assert server.url.startswith("https://127.0.0.1:")
        where = urlsplit(server.url)
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection(str(where.hostname), where.port, timeout=20, context=context)
        connection.request(
            "POST",
            "/mcp",
            json.dumps(HELLO_MESSAGE).encode(),
            {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
        )
        assert connection.getresponse().status == 200
        connection.close()


def test_a_taken_port_is_told(refreshed: Refreshed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [script(), "serve", "--transport", "http", "--port", port],
            env=environment_of(refreshed.azure, refreshed.settings.home),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr


def test_host_and_port_go_with_http_alone() -> None:
    done = subprocess.run(
        [script(), "serve", "--port", "1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 2
    assert "go with --transport http" in done.stderr
