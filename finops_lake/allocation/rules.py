"""The rules of allocation.toml, read and checked: every fault is told at once, with the key it stands at.

[[virtual_tag]]
name = "team"
default = "(nobody)"
[[virtual_tag.rule]]              # the first rule whose conditions all hold gives the value
value = "web"
when = [{ dimension = "tag:team", values = ["web", "Web"] }]

[[split]]
tag = "team"
value = "platform"                # whose cost is shared by others
by = "proportional"               # or "even", or "fixed" with percent = { web = 60, shop = 40 }
to = ["web", "shop"]              # proportional: left out, all other values of the month
of = "effective_cost"             # what proportional goes by; default: each metric by itself
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from finops_lake.answers.dimensions import VIRTUAL
from finops_lake.answers.filters import Filter, dimensions_of, filter_conditions, read_filters
from finops_lake.errors import ConfigError, InputError

WAYS = ("even", "proportional", "fixed")
METRICS = ("billed_cost", "effective_cost")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAG_KEYS, _RULE_KEYS = ("name", "default", "rule"), ("value", "when")
_SPLIT_KEYS = ("tag", "value", "by", "to", "percent", "of")


@dataclass(frozen=True)
class Rule:
    """A value of a virtual tag, and the filters that must all hold for it."""

    value: str
    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class VirtualTag:
    """A tag by rules: the first that holds gives the value, else the default."""

    name: str
    default: str
    rules: tuple[Rule, ...]

    @property
    def values(self) -> list[str]:
        """All values it can have."""
        return list(dict.fromkeys([*(rule.value for rule in self.rules), self.default]))


@dataclass(frozen=True)
class Split:
    """How the cost of one value of a virtual tag is shared.

    `percent` holds the share of each target where it is fixed; no `targets`: all values of the month that are not
    shared themselves. `of` is the metric that proportions go by, None: each by itself.
    """

    tag: str
    value: str
    by: str
    targets: tuple[str, ...] = ()
    percent: Mapping[str, Decimal] | None = None
    of: str | None = None


@dataclass(frozen=True)
class Allocation:
    """All rules of a file."""

    tags: tuple[VirtualTag, ...] = ()
    splits: tuple[Split, ...] = ()


def load_allocation(path: Path) -> Allocation:
    """Return the rules of a file, none without one. Raises ConfigError with every fault and its place."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (FileNotFoundError, NotADirectoryError):
        return Allocation()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    reader = _Reader(str(path))
    reader.check_keys("", found, ("virtual_tag", "split"))
    tags = tuple(reader.each("virtual_tag", found.get("virtual_tag", []), reader.tag))
    splits = tuple(reader.each("split", found.get("split", []), lambda item, place: reader.split(item, place, tags)))
    reader.check_twice(tags, splits)
    if reader.faults:
        raise ConfigError(reader.faults)
    return Allocation(tags, splits)


class _Reader:
    """Reads the parts of a file and collects what is wrong with them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: list[str] = []

    def fault(self, place: str, words: str) -> None:
        self.faults.append(f"{self.path}: {place}: {words}" if place else f"{self.path}: {words}")

    def each(self, key: str, items: object, read: Callable[[Mapping[str, Any], str], Any]) -> list[Any]:
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.fault(key, f"write [[{key}]], with two brackets, and its keys below")
            return []
        read_items = [read(item, f"{key} {number}") for number, item in enumerate(items, 1)]
        return [item for item in read_items if item is not None]

    def check_keys(self, place: str, item: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in item:
            if key not in known:
                self.fault(place, f"{key}: there is no such key; {_nearest(key, known)}")

    def text(self, place: str, item: Mapping[str, Any], key: str, default: str | None = None) -> str:
        value = item.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self.fault(place, f"{key}: a text is needed")
            return ""
        return value

    def tag(self, item: Mapping[str, Any], place: str) -> VirtualTag:
        self.check_keys(place, item, _TAG_KEYS)
        name = self.text(place, item, "name")
        if name and not _NAME.fullmatch(name):
            self.fault(place, f"name: {name!r}: lower-case letters, digits and _ are allowed, a letter first")
        rules = self.each("rule", item.get("rule", []), lambda rule, at: self.rule(rule, f"{place} ({name}): {at}"))
        return VirtualTag(name, self.text(place, item, "default", "(none)"), tuple(rules))

    def rule(self, item: Mapping[str, Any], place: str) -> Rule | None:
        self.check_keys(place, item, _RULE_KEYS)
        value, when = self.text(place, item, "value"), item.get("when")
        if not isinstance(when, list) or not when:
            self.fault(
                place, 'when: a list of conditions is needed, such as [{ dimension = "service", values = [..] }]'
            )
            return None
        filters: list[Filter] = []
        for number, condition in enumerate(when, 1):
            filters += self.condition(condition, f"{place}: when {number}")
        return Rule(value, tuple(filters))

    def condition(self, item: object, place: str) -> Sequence[Filter]:
        try:
            read = read_filters([item], "condition")
            filter_conditions(read, "condition")
        except InputError as error:
            self.fault(place, str(error))
            return ()
        if any(name.strip().lower().startswith(VIRTUAL) for name in dimensions_of(read)):
            self.fault(place, "a virtual tag cannot rest on another one")
        return read

    def split(self, item: Mapping[str, Any], place: str, tags: Sequence[VirtualTag]) -> Split | None:
        self.check_keys(place, item, _SPLIT_KEYS)
        known = {tag.name: tag for tag in tags}
        name, value, way = (self.text(place, item, key) for key in ("tag", "value", "by"))
        if way and way not in WAYS:
            self.fault(place, f"by: {way!r}: {_nearest(way, WAYS)}")
        if name and name not in known:
            self.fault(place, f"tag: {name!r} is no virtual tag of this file; {_nearest(name, list(known))}")
        values = known[name].values if name in known else []
        percent = self.percent(place, item.get("percent"), way)
        targets = self.targets(place, item.get("to", list(percent or ())), way)
        for one in (value, *targets, *(percent or ())):
            if values and one and one not in values:
                self.fault(place, f"{one!r} is no value of {name}; {_nearest(one, values)}")
        if value in targets:
            self.fault(place, f"to: {value!r} cannot share its own cost")
        of = item.get("of")
        if of is not None and of not in METRICS:
            self.fault(place, f"of: {of!r}: {_nearest(str(of), METRICS)}")
        return Split(name, value, way, targets, percent, of)

    def targets(self, place: str, given: object, way: str) -> tuple[str, ...]:
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self.fault(place, "to: a list of values is needed")
            return ()
        if not given and way == "even":
            self.fault(place, "to: an even split needs the values that share")
        return tuple(dict.fromkeys(given))

    def percent(self, place: str, given: object, way: str) -> Mapping[str, Decimal] | None:
        if way != "fixed":
            if given is not None:
                self.fault(place, 'percent: only by = "fixed" takes it')
            return None
        if not isinstance(given, dict) or not all(
            isinstance(one, int | Decimal) and not isinstance(one, bool) for one in given.values()
        ):
            self.fault(place, "percent: a table of values is needed, such as { web = 60, shop = 40 }")
            return None
        shares = {key: Decimal(one) for key, one in given.items()}
        if any(one < 0 or one != one.quantize(Decimal("0.0001")) for one in shares.values()):
            self.fault(place, "percent: 0 to 100 with at most four decimals")
        if sum(shares.values()) != 100:
            self.fault(place, f"percent: the shares add up to {sum(shares.values())}, not to 100")
        return shares

    def check_twice(self, tags: Sequence[VirtualTag], splits: Sequence[Split]) -> None:
        names = [tag.name for tag in tags]
        for name in {one for one in names if names.count(one) > 1}:
            self.fault("virtual_tag", f"{name!r} is there twice")
        shared = [(split.tag, split.value) for split in splits]
        for place in {one for one in shared if shared.count(one) > 1}:
            self.fault("split", f"{place[1]!r} of {place[0]} is split twice")
        for split in splits:
            for target in split.targets:
                if (split.tag, target) in shared:
                    self.fault("split", f"{target!r} of {split.tag} is shared itself, so it cannot take a share")


def _nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}there are {', '.join(known) or 'none'}"
