"""Which charges a question is about: conditions on dimensions and tags, as SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from finops_lake.answers.dimensions import TAG, Dimension, dimension_of, tag_dimension
from finops_lake.answers.sqltext import containing, literal, one_of, starting
from finops_lake.errors import InputError

OPERATORS = ("in", "not_in", "contains", "starts_with", "is_empty", "is_not_empty")

OPERATOR_ALIASES: Mapping[str, str] = {
    "=": "in",
    "==": "in",
    "eq": "in",
    "equals": "in",
    "is": "in",
    "any_of": "in",
    "!=": "not_in",
    "<>": "not_in",
    "ne": "not_in",
    "not_equals": "not_in",
    "none_of": "not_in",
    "like": "contains",
    "includes": "contains",
    "startswith": "starts_with",
    "prefix": "starts_with",
    "empty": "is_empty",
    "is_null": "is_empty",
    "missing": "is_empty",
    "not_empty": "is_not_empty",
    "exists": "is_not_empty",
}


@dataclass(frozen=True)
class Condition:
    """One comparison of a dimension (or tag:KEY) with values; several values are alternatives.

    Text is compared without case, as Azure does with names; values of tags with case. An empty or unknown value
    counts as the empty text, so that `not_in` keeps charges that have none.
    """

    dimension: str
    operator: str = "in"
    values: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Filter:
    """Conditions of which at least one must hold; the filters of a question must all hold."""

    any_of: tuple[Condition, ...]


_KEYS = ("dimension", "operator", "values", "not")


def read_filters(items: Iterable[object], field: str = "filters") -> tuple[Filter, ...]:
    """Return filters given as JSON objects: one condition each, or `any_of` with several.

    Raises InputError for another form, naming the nearest key.
    """
    return tuple(_read_filter(item, field) for item in items)


_SIGNS = {"!=": "not_in", "^=": "starts_with", "~": "contains"}
_WRITTEN = re.compile(r"([^=!~^]+)(!=|\^=|~)(.*)$")


def written_filters(items: Iterable[str], field: str = "filters") -> tuple[tuple[str, ...], tuple[Filter, ...]]:
    """Return Key=Value items as they are, and those with != (not), ~ (contains) or ^= (starts with) as filters."""
    plain, found = [], []
    for item in items:
        written = _WRITTEN.match(item)
        if written is None or "=" in item[: written.start(2)]:
            plain.append(item)
            continue
        name, sign, value = (part.strip() for part in written.groups())
        operator = _SIGNS[sign] if value or sign != "!=" else "is_not_empty"
        found.append(Filter((Condition(name, operator, (value,) if value else ()),)))
    return tuple(plain), tuple(found)


def _read_filter(item: object, field: str) -> Filter:
    known = _object(item, (*_KEYS, "any_of"), field)
    if "any_of" not in known:
        return Filter((_read_condition(known, field),))
    if set(known) != {"any_of"} or not isinstance(known["any_of"], list):
        raise InputError(field, item, "any_of holds a list of conditions, and stands alone")
    return Filter(tuple(_read_condition(_object(one, _KEYS, field), field) for one in known["any_of"]))


def _read_condition(item: Mapping[str, object], field: str) -> Condition:
    dimension, values, negated = item.get("dimension"), item.get("values", []), item.get("not", False)
    values = [values] if isinstance(values, str) else values
    if not isinstance(dimension, str) or not isinstance(item.get("operator", ""), str):
        raise InputError(field, dict(item), "a condition has a dimension, an operator and values")
    if not isinstance(values, list) or not all(isinstance(one, str | int | float) for one in values):
        raise InputError(field, values, "values are a list of texts")
    if not isinstance(negated, bool):
        raise InputError(field, negated, "not is true or false")
    return Condition(dimension, str(item.get("operator") or "in"), tuple(str(one) for one in values), negated)


def _object(item: object, keys: Sequence[str], field: str) -> Mapping[str, object]:
    if not isinstance(item, dict):
        raise InputError(field, item, f"an object with {', '.join(keys)} is needed")
    for key in item:
        if key not in keys:
            near = get_close_matches(str(key), keys, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}? Keys are" if near else "keys are"
            raise InputError(field, key, f"{hint} {', '.join(keys)}")
    return item


Resolve = Callable[[str, str], Dimension]
"""Finds the dimension that a name means, for the parameter it came from."""

Form = Callable[[str], str]
"""Writes the SQL of a comparison otherwise, where charges stand alone."""


def as_it_is(sql: str) -> str:
    """Return SQL unchanged."""
    return sql


def within_charges(sql: str) -> str:
    """Return a comparison that needs the names of subscriptions as one on charges alone."""
    if "subscriptions." not in sql:
        return sql
    inner = sql.replace("charges.sub_account_name", "null").replace("charges.", "known.")
    named = "charges.sub_account_id in (select known.sub_account_id from marts.subscriptions as known"
    return f"{named} where {inner.replace('subscriptions.', 'known.')})"


def filter_conditions(
    filters: Iterable[Filter], field: str = "filters", resolve: Resolve = dimension_of, form: Form = as_it_is
) -> list[str]:
    """Return one SQL condition per filter; InputError names an unknown dimension or operator, and the nearest."""
    found = []
    for one in filters:
        if not one.any_of:
            raise InputError(field, "any_of", "at least one condition is needed")
        found.append(_either([condition_sql(condition, field, resolve, form) for condition in one.any_of]))
    return found


def condition_sql(
    condition: Condition, field: str = "filters", resolve: Resolve = dimension_of, form: Form = as_it_is
) -> str:
    """Return the SQL of one condition."""
    operator = operator_of(condition.operator, field)
    dimension = resolve(condition.dimension, field)
    takes_values = operator not in ("is_empty", "is_not_empty")
    if takes_values and not condition.values:
        raise InputError(field, condition.operator, f"values are needed, to compare {condition.dimension} with")
    if not takes_values and condition.values:
        raise InputError(field, list(condition.values), f"{operator} takes no values")
    sql = form(_POSITIVE[operator](dimension, condition.values))
    is_negated = condition.negated != (operator in ("not_in", "is_not_empty"))
    return f"not {sql}" if is_negated else sql


def operator_of(name: str, field: str = "filters") -> str:
    """Return an operator by any of its names."""
    word = name.strip().lower().replace(" ", "_").replace("-", "_")
    word = OPERATOR_ALIASES.get(word, word)
    if word not in OPERATORS:
        near = get_close_matches(word, [*OPERATORS, *OPERATOR_ALIASES], n=1)
        hint = f"did you mean {OPERATOR_ALIASES.get(near[0], near[0])}? Allowed are" if near else "allowed are"
        raise InputError(field, name, f"{hint} {', '.join(OPERATORS)}")
    return word


def pairs(items: Iterable[str], field: str) -> dict[str, list[str]]:
    """Return Key=Value items by key; several values of one key are alternatives. InputError on any other form."""
    found: dict[str, list[str]] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise InputError(field, item, "Key=Value is needed, such as env=prod; Key= asks for an empty value")
        found.setdefault(key.strip(), []).append(value.strip())
    return found


def dimension_conditions(items: Iterable[str], field: str = "dimensions", resolve: Resolve = dimension_of) -> list[str]:
    """Return SQL conditions for Key=Value filters on dimensions; different keys must all hold."""
    wanted: dict[str, tuple[Dimension, list[str]]] = {}
    for key, values in pairs(items, field).items():
        dimension = resolve(key, field)
        wanted.setdefault(dimension.name, (dimension, []))[1].extend(values)
    return [_is_one_of(dimension, values) for dimension, values in wanted.values()]


def tag_conditions(items: Iterable[str], field: str = "tags") -> list[str]:
    """Return SQL conditions for Key=Value filters on tags: keys without case, values with case (Azure's rule)."""
    return [_is_one_of(tag_dimension(key, field), values) for key, values in pairs(items, field).items()]


def named_tags(dimensions: Iterable[str]) -> list[str]:
    """Return the tag keys, in lower case, among names of dimensions."""
    found = (dimension_of(name) for name in dimensions)
    return [one.name.partition(":")[2] for one in found if one.name.startswith(TAG)]


def dimensions_of(filters: Iterable[Filter]) -> list[str]:
    """Return the names of the dimensions that filters compare."""
    return [condition.dimension for one in filters for condition in one.any_of]


def _either(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else "(" + " or ".join(conditions) + ")"


def _texts(dimension: Dimension) -> list[str]:
    return [text if dimension.has_case else f"lower({text})" for text in dimension.compared]


def _word(dimension: Dimension, value: str) -> str:
    if dimension.has_case:
        return value
    return value.lower().replace(" ", "") if dimension.name == "location" else value.lower()


def _is_one_of(dimension: Dimension, values: Sequence[str]) -> str:
    words = [_word(dimension, value) for value in values]
    return "(" + " or ".join(one_of(text, words) for text in _texts(dimension)) + ")"


def _compares(compare: Callable[[str, str], str]) -> Callable[[Dimension, Sequence[str]], str]:
    def condition(dimension: Dimension, values: Sequence[str]) -> str:
        words = [_word(dimension, value) for value in values]
        return "(" + " or ".join(compare(text, word) for text in _texts(dimension) for word in words) + ")"

    return condition


def _is_empty(dimension: Dimension, values: Sequence[str]) -> str:
    return "(" + " and ".join(f"coalesce({text}, '') = {literal('')}" for text in dimension.compared) + ")"


_POSITIVE: Mapping[str, Callable[[Dimension, Sequence[str]], str]] = {
    "in": _is_one_of,
    "not_in": _is_one_of,
    "contains": _compares(containing),
    "starts_with": _compares(starting),
    "is_empty": _is_empty,
    "is_not_empty": _is_empty,
}
