"""A real HTTP or HTTPS server on the loopback that takes webhooks, keeps what came, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from finops_lake.demo.certificates import server_context

SECRET = "T0S3CR3T/B0hunter2/Xq7correcthorse"


@dataclass(frozen=True)
class Reply:
    """One answer: status, headers, body, seconds before it comes, and between its bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    after: float = 0.0
    between: float = 0.0


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Receiver:
    """Answers with `replies` in turn, then with 200."""

    def __init__(self, replies: Sequence[Reply] = (), ca_folder: Path | None = None) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.on_request: Callable[[], object] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = receiver.replies.pop(0) if receiver.replies else Reply()
                receiver.requests.append(Request(self.path, dict(self.headers), raw))
                receiver.on_request()
                time.sleep(reply.after)
                try:
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    pieces = [reply.body[place : place + 1] for place in range(len(reply.body))]
                    for piece in pieces if reply.between else [reply.body]:
                        self.wfile.write(piece)
                        time.sleep(reply.between)
                except OSError:
                    pass  # whoever asked has left

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"
        if ca_folder is not None:
            context = server_context(ca_folder / "ca.pem", ca_folder)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def address(self) -> str:
        """The address with its secret path."""
        return f"{self.scheme}://127.0.0.1:{self.port}/services/{SECRET}"

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The alerts of all plain JSON messages that came."""
        return [alert for request in self.requests for alert in request.body["alerts"]]


@contextmanager
def receiving(replies: Sequence[Reply] = (), ca_folder: Path | None = None) -> Iterator[Receiver]:
    """Run a receiver meanwhile."""
    receiver = Receiver(replies, ca_folder)
    receiver.thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        receiver.thread.join(5)


def leaks(folder: Path, *texts: str) -> list[str]:
    """Return where a part of the secret stands: in a file beneath a folder, or in one of the texts."""
    parts = [part.encode() for part in SECRET.split("/")]
    found = [str(path) for path in folder.rglob("*") if path.is_file() for part in parts if part in path.read_bytes()]
    return found + [text for text in texts for part in parts if part.decode() in text]
