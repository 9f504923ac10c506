"""Resources: what the lake's tables mean, which checks the audit has, and the pages of large results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from finops_lake.answers.answer import Answer
from finops_lake.answers.audit_question import checks_of
from finops_lake.answers.describe import SCHEMAS, DescribeQuestion, answer_describe
from finops_lake.app import App
from finops_lake.errors import FinopsLakeError, InputError
from finops_lake.plaintext import clean, clean_lines
from finops_lake.server.clean import clean_envelope
from finops_lake.server.parameters import MAX_LIMIT
from finops_lake.server.query import RESULT_URI, page
from finops_lake.server.shelf import Shelf

JSON = "application/json"
SCHEMA_URI = "finops-lake://schema"
TABLE_URI = "finops-lake://schema/{table}"
AUDITS_URI = "finops-lake://audits"


def add_resources(server: MCPServer[Any], app: App, shelf: Shelf) -> None:
    """Add the resources to a server; each is made when it is read, in a thread of its own."""

    def add(uri: str, name: str, title: str, about: str, read: Callable[..., str]) -> None:
        server.resource(uri, name=name, title=title, description=about, mime_type=JSON)(read)

    def schema() -> str:
        with _told():
            return _json(answer_describe(app.lake, DescribeQuestion(schemas=SCHEMAS)))

    def table_schema(table: str) -> str:
        with _told():
            return _json(answer_describe(app.lake, DescribeQuestion(table=table)))

    def audits() -> str:
        with _told():
            checks = [{"name": check.name, **check.headers} for check in checks_of(app.lake)]
            return clean(json.dumps(checks, ensure_ascii=False), None)

    def result(result_id: str, offset: int = 0, limit: int = 100) -> str:
        with _told():
            if not 1 <= limit <= MAX_LIMIT:
                raise InputError("limit", limit, f"a whole number from 1 to {MAX_LIMIT} is needed")
            if offset < 0:
                raise InputError("offset", offset, "0 or more is needed")
            content = page(shelf.get(result_id), shelf, result_id, offset, limit).structured_content
            return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    add(SCHEMA_URI, "schema", "Tables of the lake", "Every table and view with its meaning, grain and age.", schema)
    add(AUDITS_URI, "audits", "Audit catalogue", "Every check: what it finds, how severe, how to fix it.", audits)
    add(TABLE_URI, "table_schema", "One table", "Columns, types, comments and examples of one table.", table_schema)
    add(RESULT_URI, "result", "Rows of a result", "A page of a query_lake result, by its result_id.", result)


@contextmanager
def _told() -> Iterator[None]:
    """Tell our errors to the client; the text of any other stays hidden."""
    try:
        yield
    except InputError as error:
        raise ResourceNotFoundError(clean_lines(str(error))) from error
    except FinopsLakeError as error:
        raise ResourceError(clean_lines(str(error))) from error


def _json(answer: Answer) -> str:
    return json.dumps(clean_envelope(answer.as_dict()), ensure_ascii=False, separators=(",", ":"))
