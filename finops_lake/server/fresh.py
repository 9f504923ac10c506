"""Runs what may wait for Azure in a worker thread, and tells the client meanwhile how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

from finops_lake.answers.answer import Answer
from finops_lake.app import App
from finops_lake.errors import EmptyLakeError

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

    from finops_lake.refresh.progress import OnProgress, Progress

TELL_EVERY_SECONDS = 0.1

Given = TypeVar("Given")


@dataclass(frozen=True)
class Need:
    """What has to be fresh for an answer, and how long the asker waits for it."""

    views: Iterable[str]
    months: Iterable[date] | None
    max_wait: float | None
    force: bool = False


async def answer_fresh(
    app: App, context: Context[Any, Any], need: Callable[[], Need], ask: Callable[[], Answer]
) -> Answer:
    """Return an answer after refreshing what it needs for at most the asked time; its notes say what was not done."""

    def ask_steadily() -> Answer:
        with app.lake.steady():
            return ask()

    def work(on_progress: OnProgress) -> Answer:
        begun = time.monotonic()
        wanted = app.on_demand.answered(need, max_wait=app.settings.max_wait_seconds, on_progress=on_progress)
        max_wait = app.settings.max_wait_seconds if wanted.max_wait is None else wanted.max_wait
        notes = app.on_demand.ensure(
            wanted.views, wanted.months, max_wait=max_wait, force=wanted.force, on_progress=on_progress
        )
        left = max(max_wait - (time.monotonic() - begun), 0)
        try:
            return app.on_demand.answered(ask_steadily, max_wait=left, on_progress=on_progress).with_notes(notes)
        except EmptyLakeError as error:
            raise EmptyLakeError(" ".join([error.message, *notes]), next_step=error.next_step) from error

    return await with_progress(context, work)


async def answer_at_once(app: App, ask: Callable[[], Given]) -> Given:
    """Return what is asked of the lake as it is, in a thread."""

    def work() -> Given:
        with app.lake.steady():
            return ask()

    return await anyio.to_thread.run_sync(work)


async def with_progress(context: Context[Any, Any], work: Callable[[OnProgress], Given]) -> Given:
    """Return what `work` gives, run in a thread; its progress goes to the client, a few times a second at most.

    A cancelled call returns at once, and its thread ends with its own wait.
    """
    teller = _Teller(context)
    result: list[Given] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller.run)
        try:
            result.append(await anyio.to_thread.run_sync(work, teller.note, abandon_on_cancel=True))
        except Exception as error:  # raised outside, because a task group would wrap it in a group of errors
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return result[0]


class _Teller:
    """Passes on the newest progress; MCP wants each value larger than the one before."""

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context = context
        self._newest: Progress | None = None
        self._value = 0.0

    def note(self, progress: Progress) -> None:
        """Keep progress to be told; may be called from any thread."""
        self._newest = progress

    async def run(self) -> None:
        """Tell until cancelled."""
        told: Progress | None = None
        while True:
            await anyio.sleep(TELL_EVERY_SECONDS)
            newest = self._newest
            if newest is not None and newest != told:
                told = newest
                self._value = max(newest.done, round(self._value + 0.001, 3))
                await self._context.report_progress(self._value, newest.total or None, newest.words)
