"""What many tests share: a local Azure, and a lake that was refreshed from it once."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from finops_lake.app import App
from finops_lake.config import Settings, load_settings
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from finops_lake.refresh.report import RefreshReport
from tests.prepared import copied_where_alike, filled_once

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MONTHS = 3


def settings_for(azure: LocalAzure, home: Path, **more: str) -> Settings:
    """Return settings that point at a local Azure, its clock fixed at the morning of its day."""
    now = datetime.combine(azure.today, NOW.time(), UTC)
    environment = {
        **azure.environment(),
        "FINOPS_LAKE_HOME": str(home),
        "FINOPS_LAKE_NOW": now.isoformat(),
        "FINOPS_LAKE_HISTORY_MONTHS": str(MONTHS),
        "FINOPS_LAKE_MAX_WAIT_SECONDS": "300",  # a busy machine is slow, which is not what tests are about
        **more,
    }
    return load_settings(environment)


def set_sign_in(monkeypatch: pytest.MonkeyPatch, azure: LocalAzure) -> None:
    """Give azure-identity, which reads the environment itself, what it needs to sign in at a local Azure."""
    for name, value in azure.environment().items():
        if name.startswith("AZURE_"):
            monkeypatch.setenv(name, value)


def small_azure() -> LocalAzure:
    """Return a small local Azure: 3 subscriptions, the running month and the last."""
    return LocalAzure(today=TODAY, subscriptions=3, resources=2, days=40)


def fill_from_small(demand: Demand) -> Callable[[Path], None]:
    """Return what fills a home with what is demanded of a small local Azure; any such Azure gives the same."""

    def fill(home: Path) -> None:
        with small_azure() as azure, pytest.MonkeyPatch.context() as monkeypatch:
            set_sign_in(monkeypatch, azure)
            app = App(settings_for(azure, home))
            report = app.refresher().refresh(demand)
            app.close()
            assert report.failures == ()
            assert azure.crashes == []

    return fill


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the garbage collector, which a refresh calls itself, from walking all modules and tests each time."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Refreshed:
    """A home that was filled from a local Azure, and what the refresh said."""

    azure: LocalAzure
    settings: Settings
    report: RefreshReport


@pytest.fixture(scope="session", autouse=True)
def prepared_lakes() -> Iterator[None]:
    """Spare each process the seconds in which tables and views are made that another has made before."""
    with copied_where_alike():
        yield


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    """A lake of 4 subscriptions and 3 months, refreshed once; tests only read it and its Azure."""
    home = tmp_path_factory.mktemp("home")
    with LocalAzure(today=TODAY, resources=8, days=84) as azure, pytest.MonkeyPatch.context() as monkeypatch:
        set_sign_in(monkeypatch, azure)
        settings = settings_for(azure, home)
        report = App(settings).refresher().refresh(Demand())
        yield Refreshed(azure, settings, report)
        assert azure.crashes == []


@pytest.fixture
def app(refreshed: Refreshed) -> Iterator[App]:
    """The application over the shared lake, to be read only."""
    app = App(refreshed.settings)
    yield app
    app.close()


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAzure]:
    """A small local Azure of one's own, to be changed at will."""
    with small_azure() as azure:
        set_sign_in(monkeypatch, azure)
        yield azure
        assert azure.crashes == []


@pytest.fixture(scope="session")
def filled_from_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a full refresh filled from a small local Azure, to be copied."""
    return filled_once(tmp_path_factory, "small", fill_from_small(Demand()))


@pytest.fixture
def filled(filled_from_small: Path, tmp_path: Path) -> Path:
    """A home of one's own that was filled from `azure`, or one like it, this morning."""
    return shutil.copytree(filled_from_small, tmp_path / "filled")


@pytest.fixture
def own_home(refreshed: Refreshed, tmp_path: Path) -> Path:
    """A copy of the shared lake, to be changed at will."""
    home = tmp_path / "home"
    shutil.copytree(refreshed.settings.home, home)
    return home
