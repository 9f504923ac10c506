"""What all checks find, asked of the lake once until anything is known anew, or a new UTC day begins.

Planning seventy checks takes seconds; a question about what they found is a matter of milliseconds then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from finops_lake.lake.reader import LakeReader, Result

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
        return lake.arrow("from marts.findings", variables={"today": today}).read_all()

    return lake.keep(f"marts.findings of {today}", find)
