"""Views, table macros and stored marts, created in dependency order with the comments their headers give."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import duckdb

from finops_lake.lake.connection import unoptimized
from finops_lake.lake.freshness import lineage, raw_tables_beneath, views_beneath
from finops_lake.lake.graph import Graph
from finops_lake.lake.made import fingerprints, note_made, of_aliases, unchanged
from finops_lake.lake.names import literal, quoted
from finops_lake.lake.remember import VALID_TO
from finops_lake.lake.schema import HISTORY_COLUMNS
from finops_lake.lake.sqlfiles import SqlFile, SqlFileError
from finops_lake.lake.stored import create_stored, mark_all
from finops_lake.lake.trouble import explanation

VIEW_SCHEMAS = ("staging", "charges", "meta", "marts", "audits", "main")

Said = Mapping[str, Mapping[str, str]]
"""What is said of the columns of each relation, empty where nothing is."""

_COMMENTED_TOGETHER = 10
"""Views between two commits: each comment on a column is a copy of its whole view, held until then."""

_DUCKDB_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)


def create_views(
    connection: duckdb.DuckDBPyConnection,
    graph: Graph,
    sources: Mapping[str, str],
    maker: str,
    *,
    in_parts: bool = False,
) -> None:
    """Have the views of `graph` and no others, and make those anew that were made of something else.

    A stored mart is built anew only if its definition changed. `sources` holds each raw table's fingerprint, `maker`
    what stands for all else that views come from. Every mart and audit also appears in schema `main`, where
    `SHOW TABLES` of a shell finds it. Call it in a transaction; with `in_parts` it is committed now and then.
    """
    aliases, definitions = _aliases(graph.files), _definitions(graph, sources)
    made_of = fingerprints(graph, sources, definitions, maker)
    made_of |= of_aliases(aliases, made_of)
    kept = unchanged(connection, made_of)
    new = [file for file in graph.files if file.view not in kept]
    _drop_views(connection, kept)
    _drop_stored(connection, definitions, {file.view for file in graph.files if file.remembers})
    for file in new:
        _create(connection, file, definitions, raw_tables_beneath(file.view, graph.reads))
    said = _columns_said(connection)
    headers: list[tuple[str, ...]] = []
    with unoptimized(connection):
        for place, file in enumerate(new, 1):
            if in_parts and place % _COMMENTED_TOGETHER == 0:
                connection.execute("commit")
                connection.execute("begin")
            found = _describe(connection, file, graph, said)
            said[file.view] = {} if file.is_macro else found
            headers += _headers(file, found)
        for alias, file in aliases.items():
            if f"main.{alias}" not in kept:
                connection.execute(f"create view {quoted('main', alias)} as from {quoted(file.schema, file.name)}")
                _comment(connection, "main", alias, "view", _text(file), said[file.view])
    connection.execute("delete from meta.lineage")
    _insert(connection, "meta.lineage", list(lineage([file.view for file in graph.files], graph.draws)))
    connection.execute("delete from meta.headers where not list_contains(?, view_name)", [list(kept)])
    _insert(connection, "meta.headers", headers)
    note_made(connection, made_of, kept)


def _drop_views(connection: duckdb.DuckDBPyConnection, kept: Collection[str]) -> None:
    rows = connection.execute(
        "select schema_name, view_name from duckdb_views() where not internal and not temporary"
    ).fetchall()
    for schema, name in rows:
        if schema in VIEW_SCHEMAS and f"{schema}.{name}" not in kept:
            connection.execute(f"drop view {quoted(schema, name)}")
    macros = connection.execute(
        "select schema_name, function_name from duckdb_functions() where not internal and function_type = 'table_macro'"
    ).fetchall()
    for schema, name in macros:
        if schema in VIEW_SCHEMAS and f"{schema}.{name}" not in kept:
            connection.execute(f"drop macro table {quoted(schema, name)}")


def _drop_stored(
    connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, str], remembering: Collection[str]
) -> None:
    """Drop the stored marts that are no longer wanted as they are; those that remember keep their rows to compare."""
    for view, definition in connection.execute("select view_name, definition from meta.stored").fetchall():
        if wanted.get(view) != definition and view not in remembering:
            connection.execute(f"drop table if exists {quoted(*view.split('.'))}")
            for table in ("meta.stored", "meta.stale_partitions"):
                connection.execute(f"delete from {table} where view_name = ?", [view])


def _definitions(graph: Graph, sources: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprint of each stored mart: its SELECT and everything beneath it."""
    selects = {file.view: file.select for file in graph.files}
    found = {}
    for file in graph.files:
        if file.is_stored:
            texts = [selects[name] for name in sorted(views_beneath(file.view, graph.reads))]
            texts += [sources.get(table, "") for table in sorted(raw_tables_beneath(file.view, graph.reads))]
            found[file.view] = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return found


def _create(
    connection: duckdb.DuckDBPyConnection, file: SqlFile, definitions: Mapping[str, str], tables: Iterable[str]
) -> None:
    name = quoted(file.schema, file.name)
    try:
        if file.is_macro:
            connection.execute(f"create macro {name}({_parameters(file)}) as table\n{file.select}")
        elif not file.is_stored:
            connection.execute(f"create view {name} as\n{file.select}")
        elif not _is_built(connection, file, definitions[file.view]):
            create_stored(connection, file)
            connection.execute("insert or replace into meta.stored values (?, ?)", [file.view, definitions[file.view]])
            mark_all(connection, [(file, tables)])
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise SqlFileError(file.path, _line_of(error, file), explanation(str(error)).rstrip(".")) from error


def described(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> dict[str, str]:
    """Return the columns of a file's SELECT and their types. Raises SqlFileError with its line where it cannot bind."""
    try:
        rows = connection.execute(f"describe\n{file.select}").fetchall()
    except duckdb.Error as error:
        raise SqlFileError(file.path, _line_of(error, file), explanation(str(error)).rstrip(".")) from error
    return {name: kind for name, kind, *_ in rows}


def _parameters(file: SqlFile) -> str:
    return ", ".join(
        quoted(name) + (f" := {parameter.default}" if parameter.default is not None else "")
        for name, parameter in file.parameters.items()
    )


def _is_built(connection: duckdb.DuckDBPyConnection, file: SqlFile, definition: str) -> bool:
    known = "select 1 from meta.stored where view_name = ? and definition = ?"
    return bool(connection.execute(known, [file.view, definition]).fetchall())


def _line_of(error: duckdb.Error, file: SqlFile) -> int:
    found = _DUCKDB_LINE.search(str(error))
    return file.line + int(found[1]) - 2 if found and int(found[1]) > 1 else file.line


def _describe(connection: duckdb.DuckDBPyConnection, file: SqlFile, graph: Graph, said: Said) -> dict[str, str]:
    """Comment on the view and its columns, and return those; one without its own takes its namesake's text beneath.

    `said` holds what is said of the columns of all relations, those beneath described already.
    """
    names = _macro_columns(connection, file) if file.is_macro else list(said.get(file.view, ()))
    unknown = next((column for column in file.columns if column not in names), None)
    if unknown:
        raise SqlFileError(file.path, file.column_lines.get(unknown, 1), f"the result has no column {unknown}")
    missing_stored = [column for column in file.partition if column not in names]
    if missing_stored:
        raise SqlFileError(file.path, file.line, f"a stored mart needs the column {missing_stored[0]}")
    like = file.headers.get("like", "")
    model = said.get(like) or _told_by(like, graph)
    texts = {**_inherited(file, graph, said), **model, **file.folder_columns, **file.columns}
    undescribed = next((column for column in names if not texts.get(column)), None)
    if undescribed and (file.columns or file.folder_columns or file.schema != "audits"):
        raise SqlFileError(file.path, file.line, f"column {undescribed} is not described under columns:")
    kind = "macro table" if file.is_macro else "table" if file.is_stored else "view"
    found = {name: texts.get(name, "") for name in names}
    _comment(connection, file.schema, file.name, kind, _text(file), {} if file.is_macro else found)
    if file.remembers:
        past = f"Rows of {file.view} that came out otherwise or not at all later."
        _comment(connection, "history", file.name, "table", past, found | {VALID_TO: HISTORY_COLUMNS[VALID_TO][1]})
    return found


def _told_by(macro: str, graph: Graph) -> Mapping[str, str]:
    """Return what a macro says of its columns: of macros `said` holds nothing, as no view has its columns from one."""
    file = next((one for one in graph.files if one.view == macro and one.is_macro), None)
    return {**_told_by(file.headers.get("like", ""), graph), **file.columns} if file else {}


def _macro_columns(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> list[str]:
    try:
        rows = connection.execute(f"describe from {file.example}").fetchall()
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
        raise SqlFileError(file.path, _line_of(error, file), explanation(str(error)).rstrip(".")) from error
    return [row[0] for row in rows]


def _inherited(file: SqlFile, graph: Graph, said: Said) -> dict[str, str]:
    """Return what the relations that are read say of their columns, where they agree."""
    found: dict[str, set[str]] = {}
    for name in graph.reads[file.view]:
        for column, text in said.get(name, {}).items():
            found.setdefault(column, set()).add(text)
    return {column: texts.pop() for column, texts in found.items() if len(texts) == 1 and "" not in texts}


def _columns_said(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return the columns of every relation in their order, with what is said of them so far: one look for all."""
    rows = connection.execute(
        "select schema_name || '.' || table_name, column_name, coalesce(comment, '') from duckdb_columns()"
        " where not internal order by schema_name, table_name, column_index"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for name, column, text in rows:
        found.setdefault(name, {})[column] = text
    return found


def _comment(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    name: str,
    kind: str,
    text: str,
    columns: Mapping[str, str],
) -> None:
    target = quoted(schema, name)
    statements = [f"comment on {kind} {target} is {literal(text)}"]
    statements += [
        f"comment on column {target}.{quoted(column)} is {literal(said)}" for column, said in columns.items() if said
    ]
    connection.execute(";\n".join(statements))


def _text(file: SqlFile) -> str:
    grain = file.headers.get("grain")
    return f"{file.description} Grain: {grain.rstrip('.')}." if grain else file.description


def _headers(file: SqlFile, columns: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    texts = {"description": file.description, **file.headers}
    if file.is_macro:
        texts["parameters"] = "; ".join(f"{name}: {one.text}" for name, one in file.parameters.items())
        texts["columns"] = "; ".join(f"{name}: {text}" for name, text in columns.items())
    yield from ((file.view, key, value) for key, value in texts.items())


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns)


def _aliases(files: Sequence[SqlFile]) -> dict[str, SqlFile]:
    marts = {file.name: file for file in files if file.schema == "marts" and _is_for_shells(file)}
    return marts | dict(_audit_aliases(files, set(marts)))


def _is_for_shells(file: SqlFile) -> bool:
    return not file.is_macro and "part_of" not in file.headers


def _audit_aliases(files: Sequence[SqlFile], taken: set[str]) -> Iterator[tuple[str, SqlFile]]:
    for file in files:
        if file.schema == "audits":
            alias = file.name
            while alias in taken:
                alias = f"audit_{alias}"
            taken.add(alias)
            yield alias, file
