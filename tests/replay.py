"""Replies under the real SDK clients: everything is real except the network.

    transport = ReplayTransport({
        ("POST", r"/providers/Microsoft.CostManagement/query$"): [recorded("costmanagement/query_x")],
    })
    with AzureClients(settings, transport=transport, credential=StaticCredential()) as azure: ...

A key is a method and a regular expression searched in the path of the URL; its replies are given in order,
and one request more than there are replies is an error. A reply may be an exception, or a function of the
request. `transport.sent` holds what went out: method, url, headers, body.

Replies recorded from real Azure are read from the folder AZURE_REPLIES_FOLDER, else from
../shared/azure/replies beside the repository; tests that need them are skipped where that folder is absent.
"""

from __future__ import annotations

import io
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

ROOT = Path(__file__).resolve().parent.parent
REPLIES = Path(os.environ.get("AZURE_REPLIES_FOLDER") or ROOT.parent / "shared" / "azure" / "replies")
TOKEN = "token-of-the-test"

LISTINGS: tuple[tuple[str, str, str], ...] = (
    ("scale_sets", "virtualMachineScaleSets", "compute/vmss_list"),
    ("snapshots", "snapshots", "compute/snapshot_list_2020_09"),
    ("images", "images", "compute/images_list"),
    ("public_ip_prefixes", "publicIPPrefixes", "network/publicipprefix_list"),
    ("network_interfaces", "networkInterfaces", "network/nic_list_2022_01"),
    ("network_interfaces", "networkInterfaces", "network/nic_list_60_2020_04"),
    ("nat_gateways", "natGateways", "network/natgateway_list_2022_01"),
    ("load_balancers", "loadBalancers", "network/loadbalancer_list_2022_05"),
    ("application_gateways", "applicationGateways", "network/appgw_list_2022_05"),
    ("express_route_circuits", "expressRouteCircuits", "network/expressroute_list"),
    ("bastions", "bastionHosts", "network/bastion_list"),
    ("private_endpoints", "privateEndpoints", "network/privateendpoint_list"),
    ("route_tables", "routeTables", "network/routetable_list"),
)
"""Recorded inventory listings: raw table, end of the path they answer, and file."""


@dataclass(frozen=True)
class Reply:
    """One HTTP reply; a body that is not text is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body on the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class Sent(NamedTuple):
    """One request as it left."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path of its URL."""
        return urlsplit(self.url).path


Answer = Reply | Exception | Callable[[Sent], Reply]


class _Adapter(HTTPAdapter):
    """Answers instead of the network."""

    def __init__(self, replies: Mapping[tuple[str, str], Sequence[Answer]]) -> None:
        super().__init__()
        self.replies = {key: list(answers) for key, answers in replies.items()}
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        sent = Sent(str(request.method), str(request.url), dict(request.headers), body)
        answer = self._next(sent)
        if isinstance(answer, Exception):
            raise answer
        reply = answer if isinstance(answer, Reply) else answer(sent)
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(reply.content),
            headers={"Content-Type": "application/json; charset=utf-8", **reply.headers},
            status=reply.status,
            preload_content=False,
        )
        return self.build_response(request, raw)

    def _next(self, sent: Sent) -> Answer:
        with self._lock:
            self.sent.append(sent)
            for (method, path), answers in self.replies.items():
                if method == sent.method and re.search(path, sent.path, re.IGNORECASE):
                    if answers:
                        return answers.pop(0)
                    raise AssertionError(f"one request too many: {sent.method} {sent.url}")
        raise AssertionError(f"no reply was prepared for {sent.method} {sent.url}")


class ReplayTransport(RequestsTransport):
    """azure-core's own transport over `requests`, with prepared replies in place of the network."""

    def __init__(self, replies: Mapping[tuple[str, str], Sequence[Answer]]) -> None:
        session = requests.Session()
        self._adapter = _Adapter(replies)
        session.mount("https://", self._adapter)
        super().__init__(session=session, use_env_settings=False)

    @property
    def sent(self) -> list[Sent]:
        """Every request that left, in order."""
        return self._adapter.sent

    @property
    def left(self) -> int:
        """How many prepared replies nobody asked for."""
        return sum(len(answers) for answers in self._adapter.replies.values())


class StaticCredential:
    """Gives out tokens without a sign-in; counts them and keeps what was asked for."""

    def __init__(self, token: str = TOKEN, lifetime: float = 3600) -> None:
        self.token = token
        self.lifetime = lifetime
        self.asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Return a new token, numbered from the second on."""
        self.asked.append((scopes, kwargs))
        number = len(self.asked)
        return AccessToken(self.token if number == 1 else f"{self.token}-{number}", int(time.time() + self.lifetime))


def replies_folder() -> Path:
    """Return the folder of recorded replies; skips the test where it is absent."""
    if not REPLIES.is_dir():
        pytest.skip(f"no recorded replies: {REPLIES} is absent (set AZURE_REPLIES_FOLDER)")
    return REPLIES


def recorded(name: str) -> Reply:
    """Return a reply recorded from real Azure, such as "compute/vm_list_subscription_2024_11"."""
    path = replies_folder() / f"{name}.json"
    meta_path = path.with_suffix(".meta.json")
    meta = json.loads(meta_path.read_text(encoding="utf-8")) if meta_path.is_file() else {}
    headers = {
        header: value if isinstance(value, str) else value[-1]
        for header, value in (meta.get("response_headers") or {}).items()
        if header.lower() not in ("content-length", "content-encoding", "transfer-encoding", "connection", "set-cookie")
    }
    return Reply(int(meta.get("status", 200)), path.read_bytes(), headers)
