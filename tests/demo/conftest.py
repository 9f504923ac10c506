"""The local Azure with real SDK clients in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from finops_lake.demo.server import LocalAzure
from tests.demo.clients import SIZE, Clients


@pytest.fixture(scope="session")
def shared_azure() -> Iterator[LocalAzure]:
    with LocalAzure(**SIZE) as azure:
        yield azure


@pytest.fixture(scope="session")
def shared_clients(shared_azure: LocalAzure) -> Iterator[Clients]:
    clients = Clients(shared_azure)
    yield clients
    clients.close()


@pytest.fixture
def azure(shared_azure: LocalAzure) -> Iterator[LocalAzure]:
    """A local Azure whose ledger nobody changes; faults end with the test."""
    shared_azure.forget_requests()
    yield shared_azure
    shared_azure.faults.clear()
    shared_azure.throttle.enabled = False
    assert shared_azure.crashes == []


@pytest.fixture
def clients(azure: LocalAzure, shared_clients: Clients) -> Clients:
    return shared_clients


@pytest.fixture
def own_azure() -> Iterator[LocalAzure]:
    """A local Azure of the test's own, to restate and to move the clock of."""
    with LocalAzure(**SIZE) as azure:
        yield azure
        assert azure.crashes == []


@pytest.fixture
def own_clients(own_azure: LocalAzure) -> Iterator[Clients]:
    clients = Clients(own_azure)
    yield clients
    clients.close()
