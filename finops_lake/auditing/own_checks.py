"""The user's own checks: SQL files of a folder, or brought by an installed package (entry point finops_lake.checks).

They look like those in sql/audits: a header, then one SELECT of candidates. What only the lake can tell (names,
columns, types) is found when it tries them; here each file is read by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from finops_lake.errors import LakeError
from finops_lake.lake.framing import named
from finops_lake.lake.rules import Fault
from finops_lake.lake.sqlfiles import SqlFile, SqlFileError, parse

GROUP = "finops_lake.checks"
"""Entry points of this group name a module; the SQL files beside it are checks."""

NEEDED = ("title", "severity", "category", "population", "fix")
"""What the header of a check must say, beside its first sentence."""

ALLOWED = (*NEEDED, "action", "saving", "saving_from", "confidence", "source")


def read_checks(folder: Path) -> tuple[tuple[SqlFile, ...], tuple[Fault, ...]]:
    """Return the checks of the folder and of packages, and what is wrong with files; one never stops another."""
    found: dict[str, SqlFile] = {}
    faults: list[Fault] = []
    for place, name, text in _texts(folder, faults):
        try:
            check = _check(place, name, text)
        except LakeError as error:
            faults.append(Fault(name.removesuffix(".sql"), str(error).rstrip(".")))
            continue
        if check.name in found:
            faults.append(Fault(check.name, f"{place}:1: {found[check.name].path} has that name already"))
        else:
            found[check.name] = check
    return tuple(found.values()), tuple(faults)


def _check(place: str, name: str, text: str) -> SqlFile:
    check = parse("audits", name, text, place)
    missing = next((key for key in NEEDED if key not in check.headers), None)
    if missing is not None:
        raise SqlFileError(place, 1, f"the header says nothing of {missing}: (needed are {', '.join(NEEDED)})")
    other = next((key for key in check.headers if key not in ALLOWED), None)
    if other is not None or check.columns or check.parameters:
        raise SqlFileError(place, 1, f"{other or 'columns'}: is not for checks; allowed are {', '.join(ALLOWED)}")
    named(check)
    return check


def _texts(folder: Path, faults: list[Fault]) -> Iterator[tuple[str, str, str]]:
    """Yield place, file name and text of each file; what cannot be read becomes a fault."""
    yield from _texts_in(folder, str(folder), faults)
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        place = _folder_of(point, faults)
        if place is not None:
            yield from _texts_in(place, str(place), faults)


def _folder_of(point: EntryPoint, faults: list[Fault]) -> Traversable | None:
    try:
        return files(point.load())
    except Exception as error:  # another package's code, which may fail in any way
        faults.append(Fault(point.name, f"the entry point {point.name} ({point.value}) cannot be used: {error}"))
        return None


def _texts_in(folder: Path | Traversable, label: str, faults: list[Fault]) -> Iterator[tuple[str, str, str]]:
    try:
        entries: Iterable[Path | Traversable] = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        faults.append(Fault(label, f"{label}: cannot be read: {error}"))
        return
    for entry in entries:
        if not entry.name.endswith(".sql") or entry.name.startswith(("_", ".")):
            continue
        try:
            yield str(entry), entry.name, entry.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(entry.name.removesuffix(".sql"), f"{entry}: cannot be read: {error}"))
