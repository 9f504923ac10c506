"""Parameters that have several names: which one was used, and errors that speak of that one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from finops_lake.config import Settings
from finops_lake.errors import InputError

Words = Sequence[str] | str | None


def words_of(value: Words) -> tuple[str, ...]:
    """Return one text or a list of texts as texts; blank ones are left out."""
    listed = [value] if isinstance(value, str) else value or []
    return tuple(word.strip() for word in listed if word.strip())


class Spellings:
    """The names a caller used for what answers/ knows by one name."""

    def __init__(self) -> None:
        self._used: dict[str, str] = {}

    def one(self, known_as: str, **given: Any) -> Any:
        """Return the value given by any of the names, None if none is; InputError where two contradict each other."""
        used = {name: value for name, value in given.items() if value not in (None, "", [])}
        if not used:
            return None
        (first, value), *others = used.items()
        for name, other in others:
            if _comparable(other) != _comparable(value):
                raise InputError(name, other, f"{first} says {value!r}; they mean the same, so give one of them")
        self._used[known_as] = first
        return value

    def words(self, known_as: str, **given: Words) -> tuple[str, ...]:
        """Return a list that may be given by any of the names, as texts."""
        return words_of(self.one(known_as, **given))

    def subscriptions(
        self, settings: Settings, *, profiles: Words, subscription_id: Words, all_profiles: bool
    ) -> tuple[str, ...]:
        """Return the subscriptions asked for, else those of the settings; empty means all of the lake."""
        words = self.words("profiles", profiles=profiles, subscription_id=subscription_id)
        everything = any(word.lower() == "all" for word in words)
        if all_profiles and words and not everything:
            used = self._used["profiles"]
            raise InputError("all_profiles", True, f"{used} says {list(words)!r}; give one of them")
        if all_profiles or everything:
            return ()
        if words:
            return words
        self._used["profiles"] = "subscriptions (a setting)"
        return settings.subscriptions

    @contextlib.contextmanager
    def in_errors(self) -> Iterator[None]:
        """Let an InputError raised inside name the field as the caller did."""
        try:
            yield
        except InputError as error:
            used = self._used.get(error.field)
            if used is None or used == error.field:
                raise
            raise InputError(used, error.value, error.allowed) from error


def defaulted(given: Sequence[str], default: Sequence[str], name: str) -> tuple[tuple[str, ...], list[str]]:
    """Return patterns to filter by (the word all: none) and a note where they come from the settings."""
    if any(word.lower() == "all" for word in given):
        return (), []
    if given or not default:
        return tuple(given), []
    return tuple(default), [
        f"Only {name} {', '.join(default)} were looked at, as the settings say; {name}=['all'] looks at all."
    ]


def _comparable(value: Any) -> Any:
    return words_of(value) if isinstance(value, str | list) else value
