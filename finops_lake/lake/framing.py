"""Puts the SELECT of each audit check into the frame that all checks share, so that no check can go round its guards.

A check's file says which resources it means; `_frame.sql` beside it reads them as `candidates` and gives guards, money
and shape. A mart with `over: audits` in its header reads the verdicts of all checks as `judged`: that of a few views
over some of the checks each (`marts.judged_1` and so on), in which the frame runs once over the candidates of them all.
The mart's own SELECT is a macro besides (`marts.findings_of`), for who has read these parts one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

from finops_lake.lake.names import literal
from finops_lake.lake.sqlfiles import FRAME, Parameter, SqlFile, SqlFileError, parse, read_sql_files

FROM_HEADER = ("severity", "category", "action")
PARTS = 4
"""Views that all checks are read in: each alone needs a fourth of the memory, and two at a time keep two cores busy."""

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
    found: list[SqlFile] = []
    for file in files:
        if file.schema == "audits":
            found.append(_framed(file, frame))
        elif file.headers.get("over") == "audits":
            found += _over(file, frame, checks, columns)
        else:
            found.append(file)
    return found


def _framed(check: SqlFile, frame: SqlFile) -> SqlFile:
    refreshes = tuple(name.strip() for name in frame.headers.get("refreshes", "").split(",") if name.strip())
    select = f"with candidates as ({named(check)})\n\nfrom (\n{frame.select}\n)"
    return replace(check, select=select, line=check.line - 1, bare=check.select, refreshes=refreshes)


def _over(mart: SqlFile, frame: SqlFile, checks: Sequence[SqlFile], columns: Mapping[str, str]) -> Iterator[SqlFile]:
    """Yield the mart over all checks, what it reads of them, and its SELECT as a macro over that."""
    parts = [_part(number, mart, frame, checks[number - 1 :: PARTS], columns) for number in range(1, PARTS + 1)]
    yield from (held := [part for part in parts if part is not None])
    every = "\nunion all by name\n".join(f"from {part.view}" for part in held)
    select = "with judged as (\n{}\n)\n\nfrom (\n" + mart.select + "\n)"
    yield replace(mart, select=select.replace("{}", every, 1), folder_columns=columns)
    macro = f"{mart.name}_of"
    yield replace(
        mart,
        name=macro,
        description=f"{mart.view} from rows of {held[0].view} and its like, read before.",
        headers={**mart.headers, "part_of": mart.view, "example": f"marts.{macro}(source := '{held[0].view}')"},
        parameters={"source": Parameter("Table that has them.")},
        select=select.replace("{}", "from query_table(source)", 1),
        folder_columns=columns,
    )


def _part(
    number: int, mart: SqlFile, frame: SqlFile, checks: Sequence[SqlFile], columns: Mapping[str, str]
) -> SqlFile | None:
    """Return the view over some checks, each of which stands in one of them; None over no check."""
    if not checks:
        return None
    every = "\nunion all by name\n".join(named(check) for check in checks)
    return SqlFile(
        "marts",
        f"judged_{number}",
        frame.path,
        f"What some of the checks say (part {number} of {PARTS}), before it is known whose saving counts.",
        {"grain": "one row per check and resource that it lists", "over": "audits", "part_of": mart.view},
        {},
        f"with candidates as (\n{every}\n)\n\nfrom (\n{frame.select}\n)",
        folder_columns=columns,
    )


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
