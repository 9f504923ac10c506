from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from finops_lake.azure_api.clients import AzureClients
from finops_lake.config import Settings
from tests.replay import Answer, ReplayTransport, StaticCredential


@dataclass
class FakeClock:
    """A monotonic clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Make settings that read nothing of the environment."""
    return lambda **values: Settings(home=tmp_path, **values)


@dataclass
class Replayed:
    """AzureClients over prepared replies, and what can be looked at from outside."""

    clients: AzureClients
    transport: ReplayTransport
    credential: StaticCredential


Replay = Callable[..., Replayed]


@pytest.fixture
def replay(clock: FakeClock, settings: Callable[..., Settings]) -> Iterator[Replay]:
    """Make AzureClients over prepared replies: everything but network, clock and sign-in is real."""
    with ExitStack() as stack:

        def make(
            replies: Mapping[tuple[str, str], Sequence[Answer]],
            *,
            credential: Any = None,
            rng: Callable[[], float] = lambda: 0.0,
            **values: Any,
        ) -> Replayed:
            transport = ReplayTransport(replies)
            credential = credential or StaticCredential()
            clients = AzureClients(
                settings(**values),
                credential=credential,
                transport=transport,
                sleep=clock.sleep,
                clock=clock,
                rng=rng,
            )
            stack.enter_context(clients)
            return Replayed(clients, transport, credential)

        yield make
