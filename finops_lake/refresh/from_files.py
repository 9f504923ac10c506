"""Bills from files into a lake, published, without any sign-in: what `refresh --from` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from finops_lake.config import Settings
from finops_lake.errors import InputError
from finops_lake.journal import Journal
from finops_lake.refresh.known import confirm
from finops_lake.refresh.progress import OnProgress, steps_of
from finops_lake.refresh.report import RefreshReport

if TYPE_CHECKING:
    from finops_lake.lake.writer import Warehouse

FILE_TABLES = ("cost_exports", "focus_charges")
"""The raw tables that files of bills fill."""


class FileRefresher:
    """Loads files of bills, without a sign-in; a lake of nothing else has the origin `files`."""

    def __init__(self, settings: Settings, warehouse: Callable[[str], Warehouse]) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._journal = Journal(settings.home)

    def refresh(
        self,
        locations: Sequence[str],
        *,
        force: bool = False,
        lock_timeout: float = 0,
        on_progress: OnProgress | None = None,
    ) -> RefreshReport:
        """Load what is new at these paths and addresses, publish it, and return what became of it.

        `force` reads unchanged files, too. Raises InputError for a mixture of emulated and other locations,
        LockedError, and LakeError when the lake cannot be written; files that cannot be read are results or notes.
        """
        from finops_lake.refresh.collecting import Collector, origin_of

        started = self._settings.utc_now()
        origins = sorted({origin_of(location) for location in locations})
        if len(origins) > 1:
            raise InputError("--from", "an emulator and other places", "demo data never meets real data in one lake")
        warehouse = self._warehouse(origins[0])
        steps = steps_of(on_progress)
        with warehouse.lock(lock_timeout):
            collected = Collector(self._settings, warehouse, steps, force).collect(locations)
            confirm(self._journal, collected.confirmed)
            is_news = collected.has_changed or warehouse.has_new_views or warehouse.has_unpublished
            generation = warehouse.publish(audited=True) if is_news else None
        return RefreshReport(
            started,
            self._settings.utc_now(),
            collected.results,
            generation,
            notes=(*collected.faults, *warehouse.faults),
            told=collected.told,
            unchanged=len(collected.confirmed),
            unchanged_files=collected.unchanged,
        )
