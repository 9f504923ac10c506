"""What every tool has in common: strict arguments, errors that speak, hints about what it does."""

from __future__ import annotations

import inspect
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import PrivateAttr, ValidationError

from finops_lake import telemetry
from finops_lake.errors import FinopsLakeError, asked_azure
from finops_lake.journal import AnswerGiven
from finops_lake.plaintext import clean_lines
from finops_lake.server.mistakes import invalid_arguments, unknown_arguments

READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
REFRESHES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)

LOG = logging.getLogger("finops_lake.server")

_FOLDED = re.compile(r"(?<!\n)\n(?!\n)")


@dataclass(frozen=True)
class Memory:
    """Where answers are noted, and the clock that dates them."""

    remember: Callable[[AnswerGiven], None]
    now: Callable[[], datetime]


@dataclass(frozen=True)
class _Ended:
    """How one call of a tool ended."""

    asked: datetime
    outcome: str
    freshness: str | None
    seconds: float


class StrictTool(Tool):
    """A tool that refuses arguments it does not have, and the one place where our errors become ToolError.

    The SDK drops unknown arguments silently, and hides the text of every error that is not a ToolError: right for
    defects, wrong for what a caller can mend.
    """

    _memory: Memory | None = PrivateAttr(None)

    def remember_with(self, memory: Memory) -> None:
        """Have every answer noted."""
        self._memory = memory

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """Check the arguments, run the tool, and translate what went wrong; note and log how it went."""
        asked, started = self._memory.now() if self._memory else datetime.now(UTC), time.perf_counter()
        outcome, result = "failed", None
        with telemetry.doing(request_id=telemetry.new_request_id(), tool=self.name), telemetry.noting() as noted:
            try:
                result = await self._answered(arguments, context, convert_result)
                outcome = "answered"
            except ToolError:
                outcome = "refused"
                raise
            finally:
                seconds = time.perf_counter() - started
                self._note(_Ended(asked, outcome, noted.get("freshness"), seconds), arguments, result)
        return result

    def _note(self, ended: _Ended, arguments: dict[str, Any], result: Any) -> None:
        facts = {"outcome": ended.outcome, "duration": round(ended.seconds, 6), "freshness": ended.freshness}
        LOG.info("%s: %s", self.name, ended.outcome, extra=facts)
        if self._memory is None:
            return
        self._memory.remember(
            AnswerGiven(
                started_at=ended.asked,
                tool=self.name,
                arguments=tuple(name for name in self.parameters["properties"] if name in arguments),
                outcome=ended.outcome,
                freshness=ended.freshness,
                duration_seconds=ended.seconds,
                row_count=_rows_in(result),
                answer_bytes=_bytes_of(result),
                request_id=telemetry.request_id(),
            )
        )

    async def _answered(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool) -> Any:
        self._check(arguments)
        try:
            return await super().run(arguments, context, convert_result)
        except UnexpectedToolError as crash:
            if isinstance(crash.__cause__, FinopsLakeError):
                raise ToolError(clean_lines(_told(crash.__cause__))) from crash.__cause__
            LOG.exception("%s failed", self.name)
            raise

    def _check(self, arguments: dict[str, Any]) -> None:
        mistakes = unknown_arguments(arguments, self.parameters)
        try:
            self.fn_metadata.validate_arguments(arguments)
        except ValidationError as error:
            mistakes += invalid_arguments(error, arguments, self.parameters)
        if mistakes:
            raise ToolError(clean_lines("\n".join(mistakes)))


def _told(error: FinopsLakeError) -> str:
    """Return an error in words; one that Azure has to do with names the request, to be found in logs and tables."""
    request_id = telemetry.request_id()
    return f"{error} (Request id {request_id}.)" if asked_azure(error) and request_id else str(error)


def _rows_in(result: Any) -> int | None:
    content = result.structured_content if isinstance(result, CallToolResult) else None
    count = content.get("row_count") if isinstance(content, dict) else None
    return count if isinstance(count, int) else None


def _bytes_of(result: Any) -> int:
    if not isinstance(result, CallToolResult):
        return 0
    return sum(len(part.text.encode()) for part in result.content if isinstance(part, TextContent))


def make_tool(function: Callable[..., Any], title: str, annotations: ToolAnnotations) -> Tool:
    """Return a tool of an async function: its docstring is the description, its annotations the schemas."""
    manual = _FOLDED.sub(" ", inspect.getdoc(function) or "")
    tool = StrictTool.from_function(
        function, title=title, description=manual, annotations=annotations, structured_output=True
    )
    schema = _untitled(tool.parameters)
    schema["properties"] = {name: _optional(one) for name, one in schema["properties"].items()}
    tool.parameters = {**schema, "additionalProperties": False}
    tool.fn_metadata.output_schema = _untitled(tool.fn_metadata.output_schema)
    return tool


def _untitled(schema: Any) -> Any:
    """Return a JSON schema without pydantic's titles, which only repeat the names."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _untitled(item) for name, item in value.items()} if key == "properties" else _untitled(value)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter without null: leaving it out says the same, and null is accepted all the same.

    Some clients hand only part of a union on to their model.
    """
    if "default" not in schema or schema["default"] is not None:
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("default", "anyOf")}
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if not options:
        return kept
    return {**options[0], **kept} if len(options) == 1 else {"anyOf": options, **kept}
