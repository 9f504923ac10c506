"""Lakes for the tests of the server, beside those that all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import TODAY, Refreshed, set_sign_in, settings_for


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests with asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def partly_denied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    """A lake of 3 subscriptions, of whose last nothing but its name could be read."""
    home = tmp_path_factory.mktemp("denied")
    with (
        LocalAzure(today=TODAY, subscriptions=3, resources=2, days=40) as azure,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        set_sign_in(monkeypatch, azure)
        settings = settings_for(azure, home)
        azure.faults.add("denied", subscription=azure.subscription_ids[2])
        yield Refreshed(azure, settings, App(settings).refresher().refresh(Demand()))


@pytest.fixture
def denied_app(partly_denied: Refreshed) -> Iterator[App]:
    """The application over the lake with a denied subscription."""
    app = App(partly_denied.settings)
    yield app
    app.close()


@pytest.fixture
def yesterdays(azure: LocalAzure, filled: Path) -> Path:
    """A home that was filled yesterday from one's own local Azure, whose clock has moved on since."""
    azure.advance()
    return filled
