"""Arguments that do not fit a tool's schema, said so that the caller can mend them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from finops_lake.errors import InputError

_SHOWN = 120


def unknown_arguments(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each argument that the tool does not have, naming the nearest it has."""
    known = list(schema["properties"])
    return [_unknown(name, known) for name in arguments if name not in known]


def invalid_arguments(error: ValidationError, arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each argument whose value does not fit, saying what does."""
    names = dict.fromkeys(str(item["loc"][0]) for item in error.errors(include_url=False) if item["loc"])
    return [_invalid(name, arguments.get(name), schema["properties"][name]) for name in names]


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no argument {name[:_SHOWN]!r}.{hint} Arguments are {', '.join(known)}."


def _invalid(name: str, value: Any, schema: Mapping[str, Any]) -> str:
    text = repr(value)
    shown = value if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return InputError(name, shown, _allowed(schema)).message


def _allowed(schema: Mapping[str, Any]) -> str:
    """Return what a schema lets pass, in words."""
    *words, last = [_kind(option) for option in schema.get("anyOf", [schema])]
    either = " or ".join(words)
    if words and last == f"a list (each {either})":
        return f"{either}, or a list of these, is needed"
    return f"{' or '.join([*words, last])} is needed"


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    match schema.get("type"):
        case "array":
            return f"a list (each {_kind(schema['items'])})"
        case "integer" | "number" as kind:
            return f"{'a whole number' if kind == 'integer' else 'a number'}{_range(schema)}"
        case "boolean":
            return "true or false"
        case _ if "enum" in schema:
            return f"one of {', '.join(schema['enum'])}"
        case "object":
            return f"an object with {', '.join(schema['properties'])}"
        case _ if "pattern" in schema:
            return f"a text of the form {schema['pattern'].strip('^$')}"
        case _:
            return "a text"


def _range(schema: Mapping[str, Any]) -> str:
    return f" from {schema['minimum']} to {schema['maximum']}" if "minimum" in schema else ""
