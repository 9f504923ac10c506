"""Reads the sql folder: path = name, a header that describes, then one bare SELECT.

    -- One sentence on what the view holds.
    -- grain: one row per disk
    -- columns:
    --   disk_id: ARM id of the disk, lower-cased.
    select ...

A header value or a column's text goes on in lines that are indented further. A file with `parameters:` is a table
macro instead of a view, called as its `example:` line shows:

    -- parameters:
    --   dimension: What to group by; any expression over charges.
    --   first_day := null: First day of the period.
    -- example: marts.cost_by(service_name, first_day := date '2026-11-01')
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from finops_lake.errors import LakeError

SCHEMAS = ("staging", "charges", "meta", "marts", "audits")
STORABLE = ("charges", "marts")
WHOLE = ("whole",)
PARTITIONS = (("x_scope_id", "billing_month"), ("billing_month",), WHOLE)
"""What a stored mart may be replaced by: scope and month, the month alone, or all of it (`stored: whole`)."""
FOLDER_COLUMNS = "_columns.sql"
"""A header without a SELECT: describes columns for every view of its folder (all audits have one shape)."""

FRAME = "_frame.sql"
"""A header and a SELECT that the files of its folder are put into (see framing)."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEY = re.compile(r"([a-z][a-z_]*):(?:\s+(.*))?$")
_COLUMN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):\s+(.+)$")
_PARAMETER = re.compile(r"([a-z_][a-z0-9_]*)(?: := ([^:]+))?:\s+(.+)$")


class SqlFileError(LakeError):
    """A fault in a SQL file, with its file and line."""

    def __init__(self, place: str, line: int, fault: str) -> None:
        super().__init__(f"{place}:{line}: {fault}.")


@dataclass(frozen=True)
class Parameter:
    """What a parameter of a macro means, and its default as SQL (None: it must be given, by its place)."""

    text: str
    default: str | None = None


@dataclass(frozen=True)
class SqlFile:
    """One view or macro: its name, what its header says, and its SELECT, which begins on line `line` of `path`.

    `headers` holds every `key: value` line; `columns` the columns it describes, `column_lines` where, and
    `folder_columns` those described for its whole folder.
    """

    schema: str
    name: str
    path: str
    description: str
    headers: Mapping[str, str]
    columns: Mapping[str, str]
    select: str
    line: int = 1
    folder_columns: Mapping[str, str] = field(default_factory=dict)
    column_lines: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    bare: str = ""
    """The file's own SELECT, where `select` puts it into a frame."""
    refreshes: tuple[str, ...] = ()
    """What a framed file needs fresh besides what its own SELECT reads; the frame itself may read far more."""

    @property
    def view(self) -> str:
        """The name with its schema, such as `marts.x`."""
        return f"{self.schema}.{self.name}"

    @property
    def is_stored(self) -> bool:
        """Whether the result is kept as a table, replaced by scope and month."""
        return "stored" in self.headers

    @property
    def partition(self) -> tuple[str, ...]:
        """The columns by which a stored mart is replaced; empty for others and for what is replaced whole."""
        return () if self.is_whole else _names(self.headers.get("stored", ""))

    @property
    def is_whole(self) -> bool:
        """Whether it is a stored mart of which no part is replaced alone."""
        return _names(self.headers.get("stored", "")) == WHOLE

    @property
    def remembers(self) -> bool:
        """Whether rows that go are kept in `history.<name>`; `remembers:` names the column of their first instant."""
        return "remembers" in self.headers

    @property
    def parts_by(self) -> str | None:
        """The column by which a large piece is rebuilt in parts, each in less memory; None: always as one."""
        return self.headers.get("parts")

    @property
    def is_macro(self) -> bool:
        """Whether it is a table macro, whose parameters are given with each call."""
        return bool(self.parameters)

    @property
    def example(self) -> str:
        """What stands after FROM to read it."""
        return self.headers["example"] if self.is_macro else self.view


def text_of(file: SqlFile) -> str:
    """Return all SQL of a file: its SELECT, and what its parameters are by default, which may name what it reads."""
    return "\n".join((file.select, *(parameter.default or "" for parameter in file.parameters.values())))


def sql_folder() -> Traversable:
    """Return the folder of views: in the installed package, else beside it in a checkout."""
    packaged = resources.files("finops_lake") / "sql"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "sql"


def read_sql_files(folder: Path | Traversable) -> list[SqlFile]:
    """Return the SQL files of `folder` by schema and name; SqlFileError names the first fault and its place."""
    found: list[SqlFile] = []
    for schema in sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=lambda entry: entry.name):
        files = sorted(
            (entry for entry in schema.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name
        )
        if files and schema.name not in SCHEMAS:
            raise SqlFileError(f"{schema.name}/{files[0].name}", 1, f"the folder must be one of {', '.join(SCHEMAS)}")
        texts = {entry.name: entry.read_text(encoding="utf-8") for entry in files if entry.name != FRAME}
        shared = _folder_columns(schema.name, texts.pop(FOLDER_COLUMNS, ""))
        found += [replace(parse(schema.name, name, text), folder_columns=shared) for name, text in texts.items()]
    return found


def parse(schema: str, file_name: str, text: str, place: str | None = None) -> SqlFile:
    """Return the SQL file with this text; `place` names it in faults, by default its schema and name."""
    place = place or f"{schema}/{file_name}"
    name = file_name.removesuffix(".sql")
    if not _NAME.fullmatch(name):
        raise SqlFileError(place, 1, "the file name must be lower-case letters, digits and underscores")
    lines = text.splitlines()
    header, size = _read_header(place, lines)
    header.finish()
    body = lines[size:]
    blank = next((number for number, line in enumerate(body) if line.strip()), len(body))
    select = "\n".join(body[blank:]).rstrip().removesuffix(";").rstrip()
    if not select:
        raise SqlFileError(place, len(lines) or 1, "there is no SELECT under the header")
    stored = header.values.get("stored")
    if stored is not None and (schema not in STORABLE or _names(stored) not in PARTITIONS):
        raise SqlFileError(
            place,
            header.lines["stored"],
            f"only a view of {' or '.join(STORABLE)} can be stored, by {', '.join(PARTITIONS[0])}, the month or whole",
        )
    if header.parameters and (
        stored is not None or not re.search(rf"\b{schema}\.{name}\(", header.values.get("example", ""))
    ):
        raise SqlFileError(
            place, header.lines["parameters"], f"a macro is not stored and has an example: {schema}.{name}(...)"
        )
    return SqlFile(
        schema,
        name,
        place,
        " ".join(header.description),
        header.values,
        header.columns,
        select,
        size + blank + 1,
        column_lines=header.column_lines,
        parameters=header.parameters,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.replace(" ", "").split(",") if name)


def _folder_columns(schema: str, text: str) -> Mapping[str, str]:
    return _read_header(f"{schema}/{FOLDER_COLUMNS}", text.splitlines())[0].columns


def _read_header(place: str, lines: Sequence[str]) -> tuple[_Header, int]:
    """Return the header and how many lines it takes."""
    size = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = _Header(place)
    for number, line in enumerate(lines[:size], 1):
        header.take(number, line)
    return header, size


class _Header:
    """Collects the header line by line."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.description: list[str] = []
        self.values: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.columns: dict[str, str] = {}
        self.column_lines: dict[str, int] = {}
        self.parameters: dict[str, Parameter] = {}
        self._key: str | None = None
        self._column: str | None = None

    def take(self, number: int, line: str) -> None:
        text = line[2:]
        depth = len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            return
        key = _KEY.match(text) if depth <= 1 else None
        if key:
            self._start(number, key[1], (key[2] or "").strip())
        elif self._key == "columns":
            self._take_column(number, depth, text)
        elif self._key == "parameters":
            self._take_parameter(number, depth, text)
        elif self._key is None:
            self.description.append(text)
        elif depth > 1:
            self.values[self._key] = f"{self.values[self._key]} {text}".strip()
        else:
            raise SqlFileError(self.place, number, f"{text!r} is neither 'key: value' nor an indented continuation")

    def _start(self, number: int, key: str, value: str) -> None:
        if key in self.lines:
            raise SqlFileError(self.place, number, f"the header says {key}: twice")
        self._key, self._column = key, None
        self.lines[key] = number
        if key not in ("columns", "parameters"):
            self.values[key] = value

    def _take_column(self, number: int, depth: int, text: str) -> None:
        column = _COLUMN.match(text) if depth <= 3 else None
        if column:
            if column[1] in self.columns:
                raise SqlFileError(self.place, number, f"column {column[1]} is described twice")
            self._column = column[1]
            self.columns[self._column] = column[2].strip()
            self.column_lines[self._column] = number
        elif self._column is not None and depth > 3:
            self.columns[self._column] += f" {text}"
        else:
            raise SqlFileError(self.place, number, f"{text!r} is not a column's 'name: text'")

    def _take_parameter(self, number: int, depth: int, text: str) -> None:
        found = _PARAMETER.match(text) if depth <= 3 else None
        if found:
            if found[1] in self.parameters:
                raise SqlFileError(self.place, number, f"parameter {found[1]} is described twice")
            self._column = found[1]
            self.parameters[found[1]] = Parameter(found[3].strip(), found[2] and found[2].strip())
        elif self._column is not None and depth > 3:
            known = self.parameters[self._column]
            self.parameters[self._column] = replace(known, text=f"{known.text} {text}")
        else:
            raise SqlFileError(
                self.place, number, f"{text!r} is not a parameter's 'name: text' or 'name := default: text'"
            )

    def finish(self) -> None:
        if not self.description:
            raise SqlFileError(self.place, 1, "the header must begin with a sentence that says what the view holds")
        empty = next((key for key, value in self.values.items() if not value), None)
        if empty:
            raise SqlFileError(self.place, self.lines[empty], f"{empty}: has no value")
