"""Names that writer and readers share, and how names and texts are written into SQL, where no parameter is possible."""

from __future__ import annotations

import re
from pathlib import Path

_GLOB = re.compile(r"([*?\[])")  # letters of a path that DuckDB would take for a pattern


KEPT_FINDINGS = "kept.findings"
"""The rows of marts.findings as the refresh found them that published the lake."""

FINDINGS_DAY = "findings_day"
"""Fact in meta.lake: the UTC day on which these are all there is to find in the file; empty where nobody knows."""

PARTS_OF_OTHERS = "(select view_name from meta.headers where key = 'part_of')"
"""As SQL, the relations that are only parts of another, made with it (see framing.py): not to be listed."""


def quoted(*parts: str) -> str:
    """Return an identifier, schema first where there is one, each part in double quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def as_pattern(path: Path) -> str:
    """Return the pattern that matches this file alone, for functions that read files."""
    return _GLOB.sub(r"[\1]", path.as_posix())
