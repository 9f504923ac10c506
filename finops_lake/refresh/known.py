"""What a lake knows of each piece, so that an attempt that only says it again is neither written nor published."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property

from finops_lake.errors import FinopsLakeError, Outcome
from finops_lake.journal import Journal
from finops_lake.planner.due import REFUSED, ChunkState
from finops_lake.source import Chunk, ChunkResult

LOG = logging.getLogger("finops_lake.refresh")


class Known:
    """The latest outcome of each piece before a refresh began."""

    def __init__(self, states: Mapping[Chunk, ChunkState]) -> None:
        self._states = states

    def has(self, result: ChunkResult) -> bool:
        """Return whether the latest attempt ended alike, for the same reason."""
        state = self._states.get(result.chunk)
        if state is None:
            return result.outcome in REFUSED and _refusal(result.chunk, result.outcome, result.reason) in self._refusals
        return state.last_outcome is result.outcome and state.reason == (result.reason or "")

    @cached_property
    def _refusals(self) -> set[tuple[str, str, Outcome, str]]:
        """What Azure is known to refuse; that it refuses another month of the same for the same reason is no news."""
        return {_refusal(chunk, state.last_outcome, state.reason) for chunk, state in self._states.items()}


def confirm(journal: Journal, results: Sequence[ChunkResult]) -> None:
    """Note attempts that brought nothing new; were the journal not written, they would only look older."""
    if not results:
        return
    try:
        journal.confirm(results)
    except FinopsLakeError as error:
        LOG.warning("what had not changed is not noted: %s", error)


def _refusal(chunk: Chunk, outcome: Outcome, reason: str | None) -> tuple[str, str, Outcome, str]:
    return chunk.table, chunk.scope_id, outcome, reason or ""
