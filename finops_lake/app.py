"""Puts the parts together for one home: the reader, the writer, Azure and refreshing on demand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from finops_lake.config import Settings
from finops_lake.journal import Journal
from finops_lake.lake.reader import LakeReader

if TYPE_CHECKING:
    from finops_lake.azure_api.clients import AzureClients
    from finops_lake.lake.writer import Warehouse
    from finops_lake.ondemand import OnDemand
    from finops_lake.refresh import FileRefresher, Refresher
    from finops_lake.schedule import Scheduler


class App:
    """The parts, each made on first use; DuckDB, Arrow and Azure are imported only by what needs them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def lake(self) -> LakeReader:
        """The reader of the published lake."""
        return LakeReader(self.settings.home)

    @cached_property
    def journal(self) -> Journal:
        """What the processes of this home know of each other."""
        return Journal(self.settings.home)

    @cached_property
    def on_demand(self) -> OnDemand:
        """Refreshing before answers."""
        from finops_lake.ondemand import OnDemand

        return OnDemand(self.settings, self.lake, self.refresher)

    @cached_property
    def schedule(self) -> Scheduler:
        """Refreshing by the clock; ConfigError names what is wrong with the table [schedule]."""
        from finops_lake.extract.catalog import EXTRACTORS
        from finops_lake.schedule import Scheduler

        return Scheduler(self.settings, list(EXTRACTORS), self.journal, self.refresher)

    def refresher(self) -> Refresher:
        """Return a refresher of this home."""
        from finops_lake.refresh import Refresher

        return Refresher(self.settings, self._warehouse, self._azure)

    def file_refresher(self) -> FileRefresher:
        """Return what loads files of bills into this home without asking Azure anything."""
        from finops_lake.refresh import FileRefresher

        return FileRefresher(self.settings, self._warehouse)

    def is_refreshing(self) -> bool:
        """Return whether a refresh for an answer or by the schedule runs in this process."""
        asked = "on_demand" in self.__dict__ and self.on_demand.running() is not None
        return asked or ("schedule" in self.__dict__ and self.schedule.running() is not None)

    def close(self) -> None:
        """Let go of the lake."""
        if "lake" in self.__dict__:
            self.lake.close()

    def _warehouse(self, origin: str | None = None) -> Warehouse:
        from finops_lake.azure_api.clouds import cloud_of
        from finops_lake.extract.catalog import SOURCES
        from finops_lake.lake.writer import Warehouse

        return Warehouse(
            self.settings.home, SOURCES, origin=origin or cloud_of(self.settings).origin, clock=self.settings.utc_now
        )

    def _azure(self) -> AzureClients:
        from finops_lake.azure_api.clients import AzureClients
        from finops_lake.azure_api.throttle import Throttle

        throttle = Throttle(self.journal) if self.settings.pace_calls else None
        return AzureClients(self.settings, throttle=throttle)
