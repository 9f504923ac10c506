"""A local Azure on the loopback, in a thread of this process."""

from __future__ import annotations

import asyncio
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from finops_lake.config import PREFIX
from finops_lake.demo.app import Application
from finops_lake.demo.calls import RecordedRequest
from finops_lake.demo.cases import Verdict
from finops_lake.demo.certificates import server_context
from finops_lake.demo.cost_query import warm_up
from finops_lake.demo.faults import Faults
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.metrics import PATH as METRICS
from finops_lake.demo.model import EstateSpec
from finops_lake.demo.prices import PATH as PRICES
from finops_lake.demo.restatement import RestatedCharge
from finops_lake.demo.sign_in import CLIENT_SECRET, Authority
from finops_lake.demo.throttle import Throttle
from finops_lake.demo.truth import Truth
from finops_lake.demo.verdicts import verdicts
from finops_lake.demo.world import World
from finops_lake.errors import StorageError

HOST = "127.0.0.1"
THREAD_NAME = "local-azure"
START_SECONDS = 30


class _Server(uvicorn.Server):
    """A server that does not wait for its callers to hang up: clients keep their TLS connections open."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for task in self.server_state.tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            getattr(connection, "transport").abort()  # noqa: B009 - the protocols declare no common base
        for _ in range(10):
            await asyncio.sleep(0)


class LocalAzure:
    """An invented Azure tenant behind a real HTTPS server; use it as a context manager, or start and stop it.

    `today` None is the machine's day (UTC); see EstateSpec for the sizes. `port` 0 takes a free one. `page_size`
    is the rows of a query page when the caller does not say `$top`, `list_page_size` the items of a list page.
    `audience` None expects tokens for the server's own address; give another to play a sovereign cloud.
    `ca_file` None keeps the authority's certificate in a temporary folder that `stop` removes.
    """

    def __init__(
        self,
        *,
        today: date | None = None,
        seed: int = 1,
        subscriptions: int = 4,
        resources: int = 20,
        days: int | None = None,
        currencies: tuple[str, ...] = ("EUR", "EUR", "USD", "GBP"),
        port: int = 0,
        throttle: Throttle | None = None,
        page_size: int = 1000,
        list_page_size: int = 50,
        audience: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        spec = EstateSpec(today or datetime.now(UTC).date(), seed, subscriptions, resources, days, currencies)
        self._world = World(spec, throttle or Throttle(), page_size, list_page_size)
        self._app = Application(self._world)
        self._wanted_port = port
        self._audience = audience
        self._has_own_clock = today is not None
        self._ca_file = ca_file
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    def start(self) -> Self:
        """Start serving and return at once when requests are answered; raise StorageError when the port is taken."""
        listener = _listen(self._wanted_port)
        self.port = listener.getsockname()[1]
        self._world.endpoint = self.endpoint
        self._world.audience = self._audience or self.endpoint
        self._world.metrics_audience = f"{self.endpoint}{METRICS}"
        self._folder = tempfile.TemporaryDirectory(prefix="local-azure-")
        folder = Path(self._folder.name)
        self._ca_file = self._ca_file or folder / "ca.pem"
        context = server_context(self._ca_file, folder)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http="h11",
            ws="none",
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
            ssl_context_factory=lambda config, default: context,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_not_ours)
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._serve, args=(self._server, listener), name=THREAD_NAME, daemon=True
        )
        self._thread.start()
        self._wait_until_started()
        return self

    def stop(self) -> None:
        """Stop serving and remove the temporary files; harmless when it was not started."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
            logging.getLogger("uvicorn.error").removeFilter(_is_not_ours)
        if self._folder:
            self._folder.cleanup()
            if self._ca_file and self._ca_file.parent == Path(self._folder.name):
                self._ca_file = None
        self._server = self._thread = self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """Return the address of Resource Manager and of the sign-in authority, without a trailing slash."""
        return f"https://{HOST}:{self.port}"

    @property
    def scope(self) -> str:
        """Return the scope that a token must be asked for."""
        return f"{self._world.audience}/.default"

    @property
    def ca_file(self) -> Path:
        """Return the PEM file of the authority that signed the server's certificate."""
        assert self._ca_file is not None, "start the server first"  # noqa: S101 - a use before start() is a defect
        return self._ca_file

    def environment(self) -> dict[str, str]:
        """Return the variables that point finops_lake, and azure-identity, at this server.

        FINOPS_LAKE_NOW is among them when `today` was given, so that both sides live on the same day. Calls are
        paced where this server throttles: without limits there is nothing to keep to. Cost comes from the query, the
        quickest here; FINOPS_LAKE_COST_SOURCE=auto shows the other sources at work.
        """
        clock = {f"{PREFIX}NOW": f"{self.today}T12:00:00+00:00"} if self._has_own_clock else {}
        return {
            **clock,
            f"{PREFIX}COST_SOURCE": "query",
            f"{PREFIX}PACE_CALLS": str(self.throttle.enabled).lower(),
            f"{PREFIX}ARM_ENDPOINT": self.endpoint,
            f"{PREFIX}ARM_SCOPE": self.scope,
            f"{PREFIX}RETAIL_PRICES_ENDPOINT": f"{self.endpoint}{PRICES}",
            f"{PREFIX}METRICS_ENDPOINT": f"{self.endpoint}{METRICS}/{{region}}",
            f"{PREFIX}METRICS_SCOPE": f"{self._world.metrics_audience}/.default",
            f"{PREFIX}CA_BUNDLE": str(self.ca_file),
            "AZURE_AUTHORITY_HOST": self.endpoint,
            "AZURE_TENANT_ID": self._world.estate.tenant_id,
            "AZURE_CLIENT_ID": self._world.authority.client_id,
            "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        }

    @property
    def today(self) -> date:
        """Return the day it is in this Azure."""
        return self._world.ledger.today

    @property
    def subscription_ids(self) -> list[str]:
        """Return the ids of all subscriptions, in the order they are listed."""
        return [item.subscription_id for item in self._world.estate.subscriptions]

    @property
    def world(self) -> World:
        """Return everything behind the server: estate, ledger, budgets."""
        return self._world

    @property
    def ledger(self) -> Ledger:
        """Return the ledger of charges."""
        return self._world.ledger

    @property
    def truth(self) -> Truth:
        """Return what was planted and what it costs, as of now."""
        return self._world.truth

    def verdicts(self) -> dict[str, dict[str, Verdict]]:
        """Return what every audit check should say, by its name and the id of what it is about; see verdicts.py."""
        return verdicts(self._world)

    @property
    def faults(self) -> Faults:
        """Return the faults, to switch on and off."""
        return self._world.faults

    @property
    def throttle(self) -> Throttle:
        """Return Cost Management's throttle, to switch on and off."""
        return self._world.throttle

    @property
    def authority(self) -> Authority:
        """Return the sign-in authority, with the tokens it has issued."""
        return self._world.authority

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return the requests answered so far (signing in included), oldest first; the last 100,000 are kept."""
        return list(self._world.requests)

    @property
    def writes(self) -> list[RecordedRequest]:
        """Return the requests that would have changed something in a real Azure."""
        return [item for item in self.requests if item.is_write]

    @property
    def crashes(self) -> list[str]:
        """Return traces of the simulator's own defects; a test that finds any should fail."""
        return self._app.crashes

    def advance(self, days: int = 1) -> date:
        """Move the clock on and return the new day."""
        return self._world.advance(days)

    def restate(self, subscription_id: str | None = None, month: date | None = None) -> list[RestatedCharge]:
        """Change the past as Azure does, and return what was changed; see World.restate."""
        return self._world.restate(subscription_id, month)

    def warm(self, bodies: Iterable[Mapping[str, Any]], top: int = 5000) -> int:
        """Make the pages of these query bodies for every subscription, so that serving them costs next to nothing.

        Returns the number of pages. Another process warms the server up by asking once.
        """
        return warm_up(self._world, bodies, top)

    def expire_tokens(self) -> None:
        """Make every token issued so far expire now."""
        self._world.authority.expire_tokens()

    def forget_requests(self) -> None:
        """Forget the requests recorded so far."""
        self._world.requests.clear()

    def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        with asyncio.Runner() as runner:
            runner.run(server.serve(sockets=[listener]))

    def _wait_until_started(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._server and not self._server.started:
            if time.monotonic() > deadline or not (self._thread and self._thread.is_alive()):
                self.stop()
                raise StorageError("The local Azure did not start.")
            time.sleep(0.002)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does it for sockets of its own only
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise StorageError(
            f"Port {port} of {HOST} cannot be used: {error.strerror}.", next_step="Choose another port."
        ) from error
    return listener


def _is_not_ours(log_record: logging.LogRecord) -> bool:
    """Keep what this server's thread logs off the terminal; other servers' records pass."""
    return log_record.threadName != THREAD_NAME
