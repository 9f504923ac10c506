"""What every tool has in common: strict arguments, errors that speak, hints about what it does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import ValidationError

from finops_lake.errors import FinopsLakeError
from finops_lake.server.clean import clean_lines
from finops_lake.server.mistakes import invalid_arguments, unknown_arguments

READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
REFRESHES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)

_FOLDED = re.compile(r"(?<!\n)\n(?!\n)")


class StrictTool(Tool):
    """A tool that refuses arguments it does not have, and the one place where our errors become ToolError.

    The SDK drops unknown arguments silently, and hides the text of every error that is not a ToolError: right for
    defects, wrong for what a caller can mend.
    """

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """Check the arguments, run the tool, and translate what went wrong."""
        self._check(arguments)
        try:
            return await super().run(arguments, context, convert_result)
        except UnexpectedToolError as crash:
            if isinstance(crash.__cause__, FinopsLakeError):
                raise ToolError(clean_lines(str(crash.__cause__))) from crash.__cause__
            raise

    def _check(self, arguments: dict[str, Any]) -> None:
        mistakes = unknown_arguments(arguments, self.parameters)
        try:
            self.fn_metadata.validate_arguments(arguments)
        except ValidationError as error:
            mistakes += invalid_arguments(error, arguments, self.parameters)
        if mistakes:
            raise ToolError(clean_lines("\n".join(mistakes)))


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
