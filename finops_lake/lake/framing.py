"""Puts the SELECT of each audit check into the frame that all checks share, so that no check can go round its guards.

A check's file says which resources it means; `_frame.sql` beside it reads them as `candidates` and gives guards, money
and shape. A mart with `over: audits` in its header reads the verdicts of all checks at once as `judged`, for which the
frame runs once over the candidates of every check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

from finops_lake.lake.names import literal
from finops_lake.lake.sqlfiles import FRAME, SqlFile, SqlFileError, parse, read_sql_files

FROM_HEADER = ("severity", "category", "action")
SAVING_RULES = ("own", "given", "free", "at_stake")
"""own: all of its bill; given: what the check says; free: nothing is billed; at_stake: some that has no price."""


def read_views(folder: Path | Traversable, own: Sequence[SqlFile] = ()) -> list[SqlFile]:
    """Return the SQL files of `folder` and the user's `own` checks, all checks in their frame where there is one."""
    files = read_sql_files(folder)
    place = folder / "audits" / FRAME
    if not place.is_file():
        return files
    frame = parse("audits", FRAME.lstrip("_"), place.read_text(encoding="utf-8"))
    columns = next((file.folder_columns for file in files if file.schema == "audits"), {})
    return framed([*files, *(replace(one, folder_columns=columns) for one in own)], frame, columns)


def framed(files: Sequence[SqlFile], frame: SqlFile, columns: Mapping[str, str]) -> list[SqlFile]:
    """Return `files` with checks put into `frame`, and marts over all checks given theirs."""
    checks = [file for file in files if file.schema == "audits"]
    return [_framed(file, frame, checks, columns) for file in files]


def _framed(file: SqlFile, frame: SqlFile, checks: Sequence[SqlFile], columns: Mapping[str, str]) -> SqlFile:
    refreshes = tuple(name.strip() for name in frame.headers.get("refreshes", "").split(",") if name.strip())
    if file.schema == "audits":
        select = f"with candidates as ({named(file)})\n\nfrom (\n{frame.select}\n)"
        return replace(file, select=select, line=file.line - 1, bare=file.select, refreshes=refreshes)
    if file.headers.get("over") == "audits":
        every = "\nunion all by name\n".join(named(check) for check in checks)
        judged = f"with candidates as (\n{every}\n),\n\njudged as (\n{frame.select}\n)"
        return replace(file, select=f"{judged}\n\nfrom (\n{file.select}\n)", folder_columns=columns)
    return file


def named(check: SqlFile) -> str:
    """Return the check's candidates with what its header says of all of them.

    Raises SqlFileError for a header that says what it may not.
    """
    said = [f"'{check.name}' as check_name", *(f"'{_said(check, key)}' as {key}" for key in FROM_HEADER)]
    rule = check.headers.get("saving", "own").split(":")[0].strip()
    if rule not in SAVING_RULES:
        raise SqlFileError(check.path, 1, f"saving: is {rule!r}, and may be {', '.join(SAVING_RULES)}")
    confidence = check.headers.get("confidence")
    said += [
        f"'{rule}' as saving_rule",
        f"{literal(check.headers.get('saving_from', 'billed_cost_of_meters'))} as saving_from",
        f"{literal(confidence) if confidence else 'null'}::varchar as confidence",
    ]
    return f"select {', '.join(said)}, * from (\n{check.select}\n)"


def _said(check: SqlFile, key: str) -> str:
    value = check.headers.get(key, "delete" if key == "action" else "")
    allowed = ALLOWED[key]
    if value not in allowed:
        raise SqlFileError(check.path, 1, f"{key}: is {value!r}, and may be {', '.join(allowed)}")
    return value


ALLOWED: Mapping[str, tuple[str, ...]] = {
    "severity": ("high", "medium", "low"),
    "category": ("usage", "rate", "governance", "reliability"),
    "action": ("delete", "change", "commit", "review"),
}
