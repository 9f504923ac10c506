"""What a refresh did: one row per raw table and outcome, and every failure with its next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from finops_lake.answers.answer import Answer, MissingScope, Scopes
from finops_lake.answers.sqltext import literal
from finops_lake.errors import Outcome
from finops_lake.source import ChunkResult

if TYPE_CHECKING:
    from finops_lake.refresh.progress import Progress
    from finops_lake.refresh.report import RefreshReport

COLUMNS = ("table_name", "outcome", "pieces", "row_count", "calls")


def answer_refresh(report: RefreshReport | None, progress: Progress) -> Answer:
    """Return what became of a refresh; without a report it still runs, and only its progress is known.

    A piece is one listing, or one month and metric of cost, of one scope.
    """
    results = report.results if report else ()
    rows = _rows(results)
    failures = report.failures if report else ()
    return Answer(
        columns=COLUMNS,
        rows=rows,
        sql=_sql(report),
        as_of=report.finished_at if report else None,
        row_count=len(rows),
        scopes=Scopes(missing=tuple(_missing(failure) for failure in failures)),
        notes=tuple(_notes(report)),
        sections={
            "running": report is None,
            "progress": {"done": progress.done, "total": progress.total, "message": progress.message},
            "counts": {outcome.value: sum(result.outcome is outcome for result in results) for outcome in Outcome},
            "left": report.left if report else None,
            "generation": report.generation if report else None,
        },
    )


def _rows(results: Sequence[ChunkResult]) -> tuple[tuple[Any, ...], ...]:
    places = [(result.chunk.table, result.outcome.value) for result in results]
    row_counts: Counter[tuple[str, str]] = Counter()
    calls: Counter[tuple[str, str]] = Counter()
    for place, result in zip(places, results, strict=True):
        row_counts[place] += result.row_count or 0
        calls[place] += result.calls
    return tuple((*place, count, row_counts[place], calls[place]) for place, count in sorted(Counter(places).items()))


def _missing(result: ChunkResult) -> MissingScope:
    month = f" {result.chunk.month:%Y-%m}" if result.chunk.month else ""
    reason = f"{result.chunk.table}{month}: {result.reason or 'not complete'}"
    return MissingScope(result.chunk.scope_id, result.chunk.scope_id, result.outcome.value, reason, result.next_step)


def _sql(report: RefreshReport | None) -> str:
    since = f"\nwhere finished_at >= timestamptz {literal(report.started_at.isoformat())}" if report else ""
    return f"select * from meta.loads{since}\norder by finished_at desc"


def _notes(report: RefreshReport | None) -> list[str]:
    if report is None:
        return ["The refresh goes on in the background; answers come from what is there until it has published."]
    notes = [*report.told, *report.notes]
    if not notes and not report.results and not report.left:
        notes.append("Everything was fresh: nothing was asked.")
    if report.unchanged:
        what = "nothing was published" if report.generation is None else "only the rest was written"
        notes.append(f"{report.unchanged} of {len(report.results)} pieces had not changed; {what}.")
    if report.left:
        notes.append(f"{report.left} pieces were not reached within the time a refresh may take; refresh again.")
    return notes
