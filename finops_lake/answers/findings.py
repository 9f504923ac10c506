"""What all checks find, looked for once until anything is known anew, or a new UTC day begins.

Planning a hundred checks takes seconds. A refresh does so for the ledger, and leaves what it found in the lake; where
that is not all any more, the first question looks anew. A question about what was found takes milliseconds then.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from finops_lake.answers.sqltext import literal
from finops_lake.lake.names import FINDINGS_DAY, KEPT_FINDINGS
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.results import Result

if TYPE_CHECKING:
    import pyarrow as pa

FOUND = "kept_findings"
"""The name under which SQL given to `ask_findings` reads the rows of `marts.findings`."""


def ask_findings(lake: LakeReader, sql: str) -> Result:
    """Return the rows of a statement that reads `kept_findings`, which has the columns of `marts.findings`."""
    return lake.query(sql, tables={FOUND: _findings(lake)})


def _findings(lake: LakeReader) -> pa.Table:
    """Return all findings, about 800 bytes each; exclusions end with a day, so that each day has its own."""
    today = datetime.now(UTC).date()

    def find() -> pa.Table:
        return lake.arrow(f"from {KEPT_FINDINGS}").read_all() if _are_kept(lake, today) else lake.findings(today)

    return lake.keep(f"marts.findings of {today}", find)


def _are_kept(lake: LakeReader, today: date) -> bool:
    """Return whether the refresh that published the lake has left what is to be found today.

    Not where a listing was confirmed since: a resource may have grown old enough to be judged.
    """
    generation, confirmed_at = lake.version()
    if generation is None or confirmed_at is not None:
        return False
    sql = f"select 1 from meta.lake where key = {literal(FINDINGS_DAY)} and value = {literal(str(today))}"
    return bool(lake.query(sql).rows)
